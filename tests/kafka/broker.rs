//! Apache Kafka in KRaft mode: one combined node, or a cluster of three.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::certificates::Authority;
use super::client::Client;
use super::network::Network;
use super::tokens::{AUDIENCE, TokenIssuer};
use super::{jars, process};

const START_LIMIT: Duration = Duration::from_secs(120);
const STOP_LIMIT: Duration = Duration::from_secs(20);

/// Tries to start on other ports, if some other program was faster.
const START_TRIES: usize = 5;

/// Below the ports that Linux gives to outgoing connections. A stopped broker's port from that range could be given to
/// one of its clients, which would then talk to itself.
const PORTS: std::ops::Range<u16> = 10_000..32_000;

const CLUSTER_ID: &str = "Y3JlZGJyaWRnZS10ZXN0cw";

/// Settings of every node beside names and ports: small internal topics, quick groups, no waiting.
const SETTINGS: &str = "\
process.roles=broker,controller
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
auto.create.topics.enable=false
broker.session.timeout.ms=6000
group.initial.rebalance.delay.ms=0
log.cleaner.dedupe.buffer.size=16777216
log.cleaner.backoff.ms=5000
offsets.topic.num.partitions=4
share.coordinator.state.topic.num.partitions=4
transaction.state.log.num.partitions=4
";

/// The user of a secured cluster.
pub(crate) const USER: &str = "bridge";

/// The user's password.
pub(crate) const PASSWORD: &str = "only-for-tests";

/// What a secured cluster has beside. Whoever comes by the other listener may do everything.
const SECURITY: &str = "\
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL:SASL_PLAINTEXT
inter.broker.listener.name=PLAINTEXT
sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.sasl.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
";

/// What a cluster with TLS has beside: users with a password on one listener, clients with a certificate on another.
const TLS: &str = "\
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL:SASL_SSL,MUTUAL:SSL
inter.broker.listener.name=PLAINTEXT
sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.sasl.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.mutual.ssl.client.auth=required
ssl.keystore.type=PEM
ssl.keystore.location=broker.pem
ssl.truststore.type=PEM
ssl.truststore.location=ca.pem
";

/// What a cluster has beside whose users sign in with tokens; `{keys}` is where the keys of their issuer are. A connection
/// ends with its token, unless the client signs in again.
const OAUTH: &str = "\
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL:SASL_PLAINTEXT
inter.broker.listener.name=PLAINTEXT
sasl.enabled.mechanisms=OAUTHBEARER
listener.name.sasl.oauthbearer.sasl.jaas.config=org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required;
listener.name.sasl.oauthbearer.sasl.server.callback.handler.class=org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallbackHandler
listener.name.sasl.oauthbearer.connections.max.reauth.ms=3600000
sasl.oauthbearer.jwks.endpoint.url={keys}
sasl.oauthbearer.expected.audience={audience}
";

/// What clients must prove.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Security {
    /// As `Sasl`, with a proxy before each node.
    Distant,
    None,
    Oauth,
    Sasl,
    Tls,
}

/// A running cluster; it is killed when the value is dropped or this process ends.
pub(crate) struct Broker {
    directory: PathBuf,
    nodes: Vec<Node>,
    network: Network,
}

struct Node {
    directory: PathBuf,
    port: u16,
    /// Port of the listener where users must prove who they are, and may do only what is allowed.
    secured_port: Option<u16>,
    /// Port of the proxy before that listener.
    proxy_port: Option<u16>,
    /// Port of the listener where clients must have a certificate.
    mutual_port: Option<u16>,
    security: Security,
    child: Option<Child>,
}

/// How a start went.
enum Start {
    Ready,
    PortTaken,
}

