//! What is allowed and unwise.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;

use super::Config;

/// What others than owner and group may do with a folder.
const MODE_OF_OTHERS: u32 = 0o007;

impl Config {
    /// What gives somebody more than he needs, and what devices perhaps do not know; each in one line, with what to do.
    pub fn cautions(&self) -> Vec<String> {
        let properties = &self.kafka.properties;
        let inline = self.kafka.inline_secrets.iter().map(|name| {
            format!("kafka.properties: `{name}` is a secret that stands in the configuration itself: put it into a file, and name that by `{name}_file`")
        });
        inline
            .chain(unverified(properties))
            .chain(in_the_clear(properties))
            .chain(self.open_folder())
            .chain(self.unusual_file_types())
            .collect()
    }

    /// Whoever knows the name of a staged file can fetch it.
    fn open_folder(&self) -> Option<String> {
        let folder = self.staging.store.as_ref()?.strip_prefix("file://")?;
        let mode = std::fs::metadata(folder).ok()?.permissions().mode();
        (mode & MODE_OF_OTHERS != 0).then(|| {
            format!("staging.store: everybody on the machine may enter, list or change {folder}: give it to the group of the file server, and `chmod o-rwx` it")
        })
    }
}

/// Whoever is on the way to the brokers can pass as one.
fn unverified(properties: &BTreeMap<String, String>) -> impl Iterator<Item = String> {
    let value = |name: &str| properties.get(name).map(|value| value.to_ascii_lowercase());
    let trusts = value("enable.ssl.certificate.verification")
        .filter(|value| ["false", "f", "0"].contains(&value.as_str()))
        .map(|_| "kafka.properties: `enable.ssl.certificate.verification` is off, so that anybody can pass as a broker: name who signs their certificates by `ssl.ca.location`");
    let confuses = value("ssl.endpoint.identification.algorithm")
        .filter(|value| value == "none")
        .map(|_| "kafka.properties: `ssl.endpoint.identification.algorithm` is `none`, so that whoever has a certificate of the same signer can pass as a broker: leave it out, and put the brokers' names into their certificates");
    trusts.into_iter().chain(confuses).map(str::to_owned)
}

/// Whoever is on the way reads a password or token.
fn in_the_clear(properties: &BTreeMap<String, String>) -> Option<String> {
    let value = |name: &str| properties.get(name).map(|value| value.to_ascii_uppercase());
    let mechanism = value("sasl.mechanism").or_else(|| value("sasl.mechanisms"))?;
    let is_shown = ["PLAIN", "OAUTHBEARER"].contains(&mechanism.as_str());
    let is_clear = value("security.protocol").is_some_and(|protocol| protocol == "SASL_PLAINTEXT");
    (is_shown && is_clear).then(|| {
        format!("kafka.properties: `sasl.mechanism` {mechanism} sends what it signs in with in the clear: set `security.protocol` to `sasl_ssl`, or use SCRAM-SHA-512")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cautions(properties: &str) -> Vec<String> {
        let variable = ("CREDBRIDGE__KAFKA__PROPERTIES", format!("{{{properties}}}"));
        let variables = [variable].map(|(name, value)| (name.to_owned(), value));
        Config::read(None, variables.into_iter())
            .unwrap()
            .cautions()
    }

    #[test]
    fn what_weakens_the_way_to_the_brokers_is_told() {
        for (properties, told) in [
            (
                "enable.ssl.certificate.verification: \"False\"",
                "`ssl.ca.location`",
            ),
            (
                "ssl.endpoint.identification.algorithm: none",
                "put the brokers' names",
            ),
            (
                "security.protocol: sasl_plaintext, sasl.mechanism: PLAIN",
                "in the clear",
            ),
        ] {
            let cautions = cautions(properties);
            assert_eq!(cautions.len(), 1, "{properties}: {cautions:?}");
            assert!(cautions[0].contains(told), "{cautions:?}");
        }
    }

    #[test]
    fn what_is_right_is_not_told() {
        for properties in [
            "",
            "enable.ssl.certificate.verification: \"true\", ssl.endpoint.identification.algorithm: https",
            "security.protocol: sasl_ssl, sasl.mechanism: PLAIN",
            "security.protocol: sasl_plaintext, sasl.mechanism: SCRAM-SHA-512",
        ] {
            assert_eq!(cautions(properties), [""; 0], "{properties}");
        }
    }

    #[test]
    fn secret_in_the_configuration_is_told_without_its_value_and_one_in_a_file_is_not() {
        let told = cautions("sasl.password: planted, sasl.username: me");
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("`sasl.password_file`"), "{told:?}");
        assert!(!told[0].contains("planted"), "{told:?}");
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("password");
        std::fs::write(&file, "planted").unwrap();
        let named = format!("sasl.password_file: {}", file.display());
        assert_eq!(cautions(&named), [""; 0]);
    }

    #[test]
    fn folder_that_is_open_to_everybody_is_told() {
        let directory = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.staging.store = Some(format!("file://{}", directory.path().display()));
        for (mode, is_told) in [
            (0o750, false),
            (0o2770, false),
            (0o755, true),
            (0o751, true),
        ] {
            let permissions = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(directory.path(), permissions).unwrap();
            let cautions = config.cautions();
            assert_eq!(!cautions.is_empty(), is_told, "{mode:o}: {cautions:?}");
        }
    }
}
