use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::judge::Findings;
use super::latency::Quantiles;
use super::ledger::LedgerDifference;

/// What a run found; as JSON it is the object of `credbridge load --json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verdict {
    /// Installations that were asked for.
    pub installations: u64,
    /// Responses by Response Status Code.
    pub responses: BTreeMap<u16, u64>,
    /// Commands by kind.
    pub commands: Commands,
    /// Dead letters by reason.
    pub dead_letters: BTreeMap<String, u64>,
    /// Installations without their outcome, and records that should be dead letters and are not.
    pub lost: u64,
    /// Second responses, commands or dead letters for the same.
    pub doubled: u64,
    /// Other response codes, parameter values or dead letters than the only right ones.
    pub wrong: u64,
    /// How the bridge accounts for the events.
    pub ledger: LedgerDifference,
    /// From the second request to the last outcome.
    pub seconds: f64,
    /// Requests and CPE events a second.
    pub events_per_second: f64,
    /// From create request to Download command.
    pub latency_ms: Quantiles,
    #[serde(skip)]
    pub(super) details: Details,
}

/// Commands by kind.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Commands {
    /// Download.
    pub download: u64,
    /// SetParameterValues.
    pub set: u64,
}

/// What only people read.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Details {
    seed: u64,
    write_only: bool,
    installed: u64,
    timed_out: u64,
    failures: Vec<(String, u64)>,
    lookups: u64,
    repeated: u64,
    examples: Vec<String>,
    transfer_to_set: Quantiles,
    request_to_response: Quantiles,
}

/// The size of a run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extent {
    pub(super) seed: u64,
    pub(super) write_only: bool,
    pub(super) installations: u64,
    pub(super) events: u64,
    pub(super) seconds: f64,
}

impl Verdict {
    pub(super) fn new(extent: Extent, findings: &Findings, ledger: LedgerDifference) -> Self {
        let failures = findings
            .failures
            .iter()
            .map(|(failure, count)| (failure.to_string(), *count))
            .collect();
        Self {
            installations: extent.installations,
            responses: findings.responses.clone(),
            commands: Commands {
                download: findings.downloads,
                set: findings.sets,
            },
            dead_letters: findings.dead_letters.clone(),
            lost: findings.lost,
            doubled: findings.doubled,
            wrong: findings.wrong,
            ledger,
            seconds: extent.seconds,
            events_per_second: extent.events as f64 / extent.seconds.max(f64::MIN_POSITIVE),
            latency_ms: findings.request_to_download.quantiles(),
            details: Details {
                seed: extent.seed,
                write_only: extent.write_only,
                installed: findings.installed,
                timed_out: findings.timed_out(),
                failures,
                lookups: findings.lists + findings.lookups,
                repeated: findings.repeated,
                examples: findings.examples.clone(),
                transfer_to_set: findings.transfer_to_set.quantiles(),
                request_to_response: findings.request_to_response.quantiles(),
            },
        }
    }

    /// Some of what went wrong, for people.
    pub(super) fn examples(&self) -> &[String] {
        &self.details.examples
    }

    /// Whether every request got its one right outcome, and every event is accounted for. A run that only writes
    /// finds nothing.
    pub const fn is_good(&self) -> bool {
        self.details.write_only
            || (self.lost == 0 && self.doubled == 0 && self.wrong == 0 && self.ledger.balanced)
    }
}

/// The summary that people read.
impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let details = &self.details;
        if details.write_only {
            return writeln!(
                f,
                "{} create requests written in {:.1} s (seed {})",
                self.installations, self.seconds, details.seed
            );
        }
        writeln!(
            f,
            "{} installations in {:.1} s, {:.0} events a second (seed {})",
            self.installations, self.seconds, self.events_per_second, details.seed
        )?;
        self.write_outcomes(f)?;
        self.write_latencies(f)?;
        self.write_judgement(f)
    }
}

