//! The topics must fit before anything is read: checks at the start, and creation on request.

use std::time::Duration;

use futures_executor::block_on;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use crate::config::Config;

use super::diagnostics::Diagnostics;
use super::probe::Probe;
use super::stop::Stop;
use super::trouble::advice;
use super::{RuntimeError, clients};

/// How long the cluster may take to create topics.
const CREATE_TIMEOUT: Duration = Duration::from_secs(30);

/// How long the cluster may take to tell the settings of a topic.
const DESCRIBE_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a broker may take to answer at all; short, since signs of life are given between two questions.
const REACH_STEP: Duration = Duration::from_secs(2);

/// How long to wait between two tries to reach the cluster.
const RETRY: Duration = Duration::from_millis(500);

/// Shortest life of tombstones that is not warned about, in milliseconds: longer than any restore.
const TOMBSTONES_MS_MIN: u64 = 3_600_000;

/// The changelog keeps the last value per key; tombstones stay a day, longer than any restore.
const CHANGELOG: [(&str, &str); 5] = [
    ("cleanup.policy", "compact"),
    ("min.cleanable.dirty.ratio", "0.2"),
    ("segment.ms", "1800000"),
    ("max.compaction.lag.ms", "3600000"),
    ("delete.retention.ms", "86400000"),
];

/// The dead letters must admit the largest record of the inputs.
const DEAD_LETTERS: [(&str, &str); 1] = [("max.message.bytes", "10485760")];

/// Waits for the cluster, giving signs of life meanwhile, creates what is missing if that is wanted, and checks that the topics fit. Returns the number
/// of shards; `None` if a stop was asked for meanwhile.
///
/// # Errors
/// If topics are missing or do not fit each other; the text tells how to mend it.
pub(super) fn prepare(
    config: &Config,
    probe: &Probe,
    stop: &Stop,
    alive: &dyn Fn(),
) -> Result<Option<i32>, RuntimeError> {
    if !reach(config, probe, alive) {
        return Ok(None);
    }
    if config.topics.create_missing {
        create_missing(config, probe, stop)?;
        alive();
    }
    fit(config, probe).map(Some)
}

/// Checks that the topics fit each other; returns the number of shards.
///
/// # Errors
/// If they do not; the text tells how to mend it.
fn fit(config: &Config, probe: &Probe) -> Result<i32, RuntimeError> {
    check_presence(config, probe)?;
    let routed = count(probe, &config.routed_topic())?;
    let changelog = count(probe, &config.changelog_topic())?;
    match unequal(config, routed, changelog) {
        Some(mistake) => Err(RuntimeError::Configuration(mistake)),
        None => Ok(routed),
    }
}

/// What is wrong with these numbers of partitions.
pub(super) fn unequal(config: &Config, routed: i32, changelog: i32) -> Option<String> {
    (routed != changelog).then(|| {
        format!(
            "{} has {routed} partitions and {} has {changelog}: both must have the same number, the number of shards, and it must never change; \
             restore the number that both had before",
            config.routed_topic(),
            config.changelog_topic(),
        )
    })
}

/// Waits until a broker answers; says once that it waits.
fn reach(config: &Config, probe: &Probe, alive: &dyn Fn()) -> bool {
    let mut said = false;
    alive();
    let patience = |error: &KafkaError| {
        alive();
        if !said {
            said = true;
            tracing::warn!(
                bootstrap_servers = config.kafka.bootstrap_servers,
                %error,
                trouble = probe.trouble(),
                "no broker answers yet; waiting (check kafka.bootstrap_servers, and security.protocol in kafka.properties)"
            );
        }
        Duration::MAX
    };
    probe.reach(REACH_STEP, RETRY, patience).is_ok()
}

fn count(probe: &Probe, topic: &str) -> Result<i32, RuntimeError> {
    probe.partition_count(topic).map_err(|error| {
        RuntimeError::Failed(format!("asking for the partitions of {topic}: {error}"))
    })
}

fn outputs(config: &Config) -> [&String; 3] {
    [
        &config.topics.commands,
        &config.topics.responses,
        &config.topics.dead_letters,
    ]
}

