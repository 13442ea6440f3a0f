//! What the README has people type, typed.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::kafka::bridge::BINARY;
use crate::kafka::broker::{Broker, free_port};
use crate::kafka::process;

/// Ends what the script has begun, however it ends.
const TIDY: &str = "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n";

/// The last block of commands of a section of the README.
fn commands(section: &str) -> String {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(readme).expect("it is there");
    let (_, section) = readme.split_once(section).expect("it has this section");
    let (section, _) = section.split_once("\n#").expect("others follow");
    let (_, commands) = section.rsplit_once("```sh\n").expect("it has commands");
    let (commands, _) = commands.split_once("```").expect("they end");
    commands.to_owned()
}

#[test]
fn a_certificate_is_installed_with_a_real_kafka_as_the_readme_says() {
    let broker = Broker::start(1);
    let client = broker.client();
    for topic in ["onem2m.requests", "cwmp.events"] {
        client.create_topic(topic, 4, &[]);
    }
    // The port that it names may be taken here.
    let admin = format!("127.0.0.1:{}", free_port());
    let script = commands("### With a real Kafka on your machine")
        .replace("localhost:9092", &broker.bootstrap())
        .replace("127.0.0.1:9464", &admin);
    let folder = Path::new(BINARY).parent().expect("it lies in a folder");
    let path = std::env::var("PATH").expect("there is one");
    let played = Command::new("bash")
        .args(["-euc", &format!("{TIDY}{script}")])
        .env("PATH", format!("{}:{path}", folder.display()))
        .env("CREDBRIDGE__ADMIN__LISTEN", admin)
        .current_dir(process::scratch("quickstart"))
        .stdin(Stdio::null())
        .output()
        .expect("there is a shell");
    let said = String::from_utf8_lossy(&[played.stdout, played.stderr].concat()).into_owned();
    assert!(played.status.success(), "{said}");
    for expected in [
        "the configuration is right",
        "100 installations",
        "GOOD: each request got its one right outcome",
    ] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
}
