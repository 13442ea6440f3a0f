//! The programs that are compared, and how each is started.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use super::artefacts::Artefacts;
use super::input::Input;
use super::kafka::bridge::{merged, write_config};
use super::kafka::broker::{Broker, free_port};
use super::kafka::{process, wait_for};
use super::outputs::Outputs;

/// How long a program may take to end when it is asked to.
const STOP_LIMIT: Duration = Duration::from_secs(60);

/// Kafka Streams: what the JVM is given.
pub(super) const JVM: [&str; 3] = ["-Xms4g", "-Xmx4g", "-XX:+UseParallelGC"];

/// A program under comparison.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Program {
    Credbridge,
    CredbridgeAtLeastOnce,
    StreamsMemory,
    StreamsRocksDb,
    Naive,
    PipeOne,
    PipeExchange,
}

/// Everything that a run is about.
pub(super) struct Plan<'a> {
    pub(super) broker: &'a Broker,
    pub(super) input: &'a Input,
    pub(super) outputs: &'a Outputs,
    pub(super) artefacts: &'a Artefacts,
    /// Consumer group, new for each run.
    pub(super) group: &'a str,
    /// How long an event waits for its request.
    pub(super) early_ttl: Duration,
}

impl Program {
    pub(super) const ALL: [Self; 7] = [
        Self::Credbridge,
        Self::StreamsMemory,
        Self::PipeOne,
        Self::StreamsRocksDb,
        Self::CredbridgeAtLeastOnce,
        Self::PipeExchange,
        Self::Naive,
    ];

    /// For the command line.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Credbridge => "credbridge",
            Self::CredbridgeAtLeastOnce => "credbridge-at-least-once",
            Self::StreamsMemory => "streams-memory",
            Self::StreamsRocksDb => "streams-rocksdb",
            Self::Naive => "naive",
            Self::PipeOne => "pipe-one",
            Self::PipeExchange => "pipe-exchange",
        }
    }

    /// For the table.
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Credbridge => "credbridge",
            Self::CredbridgeAtLeastOnce => "credbridge, at least once",
            Self::StreamsMemory => "Kafka Streams 4.3, in memory",
            Self::StreamsRocksDb => "Kafka Streams 4.3, RocksDB",
            Self::Naive => "naive Rust, at least once, state lost at its end",
            Self::PipeOne => "bare pipe: 1 out for each in, nothing kept",
            Self::PipeExchange => "bare pipe: 3 outputs + 1 changelog write for 2 in",
        }
    }

    /// Whether the program does the join, so that what it writes can be checked.
    pub(super) const fn joins(self) -> bool {
        match self {
            Self::Credbridge
            | Self::CredbridgeAtLeastOnce
            | Self::StreamsMemory
            | Self::StreamsRocksDb
            | Self::Naive => true,
            Self::PipeOne | Self::PipeExchange => false,
        }
    }

    /// Records that a pipe must have written.
    pub(super) const fn piped(self, input_records: u64) -> u64 {
        match self {
            Self::PipeExchange => input_records / 2 * 3,
            Self::Credbridge
            | Self::CredbridgeAtLeastOnce
            | Self::StreamsMemory
            | Self::StreamsRocksDb
            | Self::Naive
            | Self::PipeOne => input_records,
        }
    }

    /// Topics of a run beside its outputs.
    pub(super) fn internal_topics(self, group: &str) -> Vec<String> {
        match self {
            Self::Credbridge | Self::CredbridgeAtLeastOnce => ["routed", "changelog", "ledger"]
                .map(|name| format!("{group}-{name}"))
                .into(),
            Self::StreamsMemory | Self::StreamsRocksDb => {
                vec![format!("{group}-installations-changelog")]
            }
            Self::PipeExchange => vec![format!("{group}-changelog")],
            Self::Naive | Self::PipeOne => Vec::new(),
        }
    }

    /// The topic in which a program forwards records to itself.
    pub(super) fn routed_topic(self, group: &str) -> Option<String> {
        match self {
            Self::Credbridge | Self::CredbridgeAtLeastOnce => Some(format!("{group}-routed")),
            Self::StreamsMemory
            | Self::StreamsRocksDb
            | Self::Naive
            | Self::PipeOne
            | Self::PipeExchange => None,
        }
    }

    pub(super) fn start(self, plan: &Plan<'_>) -> Running {
        let directory = process::scratch("peer");
        let artefacts = plan.artefacts;
        let path = |path: &Path| path.display().to_string();
        let (binary, arguments) = match self {
            Self::Credbridge => return start_credbridge(plan, &json!({})),
            Self::CredbridgeAtLeastOnce => {
                return start_credbridge(plan, &json!({"delivery": "at_least_once"}));
            }
            Self::StreamsMemory | Self::StreamsRocksDb => {
                let mut arguments: Vec<String> = JVM.map(str::to_owned).into();
                arguments.extend(["-cp".to_owned(), artefacts.streams_class_path.clone()]);
                arguments.push("credbridge.peer.Main".to_owned());
                arguments.extend(peer_arguments(plan));
                arguments.push(format!("state_dir={}", path(&directory)));
                let store = if self == Self::StreamsRocksDb {
                    "rocksdb"
                } else {
                    "memory"
                };
                arguments.push(format!("store={store}"));
                ("java".to_owned(), arguments)
            }
            Self::Naive => (path(&artefacts.naive), peer_arguments(plan)),
            Self::PipeOne | Self::PipeExchange => {
                let mut arguments = peer_arguments(plan);
                if self == Self::PipeExchange {
                    let changelog = format!("{}-changelog", plan.group);
                    let client = plan.broker.client();
                    client.create_topic(&changelog, 8, &[("cleanup.policy", "compact")]);
                    arguments.push(format!("changelog={changelog}"));
                }
                (path(&artefacts.pipe), arguments)
            }
        };
        Running::spawn(directory, &binary, &arguments)
    }
}

