//! Everything that touches the world: topics, workers, transactions, restore.

pub mod access;
mod allowance;
pub(crate) mod application;
mod assignment;
pub(crate) mod clients;
mod clock;
mod cluster_check;
pub(crate) mod deliveries;
mod diagnostics;
mod gathering;
pub mod health;
pub mod insight;
mod ledger_report;
mod node_directory;
mod offsets_call;
mod probe;
mod pulse;
pub(crate) mod reader;
mod record_limit;
mod restore;
pub(crate) mod router;
mod session;
pub(crate) mod shard;
mod sign_in;
mod spans;
pub(crate) mod staging;
mod statistics;
mod steps;
mod stop;
mod tally;
mod topics;
pub(crate) mod transaction;
pub(crate) mod trouble;
mod waiting;
mod watchdog;
pub(crate) mod watermark;
pub(crate) mod work;
mod worker;

use std::sync::Arc;
use std::thread;
use std::time::Duration;

pub(crate) use allowance::Allowance;
pub use clock::Clock;
pub use health::Health;
pub use insight::Insight;
pub use router::murmur2;
pub use stop::Stop;
pub use watchdog::{WATCHDOG_INTERVAL, Watchdog};

use crate::config::{Config, Delivery};
use crate::telemetry::Metrics;

use rdkafka::error::KafkaError;

use application::Application;
use cluster_check::ClusterCheck;
use gathering::Gathering;
use insight::{Owners, Questions};
use offsets_call::OffsetsThreads;
use probe::Probe;
use record_limit::RecordLimit;
use spans::Tracer;
use steps::Steps;
use watermark::Watermark;

/// How long a check tries to reach a broker that refuses.
const CHECK_TIMEOUT: Duration = Duration::from_secs(5);

/// How long it tries while it cannot tell why: a handshake with a busy broker takes its time to fail.
const CHECK_SILENT_TIMEOUT: Duration = Duration::from_secs(30);

/// How long it may take altogether to find out that no broker answers; more than what the client is given for it.
const REACH_LIMIT: Duration = Duration::from_secs(60);

/// How long trying the store may take: three calls, each with a limit of its own.
const STORE_LIMIT: Duration = Duration::from_secs(120);

/// How long a check waits between tries.
const CHECK_PAUSE: Duration = Duration::from_millis(100);

/// How long the cluster may take to tell offsets.
const PROBE_TIMEOUT: Duration = Duration::from_secs(10);

/// Why the bridge ended by itself.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// The configuration does not fit the cluster: topics missing, shard count changed, no access. Exit code 78.
    #[error("{0}")]
    Configuration(String),
    /// The cluster does not allow what the bridge has to do. Exit code 78.
    #[error("{0}")]
    Forbidden(String),
    /// Something failed that a restart may mend. Exit code 75.
    #[error("{0}")]
    Restart(String),
    /// Something failed for good. Exit code 1.
    #[error("{0}")]
    Failed(String),
}

/// What all threads of the process share; read only, but for the clock and the watermark.
struct Setup {
    config: Config,
    application: Application,
    clock: Clock,
    watermark: Watermark,
    probe: Arc<Probe>,
    record_limit: RecordLimit,
    stop: Stop,
    gathering: Gathering,
    offsets_threads: OffsetsThreads,
    health: Health,
    metrics: Metrics,
    insight: Insight,
    /// One for each worker.
    questions: Vec<Questions>,
}

impl Setup {
    fn is_at_least_once(&self) -> bool {
        self.config.delivery == Delivery::AtLeastOnce
    }
}

/// Checks topics, access and clocks on the cluster, without reading or changing anything, and puts a file into
/// `staging.store` and removes it again; returns all mistakes.
///
/// # Errors
/// If no broker answers, or one ceases to.
pub fn check(config: &Config) -> Result<Vec<String>, RuntimeError> {
    let config = config.clone();
    steps::in_steps(cluster_check::MEND, move |steps| {
        let mut mistakes = check_cluster(&config, steps)?;
        steps.begin(STORE_LIMIT, "trying staging.store");
        mistakes.extend(staging::try_out(&config)?);
        Ok(mistakes)
    })
}

fn check_cluster(config: &Config, steps: &Steps) -> Result<Vec<String>, RuntimeError> {
    let probe = reach(config, steps)?;
    ClusterCheck::new(config, &probe, steps).run()
}

