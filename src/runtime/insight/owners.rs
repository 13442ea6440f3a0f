//! Which instance owns a shard, as Kafka tells it.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::consumer::Consumer as _;
use serde::Serialize;

use crate::config::Config;
use crate::runtime::probe::Probe;

/// How long Kafka may take to tell the members of the group.
const MEMBERS_TIMEOUT: Duration = Duration::from_secs(3);

/// Who owns a shard.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Owner {
    /// Its `instance_id`.
    pub instance: String,
    /// Its worker.
    pub worker: usize,
    /// Who says so.
    pub told_by: Witness,
}

/// Who says which instance owns a shard.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Witness {
    /// The coordinator of the group: the shard is assigned to that worker.
    Assignment,
    /// The text beside the last committed offset of the shard: that worker committed it.
    LastCommit,
}

/// Asks Kafka who owns a shard.
pub(in crate::runtime) struct Owners {
    probe: Arc<Probe>,
    application_id: String,
    routed_topic: String,
}

impl Owners {
    pub(in crate::runtime) fn new(config: &Config, probe: &Arc<Probe>) -> Self {
        Self {
            probe: Arc::clone(probe),
            application_id: config.application_id.clone(),
            routed_topic: config.routed_topic(),
        }
    }

    /// The owner of a shard; `None` if nobody has it, or Kafka does not tell.
    pub(super) fn of(&self, shard: i32) -> Option<Owner> {
        self.by_assignment(shard)
            .or_else(|| self.by_last_commit(shard))
    }

    fn by_assignment(&self, shard: i32) -> Option<Owner> {
        let client = self.probe.client();
        let groups = client.fetch_group_list(Some(&self.application_id), MEMBERS_TIMEOUT);
        let groups = groups
            .inspect_err(|error| tracing::debug!(%error, "the members of the group are not told"))
            .ok()?;
        let members = groups.groups().iter().flat_map(|group| group.members());
        let owner = members.into_iter().find(|member| {
            let assignment = member.assignment().unwrap_or_default();
            assigns(assignment, &self.routed_topic, shard).unwrap_or(false)
        })?;
        let name = owner.client_id().strip_suffix("-consumer")?;
        self.named(name, Witness::Assignment)
    }

    fn by_last_commit(&self, shard: i32) -> Option<Owner> {
        let partition = (self.routed_topic.clone(), shard);
        let signatures = self.probe.signatures(&[partition]);
        let signatures = signatures
            .inspect_err(|error| tracing::debug!(%error, "the last commit is not told"))
            .ok()?;
        self.named(signatures.first()?, Witness::LastCommit)
    }

    /// A name has the form `<application_id>-<instance_id>-<worker>`.
    fn named(&self, name: &str, told_by: Witness) -> Option<Owner> {
        let name = name.strip_prefix(&self.application_id)?.strip_prefix('-')?;
        let (instance, worker) = name.rsplit_once('-')?;
        Some(Owner {
            instance: instance.to_owned(),
            worker: worker.parse().ok()?,
            told_by,
        })
    }
}

/// Whether an assignment in the form of the consumer protocol (version, topics with their partitions, user data) has
/// that partition; `None` if it is not of that form.
fn assigns(assignment: &[u8], topic: &str, partition: i32) -> Option<bool> {
    let mut rest = assignment;
    take::<2>(&mut rest)?;
    for _ in 0..number(&mut rest)? {
        let length = usize::from(u16::from_be_bytes(take(&mut rest)?));
        let name = rest.split_off(..length)?;
        let count = number(&mut rest)?;
        for _ in 0..count {
            let is_meant = number(&mut rest)? == partition && name == topic.as_bytes();
            if is_meant {
                return Some(true);
            }
        }
    }
    Some(false)
}

fn number(rest: &mut &[u8]) -> Option<i32> {
    take(rest).map(i32::from_be_bytes)
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    rest.split_off(..N)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assignment(topics: &[(&str, &[i32])]) -> Vec<u8> {
        let mut bytes = vec![0, 1];
        bytes.extend(i32::try_from(topics.len()).unwrap().to_be_bytes());
        for (name, partitions) in topics {
            bytes.extend(u16::try_from(name.len()).unwrap().to_be_bytes());
            bytes.extend(name.as_bytes());
            bytes.extend(i32::try_from(partitions.len()).unwrap().to_be_bytes());
            bytes.extend(partitions.iter().flat_map(|number| number.to_be_bytes()));
        }
        bytes.extend((-1_i32).to_be_bytes());
        bytes
    }

    #[test]
    fn an_assignment_tells_its_partitions_and_a_broken_one_nothing() {
        let bytes = assignment(&[("requests", &[7]), ("a-routed", &[2, 3])]);
        assert_eq!(assigns(&bytes, "a-routed", 3), Some(true));
        assert_eq!(assigns(&bytes, "a-routed", 7), Some(false));
        assert_eq!(assigns(&bytes, "requests", 7), Some(true));
        assert_eq!(assigns(&[], "a-routed", 3), None);
        for end in 0..bytes.len() - 16 {
            assert_eq!(assigns(&bytes[..end], "a-routed", 3), None, "{end}");
        }
        let endless = [0, 0, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0x7f, 0xff, 0xff, 0xff];
        assert_eq!(assigns(&endless, "a-routed", 3), None);
    }
}