/// Starts a process of credbridge with `settings` put over those of the comparison.
pub(super) fn start_credbridge(plan: &Plan<'_>, settings: &Value) -> Running {
    let directory = process::scratch("peer");
    let config = write_config(&directory, &merged(&credbridge_config(plan), settings));
    let arguments = ["run", "--config", &config.display().to_string()].map(str::to_owned);
    let binary = plan.artefacts.credbridge.display().to_string();
    Running::spawn(directory, &binary, &arguments)
}

/// The configuration of credbridge: what the peers do not do is switched off; all else is as it comes.
fn credbridge_config(plan: &Plan<'_>) -> Value {
    let outputs = plan.outputs;
    json!({
        "application_id": plan.group,
        "instance_id": "one",
        "delivery": "exactly_once",
        "kafka": {"bootstrap_servers": plan.broker.bootstrap()},
        "topics": {
            "requests": [plan.input.requests],
            "cpe_events": [plan.input.events],
            "commands": outputs.commands,
            "responses": outputs.responses,
            "dead_letters": outputs.dead_letters,
            "create_missing": true,
            "shards": 8,
        },
        "retry": {"table": {}},
        "resources": {"ttl": "0s"},
        "timeouts": {"early_ttl": format!("{}s", plan.early_ttl.as_secs())},
        "admin": {"listen": SocketAddr::from((Ipv4Addr::LOCALHOST, free_port())).to_string()},
    })
}

fn peer_arguments(plan: &Plan<'_>) -> Vec<String> {
    let bootstrap = plan.broker.bootstrap();
    let arguments: [(&str, &str); 7] = [
        ("bootstrap", &bootstrap),
        ("group", plan.group),
        ("requests", &plan.input.requests),
        ("events", &plan.input.events),
        ("commands", &plan.outputs.commands),
        ("responses", &plan.outputs.responses),
        ("dead_letters", &plan.outputs.dead_letters),
    ];
    let mut arguments: Vec<String> = arguments
        .into_iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    arguments.push(format!("early_ttl_seconds={}", plan.early_ttl.as_secs()));
    arguments
}

/// A program that runs.
pub(super) struct Running {
    child: Child,
    log: PathBuf,
}

impl Running {
    fn spawn(directory: PathBuf, binary: &str, arguments: &[String]) -> Self {
        let log = directory.join("log");
        let out = File::create(&log).expect("the directory is ours");
        let err = out.try_clone().expect("a file can be opened twice");
        let child = process::spawn(binary, |command| {
            command
                .args(arguments)
                .current_dir(&directory)
                .stdout(Stdio::from(out))
                .stderr(Stdio::from(err))
        });
        Self { child, log }
    }

    pub(super) fn process_id(&self) -> u32 {
        self.child.id()
    }

    /// # Panics
    /// If the program has ended by itself.
    pub(super) fn assert_alive(&mut self) {
        if let Some(status) = self.child.try_wait().expect("it is our child") {
            panic!("it ended with {status}:\n{}", self.log_tail());
        }
    }

    /// The last lines that the program wrote.
    pub(super) fn log_tail(&self) -> String {
        process::tail(&self.log, 40)
    }

    /// Asks the program to stop, and waits until it has.
    pub(super) fn stop(mut self) {
        let id = i32::try_from(self.process_id()).expect("a process id fits");
        kill(Pid::from_raw(id), Signal::SIGTERM).expect("the child was not waited for");
        wait_for("the end of a program", STOP_LIMIT, || {
            self.child.try_wait().expect("it is our child")
        });
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // After an orderly stop both fail, as there is nothing left to do.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
