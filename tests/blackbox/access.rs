//! Access on a cluster with `StandardAuthorizer` and SCRAM.

use std::process::Output;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use serde_json::json;

use crate::kafka::acls::{self, Acl};
use crate::kafka::app::App;
use crate::kafka::bridge::Bridge;
use crate::kafka::broker::{Broker, PASSWORD, USER};
use crate::kafka::play::Play;
use crate::kafka::wait_for;

const LIMIT: Duration = Duration::from_secs(60);

fn tool(app: &App, arguments: &[&str]) -> Output {
    app.tool(arguments).output().expect("the binary was built")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The application as a user who may do only what is granted.
fn as_user(app: App, broker: &Broker) -> App {
    app.set(
        &json!({"kafka": {"bootstrap_servers": broker.secured_address(), "properties": {
            "security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": USER, "sasl.password": PASSWORD,
        }}}),
    )
}

/// What `credbridge acls` prints.
fn needed(app: &App, principal: &str) -> Vec<Acl> {
    let printed = tool(app, &["acls", "--principal", principal]);
    Acl::of_commands(&text(&printed.stdout))
}

/// The mistakes that `check --connect` tells, one a line.
fn mistakes(app: &App) -> String {
    let checked = tool(app, &["check", "--connect"]);
    assert_eq!(checked.status.code(), Some(78), "{}", text(&checked.stderr));
    text(&checked.stdout)
}

/// Whether a line says of this access, and no other, that it is missing.
fn names(line: &str, acl: &Acl) -> bool {
    line.starts_with(&format!("{} on ", acl.operation)) && line.contains(&format!(" {} ", acl.name))
}

#[test]
fn printed_access_suffices_and_all_that_is_missing_is_named_at_once() {
    let broker = Broker::start_secured();
    let app = as_user(App::new(&broker, "access"), &broker);
    let principal = format!("User:{USER}");
    let needed = needed(&app, &principal);
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
    let mistakes = mistakes(&app);
    for acl in &needed {
        let is_named = mistakes.lines().any(|line| names(line, acl));
        assert!(is_named, "{acl:?} in\n{mistakes}");
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
}

#[test]
fn each_access_that_is_missing_is_named_by_the_check_and_by_the_bridge() {
    let broker = Broker::start_secured();
    // Each of two workers forwards what belongs to the other.
    let app = as_user(App::new(&broker, "each"), &broker).set(&json!({"workers": 2}));
    let principal = format!("User:{USER}");
    let needed = needed(&app, &principal);
    assert!(needed.len() > 10, "{needed:?}");
    let address = broker.bootstrap();
    acls::allow(&address, &principal, &needed);
    let mut play = Play::new(&app);
    // An empty changelog is not read, so that nobody would miss the right to.
    let bridge = app.start();
    play.install("S0");
    bridge.stop();
    let mut requests = 0;
    for acl in &needed {
        acls::forbid(&address, &principal, std::slice::from_ref(acl));
        let mut bridge = Bridge::start(&app.config);
        let mistakes = mistakes(&app);
        assert!(names(&mistakes, acl), "{acl:?} in\n{mistakes}");
        assert_eq!(mistakes.lines().count(), 1, "{mistakes}");
        if acl.operation == "DescribeConfigs" {
            // It only shows that the changelog is compacted.
            wait_for("a word on the right to look at it", LIMIT, || {
                let log = bridge.log();
                (log.contains("is DescribeConfigs allowed?") && log.contains(&acl.name))
                    .then_some(())
            });
            bridge.stop();
        } else {
            // Something to do, until that right is used.
            let what = format!("the end of the bridge without {acl:?}");
            let code = wait_for(&what, LIMIT, || {
                if bridge.is_ready() {
                    requests += 1;
                    play.request(&format!("S{requests}"), None);
                }
                bridge.ended()
            });
            let log = bridge.log();
            let last = log.lines().last().expect("it says why it ended");
            let says = |operation: &str| last.contains(operation) && last.contains(&acl.name);
            assert_eq!(code, 78, "{last}");
            let names_it = says(&format!("{} on ", acl.operation));
            assert!(names_it, "{acl:?} in\n{last}");
        }
        acls::allow(&address, &principal, std::slice::from_ref(acl));
    }
}

#[test]
fn the_right_to_create_topics_is_missed_before_they_are_created() {
    let broker = Broker::start_secured();
    let app = App::without_topics(&broker, "creating");
    app.client.create_topic(&app.requests, 1, &[]);
    app.client.create_topic(&app.events, 1, &[]);
    let app = as_user(app, &broker).set(&json!({"topics": {"create_missing": true}}));
    let principal = format!("User:{USER}");
    let needed = needed(&app, &principal);
    let address = broker.bootstrap();
    let (creating, others): (Vec<Acl>, Vec<Acl>) = needed
        .into_iter()
        .partition(|acl| acl.operation == "Create");
    acls::allow(&address, &principal, &others);
    let mistakes = mistakes(&app);
    for acl in &creating {
        let is_named = mistakes.lines().any(|line| names(line, acl));
        assert!(is_named, "{acl:?} in\n{mistakes}");
    }
    assert_eq!(mistakes.lines().count(), creating.len(), "{mistakes}");
    let mut bridge = Bridge::start(&app.config);
    assert_eq!(bridge.exit_code(LIMIT), 78);
    assert!(
        bridge.log().contains("allow Create on it"),
        "{}",
        bridge.log()
    );
    acls::allow(&address, &principal, &creating);
    app.start().stop();
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
