//! `GET /`: the page for people.

use axum::extract::State;
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse as _, Response};

use crate::telemetry::page::{CONTENT_SECURITY_POLICY, Page};

use super::Admin;

/// Nothing is stored, framed, sniffed, or told to others.
const HEADERS: [(HeaderName, &str); 7] = [
    (header::CONTENT_TYPE, "text/html; charset=utf-8"),
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];

pub(super) async fn page(State(admin): State<Admin>) -> Response {
    let subject = admin.subject();
    let workers = subject.insight.overview().await;
    let page = Page {
        instance_id: &subject.instance_id,
        now: (subject.now)(),
        ready: subject.health.ready(),
        metrics: &subject.metrics.render(),
        rates: &admin.rates(),
        workers: &workers,
        dead_letters: &subject.insight.dead_letters(),
        shows_devices: subject.options.show_devices,
    };
    (HEADERS, page.render()).into_response()
}
