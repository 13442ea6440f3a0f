use ::metrics::Counter;

use super::metrics::{self as table, Metrics};

/// Why the admin port refused somebody.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Refusal {
    /// No TLS, or no certificate that is wanted.
    BadHandshake,
    /// Changes come from this machine, unless there is a token for them (403).
    NotLocal,
    /// No token, or not the right one (401).
    NoToken,
    /// Too many connections are open (503).
    TooManyConnections,
    /// The budget of this second is used up (429).
    TooManyRequests,
    /// The request took too long (408).
    TooSlow,
}

/// How often the admin port refused somebody.
pub(super) struct AdminMetrics([Counter; 6]);

impl AdminMetrics {
    pub(super) fn new(metrics: &Metrics) -> Self {
        let reasons = [
            "bad_handshake",
            "not_local",
            "no_token",
            "too_many_connections",
            "too_many_requests",
            "too_slow",
        ];
        Self(reasons.map(|reason| metrics.counter(&table::ADMIN_REFUSALS, &[reason])))
    }

    pub(super) fn refused(&self, refusal: Refusal) {
        let index = match refusal {
            Refusal::BadHandshake => 0,
            Refusal::NotLocal => 1,
            Refusal::NoToken => 2,
            Refusal::TooManyConnections => 3,
            Refusal::TooManyRequests => 4,
            Refusal::TooSlow => 5,
        };
        self.0[index].increment(1);
    }
}
