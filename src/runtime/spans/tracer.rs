use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_otlp::{ExporterBuildError, SpanExporter};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, Sampler, SpanData, SpanExporter as Exporter,
    SpanProcessor as _,
};

use crate::config::Config;
use crate::runtime::Clock;
use crate::telemetry::{Metrics, SpanMetrics};

use super::trace::Ids;
use super::variables;

/// How long the last spans may take to leave when the bridge stops.
const STOP_GRACE: Duration = Duration::from_secs(2);

/// What OpenTelemetry calls a service that nobody has named.
const NAMELESS: &str = "unknown_service";

/// Takes spans from workers, and has a thread of its own bring them to the collector. Workers never wait for it.
pub(crate) struct Tracer {
    processor: BatchSpanProcessor,
    queue: Arc<Queue>,
    queue_max: usize,
    pub(super) sampler: Sampler,
    pub(super) ids: Ids,
    pub(super) clock: Clock,
    pub(super) scope: InstrumentationScope,
}

/// The spans that wait for the collector, or are on their way to it.
struct Queue {
    spans: AtomicUsize,
    is_failing: AtomicBool,
    metrics: SpanMetrics,
}

impl fmt::Debug for Tracer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Tracer").finish_non_exhaustive()
    }
}

impl Tracer {
    /// Starts the thread that talks to the collector; `None` if the environment names none. What the environment says wrongly
    /// costs the spans, not the bridge.
    pub(in crate::runtime) fn start(config: &Config, metrics: &Metrics) -> Option<Self> {
        if !config.trace_variables.names_collector() {
            return None;
        }
        match Self::new(config, metrics) {
            Ok(tracer) => {
                tracing::info!("spans of installation steps are exported");
                Some(tracer)
            }
            Err(error) => {
                tracing::warn!(
                    error,
                    "no spans are made: the variables of OpenTelemetry are wrong"
                );
                None
            }
        }
    }

    fn new(config: &Config, metrics: &Metrics) -> Result<Self, String> {
        let variables = &config.trace_variables;
        variables::check_protocol(variables)?;
        let queue_max = variables::queue_size(variables)?;
        let sampler = variables::sampler(variables)?;
        let exporter = SpanExporter::builder().with_http().build();
        let mut exporter = exporter
            .map_err(|error: ExporterBuildError| format!("making the exporter: {error}"))?;
        exporter.set_resource(&resource(config));
        let queue = Arc::new(Queue {
            spans: AtomicUsize::new(0),
            is_failing: AtomicBool::new(false),
            metrics: metrics.spans(),
        });
        let counting = CountingExporter {
            inner: exporter,
            queue: Arc::clone(&queue),
        };
        let batches = BatchConfigBuilder::default().with_max_queue_size(queue_max);
        Ok(Self {
            processor: BatchSpanProcessor::new(counting, batches.build()),
            queue,
            queue_max,
            sampler,
            ids: Ids::new(&config.application_id),
            clock: Clock::new(),
            scope: InstrumentationScope::builder("credbridge")
                .with_version(env!("CARGO_PKG_VERSION"))
                .build(),
        })
    }

    /// Takes what there is room for.
    pub(super) fn take(&self, spans: impl Iterator<Item = SpanData>) {
        for span in spans {
            if self.queue.spans.fetch_add(1, Ordering::Relaxed) >= self.queue_max {
                self.queue.spans.fetch_sub(1, Ordering::Relaxed);
                self.drop_one();
            } else {
                self.processor.on_end(span);
            }
        }
    }

    /// A span is not made, because there would be no room for it.
    pub(super) fn drop_one(&self) {
        self.queue.metrics.dropped(1);
    }

    /// The most spans that one transaction may have.
    pub(super) const fn queue_max(&self) -> usize {
        self.queue_max
    }

    /// Brings what is left to the collector, and ends the thread; gives up soon if the collector does not answer.
    pub(in crate::runtime) fn shut_down(&self) {
        if let Err(error) = self.processor.shutdown_with_timeout(STOP_GRACE) {
            tracing::warn!(%error, "the last spans did not reach the collector");
        }
    }
}

/// Who makes the spans, as the environment says, else by the names of the application.
fn resource(config: &Config) -> Resource {
    let told = Resource::builder().build();
    let attribute = |name: &'static str| {
        let value = told.iter().find(|(key, _)| key.as_str() == name);
        value.map(|(_, value)| value.as_str().into_owned())
    };
    let is_nameless = attribute("service.name").is_none_or(|name| name.starts_with(NAMELESS));
    let is_alike = attribute("service.instance.id").is_none();
    let mut attributes = vec![KeyValue::new("service.version", env!("CARGO_PKG_VERSION"))];
    if is_nameless {
        attributes.push(KeyValue::new("service.name", config.application_id.clone()));
    }
    if is_alike {
        let instance = config.instance_id.clone();
        attributes.push(KeyValue::new("service.instance.id", instance));
    }
    Resource::builder().with_attributes(attributes).build()
}

/// Counts what the collector takes, and says when it does not.
#[derive(Debug)]
struct CountingExporter {
    inner: SpanExporter,
    queue: Arc<Queue>,
}

impl fmt::Debug for Queue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Queue")
            .field("spans", &self.spans)
            .finish_non_exhaustive()
    }
}

impl Exporter for CountingExporter {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len();
        let result = self.inner.export(batch).await;
        self.queue.spans.fetch_sub(spans, Ordering::Relaxed);
        let was_failing = self
            .queue
            .is_failing
            .swap(result.is_err(), Ordering::Relaxed);
        match &result {
            Ok(()) => self.queue.metrics.exported(spans),
            Err(_) => self.queue.metrics.failed(spans),
        }
        match (&result, was_failing) {
            (Err(error), false) => {
                tracing::warn!(%error, "spans do not reach the collector; they are lost until it answers again");
            }
            (Ok(()), true) => tracing::info!("spans reach the collector again"),
            (Err(_), true) | (Ok(()), false) => {}
        }
        result
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}
