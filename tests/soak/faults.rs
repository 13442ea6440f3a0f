//! What is done to the processes and brokers, and when.

use std::time::Duration;

use crate::cast::{Cast, FREEZE, RECOVERY_LIMIT};
use crate::kafka::broker::Broker;
use crate::kafka::client::Client;
use crate::kafka::wait_for;
use crate::load::{Extent, Load};
use crate::steps::Step;

const PROCESSES: usize = 3;

/// Shards of the application.
pub(crate) const SHARDS: usize = 8;

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

    /// What the load is asked for.
    pub(crate) const fn extent(&self) -> Extent {
        Extent {
            seed: self.seed,
            installations: self.installations,
            installations_per_second: self.installations_per_second,
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

/// Lets all faults of the plan happen, one after the other, while the load runs.
///
/// # Panics
/// If the load ends before the faults do, or a process ends in a way that is not allowed.
pub(crate) fn suffer(plan: &Plan, cast: &mut Cast, broker: &mut Broker, load: &mut Load) {
    let client: Client = broker.client();
    let mut random = fastrand::Rng::with_seed(plan.seed);
    for (number, fault) in plan.faults(&mut random).into_iter().enumerate() {
        pause(Duration::from_millis(random.u64(1_000..4_000)));
        load.assert_running();
        let victim = random.usize(..PROCESSES);
        println!("fault {number}: {fault:?}, victim {victim}");
        match fault {
            Fault::BrokerKill => {
                broker.kill_node(victim);
                pause(Duration::from_millis(random.u64(1_000..5_000)));
                broker.restart();
                // Two brokers behind at a time would stop all writing, which is another fault than this one.
                wait_for("replicas in sync", RECOVERY_LIMIT, || {
                    client.all_in_sync().then_some(())
                });
            }
            Fault::Freeze => cast.freeze_one(victim, FREEZE),
            Fault::Kill => {
                cast.kill_one(victim);
                pause(Duration::from_millis(random.u64(200..2_000)));
                cast.start_one(victim);
            }
            Fault::Stop => {
                cast.stop_one(victim);
                cast.start_one(victim);
            }
        }
        cast.recover();
    }
}

fn pause(duration: Duration) {
    std::thread::sleep(duration);
}
