//! What came of each play, as a table in Markdown.

use std::fmt;
use std::time::Duration;

use serde_json::Value;

use crate::rounds::Act;

/// What came of one play.
pub(crate) struct Row {
    what: String,
    verdict: Option<Verdict>,
}

/// What the loads of one play say together.
struct Verdict {
    installations: u64,
    events: u64,
    pause: Duration,
    lost: u64,
    doubled: u64,
    wrong: u64,
    is_balanced: bool,
}

impl Row {
    pub(crate) fn new(acts: &[Act], pause: Duration, summaries: &[Value]) -> Self {
        let number = |value: &Value| value.as_u64().expect("a number of the summary");
        let sum = |name: &str| summaries.iter().map(|all| number(&all[name])).sum();
        let events = summaries.iter().map(|all| number(&all["ledger"]["in"]));
        Self {
            verdict: Some(Verdict {
                installations: sum("installations"),
                events: events.sum(),
                pause,
                lost: sum("lost"),
                doubled: sum("doubled"),
                wrong: sum("wrong"),
                is_balanced: summaries
                    .iter()
                    .all(|all| all["ledger"]["balanced"] == true),
            }),
            ..Self::failed(acts)
        }
    }

    /// A play that did not come to its end.
    pub(crate) fn failed(acts: &[Act]) -> Self {
        let what = acts.iter().map(|act| match act.round.has_fault {
            true => format!("{}, {} s", act.round.what, act.fault.as_secs()),
            false => act.round.what.to_owned(),
        });
        let what: Vec<_> = what.collect();
        let times: Vec<_> = acts.iter().map(|act| act.times.to_string()).collect();
        Self {
            what: format!("{} | {}", what.join("; "), times.join("; ")),
            verdict: None,
        }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = &self.what;
        let Some(verdict) = &self.verdict else {
            return write!(f, "| {what} | | | | FAILED, see above | | | |");
        };
        let ledger = match verdict.is_balanced {
            true => "balanced",
            false => "NOT BALANCED",
        };
        write!(
            f,
            "| {what} | {} | {} | {:.1} s | {} | {} | {} | {ledger} |",
            verdict.installations,
            verdict.events,
            verdict.pause.as_secs_f64(),
            verdict.lost,
            verdict.doubled,
            verdict.wrong,
        )
    }
}

/// Prints all rows.
pub(crate) fn print(rows: &[Row]) {
    println!(
        "| what is done | times | installations | events | longest pause of responses | lost | doubled | wrong | ledger |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    for row in rows {
        println!("{row}");
    }
}

/// Checks that every play came to its end, with nothing lost, doubled, wrong or unbalanced.
///
/// # Panics
/// If one did not.
pub(crate) fn check(rows: &[Row]) {
    assert!(!rows.is_empty(), "nothing was played");
    for row in rows {
        let is_good = row.verdict.as_ref().is_some_and(|verdict| {
            verdict.installations > 0
                && verdict.lost + verdict.doubled + verdict.wrong == 0
                && verdict.is_balanced
        });
        assert!(is_good, "{row}");
    }
}
