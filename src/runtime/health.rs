//! How the process is: told by workers, asked by probes.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crate::time::Timestamp;

/// A worker that gave no sign of life for so long hangs: each call that it waits for is limited below.
const SILENCE_MAX: Duration = Duration::from_secs(20);

/// How the process is, told by its workers and asked by probes; clones share it.
///
/// Liveness says that no worker hangs; it stays during restore, broker outage and shutdown, because a restart would
/// only make those worse. Readiness says that every worker has its shards, restored.
#[derive(Clone, Debug)]
pub struct Health(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    workers: Box<[Worker]>,
    awaits_directory: AtomicBool,
    stopping: AtomicBool,
}

#[derive(Debug)]
struct Worker {
    /// Milliseconds since the Unix epoch.
    turned: AtomicU64,
    connected: AtomicBool,
    ready: AtomicBool,
}

/// The answer to a probe.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Answer {
    /// Whether all is well.
    pub good: bool,
    /// One line for each thing that was looked at, in the form of the Kubernetes API server.
    pub verbose: String,
}

impl Health {
    /// All loops have just turned; no worker is ready.
    pub fn new(workers: usize, now: Timestamp) -> Self {
        let worker = || Worker {
            turned: AtomicU64::new(now.as_millis()),
            connected: AtomicBool::new(false),
            ready: AtomicBool::new(false),
        };
        Self(Arc::new(Inner {
            workers: std::iter::repeat_with(worker).take(workers).collect(),
            awaits_directory: AtomicBool::new(false),
            stopping: AtomicBool::new(false),
        }))
    }

    /// A worker, counted from 0, gives a sign of life.
    ///
    /// # Panics
    /// If there is no such worker.
    pub fn turned(&self, worker: usize, now: Timestamp) {
        self.0.workers[worker]
            .turned
            .store(now.as_millis(), Ordering::Relaxed);
    }

    /// No worker has begun yet, and what comes before them goes on.
    pub fn all_alive(&self, now: Timestamp) {
        for worker in 0..self.0.workers.len() {
            self.turned(worker, now);
        }
    }

    /// A worker has reached the brokers.
    ///
    /// # Panics
    /// If there is no such worker.
    pub fn connected(&self, worker: usize) {
        self.0.workers[worker]
            .connected
            .store(true, Ordering::Relaxed);
    }

    /// Whether a worker has an assignment, possibly an empty one, and all its shards are restored. It has reached the
    /// brokers then.
    ///
    /// # Panics
    /// If there is no such worker.
    pub fn set_ready(&self, worker: usize, ready: bool) {
        self.0.workers[worker].ready.store(ready, Ordering::Relaxed);
        if ready {
            self.connected(worker);
        }
    }

    /// There is a node directory, and it is not restored yet.
    pub fn directory_awaited(&self) {
        self.0.awaits_directory.store(true, Ordering::Relaxed);
    }

    /// The node directory is restored.
    pub fn directory_restored(&self) {
        self.0.awaits_directory.store(false, Ordering::Relaxed);
    }

    /// The process is about to end: not ready from here on.
    pub fn stopping(&self) {
        self.0.stopping.store(true, Ordering::Relaxed);
    }

    /// When each worker gave its last sign of life.
    pub fn signs_of_life(&self) -> Vec<Timestamp> {
        let workers = self.0.workers.iter();
        workers
            .map(|worker| Timestamp::from_millis(worker.turned.load(Ordering::Relaxed)))
            .collect()
    }

    /// Whether every worker gave a sign of life of late.
    pub fn live(&self, now: Timestamp) -> Answer {
        let mut checks = Checks::default();
        for (index, worker) in self.0.workers.iter().enumerate() {
            let turned = Timestamp::from_millis(worker.turned.load(Ordering::Relaxed));
            let since = now.since(turned);
            checks.note(
                since <= SILENCE_MAX,
                format_args!("worker-{index} loop turned {} ms ago", since.as_millis()),
            );
        }
        checks.answer("livez")
    }

    /// Whether every worker does its work.
    pub fn ready(&self) -> Answer {
        let mut checks = Checks::default();
        for (index, worker) in self.0.workers.iter().enumerate() {
            let connected = worker.connected.load(Ordering::Relaxed);
            let ready = worker.ready.load(Ordering::Relaxed);
            checks.note(connected, format_args!("worker-{index} brokers reached"));
            checks.note(
                ready,
                format_args!("worker-{index} shards assigned and restored"),
            );
        }
        let awaits_directory = self.0.awaits_directory.load(Ordering::Relaxed);
        checks.note(
            !awaits_directory,
            format_args!("node directory restored, if there is one"),
        );
        let stopping = self.0.stopping.load(Ordering::Relaxed);
        checks.note(!stopping, format_args!("not stopping"));
        checks.answer("readyz")
    }
}

#[derive(Default)]
struct Checks {
    failed: bool,
    lines: String,
}

impl Checks {
    fn note(&mut self, good: bool, what: std::fmt::Arguments<'_>) {
        self.failed |= !good;
        let sign = if good { "[+]" } else { "[-]" };
        let verdict = if good { "ok" } else { "failed" };
        writeln!(self.lines, "{sign}{what}: {verdict}").expect("writing to memory does not fail");
    }

    fn answer(mut self, name: &str) -> Answer {
        let verdict = if self.failed { "failed" } else { "passed" };
        writeln!(self.lines, "{name} check {verdict}").expect("writing to memory does not fail");
        Answer {
            good: !self.failed,
            verbose: self.lines,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_millis(1_000_000);

    #[test]
    fn one_hanging_worker_is_enough_to_be_not_live() {
        let health = Health::new(2, START);
        let later = START + Duration::from_secs(31);
        health.turned(0, later);
        let answer = health.live(later);
        assert!(!answer.good);
        assert_eq!(
            answer.verbose,
            "[+]worker-0 loop turned 0 ms ago: ok\n[-]worker-1 loop turned 31000 ms ago: failed\nlivez check failed\n"
        );
        health.turned(1, later);
        assert!(health.live(later).good);
    }

    #[test]
    fn ready_when_all_workers_are_and_until_the_stop() {
        let health = Health::new(2, START);
        assert!(!health.ready().good);
        health.connected(0);
        health.set_ready(1, true);
        assert!(!health.ready().good);
        health.set_ready(0, true);
        assert!(health.ready().good, "{}", health.ready().verbose);
        health.set_ready(1, false);
        assert!(!health.ready().good);
        health.set_ready(1, true);
        health.directory_awaited();
        assert!(!health.ready().good);
        health.directory_restored();
        assert!(health.ready().good);
        health.stopping();
        let answer = health.ready();
        assert!(answer.verbose.contains("[-]not stopping: failed"));
        assert!(!answer.good);
    }

    #[test]
    fn liveness_outlasts_the_stop() {
        let health = Health::new(1, START);
        health.stopping();
        assert!(health.live(START).good);
    }
}
