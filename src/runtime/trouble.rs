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
