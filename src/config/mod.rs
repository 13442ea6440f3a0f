//! The configuration: read once, parsed completely, all mistakes together.
//!
//! A YAML file gives values, the environment overrides them (`CREDBRIDGE__TOPICS__SHARDS=8`), [`KEYS`] says what
//! is taken where neither speaks. Secrets belong into files that it names.

mod caution;
mod change;
mod check;
mod error;
mod file_servers;
mod file_types;
mod files;
mod key;
mod oauth_token;
mod overrides;
mod print;
mod rate;
mod read;
mod retry;
mod rules;
mod schema;
mod secret;
mod settings;
mod source;
#[cfg(test)]
mod tests;
mod tls_files;
mod token_file;
mod trace_variables;
mod tree;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

pub use error::{ConfigError, Mistake, Place};
pub use files::Files;
pub use key::{KEYS, Key, Shape};
pub use oauth_token::{OauthToken, OauthTokenFile};
pub use schema::json_schema;
pub use secret::Secret;
pub use tls_files::{TlsFiles, TlsServer};
pub use token_file::TokenFile;
pub use trace_variables::TraceVariables;

/// The whole configuration; the names are those of the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Consumer group, prefix of internal topics and of transactional ids.
    pub application_id: String,
    /// Name of this process among those of the application; the host name by default.
    pub instance_id: String,
    /// Worker threads; never 0 after reading.
    pub workers: usize,
    /// How outputs, state and offsets become visible.
    pub delivery: Delivery,
    /// The cluster.
    pub kafka: KafkaConfig,
    /// Names of topics.
    pub topics: TopicsConfig,
    /// Formats of records.
    pub formats: FormatsConfig,
    /// How devices are found.
    pub devices: DevicesConfig,
    /// How events find their installation.
    pub correlation: CorrelationConfig,
    /// The Download command.
    pub download: DownloadConfig,
    /// The store for certificate files.
    pub staging: StagingConfig,
    /// The SetParameterValues command.
    pub set: SetConfig,
    /// What is tried again.
    pub retry: RetryConfig,
    /// How fast Downloads are sent.
    pub pacing: PacingConfig,
    /// What becomes of resources that were created.
    pub resources: ResourcesConfig,
    /// How long each step may take.
    pub timeouts: TimeoutsConfig,
    /// What is otherwise for some devices.
    pub overrides: Vec<OverrideConfig>,
    /// The port for probes, metrics and people.
    pub admin: AdminConfig,
    /// Where spans go, in the words of OpenTelemetry.
    pub trace_variables: TraceVariables,
    /// The files that it names, as they were when it was read.
    pub files: Files,
}

/// How outputs, state and offsets become visible.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Delivery {
    /// Each acknowledged before the next; repeats after a crash carry the same `credbridge-id`.
    AtLeastOnce,
    /// Together, in one transaction.
    #[default]
    ExactlyOnce,
}

/// The cluster.
#[derive(Clone, PartialEq)]
pub struct KafkaConfig {
    /// Brokers to start from: `host:port`, separated by commas.
    pub bootstrap_servers: String,
    /// Properties of librdkafka that are passed through.
    pub properties: BTreeMap<String, String>,
    /// Which of them hold secrets and were not read from files.
    pub inline_secrets: Vec<String>,
    /// The token with which clients sign in by OAUTHBEARER; `None`: they do not.
    pub oauth_token_file: Option<OauthTokenFile>,
}

/// Without the values of properties that hold secrets.
impl fmt::Debug for KafkaConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KafkaConfig")
            .field("bootstrap_servers", &self.bootstrap_servers)
            .field("properties", &secret::redacted(&self.properties))
            .field("oauth_token_file", &self.oauth_token_file)
            .finish()
    }
}

/// Names of topics.
#[derive(Clone, Debug, PartialEq)]
pub struct TopicsConfig {
    /// oneM2M create requests.
    pub requests: Vec<String>,
    /// CPE events.
    pub cpe_events: Vec<String>,
    /// Commands for the ACS.
    pub commands: String,
    /// Answers for requesters.
    pub responses: String,
    /// Records that nobody can read, or that belong to nothing.
    pub dead_letters: String,
    /// Whether outputs and internal topics are created at the start.
    pub create_missing: bool,
    /// Partitions of routed and changelog when they are created.
    pub shards: u32,
    /// Compacted topic of `<node>` resources; empty: not used.
    pub nodes: String,
}

