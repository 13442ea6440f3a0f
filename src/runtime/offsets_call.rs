//! The call that adds offsets to a transaction, made by a thread that may be left behind.

use std::io;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use rdkafka::consumer::ConsumerGroupMetadata;
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::producer::{BaseProducer, Producer as _};
use rdkafka::topic_partition_list::TopicPartitionList;

use super::RuntimeError;
use super::deliveries::Deliveries;
use super::trouble::Trouble;

/// What the call is, in errors.
const NAME: &str = "send_offsets_to_transaction";

/// How long the cluster may take to add offsets to a transaction: longer than Apache Kafka needs to notice that a broker
/// is dead (9 s) and to have another in its place. A new session finds the right one at once.
const LIMIT: Duration = Duration::from_secs(12);

/// Calls that have not come back, after which the process is to begin anew: each holds the threads and buffers of a
/// producer.
const LEFT_BEHIND_MAX: usize = 16;

/// How long one wait for the answer lasts before the caller gives a sign of life.
const STEP: Duration = Duration::from_secs(1);

/// Adds offsets to transactions.
///
/// The client library limits this call for the coordinator of the transaction only. Its question to the coordinator of
/// the *group* has no end of its own: when that broker fails at the wrong moment, the call goes on only when the
/// connection to some broker comes or goes (librdkafka, issues 5456 and 5511). So a thread makes the call. If it does not
/// come back in time, the thread is left behind with the producer, which the next session fences; both end when the call
/// does, if ever.
pub(super) struct OffsetsCall {
    limit: Duration,
    requests: mpsc::SyncSender<Request>,
    answers: mpsc::Receiver<KafkaResult<()>>,
}

/// The threads of all workers that make such calls.
#[derive(Default)]
pub(super) struct OffsetsThreads(Arc<()>);

impl OffsetsThreads {
    /// How many there are: one for each open session, and those that were left behind.
    pub(super) fn count(&self) -> usize {
        Arc::strong_count(&self.0) - 1
    }
}

struct Request {
    producer: Arc<BaseProducer<Deliveries>>,
    offsets: TopicPartitionList,
    group: ConsumerGroupMetadata,
}

impl OffsetsCall {
    /// Starts the thread, for one of so many workers.
    ///
    /// # Errors
    /// If too many have been left behind, or the system has no thread left.
    pub(super) fn start(threads: &OffsetsThreads, workers: usize) -> Result<Self, Trouble> {
        let left_behind = (threads.count() + 1).saturating_sub(workers);
        if left_behind >= LEFT_BEHIND_MAX {
            return Err(Trouble::Ended(RuntimeError::Restart(format!(
                "{left_behind} calls of the Kafka client have not come back, each with a producer"
            ))));
        }
        Self::with_limit(LIMIT, threads).map_err(|error| {
            Trouble::SessionLost(format!("starting a thread for offsets: {error}"))
        })
    }

    fn with_limit(limit: Duration, threads: &OffsetsThreads) -> io::Result<Self> {
        let counted = Arc::clone(&threads.0);
        let (requests, asked) = mpsc::sync_channel::<Request>(1);
        let (answer, answers) = mpsc::sync_channel(1);
        std::thread::Builder::new()
            .name("offsets".to_owned())
            .spawn(move || {
                let _counted = counted;
                for Request {
                    producer,
                    offsets,
                    group,
                } in asked
                {
                    let done = producer.send_offsets_to_transaction(&offsets, &group, limit);
                    // The producer of a session that is over goes with the session, unless that has left it behind.
                    drop(producer);
                    if answer.send(done).is_err() {
                        return;
                    }
                }
            })?;
        Ok(Self {
            limit,
            requests,
            answers,
        })
    }

