use ::metrics::Counter;

use super::metrics::{self as table, Metrics};

/// Why the admin port refused somebody.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Refusal {
    /// No TLS, or no certificate that is wanted.
    BadHandshake,
    /// There is no token that lets anybody change anything (403).
    ChangesOff,
    /// The request is for a name that may be anybody's (403).
    ForeignHost,
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
pub(super) struct AdminMetrics([Counter; 7]);

impl AdminMetrics {
    pub(super) fn new(metrics: &Metrics) -> Self {
        let reasons = [
            "bad_handshake",
            "changes_off",
            "foreign_host",
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
            Refusal::ChangesOff => 1,
            Refusal::ForeignHost => 2,
            Refusal::NoToken => 3,
            Refusal::TooManyConnections => 4,
            Refusal::TooManyRequests => 5,
            Refusal::TooSlow => 6,
        };
        self.0[index].increment(1);
    }
}