/// Formats of records.
#[derive(Clone, Debug, PartialEq)]
pub struct FormatsConfig {
    /// Of requests; `None`: told by each record.
    pub requests: Option<crate::wire::Format>,
    /// Of CPE events; `None`: told by each record.
    pub cpe_events: Option<crate::wire::Format>,
    /// Of commands.
    pub commands: crate::wire::Format,
    /// Of responses.
    pub responses: crate::wire::Format,
}

/// How devices are found.
#[derive(Clone, Debug)]
pub struct DevicesConfig {
    /// Applied to the target of a request; its group `device` is a device key. `None`: not used.
    pub from_target: Option<regex::Regex>,
}

impl PartialEq for DevicesConfig {
    fn eq(&self, other: &Self) -> bool {
        self.from_target.as_ref().map(regex::Regex::as_str)
            == other.from_target.as_ref().map(regex::Regex::as_str)
    }
}

/// How events find their installation.
#[derive(Clone, Debug, PartialEq)]
pub struct CorrelationConfig {
    /// An empty CommandKey means the device's only open transfer.
    pub sole_open_transfer: bool,
    /// Downloads of one device that are open at a time.
    pub open_downloads_per_device: usize,
    /// Downloads of one device that wait until one of these has ended.
    pub queued_downloads_per_device: usize,
    /// Events of one device that wait for their requests.
    pub early_events_per_device: usize,
    /// File that holds the secret behind the CommandKeys that the bridge assigns.
    pub command_key_secret_file: Option<PathBuf>,
    /// Without it the CommandKeys that the bridge assigns can be computed by anybody.
    pub command_key_secret: Option<Secret>,
}

/// The Download command.
#[derive(Clone, Debug, PartialEq)]
pub struct DownloadConfig {
    /// FileType argument, at most 64 characters.
    pub file_type: String,
    /// URL argument, with the placeholders `{device_key}` and `{command_key}`.
    pub url: String,
    /// File that holds the Username argument.
    pub username_file: Option<PathBuf>,
    /// Username argument, at most 256 characters; empty: none.
    pub username: String,
    /// File that holds the Password argument.
    pub password_file: Option<PathBuf>,
    /// Password argument, at most 256 characters; empty: none.
    pub password: Secret,
    /// Logins of single file servers.
    pub file_servers: Vec<FileServerConfig>,
    /// How the certificate file reaches the ACS.
    pub content: ContentDelivery,
    /// Whether an accepted Download whose time has run out is cancelled.
    pub cancel_expired: bool,
    /// Whether the rows of certificates are listed before a Download.
    pub list_rows_first: bool,
    /// Whether a certificate that is expired or not yet valid is refused.
    pub refuse_invalid: bool,
}

/// The login of one file server, instead of that for all.
#[derive(Clone, Debug, PartialEq)]
pub struct FileServerConfig {
    /// How the URLs of its files begin; ends with a slash.
    pub url: String,
    /// File that holds the Username argument.
    pub username_file: Option<PathBuf>,
    /// Username argument, at most 256 characters; empty: none.
    pub username: String,
    /// File that holds the Password argument.
    pub password_file: Option<PathBuf>,
    /// Password argument, at most 256 characters; empty: none.
    pub password: Secret,
}

/// How the certificate file reaches the ACS.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum ContentDelivery {
    /// In the command.
    #[default]
    Inline,
    /// Some other way.
    None,
    /// Through the store.
    Staged,
}

/// The store for certificate files.
#[derive(Clone, PartialEq)]
pub struct StagingConfig {
    /// URL of the folder or bucket; `None`: there is none.
    pub store: Option<String>,
    /// File that holds the secret.
    pub secret_file: Option<PathBuf>,
    /// From which the names of staged files are made.
    pub secret: Secret,
    /// Variables of the environment that the clients of stores in the cloud know.
    pub environment: BTreeMap<String, String>,
}

/// Without the values of variables.
impl fmt::Debug for StagingConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let variables: Vec<&String> = self.environment.keys().collect();
        f.debug_struct("StagingConfig")
            .field("store", &self.store)
            .field("secret_file", &self.secret_file)
            .field("environment", &variables)
            .finish_non_exhaustive()
    }
}

/// The SetParameterValues command.
#[derive(Clone, Debug, PartialEq)]
pub struct SetConfig {
    /// Name of the parameter under `Device.Security.Certificate.{i}.`.
    pub parameter: String,
    /// Whether the response waits for the answer.
    pub await_result: bool,
}

