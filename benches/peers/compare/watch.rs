//! Watches processes of one program until the whole input is done.

use std::time::{Duration, Instant};

use super::input::Input;
use super::kafka::broker::Broker;
use super::meter::{self, Progress};
use super::program::Running;
use super::table::{Figures, Look};

/// How long one run may take.
const LIMIT: Duration = Duration::from_secs(600);

/// Time between two looks.
const LOOK: Duration = Duration::from_millis(50);

/// A watch that was begun before the processes were started.
pub(super) struct Watch<'a> {
    input: &'a Input,
    progress: &'a Progress,
    begin: Instant,
    broker: Vec<u32>,
    broker_before: f64,
}

impl<'a> Watch<'a> {
    pub(super) fn begin(broker: &Broker, input: &'a Input, progress: &'a Progress) -> Self {
        let broker = broker.process_ids();
        Self {
            input,
            progress,
            broker_before: meter::cpu_seconds(&broker),
            broker,
            begin: Instant::now(),
        }
    }

    /// # Panics
    /// If a process ends, or the input is not done within [`LIMIT`].
    pub(super) fn until_done(self, processes: &mut [Running]) -> Figures {
        let ids: Vec<u32> = processes.iter().map(Running::process_id).collect();
        let mut figures = Figures::new(self.input.records);
        loop {
            processes.iter_mut().for_each(Running::assert_alive);
            let records = self.progress.records();
            figures.look(Look {
                seconds: self.begin.elapsed().as_secs_f64(),
                records,
                client_cpu: meter::cpu_seconds(&ids),
                broker_cpu: meter::cpu_seconds(&self.broker) - self.broker_before,
            });
            if records >= self.input.records && self.progress.nothing_is_forwarded() {
                break;
            }
            assert!(
                self.begin.elapsed() < LIMIT,
                "{records} of {} records are done after {LIMIT:?}:\n{}",
                self.input.records,
                processes[0].log_tail()
            );
            std::thread::park_timeout(LOOK);
        }
        figures.peak_mebibytes = ids.into_iter().map(meter::peak_mebibytes).sum();
        figures
    }
}
