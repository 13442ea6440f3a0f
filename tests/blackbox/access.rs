//! Access on a cluster with `StandardAuthorizer` and SCRAM.

use std::process::{Command, Output, Stdio};
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use serde_json::json;

use crate::kafka::acls::{self, Acl};
use crate::kafka::app::App;
use crate::kafka::bridge::{BINARY, Bridge, write_config};
use crate::kafka::broker::{Broker, PASSWORD, USER};
use crate::kafka::play::Play;
use crate::kafka::process;

const LIMIT: Duration = Duration::from_secs(60);

fn tool(app: &App, arguments: &[&str]) -> Output {
    let directory = process::scratch("tool");
    let config = write_config(&directory, &app.config);
    Command::new(BINARY)
        .args(arguments)
        .arg("--config")
        .arg(config)
        .stdin(Stdio::null())
        .output()
        .expect("the binary was built")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn printed_access_suffices_and_each_missing_one_is_named() {
    let broker = Broker::start_secured();
    let app = App::new(&broker, "access");
    let app = app.set(
        &json!({"kafka": {"bootstrap_servers": broker.secured_address(), "properties": {
            "security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": USER, "sasl.password": PASSWORD,
        }}}),
    );
    let principal = format!("User:{USER}");
    let printed = tool(&app, &["acls", "--principal", &principal]);
    let needed = Acl::of_commands(&text(&printed.stdout));
    let address = broker.bootstrap();

    // All that can be missing is named at once, where the resources are at least visible.
    let visible: Vec<Acl> = needed
        .iter()
        .map(|acl| Acl {
            operation: "Describe".to_owned(),
            ..acl.clone()
        })
        .collect();
    acls::allow(&address, &principal, &visible);
    let checked = tool(&app, &["check", "--connect"]);
    assert_eq!(checked.status.code(), Some(78), "{}", text(&checked.stderr));
    let mistakes = text(&checked.stdout);
    for acl in &needed {
        let missing = format!("{} on ", acl.operation);
        let is_named =
            |line: &str| line.starts_with(&missing) && line.contains(&format!(" {} ", acl.name));
        assert!(mistakes.lines().any(is_named), "{acl:?} in\n{mistakes}");
    }
    assert_eq!(mistakes.lines().count(), needed.len(), "{mistakes}");

    // Exactly what is printed suffices.
    acls::forbid(&address, &principal, &visible);
    acls::allow(&address, &principal, &needed);
    let checked = tool(&app, &["check", "--connect"]);
    assert!(checked.status.success(), "{}", text(&checked.stdout));
    let bridge = app.start();
    Play::new(&app).install("S1");
    bridge.stop();
    let outputs = app.written();
    assert_eq!(outputs.responses.len(), 1);
    assert!(
        outputs.dead_letters.is_empty(),
        "the check wrote: {outputs:?}"
    );
    assert_eq!(app.client.read_all(&[&app.requests]).len(), 1);

    // The bridge itself names what is missing, too.
    let write = |acl: &&Acl| acl.name == app.commands;
    let write = needed.iter().find(write).expect("commands are written");
    acls::forbid(&address, &principal, std::slice::from_ref(write));
    let mut bridge = Bridge::start(&app.config);
    Play::new(&app).request("S2", None);
    assert_eq!(bridge.exit_code(LIMIT), 78);
    let log = bridge.log();
    let names_it = log.contains(&app.commands) && !log.contains(&format!(", {}", app.responses));
    assert!(names_it && log.contains("this user may not"), "{log}");
}

#[test]
fn clocks_missing_topics_and_counts_are_told_together() {
    let app = App::new(Broker::shared(), "check");
    app.client.grow_topic(&app.routed(), 6);
    app.client.delete_topic(&app.commands);
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", Broker::shared().bootstrap())
        .create()
        .expect("the settings are right");
    let in_half_an_hour = std::time::SystemTime::now() + Duration::from_secs(1800);
    let millis = in_half_an_hour
        .duration_since(std::time::UNIX_EPOCH)
        .expect("after 1970");
    let record: BaseRecord<'_, str, str> = BaseRecord::to(&app.events)
        .payload("x")
        .timestamp(i64::try_from(millis.as_millis()).expect("a time"));
    producer.send(record).expect("the queue is empty");
    producer.flush(LIMIT).expect("the cluster answers");
    let checked = tool(&app, &["check", "--connect"]);
    assert_eq!(checked.status.code(), Some(78));
    let mistakes = text(&checked.stdout);
    for expected in [
        format!("topic {} does not exist", app.commands),
        format!(
            "{} has 6 partitions and {} has 4",
            app.routed(),
            app.changelog()
        ),
        format!(
            "the record at {}/0/0 is more than 60 s in the future",
            app.events
        ),
    ] {
        assert!(mistakes.contains(&expected), "{expected}:\n{mistakes}");
    }
    assert_eq!(mistakes.lines().count(), 3, "{mistakes}");
}
