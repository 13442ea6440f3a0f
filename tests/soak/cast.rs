//! The processes of one application.

use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::kafka::app::App;
use crate::kafka::bridge::{Bridge, merged};
use crate::kafka::wait_for;

/// Longer than the session time-out of 6 s, so the group goes on without the process.
pub(crate) const FREEZE: Duration = Duration::from_secs(9);

/// How long all processes may need to be ready again. Faults that come faster than groups settle stop all progress,
/// and would show nothing.
pub(crate) const RECOVERY_LIMIT: Duration = Duration::from_secs(120);

/// The exit code that asks for a restart.
const RESTART_ME: i32 = 75;

/// The processes of one application.
pub(crate) struct Cast {
    config: Value,
    shards: usize,
    bridges: Vec<Bridge>,
}

impl Cast {
    /// Starts that many processes of an application with so many shards.
    pub(crate) fn start(app: &App, shards: usize, processes: usize) -> Self {
        let mut cast = Self {
            config: app.config.clone(),
            shards,
            bridges: Vec::new(),
        };
        (0..processes).for_each(|index| cast.start_one(index));
        cast.recover();
        cast
    }

    /// Stops all processes in order.
    pub(crate) fn stop(self) {
        for bridge in self.bridges {
            bridge.stop();
        }
    }

    /// How many processes there are.
    pub(crate) fn count(&self) -> usize {
        self.bridges.len()
    }

    /// Kills one process.
    pub(crate) fn kill_one(&mut self, index: usize) {
        self.bridges.remove(index).kill();
    }

    /// Stops one process, and tells how long that took.
    pub(crate) fn stop_one(&mut self, index: usize) -> Duration {
        self.bridges.remove(index).stop()
    }

    /// Starts the process of that number, which does not run.
    pub(crate) fn start_one(&mut self, index: usize) {
        let config = merged(&self.config, &json!({"instance_id": name(index)}));
        self.bridges.insert(index, Bridge::start(&config));
    }

    /// Stops one process in the middle of what it does, for that long.
    pub(crate) fn freeze_one(&self, index: usize, time: Duration) {
        self.bridges[index].signal(Signal::SIGSTOP);
        std::thread::sleep(time);
        self.bridges[index].signal(Signal::SIGCONT);
    }

    /// Waits until every process has ended by itself with that exit code, has it mended, and starts all again.
    ///
    /// # Panics
    /// If one ends otherwise, or does not within the limit.
    pub(crate) fn await_end_of_all(&mut self, code: i32, limit: Duration, mend: impl FnOnce()) {
        for index in 0..self.bridges.len() {
            let ended = self.bridges[index].exit_code(limit);
            assert_eq!(ended, code, "{}", self.bridges[index].log());
        }
        mend();
        for index in 0..self.bridges.len() {
            self.bridges.remove(index);
            self.start_one(index);
        }
    }

    /// Waits until all processes are ready, and own all shards between them, each some.
    pub(crate) fn settle(&mut self) {
        wait_for("all shards to be owned", RECOVERY_LIMIT, || {
            self.recover();
            let bridges = self.bridges.iter();
            let owned: Option<Vec<usize>> = bridges
                .map(|bridge| bridge.metric("credbridge_shards_owned "))
                .collect();
            let owned = owned?;
            let is_settled = owned.iter().sum::<usize>() == self.shards && !owned.contains(&0);
            is_settled.then_some(())
        });
    }

    /// Assignments and revocations that all processes but one have seen.
    pub(crate) fn rebalances_beside(&self, index: usize) -> usize {
        let others = self.bridges.iter().enumerate();
        let others = others.filter(|(other, _)| *other != index);
        let counts = others.map(|(_, bridge)| bridge.metric("credbridge_rebalances_total"));
        counts.map(|count| count.expect("it is ready")).sum()
    }

    /// Waits until all processes are ready, and starts again those that ask for it, as a supervisor does.
    ///
    /// # Panics
    /// If one ends otherwise, or they are not ready within [`RECOVERY_LIMIT`].
    pub(crate) fn recover(&mut self) {
        wait_for("all processes to be ready", RECOVERY_LIMIT, || {
            for index in 0..self.bridges.len() {
                if let Some(code) = self.bridges[index].ended() {
                    let log = self.bridges[index].log();
                    assert_eq!(code, RESTART_ME, "process {index} ended:\n{log}");
                    println!("process {index} asked for a restart");
                    self.bridges.remove(index);
                    self.start_one(index);
                }
            }
            self.bridges.iter().all(Bridge::is_ready).then_some(())
        });
    }
}

/// The name of a process among those of the application.
pub(crate) fn name(index: usize) -> String {
    format!("process-{index}")
}
