use std::collections::BTreeMap;
use std::fmt;

use zeroize::{Zeroize as _, Zeroizing};

use super::KafkaConfig;

/// What stands in place of a secret wherever the configuration is shown.
pub(super) const REDACTED: &str = "***";

/// A text that no log and no error shows, and that is wiped when it is dropped.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the text in.
    pub(super) fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text itself, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

/// Wipes the values of properties that hold secrets.
impl Drop for KafkaConfig {
    fn drop(&mut self) {
        let secrets = self.properties.iter_mut();
        let secrets = secrets.filter(|(name, _)| is_secret(name));
        secrets.for_each(|(_, value)| value.zeroize());
    }
}

/// Whether a property of librdkafka holds a secret (`sasl.password`, `ssl.key.pem`, `sasl.oauthbearer.config`, ..).
pub(super) fn is_secret(property: &str) -> bool {
    ["password", "secret", "pem", "oauthbearer.config", "jaas"]
        .iter()
        .any(|word| property.contains(word))
}

/// The properties with secrets made unreadable.
pub(super) fn redacted(properties: &BTreeMap<String, String>) -> BTreeMap<&str, &str> {
    properties
        .iter()
        .map(|(name, value)| match is_secret(name) {
            true => (&**name, REDACTED),
            false => (&**name, &**value),
        })
        .collect()
}
