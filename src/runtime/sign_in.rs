//! What Kafka clients sign in with, where that is a token.

use std::error::Error;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rdkafka::client::OAuthToken;

use crate::config::{Config, OauthTokenFile};

use super::clock::Clock;

/// How long a new client is listened to until it has asked for its token: it asks as soon as it is made.
const ASKED_MAX: Duration = Duration::from_secs(2);

/// How long it is listened to at once.
pub(super) const ASKED_STEP: Duration = Duration::from_millis(20);

/// The token of a client, if it needs one.
#[derive(Debug)]
pub(super) struct SignIn {
    file: Option<OauthTokenFile>,
    /// The client has asked, and got an answer or a reason.
    was_asked: AtomicBool,
}

impl SignIn {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            file: config.kafka.oauth_token_file.clone(),
            was_asked: AtomicBool::new(false),
        }
    }

    /// The token that the file holds now. The client asks again when four fifths of the time that is left are over, and, after
    /// a failure, every 10 s; so it meets the next token in time.
    pub(super) fn token(&self) -> Result<OAuthToken, Box<dyn Error>> {
        self.was_asked.store(true, Ordering::Relaxed);
        let file = self.file.as_ref();
        let file = file.ok_or("kafka.oauth_token_file is not given")?;
        let token = file.read()?;
        Ok(OAuthToken {
            token: token.token.expose().to_owned(),
            principal_name: token.principal,
            lifetime_ms: i64::try_from(token.expires.as_millis())?,
        })
    }

    /// Whether the client needs no token, or has asked for one.
    pub(super) fn has_token(&self) -> bool {
        self.file.is_none() || self.was_asked.load(Ordering::Relaxed)
    }
}

/// Listens to a new client until it can sign in: `listen` does so for [`ASKED_STEP`] and says whether it can. A client that
/// is not listened to never gets its token.
pub(super) fn await_token(listen: impl Fn() -> bool) {
    let clock = Clock::new();
    while !listen() && clock.elapsed() < ASKED_MAX {}
}
