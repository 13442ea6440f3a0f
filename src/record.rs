//! A Kafka record as plain data: what was read, and where it stood.

use std::fmt;
use std::sync::Arc;

use smallvec::SmallVec;

/// Longest name of a topic.
const TOPIC_BYTES_MAX: usize = 249;

/// Where a record stands in Kafka; written `topic/partition/offset`.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Coordinates {
    /// Name of the topic.
    pub topic: Arc<str>,
    /// Number of the partition.
    pub partition: i32,
    /// Offset of the record.
    pub offset: i64,
}

impl fmt::Display for Coordinates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.topic, self.partition, self.offset)
    }
}

/// The text is not of the form `topic/partition/offset`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not of the form topic/partition/offset")]
pub struct CoordinatesError;

impl std::str::FromStr for Coordinates {
    type Err = CoordinatesError;

    fn from_str(text: &str) -> Result<Self, CoordinatesError> {
        let mut parts = text.split('/');
        let topic = parts.next().filter(|name| is_topic(name));
        let partition = parts.next().and_then(|part| number(part)?.try_into().ok());
        let offset = parts.next().and_then(number);
        match (topic, partition, offset, parts.next()) {
            (Some(topic), Some(partition), Some(offset), None) => Ok(Self {
                topic: topic.into(),
                partition,
                offset,
            }),
            _ => Err(CoordinatesError),
        }
    }
}

/// What Kafka takes as the name of a topic: such a name can be shown as it is, whoever wrote it.
fn is_topic(name: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=TOPIC_BYTES_MAX).contains(&name.len()) && name.bytes().all(is_allowed)
}

/// Digits only: no sign.
fn number(text: &str) -> Option<i64> {
    text.parse()
        .ok()
        .filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A header as it was read: a name, and a value that need not be text.
pub type Header<'a> = (&'a str, &'a [u8]);

/// Headers of one record; more than the bridge and its peers write take an allocation.
pub type Headers<'a> = SmallVec<[Header<'a>; 12]>;

/// A record as it was read, borrowed from the consumer.
///
/// For a record of the routed topic these are the source record's coordinates, key and headers: the bridge's own
/// headers have been taken off again.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// Where the source record stands.
    pub coordinates: &'a Coordinates,
    /// Key of the source record; absent if it had none.
    pub key: Option<&'a [u8]>,
    /// Value of the source record; absent for a tombstone.
    pub value: Option<&'a [u8]>,
    /// Headers of the source record, in their order.
    pub headers: &'a [Header<'a>],
}

impl<'a> Record<'a> {
    /// The value of the last header of that name, as Kafka's own clients resolve repeated names.
    pub fn header(&self, name: &str) -> Option<&'a [u8]> {
        self.headers
            .iter()
            .rev()
            .find(|(header, _)| *header == name)
            .map(|(_, value)| *value)
    }

    /// The value of the last header of that name, if it is UTF-8.
    pub fn header_text(&self, name: &str) -> Option<&'a str> {
        self.header(name)
            .and_then(|value| std::str::from_utf8(value).ok())
    }

    /// Bytes of key, value and headers together.
    pub fn bytes(&self) -> usize {
        let headers = self.headers.iter();
        let headers = headers.map(|(name, value)| name.len() + value.len());
        self.key.map_or(0, <[u8]>::len) + self.value.map_or(0, <[u8]>::len) + headers.sum::<usize>()
    }

    /// A copy that outlives the consumer's buffer.
    pub fn to_owned(&self) -> OwnedRecord {
        let mut bytes = Vec::with_capacity(self.bytes());
        bytes.extend_from_slice(self.key.unwrap_or_default());
        bytes.extend_from_slice(self.value.unwrap_or_default());
        for (name, value) in self.headers {
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(value);
        }
        OwnedRecord {
            coordinates: self.coordinates.clone(),
            bytes: bytes.into(),
            key: self.key.map(length),
            value: self.value.map(length),
            headers: self
                .headers
                .iter()
                .map(|(name, value)| (length(name.as_bytes()), length(value)))
                .collect(),
        }
    }
}

fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).expect("a Kafka record has less than 2^31 bytes")
}

