use std::time::Duration;

use crate::cwmp::{DeviceId, PerDevice};

use super::{PacingLimits, Progress, RetryTable};

/// Everything in a correlator that can grow or last, with its bound.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Download waiting for those before it -> sent.
    pub queue_timeout: PerDevice<Duration>,
    /// Download or CancelTransfer command sent -> its answer.
    pub accept_timeout: PerDevice<Duration>,
    /// Download accepted -> TransferComplete.
    pub transfer_timeout: PerDevice<Duration>,
    /// Lookup command sent -> its answer.
    pub lookup_timeout: PerDevice<Duration>,
    /// Set command sent -> its answer.
    pub set_timeout: PerDevice<Duration>,
    /// How long an ended CommandKey is remembered, so that repeats are told from strangers.
    pub ended_ttl: Duration,
    /// How long a resource is kept after its last change, so that it can be changed again; zero: not at all.
    pub resource_ttl: Duration,
    /// How long an event waits for its request.
    pub early_ttl: Duration,
    /// Events that wait for one (device, CommandKey).
    pub early_events_per_key_max: usize,
    /// Events of one device that wait, under whatever keys: a device that makes keys up takes no room from others.
    pub early_events_per_device_max: usize,
    /// Bytes that these take. Less than a record of the changelog may have: it holds all that wait for a key.
    pub early_bytes_per_device_max: usize,
    /// Events that wait in the whole correlator.
    pub early_events_max: usize,
    /// Bytes that these take.
    pub early_bytes_max: usize,
    /// Downloads of one device that are open at a time (TR-069 A.3.2.8: a CPE queues at least three).
    pub open_downloads_per_device_max: usize,
    /// Downloads of one device that wait to be sent; zero: none waits, it is refused.
    pub queued_downloads_per_device_max: usize,
    /// Installations that are open at a time in the whole correlator.
    pub open_installations_max: usize,
    /// What is tried again.
    pub retry: RetryTable,
    /// A Download that the device itself refused or failed is tried again, too, with another CommandKey.
    pub retry_with_new_key: bool,
    /// How fast Downloads are sent.
    pub pacing: PacingLimits,
    /// An accepted Download whose time has run out is cancelled.
    pub cancel_expired: bool,
    /// Before a Download whose request names no row, the rows of certificates are listed.
    pub list_rows_first: bool,
    /// An empty CommandKey means the device's only open transfer.
    pub sole_open_transfer: bool,
}

impl Limits {
    /// How long the answer may take after `progress` was made for the device.
    pub(super) fn timeout(&self, progress: Progress, device: &DeviceId) -> Duration {
        let timeout = match progress {
            Progress::Waiting => &self.queue_timeout,
            Progress::DownloadSent | Progress::CancelSent => &self.accept_timeout,
            Progress::Accepted => &self.transfer_timeout,
            Progress::ListSent | Progress::LookupSent => &self.lookup_timeout,
            Progress::SetSent => &self.set_timeout,
        };
        *timeout.of(device)
    }
}
