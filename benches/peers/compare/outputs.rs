//! The topics that a run writes to: new ones for each, so that no run finds what another wrote.

use super::kafka::broker::Broker;

/// Names of the output topics of one run.
pub(super) struct Outputs {
    pub(super) commands: String,
    pub(super) responses: String,
    pub(super) dead_letters: String,
}

impl Outputs {
    /// Makes the topics of a group.
    pub(super) fn create(broker: &Broker, group: &str, partitions: i32) -> Self {
        let topic = |suffix: &str| format!("{group}.{suffix}");
        let outputs = Self {
            commands: topic("commands"),
            responses: topic("responses"),
            dead_letters: topic("dead-letters"),
        };
        let client = broker.client();
        for name in outputs.names() {
            client.create_topic(name, partitions, &[]);
        }
        outputs
    }

    pub(super) fn names(&self) -> [&str; 3] {
        [&self.commands, &self.responses, &self.dead_letters]
    }

    /// Removes every topic that belongs to the group, internal ones as well: the disk is memory.
    pub(super) fn remove(&self, broker: &Broker, internal: &[String]) {
        let client = broker.client();
        for name in self
            .names()
            .into_iter()
            .chain(internal.iter().map(String::as_str))
        {
            if client.partitions(name) > 0 {
                client.delete_topic(name);
            }
        }
    }
}
