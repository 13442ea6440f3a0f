use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use foldhash::fast::RandomState;
use opentelemetry::KeyValue;
use opentelemetry::trace::{Link, SpanContext, SpanId, SpanKind, Status};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};

use crate::correlator::{Command, Installation, Open, Progress, Response, ResponseKind, State};
use crate::record::Record;
use crate::time::Timestamp;

use super::Tracer;
use super::trace::{REQUEST, Trace, named};

/// Installations that one worker follows at a time; each takes about 300 bytes. Further ones have no spans of their steps.
const FOLLOWED_MAX: usize = 20_000;

/// Makes the spans of one worker.
#[derive(Debug)]
pub(in crate::runtime) struct Spans<'t> {
    tracer: Option<&'t Tracer>,
    /// When the record at hand was written.
    written_at: Option<Timestamp>,
    /// The present steps of installations, by the span of their request.
    steps: HashMap<SpanId, Step, RandomState>,
    /// Made since the last commit.
    made: Vec<SpanData>,
}

/// A step that is not over.
#[derive(Debug)]
struct Step {
    trace: Trace,
    progress: Progress,
    begun: Timestamp,
    attempts: u16,
}

/// What a step came to.
#[derive(Clone, Copy, Debug)]
enum Outcome<'r> {
    /// The next one follows.
    Over,
    /// The request is answered.
    Answered(&'r Response),
}

impl<'t> Spans<'t> {
    pub(in crate::runtime) fn new(tracer: Option<&'t Tracer>) -> Self {
        Self {
            tracer,
            written_at: None,
            steps: HashMap::default(),
            made: Vec::new(),
        }
    }

    /// A record is at hand that was written then; `None`: it is done with.
    #[inline]
    pub(in crate::runtime) const fn reading(&mut self, written_at: Option<Timestamp>) {
        self.written_at = written_at;
    }

    /// An installation changed, because of `record` or by itself.
    #[inline]
    pub(in crate::runtime) fn changed<'i>(
        &mut self,
        record: Option<Record<'_>>,
        installation: impl FnOnce() -> Option<&'i Installation>,
    ) {
        if let Some(tracer) = self.tracer
            && let Some(installation) = installation()
        {
            self.on_change(tracer, record, installation);
        }
    }

    fn on_change(
        &mut self,
        tracer: &Tracer,
        record: Option<Record<'_>>,
        installation: &Installation,
    ) {
        let Some(coordinates) = installation.coordinates() else {
            return;
        };
        let id = tracer
            .ids
            .request(coordinates, Some(&installation.id.device));
        match &installation.state {
            State::Early(_) => {}
            State::Open(open) => self.on_progress(tracer, record, id, open),
            State::Ended(_) => {
                if let Some(step) = self.steps.remove(&id) {
                    self.end_step(tracer, record, &step, Outcome::Over);
                }
            }
        }
    }

    fn on_progress(
        &mut self,
        tracer: &Tracer,
        record: Option<Record<'_>>,
        id: SpanId,
        open: &Open,
    ) {
        let known = self.steps.get(&id);
        if known.is_some_and(|step| step.progress == open.progress) {
            return;
        }
        let trace = match known {
            Some(step) => step.trace.clone(),
            None => match tracer.ids.trace(&open.request, &tracer.sampler) {
                Some(trace) => trace,
                None => return,
            },
        };
        let is_new = known.is_none();
        if is_new && is_request(record, &trace) {
            self.take_up(tracer, record, &trace);
        }
        if is_new && self.steps.len() >= FOLLOWED_MAX {
            tracer.drop_one();
            return;
        }
        let step = Step {
            trace,
            progress: open.progress,
            begun: tracer.clock.now(),
            attempts: 1,
        };
        if let Some(before) = self.steps.insert(id, step) {
            self.end_step(tracer, record, &before, Outcome::Over);
        }
    }

    /// A command is sent.
    #[inline]
    pub(in crate::runtime) fn sent(&mut self, command: &Command) {
        if let Some(tracer) = self.tracer
            && command.attempt > 1
        {
            let request = &command.request;
            let id = tracer
                .ids
                .request(&request.coordinates, request.device.as_ref());
            if let Some(step) = self.steps.get_mut(&id) {
                step.attempts = command.attempt;
            }
        }
    }

    /// A request is answered, because of `record` or by itself.
    #[inline]
    pub(in crate::runtime) fn responded(
        &mut self,
        response: &Response,
        record: Option<Record<'_>>,
    ) {
        if let Some(tracer) = self.tracer
            && response.kind == ResponseKind::Final
        {
            self.on_response(tracer, response, record);
        }
    }

    fn on_response(&mut self, tracer: &Tracer, response: &Response, record: Option<Record<'_>>) {
        let request = &response.request;
        let id = tracer
            .ids
            .request(&request.coordinates, request.device.as_ref());
        let trace = match self.steps.remove(&id) {
            Some(step) => {
                self.end_step(tracer, record, &step, Outcome::Answered(response));
                step.trace
            }
            None => match tracer.ids.trace(request, &tracer.sampler) {
                Some(trace) => {
                    // It is answered at once.
                    if is_request(record, &trace) {
                        self.take_up(tracer, record, &trace);
                    }
                    trace
                }
                None => return,
            },
        };
        let now = tracer.clock.now();
        let begun = self.begun(record, now);
        let mut span = span(tracer, &trace, "respond", SpanKind::Producer, begun, now);
        answered(&mut span, response);
        self.push(tracer, span);
    }

    /// The transaction stands: what was made in it has happened.
    #[inline]
    pub(in crate::runtime) fn committed(&mut self) {
        if let Some(tracer) = self.tracer {
            tracer.take(self.made.drain(..));
        }
    }

    /// The request itself: from when it was written until now, when it is handled.
    fn take_up(&mut self, tracer: &Tracer, record: Option<Record<'_>>, trace: &Trace) {
        let now = tracer.clock.now();
        let begun = self.begun(record, now);
        let mut span = span(tracer, trace, REQUEST, SpanKind::Consumer, begun, now);
        span.span_context = trace.request.clone();
        span.parent_span_id = trace.requester.span_id();
        span.parent_span_is_remote = true;
        let coordinates = &trace.coordinates;
        span.attributes.extend([
            KeyValue::new("messaging.system", "kafka"),
            KeyValue::new("messaging.operation.name", "process"),
            KeyValue::new("messaging.operation.type", "process"),
            KeyValue::new("messaging.destination.name", coordinates.topic.to_string()),
            KeyValue::new(
                "messaging.destination.partition.id",
                coordinates.partition.to_string(),
            ),
            KeyValue::new("messaging.kafka.offset", coordinates.offset),
        ]);
        self.push(tracer, span);
    }

    fn end_step(
        &mut self,
        tracer: &Tracer,
        record: Option<Record<'_>>,
        step: &Step,
        outcome: Outcome<'_>,
    ) {
        let now = tracer.clock.now();
        let (name, kind) = name(step.progress);
        let mut span = span(tracer, &step.trace, name, kind, step.begun, now);
        let cause = record.map_or_else(|| "deadline".to_owned(), |r| r.coordinates.to_string());
        span.attributes
            .push(KeyValue::new("credbridge.cause", cause));
        if step.attempts > 1 {
            let attempts = i64::from(step.attempts);
            span.attributes
                .push(KeyValue::new("credbridge.attempts", attempts));
        }
        if let Some(event) =
            record.map(|record| named(record.header("traceparent"), record.header("tracestate")))
            && event.is_valid()
            && event.span_id() != step.trace.requester.span_id()
        {
            span.links.links.push(link(event));
        }
        match outcome {
            Outcome::Over => {}
            Outcome::Answered(response) => answered(&mut span, response),
        }
        self.push(tracer, span);
    }

    /// When the record was written that is handled now; now if there is none.
    fn begun(&self, record: Option<Record<'_>>, now: Timestamp) -> Timestamp {
        let written_at = record.and(self.written_at);
        written_at.map_or(now, |at| at.min(now))
    }

    fn push(&mut self, tracer: &Tracer, span: SpanData) {
        match self.made.len() < tracer.queue_max() {
            true => self.made.push(span),
            false => tracer.drop_one(),
        }
    }
}

