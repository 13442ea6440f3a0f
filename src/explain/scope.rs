//! Which topics and partitions may hold something about an installation.

use crate::config::Config;
use crate::runtime::router::partition_of;

/// What a topic carries.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Role {
    Request,
    CpeEvent,
    Routed,
    State,
    Command,
    Response,
    DeadLetter,
}

/// What a topic carries; `None`: nothing of the bridge.
pub(super) fn role(config: &Config, topic: &str) -> Option<Role> {
    let topics = &config.topics;
    let prefixed = topic.strip_prefix(&*config.application_id);
    if topics.cpe_events.iter().any(|known| known == topic) {
        Some(Role::CpeEvent)
    } else if topics.requests.iter().any(|known| known == topic) {
        Some(Role::Request)
    } else if topic == topics.commands {
        Some(Role::Command)
    } else if topic == topics.responses {
        Some(Role::Response)
    } else if topic == topics.dead_letters {
        Some(Role::DeadLetter)
    } else if prefixed == Some("-routed") {
        Some(Role::Routed)
    } else if prefixed == Some("-changelog") {
        Some(Role::State)
    } else {
        None
    }
}

/// The partitions in which records of this key stand, whichever of the usual partitioners wrote them.
pub(super) fn partitions_of_key(key: &[u8], partitions: i32) -> Vec<i32> {
    let crc = i32::try_from(crc32(key) % partitions.unsigned_abs()).expect("less than partitions");
    let murmur = partition_of(key, partitions);
    if crc == murmur {
        vec![murmur]
    } else {
        vec![murmur, crc]
    }
}

/// CRC-32 of IEEE 802.3, by which the C client partitions where it is not told otherwise.
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            let low = crc & 1;
            crc >>= 1;
            if low == 1 {
                crc ^= 0xEDB8_8320;
            }
        }
    }
    !crc
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksum_is_that_of_ieee() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }

    #[test]
    fn both_partitioners_count() {
        let partitions = partitions_of_key(b"123456789", 1000);
        assert_eq!(partitions.len(), 2);
        assert_eq!(
            partitions[1],
            i32::try_from(0xCBF4_3926_u32 % 1000).unwrap()
        );
        assert_eq!(partitions_of_key(b"k", 1), [0]);
    }

    #[test]
    fn topics_have_the_roles_of_the_configuration() {
        let config = Config::default();
        for (topic, expected) in [
            ("onem2m.requests", Some(Role::Request)),
            ("cwmp.events", Some(Role::CpeEvent)),
            ("cwmp.commands", Some(Role::Command)),
            ("onem2m.responses", Some(Role::Response)),
            ("credbridge.dead-letters", Some(Role::DeadLetter)),
            ("credbridge-routed", Some(Role::Routed)),
            ("credbridge-changelog", Some(Role::State)),
            ("other-changelog", None),
        ] {
            assert_eq!(role(&config, topic), expected, "{topic}");
        }
    }
}
