//! What values must be to each other, and to the world outside the file.

use std::collections::BTreeMap;
use std::path::Path;

use rdkafka::ClientConfig;
use rdkafka::error::KafkaError;
use zeroize::Zeroizing;

use super::key::{self, Key};
use super::secret::is_secret;
use super::source::Source;
use super::{Config, ContentDelivery, oauth_token};

/// Properties of librdkafka that the bridge sets itself, with what to do instead.
pub(super) static OWNED_PROPERTIES: &[(&str, &str)] = &[
    ("acks", "it is always `all`"),
    ("bootstrap.servers", "use `kafka.bootstrap_servers`"),
    (
        "enable.auto.commit",
        "offsets are committed with the outputs",
    ),
    (
        "enable.auto.offset.store",
        "offsets are committed with the outputs",
    ),
    ("enable.idempotence", "it is always on"),
    ("group.id", "it is `application_id`"),
    (
        "isolation.level",
        "it is always `read_committed` for inputs",
    ),
    ("metadata.broker.list", "use `kafka.bootstrap_servers`"),
    (
        "partitioner",
        "outputs are partitioned by murmur2, as Java clients do",
    ),
    ("request.required.acks", "it is always `all`"),
    (
        "transactional.id",
        "it is made of `application_id`, `instance_id` and the worker",
    ),
];

/// Properties that have librdkafka load code from a file into the process that holds everybody's secrets; it does so as
/// soon as they are set.
pub(super) const LOADING_PROPERTIES: [&str; 2] = ["plugin.library.paths", "ssl.engine.location"];

/// Longest Username and Password argument of Download (TR-069 A.3.2.8).
const CREDENTIAL_LENGTH_MAX: usize = 256;

/// A larger file than this is no user name and no password.
const CREDENTIAL_FILE_BYTES_MAX: u64 = 4096;

pub(super) fn check(config: &Config, source: &mut Source) {
    distinct_topics(config, source);
    properties(&config.kafka.properties, source);
    somebody_gives_the_token(config, source);
    urls_tell_installations_apart(config, source);
    staging_is_complete(config, source);
    queue_outlasts_distance(config, source);
}

/// Else the second of two requests could never be sent.
fn queue_outlasts_distance(config: &Config, source: &mut Source) {
    let distance = config.pacing.device_distance;
    if distance.is_some_and(|distance| distance > config.timeouts.queue) {
        let problem =
            "is longer than `timeouts.queue`, so that what waits for it would be answered 4008";
        source.mistake(&key::PACING_DEVICE_DISTANCE, problem);
    }
}

/// librdkafka has no token of its own, and topics are created by a client that takes none.
fn somebody_gives_the_token(config: &Config, source: &mut Source) {
    let has_file = config.kafka.oauth_token_file.is_some();
    let needs_one = oauth_token::signs_in_by_oauth(&config.kafka.properties);
    if needs_one && !has_file && !source.has_mistake(&key::OAUTH_TOKEN_FILE) {
        let problem = "must be given, because `sasl.mechanism` is `OAUTHBEARER`";
        source.mistake(&key::OAUTH_TOKEN_FILE, problem);
    }
    if has_file && config.topics.create_missing {
        let problem = "does not work with `kafka.oauth_token_file`; create the topics yourself, e.g. by Strimzi's KafkaTopic";
        source.mistake(&key::CREATE_MISSING, problem);
    }
}

fn distinct_topics(config: &Config, source: &mut Source) {
    let topics = &config.topics;
    let listed = |key: &'static Key, names: &[String]| -> Vec<(&'static Key, String)> {
        names.iter().map(|name| (key, name.clone())).collect()
    };
    let mut all = listed(&key::REQUESTS, &topics.requests);
    all.extend(listed(&key::CPE_EVENTS, &topics.cpe_events));
    all.push((&key::COMMANDS, topics.commands.clone()));
    all.push((&key::RESPONSES, topics.responses.clone()));
    all.push((&key::DEAD_LETTERS, topics.dead_letters.clone()));
    if !topics.nodes.is_empty() {
        all.push((&key::NODES, topics.nodes.clone()));
    }

    let mut seen: BTreeMap<String, &str> = ["routed", "changelog", "ledger"]
        .into_iter()
        .map(|name| {
            (
                format!("{}-{name}", config.application_id),
                "an internal topic of `application_id`",
            )
        })
        .collect();
    for (key, name) in all {
        if let Some(other) = seen.insert(name.clone(), key.path) {
            source.mistake(
                key,
                format!("`{name}` is also {other}; topics must be distinct"),
            );
        }
    }
}