fn check_presence(config: &Config, probe: &Probe) -> Result<(), RuntimeError> {
    let internals = [
        config.routed_topic(),
        config.changelog_topic(),
        config.ledger_topic(),
    ];
    let mut missing_inputs = Vec::new();
    let nodes = Some(&config.topics.nodes).filter(|nodes| !nodes.is_empty());
    for topic in config
        .topics
        .requests
        .iter()
        .chain(&config.topics.cpe_events)
        .chain(nodes)
    {
        if count(probe, topic)? == 0 {
            missing_inputs.push(topic.as_str());
        }
    }
    let mut missing = Vec::new();
    for topic in outputs(config).into_iter().chain(&internals) {
        if count(probe, topic)? == 0 {
            missing.push(topic.as_str());
        }
    }
    if missing_inputs.is_empty() && missing.is_empty() {
        return Ok(());
    }
    let mut text = String::from("topics are missing, or this user may not describe them:");
    if !missing_inputs.is_empty() {
        text += &format!(
            " inputs {} (create them, allow Read on them, or correct topics.requests, topics.cpe_events and topics.nodes);",
            missing_inputs.join(", ")
        );
    }
    if !missing.is_empty() {
        text += &format!(
            " {} (create them, allow Write on them, or set topics.create_missing: true; {} and {} need the same number of partitions, and the latter cleanup.policy=compact)",
            missing.join(", "),
            internals[0],
            internals[1],
        );
    }
    Err(RuntimeError::Configuration(text))
}

fn create_missing(config: &Config, probe: &Probe, stop: &Stop) -> Result<(), RuntimeError> {
    let shards = i32::try_from(config.topics.shards).unwrap_or(i32::MAX);
    let routed = config.routed_topic();
    let changelog = config.changelog_topic();
    let ledger = config.ledger_topic();
    let mut wanted: Vec<NewTopic<'_>> = Vec::new();
    for topic in outputs(config)
        .into_iter()
        .chain([&routed, &changelog, &ledger])
    {
        if count(probe, topic)? > 0 {
            continue;
        }
        let mut new = NewTopic::new(topic, shards, TopicReplication::Fixed(-1));
        let settings: &[_] = if *topic == changelog {
            &CHANGELOG
        } else if *topic == config.topics.dead_letters {
            &DEAD_LETTERS
        } else {
            &[]
        };
        for (name, value) in settings {
            new = new.set(name, value);
        }
        wanted.push(new);
    }
    if wanted.is_empty() {
        return Ok(());
    }
    let admin = admin(config)?;
    let options = AdminOptions::new()
        .request_timeout(Some(CREATE_TIMEOUT))
        .operation_timeout(Some(CREATE_TIMEOUT));
    let created = block_on(admin.create_topics(&wanted, &options))
        .map_err(|error| RuntimeError::Failed(format!("creating topics: {error}")))?;
    for result in created {
        match result {
            Ok(topic) => tracing::info!(topic, "topic created"),
            // Another process of the application was faster.
            Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((topic, code)) => {
                return Err(RuntimeError::Configuration(format!(
                    "topic {topic} cannot be created: {code}; allow Create on it, or create it yourself and set topics.create_missing: false"
                )));
            }
        }
    }
    await_presence(probe, &wanted, stop)
}

/// Whether this user may create a topic that is not there; nothing is created.
pub(super) fn may_create(config: &Config, topic: &str) -> Result<bool, RuntimeError> {
    let options = AdminOptions::new()
        .request_timeout(Some(DESCRIBE_TIMEOUT))
        .validate_only(true);
    let new = NewTopic::new(topic, 1, TopicReplication::Fixed(-1));
    let created = block_on(admin(config)?.create_topics([&new], &options)).map_err(|error| {
        RuntimeError::Failed(format!("asking whether {topic} may be created: {error}"))
    })?;
    Ok(!created
        .iter()
        .any(|result| matches!(result, Err((_, RDKafkaErrorCode::TopicAuthorizationFailed)))))
}

fn admin(config: &Config) -> Result<AdminClient<Diagnostics>, RuntimeError> {
    clients::admin(config)
        .map_err(|error| RuntimeError::Failed(format!("making the admin client: {error}")))
}

