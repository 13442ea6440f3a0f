//! Secrets are planted, and looked for in everything that the bridge shows.

use std::fs;
use std::io::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::Command;
use std::time::Duration;

use serde_json::json;

use crate::kafka::app::App;
use crate::kafka::bridge::{BINARY, Bridge};
use crate::kafka::broker::{Broker, USER};
use crate::kafka::client::Record;
use crate::kafka::fleet::{self, Format};
use crate::kafka::play::Play;
use crate::kafka::tail::Received;
use crate::kafka::tokens::TokenIssuer;
use crate::kafka::{process, wait_for};

/// In the file of the Username's password, which goes to the ACS only.
const FILE_PASSWORD: &str = "planted-file-password";

/// In the file of the password of one file server.
const SERVER_PASSWORD: &str = "planted-server-password";

/// What comes to stand there later.
const NEXT_PASSWORD: &str = "planted-next-password";

/// In a property of the Kafka clients.
const KAFKA_PASSWORD: &str = "planted-kafka-password";

/// In a private key that stands beside the certificate in the request.
const PRIVATE_KEY: &str = "cGxhbnRlZC1wcml2YXRlLWtleQ==";

/// Behind the CommandKeys that the bridge assigns.
const KEY_SECRET: &str = "planted-command-key-secret";

/// Who may change what is logged.
const CHANGE_TOKEN: &str = "planted-change-token";

/// Who may read the admin port.
const READ_TOKEN: &str = "planted-read-token";

/// From which the names of staged files are made.
const STORE_SECRET: &str = "planted-staging-secret-of-enough-characters";

/// Longer than the tests take.
const TOKEN_LIFE: Duration = Duration::from_hours(1);

/// Lets the memory of a process be written down when it breaks, and becomes the bridge.
const WITH_CORE_DUMPS: &str = r#"ulimit -c unlimited; exec "$2" run --config "$1" --log trace"#;

const ALL: [&str; 9] = [
    CHANGE_TOKEN,
    READ_TOKEN,
    STORE_SECRET,
    FILE_PASSWORD,
    SERVER_PASSWORD,
    NEXT_PASSWORD,
    KAFKA_PASSWORD,
    PRIVATE_KEY,
    KEY_SECRET,
];

fn assert_none(place: &str, text: &str, secrets: &[&str]) {
    assert!(
        !text.is_empty(),
        "{place} is empty, so nothing was looked at"
    );
    for secret in secrets {
        assert!(!text.contains(secret), "{secret} stands in {place}: {text}");
    }
}

/// Everything in a record as text.
fn text(record: &Received) -> String {
    let mut text = String::from_utf8_lossy(record.value()).into_owned();
    for (name, value) in &record.headers {
        text.push_str(name);
        text.push_str(&String::from_utf8_lossy(value));
    }
    text
}

/// A request with a private key beside the certificate, or in the place of the certificate.
fn request(app: &App, serial_number: &str, certificate: &str) -> Record {
    let key = format!("-----BEGIN PRIVATE KEY-----\n{PRIVATE_KEY}\n-----END PRIVATE KEY-----\n");
    let primitive = json!({
        "op": 1, "to": "/cse1/node1", "fr": "/cse1/Ccfg", "rqi": format!("rqi-{serial_number}"), "rvi": "3", "ty": 13,
        "pc": {"dcfg:nycfc": {
            "mgd": 1023, "suids": [42], "mcff": "application/x-pem-file", "mcfc": format!("{key}{certificate}"),
        }},
    });
    Record::new(&app.requests, primitive.to_string())
        .header("cwmp-device-id", fleet::device_key(serial_number))
}

/// A request in which the key stands where the format belongs.
fn swapped(app: &App, serial_number: &str) -> Record {
    let record = request(app, serial_number, "");
    let value = String::from_utf8(record.value.expect("it has one")).expect("it is text");
    let mut primitive: serde_json::Value = serde_json::from_str(&value).expect("it is JSON");
    let credential = &mut primitive["pc"]["dcfg:nycfc"];
    credential["mcff"] = PRIVATE_KEY.into();
    credential["mcfc"] = "application/x-pem-file".into();
    Record {
        value: Some(primitive.to_string().into_bytes()),
        ..record
    }
}

/// A CBOR map whose only name is the key as a byte string: `{h'..': 1}`.
fn named_by_a_key() -> Vec<u8> {
    let length = u8::try_from(PRIVATE_KEY.len()).expect("it is short");
    [&[0xA1, 0x58, length], PRIVATE_KEY.as_bytes(), &[1]].concat()
}

