//! When the ledger of a shard is told to people: once a minute, and when the shard falls quiet.

use std::time::Duration;

use crate::correlator::Ledger;
use crate::time::Timestamp;
use crate::wire::LedgerRecord;

use super::shard::Phase;
use super::trouble::Trouble;
use super::work::{Sink, Work};

/// How often the ledger of a shard is told: often enough for an alert, and seldom enough to be read by people.
const INTERVAL: Duration = Duration::from_secs(60);

/// How long nothing must have changed before what is not told yet is told.
const QUIET: Duration = Duration::from_secs(1);

/// What was told of the ledger of a shard.
#[derive(Clone, Debug, Default)]
pub(super) struct LedgerReport {
    /// What was told last, and when; `None`: nothing since the shard came here.
    told: Option<(Ledger, Duration)>,
    seen: Ledger,
    changed_at: Duration,
}

impl LedgerReport {
    /// Whether the ledger is to be told, `elapsed` on the clock of the process.
    fn is_due(&mut self, ledger: &Ledger, elapsed: Duration) -> bool {
        if self.seen != *ledger {
            self.seen = *ledger;
            self.changed_at = elapsed;
        }
        let Some((told, told_at)) = &self.told else {
            return true;
        };
        let is_quiet = elapsed.saturating_sub(self.changed_at) >= QUIET;
        elapsed.saturating_sub(*told_at) >= INTERVAL || (is_quiet && told != ledger)
    }

    fn is_behind(&self, ledger: &Ledger) -> bool {
        self.told.is_none_or(|(told, _)| told != *ledger)
    }
}

impl<S: Sink> Work<'_, S> {
    /// Whether the ledger of any shard is to be told.
    pub(super) fn is_ledger_due(&mut self, elapsed: Duration) -> bool {
        self.shards.values_mut().any(|shard| {
            shard.phase == Phase::Ready
                && shard
                    .report
                    .is_due(&shard.correlator.stats().ledger, elapsed)
        })
    }

    /// Whether anything is not told yet.
    pub(super) fn is_ledger_behind(&self) -> bool {
        self.shards.values().any(|shard| {
            shard.phase == Phase::Ready && shard.report.is_behind(&shard.correlator.stats().ledger)
        })
    }

    /// Writes the ledgers that are due; with `is_last`, all that are not told yet.
    pub(super) fn write_ledgers(
        &mut self,
        now: Timestamp,
        elapsed: Duration,
        is_last: bool,
    ) -> Result<(), Trouble> {
        let numbers: Vec<i32> = self
            .shards
            .values_mut()
            .filter_map(|shard| {
                let ledger = &shard.correlator.stats().ledger;
                let is_due = shard.report.is_due(ledger, elapsed)
                    || (is_last && shard.report.is_behind(ledger));
                (is_due && shard.phase == Phase::Ready).then_some(shard.number)
            })
            .collect();
        for number in numbers {
            let Some(shard) = self.shards.get_mut(&number) else {
                continue;
            };
            let ledger = shard.correlator.stats().ledger;
            shard.report.told = Some((ledger, elapsed));
            LedgerRecord::new(number, &ledger, now).encode(&mut self.outbound);
            self.send_for(None)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn ledger(events: u64) -> Ledger {
        Ledger {
            events,
            applied: events,
            ..Ledger::default()
        }
    }

    #[test]
    fn ledger_is_due_once_a_minute_and_when_it_falls_quiet() {
        let mut report = LedgerReport::default();
        let mut told = Vec::new();
        let events = |second: u64| second.min(90);
        for second in 0..160 {
            let ledger = ledger(events(second));
            if report.is_due(&ledger, seconds(second)) {
                told.push(second);
                report.told = Some((ledger, seconds(second)));
            }
        }
        assert_eq!(told, [0, 60, 91, 151]);
    }

    #[test]
    fn what_is_not_told_is_told_at_the_end() {
        let mut report = LedgerReport::default();
        assert!(report.is_behind(&ledger(0)));
        report.told = Some((ledger(0), seconds(0)));
        assert!(!report.is_behind(&ledger(0)));
        assert!(report.is_behind(&ledger(1)));
    }
}
