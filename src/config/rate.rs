//! Rates: `100/s`, `20/m`, `5000/h`; held as the time between two.

use std::time::Duration;

const UNITS: [(&str, Duration); 3] = [
    ("s", Duration::from_secs(1)),
    ("m", Duration::from_secs(60)),
    ("h", Duration::from_secs(3600)),
];

/// More than a broker carries.
const PER_SECOND_MAX: u32 = 1_000_000;

/// Empty: not limited.
pub(super) fn rate(text: &str) -> Result<Option<Duration>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let read = || {
        let (number, unit) = text.split_once('/')?;
        let (_, unit) = UNITS.iter().find(|(name, _)| *name == unit.trim())?;
        let number: u32 = number.trim().parse().ok().filter(|number| *number > 0)?;
        Some(*unit / number)
    };
    let interval = read().ok_or_else(|| {
        format!("`{text}` is no rate such as `100/s`, `20/m` or `5000/h`; empty: not limited")
    })?;
    if interval * PER_SECOND_MAX < Duration::from_secs(1) {
        return Err(format!(
            "`{text}` is more than {PER_SECOND_MAX} a second; leave it empty"
        ));
    }
    Ok(Some(interval))
}

/// The rate as it stands in the file, in the largest unit that gives a whole number.
pub(super) fn printed(interval: Option<Duration>) -> String {
    let Some(interval) = interval else {
        return String::new();
    };
    let of_unit =
        |unit: Duration| (unit.as_nanos() + interval.as_nanos() / 2) / interval.as_nanos();
    let (name, unit) = UNITS
        .into_iter()
        .find(|(_, unit)| {
            let number = u32::try_from(of_unit(*unit))
                .ok()
                .filter(|number| *number > 0);
            number.is_some_and(|number| *unit / number == interval)
        })
        .unwrap_or(UNITS[2]);
    format!("{}/{name}", of_unit(unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_and_printed() {
        for (text, micros) in [
            ("100/s", 10_000),
            ("20/m", 3_000_000),
            ("5000/h", 720_000),
            ("7/s", 142_857),
        ] {
            let interval = rate(text).unwrap();
            assert_eq!(interval.map(|interval| interval.as_micros()), Some(micros));
            assert_eq!(rate(&printed(interval)), Ok(interval));
        }
        assert_eq!((rate(""), printed(None)), (Ok(None), String::new()));
    }

    #[test]
    fn other_texts_are_no_rates() {
        for text in ["100", "0/s", "-1/s", "1/d", "fast", "1.5/s", "2000000/s"] {
            assert!(rate(text).is_err(), "{text}");
        }
    }
}
