//! Dead letters: the source record as it came, and why it is there.

use crate::mapping::RULES_VERSION;
use crate::record::Record;

use super::outbound::output_id;
use super::{Destination, Encoder, Outbound};

/// Longest `credbridge-error` in bytes: enough for what, where and how to mend it.
const ERROR_BYTES_MAX: usize = 1024;

/// Stands at the end of an error that was cut.
const ELLIPSIS: &str = "...";

/// The headers that a dead letter has from the bridge. A source record that was a dead letter before has old ones.
pub const DEAD_LETTER_HEADERS: [&str; 5] = [
    "credbridge-reason",
    "credbridge-error",
    "credbridge-source",
    "credbridge-id",
    "credbridge-rules",
];

impl Encoder {
    /// Writes a dead letter: key, value and headers of the record as they came, with the reason and a text for people.
    ///
    /// Control characters of `error` are escaped, and it is cut at 1 KiB; a header of the record with a name of ours
    /// is replaced.
    pub fn dead_letter(
        &self,
        record: Record<'_>,
        reason: &str,
        error: &str,
        outbound: &mut Outbound,
    ) {
        outbound.start(Destination::DeadLetters);
        if let Some(key) = record.key {
            outbound.key_mut().extend_from_slice(key);
        }
        if let Some(value) = record.value {
            outbound.value_mut().extend_from_slice(value);
        }
        for (name, value) in record.headers {
            if !DEAD_LETTER_HEADERS.contains(name) {
                outbound.header_copied(name, value);
            }
        }
        let source = record.coordinates.to_string();
        outbound.header("credbridge-reason", reason.as_bytes());
        outbound.header("credbridge-error", bounded_line(error).as_bytes());
        outbound.header("credbridge-source", source.as_bytes());
        let id = output_id(&[b"dead-letter", source.as_bytes()]);
        outbound.header("credbridge-id", id.as_bytes());
        outbound.header("credbridge-rules", RULES_VERSION.as_bytes());
    }
}

/// The text on one line, at most [`ERROR_BYTES_MAX`] bytes long.
fn bounded_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len().min(ERROR_BYTES_MAX));
    for character in text.chars() {
        let before = line.len();
        if character.is_control() {
            line.extend(character.escape_default());
        } else {
            line.push(character);
        }
        if line.len() > ERROR_BYTES_MAX {
            line.truncate(before);
            while line.len() > ERROR_BYTES_MAX - ELLIPSIS.len() {
                line.pop();
            }
            line.push_str(ELLIPSIS);
            break;
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::record::{Coordinates, Header};
    use crate::wire::Format;

    use super::*;

    fn dead_letter(value: Option<&[u8]>, headers: &[Header<'_>], error: &str) -> Outbound {
        let encoder = Encoder {
            commands: Format::Protobuf,
            responses: Format::Json,
            file_type: String::new().into(),
            username: String::new(),
            password: String::new(),
        };
        let coordinates = Coordinates {
            topic: "cwmp.events".into(),
            partition: 1,
            offset: 7,
        };
        let record = Record {
            coordinates: &coordinates,
            key: Some(b"\xFFkey"),
            value,
            headers,
        };
        let mut outbound = Outbound::default();
        encoder.dead_letter(record, "malformed_xml", error, &mut outbound);
        outbound
    }

    fn headers(outbound: &Outbound) -> Vec<(&str, &[u8])> {
        outbound.headers().collect()
    }

    #[test]
    fn source_comes_unchanged_with_the_reason() {
        let outbound = dead_letter(
            Some(b"<a"),
            &[("content-type", b"text/xml"), ("x", b"\0")],
            "no end",
        );
        assert_eq!(outbound.destination, Destination::DeadLetters);
        assert_eq!(outbound.key(), Some(&b"\xFFkey"[..]));
        assert_eq!(outbound.value(), Some(&b"<a"[..]));
        let headers = headers(&outbound);
        assert_eq!(
            headers[..5],
            [
                ("content-type", &b"text/xml"[..]),
                ("x", b"\0"),
                ("credbridge-reason", b"malformed_xml"),
                ("credbridge-error", b"no end"),
                ("credbridge-source", b"cwmp.events/1/7"),
            ]
        );
        assert_eq!((headers[5].0, headers[5].1.len()), ("credbridge-id", 32));
        assert_eq!(headers[6], ("credbridge-rules", RULES_VERSION.as_bytes()));
    }

    #[test]
    fn tombstone_stays_one() {
        assert_eq!(dead_letter(None, &[], "empty").value(), None);
    }

    #[test]
    fn headers_of_an_earlier_dead_letter_are_replaced() {
        let outbound = dead_letter(
            None,
            &[("credbridge-reason", b"old"), ("credbridge-id", b"old")],
            "x",
        );
        let headers = headers(&outbound);
        assert_eq!(headers.len(), DEAD_LETTER_HEADERS.len());
        assert!(headers.iter().all(|(_, value)| *value != b"old"));
    }

    #[test]
    fn error_is_one_bounded_line() {
        assert_eq!(bounded_line("a\nb\u{7f}é"), "a\\nb\\u{7f}é");
        assert_eq!(bounded_line(&"a".repeat(1024)).len(), 1024);
        assert!(bounded_line(&"é".repeat(600)).ends_with("é..."));
    }

    proptest! {
        #[test]
        fn any_error_is_one_bounded_line(text in "\\PC{0,40}[\\x00-\\x1f\u{1F600}é]{0,600}") {
            let line = bounded_line(&text);
            prop_assert!(line.len() <= ERROR_BYTES_MAX);
            prop_assert!(!line.chars().any(char::is_control));
        }
    }
}
