//! `check --connect`: whether the cluster has what the bridge needs; nothing is read or written.

use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use rdkafka::types::RDKafkaRespErr;

use crate::config::Config;

use super::access::{Access, Operation, Resource, needed};
use super::assignment::list;
use super::clients;
use super::clock::Clock;
use super::deliveries::Deliveries;
use super::diagnostics::Diagnostics;
use super::probe::{LISTENED, Probe, offsets};
use super::steps::Steps;
use super::{RuntimeError, topics};

/// How long the cluster may take to answer a question.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// How long one question to the coordinator of the group may take before the client is listened to.
const GROUP_STEP: Duration = Duration::from_secs(1);

/// How long one step of the check may take: more than its questions, since some calls of the client take no limit.
const STEP_LIMIT: Duration = Duration::from_secs(30);

/// What to do about a cluster that does not answer.
pub(super) const MEND: &str =
    "see whether each broker can be reached and is not stuck, and check again";

/// How far clocks may be apart.
const SKEW_MAX: Duration = Duration::from_secs(60);

/// A partition that no topic has: the cluster refuses to commit for it, after it has looked at the access.
const NO_PARTITION: i32 = i32::MAX - 1;

/// Errors of a commit that the coordinator of the group never judged.
const NO_ANSWER: [RDKafkaErrorCode; 7] = [
    RDKafkaErrorCode::AllBrokersDown,
    RDKafkaErrorCode::BrokerTransportFailure,
    RDKafkaErrorCode::CoordinatorNotAvailable,
    RDKafkaErrorCode::NotCoordinator,
    RDKafkaErrorCode::OperationTimedOut,
    RDKafkaErrorCode::RequestTimedOut,
    RDKafkaErrorCode::WaitingForCoordinator,
];

/// What a topic is to this user.
enum Presence {
    Absent,
    Forbidden,
    Present(i32),
}

/// A look at the cluster; mistakes are collected.
pub(super) struct ClusterCheck<'c> {
    config: &'c Config,
    probe: &'c Probe,
    steps: &'c Steps,
    mistakes: Vec<String>,
}

impl<'c> ClusterCheck<'c> {
    pub(super) const fn new(config: &'c Config, probe: &'c Probe, steps: &'c Steps) -> Self {
        Self {
            config,
            probe,
            steps,
            mistakes: Vec::new(),
        }
    }

    /// All that is missing or wrong.
    ///
    /// # Errors
    /// If the cluster does not answer; the steps have limits.
    pub(super) fn run(mut self) -> Result<Vec<String>, RuntimeError> {
        let mut readable = Vec::new();
        for access in needed(self.config) {
            self.begin(&format!("looking at the access to {}", access.resource));
            match &access.resource {
                Resource::Topic(topic) => match self.presence(topic)? {
                    Presence::Absent => self.absent(topic, &access)?,
                    Presence::Forbidden => {
                        for operation in access.operations {
                            self.missing(operation, &access.resource);
                        }
                    }
                    Presence::Present(count) => {
                        for operation in access.operations {
                            let doing = operation.as_str();
                            self.begin(&format!("trying {doing} on {}", access.resource));
                            if !self.is_allowed(operation, topic)? {
                                self.missing(operation, &access.resource);
                            } else if operation == Operation::Read {
                                readable.push((topic.clone(), count));
                            }
                        }
                    }
                },
                Resource::Group(_) => {
                    if !self.may_commit()? {
                        self.missing(Operation::Read, &access.resource);
                    }
                }
                Resource::TransactionalIds(prefix) => {
                    if !self.may_begin_transactions(prefix)? {
                        self.missing(Operation::Write, &access.resource);
                    }
                }
            }
        }
        self.begin("looking at the internal topics");
        self.internal_topics()?;
        for (topic, count) in readable {
            self.begin(&format!("looking at the clocks of topic {topic}"));
            self.clock(&topic, count)?;
        }
        Ok(self.mistakes)
    }

    fn begin(&self, doing: &str) {
        self.steps.begin(STEP_LIMIT, doing);
    }

    fn missing(&mut self, operation: Operation, resource: &Resource) {
        self.mistakes.push(format!(
            "{} on {resource} is not allowed for this user: allow it (credbridge acls prints all that is needed)",
            operation.as_str()
        ));
    }

    fn absent(&mut self, topic: &str, access: &Access) -> Result<(), RuntimeError> {
        let names = &self.config.topics;
        let inputs = names.requests.iter().chain(&names.cpe_events);
        let is_input = inputs.chain([&names.nodes]).any(|input| input == topic);
        if names.create_missing && !is_input {
            if !topics::may_create(self.config, topic)? {
                self.missing(Operation::Create, &access.resource);
            }
            return Ok(());
        }
        let mend = if is_input {
            "create it, or correct topics.requests, topics.cpe_events and topics.nodes"
        } else {
            "create it, or set topics.create_missing: true"
        };
        self.mistakes
            .push(format!("topic {topic} does not exist: {mend}"));
        Ok(())
    }