impl Broker {
    /// The broker that the simple tests of one program share; names of topics and applications keep them apart.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<Broker> = OnceLock::new();
        SHARED.get_or_init(|| Self::start(1))
    }

    /// Starts a new cluster and waits until all nodes answer.
    ///
    /// # Panics
    /// If it does not start; the log is shown.
    pub(crate) fn start(nodes: usize) -> Self {
        Self::start_with(nodes, Security::None)
    }

    /// Starts a cluster of one node with a second listener, where [`USER`] may do only what access control lists allow.
    ///
    /// # Panics
    /// As [`Self::start`].
    pub(crate) fn start_secured() -> Self {
        Self::start_with(1, Security::Sasl)
    }

    /// Starts a cluster of one node with two listeners for TLS: one for [`USER`], one for clients with a certificate.
    /// `authority` signs what the broker shows, for the address 127.0.0.1 only, and what it trusts.
    ///
    /// # Panics
    /// As [`Self::start`].
    pub(crate) fn start_tls(authority: &Authority) -> Self {
        Self::start_prepared(1, Security::Tls, &|directory| {
            let (certificate, key) = (directory.join("certificate"), directory.join("key"));
            authority.issue(&["127.0.0.1"], &certificate, &key);
            let both = [key, certificate].map(|file| fs::read_to_string(file).expect("written"));
            fs::write(directory.join("broker.pem"), both.concat()).expect("the directory is ours");
            fs::copy(authority.certificate(), directory.join("ca.pem")).expect("it exists");
        })
    }

    /// Starts a cluster of one node with a second listener, where clients sign in with tokens of `issuer`.
    ///
    /// # Panics
    /// As [`Self::start`].
    pub(crate) fn start_oauth(issuer: &TokenIssuer) -> Self {
        Self::start_prepared(1, Security::Oauth, &|directory| {
            fs::write(directory.join("keys.json"), issuer.key_set())
                .expect("the directory is ours");
        })
    }

    /// Starts a cluster with a second listener behind a [`Network`], where [`USER`] may do only what access control
    /// lists allow. `prepare` gets the directory of each node, formatted in its folder `data`.
    ///
    /// # Panics
    /// As [`Self::start`].
    pub(crate) fn start_distant(nodes: usize, prepare: &dyn Fn(&Path)) -> Self {
        Self::start_prepared(nodes, Security::Distant, prepare)
    }

    fn start_with(nodes: usize, security: Security) -> Self {
        Self::start_prepared(nodes, security, &|_| {})
    }

    /// `prepare` puts files into the directory of each node.
    fn start_prepared(nodes: usize, security: Security, prepare: &dyn Fn(&Path)) -> Self {
        for _ in 0..START_TRIES {
            let started = Instant::now();
            let mut broker = Self::format(nodes, security);
            let formatted = started.elapsed();
            for node in &broker.nodes {
                prepare(&node.directory);
            }
            broker.nodes.iter_mut().for_each(Node::spawn);
            match broker.wait_until_ready() {
                Start::Ready => {
                    println!(
                        "Kafka with {nodes} node(s): formatted in {:.1} s, answered after {:.1} s",
                        formatted.as_secs_f64(),
                        started.elapsed().as_secs_f64()
                    );
                    return broker;
                }
                Start::PortTaken => println!("a port was taken by another program, once more"),
            }
        }
        panic!("no free ports for Kafka after {START_TRIES} tries");
    }

    /// Addresses for clients.
    pub(crate) fn bootstrap(&self) -> String {
        let addresses: Vec<_> = self
            .nodes
            .iter()
            .map(|node| format!("127.0.0.1:{}", node.port))
            .collect();
        addresses.join(",")
    }

    /// Addresses for clients that go through the [`Network`].
    ///
    /// # Panics
    /// If the cluster was started without.
    pub(crate) fn distant_bootstrap(&self) -> String {
        let addresses: Vec<_> = self
            .nodes
            .iter()
            .map(|node| format!("127.0.0.1:{}", node.proxy_port.expect("a distant cluster")))
            .collect();
        addresses.join(",")
    }

    /// What lies between the nodes and clients of [`Self::distant_bootstrap`].
    pub(crate) const fn network(&self) -> &Network {
        &self.network
    }

    /// Address of the listener where access counts.
    ///
    /// # Panics
    /// If the cluster was started without.
    pub(crate) fn secured_address(&self) -> String {
        let port = self.nodes[0].secured_port.expect("a secured cluster");
        format!("127.0.0.1:{port}")
    }

    /// Port of the listener where clients must have a certificate.
    ///
    /// # Panics
    /// If the cluster was started without.
    pub(crate) fn mutual_port(&self) -> u16 {
        self.nodes[0].mutual_port.expect("a cluster with TLS")
    }

    /// Gives [`USER`] another password.
    ///
    /// # Panics
    /// If the cluster refuses.
    pub(crate) fn set_password(&self, password: &str) {
        let output = java(&mut Command::new("java"), "64m")
            .args(["kafka.admin.ConfigCommand", "--bootstrap-server"])
            .arg(self.bootstrap())
            .args(["--alter", "--entity-type", "users", "--entity-name", USER])
            .args([
                "--add-config",
                &format!("SCRAM-SHA-512=[password={password}]"),
            ])
            .output()
            .expect("java was found before");
        assert!(output.status.success(), "{output:?}");
    }

    /// A client of this cluster.
    pub(crate) fn client(&self) -> Client {
        Client::new(&self.bootstrap(), self.nodes.len())
    }

    /// Where the cluster keeps its files.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Process ids of the nodes that run.
    pub(crate) fn process_ids(&self) -> Vec<u32> {
        let children = self.nodes.iter().filter_map(|node| node.child.as_ref());
        children.map(Child::id).collect()
    }

    /// Stops all nodes in order.
    pub(crate) fn stop(&mut self) {
        for node in &self.nodes {
            node.signal(Signal::SIGTERM);
        }
        self.nodes.iter_mut().for_each(Node::reap);
    }

    /// Stops all nodes in the middle of what they do: connections stay, and nobody answers.
    pub(crate) fn freeze(&self) {
        for node in &self.nodes {
            node.signal(Signal::SIGSTOP);
        }
    }

    /// Lets frozen nodes go on.
    pub(crate) fn thaw(&self) {
        for node in &self.nodes {
            node.signal(Signal::SIGCONT);
        }
    }

    /// Kills one node at once.
    pub(crate) fn kill_node(&mut self, index: usize) {
        self.nodes[index].signal(Signal::SIGKILL);
        self.nodes[index].reap();
    }

    /// Stops one node in order.
    pub(crate) fn stop_node(&mut self, index: usize) {
        self.nodes[index].signal(Signal::SIGTERM);
        self.nodes[index].reap();
    }

    /// Whether a node ended by itself.
    pub(crate) fn node_has_ended(&mut self, index: usize) -> bool {
        self.nodes[index].has_ended()
    }

    /// Starts the nodes that do not run, with their data and on their ports, and waits until all answer.
    ///
    /// # Panics
    /// If they do not start; the log is shown.
    pub(crate) fn restart(&mut self) {
        for _ in 0..START_TRIES {
            let stopped = self.nodes.iter_mut().filter(|node| node.child.is_none());
            stopped.for_each(Node::spawn);
            match self.wait_until_ready() {
                Start::Ready => return,
                Start::PortTaken => println!("the port is still taken, once more"),
            }
        }
        panic!("the port of a stopped node of Kafka stays taken");
    }

    /// Makes the data directories of a new cluster.
    fn format(count: usize, security: Security) -> Self {
        let directory = process::scratch("kafka");
        let ports = free_ports(2 * count);
        let (client_ports, controller_ports) = ports.split_at(count);
        let voters: Vec<_> = (1..)
            .zip(controller_ports)
            .map(|(id, port)| format!("{id}@127.0.0.1:{port}"))
            .collect();
        let mut nodes: Vec<Node> = Vec::new();
        let network = Network::default();
        for (index, (&port, &controller_port)) in
            client_ports.iter().zip(controller_ports).enumerate()
        {
            let id = index + 1;
            let secured_port = (security != Security::None).then(free_port);
            let proxied = secured_port.filter(|_| security == Security::Distant);
            let node = Node {
                directory: directory.join(format!("node-{id}")),
                port,
                secured_port,
                proxy_port: proxied.map(|port| network.open(index, port)),
                mutual_port: (security == Security::Tls).then(free_port),
                security,
                child: None,
            };
            fs::create_dir(&node.directory).expect("the directory is ours");
            let settings = node.settings(id, count, controller_port, &voters.join(","));
            fs::write(node.directory.join("server.properties"), settings)
                .expect("the directory is ours");
            match nodes.first() {
                None => node.format(),
                Some(first) => node.copy_format(id, first),
            }
            nodes.push(node);
        }
        Self {
            directory,
            nodes,
            network,
        }
    }

    /// Waits until every node knows all of them.
    fn wait_until_ready(&mut self) -> Start {
        let begin = Instant::now();
        let count = self.nodes.len();
        loop {
            if self.nodes.iter_mut().any(|node| node.has_ended()) {
                return self.after_a_node_ended();
            }
            let knows_all = |node: &Node| {
                Client::brokers_seen_by(&format!("127.0.0.1:{}", node.port)) == Some(count)
            };
            if self.nodes.iter().all(knows_all) {
                return Start::Ready;
            }
            assert!(
                begin.elapsed() < START_LIMIT,
                "Kafka does not answer after {START_LIMIT:?}:\n{}",
                self.log_tail(40)
            );
        }
    }

    fn after_a_node_ended(&self) -> Start {
        let log = self.log_tail(400);
        assert!(
            log.contains("Address already in use"),
            "Kafka ended while it started:\n{}",
            self.log_tail(40)
        );
        Start::PortTaken
    }

    fn log_tail(&self, lines: usize) -> String {
        let tails = self
            .nodes
            .iter()
            .map(|node| process::tail(&node.directory.join("log"), lines));
        tails.collect::<Vec<_>>().join("\n--\n")
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        for node in &mut self.nodes {
            node.signal(Signal::SIGKILL);
            node.reap();
        }
        if let Err(error) = fs::remove_dir_all(&self.directory) {
            println!("{} goes at the end only: {error}", self.directory.display());
        }
    }
}

