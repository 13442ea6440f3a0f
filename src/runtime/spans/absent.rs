use std::marker::PhantomData;

use crate::config::Config;
use crate::correlator::{Command, Installation, Response};
use crate::record::Record;
use crate::telemetry::Metrics;
use crate::time::Timestamp;

/// Nobody: this program is built without the feature.
#[derive(Debug)]
pub(crate) struct Tracer;

impl Tracer {
    /// Says so if somebody expects spans.
    pub(in crate::runtime) fn start(config: &Config, _metrics: &Metrics) -> Option<Self> {
        if config.trace_variables.names_collector() {
            tracing::warn!(
                "OTEL_EXPORTER_OTLP_ENDPOINT is set, but this program is built without the cargo feature otel: no spans are made"
            );
        }
        None
    }

    pub(in crate::runtime) const fn shut_down(&self) {}
}

/// Makes nothing.
#[derive(Debug)]
pub(in crate::runtime) struct Spans<'t>(PhantomData<&'t Tracer>);

impl<'t> Spans<'t> {
    pub(in crate::runtime) const fn new(_tracer: Option<&'t Tracer>) -> Self {
        Self(PhantomData)
    }

    #[inline]
    pub(in crate::runtime) const fn reading(&self, _written_at: Option<Timestamp>) {}

    #[inline]
    pub(in crate::runtime) fn changed<'i>(
        &self,
        _record: Option<Record<'_>>,
        _installation: impl FnOnce() -> Option<&'i Installation>,
    ) {
    }

    #[inline]
    pub(in crate::runtime) const fn sent(&self, _command: &Command) {}

    #[inline]
    pub(in crate::runtime) const fn responded(
        &self,
        _response: &Response,
        _record: Option<Record<'_>>,
    ) {
    }

    #[inline]
    pub(in crate::runtime) const fn committed(&self) {}
}
