//! The table of retries: `device_unavailable: 30s..10m x10`.

use std::collections::BTreeMap;

use crate::correlator::{RetryCause, RetryPolicy, RetryTable};
use crate::cwmp::FaultCode;

use super::key;
use super::rules::duration;
use super::source::Source;

/// More attempts than this are a slip: with the longest wait of a minute they take half a day.
const ATTEMPTS_MAX: u16 = 1000;

pub(super) fn table(source: &mut Source) -> RetryTable {
    let mut table = RetryTable::new();
    for (name, text) in source.map(&key::RETRY_TABLE) {
        match (cause(&name), policy(&text)) {
            (Ok(cause), Ok(policy)) => {
                table.insert(cause, policy);
            }
            (Err(problem), _) | (Ok(_), Err(problem)) => source.mistake(&key::RETRY_TABLE, problem),
        }
    }
    table
}

/// The table as it stands in the file.
pub(super) fn printed(table: &RetryTable) -> BTreeMap<String, String> {
    let entries = table.iter().map(|(cause, policy)| {
        let name = cause
            .name()
            .map_or_else(|| fault(*cause), ToOwned::to_owned);
        let delay = |delay| {
            humantime::format_duration(delay)
                .to_string()
                .replace(' ', "")
        };
        let text = format!(
            "{}..{} x{}",
            delay(policy.first_delay),
            delay(policy.delay_max),
            policy.attempts_max
        );
        (name, text)
    });
    entries.collect()
}

fn fault(cause: RetryCause) -> String {
    cause
        .fault()
        .map_or_else(String::new, |code| code.to_string())
}

fn cause(name: &str) -> Result<RetryCause, String> {
    if let Some(named) = RetryCause::NAMED
        .into_iter()
        .find(|cause| cause.name() == Some(name))
    {
        return Ok(named);
    }
    let code: Option<u32> = name.parse().ok();
    match code.and_then(|code| FaultCode::try_from(code).ok()) {
        Some(code) => Ok(RetryCause::Fault(code)),
        None => {
            let names = RetryCause::NAMED.iter().filter_map(|cause| cause.name());
            let names: Vec<_> = names.collect();
            Err(format!(
                "`{name}` is neither a fault code (8000 to 8899, 9000 to 9899) nor one of {}",
                names.join(", ")
            ))
        }
    }
}

fn policy(text: &str) -> Result<RetryPolicy, String> {
    let form = || {
        format!(
            "`{text}` is not of the form `30s..10m x10`: first delay, longest delay, attempts altogether"
        )
    };
    let (delays, attempts) = text.split_once(" x").ok_or_else(form)?;
    let (first, longest) = delays.split_once("..").ok_or_else(form)?;
    let policy = RetryPolicy {
        first_delay: duration(first.trim())?,
        delay_max: duration(longest.trim())?,
        attempts_max: attempts
            .trim()
            .parse()
            .ok()
            .filter(|attempts| (1..=ATTEMPTS_MAX).contains(attempts))
            .ok_or_else(|| {
                format!("`{text}` does not allow from 1 to {ATTEMPTS_MAX} attempts altogether")
            })?,
    };
    match policy.first_delay <= policy.delay_max {
        true => Ok(policy),
        false => Err(format!("`{text}` has a first delay above the longest one")),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn policies_are_read_and_printed() {
        let policy = policy("90s..1h x7").unwrap();
        assert_eq!(
            policy,
            RetryPolicy {
                first_delay: Duration::from_secs(90),
                delay_max: Duration::from_hours(1),
                attempts_max: 7,
            }
        );
        let table = RetryTable::from([(cause("8005").unwrap(), policy)]);
        assert_eq!(printed(&table)["8005"], "1m30s..1h x7");
        assert_eq!(super::policy(&printed(&table)["8005"]), Ok(policy));
    }

    #[test]
    fn wrong_entries_say_how_they_are_written() {
        for (text, part) in [
            ("30s x3", "of the form"),
            ("30s..10m", "of the form"),
            ("soon..10m x3", "not a duration"),
            ("10m..30s x3", "above the longest"),
            ("30s..10m x0", "from 1 to 1000"),
        ] {
            let problem = policy(text).unwrap_err();
            assert!(problem.contains(part), "{text}: {problem}");
        }
        for name in ["busy", "0", "7000", "99999999999"] {
            assert!(cause(name).unwrap_err().contains("retry_later"), "{name}");
        }
    }
}