fn is_request(record: Option<Record<'_>>, trace: &Trace) -> bool {
    record.is_some_and(|record| *record.coordinates == trace.coordinates)
}

/// What a step is called, and whether somebody else's answer ends it.
const fn name(progress: Progress) -> (&'static str, SpanKind) {
    match progress {
        Progress::Waiting => ("queue", SpanKind::Internal),
        Progress::ListSent => ("list", SpanKind::Client),
        Progress::DownloadSent => ("download", SpanKind::Client),
        Progress::Accepted => ("transfer", SpanKind::Client),
        Progress::LookupSent => ("lookup", SpanKind::Client),
        Progress::SetSent => ("set", SpanKind::Client),
        Progress::CancelSent => ("cancel", SpanKind::Client),
    }
}

/// A span below that of the request, linked to that of the requester.
fn span(
    tracer: &Tracer,
    trace: &Trace,
    name: &'static str,
    span_kind: SpanKind,
    begun: Timestamp,
    ended: Timestamp,
) -> SpanData {
    let request = trace.request.span_id();
    let id = tracer.ids.step(request, name, begun.as_millis());
    let mut links = SpanLinks::default();
    if trace.requester.is_valid() && name != REQUEST {
        links.links.push(link(trace.requester.clone()));
    }
    SpanData {
        span_context: trace.span(id),
        parent_span_id: request,
        parent_span_is_remote: false,
        span_kind,
        name: name.into(),
        start_time: time(begun),
        end_time: time(ended),
        attributes: vec![KeyValue::new(
            "credbridge.request",
            trace.coordinates.to_string(),
        )],
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links,
        status: Status::Unset,
        instrumentation_scope: tracer.scope.clone(),
    }
}

fn link(context: SpanContext) -> Link {
    Link::new(context, Vec::new(), 0)
}

/// How a request ended; the text for people may name a device, and stays in the response.
fn answered(span: &mut SpanData, response: &Response) {
    let code = response.response_status_code;
    span.attributes.push(KeyValue::new(
        "credbridge.response_status_code",
        i64::from(code.get()),
    ));
    if let Some(fault) = response.fault_code {
        let fault = i64::from(fault.get());
        span.attributes
            .push(KeyValue::new("credbridge.fault_code", fault));
    }
    if !code.is_success() {
        let code = code.get().to_string();
        span.status = Status::error(code.clone());
        span.attributes.push(KeyValue::new("error.type", code));
    }
}

fn time(at: Timestamp) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(at.as_millis())
}
