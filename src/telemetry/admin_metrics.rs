use ::metrics::Counter;

use super::metrics::{self as table, Metrics};

/// Why the admin port refused somebody.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Refusal {
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
pub(super) struct AdminMetrics([Counter; 5]);

impl AdminMetrics {
    pub(super) fn new(metrics: &Metrics) -> Self {
        let reasons = [
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
            Refusal::NotLocal => 0,
            Refusal::NoToken => 1,
            Refusal::TooManyConnections => 2,
            Refusal::TooManyRequests => 3,
            Refusal::TooSlow => 4,
        };
        self.0[index].increment(1);
    }
}
