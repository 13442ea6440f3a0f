//! What operators see: logs, metrics, and the admin port.

mod admin;
mod admin_metrics;
mod directory_metrics;
mod distribution;
mod handle;
mod installation_metrics;
mod kafka_metrics;
mod log;
pub mod metrics;
mod page;
mod saturation_metrics;
mod span_metrics;
mod staging_metrics;
mod worker_metrics;

pub use admin::{Admin, AdminError, Bound, Subject};
pub use directory_metrics::DirectoryMetrics;
pub use installation_metrics::InstallationMetrics;
pub use kafka_metrics::{BrokerRoundTrip, KafkaClient, KafkaClientFigures, KafkaMetrics};
pub use log::{LogError, LogFilter, LogFormat, log_panic};
pub use metrics::Metrics;
pub use saturation_metrics::{AGE_BOUNDS, Limit, SaturationMetrics};
pub use span_metrics::SpanMetrics;
pub use staging_metrics::StagingMetrics;
pub use worker_metrics::{TransactionOutcome, TransactionPhase, WorkerMetrics};
