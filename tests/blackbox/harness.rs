//! The harness itself: clusters start, carry transactions, and leave nothing behind.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::kafka::broker::Broker;
use crate::kafka::client::Record;
use crate::kafka::fleet::{self, Command, CommandKind};
use crate::kafka::tail::Received;
use crate::kafka::wait_for;

#[test]
fn one_node_carries_transactions_and_leaves_nothing_behind() {
    carries_transactions(Broker::start(1));
}

#[test]
fn three_nodes_carry_transactions_and_leave_nothing_behind() {
    let mut broker = Broker::start(3);
    let client = broker.client();
    client.create_topic("led", 1, &[]);
    for end in [Broker::kill_node, Broker::stop_node] {
        let leader = client.leader("led", 0).expect("all are there");
        end(&mut broker, leader);
        wait_for("another leader", Duration::from_secs(60), || {
            client.leader("led", 0).filter(|now| *now != leader)
        });
        broker.restart();
        assert!(!broker.node_has_ended(leader));
        wait_for("replicas in sync", Duration::from_secs(60), || {
            client.all_in_sync().then_some(())
        });
    }
    carries_transactions(broker);
}

fn carries_transactions(mut broker: Broker) {
    let client = broker.client();
    client.create_topic("probe", 3, &[]);
    let committed = Record::new("probe", "kept").key("k").header("h", "v");
    let aborted = Record::new("probe", "dropped").key("k");
    let nothing_visible = || client.read_all(&["probe"]).is_empty();
    client.send_in_transaction("t", &[committed], nothing_visible);
    client.send_in_transaction("t", &[aborted], || false);

    let records = client.read_all(&["probe"]);
    assert_eq!(records.len(), 1, "{records:?}");
    assert_eq!(records[0].value(), b"kept");
    assert_eq!(records[0].header("h"), Some("v"));

    let mut tail = client.tail(&["probe"]);
    wait_for("the record once more", Duration::from_secs(60), || {
        (tail.count(Duration::from_millis(50)) == Some(1)).then_some(())
    });

    let begin = Instant::now();
    broker.stop();
    println!("stopped in {:.1} s", begin.elapsed().as_secs_f64());
    broker.restart();
    assert_eq!(client.read_all(&["probe"]).len(), 1);

    let (directory, processes) = (broker.directory().to_owned(), broker.process_ids());
    drop(broker);
    assert!(!directory.exists());
    for process in processes {
        assert!(!Path::new(&format!("/proc/{process}")).exists());
    }
    assert!(begin.elapsed() < Duration::from_secs(120));
}

#[test]
fn certificate_of_the_requests_is_the_one_that_the_device_shows() {
    let shown = fleet::certificate();
    let (_, pem) = x509_parser::pem::parse_x509_pem(shown.pem.as_bytes()).unwrap();
    let certificate = pem.parse_x509().unwrap();
    let serial_number = certificate.raw_serial();
    let hexadecimal: String = serial_number.iter().map(|b| format!("{b:02X}")).collect();
    assert_eq!(hexadecimal, shown.serial_number);
    assert_eq!(certificate.issuer().to_string(), shown.issuer);
}

#[test]
fn envelopes_of_the_test_are_read_by_local_name() {
    let set = r#"<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:c="urn:dslforum-org:cwmp-1-0">
        <s:Header><c:ID s:mustUnderstand="1">k/set</c:ID></s:Header><s:Body><c:SetParameterValues><ParameterList>
        <ParameterValueStruct><Name>a.b</Name><Value>42,43</Value></ParameterValueStruct></ParameterList>
        <ParameterKey>k</ParameterKey></c:SetParameterValues></s:Body></s:Envelope>"#;
    let record = Received {
        coordinates: "commands/0/0".parse().unwrap(),
        key: None,
        value: Some(set.into()),
        headers: vec![
            ("content-type".to_owned(), "text/xml".into()),
            ("cwmp-command-key".to_owned(), "k".into()),
        ],
    };
    let expected = Command {
        id: "k/set".to_owned(),
        command_key: "k".to_owned(),
        kind: CommandKind::Set {
            name: "a.b".to_owned(),
            value: "42,43".to_owned(),
        },
    };
    assert_eq!(fleet::command(&record), expected);
}
