//! What operators see: logs, metrics, and the admin port.

mod admin;
mod directory_metrics;
mod handle;
mod log;
pub mod metrics;
mod worker_metrics;

pub use admin::{Admin, AdminError, Bound};
pub use directory_metrics::DirectoryMetrics;
pub use log::{LogError, LogFormat};
pub use metrics::Metrics;
pub use worker_metrics::{TransactionOutcome, TransactionPhase, WorkerMetrics};
