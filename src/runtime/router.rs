//! Where a record is handled: here, or by the worker that owns its shard.

use std::str::FromStr as _;

use crate::record::{Coordinates, Headers, OwnedRecord, Record};
use crate::time::Timestamp;
use crate::wire::{Destination, NodeLookups, Outbound};

/// Header that tells where a forwarded record came from.
pub(super) const SOURCE: &str = "credbridge-source";

/// Header that holds the key of a forwarded record.
pub(super) const SOURCE_KEY: &str = "credbridge-source-key";

/// Header that tells until when a forwarded request waits for its node, in milliseconds since the Unix epoch.
const WAITS_UNTIL: &str = "credbridge-waits-until";

/// The shard of a device: `murmur2(device key) & 0x7fffffff % shards`, as the Java client partitions by key.
pub(crate) fn shard_of(device_key: &str, shards: i32) -> i32 {
    partition_of(device_key.as_bytes(), shards)
}

/// The partition of a key, as the Java client and the bridge's own producer choose it.
pub(crate) fn partition_of(key: &[u8], partitions: i32) -> i32 {
    let hash = murmur2(key) & 0x7fff_ffff;
    i32::try_from(hash).expect("31 bits fit") % partitions
}

/// Austin Appleby's MurmurHash2 with the seed of Kafka's Java client (`Utils.murmur2`).
pub fn murmur2(key: &[u8]) -> u32 {
    const SEED: u32 = 0x9747_b28c;
    const M: u32 = 0x5bd1_e995;
    const R: u32 = 24;
    let length = u32::try_from(key.len()).expect("keys are shorter than 4 GiB");
    let mut hash = SEED ^ length;
    let (words, tail) = key.as_chunks::<4>();
    for word in words {
        let mut k = u32::from_le_bytes(*word).wrapping_mul(M);
        k ^= k >> R;
        hash = hash.wrapping_mul(M) ^ k.wrapping_mul(M);
    }
    if !tail.is_empty() {
        for (index, byte) in tail.iter().enumerate() {
            hash ^= u32::from(*byte) << (8 * index);
        }
        hash = hash.wrapping_mul(M);
    }
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(M);
    hash ^ (hash >> 15)
}

/// Writes a record for the worker that owns `shard`: value and headers unchanged, its origin added. `key` is the device
/// key, as a rule.
pub(crate) fn forward(record: Record<'_>, key: &str, shard: i32, outbound: &mut Outbound) {
    outbound.start(Destination::Routed);
    outbound.partition = Some(shard);
    outbound.key_mut().extend_from_slice(key.as_bytes());
    if let Some(value) = record.value {
        outbound.value_mut().extend_from_slice(value);
    }
    for (name, value) in record.headers.iter().filter(|(name, _)| !is_ours(name)) {
        outbound.header_copied(name, value);
    }
    outbound.header_display(SOURCE, record.coordinates);
    if let Some(key) = record.key {
        outbound.header(SOURCE_KEY, key);
    }
}

/// Writes a request whose node is not known for the worker that owns `shard`, the one of the node's address.
pub(super) fn forward_to_wait(
    record: Record<'_>,
    address: &str,
    until: Timestamp,
    shard: i32,
    outbound: &mut Outbound,
) {
    forward(record, address, shard, outbound);
    outbound.header_display(WAITS_UNTIL, until.as_millis());
}

/// Until when a forwarded request waits for its node; `None`: it was not forwarded to wait.
pub(super) fn waits_until(record: &Record<'_>) -> Option<Timestamp> {
    let millis = record.header_text(WAITS_UNTIL)?.parse().ok()?;
    Some(Timestamp::from_millis(millis))
}

/// Keeps a request that waits, as it would have been read from its input.
pub(super) fn keep(record: Record<'_>) -> OwnedRecord {
    let mut headers = Headers::from_slice(record.headers);
    headers.retain(|(name, _)| !is_ours(name));
    Record {
        headers: &headers,
        ..record
    }
    .to_owned()
}

fn is_ours(name: &str) -> bool {
    [SOURCE, SOURCE_KEY, WAITS_UNTIL, NodeLookups::HEADER].contains(&name)
}

/// Takes the origin off the headers of a forwarded record again: coordinates and key of the source record. `None` if
/// the record was not written by [`forward`].
pub(crate) fn origin<'a>(headers: &mut Headers<'a>) -> Option<(Coordinates, Option<&'a [u8]>)> {
    let mut coordinates = None;
    let mut key = None;
    headers.retain(|(name, value)| {
        match *name {
            SOURCE => {
                coordinates = std::str::from_utf8(value)
                    .ok()
                    .and_then(|text| Coordinates::from_str(text).ok())
            }
            SOURCE_KEY => key = Some(*value),
            _ => return true,
        }
        false
    });
    coordinates.map(|coordinates| (coordinates, key))
}

#[cfg(test)]
mod tests {
    use smallvec::smallvec;

    use super::*;

