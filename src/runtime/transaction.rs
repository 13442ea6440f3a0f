//! Begin, send, commit: one transaction at a time, and its at-least-once twin.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::topic_partition_list::TopicPartitionList;

use crate::config::{Config, Delivery};
use crate::telemetry::{KafkaClientFigures, TransactionOutcome};
use crate::wire::{Destination, Outbound};

use super::assignment::Membership;
use super::clients;
use super::deliveries::Deliveries;
use super::offsets_call::OffsetsCall;
use super::pulse::Pulse;
use super::trouble::Trouble;
use super::work::Sink;

/// How long one wait for acknowledgements lasts before they are counted again. The client library's own waits are no
/// use here: its flush goes in steps of 100 ms, and its poll spins through the last millisecond.
const DRAIN_STEP: Duration = Duration::from_micros(300);

/// How long the cluster may take to tell who owns a transactional id; below the time after which a worker counts as
/// hanging.
const INIT_TIMEOUT: Duration = Duration::from_secs(15);

/// How long one wait for the end of a transaction lasts; a wait that is cut short goes on with the next call.
const END_STEP: Duration = Duration::from_secs(1);

/// When a transaction is large or old enough to be committed.
#[derive(Clone, Copy, Debug)]
pub(super) struct CommitLimits {
    /// Longest time between begin and commit.
    pub(super) interval: Duration,
    /// Most records, inputs and outputs together.
    pub(super) records: usize,
    /// Most bytes of outputs.
    pub(super) bytes: usize,
}

impl Default for CommitLimits {
    /// 100 ms as Kafka Streams under exactly-once; the others bound what a lost transaction has to do again.
    fn default() -> Self {
        Self {
            interval: Duration::from_millis(100),
            records: 50_000,
            bytes: 16 << 20,
        }
    }
}

/// Why one record was not taken by the client library.
#[derive(Debug)]
pub(crate) enum Refused {
    /// The record is larger than the client library sends, or than the cluster takes.
    TooLarge,
    /// The session cannot go on.
    Trouble(Trouble),
}

/// How long the phases of a commit took.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct CommitTimes {
    /// Until every record was acknowledged.
    pub(super) drain: Duration,
    /// Until the offsets were accepted.
    pub(super) offsets: Duration,
    /// Until the end was accepted.
    pub(super) end: Duration,
}

/// The outputs of a worker on their way to Kafka.
pub(super) struct Transaction<'s> {
    pulse: Pulse<'s>,
    producer: Arc<BaseProducer<Deliveries>>,
    offsets_call: OffsetsCall,
    delivery: Delivery,
    topics: Topics,
    begun: Option<Duration>,
    records: usize,
    bytes: usize,
    queue_full: u64,
    queue_max: usize,
    /// The end was asked for, and the answer did not come.
    is_end_unknown: bool,
}

struct Topics {
    changelog: String,
    commands: String,
    dead_letters: String,
    ledger: String,
    responses: String,
    routed: String,
}

impl Topics {
    fn name(&self, destination: Destination) -> &str {
        match destination {
            Destination::Changelog => &self.changelog,
            Destination::Commands => &self.commands,
            Destination::DeadLetters => &self.dead_letters,
            Destination::Ledger => &self.ledger,
            Destination::Responses => &self.responses,
            Destination::Routed => &self.routed,
        }
    }
}

impl<'s> Transaction<'s> {
    /// Makes the producer of a worker. With exactly-once it fences whoever had its transactional id before, and ends
    /// what that one left open.
    ///
    /// # Errors
    /// If the cluster does not answer, or refuses.
    pub(super) fn open(pulse: Pulse<'s>) -> Result<Self, Trouble> {
        let (config, worker): (&Config, _) = (&pulse.setup.config, pulse.worker);
        let producer = clients::producer(config, worker)
            .map_err(|error| Trouble::from_kafka("making the producer", &error))?;
        if config.delivery == Delivery::ExactlyOnce {
            clients::init_transactions(&producer, INIT_TIMEOUT)
                .map_err(|error| Trouble::from_kafka("init_transactions", &error))?;
        }
        let offsets_call = OffsetsCall::start(&pulse.setup.offsets_threads, config.workers)?;
        Ok(Self {
            pulse,
            producer: Arc::new(producer),
            offsets_call,
            delivery: config.delivery,
            topics: Topics {
                changelog: config.changelog_topic(),
                commands: config.topics.commands.clone(),
                dead_letters: config.topics.dead_letters.clone(),
                ledger: config.ledger_topic(),
                responses: config.topics.responses.clone(),
                routed: config.routed_topic(),
            },
            begun: None,
            records: 0,
            bytes: 0,
            queue_full: 0,
            queue_max: clients::producer_queue_max(config),
            is_end_unknown: false,
        })
    }

