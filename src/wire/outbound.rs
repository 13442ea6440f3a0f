use std::io::Write as _;

use arrayvec::ArrayString;

use super::command_keys;

/// Which topic an outbound goes to; the runtime knows the names.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Destination {
    /// The changelog of the shards.
    Changelog,
    /// Commands for the ACS.
    Commands,
    /// Records that nobody can read, or that belong to nothing.
    DeadLetters,
    /// The ledgers of the shards, for people.
    Ledger,
    /// Answers for requesters.
    Responses,
    /// Records on their way to the worker that owns their shard.
    Routed,
}

/// A record to be written: one buffer that is filled, sent and filled again.
#[derive(Debug)]
pub struct Outbound {
    /// Where it goes.
    pub destination: Destination,
    /// The partition; `None`: by the key.
    pub partition: Option<i32>,
    key: Option<Vec<u8>>,
    spare_key: Vec<u8>,
    value: Option<Vec<u8>>,
    spare_value: Vec<u8>,
    headers: Vec<(Name, std::ops::Range<usize>)>,
    header_bytes: Vec<u8>,
}

#[derive(Debug)]
enum Name {
    Static(&'static str),
    Owned(Box<str>),
}

impl Default for Outbound {
    fn default() -> Self {
        Self {
            destination: Destination::DeadLetters,
            partition: None,
            key: None,
            spare_key: Vec::new(),
            value: None,
            spare_value: Vec::new(),
            headers: Vec::new(),
            header_bytes: Vec::new(),
        }
    }
}

impl Outbound {
    /// Empties the buffer for a record to `destination`: no partition, no key, no value, no headers.
    pub fn start(&mut self, destination: Destination) {
        self.destination = destination;
        self.partition = None;
        if let Some(key) = self.key.take() {
            self.spare_key = key;
        }
        if let Some(value) = self.value.take() {
            self.spare_value = value;
        }
        self.headers.clear();
        self.header_bytes.clear();
    }

    /// The key; `None`: no key.
    pub fn key(&self) -> Option<&[u8]> {
        self.key.as_deref()
    }

    /// The value; `None`: a tombstone.
    pub fn value(&self) -> Option<&[u8]> {
        self.value.as_deref()
    }

    /// An empty key to write into.
    pub fn key_mut(&mut self) -> &mut Vec<u8> {
        let mut buffer = std::mem::take(&mut self.spare_key);
        buffer.clear();
        self.key.insert(buffer)
    }

    /// An empty value to write into.
    pub fn value_mut(&mut self) -> &mut Vec<u8> {
        let mut buffer = std::mem::take(&mut self.spare_value);
        buffer.clear();
        self.value.insert(buffer)
    }

    /// Adds a header.
    pub fn header(&mut self, name: &'static str, value: &[u8]) {
        let start = self.header_bytes.len();
        self.header_bytes.extend_from_slice(value);
        self.headers
            .push((Name::Static(name), start..self.header_bytes.len()));
    }

    /// Adds a header whose value is the text form of `value`.
    pub fn header_display(&mut self, name: &'static str, value: impl std::fmt::Display) {
        let start = self.header_bytes.len();
        write!(self.header_bytes, "{value}").expect("writing to memory does not fail");
        self.headers
            .push((Name::Static(name), start..self.header_bytes.len()));
    }

    /// Adds a header that came with another record.
    pub fn header_copied(&mut self, name: &str, value: &[u8]) {
        let start = self.header_bytes.len();
        self.header_bytes.extend_from_slice(value);
        self.headers
            .push((Name::Owned(name.into()), start..self.header_bytes.len()));
    }

    /// The headers, in the order in which they were added.
    pub fn headers(&self) -> impl ExactSizeIterator<Item = (&str, &[u8])> {
        self.headers.iter().map(|(name, range)| {
            let name = match name {
                Name::Static(name) => name,
                Name::Owned(name) => &**name,
            };
            (name, &self.header_bytes[range.clone()])
        })
    }

    /// Bytes of key, value and headers together.
    pub fn bytes(&self) -> usize {
        self.key().map_or(0, <[u8]>::len)
            + self.value().map_or(0, <[u8]>::len)
            + self.header_bytes.len()
    }
}

/// The header `credbridge-id`: 32 hexadecimal digits that are the same for the same output however often its input is
/// read. `parts` must identify the output among all outputs of the application.
pub(super) fn output_id(parts: &[&[u8]]) -> ArrayString<32> {
    command_keys::hash(None, parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_started_outbound_is_empty() {
        let mut outbound = Outbound::default();
        outbound.key_mut().extend_from_slice(b"k");
        outbound.value_mut().extend_from_slice(b"v");
        outbound.header("a", b"1");
        assert_eq!(outbound.bytes(), 3);
        outbound.start(Destination::Commands);
        assert_eq!(
            (outbound.key(), outbound.value(), outbound.headers().len()),
            (None, None, 0)
        );
        assert!(outbound.value_mut().is_empty());
    }

    #[test]
    fn headers_keep_their_order() {
        let mut outbound = Outbound::default();
        outbound.header("a", b"1");
        outbound.header_display("b", 22);
        outbound.header_copied("c", b"");
        let headers: Vec<_> = outbound.headers().collect();
        assert_eq!(headers, [("a", &b"1"[..]), ("b", b"22"), ("c", b"")]);
    }

    #[test]
    fn output_ids_tell_parts_apart() {
        assert_eq!(output_id(&[b"a", b"b"]).len(), 32);
        assert_eq!(output_id(&[b"a", b"b"]), output_id(&[b"a", b"b"]));
        assert_ne!(output_id(&[b"a", b"b"]), output_id(&[b"ab", b""]));
    }
}