/// A topic is created before every broker knows of it.
fn await_presence(probe: &Probe, wanted: &[NewTopic<'_>], stop: &Stop) -> Result<(), RuntimeError> {
    const TRIES: usize = 300;
    const PAUSE: Duration = Duration::from_millis(100);
    for topic in wanted {
        let mut tries = 0;
        while count(probe, topic.name)? == 0 {
            tries += 1;
            if tries > TRIES {
                return Err(RuntimeError::Failed(format!(
                    "topic {} was created and does not appear",
                    topic.name
                )));
            }
            stop.wait(PAUSE);
        }
    }
    Ok(())
}

/// A changelog that is not only compacted loses state when retention comes.
///
/// # Errors
/// If the changelog is not only compacted. Where the setting cannot be read, and for the node directory, that is logged.
pub(super) fn check_compaction(config: &Config) -> Result<(), RuntimeError> {
    if !can_describe(config) {
        tracing::info!(
            topic = config.changelog_topic(),
            "cleanup.policy of the changelog is not looked at with kafka.oauth_token_file; it must be compact"
        );
        return Ok(());
    }
    warn_of_forgetful_nodes(config)?;
    let admin = admin(config)?;
    let changelog = config.changelog_topic();
    let options = AdminOptions::new().request_timeout(Some(DESCRIBE_TIMEOUT));
    let described =
        block_on(admin.describe_configs(&[ResourceSpecifier::Topic(&changelog)], &options));
    let settings = match described {
        Ok(resources) => resources.into_iter().next().and_then(Result::ok),
        Err(error) => {
            log_unknown_policy(&changelog, &error);
            return Ok(());
        }
    };
    let setting = |name: &str| settings.as_ref()?.get(name)?.value.clone();
    let retention = setting("delete.retention.ms").and_then(|text| text.parse::<u64>().ok());
    if let Some(millis) = retention.filter(|millis| *millis < TOMBSTONES_MS_MIN) {
        tracing::warn!(
            topic = changelog,
            delete_retention_ms = millis,
            "tombstones of the changelog go early: a restore that takes longer brings forgotten installations back; set delete.retention.ms to a day"
        );
    }
    match setting("cleanup.policy") {
        Some(policy) => match unfit(&changelog, &policy) {
            Some(mistake) => Err(RuntimeError::Configuration(mistake)),
            None => Ok(()),
        },
        // The client library gives an empty answer where DescribeConfigs is not allowed.
        None => {
            tracing::warn!(
                topic = changelog,
                "cleanup.policy of the changelog cannot be read (is DescribeConfigs allowed?); it must be compact"
            );
            Ok(())
        }
    }
}

/// Whether settings of topics can be looked at: the client that does so takes no token.
pub(super) const fn can_describe(config: &Config) -> bool {
    config.kafka.oauth_token_file.is_none()
}

/// The setting `cleanup.policy` of a topic; `None` if it cannot be read.
pub(super) fn cleanup_policy(config: &Config, topic: &str) -> Result<Option<String>, RuntimeError> {
    if !can_describe(config) {
        return Ok(None);
    }
    let admin = admin(config)?;
    let options = AdminOptions::new().request_timeout(Some(DESCRIBE_TIMEOUT));
    let described = block_on(admin.describe_configs(&[ResourceSpecifier::Topic(topic)], &options));
    let settings = described
        .ok()
        .and_then(|resources| resources.into_iter().next()?.ok());
    Ok(settings.and_then(|settings| settings.get("cleanup.policy")?.value.clone()))
}

/// What is wrong with the changelog's policy, as far as it can be read.
pub(super) fn not_compacted(config: &Config) -> Result<Option<String>, RuntimeError> {
    let changelog = config.changelog_topic();
    let policy = cleanup_policy(config, &changelog)?;
    Ok(policy.and_then(|policy| unfit(&changelog, &policy)))
}

fn unfit(changelog: &str, policy: &str) -> Option<String> {
    (!keeps_the_last(policy)).then(|| {
        format!(
            "{changelog} has cleanup.policy={policy}: state would be lost when retention comes; set cleanup.policy=compact"
        )
    })
}

/// Whether the last record of each key stays: `compact,delete` throws it away too, once it is old.
fn keeps_the_last(policy: &str) -> bool {
    policy.split(',').all(|part| part.trim() == "compact")
}

/// Without the old records of the directory its nodes are not there, and requests for them are refused.
fn warn_of_forgetful_nodes(config: &Config) -> Result<(), RuntimeError> {
    let nodes = &config.topics.nodes;
    if nodes.is_empty() {
        return Ok(());
    }
    if let Some(policy) = cleanup_policy(config, nodes)?.filter(|policy| !keeps_the_last(policy)) {
        tracing::warn!(
            topic = nodes,
            cleanup_policy = policy,
            "nodes would be forgotten when retention comes; set cleanup.policy=compact"
        );
    }
    Ok(())
}

fn log_unknown_policy(changelog: &str, error: &KafkaError) {
    let advice = error
        .rdkafka_error_code()
        .and_then(advice)
        .unwrap_or("it must be compact");
    tracing::warn!(topic = changelog, %error, advice, "cleanup.policy of the changelog cannot be read");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_compaction_alone_keeps_state() {
        assert_eq!(unfit("changelog", "compact"), None);
        for policy in ["delete", "compact,delete", "delete, compact", ""] {
            let mistake = unfit("changelog", policy).unwrap();
            assert!(
                mistake.contains(&format!("cleanup.policy={policy}:")),
                "{mistake}"
            );
        }
    }
}
