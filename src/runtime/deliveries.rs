use std::error::Error;
use std::sync::Mutex;

use rdkafka::ClientContext;
use rdkafka::Message as _;
use rdkafka::client::OAuthToken;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Headers};
use rdkafka::producer::{DeliveryResult, ProducerContext};

use crate::config::Config;
use crate::telemetry::KafkaClientFigures;

use super::diagnostics::Diagnostics;

/// Takes down the first record that could not be delivered.
#[derive(Debug)]
pub(crate) struct Deliveries {
    diagnostics: Diagnostics,
    failed: Mutex<Option<KafkaError>>,
    /// Bytes of the smallest record that was too large, as [`Outbound::bytes`] counts them.
    ///
    /// [`Outbound::bytes`]: crate::wire::Outbound::bytes
    too_large: Mutex<Option<usize>>,
}

impl Deliveries {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            diagnostics: Diagnostics::new("producer", config),
            failed: Mutex::default(),
            too_large: Mutex::default(),
        }
    }
}

impl Deliveries {
    /// What the client library reports by itself.
    pub(super) const fn diagnostics(&self) -> &Diagnostics {
        &self.diagnostics
    }

    /// What the client library reported by itself, since the last call.
    pub(super) fn take_errors(&self) -> Vec<RDKafkaErrorCode> {
        self.diagnostics.take_errors()
    }

    /// What the client told of itself since the last call; `None`: nothing.
    pub(super) fn take_figures(&self) -> Option<KafkaClientFigures> {
        self.diagnostics.take_figures()
    }

    /// Bytes of the smallest record that the cluster refused for its size, since the last call.
    pub(super) fn take_too_large(&self) -> Option<usize> {
        self.too_large
            .lock()
            .expect("nobody panics while holding it")
            .take()
    }

    /// The first failure since the last call.
    pub(crate) fn take_failure(&self) -> Option<KafkaError> {
        self.failed
            .lock()
            .expect("nobody panics while holding it")
            .take()
    }
}

fn bytes(record: &BorrowedMessage<'_>) -> usize {
    let headers = record.headers().into_iter().flat_map(Headers::iter);
    let headers = headers.filter_map(|header| header.value);
    record.key_len() + record.payload_len() + headers.map(<[u8]>::len).sum::<usize>()
}

impl ClientContext for Deliveries {
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

impl ProducerContext for Deliveries {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if let Err((error, record)) = result {
            if error.rdkafka_error_code() == Some(RDKafkaErrorCode::MessageSizeTooLarge) {
                let mut too_large = self
                    .too_large
                    .lock()
                    .expect("nobody panics while holding it");
                let bytes = bytes(record);
                *too_large = Some(too_large.map_or(bytes, |before| before.min(bytes)));
            }
            self.failed
                .lock()
                .expect("nobody panics while holding it")
                .get_or_insert_with(|| error.clone());
        }
    }
}
