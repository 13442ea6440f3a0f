//! Dead letters: the source record as it came, and why it is there.

use crate::mapping::RULES_VERSION;
use crate::record::Record;

use super::line::{DETAIL_BYTES_MAX, bounded_line};
use super::outbound::output_id;
use super::{Destination, Encoder, Outbound};

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
    /// What disguises itself in `error` is escaped, and it is cut at 1 KiB; a header of the record with a name of ours
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
        explain(record, reason, error, outbound);
    }

    /// Writes a dead letter for a record that is too large for one: without its key, value and headers, which can be read
    /// at its source.
    pub fn bare_dead_letter(
        &self,
        record: Record<'_>,
        reason: &str,
        error: &str,
        outbound: &mut Outbound,
    ) {
        outbound.start(Destination::DeadLetters);
        let error = format!(
            "the record of {} bytes is too large for a dead letter, so read it at credbridge-source, or raise \
             max.message.bytes of the topic; {error}",
            record.bytes()
        );
        explain(record, reason, &error, outbound);
    }
}

/// Adds the headers that tell why and of what.
fn explain(record: Record<'_>, reason: &str, error: &str, outbound: &mut Outbound) {
    let source = record.coordinates.to_string();
    outbound.header("credbridge-reason", reason.as_bytes());
    outbound.header(
        "credbridge-error",
        bounded_line(error, DETAIL_BYTES_MAX).as_bytes(),
    );
    outbound.header("credbridge-source", source.as_bytes());
    let id = output_id(&[b"dead-letter", source.as_bytes()]);
    outbound.header("credbridge-id", id.as_bytes());
    outbound.header("credbridge-rules", RULES_VERSION.as_bytes());
}

#[cfg(test)]
mod tests {
    use crate::record::{Coordinates, Header};
    use crate::wire::Format;

    use super::*;

    fn dead_letter(value: Option<&[u8]>, headers: &[Header<'_>], error: &str) -> Outbound {
        let encoder = Encoder {
            commands: Format::Protobuf,
            responses: Format::Json,
            file_type: String::new().into(),
            logins: crate::wire::Logins::new([]),
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
    fn bare_letter_tells_where_the_record_stands() {
        let coordinates: Coordinates = "cwmp.events/1/7".parse().unwrap();
        let record = Record {
            coordinates: &coordinates,
            key: Some(b"key"),
            value: Some(b"value"),
            headers: &[("h", b"1")],
        };
        let mut outbound = Outbound::default();
        let encoder = crate::config::Config::default().encoder();
        encoder.bare_dead_letter(record, "malformed_xml", "no end", &mut outbound);
        assert_eq!((outbound.key(), outbound.value()), (None, None));
        let headers = headers(&outbound);
        assert_eq!(headers[0], ("credbridge-reason", &b"malformed_xml"[..]));
        let error = str::from_utf8(headers[1].1).unwrap();
        assert!(error.contains("of 10 bytes") && error.ends_with("; no end"));
        assert_eq!(headers[2], ("credbridge-source", &b"cwmp.events/1/7"[..]));
        assert_eq!(headers.len(), DEAD_LETTER_HEADERS.len());
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
}
