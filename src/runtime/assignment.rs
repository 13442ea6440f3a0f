//! What the group gives to this worker and takes from it.

use std::collections::VecDeque;
use std::error::Error;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use rdkafka::ClientContext;
use rdkafka::client::OAuthToken;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, RebalanceProtocol};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use rdkafka::types::RDKafkaRespErr;

use crate::config::Config;

use super::diagnostics::Diagnostics;

/// A partition of a topic.
pub(crate) type Partition = (String, i32);

/// What the group decided.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Rebalance {
    /// These partitions are to be read by this worker.
    Assigned(Vec<Partition>),
    /// These partitions are to be given back.
    Revoked(Vec<Partition>),
}

/// Takes down what the group decides, for the worker's loop to act on.
///
/// Nothing happens inside the callback: commits, restores and errors belong into the loop, where they can fail. The
/// one exception is closing, when the client library waits for the partitions to be given back.
#[derive(Debug)]
pub(super) struct Membership {
    diagnostics: Diagnostics,
    decided: Mutex<VecDeque<Rebalance>>,
    closing: AtomicBool,
}

impl Membership {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            diagnostics: Diagnostics::new("consumer", config),
            decided: Mutex::default(),
            closing: AtomicBool::new(false),
        }
    }
}

impl Membership {
    /// What the client library reports by itself.
    pub(super) const fn diagnostics(&self) -> &Diagnostics {
        &self.diagnostics
    }

    /// The oldest decision that was not taken yet.
    pub(super) fn take(&self) -> Option<Rebalance> {
        self.decided
            .lock()
            .expect("nobody panics while holding it")
            .pop_front()
    }

    /// From here on partitions are given back as soon as the group asks.
    fn close(&self) {
        self.closing.store(true, Ordering::Relaxed);
    }
}

impl ClientContext for Membership {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

    fn generate_oauth_token(&self, config: Option<&str>) -> Result<OAuthToken, Box<dyn Error>> {
        self.diagnostics.generate_oauth_token(config)
    }

    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.diagnostics.log(level, facility, message);
    }

    fn stats_raw(&self, statistics: &[u8]) {
        self.diagnostics.stats_raw(statistics);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.diagnostics.error(error, reason);
    }
}

impl ConsumerContext for Membership {
    fn rebalance(
        &self,
        consumer: &BaseConsumer<Self>,
        code: RDKafkaRespErr,
        list: &mut TopicPartitionList,
    ) {
        let partitions: Vec<Partition> = list
            .elements()
            .iter()
            .map(|element| (element.topic().to_owned(), element.partition()))
            .collect();
        if self.closing.load(Ordering::Relaxed) {
            if let Err(error) = give_back(consumer, &partitions) {
                tracing::debug!(%error, "could not give partitions back while closing");
            }
            return;
        }
        let decision = if code == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS {
            Rebalance::Assigned(partitions)
        } else {
            Rebalance::Revoked(partitions)
        };
        self.decided
            .lock()
            .expect("nobody panics while holding it")
            .push_back(decision);
    }
}

/// The partitions of a topic that have these numbers.
pub(super) fn partitions_of(topic: &str, numbers: impl IntoIterator<Item = i32>) -> Vec<Partition> {
    numbers
        .into_iter()
        .map(|number| (topic.to_owned(), number))
        .collect()
}

/// A list for the client library: each partition with the offset to start at.
pub(super) fn list<'a>(
    partitions: impl IntoIterator<Item = (&'a Partition, Offset)>,
) -> KafkaResult<TopicPartitionList> {
    let mut list = TopicPartitionList::new();
    for ((topic, partition), offset) in partitions {
        list.add_partition_offset(topic, *partition, offset)?;
    }
    Ok(list)
}

/// Starts to read these partitions.
pub(super) fn take_over(
    consumer: &BaseConsumer<Membership>,
    list: &TopicPartitionList,
) -> KafkaResult<()> {
    match consumer.rebalance_protocol() {
        RebalanceProtocol::Cooperative => consumer.incremental_assign(list),
        RebalanceProtocol::Eager | RebalanceProtocol::None => consumer.assign(list),
    }
}

/// Stops reading these partitions, and lets the group have them.
pub(super) fn give_back(
    consumer: &BaseConsumer<Membership>,
    partitions: &[Partition],
) -> KafkaResult<()> {
    match consumer.rebalance_protocol() {
        RebalanceProtocol::Cooperative => {
            consumer.incremental_unassign(&list(partitions.iter().map(|p| (p, Offset::Invalid)))?)
        }
        RebalanceProtocol::Eager | RebalanceProtocol::None => consumer.unassign(),
    }
}

/// Makes the consumer ready to be dropped. What the group decided and nobody has acted on is answered by giving
/// everything back: the client library waits for that answer, and dropping the consumer waits for the library.
pub(super) fn leave(consumer: &BaseConsumer<Membership>) {
    let membership = consumer.context();
    membership.close();
    while let Some(Rebalance::Assigned(partitions) | Rebalance::Revoked(partitions)) =
        membership.take()
    {
        if let Err(error) = give_back(consumer, &partitions) {
            tracing::debug!(%error, "could not give partitions back while leaving");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use rdkafka::mocking::MockCluster;

    use crate::runtime::clients;

    use super::*;

    /// Far more than the mock cluster's rebalance takes.
    const LIMIT: Duration = Duration::from_secs(60);

    #[test]
    fn consumer_that_did_not_act_on_an_assignment_can_be_dropped() {
        let cluster = MockCluster::new(1).unwrap();
        cluster.create_topic("t", 2, 1).unwrap();
        let mut config = Config::default();
        config.kafka.bootstrap_servers = cluster.bootstrap_servers();
        let (sender, dropped) = mpsc::channel();
        std::thread::spawn(move || {
            let consumer = clients::member(&config, 0, 2).unwrap();
            consumer.subscribe(&["t"]).unwrap();
            while consumer.context().decided.lock().unwrap().is_empty() {
                assert!(consumer.poll(Duration::from_millis(100)).is_none());
            }
            leave(&consumer);
            drop(consumer);
            sender.send(()).unwrap();
        });
        assert_eq!(dropped.recv_timeout(LIMIT), Ok(()));
    }
}
