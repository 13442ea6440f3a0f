use std::sync::Mutex;

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{DeliveryResult, ProducerContext};

use super::diagnostics::Diagnostics;

/// Takes down the first record that could not be delivered.
#[derive(Debug)]
pub(crate) struct Deliveries {
    diagnostics: Diagnostics,
    failed: Mutex<Option<KafkaError>>,
}

impl Default for Deliveries {
    fn default() -> Self {
        Self {
            diagnostics: Diagnostics::new("producer"),
            failed: Mutex::default(),
        }
    }
}

impl Deliveries {
    /// What the client library reported by itself, since the last call.
    pub(super) fn take_errors(&self) -> Vec<RDKafkaErrorCode> {
        self.diagnostics.take_errors()
    }

    /// The first failure since the last call.
    pub(crate) fn take_failure(&self) -> Option<KafkaError> {
        self.failed
            .lock()
            .expect("nobody panics while holding it")
            .take()
    }
}

impl ClientContext for Deliveries {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.diagnostics.log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.diagnostics.error(error, reason);
    }
}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if let Err((error, _)) = result {
            self.failed
                .lock()
                .expect("nobody panics while holding it")
                .get_or_insert_with(|| error.clone());
        }
    }
}
