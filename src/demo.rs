//! The bridge, a broker and a fleet in one process: nothing to install, and a verdict at the end.
//!
//! The broker is librdkafka's mock cluster. It takes part in no real transaction and stores no transactional offsets,
//! so the demo runs the bridge with `delivery: at_least_once`. It also drops the head of a partition at 5 MiB, which
//! the window of open installations keeps far away.

use std::io::Write;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;

use crate::config::{Config, Delivery};
use crate::load::{self, LoadOptions, Mess, RequestKey, Verdict};
use crate::mapping::RULES_VERSION;
use crate::runtime::{self, Clock, Health, Insight, RuntimeError, Stop};
use crate::telemetry::Metrics;

/// What `credbridge demo` is asked to do.
#[derive(Clone, Debug, PartialEq, clap::Args)]
pub struct DemoOptions {
    /// Certificates to install.
    #[arg(long, default_value_t = 10_000, value_name = "N")]
    pub installations: u64,
    /// Decides everything that happens.
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,
    /// Print the result as one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// Partitions of each topic: enough that both workers have some and records are forwarded between them.
const PARTITIONS: u16 = 8;
/// Time-outs of the bridge: far above the milliseconds in which devices answer, short enough to wait for.
const TIME_OUT: Duration = Duration::from_secs(5);
/// More than the time-outs, a busy machine, and the seconds that the bridge needs to start.
const DEADLINE: Duration = Duration::from_secs(60);
/// Certificates are about 1 KB: all partitions together hold far more than this.
const WINDOW: u64 = 1_000;
/// A little of everything that goes wrong in a fleet.
const MESS: Mess = Mess {
    faults: 0.05,
    silence: 0.01,
    rejections: 0.0,
    renewals: 0.0,
    duplicates: 0.02,
    reordering: 0.02,
    early: 0.01,
    wrong_keys: 0.005,
    poison: 0.005,
};

/// Starts broker, bridge and fleet, waits for the verdict and writes it to `out`. Cluster, delivery, time-outs and
/// number of workers of `config` are replaced.
///
/// # Errors
/// If the broker does not start, the bridge fails, or the fleet cannot go on.
pub fn run(config: Config, options: &DemoOptions, out: &mut impl Write) -> anyhow::Result<Verdict> {
    let verdict = play(config, &fleet(options), out)?;
    if !options.json {
        writeln!(
            out,
            "The broker of this demo is a mock without transactions, so the bridge ran with delivery: at_least_once; \
             exactly-once needs a real broker."
        )?;
    }
    Ok(verdict)
}

fn play(config: Config, options: &LoadOptions, out: &mut impl Write) -> anyhow::Result<Verdict> {
    let cluster = MockCluster::new(1).context("cannot start the broker in this process")?;
    let config = adapted(config, cluster.bootstrap_servers());
    create_topics(&cluster, &config)?;
    let stop = Stop::default();
    let health = Health::new(config.workers, Clock::new().now());
    let metrics = Metrics::new(RULES_VERSION);
    thread::scope(|scope| {
        let bridge =
            scope.spawn(|| runtime::run(&config, &stop, &health, &metrics, &Insight::default()));
        let alive = || {
            if bridge.is_finished() {
                bail!("the bridge has ended by itself");
            }
            Ok(())
        };
        let verdict = load::run_while(&config, options, out, &alive);
        stop.request();
        // Why the bridge ended tells more than that the fleet missed it.
        told(bridge.join())?;
        verdict
    })
}

fn told(ended: thread::Result<Result<(), RuntimeError>>) -> anyhow::Result<()> {
    match ended {
        Ok(result) => result.context("the bridge failed"),
        Err(_) => Err(anyhow!("the bridge panicked")),
    }
}

/// The configuration, with what a broker in this process and a short show need.
fn adapted(mut config: Config, bootstrap_servers: String) -> Config {
    "credbridge-demo".clone_into(&mut config.application_id);
    config.kafka.bootstrap_servers = bootstrap_servers;
    config.kafka.properties.clear();
    config.workers = 2;
    config.delivery = Delivery::AtLeastOnce;
    config.topics.shards = u32::from(PARTITIONS);
    config.timeouts.accept = TIME_OUT;
    config.timeouts.transfer = TIME_OUT;
    config.timeouts.lookup = TIME_OUT;
    config.timeouts.set = TIME_OUT;
    config.timeouts.early_ttl = TIME_OUT;
    config.overrides.clear();
    // Any free port: several demos may run at a time.
    config.admin.listen.set_port(0);
    config
}

fn fleet(options: &DemoOptions) -> LoadOptions {
    LoadOptions {
        installations: options.installations,
        devices: options.installations.max(1),
        rate: 0,
        window: WINDOW,
        seed: options.seed,
        nonce: Some(0),
        mess: MESS,
        request_key: RequestKey::default(),
        deadline: DEADLINE,
        json: options.json,
        write_only: false,
    }
}

/// The mock cluster does not serve clients that want to create topics.
fn create_topics(
    cluster: &MockCluster<'_, DefaultProducerContext>,
    config: &Config,
) -> anyhow::Result<()> {
    let topics = &config.topics;
    let internal =
        ["routed", "changelog", "ledger"].map(|name| format!("{}-{name}", config.application_id));
    let outputs = [&topics.commands, &topics.responses, &topics.dead_letters];
    for topic in topics
        .requests
        .iter()
        .chain(&topics.cpe_events)
        .chain(outputs)
        .chain(&internal)
    {
        cluster
            .create_topic(topic, i32::from(PARTITIONS), 1)
            .with_context(|| {
                format!("cannot create topic {topic} on the broker in this process")
            })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::config::ContentDelivery;
    use crate::correlator::{RetryCause, RetryPolicy};

    use super::*;

    const INSTALLATIONS: u64 = 300;

    fn played(config: Config, mess: Mess) -> (Verdict, String) {
        let options = LoadOptions {
            devices: INSTALLATIONS / 2,
            mess,
            ..fleet(&DemoOptions {
                installations: INSTALLATIONS,
                seed: 1,
                json: false,
            })
        };
        let mut out = Vec::new();
        let verdict = play(config, &options, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(verdict.is_good(), "{text}");
        assert_eq!(verdict.responses.values().sum::<u64>(), INSTALLATIONS);
        (verdict, text)
    }

    /// What devices fail with these comes again at once, three times altogether.
    fn renewing() -> Config {
        let mut config = Config::default();
        let policy = RetryPolicy {
            first_delay: Duration::from_millis(20),
            delay_max: Duration::from_millis(20),
            attempts_max: 3,
        };
        let faults =
            [9001, 9002, 9018].map(|code: u32| RetryCause::Fault(code.try_into().unwrap()));
        config.retry.table = faults.map(|cause| (cause, policy)).into();
        config.retry.new_command_key = true;
        config
    }

    #[test]
    fn downloads_under_new_keys_are_played_and_judged() {
        let mess = Mess {
            faults: 0.3,
            renewals: 0.3,
            duplicates: 0.2,
            reordering: 0.2,
            ..Mess::NONE
        };
        let (verdict, text) = played(renewing(), mess);
        assert!(verdict.commands.download > INSTALLATIONS * 5 / 4, "{text}");
    }

    #[test]
    fn lists_and_staged_files_are_played_and_judged() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = renewing();
        config.download.content = ContentDelivery::Staged;
        config.download.url = "https://f.example/{file}".to_owned();
        config.staging.store = Some(format!("file://{}", folder.path().display()));
        config.download.list_rows_first = true;
        config.correlation.open_downloads_per_device = 1;
        let mess = Mess {
            faults: 0.1,
            renewals: 0.1,
            early: 0.3,
            duplicates: 0.1,
            ..Mess::NONE
        };
        let (verdict, text) = played(config, mess);
        // Those that complete before their Download is sent get none.
        assert!(verdict.commands.download < INSTALLATIONS, "{text}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