impl Node {
    fn settings(&self, id: usize, count: usize, controller_port: u16, voters: &str) -> String {
        let (port, data) = (self.port, self.data());
        let replicas = count.min(3);
        let in_sync = replicas.div_ceil(2);
        let secured = self.secured_port.map_or_else(String::new, |secured| {
            let mutual = self.mutual_port;
            let settings = match self.security {
                Security::None => String::new(),
                Security::Oauth => OAUTH
                    .replace("{keys}", &self.keys())
                    .replace("{audience}", AUDIENCE),
                Security::Distant | Security::Sasl => SECURITY.to_owned(),
                Security::Tls => TLS.to_owned(),
            };
            let mutual =
                mutual.map_or_else(String::new, |port| format!(",MUTUAL://127.0.0.1:{port}"));
            let clients = |secured: u16| {
                format!("PLAINTEXT://127.0.0.1:{port},SASL://127.0.0.1:{secured}{mutual}")
            };
            format!(
                "{settings}\
                 listeners={},CONTROLLER://127.0.0.1:{controller_port}\n\
                 advertised.listeners={}\n",
                clients(secured),
                clients(self.proxy_port.unwrap_or(secured))
            )
        });
        // Of a setting that stands twice the last counts.
        format!(
            "{SETTINGS}\
             node.id={id}\n\
             controller.quorum.voters={voters}\n\
             listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}\n\
             advertised.listeners=PLAINTEXT://127.0.0.1:{port}\n\
             log.dirs={}\n\
             default.replication.factor={replicas}\n\
             min.insync.replicas={in_sync}\n\
             offsets.topic.replication.factor={replicas}\n\
             share.coordinator.state.topic.replication.factor={replicas}\n\
             share.coordinator.state.topic.min.isr={in_sync}\n\
             transaction.state.log.replication.factor={replicas}\n\
             transaction.state.log.min.isr={in_sync}\n\
             {secured}",
            data.display()
        )
    }

