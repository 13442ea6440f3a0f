use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use super::RuntimeError;

/// Why a session cannot go on.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// No further session would do better.
    Ended(RuntimeError),
    /// This session is lost; the next one starts from what Kafka holds.
    SessionLost(String),
}

impl Trouble {
    /// What a failed call means; `doing` says what was tried.
    pub(super) fn from_kafka(doing: &str, error: &KafkaError) -> Self {
        match code_of(error).and_then(|code| advice(code).map(|advice| (code, advice))) {
            Some((code, advice)) => {
                let text = format!("{doing}: {code}: {advice}");
                Self::Ended(if code == RDKafkaErrorCode::InvalidTransactionTimeout {
                    RuntimeError::Configuration(text)
                } else {
                    RuntimeError::Forbidden(text)
                })
            }
            None => Self::SessionLost(format!("{doing}: {error}")),
        }
    }

    /// Of these partitions of the routed topic nobody tells how far they have been read, so nothing can be committed.
    pub(super) fn without_fence(topic: &str, partitions: &[i32], servers: &str) -> Self {
        let text = "no offset is known to fence the transaction with";
        if partitions.is_empty() {
            return Self::SessionLost(format!("{text}: no partition of {topic} is assigned"));
        }
        let numbers: Vec<String> = partitions.iter().map(ToString::to_string).collect();
        Self::SessionLost(format!(
            "{text}: the cluster does not tell the committed offsets of {topic}, partition {}; if its brokers are well, \
             another producer has probably left a transaction open. `kafka-transactions.sh --bootstrap-server {servers} \
             find-hanging --topic {topic}` finds it, or the same with `--topic __consumer_offsets`; `abort` in place of \
             `find-hanging`, with the topic, partition and start offset that it prints, ends it",
            numbers.join(", ")
        ))
    }
}

fn code_of(error: &KafkaError) -> Option<RDKafkaErrorCode> {
    if let KafkaError::Transaction(cause) = error {
        return Some(cause.code());
    }
    error.rdkafka_error_code()
}

/// What to do about the errors that no new session mends.
const ADVICE: [(RDKafkaErrorCode, &str); 5] = [
    (
        RDKafkaErrorCode::GroupAuthorizationFailed,
        "allow Read on the consumer group named like application_id",
    ),
    (
        RDKafkaErrorCode::TopicAuthorizationFailed,
        "allow Read on the inputs, Write on the outputs, Read and Write on <application_id>-routed and -changelog; \
         credbridge check --connect names what is missing",
    ),
    (
        RDKafkaErrorCode::TransactionalIdAuthorizationFailed,
        "allow Write on transactional ids that begin with <application_id>-",
    ),
    (
        RDKafkaErrorCode::ClusterAuthorizationFailed,
        "allow IdempotentWrite on the cluster, or use delivery: exactly_once",
    ),
    (
        RDKafkaErrorCode::InvalidTransactionTimeout,
        "kafka.properties transaction.timeout.ms is above the broker's transaction.max.timeout.ms",
    ),
];

/// What to do about an error that no new session mends; `None` if one may.
pub(super) fn advice(code: RDKafkaErrorCode) -> Option<&'static str> {
    ADVICE
        .iter()
        .find(|(known, _)| *known == code)
        .map(|(_, advice)| *advice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_lacks_a_fence_is_told_where_and_what_to_do() {
        let text = |partitions: &[i32]| match Trouble::without_fence("a-routed", partitions, "k:1")
        {
            Trouble::SessionLost(text) => text,
            Trouble::Ended(error) => panic!("the next session may do better: {error}"),
        };
        for part in [
            "no offset is known to fence the transaction with: ",
            "a-routed, partition 0, 2; ",
            "`kafka-transactions.sh --bootstrap-server k:1 find-hanging --topic a-routed`",
            "`--topic __consumer_offsets`",
            "`abort`",
        ] {
            assert!(text(&[0, 2]).contains(part), "{part}: {}", text(&[0, 2]));
        }
        assert!(text(&[]).ends_with("no partition of a-routed is assigned"));
    }
}
