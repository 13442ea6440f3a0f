//! What is played, how often, and how fast: the one place for these numbers.

use std::time::Duration;

use crate::stage::Stage;
use crate::{brokers, cluster, disk, network, processes, transactions};

/// How long a fault of the network lasts; longer than the session time-out of 6 s, so that the group goes on without who
/// is cut off.
const FAULT: Duration = Duration::from_secs(60);

/// The same in the short selection.
const FAULT_SHORT: Duration = Duration::from_secs(10);

/// Requests a second, where the environment says nothing. Each makes about four events; three brokers with three replicas
/// of everything, three processes and the load share the processors.
const RATE: usize = 50;

/// A round.
#[derive(Clone, Copy)]
pub(crate) struct Round {
    pub(crate) name: &'static str,
    /// What is done.
    pub(crate) what: &'static str,
    /// How often, in the whole.
    times: usize,
    /// How often in the short selection; 0: other tests play it.
    times_short: usize,
    /// How long one repetition takes about, in seconds, beside the fault of the network.
    seconds: usize,
    /// Whether a fault of the network is part of each repetition.
    pub(crate) has_fault: bool,
    pub(crate) act: fn(&mut Stage<'_>, &Act),
}

/// A round as it is played.
pub(crate) struct Act {
    pub(crate) round: Round,
    pub(crate) times: usize,
    /// How long a fault of the network lasts.
    pub(crate) fault: Duration,
}

impl Act {
    /// How long it takes about, in seconds.
    pub(crate) fn seconds(&self) -> usize {
        let fault = usize::try_from(self.fault.as_secs()).expect("seconds");
        let fault = if self.round.has_fault { fault } else { 0 };
        self.times * (self.round.seconds + fault)
    }
}

/// All rounds.
pub(crate) const ROUNDS: [Round; 18] = [
    round("kill", "`kill -9` of a process", 100, 0, 7, processes::kill),
    round(
        "update",
        "rolling update: all processes stopped by SIGTERM and started again, one after the other",
        30,
        0,
        12,
        processes::update,
    ),
    round(
        "freeze",
        "SIGSTOP of a process for 9 s, session time-out 6 s",
        50,
        0,
        15,
        processes::freeze,
    ),
    round(
        "scale",
        "from one process to three and back, 4 rebalances each",
        13,
        0,
        20,
        processes::scale,
    ),
    round(
        "broker-stop",
        "clean restart of a broker: coordinator of the group, coordinator of a transaction, any, in turn",
        20,
        1,
        20,
        brokers::stop,
    ),
    round(
        "broker-kill",
        "`kill -9` of a broker, as above",
        20,
        0,
        25,
        brokers::kill,
    ),
    fault(
        "cut-process",
        "one process cut off from all brokers",
        1,
        1,
        network::cut_process,
    ),
    fault(
        "cut-broker",
        "one broker cut off from all processes",
        1,
        0,
        network::cut_broker,
    ),
    fault(
        "cut-all",
        "all brokers cut off from all processes",
        1,
        0,
        network::cut_all,
    ),
    fault(
        "one-way-answers",
        "requests of one process reach the brokers, their answers do not come back",
        1,
        1,
        network::cut_answers,
    ),
    fault(
        "one-way-requests",
        "requests to one broker do not reach it, its answers come",
        1,
        0,
        network::cut_requests,
    ),
    fault(
        "delay",
        "200 ms between each request and its answer",
        1,
        1,
        network::delay,
    ),
    fault(
        "loss",
        "5 % of all writes lost and sent again after 200, 400, .. ms, acted by the proxy",
        1,
        0,
        network::loss,
    ),
    round(
        "hanging",
        "process killed with its transaction open: EndTxn never reached the broker",
        20,
        0,
        10,
        transactions::hanging,
    ),
    round(
        "unknown",
        "commit with unknown outcome: EndTxn carried out, its answer cut; once, six times in a row, process killed, in turn",
        21,
        3,
        8,
        transactions::unknown,
    ),
    round(
        "topics",
        "commands, responses, dead letters, requests, CPE events deleted and created again, while nothing is under way",
        1,
        0,
        30,
        cluster::recreate_topics,
    ),
    round(
        "access",
        "Write on all topics withdrawn until every process has ended with 78, and given back",
        3,
        0,
        20,
        cluster::withdraw_access,
    ),
    round(
        "disk",
        "disk of a broker full until it ends, room made, broker started again",
        2,
        0,
        60,
        disk::fill,
    ),
];

type Play = fn(&mut Stage<'_>, &Act);

const fn round(
    name: &'static str,
    what: &'static str,
    times: usize,
    times_short: usize,
    seconds: usize,
    act: Play,
) -> Round {
    Round {
        name,
        what,
        times,
        times_short,
        seconds,
        has_fault: false,
        act,
    }
}

const fn fault(
    name: &'static str,
    what: &'static str,
    times: usize,
    times_short: usize,
    act: Play,
) -> Round {
    Round {
        has_fault: true,
        ..round(name, what, times, times_short, 5, act)
    }
}

/// What the environment asks for.
#[derive(Debug)]
pub(crate) struct Selection {
    /// `None`: the short selection.
    rounds: Option<String>,
    pub(crate) rate: usize,
    share: f64,
    pub(crate) seed: u64,
}

impl Selection {
    /// # Panics
    /// If the environment asks for what is not there.
    pub(crate) fn from_environment() -> Self {
        let rounds = std::env::var("CREDBRIDGE_CHAOS").ok();
        for name in rounds.iter().flat_map(|rounds| rounds.split(',')) {
            let is_known = name == "whole" || ROUNDS.iter().any(|round| round.name == name);
            assert!(is_known, "CREDBRIDGE_CHAOS names no round `{name}`");
        }
        Self {
            rounds,
            rate: number("CREDBRIDGE_CHAOS_RATE").unwrap_or(RATE),
            share: number("CREDBRIDGE_CHAOS_SHARE").unwrap_or(1.0),
            seed: number("CREDBRIDGE_CHAOS_SEED").unwrap_or_else(|| fastrand::u64(..)),
        }
    }

    /// The acts of each load.
    pub(crate) fn plays(&self, rounds: &[Round]) -> Vec<Vec<Act>> {
        let Some(names) = &self.rounds else {
            let short = rounds.iter().filter(|round| round.times_short > 0);
            let short = short.map(|round| Act {
                round: *round,
                times: round.times_short,
                fault: FAULT_SHORT,
            });
            return vec![short.collect()];
        };
        let is_asked = |round: &&Round| {
            names
                .split(',')
                .any(|name| name == "whole" || name == round.name)
        };
        let whole = rounds.iter().filter(is_asked);
        whole
            .map(|round| {
                let times = (round.times as f64 * self.share).ceil();
                vec![Act {
                    round: *round,
                    times: times as usize,
                    fault: FAULT,
                }]
            })
            .collect()
    }
}

fn number<N: std::str::FromStr>(variable: &str) -> Option<N> {
    let text = std::env::var(variable).ok()?;
    let number = text.parse().ok();
    assert!(number.is_some(), "{variable} is a number, not `{text}`");
    number
}
