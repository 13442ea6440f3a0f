//! What a client library says by itself: counted, and logged without noise.

use std::collections::VecDeque;
use std::error::Error;
use std::sync::Mutex;
use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::client::OAuthToken;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use crate::config::Config;
use crate::telemetry::KafkaClientFigures;

use super::clock::Clock;
use super::sign_in::SignIn;
use super::statistics::Statistics;

/// How often a client says that it cannot reach the cluster.
const ERROR_LOG_INTERVAL: Duration = Duration::from_secs(60);

/// Errors of one client that are kept until they are counted.
const ERRORS_MAX: usize = 100;

/// Reasons of one client that are kept: a name may stand for several addresses, each with its own trouble.
const REASONS_MAX: usize = 4;

/// What a client says about itself, at most once in [`ERROR_LOG_INTERVAL`].
#[derive(Debug)]
pub(super) struct Diagnostics {
    role: &'static str,
    sign_in: SignIn,
    clock: Clock,
    said: Mutex<Option<Duration>>,
    errors: Mutex<Vec<RDKafkaErrorCode>>,
    reasons: Mutex<VecDeque<String>>,
    statistics: Statistics,
}

impl Diagnostics {
    pub(super) fn new(role: &'static str, config: &Config) -> Self {
        Self {
            sign_in: SignIn::new(config),
            role,
            clock: Clock::new(),
            said: Mutex::new(None),
            errors: Mutex::new(Vec::new()),
            reasons: Mutex::default(),
            statistics: Statistics::default(),
        }
    }

    /// What the client said last about errors, the oldest first; empty: nothing.
    pub(super) fn reasons(&self) -> String {
        let mut reasons = self.reasons.lock().expect("nobody panics while holding it");
        reasons.make_contiguous().join("; ")
    }

    /// That all brokers are down says less than why they are.
    fn keep_reason(&self, code: Option<RDKafkaErrorCode>, reason: &str) {
        if code == Some(RDKafkaErrorCode::AllBrokersDown) {
            return;
        }
        let mut reasons = self.reasons.lock().expect("nobody panics while holding it");
        if reasons.len() == REASONS_MAX {
            reasons.pop_front();
        }
        reasons.push_back(reason.to_owned());
    }

    /// Whether the client has what it needs to sign in.
    pub(super) fn can_sign_in(&self) -> bool {
        self.sign_in.has_token()
    }

    /// What the client told of itself since the last call; `None`: nothing.
    pub(super) fn take_figures(&self) -> Option<KafkaClientFigures> {
        self.statistics.take()
    }

    /// The errors since the last call, at most [`ERRORS_MAX`].
    pub(super) fn take_errors(&self) -> Vec<RDKafkaErrorCode> {
        std::mem::take(&mut self.errors.lock().expect("nobody panics while holding it"))
    }
}

impl ClientContext for Diagnostics {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

    fn generate_oauth_token(&self, _: Option<&str>) -> Result<OAuthToken, Box<dyn Error>> {
        self.sign_in.token()
    }

    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        tracing::debug!(
            role = self.role,
            ?level,
            facility,
            message,
            "librdkafka says"
        );
    }

    fn stats_raw(&self, statistics: &[u8]) {
        self.statistics.take_in(statistics);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        let code = error.rdkafka_error_code();
        // No trouble; whoever wants to know of ends is told by the poll.
        if code == Some(RDKafkaErrorCode::PartitionEOF) {
            return;
        }
        if let Some(code) = code {
            let mut errors = self.errors.lock().expect("nobody panics while holding it");
            if errors.len() < ERRORS_MAX {
                errors.push(code);
            }
        }
        self.keep_reason(code, reason);
        let now = self.clock.elapsed();
        let mut said = self.said.lock().expect("nobody panics while holding it");
        if said.is_none_or(|at| now.saturating_sub(at) >= ERROR_LOG_INTERVAL) {
            *said = Some(now);
            tracing::warn!(role = self.role, %error, reason, "trouble with the cluster; waiting for it to pass");
        }
    }
}

impl ConsumerContext for Diagnostics {}
