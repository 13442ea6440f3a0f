//! What a client library says by itself: counted, and logged without noise.

use std::sync::Mutex;
use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use super::clock::Clock;

/// How often a client says that it cannot reach the cluster.
const ERROR_LOG_INTERVAL: Duration = Duration::from_secs(60);

/// Errors of one client that are kept until they are counted.
const ERRORS_MAX: usize = 100;

/// What a client says about itself, at most once in [`ERROR_LOG_INTERVAL`].
#[derive(Debug)]
pub(super) struct Diagnostics {
    role: &'static str,
    clock: Clock,
    said: Mutex<Option<Duration>>,
    errors: Mutex<Vec<RDKafkaErrorCode>>,
    reason: Mutex<String>,
}

impl Diagnostics {
    pub(super) fn new(role: &'static str) -> Self {
        Self {
            role,
            clock: Clock::new(),
            said: Mutex::new(None),
            errors: Mutex::new(Vec::new()),
            reason: Mutex::default(),
        }
    }

    /// What the client said last about an error; empty: nothing.
    pub(super) fn reason(&self) -> String {
        let reason = self.reason.lock();
        reason.expect("nobody panics while holding it").clone()
    }

    /// The errors since the last call, at most [`ERRORS_MAX`].
    pub(super) fn take_errors(&self) -> Vec<RDKafkaErrorCode> {
        std::mem::take(&mut self.errors.lock().expect("nobody panics while holding it"))
    }
}

impl ClientContext for Diagnostics {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        tracing::debug!(
            role = self.role,
            ?level,
            facility,
            message,
            "librdkafka says"
        );
    }

    fn error(&self, error: KafkaError, reason: &str) {
        if let Some(code) = error.rdkafka_error_code() {
            let mut errors = self.errors.lock().expect("nobody panics while holding it");
            if errors.len() < ERRORS_MAX {
                errors.push(code);
            }
        }
        reason.clone_into(&mut self.reason.lock().expect("nobody panics while holding it"));
        let now = self.clock.elapsed();
        let mut said = self.said.lock().expect("nobody panics while holding it");
        if said.is_none_or(|at| now.saturating_sub(at) >= ERROR_LOG_INTERVAL) {
            *said = Some(now);
            tracing::warn!(role = self.role, %error, reason, "trouble with the cluster; waiting for it to pass");
        }
    }
}

impl ConsumerContext for Diagnostics {}