fn properties(properties: &BTreeMap<String, String>, source: &mut Source) {
    for (name, value) in properties {
        if let Some((_, instead)) = OWNED_PROPERTIES.iter().find(|(owned, _)| owned == name) {
            let problem = format!("`{name}` is set by the bridge: {instead}");
            source.mistake(&key::PROPERTIES, problem);
        } else if LOADING_PROPERTIES.contains(&name.as_str()) {
            let problem = format!("`{name}` loads code into the bridge: leave it out");
            source.mistake(&key::PROPERTIES, problem);
        } else if name == "ssl.cipher.suites" && value.contains("SECLEVEL=0") {
            let problem = "`ssl.cipher.suites` with `SECLEVEL=0` lets TLS be spoken as it was before 1.2, and with broken ciphers: leave it out";
            source.mistake(&key::PROPERTIES, problem);
        } else if let Err(problem) = accepted_by_librdkafka(name, value) {
            source.mistake(&key::PROPERTIES, format!("`{name}`: {problem}"));
        }
    }
}

fn accepted_by_librdkafka(name: &str, value: &str) -> Result<(), String> {
    match ClientConfig::new().set(name, value).create_native_config() {
        Ok(_) => Ok(()),
        Err(_) if is_secret(name) => Err("is refused by librdkafka".to_owned()),
        Err(KafkaError::ClientConfig(_, description, ..)) => Err(description),
        Err(error) => Err(error.to_string()),
    }
}

/// Where the ACS does not get the certificate file in the command, only the URL can tell it which one is meant; and only
/// a staged file has a name.
fn urls_tell_installations_apart(config: &Config, source: &mut Source) {
    let content = config.download.content;
    let others = config.overrides.iter();
    let others = others.filter_map(|one| Some((&key::OVERRIDES, one.url.as_ref()?)));
    for (key, url) in std::iter::once((&key::URL, &config.download.url)).chain(others) {
        let has_file = url.contains("{file}");
        let problem = match content {
            ContentDelivery::None if !url.contains("{command_key}") => {
                "must contain {command_key}, because `download.content` is `none`"
            }
            ContentDelivery::Staged if !has_file => {
                "must contain {file}, because `download.content` is `staged`"
            }
            ContentDelivery::Inline | ContentDelivery::None if has_file => {
                "must not contain {file}, unless `download.content` is `staged`"
            }
            ContentDelivery::Inline | ContentDelivery::None | ContentDelivery::Staged => continue,
        };
        source.mistake(key, format!("`{url}` {problem}"));
    }
}

fn staging_is_complete(config: &Config, source: &mut Source) {
    if config.download.content != ContentDelivery::Staged {
        return;
    }
    let (store, secret_file) = (&config.staging.store, &config.staging.secret_file);
    for (key, is_given) in [
        (&key::STORE, store.is_some()),
        (&key::STAGING_SECRET_FILE, secret_file.is_some()),
    ] {
        if !is_given && !source.has_mistake(key) {
            source.mistake(key, "must be given, because `download.content` is `staged`");
        }
    }
}

/// The first line of a file that holds a user name or a password.
pub(super) fn credential(file: Option<&Path>) -> Result<String, String> {
    let Some(file) = file else {
        return Ok(String::new());
    };
    let shown = file.display();
    let unreadable = |error: std::io::Error| format!("{shown} cannot be read: {error}");
    if file.metadata().map_err(unreadable)?.len() > CREDENTIAL_FILE_BYTES_MAX {
        return Err(format!("{shown} is too large to hold one line of text"));
    }
    let text = Zeroizing::new(std::fs::read_to_string(file).map_err(unreadable)?);
    let line = text.trim_end_matches(['\r', '\n']);
    if line.is_empty() || line.contains(char::is_control) {
        return Err(format!("{shown} does not hold exactly one line of text"));
    }
    match line.chars().count() {
        length if length > CREDENTIAL_LENGTH_MAX => Err(format!(
            "{shown} holds {length} characters, at most {CREDENTIAL_LENGTH_MAX} are allowed (TR-069 A.3.2.8)"
        )),
        _ => Ok(line.to_owned()),
    }
}