/// A record that is kept, e.g. of an event that came before its request.
///
/// A backlog may hold millions, so their parts share one allocation.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OwnedRecord {
    /// Where the source record stands.
    pub coordinates: Coordinates,
    /// Key, value, and name and value of each header, one behind the other.
    bytes: Box<[u8]>,
    /// Lengths in `bytes`.
    key: Option<u32>,
    value: Option<u32>,
    headers: SmallVec<[(u32, u32); 4]>,
}

/// Takes that many bytes off the front.
fn take<'a>(bytes: &mut &'a [u8], length: u32) -> &'a [u8] {
    let length = usize::try_from(length).expect("a u32 fits into usize");
    bytes
        .split_off(..length)
        .expect("the lengths are those of the parts")
}

impl OwnedRecord {
    /// Bytes of key, value and headers together.
    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Key of the source record; absent if it had none.
    pub fn key(&self) -> Option<&[u8]> {
        self.key.map(|length| take(&mut &*self.bytes, length))
    }

    /// Value of the source record; absent for a tombstone.
    pub fn value(&self) -> Option<&[u8]> {
        let mut rest = &*self.bytes;
        take(&mut rest, self.key.unwrap_or(0));
        self.value.map(|length| take(&mut rest, length))
    }

    /// The headers as a [`Record`] borrows them.
    pub fn headers(&self) -> Headers<'_> {
        let mut rest = &*self.bytes;
        take(&mut rest, self.key.unwrap_or(0));
        take(&mut rest, self.value.unwrap_or(0));
        self.headers
            .iter()
            .map(|(name, value)| {
                let name = str::from_utf8(take(&mut rest, *name));
                (name.expect("it was a text"), take(&mut rest, *value))
            })
            .collect()
    }

    /// The record, borrowed; `headers` is what [`Self::headers`] returned.
    pub fn borrow<'a>(&'a self, headers: &'a [Header<'a>]) -> Record<'a> {
        Record {
            coordinates: &self.coordinates,
            key: self.key(),
            value: self.value(),
            headers,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_survive_their_text_form() {
        let coordinates = Coordinates {
            topic: "a.b-c".into(),
            partition: 3,
            offset: 42,
        };
        assert_eq!(coordinates.to_string(), "a.b-c/3/42");
        assert_eq!("a.b-c/3/42".parse(), Ok(coordinates));
    }

    #[test]
    fn what_is_no_place_of_a_record_is_refused() {
        let long = format!("{}/0/1", "t".repeat(TOPIC_BYTES_MAX + 1));
        for text in [
            "topic/1",
            "/1/2",
            "a/b/1/2",
            "topic/+1/2",
            "topic/-1/2",
            "topic/1/-2",
            "topic/1/2/",
            "topic/4294967296/2",
            "x\nERROR forged/0/1",
            "\u{1b}[2J/0/1",
            &long,
        ] {
            assert_eq!(
                text.parse::<Coordinates>(),
                Err(CoordinatesError),
                "{text:?}"
            );
        }
    }

    #[test]
    fn kept_record_is_the_record() {
        let coordinates: Coordinates = "topic/1/2".parse().unwrap();
        let headers: [Header<'_>; 6] = [
            ("a", b"1"),
            ("", b""),
            ("bc", b""),
            ("", b"22"),
            ("a", b"\xFF"),
            ("d", b"3"),
        ];
        let some: [Option<&[u8]>; 3] = [None, Some(b""), Some(b"text")];
        for (key, value) in some.iter().flat_map(|key| some.map(|value| (*key, value))) {
            for count in 0..=headers.len() {
                let record = Record {
                    coordinates: &coordinates,
                    key,
                    value,
                    headers: &headers[..count],
                };
                let kept = record.to_owned();
                let kept_headers = kept.headers();
                let read = kept.borrow(&kept_headers);
                assert_eq!((read.key, read.value), (key, value));
                assert_eq!(read.headers, record.headers);
                assert_eq!(read.coordinates, &coordinates);
                assert_eq!(
                    (kept.bytes(), read.bytes()),
                    (record.bytes(), record.bytes())
                );
            }
        }
    }
}
