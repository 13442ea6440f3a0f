use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::time::Timestamp;
use crate::wire::{Destination, Outbound};

use super::recording::Bytes;

/// A record that the bridge would write: one line of the result.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Output {
    pub(crate) topic: String,
    /// Absent: by the key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) partition: Option<i32>,
    /// The virtual clock, in milliseconds since the Unix epoch.
    pub(crate) timestamp: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<Bytes>,
    pub(crate) headers: Vec<(String, Bytes)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) value: Option<Bytes>,
}

impl Output {
    pub(super) fn new(config: &Config, now: Timestamp, outbound: &Outbound) -> Self {
        let topic = match outbound.destination {
            Destination::Changelog => config.changelog_topic(),
            Destination::Commands => config.topics.commands.clone(),
            Destination::DeadLetters => config.topics.dead_letters.clone(),
            Destination::Ledger => config.ledger_topic(),
            Destination::Responses => config.topics.responses.clone(),
            Destination::Routed => config.routed_topic(),
        };
        let bytes = |bytes: &[u8]| Bytes(bytes.to_vec());
        Self {
            topic,
            partition: outbound.partition,
            timestamp: now.as_millis(),
            key: outbound.key().map(bytes),
            headers: outbound
                .headers()
                .map(|(name, value)| (name.to_owned(), bytes(value)))
                .collect(),
            value: outbound.value().map(bytes),
        }
    }

    /// The value of a header, if it is UTF-8.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(known, _)| known == name)?;
        str::from_utf8(&value.0).ok()
    }
}