/// What is tried again.
#[derive(Clone, Debug, PartialEq)]
pub struct RetryConfig {
    /// By what went wrong.
    pub table: crate::correlator::RetryTable,
    /// Whether a Download that the device itself refused or failed comes again with another CommandKey.
    pub new_command_key: bool,
}

/// How fast Downloads are sent.
#[derive(Clone, Debug, PartialEq)]
pub struct PacingConfig {
    /// Time between two Downloads of the whole fleet; `None`: not limited.
    pub fleet: Option<Duration>,
    /// Time between two Downloads of devices of one product class; `None`: not limited.
    pub product_class: Option<Duration>,
    /// Least time between two Downloads of one device; `None`: not limited.
    pub device_distance: Option<Duration>,
    /// What falls into this time may be sent at once.
    pub burst: Duration,
    /// Percent of the fleet's rate that are kept for originators of which nothing waits.
    pub reserved_percent: u8,
}

/// What becomes of resources that were created.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourcesConfig {
    /// How long one is kept after its last change; zero: not at all.
    pub ttl: Duration,
    /// What deleting one means for the device.
    pub delete: crate::mapping::DeleteRule,
}

/// How long each step may take.
#[derive(Clone, Debug, PartialEq)]
pub struct TimeoutsConfig {
    /// Download waiting for those before it -> sent.
    pub queue: Duration,
    /// Download command sent -> DownloadResponse.
    pub accept: Duration,
    /// Accepted -> TransferComplete.
    pub transfer: Duration,
    /// Lookup command sent -> its answer.
    pub lookup: Duration,
    /// Set command sent -> its answer.
    pub set: Duration,
    /// How long an ended CommandKey is remembered.
    pub ended_ttl: Duration,
    /// How long an early CPE event waits for its request.
    pub early_ttl: Duration,
    /// How long lag may hold back time-outs.
    pub hold_max: Duration,
}

/// What is otherwise for some devices; `None`: as for all.
#[derive(Clone, Debug, PartialEq)]
pub struct OverrideConfig {
    /// Which devices; the names are those of their parts.
    pub devices: DevicesMatch,
    /// FileType argument of Download.
    pub file_type: Option<String>,
    /// URL argument of Download.
    pub url: Option<String>,
    /// Name of the parameter under `Device.Security.Certificate.{i}.`.
    pub parameter: Option<String>,
    /// As in [`TimeoutsConfig`].
    pub queue: Option<Duration>,
    /// As in [`TimeoutsConfig`].
    pub accept: Option<Duration>,
    /// As in [`TimeoutsConfig`].
    pub transfer: Option<Duration>,
    /// As in [`TimeoutsConfig`].
    pub lookup: Option<Duration>,
    /// As in [`TimeoutsConfig`].
    pub set: Option<Duration>,
}

/// Devices of an OUI, a product class, or both.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DevicesMatch {
    /// Six hexadecimal digits; `None`: any.
    pub oui: Option<String>,
    /// `None`: any, or none at all.
    pub product_class: Option<String>,
}

/// The port for probes, metrics and people.
#[derive(Clone, Debug, PartialEq)]
pub struct AdminConfig {
    /// Address and port to listen on.
    pub listen: std::net::SocketAddr,
    /// Address and port that answers probes only, in plain HTTP; `None`: there is none.
    pub probes_listen: Option<std::net::SocketAddr>,
    /// What it speaks TLS with; `None`: plain HTTP.
    pub tls: Option<TlsFiles>,
    /// Whether it names devices and CommandKeys.
    pub show_devices: bool,
    /// The token that all but probes need; `None`: nobody needs one.
    pub read_token_file: Option<TokenFile>,
    /// The token that changes need, which also reads; `None`: changes come from the loopback only.
    pub change_token_file: Option<TokenFile>,
}

impl Config {
    /// Name of the topic through which records reach the owner of their shard.
    pub fn routed_topic(&self) -> String {
        format!("{}-routed", self.application_id)
    }

    /// Name of the topic in which the ledgers of the shards are told.
    pub fn ledger_topic(&self) -> String {
        format!("{}-ledger", self.application_id)
    }

    /// Name of the topic that holds the state.
    pub fn changelog_topic(&self) -> String {
        format!("{}-changelog", self.application_id)
    }
}