    /// How often the queue of the client library was full, since the last call.
    pub(super) const fn take_queue_full(&mut self) -> u64 {
        std::mem::replace(&mut self.queue_full, 0)
    }

    /// Records in the queue of the client library, and how many it takes.
    pub(super) fn queue(&self) -> (usize, usize) {
        let queued = usize::try_from(self.producer.in_flight_count()).unwrap_or_default();
        (queued, self.queue_max)
    }

    /// What the client library reported by itself, since the last call.
    pub(super) fn take_errors(&self) -> Vec<RDKafkaErrorCode> {
        self.producer.context().take_errors()
    }

    /// What the client library told of itself since the last call; `None`: nothing.
    pub(super) fn take_figures(&self) -> Option<KafkaClientFigures> {
        self.producer.context().take_figures()
    }

    /// What becomes of the open transaction when the session is lost; `None`: none is open.
    pub(super) fn outcome_if_lost(&self) -> Option<TransactionOutcome> {
        let is_fatal = self.is_end_unknown || self.producer.client().fatal_error().is_some();
        self.is_open().then_some(match is_fatal {
            true => TransactionOutcome::Fatal,
            false => TransactionOutcome::Aborted,
        })
    }

    /// Whether anything waits for a commit.
    pub(super) const fn is_open(&self) -> bool {
        self.begun.is_some()
    }

    /// Whether it is time to commit.
    pub(super) fn is_due(&self, elapsed: Duration, limits: &CommitLimits) -> bool {
        self.begun.is_some_and(|begun| {
            elapsed.saturating_sub(begun) >= limits.interval
                || self.records >= limits.records
                || self.bytes >= limits.bytes
        })
    }

    /// Begins a transaction if none is open. Every input that was handled belongs to one, even if it had no output:
    /// its offset is to be committed.
    pub(super) fn begin(&mut self) -> Result<(), Trouble> {
        if self.begun.is_none() {
            if self.delivery == Delivery::ExactlyOnce {
                self.producer
                    .begin_transaction()
                    .map_err(|error| Trouble::from_kafka("begin_transaction", &error))?;
            }
            self.begun = Some(self.pulse.setup.clock.elapsed());
        }
        self.records += 1;
        Ok(())
    }

