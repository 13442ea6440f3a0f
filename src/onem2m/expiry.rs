use std::fmt;
use std::time::Duration;

use jiff::SignedDuration;
use jiff::civil::DateTime;

use crate::time::Timestamp;

/// Absolute times are reckoned from here as a calendar has them: points in time end a day earlier in jiff, and the last
/// day of 9999 is what means "never".
const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

/// A point in time as a primitive gives it (absRelTimestamp, TS-0004 clause 6.3.3).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Expiry {
    /// That long after the request was handled.
    After(Duration),
    /// At that time.
    At(Timestamp),
}

impl Expiry {
    /// The point in time, for a request that is handled at `now`.
    pub fn at(self, now: Timestamp) -> Timestamp {
        match self {
            Self::After(duration) => now + duration,
            Self::At(time) => time,
        }
    }
}

/// The text is no time of a primitive.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("neither YYYYMMDDThhmmss with up to six decimals, in UTC, nor a number of milliseconds")]
pub struct ExpiryError;

/// Reads absRelTimestamp (TS-0004 clause 6.3.3): `YYYYMMDDThhmmss`, with a decimal comma and 1 to 6 digits or without,
/// always in UTC; or milliseconds, which count from when the request is handled. A decimal point is accepted too.
/// What is finer than a millisecond is cut off; a time before 1970 is read as 1970, since all that matters is that it is past.
impl std::str::FromStr for Expiry {
    type Err = ExpiryError;

    fn from_str(text: &str) -> Result<Self, ExpiryError> {
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            let millis = text.parse().map_err(|_| ExpiryError)?;
            return Ok(Self::After(Duration::from_millis(millis)));
        }
        let (seconds, millis) = match text.split_once([',', '.']) {
            None => (text, 0),
            Some((seconds, decimals)) => (seconds, millis_of_decimals(decimals)?),
        };
        let seconds = unix_seconds(seconds).ok_or(ExpiryError)?;
        let millis = u64::try_from(seconds).map_or(0, |seconds| seconds * 1000 + millis);
        Ok(Self::At(Timestamp::from_millis(millis)))
    }
}

/// Writes absRelTimestamp; of an absolute time the decimals only where there are any.
impl fmt::Display for Expiry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = match self {
            Self::After(duration) => return write!(f, "{}", duration.as_millis()),
            Self::At(time) => i64::try_from(time.as_millis()).unwrap_or(i64::MAX),
        };
        let civil = EPOCH.checked_add(SignedDuration::from_millis(millis));
        let civil = civil.unwrap_or(DateTime::MAX);
        write!(f, "{}", civil.strftime("%Y%m%dT%H%M%S"))?;
        match civil.millisecond() {
            0 => Ok(()),
            millis => write!(f, ",{millis:03}"),
        }
    }
}

fn millis_of_decimals(decimals: &str) -> Result<u64, ExpiryError> {
    if !(1..=6).contains(&decimals.len()) || !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(ExpiryError);
    }
    format!("{decimals:0<3}")[..3]
        .parse()
        .map_err(|_| ExpiryError)
}

/// Seconds since the Unix epoch of `YYYYMMDDThhmmss`.
fn unix_seconds(text: &str) -> Option<i64> {
    let (date, time) = text.split_once('T')?;
    if date.len() != 8 || time.len() != 6 {
        return None;
    }
    let two = |text: &str, at: usize| digits(text.get(at..at + 2)?)?.try_into().ok();
    let civil = DateTime::new(
        digits(date.get(..4)?)?,
        two(date, 4)?,
        two(date, 6)?,
        two(time, 0)?,
        two(time, 2)?,
        two(time, 4)?,
        0,
    );
    Some(civil.ok()?.duration_since(EPOCH).as_secs())
}

fn digits(text: &str) -> Option<i16> {
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Result<Expiry, ExpiryError> {
        Ok(Expiry::At(Timestamp::from_millis(millis)))
    }

    #[test]
    fn absolute_times_are_utc_with_or_without_decimals() {
        assert_eq!("19700102T000001".parse(), at(86_401_000));
        assert_eq!("20261122T205525,244594".parse(), at(1_795_380_925_244));
        assert_eq!("20261122T205525.2".parse(), at(1_795_380_925_200));
        assert_eq!("19691231T235959,9".parse(), at(0));
        assert_eq!("99991231T235959".parse(), at(253_402_300_799_000));
    }

    #[test]
    fn a_number_is_milliseconds_from_handling() {
        let read: Expiry = "1500".parse().unwrap();
        assert_eq!(read, Expiry::After(Duration::from_millis(1500)));
        assert_eq!(
            read.at(Timestamp::from_millis(1000)),
            Timestamp::from_millis(2500)
        );
    }

    #[test]
    fn a_time_is_written_as_it_is_read() {
        for (text, written) in [
            ("19700101T000000", "19700101T000000"),
            ("20261122T205525,244594", "20261122T205525,244"),
            ("20261122T205525.02", "20261122T205525,020"),
            ("99991231T235959", "99991231T235959"),
            ("1500", "1500"),
        ] {
            let expiry: Expiry = text.parse().unwrap();
            assert_eq!(expiry.to_string(), written);
        }
    }

    #[test]
    fn other_texts_are_no_times() {
        for text in [
            "",
            "-1",
            "1.5",
            "99999999999999999999999",
            "20261122T2055",
            "20261322T205525",
            "20260229T000000",
            "20261122T245525",
            "20261122T205525Z",
            "20261122T205525,",
            "20261122T205525,1234567",
            "2026-11-22T20:55:25",
            "+0261122T205525",
            "2026112éT20552",
        ] {
            assert_eq!(text.parse::<Expiry>(), Err(ExpiryError), "{text}");
        }
    }
}
