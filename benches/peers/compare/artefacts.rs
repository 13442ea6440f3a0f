//! What has to be built before anything can be compared: the Java and the Rust peers, below the target directory.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the programs lie.
pub(super) struct Artefacts {
    pub(super) credbridge: PathBuf,
    /// Class path of the Kafka Streams program.
    pub(super) streams_class_path: String,
    pub(super) naive: PathBuf,
    pub(super) pipe: PathBuf,
}

impl Artefacts {
    /// Where nothing but credbridge is looked at.
    pub(super) fn without_peers(credbridge: PathBuf) -> Self {
        Self {
            credbridge,
            streams_class_path: String::new(),
            naive: PathBuf::new(),
            pipe: PathBuf::new(),
        }
    }

    /// Builds what is not up to date.
    pub(super) fn build(credbridge: PathBuf) -> Self {
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers");
        let target = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .parent()
            .expect("the directory for benches lies in the target directory")
            .join("peers");
        let rust = target.join("rust");
        run(Command::new(env!("CARGO"))
            .args(["build", "--release", "--locked", "--manifest-path"])
            .arg(sources.join("rust/Cargo.toml"))
            .arg("--target-dir")
            .arg(&rust));
        let streams = target.join("streams");
        run(Command::new("mvn")
            .args(["-q", "-B", "-f"])
            .arg(sources.join("streams/pom.xml"))
            .arg(format!("-Dpeers.target={}", streams.display()))
            .arg("package"));
        Self {
            credbridge,
            streams_class_path: format!("{0}/classes:{0}/lib/*", streams.display()),
            naive: rust.join("release/naive"),
            pipe: rust.join("release/pipe"),
        }
    }
}

fn run(command: &mut Command) {
    let status = command
        .status()
        .unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
    assert!(status.success(), "{command:?} failed");
}
