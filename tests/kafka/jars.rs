//! Apache Kafka's jars: fetched by Maven once, kept in the target directory.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

const POM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kafka/pom.xml");

/// Oldest Java that Kafka 4 brokers run on.
const JAVA_MIN: u32 = 17;

const INSTALL: &str =
    "apt-get update && apt-get install -y --no-install-recommends openjdk-17-jre-headless maven";

/// The class path of a broker.
///
/// # Panics
/// If Java or Maven is missing, or the jars cannot be fetched.
pub(crate) fn class_path() -> &'static str {
    static CLASS_PATH: OnceLock<String> = OnceLock::new();
    CLASS_PATH.get_or_init(|| {
        check_java();
        let target = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .parent()
            .expect("the directory for tests lies in the target directory");
        format!("{}/*", fetched(target).display())
    })
}

fn check_java() {
    let version = Command::new("java").arg("-version").output();
    let text = version
        .map(|output| String::from_utf8_lossy(&output.stderr).into_owned())
        .unwrap_or_default();
    // `openjdk version "17.0.15" 2025-04-15`; versions before 9 begin with `1.`
    let major = text
        .split('"')
        .nth(1)
        .and_then(|version| version.split(['.', '-', '+']).next()?.parse::<u32>().ok());
    assert!(
        major.is_some_and(|major| major >= JAVA_MIN),
        "these tests run Apache Kafka, which needs Java {JAVA_MIN} or newer (`java -version`: {text:?}); install it with\n    {INSTALL}"
    );
}

/// The directory with the jars of the pom. Several test programs may ask at once: one fetches, the others wait.
fn fetched(target: &Path) -> PathBuf {
    let directory = target.join("kafka-jars");
    let lock = File::create(target.join("kafka-jars.lock")).expect("the target directory is ours");
    lock.lock().expect("a file can be locked");
    let wanted = fs::read(POM).expect("the pom is part of the sources");
    if fs::read(directory.join("pom.xml")).is_ok_and(|present| present == wanted) {
        return directory;
    }
    let fresh = target.join("kafka-jars.new");
    remove(&fresh);
    fs::create_dir(&fresh).expect("the target directory is ours");
    fetch(&fresh);
    fs::write(fresh.join("pom.xml"), wanted).expect("the target directory is ours");
    remove(&directory);
    fs::rename(&fresh, &directory).expect("both lie in the target directory");
    directory
}

fn remove(directory: &Path) {
    if directory.exists() {
        fs::remove_dir_all(directory).expect("the target directory is ours");
    }
}

fn fetch(directory: &Path) {
    let maven = Command::new("mvn")
        .args([
            "-q",
            "-B",
            "-f",
            POM,
            "dependency:copy-dependencies",
            "-DincludeScope=runtime",
        ])
        .arg(format!("-DoutputDirectory={}", directory.display()))
        .output()
        .unwrap_or_else(|error| {
            panic!("Maven fetches Apache Kafka's jars, and `mvn` does not start ({error}); install it with\n    {INSTALL}")
        });
    assert!(
        maven.status.success(),
        "Maven could not fetch Apache Kafka's jars; it needs Maven Central or a mirror of it in ~/.m2/settings.xml:\n{}{}",
        String::from_utf8_lossy(&maven.stdout),
        String::from_utf8_lossy(&maven.stderr)
    );
}