    fn presence(&self, topic: &str) -> Result<Presence, RuntimeError> {
        let metadata = self
            .probe
            .client()
            .fetch_metadata(Some(topic), ANSWER_TIMEOUT)
            .map_err(|error| failed("asking for the partitions of", topic, &error))?;
        let known = metadata.topics().iter().find(|known| known.name() == topic);
        Ok(
            match known.map(|known| (known.error(), known.partitions().len())) {
                Some((Some(RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED), _)) => {
                    Presence::Forbidden
                }
                Some((None, count)) if count > 0 => {
                    Presence::Present(i32::try_from(count).unwrap_or(i32::MAX))
                }
                Some(_) | None => Presence::Absent,
            },
        )
    }

    fn is_allowed(&self, operation: Operation, topic: &str) -> Result<bool, RuntimeError> {
        match operation {
            Operation::Read => self.may_read(topic),
            Operation::Write => self.may_write(topic),
            Operation::DescribeConfigs => Ok(!topics::can_describe(self.config)
                || topics::cleanup_policy(self.config, topic)?.is_some()),
            // It exists.
            Operation::Create => Ok(true),
        }
    }

    /// Reads from the end of a partition, where nothing is.
    fn may_read(&self, topic: &str) -> Result<bool, RuntimeError> {
        let consumer = clients::end_reader(self.config)
            .map_err(|error| failed("making a consumer for", topic, &error))?;
        let end =
            list([(&(topic.to_owned(), 0), Offset::End)]).and_then(|end| consumer.assign(&end));
        end.map_err(|error| failed("reading", topic, &error))?;
        let clock = Clock::new();
        while clock.elapsed() < ANSWER_TIMEOUT {
            match consumer.poll(Duration::from_millis(50)) {
                Some(Ok(_) | Err(KafkaError::PartitionEOF(_))) => return Ok(true),
                Some(Err(error)) if is(&error, RDKafkaErrorCode::TopicAuthorizationFailed) => {
                    return Ok(false);
                }
                Some(Err(_)) | None => {}
            }
        }
        Err(RuntimeError::Failed(format!(
            "reading topic {topic}: no answer within {ANSWER_TIMEOUT:?}; {MEND}"
        )))
    }

    /// Sends a record with a number of acknowledgements that no broker accepts: it looks at the access first, and
    /// writes nothing.
    fn may_write(&self, topic: &str) -> Result<bool, RuntimeError> {
        let producer: BaseProducer<Deliveries> = clients::refused_producer(self.config)
            .map_err(|error| failed("making a producer for", topic, &error))?;
        let record: BaseRecord<'_, [u8], [u8]> = BaseRecord::to(topic).key(b"credbridge check");
        producer
            .send(record)
            .map_err(|(error, _)| failed("writing to", topic, &error))?;
        producer
            .flush(ANSWER_TIMEOUT)
            .map_err(|error| failed("writing to", topic, &error))?;
        match producer.context().take_failure() {
            Some(error) if is(&error, RDKafkaErrorCode::TopicAuthorizationFailed) => Ok(false),
            Some(error) if is(&error, RDKafkaErrorCode::InvalidRequiredAcks) => Ok(true),
            Some(error) => Err(failed("writing to", topic, &error)),
            None => Ok(true),
        }
    }

    /// Commits an offset for a partition that does not exist.
    fn may_commit(&self) -> Result<bool, RuntimeError> {
        let group = &self.config.application_id;
        let failed = |error| failed("asking for offsets of the group", group, &error);
        let consumer: BaseConsumer<Diagnostics> = clients::tool(self.config).map_err(failed)?;
        let mut offset = TopicPartitionList::new();
        offset
            .add_partition_offset(&self.config.routed_topic(), NO_PARTITION, Offset::Offset(0))
            .map_err(failed)?;
        let forbidden = RDKafkaErrorCode::GroupAuthorizationFailed;
        // While the coordinator of a group is hidden, a commit would wait for it for ever, and a question until its time
        // is over; why it is hidden, the client says only to who asks for records. There are none, since nothing is assigned.
        let clock = Clock::new();
        while let Err(error) = consumer.committed_offsets(offset.clone(), GROUP_STEP) {
            drop(consumer.poll(LISTENED));
            if is(&error, forbidden) || consumer.context().take_errors().contains(&forbidden) {
                return Ok(false);
            }
            if clock.elapsed() > ANSWER_TIMEOUT {
                return Err(failed(error));
            }
        }
        match consumer.commit(&offset, CommitMode::Sync) {
            Err(error) if is(&error, forbidden) => Ok(false),
            Err(error) if NO_ANSWER.iter().any(|code| is(&error, *code)) => Err(failed(error)),
            // It looked at the access before it refused the partition.
            Ok(()) | Err(_) => Ok(true),
        }
    }

