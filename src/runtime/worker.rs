//! A worker: a plain thread that runs one session after the other.

use std::collections::VecDeque;
use std::time::Duration;

use crate::telemetry::WorkerMetrics;

use super::session::Session;
use super::trouble::Trouble;
use super::{RuntimeError, Setup};

/// Sessions that may be lost within [`LOSSES_WITHIN`] before the process gives way to a fresh one.
const LOSSES_MAX: usize = 5;

/// See [`LOSSES_MAX`].
const LOSSES_WITHIN: Duration = Duration::from_mins(10);

/// How long to wait before the next session is tried.
const PAUSE: Duration = Duration::from_millis(200);

/// How long to wait before the node directory is looked at again.
const DIRECTORY_PAUSE: Duration = Duration::from_millis(20);

/// Runs sessions until a stop is requested.
///
/// # Errors
/// If sessions are lost too often, or no further session would do better.
pub(super) fn run(setup: &Setup, worker: usize) -> Result<(), RuntimeError> {
    let mut lost: VecDeque<Duration> = VecDeque::new();
    let mut waiting = false;
    let metrics = setup.metrics.worker();
    await_directory(setup, worker);
    while !setup.stop.is_requested() {
        let session = match Session::open(setup, worker) {
            Ok(session) => session,
            Err(Trouble::Ended(error)) => return Err(error),
            Err(Trouble::SessionLost(error)) => {
                // The cluster may be away for long: that is no reason to end.
                if !waiting {
                    tracing::warn!(
                        worker,
                        error,
                        "no session can be opened; trying again until the cluster answers"
                    );
                    waiting = true;
                }
                setup.questions[worker].refuse();
                setup.health.turned(worker, setup.clock.now());
                setup.stop.wait(PAUSE);
                continue;
            }
        };
        if waiting {
            tracing::info!(worker, "the cluster answers again");
            waiting = false;
        }
        if let Some(error) = use_up(setup, worker, session, &metrics)? {
            metrics.producer_recreated();
            setup.health.set_ready(worker, false);
            let now = setup.clock.elapsed();
            lost.push_back(now);
            lost.retain(|at| now.saturating_sub(*at) < LOSSES_WITHIN);
            tracing::warn!(
                worker,
                error,
                lost = lost.len(),
                "session lost; the next one starts from what Kafka holds"
            );
            if lost.len() > LOSSES_MAX {
                return Err(RuntimeError::Restart(format!(
                    "worker {worker} lost {} sessions within ten minutes, the last one: {error}",
                    lost.len()
                )));
            }
            setup.stop.wait(PAUSE);
        }
    }
    setup.health.set_ready(worker, false);
    Ok(())
}

/// The node directory is restored before the first request is read.
fn await_directory(setup: &Setup, worker: usize) {
    let Some(directory) = &setup.application.nodes else {
        return;
    };
    while !directory.is_restored() && !setup.stop.is_requested() {
        setup.health.turned(worker, setup.clock.now());
        setup.stop.wait(DIRECTORY_PAUSE);
    }
}

/// Turns the session until it is lost (the reason) or a stop is requested.
fn use_up(
    setup: &Setup,
    worker: usize,
    mut session: Session<'_>,
    metrics: &WorkerMetrics,
) -> Result<Option<String>, RuntimeError> {
    while !setup.stop.is_requested() {
        setup.health.turned(worker, setup.clock.now());
        match session.turn() {
            Ok(()) => {}
            Err(Trouble::Ended(error)) => {
                session.abandon();
                return Err(error);
            }
            Err(Trouble::SessionLost(error)) => {
                if let Some(outcome) = session.abandon() {
                    metrics.transaction(outcome);
                }
                return Ok(Some(error));
            }
        }
    }
    match session.close() {
        Ok(()) => Ok(None),
        Err(Trouble::Ended(error)) => Err(error),
        // What was not committed is done again by whoever takes over.
        Err(Trouble::SessionLost(error)) => {
            tracing::warn!(
                worker,
                error,
                "the last transaction was not committed; the next owner does it again"
            );
            Ok(None)
        }
    }
}
