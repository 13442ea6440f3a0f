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

/// What the first command of the README has people type, with these arguments: the exit code, what it prints, and what it
/// says beside.
fn demo(arguments: &[&str]) -> (Option<i32>, String, String) {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(readme).expect("it is there");
    let (_, block) = readme.split_once("```sh\n").expect("it has commands");
    let (command, _) = block.split_once('\n').expect("a command is a line");
    let command = command.strip_prefix("cargo run --release -- ");
    let output = Command::new(BINARY)
        .args(command.expect("it runs the binary").split(' '))
        .args(arguments)
        .current_dir(process::scratch("demo"))
        .stdin(Stdio::null())
        .output()
        .expect("the binary was built");
    let [out, error] =
        [output.stdout, output.stderr].map(|text| String::from_utf8(text).expect("it is text"));
    (output.status.code(), out, error)
}

#[test]
fn the_demo_of_the_readme_shows_that_nothing_is_lost_doubled_or_wrong() {
    let (code, out, error) = demo(&["--installations", "300"]);
    assert_eq!(code, Some(0), "{out}{error}");
    let number = |before: &str, after: &str| {
        let (left, _) = out
            .split_once(after)
            .unwrap_or_else(|| panic!("{after}: {out}"));
        let (_, number) = left.rsplit_once(before).expect("something stands before");
        number
            .trim()
            .parse::<u64>()
            .unwrap_or_else(|_| panic!("{number:?} {after}: {out}"))
    };
    assert!(out.starts_with("300 installations in "), "{out}");
    let outcomes = number("\n", "  installed\n") + number("\n", "  failed, as they had to");
    assert_eq!(outcomes, 300, "{out}");
    let events = number("ledger: ", " in = ");
    let fates = [
        number(" = ", " applied + "),
        number(" + ", " repeated + "),
        number(" + ", " parked + "),
        number(" + ", " set aside + "),
        number(" + ", " foreign: balanced\n"),
    ];
    assert!(events > 900, "{out}");
    assert_eq!(fates.iter().sum::<u64>(), events, "{out}");
    for line in [
        "lost 0, doubled 0, wrong 0, ",
        "GOOD: each request got its one right outcome\n",
    ] {
        assert!(out.contains(&format!("\n{line}")), "{line}: {out}");
    }
}

#[test]
fn a_demo_with_a_wrong_option_is_refused_with_a_reason() {
    for (arguments, reason) in [
        (
            ["--installation", "3"],
            "a similar argument exists: '--installations'",
        ),
        (
            ["--installations", "many"],
            "invalid value 'many' for '--installations <N>'",
        ),
    ] {
        let (code, out, error) = demo(&arguments);
        assert_eq!(code, Some(2), "{error}");
        assert!(out.is_empty() && error.contains(reason), "{error}");
    }
    let (code, out, error) = demo(&["--config", "no-such-file.yaml"]);
    assert_eq!(code, Some(78), "{error}");
    assert!(
        out.is_empty() && error.contains("no-such-file.yaml"),
        "{error}"
    );
}