fn app_with_secrets() -> App {
    let directory = process::scratch("secrets");
    let file = |name: &str, secret: &str| {
        let path = directory.join(name);
        fs::write(&path, format!("{secret}\n")).expect("the directory is ours");
        path
    };
    let (for_files, for_kafka) = (file("a", FILE_PASSWORD), file("b", KAFKA_PASSWORD));
    let (for_keys, for_server) = (file("c", KEY_SECRET), file("d", SERVER_PASSWORD));
    let (for_changes, for_readers) = (file("e", CHANGE_TOKEN), file("f", READ_TOKEN));
    let (for_store, folder) = (file("g", STORE_SECRET), directory.join("files"));
    fs::create_dir(&folder).expect("the directory is ours");
    App::new(Broker::shared(), "secrets").set(&json!({
        "admin": {
            "change_token_file": for_changes,
            "read_token_file": for_readers,
            "show_devices": true,
        },
        "correlation": {"command_key_secret_file": for_keys},
        "download": {
            "content": "staged",
            "url": "https://files.example.net/credentials/{device_key}/{file}",
            "password_file": for_files,
            "file_servers": [{
                "url": "https://files.example.net/credentials/00256D-IGD-S3/",
                "password_file": for_server,
            }],
        },
        "kafka": {"properties": {"sasl.username": "bridge", "sasl.password_file": for_kafka}},
        "staging": {"store": format!("file://{}", folder.display()), "secret_file": for_store},
    }))
}

#[test]
fn planted_secrets_are_shown_nowhere() {
    let app = app_with_secrets();
    let program = ["sh", "-c", WITH_CORE_DUMPS, "sh"];
    let mut bridge = Bridge::start_within(&app.config_of("one"), &program, BINARY);
    bridge.wait_until_ready();
    let mut play = Play::in_formats(&app, Format::Json, Format::Protobuf);

    app.client
        .send(request(&app, "S1", &fleet::certificate().pem));
    let (download, command) = play.next_command("S1");
    assert!(text(&command).contains(FILE_PASSWORD), "the ACS needs it");
    let set = play.up_to_set("S1", &download);
    play.event("S1", &set.id, fleet::set_response());
    let (_, installed) = play.next_response("S1");
    app.client.send(request(&app, "S2", "no certificate"));
    let (refused, record) = play.next_response("S2");
    assert_eq!(refused.code, 4000, "{refused:?}");
    app.client.send(swapped(&app, "S4"));
    let (refused, swapped) = play.next_response("S4");
    assert_eq!(refused.code, 4000, "{refused:?}");
    for response in [&installed, &record, &swapped] {
        assert_none("a response", &text(response), &ALL);
    }
    for poison in [format!("{{{PRIVATE_KEY}").into_bytes(), named_by_a_key()] {
        app.client.send(Record::new(&app.requests, poison));
        let letter = play.next_dead_letter();
        let error = letter.required("credbridge-error");
        assert_none("the reason of a dead letter", error, &ALL);
        let bytes = format!("{:?}", PRIVATE_KEY.as_bytes());
        assert_none("the reason of a dead letter", error, &[&bytes]);
    }

    logins_differ_by_server_and_follow_their_files(&app, &mut play);
    let answer = ask(&bridge, "PUT /loglevel", CHANGE_TOKEN, "trace");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let refusal = ask(&bridge, "PUT /loglevel", READ_TOKEN, "trace");
    assert!(refusal.starts_with("HTTP/1.1 401 "), "{refusal}");
    for answer in [answer, refusal] {
        assert_none("an answer", &answer, &ALL);
    }
    process_hides(&bridge, READ_TOKEN, &ALL);
    memory_is_not_written_down(bridge);
    changelog_forgets_the_file(&app);
    tools_hide(&app, &ALL);
}

#[test]
fn a_token_for_kafka_is_shown_nowhere() {
    let issuer = TokenIssuer::new();
    let broker = Broker::start_oauth(&issuer);
    let [token, strange] =
        [&issuer, &TokenIssuer::new()].map(|issuer| issuer.token(USER, TOKEN_LIFE));
    // Who it is about stands in its middle, and is no secret; what signs it stands at its end.
    let signature = |token: &str| token.rsplit('.').next().unwrap_or_default().to_owned();
    let (signature, strange_signature) = (signature(&token), signature(&strange));
    let secrets = [&*token, &signature, &strange, &strange_signature];
    let file = process::scratch("secrets-oauth").join("token");
    fs::write(&file, format!("{token}\n")).expect("the directory is ours");
    let app = App::new(&broker, "secrets-oauth").set(&json!({"kafka": {
        "bootstrap_servers": broker.secured_address(),
        "oauth_token_file": file,
        // What the clients say at their finest.
        "properties": {
            "debug": "all",
            "security.protocol": "SASL_PLAINTEXT",
            "sasl.mechanism": "OAUTHBEARER",
        },
    }}));
    let mut bridge = Bridge::start_with(&app.config, &["--log", "trace"]);
    bridge.wait_until_ready();
    Play::new(&app).install("S1");
    process_hides(&bridge, "", &secrets);
    bridge.stop();
    tools_hide(&app, &secrets);
    fs::write(&file, format!("{strange}\n")).expect("the directory is ours");
    let (succeeded, said) = tool(&app, &["check", "--connect", "--log", "trace"]);
    assert!(!succeeded, "{said}");
    assert_none("a refused check", &said, &secrets);
}

