//! A network between the bridge and its brokers that fails: what is held up comes, and everything is done once.

use std::time::Duration;

use serde_json::json;

use crate::kafka::acls::{self, Acl};
use crate::kafka::app::App;
use crate::kafka::broker::{Broker, PASSWORD, USER};
use crate::kafka::network::{Fault, Trap, Way};
use crate::kafka::play::Play;
use crate::kafka::wait_for;

const LIMIT: Duration = Duration::from_secs(60);

/// An application that reaches its broker through the network, and may do there what it needs to.
fn distant_app(broker: &Broker) -> App {
    let app = App::new(broker, "distant").set(&json!({"kafka": {
        "bootstrap_servers": broker.distant_bootstrap(),
        "properties": {
            "security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": USER, "sasl.password": PASSWORD,
        },
    }}));
    let acl = |kind: &str, operation: &str| Acl {
        kind: kind.to_owned(),
        name: app.name.clone(),
        is_prefix: true,
        operation: operation.to_owned(),
    };
    let needed = [
        acl("--topic", "Read"),
        acl("--topic", "Write"),
        acl("--topic", "DescribeConfigs"),
        acl("--group", "Read"),
        acl("--transactional-id", "Write"),
    ];
    acls::allow(&broker.bootstrap(), &format!("User:{USER}"), &needed);
    app
}

#[test]
fn a_network_that_fails_costs_time_and_nothing_else() {
    let broker = Broker::start_distant(1, &|_| {});
    let app = distant_app(&broker);
    let bridge = app.start();
    let mut play = Play::new(&app);
    let slow = Way::Delayed(Duration::from_millis(30));
    for (number, way) in [Way::Clear, slow, Way::Lossy(0.1)].into_iter().enumerate() {
        broker.network().suffer(Fault {
            to_broker: way,
            to_client: way,
            ..Fault::default()
        });
        play.install(&format!("S{number}"));
    }
    for (number, (to_broker, to_client)) in [(Way::Cut, Way::Clear), (Way::Clear, Way::Cut)]
        .into_iter()
        .enumerate()
    {
        broker.network().suffer(Fault {
            broker: Some(0),
            clients: app.name.clone(),
            to_broker,
            to_client,
        });
        let serial_number = format!("C{number}");
        play.request(&serial_number, None);
        // Nothing shows that nothing happens; what is looked for is that it is not lost.
        std::thread::park_timeout(Duration::from_secs(2));
        broker.network().heal();
        let (download, _) = play.next_command(&serial_number);
        let set = play.up_to_set(&serial_number, &download);
        play.finish(&serial_number, &set);
    }
    bridge.stop();
    let outputs = app.written();
    assert_eq!((outputs.commands.len(), outputs.responses.len()), (10, 5));
}

#[test]
fn a_commit_whose_outcome_is_unknown_counts_once_and_one_that_was_never_asked_for_not() {
    let broker = Broker::start_distant(1, &|_| {});
    let app = distant_app(&broker);
    let network = broker.network();
    let mut play = Play::new(&app);
    let mut bridge = app.start();
    let traps = [Trap::Answer, Trap::Request, Trap::Answer];
    for (number, trap) in traps.into_iter().enumerate() {
        let serial_number = format!("S{number}");
        network.arm(trap, &app.name, 1);
        play.request(&serial_number, None);
        wait_for("the end of a transaction", LIMIT, || {
            (network.trapped() > number).then_some(())
        });
        if number > 0 {
            bridge.kill();
            bridge = app.start();
        }
        let (download, _) = play.next_command(&serial_number);
        let set = play.up_to_set(&serial_number, &download);
        play.finish(&serial_number, &set);
    }
    bridge.stop();
    let outputs = app.written();
    assert_eq!((outputs.commands.len(), outputs.responses.len()), (6, 3));
}
