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
    let cluster = MockCluster::new(1).context("cannot start the broker in this process")?;
    let config = adapted(config, cluster.bootstrap_servers());
    create_topics(&cluster, &config)?;
    let stop = Stop::default();
    let health = Health::new(config.workers, Clock::new().now());
    let metrics = Metrics::new(RULES_VERSION);
    let verdict = thread::scope(|scope| {
        let bridge =
            scope.spawn(|| runtime::run(&config, &stop, &health, &metrics, &Insight::default()));
        let alive = || {
            if bridge.is_finished() {
                bail!("the bridge has ended by itself");
            }
            Ok(())
        };
        let verdict = load::run_while(&config, &fleet(options), out, &alive);
        stop.request();
        // Why the bridge ended tells more than that the fleet missed it.
        told(bridge.join())?;
        verdict
    })?;
    if !options.json {
        writeln!(
            out,
            "The broker of this demo is a mock without transactions, so the bridge ran with delivery: at_least_once; \
             exactly-once needs a real broker."
        )?;
    }
    Ok(verdict)
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