    /// Adds `offsets` to the open transaction of `producer`; `waiting` is called now and then meanwhile.
    ///
    /// # Errors
    /// If the cluster refuses or does not answer, or `waiting` says so. Either way the session is lost.
    pub(super) fn make(
        &self,
        producer: &Arc<BaseProducer<Deliveries>>,
        offsets: TopicPartitionList,
        group: ConsumerGroupMetadata,
        mut waiting: impl FnMut() -> Result<(), Trouble>,
    ) -> Result<(), Trouble> {
        let request = Request {
            producer: Arc::clone(producer),
            offsets,
            group,
        };
        let gone = |_| Trouble::SessionLost(format!("{NAME}: its thread has ended"));
        self.requests
            .send(request)
            .map_err(|error| gone(error.to_string()))?;
        // The library keeps the limit in most cases, and its error says more.
        let mut left = self.limit + STEP;
        loop {
            let step = left.min(STEP);
            match self.answers.recv_timeout(step) {
                Ok(done) => {
                    return done.map_err(|error: KafkaError| Trouble::from_kafka(NAME, &error));
                }
                Err(mpsc::RecvTimeoutError::Disconnected) => return Err(gone(String::new())),
                Err(mpsc::RecvTimeoutError::Timeout) => left -= step,
            }
            waiting()?;
            if left.is_zero() {
                return Err(Trouble::SessionLost(format!(
                    "{NAME}: no answer within {:?}, and the client library waits on; its producer is left behind",
                    self.limit
                )));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rdkafka::consumer::{BaseConsumer, Consumer as _};
    use rdkafka::mocking::{MockCluster, MockCoordinator};
    use rdkafka::producer::BaseRecord;
    use rdkafka::topic_partition_list::Offset;

    use crate::config::Config;
    use crate::runtime::clients;

    use super::*;

    const SHORT_LIMIT: Duration = Duration::from_millis(500);

    /// Far more than the mock cluster takes.
    const ANSWER_LIMIT: Duration = Duration::from_secs(30);

    #[test]
    fn call_that_does_not_come_back_is_left_behind() {
        let cluster = MockCluster::new(2).unwrap();
        cluster.create_topic("t", 1, 1).unwrap();
        cluster.partition_leader("t", 0, Some(1)).unwrap();
        let mut config = Config::default();
        config.kafka.bootstrap_servers = cluster.bootstrap_servers();
        let id = clients::transactional_id(&config, 0);
        cluster
            .coordinator(MockCoordinator::Transaction(id), 1)
            .unwrap();
        cluster
            .coordinator(MockCoordinator::Group(config.application_id.clone()), 2)
            .unwrap();
        let producer = Arc::new(clients::producer(&config, 0).unwrap());
        clients::init_transactions(&producer, ANSWER_LIMIT).unwrap();
        let consumer: BaseConsumer<_> = clients::member(&config, 0, 1).unwrap();
        let group = || consumer.group_metadata().unwrap();
        let offsets = || {
            let mut offsets = TopicPartitionList::new();
            let offset = Offset::Offset(1);
            offsets.add_partition_offset("t", 0, offset).unwrap();
            offsets
        };
        let begin = || {
            producer.begin_transaction().unwrap();
            let record: BaseRecord<'_, str, str> = BaseRecord::to("t").partition(0).payload("a");
            producer.send(record).unwrap();
            while producer.in_flight_count() > 0 {
                producer.poll(Duration::from_millis(10));
            }
        };
        begin();
        let threads = OffsetsThreads::default();
        let prompt = OffsetsCall::with_limit(ANSWER_LIMIT, &threads).unwrap();
        prompt
            .make(&producer, offsets(), group(), || Ok(()))
            .unwrap();
        producer.commit_transaction(ANSWER_LIMIT).unwrap();

        begin();
        cluster.broker_down(2).unwrap();
        let call = OffsetsCall::with_limit(SHORT_LIMIT, &threads).unwrap();
        let mut steps = 0;
        let waited = call.make(&producer, offsets(), group(), || {
            steps += 1;
            Ok(())
        });
        let Err(Trouble::SessionLost(text)) = waited else {
            panic!("{waited:?}");
        };
        assert!(text.contains("left behind"), "{text}");
        assert_eq!(steps, 2);

        drop((call, producer));
        assert_eq!(threads.count(), 2, "one that waits, one left behind");
        drop(prompt);
        assert!(OffsetsCall::start(&threads, 1).is_ok(), "far from too many");
    }
}