    /// Where the keys of the issuer of tokens are.
    fn keys(&self) -> String {
        format!("file://{}", self.directory.join("keys.json").display())
    }

    fn data(&self) -> PathBuf {
        self.directory.join("data")
    }

    fn format(&self) {
        let output = java(&mut Command::new("java"), "64m")
            .args([
                "kafka.tools.StorageTool",
                "format",
                "-t",
                CLUSTER_ID,
                "-c",
                "server.properties",
            ])
            .args(self.secured_port.map_or_else(Vec::new, |_| {
                let user = format!("SCRAM-SHA-512=[name={USER},password={PASSWORD}]");
                vec!["--add-scram".to_owned(), user]
            }))
            .current_dir(&self.directory)
            .output()
            .expect("java was found before");
        assert!(
            output.status.success(),
            "Kafka's StorageTool failed:\n{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }

    /// The format of another node under this one's id; the broker gives the directory a new id by itself.
    fn copy_format(&self, id: usize, first: &Self) {
        fs::create_dir(self.data()).expect("the directory is ours");
        for entry in fs::read_dir(first.data()).expect("the first node is formatted") {
            let entry = entry.expect("the first node is formatted");
            fs::copy(entry.path(), self.data().join(entry.file_name()))
                .expect("the directory is ours");
        }
        let properties = self.data().join("meta.properties");
        let text = fs::read_to_string(&properties).expect("the format has properties");
        let lines = text.lines().filter_map(|line| match line.split_once('=') {
            Some(("directory.id", _)) => None,
            Some(("node.id", _)) => Some(format!("node.id={id}\n")),
            Some(_) | None => Some(format!("{line}\n")),
        });
        fs::write(properties, lines.collect::<String>()).expect("the directory is ours");
    }

    fn spawn(&mut self) {
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.directory.join("log"))
            .expect("the directory is ours");
        let same_log = log.try_clone().expect("a file can be opened twice");
        let child = process::spawn("java", |command| {
            java(command, "512m")
                .arg(format!(
                    "-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls={}",
                    self.keys()
                ))
                .args(["kafka.Kafka", "server.properties"])
                .current_dir(&self.directory)
                .stdout(Stdio::from(log))
                .stderr(Stdio::from(same_log))
        });
        self.child = Some(child);
    }

    fn signal(&self, signal: Signal) {
        if let Some(child) = &self.child {
            let id = i32::try_from(child.id()).expect("a process id fits");
            kill(Pid::from_raw(id), signal).expect("the child was not waited for");
        }
    }

    /// Whether the process ended by itself; if so it can be started again.
    fn has_ended(&mut self) -> bool {
        let ended = self
            .child
            .as_mut()
            .is_some_and(|child| child.try_wait().expect("it is our child").is_some());
        if ended {
            self.child = None;
        }
        ended
    }

    /// Waits for a process that was told to end, and kills it if it does not.
    fn reap(&mut self) {
        let begin = Instant::now();
        while self.child.is_some() && !self.has_ended() {
            if begin.elapsed() > STOP_LIMIT {
                self.signal(Signal::SIGKILL);
            }
            std::thread::park_timeout(Duration::from_millis(10));
        }
    }
}

fn java<'c>(command: &'c mut Command, heap: &str) -> &'c mut Command {
    command
        .arg(format!("-Xmx{heap}"))
        .args(["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"])
        .args(["-cp", jars::class_path()])
        .arg("-Dorg.slf4j.simpleLogger.showDateTime=true")
        .arg("-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS")
        .arg("-Dorg.slf4j.simpleLogger.log.org.apache.kafka.common.config=warn")
}

/// Ports that nobody listens on, each given once.
fn free_ports(count: usize) -> Vec<u16> {
    static GIVEN: Mutex<Vec<u16>> = Mutex::new(Vec::new());
    let mut given = GIVEN.lock().expect("nothing panics under this lock");
    let mut ports = Vec::new();
    while ports.len() < count {
        let port = fastrand::u16(PORTS);
        if !given.contains(&port) && TcpListener::bind(("127.0.0.1", port)).is_ok() {
            given.push(port);
            ports.push(port);
        }
    }
    ports
}

/// One port that nobody listens on.
pub(crate) fn free_port() -> u16 {
    free_ports(1)[0]
}
