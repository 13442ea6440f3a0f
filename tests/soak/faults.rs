//! What is done to the processes and brokers, and when.

use std::time::Duration;

use nix::sys::signal::Signal;

use crate::kafka::app::App;
use crate::kafka::bridge::Bridge;
use crate::kafka::broker::Broker;
use crate::kafka::wait_for;
use crate::load::Load;
use crate::steps::Step;

const PROCESSES: usize = 3;

/// Shards of the application.
pub(crate) const SHARDS: usize = 8;

/// Longer than the session time-out of 6 s, so the group goes on without the process.
const FREEZE: Duration = Duration::from_secs(9);

/// How long all processes may need to be ready again. Faults that come faster than groups settle stop all progress,
/// and would show nothing.
const RECOVERY_LIMIT: Duration = Duration::from_secs(120);

/// The exit code that asks for a restart.
const RESTART_ME: i32 = 75;

/// How much of what is to happen.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) brokers: usize,
    pub(crate) installations: usize,
    pub(crate) installations_per_second: usize,
    kills: usize,
    stops: usize,
    freezes: usize,
    broker_kills: usize,
    /// Processes at the start.
    pub(crate) processes: usize,
    /// What is done in place of faults.
    pub(crate) steps: Vec<Step>,
}

#[derive(Clone, Copy, Debug)]
enum Fault {
    BrokerKill,
    Freeze,
    Kill,
    Stop,
}

impl Plan {
    /// The short plan, or a long one if the environment asks for it: on one broker, or on three with kills of theirs.
    ///
    /// # Panics
    /// If the environment asks for something else.
    pub(crate) fn from_environment() -> Self {
        let seed = match std::env::var("CREDBRIDGE_SOAK_SEED") {
            Ok(text) => text.parse().expect("CREDBRIDGE_SOAK_SEED is a number"),
            Err(_) => fastrand::u64(..),
        };
        match std::env::var("CREDBRIDGE_SOAK").as_deref() {
            Err(_) | Ok("short") => Self {
                seed,
                brokers: 1,
                installations: 12_000,
                installations_per_second: 100,
                kills: 4,
                stops: 2,
                freezes: 1,
                broker_kills: 0,
                processes: PROCESSES,
                steps: Vec::new(),
            },
            Ok("rolling") => Self {
                installations: 6_000,
                steps: (0..PROCESSES).map(Step::Replace).collect(),
                ..Self::long(seed, 1, 0)
            },
            Ok("scaling") => Self {
                installations: 6_000,
                processes: 1,
                steps: vec![Step::Add, Step::Add, Step::Remove, Step::Remove],
                ..Self::long(seed, 1, 0)
            },
            Ok("long") => Self::long(seed, 1, 0),
            Ok("long-replicated") => Self::long(seed, 3, 5),
            Ok(other) => {
                panic!(
                    "CREDBRIDGE_SOAK is `short`, `long`, `long-replicated`, `rolling` or `scaling`, not `{other}`"
                )
            }
        }
    }

    fn long(seed: u64, brokers: usize, broker_kills: usize) -> Self {
        Self {
            seed,
            brokers,
            installations: 60_000,
            installations_per_second: 100,
            kills: 20,
            stops: 10,
            freezes: 5,
            broker_kills,
            processes: PROCESSES,
            steps: Vec::new(),
        }
    }

    fn faults(&self, random: &mut fastrand::Rng) -> Vec<Fault> {
        let mut faults = Vec::new();
        for (fault, count) in [
            (Fault::Kill, self.kills),
            (Fault::Stop, self.stops),
            (Fault::Freeze, self.freezes),
            (Fault::BrokerKill, self.broker_kills),
        ] {
            faults.extend(std::iter::repeat_n(fault, count));
        }
        random.shuffle(&mut faults);
        faults
    }
}

/// The processes of one application and their brokers.
pub(crate) struct Cast<'a> {
    app: &'a App,
    broker: Broker,
    bridges: Vec<Bridge>,
}

impl<'a> Cast<'a> {
    /// Starts that many processes.
    pub(crate) fn start(broker: Broker, app: &'a App, processes: usize) -> Self {
        let names = (0..processes).map(name);
        let bridges = names.map(|name| Bridge::start(&app.config_of(&name)));
        let mut cast = Self {
            app,
            broker,
            bridges: bridges.collect(),
        };
        cast.recover();
        cast
    }

    /// Lets all faults of the plan happen, one after the other, while the load runs.
    ///
    /// # Panics
    /// If the load ends before the faults do, or a process ends in a way that is not allowed.
    pub(crate) fn suffer(&mut self, plan: &Plan, load: &mut Load) {
        let mut random = fastrand::Rng::with_seed(plan.seed);
        for (number, fault) in plan.faults(&mut random).into_iter().enumerate() {
            pause(Duration::from_millis(random.u64(1_000..4_000)));
            load.assert_running();
            let victim = random.usize(..PROCESSES);
            println!("fault {number}: {fault:?}, victim {victim}");
            match fault {
                Fault::BrokerKill => {
                    self.broker.kill_node(victim);
                    pause(Duration::from_millis(random.u64(1_000..5_000)));
                    self.broker.restart();
                    // Two brokers behind at a time would stop all writing, which is another fault than this one.
                    wait_for("replicas in sync", RECOVERY_LIMIT, || {
                        self.app.client.all_in_sync().then_some(())
                    });
                }
                Fault::Freeze => {
                    self.bridges[victim].signal(Signal::SIGSTOP);
                    pause(FREEZE);
                    self.bridges[victim].signal(Signal::SIGCONT);
                }
                Fault::Kill => {
                    self.bridges.remove(victim).kill();
                    pause(Duration::from_millis(random.u64(200..2_000)));
                    self.start_again(victim);
                }
                Fault::Stop => {
                    self.bridges.remove(victim).stop();
                    self.start_again(victim);
                }
            }
            self.recover();
        }
    }

    /// Stops all processes in order, and gives the brokers back: what was written is to be read.
    pub(crate) fn stop(self) -> Broker {
        for bridge in self.bridges {
            bridge.stop();
        }
        self.broker
    }

    /// How many processes there are.
    pub(crate) fn count(&self) -> usize {
        self.bridges.len()
    }

    /// Stops one process, and tells how long that took.
    pub(crate) fn stop_one(&mut self, index: usize) -> Duration {
        self.bridges.remove(index).stop()
    }

    /// Starts the process of that number, which does not run.
    pub(crate) fn start_one(&mut self, index: usize) {
        self.start_again(index);
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
            let is_settled = owned.iter().sum::<usize>() == SHARDS && !owned.contains(&0);
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

    fn start_again(&mut self, index: usize) {
        let bridge = Bridge::start(&self.app.config_of(&name(index)));
        self.bridges.insert(index, bridge);
    }

    /// Waits until all processes are ready, and starts again those that ask for it, as a supervisor does.
    fn recover(&mut self) {
        wait_for("all processes to be ready", RECOVERY_LIMIT, || {
            for index in 0..self.bridges.len() {
                if let Some(code) = self.bridges[index].ended() {
                    assert_eq!(code, RESTART_ME, "process {index} ended");
                    println!("process {index} asked for a restart");
                    self.bridges.remove(index);
                    self.start_again(index);
                }
            }
            self.bridges.iter().all(Bridge::is_ready).then_some(())
        });
    }
}

fn name(index: usize) -> String {
    format!("process-{index}")
}

fn pause(duration: Duration) {
    std::thread::sleep(duration);
}