    /// Values of Kafka's own test of `Utils.murmur2`.
    #[test]
    fn hash_is_that_of_the_java_client() {
        for (key, hash) in [
            ("21", -973_932_308_i32),
            ("foobar", -790_332_482),
            ("a-little-bit-long-string", -985_981_536),
            ("a-little-bit-longer-string", -1_486_304_829),
            (
                "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8",
                -58_897_971,
            ),
        ] {
            assert_eq!(murmur2(key.as_bytes()).cast_signed(), hash, "{key}");
        }
    }

    /// `Utils.toPositive(Utils.murmur2(key)) % 7`, of the hashes above.
    #[test]
    fn partition_is_that_of_the_java_client() {
        for (key, partition) in [("21", 3), ("foobar", 0), ("abc", 4)] {
            assert_eq!(partition_of(key.as_bytes(), 7), partition, "{key}");
            assert_eq!(shard_of(key, 7), partition, "{key}");
        }
    }

    #[test]
    fn forwarded_record_comes_back_as_it_was() {
        let coordinates = Coordinates {
            topic: "in".into(),
            partition: 2,
            offset: 9,
        };
        let record = Record {
            coordinates: &coordinates,
            key: Some(b"k"),
            value: Some(b"v"),
            headers: &[("h", b"1"), (SOURCE, b"forged/0/0")],
        };
        let mut outbound = Outbound::default();
        forward(record, "00256D-1", 5, &mut outbound);
        assert_eq!(
            (outbound.partition, outbound.key(), outbound.value()),
            (Some(5), Some(&b"00256D-1"[..]), Some(&b"v"[..]))
        );
        let mut headers: Headers<'_> = outbound.headers().collect();
        assert_eq!(
            origin(&mut headers),
            Some((coordinates.clone(), Some(&b"k"[..])))
        );
        assert_eq!(*headers, [("h", &b"1"[..])]);
    }

    #[test]
    fn headers_of_the_bridge_that_somebody_else_wrote_are_not_forwarded() {
        let coordinates: Coordinates = "in/2/9".parse().unwrap();
        let record = Record {
            coordinates: &coordinates,
            key: None,
            value: Some(b"v"),
            headers: &[
                (WAITS_UNTIL, b"9"),
                (SOURCE_KEY, b"forged"),
                (NodeLookups::HEADER, b"/cse1/node7 00256D-IGD-VICTIM"),
                ("h", b"1"),
            ],
        };
        let mut outbound = Outbound::default();
        forward(record, "00256D-1", 5, &mut outbound);
        let names: Vec<_> = outbound.headers().map(|(name, _)| name).collect();
        assert_eq!(names, ["h", SOURCE]);
        assert_eq!(keep(record).headers().len(), 1);
    }

    #[test]
    fn record_without_key_stays_without_key() {
        let coordinates = Coordinates {
            topic: "in".into(),
            partition: 0,
            offset: 0,
        };
        let record = Record {
            coordinates: &coordinates,
            key: None,
            value: None,
            headers: &[],
        };
        let mut outbound = Outbound::default();
        forward(record, "00256D-1", 0, &mut outbound);
        let mut headers: Headers<'_> = outbound.headers().collect();
        assert_eq!(origin(&mut headers), Some((coordinates.clone(), None)));
        assert_eq!(outbound.value(), None);
    }

    /// Workers of two versions run side by side while one follows the other, so what one forwards the other must read:
    /// names and forms of these headers never change.
    #[test]
    fn record_that_an_earlier_version_forwarded_is_read() {
        let committed: [(&str, &[u8]); 5] = [
            ("content-type", b"application/json"),
            ("credbridge-source", b"onem2m.requests/2/41"),
            ("credbridge-source-key", b"originator"),
            ("credbridge-waits-until", b"1900000010000"),
            ("credbridge-node", b"/cse1/node7 00256D-IGD-1"),
        ];
        let coordinates: Coordinates = "onem2m.requests/2/41".parse().unwrap();
        let record = Record {
            coordinates: &coordinates,
            key: None,
            value: None,
            headers: &committed,
        };
        let until = Timestamp::from_millis(1_900_000_010_000);
        assert_eq!(waits_until(&record), Some(until));
        assert_eq!(NodeLookups::HEADER, committed[4].0);
        let mut headers = Headers::from_slice(&committed);
        let read = origin(&mut headers);
        assert_eq!(read, Some((coordinates.clone(), Some(committed[2].1))));
        let source = Record {
            key: Some(b"originator"),
            headers: &committed[..1],
            ..record
        };
        let mut outbound = Outbound::default();
        forward_to_wait(source, "/cse1/node7", until, 3, &mut outbound);
        assert_eq!(outbound.headers().collect::<Vec<_>>(), committed[..4]);
    }

    #[test]
    fn stranger_in_the_routed_topic_has_no_origin() {
        assert_eq!(origin(&mut smallvec![("h", &b"1"[..])]), None);
        assert_eq!(origin(&mut smallvec![(SOURCE, &b"nonsense"[..])]), None);
    }
}
