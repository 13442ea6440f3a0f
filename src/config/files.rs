//! The files that the configuration names: secrets and certificates, which are exchanged while the process runs.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::Config;

/// What of a file is looked at, in bytes; certificates and secrets have some kilobytes.
const BYTES_MAX: u64 = 1 << 20;

/// Properties of librdkafka that name a file with a key or certificates. librdkafka reads them when it makes a client.
const LOCATIONS: [&str; 5] = [
    "ssl.ca.location",
    "ssl.certificate.location",
    "ssl.crl.location",
    "ssl.key.location",
    "ssl.keystore.location",
];

/// Files, and a fingerprint of what is in each; `None`: it cannot be read.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct Files(BTreeMap<PathBuf, Option<[u8; 32]>>);

impl Files {
    fn new(paths: impl IntoIterator<Item = PathBuf>) -> Self {
        let files = paths.into_iter().map(|path| {
            let fingerprint = fingerprint(&path).ok();
            (path, fingerprint)
        });
        Self(files.collect())
    }

    /// The same files as they are at this moment.
    #[must_use]
    pub fn look_again(&self) -> Self {
        Self::new(self.0.keys().cloned())
    }
}

/// Without the fingerprints: a short secret can be guessed from one.
impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

fn fingerprint(path: &Path) -> std::io::Result<[u8; 32]> {
    let mut bytes = Vec::new();
    File::open(path)?.take(BYTES_MAX).read_to_end(&mut bytes)?;
    Ok(blake3::hash(&bytes).into())
}

impl Config {
    /// The files that it names, as they are at this moment; `of_properties` are those of secret properties.
    pub(super) fn named_files(&self, of_properties: Vec<PathBuf>) -> Files {
        let located = |name: &str| self.kafka.properties.get(name).map(PathBuf::from);
        let of_keys = [
            &self.correlation.command_key_secret_file,
            &self.download.password_file,
            &self.download.username_file,
            &self.staging.secret_file,
        ];
        let of_servers = self.download.file_servers.iter();
        let of_servers =
            of_servers.flat_map(|server| [&server.username_file, &server.password_file]);
        Files::new(
            of_properties
                .into_iter()
                .chain(LOCATIONS.into_iter().filter_map(located))
                .chain(of_keys.into_iter().chain(of_servers).flatten().cloned()),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_changes_changes_the_configuration() {
        let directory = tempfile::tempdir().unwrap();
        let (password, ca) = (directory.path().join("p"), directory.path().join("ca"));
        std::fs::write(&password, "one").unwrap();
        let properties = format!(
            "{{sasl.password_file: {}, ssl.ca.location: {}}}",
            password.display(),
            ca.display()
        );
        let read = || {
            let variable = (
                "CREDBRIDGE__KAFKA__PROPERTIES".to_owned(),
                properties.clone(),
            );
            Config::read(None, [variable].into_iter()).unwrap()
        };
        let first = read();
        assert_eq!(first, read());
        assert_eq!(first.files, first.files.look_again());
        std::fs::write(&ca, "certificate").unwrap();
        let second = read();
        assert_ne!(first, second);
        assert_eq!(first.files.look_again(), second.files);
        std::fs::write(&password, "two").unwrap();
        assert_ne!(second.files.look_again(), second.files);
        assert!(!format!("{:?}", second.files).contains("Some"));
    }
}
