use std::fmt;

use crate::cwmp::{CommandKey, DeviceId};
use crate::record::Coordinates;
use crate::time::Timestamp;

/// Hexadecimal digits of a name that nobody can guess: 128 bits.
const SECRET_DIGITS: usize = 32;

/// Makes the names under which certificate files are staged: `<expiry>-<32 digits>`, the expiry in seconds since the
/// Unix epoch. The digits are a keyed hash, so that they are the same each time, and whoever lacks the key cannot guess
/// them.
#[derive(Clone, Eq, PartialEq)]
pub struct StagedNames {
    key: [u8; 32],
}

impl StagedNames {
    /// As long as the longest name that [`Self::name`] makes before the year 2286.
    pub const LONGEST: &str = "9999999999-00000000000000000000000000000000";

    /// The names that belong to a secret and an application.
    pub fn new(secret: &str, application_id: &str) -> Self {
        let key = blake3::derive_key("credbridge names of staged files", secret.as_bytes());
        let key = *blake3::keyed_hash(&key, application_id.as_bytes()).as_bytes();
        Self { key }
    }

    /// The name of the file of an installation, and of the request behind it, that is needed until `expires_at`.
    pub fn name(
        &self,
        device: &DeviceId,
        command_key: &CommandKey,
        request: &Coordinates,
        expires_at: Timestamp,
    ) -> Box<str> {
        let seconds = expires_at.as_millis().div_ceil(1000);
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        for part in [
            device.key().as_bytes(),
            command_key.as_str().as_bytes(),
            request.topic.as_bytes(),
            &request.partition.to_le_bytes(),
            &request.offset.to_le_bytes(),
            &seconds.to_le_bytes(),
        ] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        let digits = hasher.finalize().to_hex();
        format!("{seconds}-{}", &digits[..SECRET_DIGITS]).into()
    }
}

impl fmt::Debug for StagedNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StagedNames(***)")
    }
}

/// Until when the file of that name is needed; `None`: the name is none that [`StagedNames`] makes.
pub fn staged_until(name: &str) -> Option<Timestamp> {
    let (seconds, digits) = name.split_once('-')?;
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if digits.len() != SECRET_DIGITS || !digits.bytes().all(is_digit) {
        return None;
    }
    let seconds: u64 = seconds.parse().ok()?;
    seconds.checked_mul(1000).map(Timestamp::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(secret: &str, application_id: &str, offset: i64) -> Box<str> {
        let device = DeviceId::new("00256D", "IGD", "1").unwrap();
        let key = CommandKey::try_from("k1").unwrap();
        let request = Coordinates {
            topic: "requests".into(),
            partition: 0,
            offset,
        };
        let expires_at = Timestamp::from_millis(1_900_000_000_001);
        StagedNames::new(secret, application_id).name(&device, &key, &request, expires_at)
    }

    #[test]
    fn names_are_the_same_each_time_and_differ_by_secret_application_and_request() {
        assert_eq!(name("s", "a", 1), name("s", "a", 1));
        let all = [
            name("s", "a", 1),
            name("t", "a", 1),
            name("s", "b", 1),
            name("s", "a", 2),
        ];
        for (index, one) in all.iter().enumerate() {
            assert!(one.len() <= StagedNames::LONGEST.len(), "{one}");
            assert!(!all[..index].contains(one), "{one}");
        }
    }

    #[test]
    fn a_name_tells_its_expiry() {
        let expiry = staged_until(&name("s", "a", 1));
        assert_eq!(expiry, Some(Timestamp::from_millis(1_900_000_001_000)));
        let digits = "0123456789abcdef0123456789abcdef";
        for stranger in [
            "x",
            "1-2",
            digits,
            &format!("x-{digits}"),
            &format!("1-{digits}0"),
            &format!("1-{}", digits.to_uppercase()),
            &format!("99999999999999999999-{digits}"),
        ] {
            assert_eq!(staged_until(stranger), None, "{stranger}");
        }
    }

    #[test]
    fn the_longest_name_is_one() {
        assert!(staged_until(StagedNames::LONGEST).is_some());
    }

    #[test]
    fn the_key_is_not_shown() {
        let shown = format!("{:?}", StagedNames::new("s", "a"));
        assert_eq!(shown, "StagedNames(***)");
    }
}
