//! A Kafka record as plain data: what was read, and where it stood.

use std::fmt;
use std::sync::Arc;

use smallvec::SmallVec;

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
        let mut parts = text.rsplitn(3, '/');
        let offset = parts.next().and_then(|part| part.parse().ok());
        let partition = parts.next().and_then(|part| part.parse().ok());
        match (parts.next(), partition, offset) {
            (Some(topic), Some(partition), Some(offset)) if !topic.is_empty() => Ok(Self {
                topic: topic.into(),
                partition,
                offset,
            }),
            _ => Err(CoordinatesError),
        }
    }
}

/// A header as it was read: a name, and a value that need not be text.
pub type Header<'a> = (&'a str, &'a [u8]);

/// Headers of one record; more than the bridge and its peers write take an allocation.
pub type Headers<'a> = SmallVec<[Header<'a>; 12]>;

/// A header that is kept.
pub type OwnedHeader = (Box<str>, Box<[u8]>);

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
        OwnedRecord {
            coordinates: self.coordinates.clone(),
            key: self.key.map(Box::from),
            value: self.value.map(Box::from),
            headers: self
                .headers
                .iter()
                .map(|(name, value)| (Box::from(*name), Box::from(*value)))
                .collect(),
        }
    }
}

/// A record that is kept, e.g. of an event that came before its request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OwnedRecord {
    /// Where the source record stands.
    pub coordinates: Coordinates,
    /// Key of the source record.
    pub key: Option<Box<[u8]>>,
    /// Value of the source record.
    pub value: Option<Box<[u8]>>,
    /// Headers of the source record.
    pub headers: Box<[OwnedHeader]>,
}

impl OwnedRecord {
    /// Bytes of key, value and headers together.
    pub fn bytes(&self) -> usize {
        let headers = self.headers.iter();
        let headers = headers.map(|(name, value)| name.len() + value.len());
        self.key.as_ref().map_or(0, |key| key.len())
            + self.value.as_ref().map_or(0, |value| value.len())
            + headers.sum::<usize>()
    }

    /// The headers as a [`Record`] borrows them.
    pub fn headers(&self) -> Vec<Header<'_>> {
        self.headers
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .collect()
    }

    /// The record, borrowed; `headers` is what [`Self::headers`] returned.
    pub fn borrow<'a>(&'a self, headers: &'a [Header<'a>]) -> Record<'a> {
        Record {
            coordinates: &self.coordinates,
            key: self.key.as_deref(),
            value: self.value.as_deref(),
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
    fn text_without_partition_is_refused() {
        assert_eq!("topic/1".parse::<Coordinates>(), Err(CoordinatesError));
        assert_eq!("/1/2".parse::<Coordinates>(), Err(CoordinatesError));
    }
}