impl Verdict {
    fn write_outcomes(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let details = &self.details;
        let failed: u64 = details.failures.iter().map(|(_, count)| count).sum();
        writeln!(f, "  {:>9}  installed", details.installed)?;
        writeln!(
            f,
            "  {:>9}  failed, as they had to, {} of them by time-out",
            failed, details.timed_out
        )?;
        for (failure, count) in &details.failures {
            writeln!(f, "  {count:>9}    {failure}")?;
        }
        let dead_letters: u64 = self.dead_letters.values().sum();
        writeln!(f, "  {dead_letters:>9}  dead letters")?;
        for (reason, count) in &self.dead_letters {
            writeln!(f, "  {count:>9}    {reason}")?;
        }
        writeln!(
            f,
            "commands: {} Download, {} GetParameterValues, {} SetParameterValues",
            self.commands.download, details.lookups, self.commands.set
        )?;
        let ledger = &self.ledger;
        writeln!(
            f,
            "ledger: {} in = {} applied + {} repeated + {} parked + {} set aside + {} foreign: {}",
            ledger.events,
            ledger.applied,
            ledger.repeated,
            ledger.parked,
            ledger.set_aside,
            ledger.foreign,
            if ledger.balanced {
                "balanced"
            } else {
                "NOT BALANCED, or not found in the ledger topic"
            }
        )
    }

    fn write_latencies(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "milliseconds                    p50       p99     p99.9")?;
        for (name, quantiles) in [
            ("request -> Download", self.latency_ms),
            ("TransferComplete -> Set", self.details.transfer_to_set),
            ("request -> response", self.details.request_to_response),
        ] {
            writeln!(
                f,
                "  {name:<24}{:>9.1} {:>9.1} {:>9.1}",
                quantiles.p50, quantiles.p99, quantiles.p999
            )?;
        }
        Ok(())
    }

    fn write_judgement(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "lost {}, doubled {}, wrong {}, repeated with the same id {}",
            self.lost, self.doubled, self.wrong, self.details.repeated
        )?;
        for example in &self.details.examples {
            writeln!(f, "  {example}")?;
        }
        writeln!(
            f,
            "{}",
            if self.is_good() {
                "GOOD: each request got its one right outcome"
            } else {
                "BAD: see above"
            }
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::correlator::Ledger;
    use crate::load::ledger;

    fn verdict(lost: u64) -> Verdict {
        let mut findings = Findings::new();
        findings.responses.insert(2001, 9);
        findings.responses.insert(4000, 1);
        findings.dead_letters.insert("malformed_json".to_owned(), 2);
        findings.downloads = 10;
        findings.sets = 9;
        findings.lost = lost;
        let shard = Ledger {
            events: 40,
            applied: 39,
            repeated: 1,
            ..Ledger::default()
        };
        let ledger = ledger::difference(&BTreeMap::new(), &BTreeMap::from([(0, shard)]));
        let extent = Extent {
            seed: 1,
            write_only: false,
            installations: 10,
            events: 40,
            seconds: 2.0,
        };
        Verdict::new(extent, &findings, ledger)
    }

    #[test]
    fn the_json_object_has_exactly_the_members_of_the_contract() {
        let json = serde_json::to_value(verdict(0)).unwrap();
        let expected = serde_json::json!({
            "installations": 10,
            "responses": { "2001": 9, "4000": 1 },
            "commands": { "download": 10, "set": 9 },
            "dead_letters": { "malformed_json": 2 },
            "lost": 0,
            "doubled": 0,
            "wrong": 0,
            "ledger": {
                "in": 40, "applied": 39, "repeated": 1, "parked": 0, "set_aside": 0, "foreign": 0,
                "balanced": true
            },
            "seconds": 2.0,
            "events_per_second": 20.0,
            "latency_ms": { "p50": 0.0, "p99": 0.0, "p999": 0.0 }
        });
        assert_eq!(json, expected);
    }

    #[test]
    fn a_loss_or_an_open_ledger_is_bad() {
        assert!(verdict(0).is_good());
        assert!(!verdict(1).is_good());
        let mut unbalanced = verdict(0);
        unbalanced.ledger.balanced = false;
        assert!(!unbalanced.is_good());
        assert!(unbalanced.to_string().contains("BAD"));
    }

    #[test]
    fn nothing_found_is_not_balanced() {
        assert!(!ledger::difference(&BTreeMap::new(), &BTreeMap::new()).balanced);
    }

    #[test]
    fn only_the_difference_of_two_ledgers_counts() {
        let ledger = |events, parked| Ledger {
            events,
            applied: events - parked,
            parked,
            ..Ledger::default()
        };
        let before = BTreeMap::from([(0, ledger(10, 1))]);
        let after = BTreeMap::from([(0, ledger(15, 0)), (1, ledger(4, 0))]);
        let difference = ledger::difference(&before, &after);
        assert_eq!(
            (difference.events, difference.applied, difference.parked),
            (9, 10, -1)
        );
    }
}