/// Adds to an error that tells of missing access what it is that is missing: the cluster itself does not say on which topic.
fn with_what_is_missing(config: &Config, error: RuntimeError) -> RuntimeError {
    let RuntimeError::Forbidden(text) = &error else {
        return error;
    };
    let config = config.clone();
    let checked = steps::in_steps(cluster_check::MEND, move |steps| {
        check_cluster(&config, steps)
    });
    match checked {
        Ok(mistakes) if !mistakes.is_empty() => {
            RuntimeError::Forbidden(format!("{text}: {}", mistakes.join("; ")))
        }
        Ok(_) | Err(_) => error,
    }
}

/// A client that a broker has answered.
fn reach(config: &Config, steps: &Steps) -> Result<Probe, RuntimeError> {
    steps.begin(REACH_LIMIT, "connecting");
    let probe = open_probe(config, &Stop::default())?;
    let mut trouble = String::new();
    let patience = |_: &KafkaError| {
        trouble = probe.trouble();
        // A name may stand for several addresses, and the client tries one after the other.
        match trouble.as_str() {
            "" => CHECK_SILENT_TIMEOUT,
            _ => CHECK_TIMEOUT,
        }
    };
    let reached = probe.reach(PROBE_TIMEOUT, CHECK_PAUSE, patience);
    reached.map_err(|error| {
        RuntimeError::Failed(format!(
            "no broker answers at {}: {error}: {trouble}",
            config.kafka.bootstrap_servers,
        ))
    })?;
    Ok(probe)
}

fn open_probe(config: &Config, stop: &Stop) -> Result<Probe, RuntimeError> {
    let client = clients::probe(config)
        .map_err(|error| RuntimeError::Configuration(format!("kafka.properties: {error}")))?;
    Ok(Probe::new(client, PROBE_TIMEOUT, stop.clone()))
}

/// Runs the bridge until `stop` is requested; then commits, leaves the group and returns.
///
/// # Errors
/// If the topics do not fit, or a worker fails.
pub fn run(
    config: &Config,
    stop: &Stop,
    health: &Health,
    metrics: &Metrics,
    insight: &Insight,
) -> Result<(), RuntimeError> {
    let probe = open_probe(config, stop)?;
    let clock = Clock::new();
    let alive = || health.all_alive(clock.now());
    let Some(shards) = topics::prepare(config, &probe, stop, &alive)? else {
        return Ok(());
    };
    let probe = Arc::new(probe);
    let setup = Setup {
        config: config.clone(),
        application: Application::new(config, shards)
            .with_directory(config)
            .with_stager(config, metrics)?
            .with_tracer(config, metrics),
        clock,
        watermark: Watermark::default(),
        probe: Arc::clone(&probe),
        record_limit: RecordLimit::default(),
        stop: stop.clone(),
        gathering: Gathering::new(config.workers),
        offsets_threads: OffsetsThreads::default(),
        health: health.clone(),
        metrics: metrics.clone(),
        insight: insight.clone(),
        questions: insight.open(config.workers, Owners::new(config, &probe)),
    };
    tracing::info!(shards, workers = config.workers, delivery = ?config.delivery, "started");
    let result = run_threads(&setup);
    insight.close();
    setup.application.tracer.iter().for_each(Tracer::shut_down);
    tracing::info!("stopped");
    result.map_err(|error| with_what_is_missing(config, error))
}

/// Runs the watermark and the workers; the first thread that fails stops the others.
fn run_threads(setup: &Setup) -> Result<(), RuntimeError> {
    let mut tasks: Vec<(String, Task<'_>)> = vec![
        ("watermark".to_owned(), Box::new(|| watermark::keep(setup))),
        ("nodes".to_owned(), Box::new(|| node_directory::keep(setup))),
        // Beside the work, because a slow answer must not hold up the start.
        (
            "compaction".to_owned(),
            Box::new(|| topics::check_compaction(&setup.config)),
        ),
    ];
    for worker in 0..setup.config.workers {
        tasks.push((
            format!("worker-{worker}"),
            Box::new(move || worker::run(setup, worker)),
        ));
    }
    thread::scope(|scope| {
        let threads: Vec<_> = tasks
            .into_iter()
            .map(|(name, task)| {
                thread::Builder::new()
                    .name(name)
                    .spawn_scoped(scope, || task().inspect_err(|_| setup.stop.request()))
                    .map_err(|error| RuntimeError::Failed(format!("starting a thread: {error}")))
            })
            .collect();
        if threads.iter().any(Result::is_err) {
            setup.stop.request();
        }
        threads
            .into_iter()
            .map(|thread| match thread?.join() {
                Ok(result) => result,
                Err(_) => Err(RuntimeError::Failed("a thread panicked".to_owned())),
            })
            .fold(Ok(()), Result::and)
    })
}

/// What one thread does.
type Task<'s> = Box<dyn FnOnce() -> Result<(), RuntimeError> + Send + 's>;