/// An answer of the admin port, with its head.
fn ask(bridge: &Bridge, request: &str, token: &str, body: &str) -> String {
    let token = format!("Authorization: Bearer {token}\r\n");
    let answer = bridge.http(request, &token, body);
    answer.expect("it answers")
}

/// Looks at what a running process tells those who bear the token, what the system tells about it, and its log.
fn process_hides(bridge: &Bridge, token: &str, secrets: &[&str]) {
    let device = fleet::device_key("S1");
    let device = format!("/v1/installations?device={device}");
    for path in [
        "/metrics",
        "/readyz?verbose",
        "/version",
        "/",
        "/loglevel",
        &device,
    ] {
        let answer = ask(bridge, &format!("GET {path}"), token, "");
        assert!(!answer.starts_with("HTTP/1.1 401 "), "{path}: {answer}");
        assert_none(path, &answer, secrets);
    }
    for file in ["cmdline", "environ"] {
        let shown = fs::read(format!("/proc/{}/{file}", bridge.process_id())).expect("it runs");
        assert_none(file, &String::from_utf8_lossy(&shown), secrets);
    }
    assert_none("the log", &bridge.log(), secrets);
}

fn memory_is_not_written_down(bridge: Bridge) {
    assert!(!bridge.abort(), "the memory of the bridge was written down");
    let other = Command::new("sh")
        .args(["-c", "ulimit -c unlimited; kill -ABRT $$"])
        .current_dir(process::scratch("core"))
        .status();
    if !other.expect("there is a shell").core_dumped() {
        // Past the capture of the test's output, so that everybody sees it.
        let text =
            "NOT TRIED HERE: whether core dumps hold secrets, because this machine writes none\n";
        let mut all = std::io::stderr();
        all.write_all(text.as_bytes())
            .expect("standard error is open");
    }
}

fn logins_differ_by_server_and_follow_their_files(app: &App, play: &mut Play<'_>) {
    let mut password_of = |command_key: &str| {
        play.request("S3", Some(command_key));
        let command = text(&play.next_command("S3").1);
        let failed = fleet::transfer_complete(command_key, 9018, "");
        play.event("S3", "", failed);
        assert_eq!(play.next_response("S3").0.code, 4000);
        [FILE_PASSWORD, SERVER_PASSWORD, NEXT_PASSWORD].map(|password| command.contains(password))
    };
    assert_eq!(password_of("k0"), [false, true, false]);
    let file = &app.config["download"]["file_servers"][0]["password_file"];
    let file = file.as_str().expect("it is a path");
    fs::write(file, format!("{NEXT_PASSWORD}\n")).expect("the file is ours");
    let mut number = 0;
    wait_for("the other password", Duration::from_secs(60), || {
        number += 1;
        (password_of(&format!("k{number}")) == [false, false, true]).then_some(())
    });
}

/// What stays in the changelog for good, of an installation that is over.
fn changelog_forgets_the_file(app: &App) {
    let topic = app.changelog();
    let records = app.client.read_all(&[&topic]);
    let last = records.iter().rev().find(|record| {
        let key = record.key.as_deref().unwrap_or_default();
        key.starts_with(fleet::device_key("S1").as_bytes())
    });
    let last = text(last.expect("the installation is remembered"));
    assert_none("the last state", &last, &ALL);
    for record in &records {
        let never = [FILE_PASSWORD, KAFKA_PASSWORD, KEY_SECRET, STORE_SECRET];
        assert_none("a state", &text(record), &never);
    }
}

fn tools_hide(app: &App, secrets: &[&str]) {
    let device = fleet::device_key("S1");
    for arguments in [
        &["check", "--print", "--log", "trace"][..],
        &["check", "--connect", "--log", "trace"],
        &["acls", "--log", "trace"],
        &["explain", "--device", &device, "--log", "trace"],
        &["replay", "dead-letters", "--dry-run", "--log", "trace"],
    ] {
        let (succeeded, said) = tool(app, arguments);
        assert!(succeeded, "{arguments:?}: {said}");
        assert_none(arguments[0], &said, secrets);
    }
}

/// Whether a tool ends well, and all that it says.
fn tool(app: &App, arguments: &[&str]) -> (bool, String) {
    let output = app.tool(arguments).output().expect("the binary was built");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    (output.status.success(), said)
}
