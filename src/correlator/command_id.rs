use std::fmt;

use crate::cwmp::CommandKey;

/// Names one command of an installation: `<CommandKey>/<step>`, with `.2`, `.3` appended on a retry.
///
/// ```
/// use credbridge::correlator::{CommandId, Step};
///
/// let id = CommandId::parse("k1/set.2").expect("well-formed");
/// assert_eq!((id.step, id.attempt), (Step::Set, 2));
/// assert_eq!(id.to_string(), "k1/set.2");
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct CommandId {
    /// The installation, within its device.
    pub command_key: CommandKey,
    /// What the command is for.
    pub step: Step,
    /// 1 for the first try.
    pub attempt: u16,
}

/// What a command of an installation is for.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Step {
    /// List the rows of `Device.Security.Certificate.{i}.` before the Download.
    List,
    /// Put the certificate on the device.
    Download,
    /// Find its row in `Device.Security.Certificate.{i}.`.
    Lookup,
    /// Set the SUIDs of that row.
    Set,
    /// Take back a queued Download.
    Cancel,
}

impl Step {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::List,
        Self::Download,
        Self::Lookup,
        Self::Set,
        Self::Cancel,
    ];

    /// The word in a `command_id`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Download => "download",
            Self::Lookup => "lookup",
            Self::Set => "set",
            Self::Cancel => "cancel",
        }
    }
}

impl CommandId {
    /// Reads a `command_id`; `None` if the bridge never wrote such a text.
    pub fn parse(text: &str) -> Option<Self> {
        let (key, rest) = text.rsplit_once('/')?;
        let (step, attempt) = match rest.split_once('.') {
            None => (rest, 1),
            Some((step, attempt)) => (step, attempt.parse().ok().filter(|attempt| *attempt >= 2)?),
        };
        let step = Step::ALL.into_iter().find(|known| known.as_str() == step)?;
        Some(Self {
            command_key: CommandKey::try_from(key).ok()?,
            step,
            attempt,
        })
    }
}

impl fmt::Display for CommandId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.command_key, self.step.as_str())?;
        if self.attempt > 1 {
            write!(f, ".{}", self.attempt)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_with_slashes_and_dots_survive() {
        let id = CommandId::parse("a/b.c/download").unwrap();
        assert_eq!(id.command_key.as_str(), "a/b.c");
        assert_eq!(id.to_string(), "a/b.c/download");
    }

    #[test]
    fn foreign_ids_are_none() {
        for text in [
            "",
            "17",
            "/set",
            "k/",
            "k/unknown",
            "k/set.1",
            "k/set.x",
            "k/set.",
        ] {
            assert_eq!(CommandId::parse(text), None, "{text}");
        }
    }
}
