//! Fields of a protobuf message, written as they are met: commands and state are written for nearly every event, and
//! messages of copies would cost more than all the rest of it.

use std::io::Write as _;

use prost::encoding::{WireType, encode_key, encode_varint};

/// Most bytes of a varint.
const VARINT_BYTES_MAX: usize = 10;

/// The message that is being written, at the end of a buffer.
///
/// As in proto3, numbers and texts that have their default are left out; those of a `oneof` and optional ones are not.
/// Fields are to be written in the order of their tags.
pub(super) struct Fields<'a>(&'a mut Vec<u8>);

impl<'a> Fields<'a> {
    pub(super) fn new(buffer: &'a mut Vec<u8>) -> Self {
        Self(buffer)
    }

    pub(super) fn number(&mut self, tag: u32, number: u64) {
        if number != 0 {
            self.present_number(tag, number);
        }
    }

    pub(super) fn present_number(&mut self, tag: u32, number: u64) {
        encode_key(tag, WireType::Varint, self.0);
        encode_varint(number, self.0);
    }

    /// An int32, an int64 or an enumeration.
    pub(super) fn signed(&mut self, tag: u32, number: impl Into<i64>) {
        self.number(tag, number.into().cast_unsigned());
    }

    pub(super) fn boolean(&mut self, tag: u32, is_true: bool) {
        self.number(tag, is_true.into());
    }

    pub(super) fn text(&mut self, tag: u32, text: &str) {
        self.bytes(tag, text.as_bytes());
    }

    pub(super) fn bytes(&mut self, tag: u32, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.present_bytes(tag, bytes);
        }
    }

    /// The text form of a value; never empty.
    pub(super) fn display(&mut self, tag: u32, value: impl std::fmt::Display) {
        self.nested(tag, |buffer| {
            write!(buffer, "{value}").expect("writing to memory does not fail");
        });
    }

    /// Bytes or a text, of an optional field or of a list.
    pub(super) fn present_bytes(&mut self, tag: u32, bytes: &[u8]) {
        encode_key(tag, WireType::LengthDelimited, self.0);
        encode_varint(bytes.len() as u64, self.0);
        self.0.extend_from_slice(bytes);
    }

    /// A list of numbers, packed.
    pub(super) fn numbers(&mut self, tag: u32, numbers: impl ExactSizeIterator<Item = u64>) {
        if numbers.len() > 0 {
            self.nested(tag, |buffer| {
                numbers.for_each(|number| encode_varint(number, buffer));
            });
        }
    }

    /// A message, even if nothing is in it.
    pub(super) fn message(&mut self, tag: u32, write: impl FnOnce(&mut Fields<'_>)) {
        self.nested(tag, |buffer| write(&mut Fields(buffer)));
    }

    fn nested(&mut self, tag: u32, write: impl FnOnce(&mut Vec<u8>)) {
        encode_key(tag, WireType::LengthDelimited, self.0);
        // How long it is shows when it is written. Most are shorter than 128 bytes, whose length takes one byte.
        let start = self.0.len();
        self.0.push(0);
        write(self.0);
        let bytes = self.0.len() - start - 1;
        if let Some(byte) = u8::try_from(bytes).ok().filter(|byte| *byte < 0x80) {
            self.0[start] = byte;
            return;
        }
        let mut length = [0; VARINT_BYTES_MAX];
        let mut rest = &mut length[..];
        encode_varint(bytes as u64, &mut rest);
        let unused = rest.len();
        let length = &length[..VARINT_BYTES_MAX - unused];
        self.0.splice(start..=start, length.iter().copied());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use prost::Message as _;

    use crate::wire::r#gen::state;

    use super::*;

    fn record() -> impl Strategy<Value = state::Record> {
        let bytes = || proptest::collection::vec(any::<u8>(), 0..300);
        let header = (".{0,4}", bytes()).prop_map(|(name, value)| state::Header { name, value });
        let coordinates =
            (".{0,200}", any::<i32>(), any::<i64>()).prop_map(|(topic, partition, offset)| {
                state::Coordinates {
                    topic,
                    partition,
                    offset,
                }
            });
        (
            proptest::option::of(coordinates),
            proptest::option::of(bytes()),
            proptest::option::of(bytes()),
            proptest::collection::vec(header, 0..4),
        )
            .prop_map(|(coordinates, key, value, headers)| state::Record {
                coordinates,
                key,
                value,
                headers,
            })
    }

    fn written(record: &state::Record) -> Vec<u8> {
        let mut buffer = Vec::new();
        let mut fields = Fields::new(&mut buffer);
        if let Some(coordinates) = &record.coordinates {
            fields.message(1, |fields| {
                fields.text(1, &coordinates.topic);
                fields.signed(2, coordinates.partition);
                fields.signed(3, coordinates.offset);
            });
        }
        for (tag, bytes) in [(2, &record.key), (3, &record.value)] {
            if let Some(bytes) = bytes {
                fields.present_bytes(tag, bytes);
            }
        }
        for header in &record.headers {
            fields.message(4, |fields| {
                fields.text(1, &header.name);
                fields.bytes(2, &header.value);
            });
        }
        buffer
    }

    proptest! {
        #[test]
        fn writes_what_the_library_writes(record in record()) {
            prop_assert_eq!(written(&record), record.encode_to_vec());
        }
    }

    #[test]
    fn lists_of_numbers_are_packed() {
        for suids in [vec![], vec![1], vec![40, 300, u32::MAX]] {
            let mut buffer = Vec::new();
            Fields::new(&mut buffer).numbers(2, suids.iter().map(|suid| u64::from(*suid)));
            let message = state::Resource {
                suids,
                ..state::Resource::default()
            };
            assert_eq!(buffer, message.encode_to_vec());
        }
    }
}
