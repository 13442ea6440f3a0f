use opentelemetry::Context;
use opentelemetry::propagation::{Extractor, TextMapPropagator as _};
use opentelemetry::trace::{
    SpanContext, SpanId, SpanKind, TraceContextExt as _, TraceFlags, TraceId, TraceState,
};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SamplingDecision, ShouldSample as _};

use crate::correlator::Request;
use crate::cwmp::DeviceId;
use crate::record::Coordinates;

/// Name of the first span of an installation.
pub(super) const REQUEST: &str = "request";

/// Where the spans of one request belong.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Trace {
    /// The request.
    pub(super) coordinates: Coordinates,
    /// The span of the request, parent of all others.
    pub(super) request: SpanContext,
    /// What the requester named as its own span; not valid if it named none.
    pub(super) requester: SpanContext,
}

/// Makes ids: the same for the same span, however often its records are handled, so that a span that is made twice, once
/// before and once after a crash, is one.
#[derive(Debug)]
pub(super) struct Ids {
    key: [u8; 32],
}

impl Ids {
    /// Two applications that read the same topics make different spans.
    pub(super) fn new(application_id: &str) -> Self {
        Self {
            key: *blake3::hash(application_id.as_bytes()).as_bytes(),
        }
    }

    /// The span of a request; what identifies a request in an installation that is over, too.
    pub(super) fn request(&self, coordinates: &Coordinates, device: Option<&DeviceId>) -> SpanId {
        let digest = self.of_request(coordinates, device);
        SpanId::from_bytes(first(&digest))
    }

    /// A span of a step that began then.
    pub(super) fn step(&self, request: SpanId, name: &str, begun_ms: u64) -> SpanId {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(&request.to_bytes());
        hasher.update(&begun_ms.to_le_bytes());
        hasher.update(name.as_bytes());
        SpanId::from_bytes(first(hasher.finalize().as_bytes()))
    }

    fn of_request(&self, coordinates: &Coordinates, device: Option<&DeviceId>) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(&coordinates.offset.to_le_bytes());
        hasher.update(&coordinates.partition.to_le_bytes());
        hasher.update(device.map_or("", DeviceId::key).as_bytes());
        hasher.update(&[0]);
        hasher.update(coordinates.topic.as_bytes());
        *hasher.finalize().as_bytes()
    }

    /// The trace of a request; `None` if it is not to be followed. A request without a trace begins one.
    pub(super) fn trace(&self, request: &Request, sampler: &Sampler) -> Option<Trace> {
        let requester = named(
            request.traceparent.as_deref(),
            request.tracestate.as_deref(),
        );
        let digest = self.of_request(&request.coordinates, request.device.as_ref());
        let (parent, trace_id) = match requester.is_valid() {
            true => (
                Some(Context::new().with_remote_span_context(requester.clone())),
                requester.trace_id(),
            ),
            false => (None, TraceId::from_bytes(first(&digest[8..]))),
        };
        let kind = SpanKind::Consumer;
        let sampling = sampler.should_sample(parent.as_ref(), trace_id, REQUEST, &kind, &[], &[]);
        if sampling.decision != SamplingDecision::RecordAndSample {
            return None;
        }
        let id = SpanId::from_bytes(first(&digest));
        Some(Trace {
            coordinates: request.coordinates.clone(),
            request: context(trace_id, id, sampling.trace_state),
            requester,
        })
    }
}

impl Trace {
    /// Another span of this trace.
    pub(super) fn span(&self, id: SpanId) -> SpanContext {
        let state = self.request.trace_state().clone();
        context(self.request.trace_id(), id, state)
    }
}

/// The span that these headers name; not valid if they name none.
pub(super) fn named(traceparent: Option<&[u8]>, tracestate: Option<&[u8]>) -> SpanContext {
    let text = |bytes: Option<&[u8]>| {
        let text = bytes.and_then(|bytes| std::str::from_utf8(bytes).ok());
        text.map(ToOwned::to_owned)
    };
    let headers = TraceHeaders {
        parent: text(traceparent),
        state: text(tracestate),
    };
    let extracted = TraceContextPropagator::new().extract_with_context(&Context::new(), &headers);
    extracted.span().span_context().clone()
}

struct TraceHeaders {
    parent: Option<String>,
    state: Option<String>,
}

impl Extractor for TraceHeaders {
    fn get(&self, key: &str) -> Option<&str> {
        match key {
            "traceparent" => self.parent.as_deref(),
            "tracestate" => self.state.as_deref(),
            _ => None,
        }
    }

    fn keys(&self) -> Vec<&str> {
        vec!["traceparent", "tracestate"]
    }
}

fn context(trace_id: TraceId, span_id: SpanId, state: TraceState) -> SpanContext {
    SpanContext::new(trace_id, span_id, TraceFlags::SAMPLED, false, state)
}

fn first<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes[..N].try_into().expect("a digest is longer")
}
