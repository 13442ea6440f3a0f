//! One application of the bridge with topics of its own, and what must hold for all that it writes.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use credbridge::record::Coordinates;
use serde_json::{Value, json};

use super::bridge::{BINARY, Bridge, merged, write_config};
use super::broker::Broker;
use super::client::Client;
use super::process;
use super::tail::{Received, Tail};

/// An application: its name, topics and configuration.
pub(crate) struct App {
    pub(crate) name: String,
    pub(crate) requests: String,
    pub(crate) events: String,
    pub(crate) commands: String,
    pub(crate) responses: String,
    pub(crate) dead_letters: String,
    pub(crate) config: Value,
    pub(crate) client: Client,
}

impl App {
    /// An application whose topics exist, with inputs of one partition.
    pub(crate) fn new(broker: &Broker, name: &str) -> Self {
        Self::with_partitions(broker, name, 1, 1)
    }

    /// An application whose topics exist, with inputs of that many partitions.
    pub(crate) fn with_partitions(broker: &Broker, name: &str, requests: i32, events: i32) -> Self {
        let app = Self::without_topics(broker, name);
        app.client.create_topic(&app.requests, requests, &[]);
        app.client.create_topic(&app.events, events, &[]);
        for output in app.outputs() {
            app.client.create_topic(output, 3, &[]);
        }
        app.client.create_topic(&app.routed(), 4, &[]);
        app.client
            .create_topic(&app.changelog(), 4, &[("cleanup.policy", "compact")]);
        app.client.create_topic(&app.ledger(), 2, &[]);
        app
    }

    /// An application without any topic.
    pub(crate) fn without_topics(broker: &Broker, name: &str) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("{name}-{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let topic = |suffix: &str| format!("{name}.{suffix}");
        let [requests, events, commands, responses, dead_letters] = [
            "requests",
            "events",
            "commands",
            "responses",
            "dead-letters",
        ]
        .map(topic);
        let config = json!({
            "application_id": name,
            "instance_id": "one",
            "workers": 1,
            "kafka": {
                "bootstrap_servers": broker.bootstrap(),
                "properties": {"session.timeout.ms": "6000"},
            },
            "topics": {
                "requests": [requests],
                "cpe_events": [events],
                "commands": commands,
                "responses": responses,
                "dead_letters": dead_letters,
                "shards": 4,
            },
        });
        Self {
            name,
            requests,
            events,
            commands,
            responses,
            dead_letters,
            config,
            client: broker.client(),
        }
    }

    /// The same with other settings put over these.
    pub(crate) fn set(mut self, settings: &Value) -> Self {
        self.config = merged(&self.config, settings);
        self
    }

    /// Starts one process of the application and waits until it is ready.
    pub(crate) fn start(&self) -> Bridge {
        self.start_as("one")
    }

    /// Starts a process with a name of its own and waits until it is ready.
    pub(crate) fn start_as(&self, instance_id: &str) -> Bridge {
        let mut bridge = Bridge::start(&self.config_of(instance_id));
        bridge.wait_until_ready();
        bridge
    }

    /// The configuration of one process.
    pub(crate) fn config_of(&self, instance_id: &str) -> Value {
        merged(&self.config, &json!({"instance_id": instance_id}))
    }

    /// A tool of the binary, with the configuration of the application.
    pub(crate) fn tool(&self, arguments: &[&str]) -> Command {
        let mut tool = Command::new(BINARY);
        tool.args(arguments)
            .arg("--config")
            .arg(write_config(&process::scratch("tool"), &self.config))
            .stdin(Stdio::null());
        tool
    }

    /// The topic of forwarded records.
    pub(crate) fn routed(&self) -> String {
        format!("{}-routed", self.name)
    }

    /// The topic of the state.
    pub(crate) fn changelog(&self) -> String {
        format!("{}-changelog", self.name)
    }

    /// The topic in which the ledgers are told.
    pub(crate) fn ledger(&self) -> String {
        format!("{}-ledger", self.name)
    }

    /// The topics that others read.
    pub(crate) fn outputs(&self) -> [&str; 3] {
        [&self.commands, &self.responses, &self.dead_letters]
    }

    /// Follows all outputs.
    pub(crate) fn follow(&self) -> Tail {
        self.client.tail(&self.outputs())
    }

    /// All that was written so far, checked by [`check_outputs`].
    pub(crate) fn written(&self) -> Outputs {
        let mut outputs = Outputs::default();
        for record in self.client.read_all(&self.outputs()) {
            let topic = &*record.coordinates.topic;
            if topic == self.commands {
                outputs.commands.push(record);
            } else if topic == self.responses {
                outputs.responses.push(record);
            } else {
                outputs.dead_letters.push(record);
            }
        }
        check_outputs(&outputs);
        outputs
    }
}

/// All records of the output topics.
#[derive(Debug, Default)]
pub(crate) struct Outputs {
    pub(crate) commands: Vec<Received>,
    pub(crate) responses: Vec<Received>,
    pub(crate) dead_letters: Vec<Received>,
}

/// Checks what holds for all outputs under exactly once: every header of the contract, and no output twice.
///
/// # Panics
/// If it does not hold.
pub(crate) fn check_outputs(outputs: &Outputs) {
    for topic in [&outputs.commands, &outputs.responses, &outputs.dead_letters] {
        let mut ids = BTreeSet::new();
        for record in topic {
            assert!(
                ids.insert(record.required("credbridge-id")),
                "written twice: {record:?}"
            );
        }
    }
    check_headers(outputs);
}

/// Checks that every output carries the headers of the contract, each in its form.
///
/// # Panics
/// If one does not.
pub(crate) fn check_headers(outputs: &Outputs) {
    for record in outputs.commands.iter().chain(&outputs.responses) {
        check_id(record);
        record.required("content-type");
        record.required("credbridge-rules");
        let cause = record.required("credbridge-cause");
        assert!(
            cause == "deadline" || cause.parse::<Coordinates>().is_ok(),
            "{record:?}"
        );
        let request = record.required("credbridge-request");
        assert!(request.parse::<Coordinates>().is_ok(), "{record:?}");
    }
    for record in &outputs.commands {
        let device = record.required("cwmp-device-id");
        assert_eq!(record.key.as_deref(), Some(device.as_bytes()));
        record.required("cwmp-command-key");
    }
    for record in &outputs.dead_letters {
        check_id(record);
        assert!(!record.required("credbridge-error").is_empty());
        let reason = record.required("credbridge-reason");
        assert!(
            !reason.is_empty() && reason.bytes().all(|b| b == b'_' || b.is_ascii_lowercase()),
            "{record:?}"
        );
        let source = record.required("credbridge-source");
        assert!(source.parse::<Coordinates>().is_ok(), "{record:?}");
    }
}

fn check_id(record: &Received) {
    let id = record.required("credbridge-id");
    let hexadecimal = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    assert!(id.len() == 32 && id.bytes().all(hexadecimal), "{record:?}");
}