    /// Begins nothing: it makes a producer known that no worker is.
    fn may_begin_transactions(&self, prefix: &str) -> Result<bool, RuntimeError> {
        let id = format!("{prefix}check");
        match clients::end_transaction(self.config, &id) {
            Ok(()) => Ok(true),
            Err(error) if is(&error, RDKafkaErrorCode::TransactionalIdAuthorizationFailed) => {
                Ok(false)
            }
            Err(error) => Err(failed(
                "making a producer with the transactional id",
                &id,
                &error,
            )),
        }
    }

    /// Partition counts and compaction.
    fn internal_topics(&mut self) -> Result<(), RuntimeError> {
        let (routed, changelog) = (self.config.routed_topic(), self.config.changelog_topic());
        if let (Presence::Present(of_routed), Presence::Present(of_changelog)) =
            (self.presence(&routed)?, self.presence(&changelog)?)
        {
            self.mistakes
                .extend(topics::unequal(self.config, of_routed, of_changelog));
            self.mistakes.extend(topics::not_compacted(self.config)?);
        }
        Ok(())
    }

    /// A record from the future tells of a clock that is wrong: that of a producer, of a broker (where brokers set the
    /// time), or of this machine.
    fn clock(&mut self, topic: &str, count: i32) -> Result<(), RuntimeError> {
        let soon = Clock::new().now() + SKEW_MAX;
        let time = Offset::Offset(i64::try_from(soon.as_millis()).unwrap_or(i64::MAX));
        let partitions: Vec<_> = (0..count)
            .map(|number| (topic.to_owned(), number))
            .collect();
        let found = list(partitions.iter().map(|partition| (partition, time)))
            .and_then(|asked| self.probe.client().offsets_for_times(asked, ANSWER_TIMEOUT))
            .and_then(|found| offsets(&found))
            .map_err(|error| failed("asking for the newest records of", topic, &error))?;
        if let Some(((_, partition), offset)) = found.into_iter().next() {
            self.mistakes.push(format!(
                "the record at {topic}/{partition}/{offset} is more than {} s in the future: the clock of its producer, of the \
                 broker or of this machine is wrong; set them by NTP",
                SKEW_MAX.as_secs()
            ));
        }
        Ok(())
    }
}

fn is(error: &KafkaError, code: RDKafkaErrorCode) -> bool {
    if let KafkaError::Transaction(cause) = error {
        return cause.code() == code;
    }
    error.rdkafka_error_code() == Some(code)
}

fn failed(doing: &str, what: &str, error: &KafkaError) -> RuntimeError {
    RuntimeError::Failed(format!("{doing} {what}: {error}; {MEND}"))
}

#[cfg(test)]
mod tests {
    use rdkafka::mocking::MockCluster;
    use rdkafka::types::RDKafkaApiKey;

    use super::*;
    use crate::runtime::{PROBE_TIMEOUT, Stop, steps};

    #[test]
    fn only_a_coordinator_that_judged_the_commit_tells_of_the_access() {
        use RDKafkaRespErr::{
            RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
            RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID,
        };
        let cluster = MockCluster::new(1).unwrap();
        cluster.create_topic("credbridge-routed", 1, 1).unwrap();
        // What is said of the group where the cluster answers a commit so.
        let judged = |answers: &[RDKafkaRespErr]| {
            cluster.clear_request_errors(RDKafkaApiKey::OffsetCommit);
            cluster.request_errors(RDKafkaApiKey::OffsetCommit, answers);
            let mut config = Config::default();
            config.kafka.bootstrap_servers = cluster.bootstrap_servers();
            steps::in_steps("", move |steps| {
                let client = clients::probe(&config).unwrap();
                let probe = Probe::new(client, PROBE_TIMEOUT, Stop::default());
                let check = ClusterCheck::new(&config, &probe, steps);
                check.begin("committing");
                check.may_commit()
            })
        };
        assert!(judged(&[]).unwrap());
        assert!(judged(&[RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID]).unwrap());
        assert!(!judged(&[RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED]).unwrap());
        let error = judged(&[RD_KAFKA_RESP_ERR_NOT_COORDINATOR; 9]).unwrap_err();
        assert!(
            error.to_string().contains("the group credbridge"),
            "{error}"
        );
    }
}
