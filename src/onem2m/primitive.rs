use std::time::Duration;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::time::Timestamp;

use super::{Operation, Texts};

/// The parameters of a request (TS-0004 clause 8.2.2) that its answer depends on.
///
/// A notification of a creation that a CSE has answered already has neither request identifier nor originator; `to` is
/// then the resource that was created.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct RequestPrimitive {
    /// op: what is asked.
    pub operation: Operation,
    /// rqi, fr, to and rvi.
    pub texts: Texts<4>,
    /// rt: when and where the response is wanted.
    pub response_type: ResponseType,
    /// rcn: what the response is to contain.
    pub result_content: ResultContent,
    /// rqet: after this the request is worth nothing.
    pub request_expiration: Option<Expiry>,
    /// rset: after this the result is worth nothing.
    pub result_expiration: Option<Expiry>,
}

impl RequestPrimitive {
    /// The resource that was created, if this is a notification of its creation.
    pub fn notified_resource(&self) -> Option<&str> {
        let is_notification = self.request_identifier().is_empty();
        is_notification.then(|| self.to())
    }

    /// rqi: chosen by the originator, given back in the response; empty for a notification only.
    pub fn request_identifier(&self) -> &str {
        self.texts.text(0)
    }

    /// fr: who asks.
    pub fn originator(&self) -> &str {
        self.texts.text(1)
    }

    /// to: on Create the address of the parent `<node>` resource, else that of the resource itself.
    pub fn to(&self) -> &str {
        self.texts.text(2)
    }

    /// rvi: release of oneM2M that the originator speaks.
    pub fn release_version_indicator(&self) -> &str {
        self.texts.text(3)
    }

    /// Writes the texts anew.
    #[cfg(test)]
    pub(crate) fn change_texts(&mut self, change: impl FnOnce(&mut PrimitiveTexts<'_>)) {
        let before = self.clone();
        let mut texts = PrimitiveTexts {
            request_identifier: before.request_identifier(),
            originator: before.originator(),
            to: before.to(),
            release_version_indicator: before.release_version_indicator(),
        };
        change(&mut texts);
        self.texts = texts.into();
    }
}

/// The texts of a request primitive by their names, to be kept.
#[derive(Clone, Copy, Debug, Default)]
pub struct PrimitiveTexts<'a> {
    /// rqi.
    pub request_identifier: &'a str,
    /// fr.
    pub originator: &'a str,
    /// to.
    pub to: &'a str,
    /// rvi.
    pub release_version_indicator: &'a str,
}

impl From<PrimitiveTexts<'_>> for Texts<4> {
    fn from(texts: PrimitiveTexts<'_>) -> Self {
        Self::new([
            texts.request_identifier,
            texts.originator,
            texts.to,
            texts.release_version_indicator,
        ])
    }
}

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
    let instant = TimeZone::UTC.to_timestamp(civil.ok()?).ok()?;
    Some(instant.as_second())
}

fn digits(text: &str) -> Option<i16> {
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())?
}

/// Response Type (rt, TS-0004 clause 7.3.2).
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum ResponseType {
    /// 3: one response when all is done.
    #[default]
    Blocking,
    /// 4: the receiver chooses; the targets are for a late response.
    FlexBlocking(Option<Box<[Box<str>]>>),
    /// 2: an acknowledgement, later a notification to the targets; `None`: to the originator.
    NonBlockingAsynch(Option<Box<[Box<str>]>>),
    /// 1: an acknowledgement; the result is fetched by the originator.
    NonBlockingSynch,
    /// 5: no response.
    NoResponse,
}

/// Result Content (rcn, TS-0004 clause 7.5.2), the values that mean something for a resource without children.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum ResultContent {
    /// 0
    Nothing,
    /// 1
    #[default]
    Attributes,
    /// 2
    HierarchicalAddress,
    /// 3
    HierarchicalAddressAndAttributes,
    /// 9
    ModifiedAttributes,
}

/// A number that rcn cannot have.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ResultContentError {
    /// Not allowed with the operation.
    #[error("{number} is not allowed on {}; allowed are {}", .operation.as_str(), allowed_numbers(*.operation))]
    NotAllowed {
        /// The operation.
        operation: Operation,
        /// rcn.
        number: u32,
    },
    /// Allowed, and asks for child resources, of which there are none.
    #[error("{0} asks for child resources, which are not implemented: ask for 1 (attributes)")]
    ChildResources(u32),
}

impl ResultContent {
    /// The value of rcn for an operation; `None` stands for what the operation gives if nothing is said.
    ///
    /// # Errors
    /// If the operation does not allow the number, or it asks for what does not exist.
    pub fn for_operation(
        operation: Operation,
        number: Option<u32>,
    ) -> Result<Self, ResultContentError> {
        let Some(number) = number else {
            return Ok(match operation {
                Operation::Create | Operation::Retrieve | Operation::Update => Self::Attributes,
                Operation::Delete => Self::Nothing,
            });
        };
        let found = allowed(operation)
            .iter()
            .find(|allowed| allowed.number() == number);
        match (found, operation, number) {
            (Some(found), _, _) => Ok(*found),
            (None, Operation::Retrieve | Operation::Delete, 4..=6 | 8) => {
                Err(ResultContentError::ChildResources(number))
            }
            (None, _, _) => Err(ResultContentError::NotAllowed { operation, number }),
        }
    }

    /// The number of rcn.
    pub const fn number(self) -> u32 {
        match self {
            Self::Nothing => 0,
            Self::Attributes => 1,
            Self::HierarchicalAddress => 2,
            Self::HierarchicalAddressAndAttributes => 3,
            Self::ModifiedAttributes => 9,
        }
    }
}

/// TS-0004 table 7.5.2-1.
const fn allowed(operation: Operation) -> &'static [ResultContent] {
    match operation {
        Operation::Create => &[
            ResultContent::Nothing,
            ResultContent::Attributes,
            ResultContent::HierarchicalAddress,
            ResultContent::HierarchicalAddressAndAttributes,
            ResultContent::ModifiedAttributes,
        ],
        Operation::Retrieve => &[ResultContent::Attributes],
        Operation::Update => &[
            ResultContent::Nothing,
            ResultContent::Attributes,
            ResultContent::ModifiedAttributes,
        ],
        Operation::Delete => &[ResultContent::Nothing, ResultContent::Attributes],
    }
}

fn allowed_numbers(operation: Operation) -> String {
    let numbers: Vec<String> = allowed(operation)
        .iter()
        .map(|allowed| allowed.number().to_string())
        .collect();
    numbers.join(", ")
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

    #[test]
    fn each_operation_allows_its_result_contents() {
        for (operation, numbers) in [
            (Operation::Create, &[0, 1, 2, 3, 9][..]),
            (Operation::Retrieve, &[1]),
            (Operation::Update, &[0, 1, 9]),
            (Operation::Delete, &[0, 1]),
        ] {
            let allowed: Vec<u32> = (0..100)
                .filter(|number| ResultContent::for_operation(operation, Some(*number)).is_ok())
                .collect();
            assert_eq!(allowed, numbers, "{operation:?}");
        }
        assert_eq!(
            ResultContent::for_operation(Operation::Delete, None),
            Ok(ResultContent::Nothing)
        );
    }

    #[test]
    fn wrong_result_contents_are_told_from_those_of_children() {
        let error =
            |number| ResultContent::for_operation(Operation::Retrieve, Some(number)).unwrap_err();
        assert_eq!(error(4), ResultContentError::ChildResources(4));
        assert_eq!(
            error(0).to_string(),
            "0 is not allowed on Retrieve; allowed are 1"
        );
    }
}
