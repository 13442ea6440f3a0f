//! What the bridge must be allowed to do on the cluster.

use std::fmt;

use crate::config::{Config, Delivery};

/// Something that access is granted to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Resource {
    /// A topic.
    Topic(String),
    /// A consumer group.
    Group(String),
    /// All transactional ids that begin so.
    TransactionalIds(String),
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Topic(name) => write!(f, "topic {name}"),
            Self::Group(name) => write!(f, "group {name}"),
            Self::TransactionalIds(prefix) => {
                write!(f, "transactional ids that begin with {prefix}")
            }
        }
    }
}

/// What is to be allowed, by its name in Kafka. Read and Write allow Describe, too.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Operation {
    /// Read records or commit offsets.
    Read,
    /// Write records, or begin transactions.
    Write,
    /// Make the topic.
    Create,
    /// See that the changelog is compacted.
    DescribeConfigs,
}

impl Operation {
    /// Its name in Kafka.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "Read",
            Self::Write => "Write",
            Self::Create => "Create",
            Self::DescribeConfigs => "DescribeConfigs",
        }
    }
}

/// Operations on one resource.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Access {
    /// On what.
    pub resource: Resource,
    /// What.
    pub operations: Vec<Operation>,
}

/// Exactly the access that the bridge needs with this configuration.
pub fn needed(config: &Config) -> Vec<Access> {
    use Operation::{Create, DescribeConfigs, Read, Write};
    let topics = &config.topics;
    let create = topics.create_missing.then_some(Create);
    let topic = |name: &str, operations: &[Operation], create: Option<Operation>| Access {
        resource: Resource::Topic(name.to_owned()),
        operations: operations.iter().copied().chain(create).collect(),
    };
    let inputs = topics.requests.iter().chain(&topics.cpe_events);
    let nodes = Some(&topics.nodes).filter(|nodes| !nodes.is_empty());
    let mut all: Vec<Access> = inputs
        .chain(nodes)
        .map(|name| topic(name, &[Read], None))
        .collect();
    for name in [&topics.commands, &topics.responses, &topics.dead_letters] {
        all.push(topic(name, &[Write], create));
    }
    all.push(topic(&config.routed_topic(), &[Read, Write], create));
    let changelog = [Read, Write, DescribeConfigs];
    all.push(topic(&config.changelog_topic(), &changelog, create));
    all.push(topic(&config.ledger_topic(), &[Write], create));
    all.push(Access {
        resource: Resource::Group(config.application_id.clone()),
        operations: vec![Read],
    });
    if config.delivery == Delivery::ExactlyOnce {
        all.push(Access {
            resource: Resource::TransactionalIds(format!("{}-", config.application_id)),
            operations: vec![Write],
        });
    }
    all
}