    /// Hands one record to the client library; waits while its queue is full.
    pub(super) fn send(&mut self, outbound: &Outbound) -> Result<(), Refused> {
        if !self.pulse.setup.record_limit.allows(outbound.bytes()) {
            return Err(Refused::TooLarge);
        }
        let mut record: BaseRecord<'_, [u8], [u8]> =
            BaseRecord::to(self.topics.name(outbound.destination));
        // An empty list would be allocated too, for every record of the changelog.
        if outbound.headers().len() > 0 {
            record = record.headers(headers(outbound));
        }
        record.key = outbound.key();
        record.payload = outbound.value();
        record.partition = outbound.partition;
        loop {
            match self.producer.send(record) {
                Ok(()) => break,
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back)) => {
                    self.queue_full += 1;
                    self.serve_or_wait().map_err(Refused::Trouble)?;
                    record = back;
                }
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::MessageSizeTooLarge), _)) => {
                    return Err(Refused::TooLarge);
                }
                Err((error, _)) => {
                    return Err(Refused::Trouble(Trouble::from_kafka(
                        "sending a record",
                        &error,
                    )));
                }
            }
        }
        self.records += 1;
        self.bytes += outbound.bytes();
        Ok(())
    }

    /// Serves acknowledgements that have come in.
    pub(super) fn serve(&self) {
        if self.is_open() {
            self.producer.poll(Duration::ZERO);
        }
    }

    fn serve_or_wait(&self) -> Result<(), Trouble> {
        let before = self.producer.in_flight_count();
        self.producer.poll(Duration::ZERO);
        if self.producer.in_flight_count() == before {
            std::thread::park_timeout(DRAIN_STEP);
            self.pulse.beat_waiting()?;
        }
        Ok(())
    }

    /// Waits until everything sent is acknowledged.
    ///
    /// # Errors
    /// If a record was not delivered: the client library gives up on a record by itself. Or if a stop was asked for, and
    /// the cluster does not answer.
    pub(super) fn drain(&self) -> Result<(), Trouble> {
        while self.producer.in_flight_count() > 0 {
            self.serve_or_wait()?;
        }
        if let Some(bytes) = self.producer.context().take_too_large() {
            self.pulse.setup.record_limit.refused(bytes);
        }
        let failed = self.producer.context().take_failure();
        match failed {
            Some(error) => {
                let error = self.cause().unwrap_or(error);
                Err(Trouble::from_kafka("delivering a record", &error))
            }
            None => Ok(()),
        }
    }

    /// Why the open transaction cannot be committed, e.g. for missing access; its records say only that they were thrown
    /// away. A call that belongs before a transaction is refused with it.
    fn cause(&self) -> Option<KafkaError> {
        match self.producer.begin_transaction() {
            Err(KafkaError::Transaction(error)) if error.txn_requires_abort() => {
                Some(KafkaError::Transaction(error))
            }
            Ok(()) | Err(_) => None,
        }
    }

    /// Makes outputs, state and offsets visible. `offsets` are the next ones to read, and never empty: they carry the
    /// fence against a worker that the group has left behind. All records have been sent and drained.
    ///
    /// # Errors
    /// If it is refused, or its outcome is not known: either way the session is lost.
    pub(super) fn commit(
        &mut self,
        consumer: &BaseConsumer<Membership>,
        offsets: TopicPartitionList,
        elapsed: impl Fn() -> Duration,
    ) -> Result<CommitTimes, Trouble> {
        let start = elapsed();
        self.drain()?;
        let drained = elapsed();
        match self.delivery {
            Delivery::ExactlyOnce => {
                let group = consumer.group_metadata().ok_or_else(|| {
                    Trouble::SessionLost("the consumer has no group metadata".to_owned())
                })?;
                self.offsets_call
                    .make(&self.producer, offsets, group, || self.pulse.beat_waiting())?;
            }
            Delivery::AtLeastOnce => consumer
                .commit(&offsets, CommitMode::Sync)
                .map_err(|error| Trouble::from_kafka("committing offsets", &error))?,
        }
        let accepted = elapsed();
        self.pulse.beat();
        if self.delivery == Delivery::ExactlyOnce {
            self.end()?;
        }
        self.begun = None;
        self.records = 0;
        self.bytes = 0;
        Ok(CommitTimes {
            drain: drained.saturating_sub(start),
            offsets: accepted.saturating_sub(drained),
            end: elapsed().saturating_sub(accepted),
        })
    }
}

impl Transaction<'_> {
    /// Commits the transaction. A call that was cut short is made again, and waits for the same end; whoever gives up does
    /// not know how it ends, and its successor finds out by ending it.
    fn end(&mut self) -> Result<(), Trouble> {
        self.is_end_unknown = true;
        loop {
            let error = match self.producer.commit_transaction(END_STEP) {
                Ok(()) => {
                    self.is_end_unknown = false;
                    return Ok(());
                }
                Err(error) => error,
            };
            let KafkaError::Transaction(cause) = &error else {
                return Err(Trouble::from_kafka("commit_transaction", &error));
            };
            let is_cut_short = cause.code() == RDKafkaErrorCode::OperationTimedOut;
            if !(is_cut_short && cause.is_retriable()) {
                self.is_end_unknown = !cause.txn_requires_abort();
                return Err(Trouble::from_kafka("commit_transaction", &error));
            }
            self.pulse.beat_waiting()?;
        }
    }
}

fn headers(outbound: &Outbound) -> OwnedHeaders {
    let headers = outbound.headers();
    let owned = OwnedHeaders::new_with_capacity(headers.len());
    headers.fold(owned, |owned, (key, value)| {
        owned.insert(Header {
            key,
            value: Some(value),
        })
    })
}

impl Sink for Transaction<'_> {
    fn begin(&mut self) -> Result<(), Trouble> {
        self.begin()
    }

    fn send(&mut self, outbound: &Outbound) -> Result<(), Refused> {
        self.send(outbound)
    }
}
