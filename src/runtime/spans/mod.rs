//! Spans of installation steps, for those who follow a request through several systems.
//!
//! A step may take days and move between processes, so no span is open while it lasts: a span is made when its step is
//! over, in the trace of the request's `traceparent`, and leaves once the transaction stands. When a step began is known to
//! the process that saw it begin; a step that began elsewhere, or before a restart, has no span.
//!
//! Without the cargo feature `otel` there is nothing here but names.

#[cfg(not(feature = "otel"))]
mod absent;
#[cfg(feature = "otel")]
mod trace;
#[cfg(feature = "otel")]
mod tracer;
#[cfg(feature = "otel")]
mod variables;
#[cfg(feature = "otel")]
mod worker_spans;

#[cfg(not(feature = "otel"))]
pub(super) use absent::{Spans, Tracer};
#[cfg(feature = "otel")]
pub(super) use tracer::Tracer;
#[cfg(feature = "otel")]
pub(super) use worker_spans::Spans;
