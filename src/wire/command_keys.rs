//! The CommandKeys that the bridge assigns.
//!
//! Each follows from what it is for, so that the same input has the same key however often it is read.

use std::fmt;

use arrayvec::ArrayString;

use crate::cwmp::{CommandKey, DeviceId};
use crate::record::Coordinates;

/// Tells the key that is made of the operator's secret from any other use of that secret.
const SECRET_CONTEXT: &str = "credbridge CommandKeys v1";

/// Bytes of nearly every input of [`hash`].
const INPUT_BYTES: usize = 384;

/// Assigns CommandKeys: 32 hexadecimal digits.
///
/// ```
/// use credbridge::record::Coordinates;
/// use credbridge::wire::CommandKeys;
///
/// let request: Coordinates = "onem2m.requests/2/41".parse()?;
/// let keys = CommandKeys::with_secret("credbridge", "correct horse battery staple");
/// assert_eq!(keys.of_request(&request), keys.of_request(&request));
/// assert_ne!(keys.of_request(&request), CommandKeys::new("credbridge").of_request(&request));
/// # Ok::<(), credbridge::record::CoordinatesError>(())
/// ```
#[derive(Clone)]
pub struct CommandKeys {
    application_id: String,
    /// Made of the operator's secret, if there is one.
    key: Option<[u8; 32]>,
}

impl CommandKeys {
    /// Whoever knows the application and where a request stands can compute its key.
    pub fn new(application_id: &str) -> Self {
        Self {
            application_id: application_id.to_owned(),
            key: None,
        }
    }

    /// Nobody can compute a key without the secret.
    pub fn with_secret(application_id: &str, secret: &str) -> Self {
        Self {
            application_id: application_id.to_owned(),
            key: Some(blake3::derive_key(SECRET_CONTEXT, secret.as_bytes())),
        }
    }

    /// The key of a request that has none.
    pub fn of_request(&self, coordinates: &Coordinates) -> CommandKey {
        self.key(&[
            b"command-key",
            self.application_id.as_bytes(),
            coordinates.topic.as_bytes(),
            &coordinates.partition.to_le_bytes(),
            &coordinates.offset.to_le_bytes(),
        ])
    }

    /// The key of a creation that is notified: the same however many subscriptions tell of it.
    pub fn of_resource(&self, device: &DeviceId, resource: &str) -> CommandKey {
        self.key(&[
            b"command-key-of-resource",
            self.application_id.as_bytes(),
            device.key().as_bytes(),
            resource.as_bytes(),
        ])
    }

    fn key(&self, parts: &[&[u8]]) -> CommandKey {
        let digits = hash(self.key.as_ref(), parts);
        CommandKey::try_from(&*digits).expect("32 digits are 32 bytes")
    }
}

/// Without the secret.
impl fmt::Debug for CommandKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CommandKeys")
            .field("application_id", &self.application_id)
            .finish_non_exhaustive()
    }
}

/// 32 hexadecimal digits of what `parts` are, and of where each of them ends.
pub(super) fn hash(key: Option<&[u8; 32]>, parts: &[&[u8]]) -> ArrayString<32> {
    // Hashed at once: a hasher that takes parts in has room for much larger inputs, which costs more than these parts.
    let mut input = Vec::with_capacity(INPUT_BYTES);
    for part in parts {
        input.extend_from_slice(&(part.len() as u64).to_le_bytes());
        input.extend_from_slice(part);
    }
    let hash = match key {
        Some(key) => blake3::keyed_hash(key, &input),
        None => blake3::hash(&input),
    };
    let digits = hash.to_hex();
    ArrayString::from(&digits[..32]).expect("32 digits are 32 bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coordinates() -> Coordinates {
        "onem2m.requests/2/41".parse().unwrap()
    }

    /// A program of another version must assign the same keys: a request is read again after a crash.
    #[test]
    fn keys_never_change() {
        let device = DeviceId::new("00256D", "IGD", "1").unwrap();
        let open = CommandKeys::new("credbridge");
        let secret = CommandKeys::with_secret("credbridge", "0123456789abcdef");
        let keys = [
            open.of_request(&coordinates()),
            open.of_resource(&device, "nycfc7"),
            secret.of_request(&coordinates()),
            secret.of_resource(&device, "nycfc7"),
        ];
        let keys: Vec<&str> = keys.iter().map(CommandKey::as_str).collect();
        assert_eq!(
            keys,
            [
                "fbd05d679a1e13be2f8deb773f50eb1c",
                "714b8667d751d0b7bf5ba9f26df600da",
                "4a96b11952c18e9a60103d55b6b370b0",
                "c3e1edeec8ee8431280acc57831c9b24",
            ]
        );
    }

    #[test]
    fn key_depends_on_application_coordinates_and_secret_only() {
        let changed = |change: &dyn Fn(&mut Coordinates)| {
            let mut coordinates = coordinates();
            change(&mut coordinates);
            CommandKeys::new("credbridge").of_request(&coordinates)
        };
        let with_secret = |secret| CommandKeys::with_secret("credbridge", secret);
        let keys = [
            CommandKeys::new("credbridge").of_request(&coordinates()),
            CommandKeys::new("other").of_request(&coordinates()),
            changed(&|at| at.topic = "x".into()),
            changed(&|at| at.partition = 3),
            changed(&|at| at.offset = 42),
            with_secret("0123456789abcdef").of_request(&coordinates()),
            with_secret("0123456789abcdeg").of_request(&coordinates()),
        ];
        for (index, key) in keys.iter().enumerate() {
            let text = key.as_str();
            assert_eq!(text.len(), 32);
            assert!(text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')));
            assert!(!keys[..index].contains(key), "{index}");
        }
    }

    #[test]
    fn secret_is_in_no_debug_text() {
        let keys = CommandKeys::with_secret("credbridge", "0123456789abcdef");
        assert_eq!(
            format!("{keys:?}"),
            r#"CommandKeys { application_id: "credbridge", .. }"#
        );
    }
}
