use std::fmt;

use arrayvec::ArrayString;

/// The token with which a TransferComplete names the Download it belongs to.
///
/// 1 to 32 bytes. Source: `CommandKeyType` in the Broadband Forum schema `cwmp-1-2.xsd`. The schema
/// permits the empty string; the bridge does not, because an empty key correlates nothing.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct CommandKey(ArrayString<{ Self::BYTES_MAX }>);

impl CommandKey {
    /// Longest key in bytes.
    pub const BYTES_MAX: usize = 32;

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a text is no CommandKey.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum CommandKeyError {
    /// The text is empty.
    #[error("the CommandKey is empty")]
    Empty,
    /// The text is longer than [`CommandKey::BYTES_MAX`].
    #[error("the CommandKey has {0} bytes, at most 32 are allowed")]
    TooLong(usize),
}

impl TryFrom<&str> for CommandKey {
    type Error = CommandKeyError;

    fn try_from(text: &str) -> Result<Self, CommandKeyError> {
        if text.is_empty() {
            return Err(CommandKeyError::Empty);
        }
        match ArrayString::from(text) {
            Ok(key) => Ok(Self(key)),
            Err(_) => Err(CommandKeyError::TooLong(text.len())),
        }
    }
}

impl fmt::Debug for CommandKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CommandKey({:?})", self.as_str())
    }
}

impl fmt::Display for CommandKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_to_thirty_two_bytes_are_a_key() {
        assert_eq!(CommandKey::try_from(""), Err(CommandKeyError::Empty));
        assert!(CommandKey::try_from("k").is_ok());
        assert!(CommandKey::try_from("k".repeat(32).as_str()).is_ok());
        assert_eq!(
            CommandKey::try_from("k".repeat(33).as_str()),
            Err(CommandKeyError::TooLong(33))
        );
    }
}
