//! What the configuration means for the modules that do not know it.

use super::{Config, ContentDelivery};
use crate::correlator::{Limits, PacingLimits};
use crate::mapping::{ContentRule, Rules, StagedNames};
use crate::wire::{CommandKeys, Decoder, Encoder};

/// A TransferComplete, a DownloadResponse, a fault, and repeats of each.
const EARLY_EVENTS_PER_KEY_MAX: usize = 8;

/// A shard that starts behind its requests must not lose answers; at 1 KB a record this is 100 MB.
const EARLY_EVENTS_MAX: usize = 100_000;

/// Hundreds of ordinary records, and half of what a record of the changelog may have.
const EARLY_BYTES_PER_DEVICE_MAX: usize = 512 << 10;

/// Twice as much as `EARLY_EVENTS_MAX` ordinary records.
const EARLY_BYTES_MAX: usize = 256 << 20;

/// Far above what a shard has open in an hour of ordinary work; at 1 KB an installation, and a certificate file until
/// its Download is accepted, this is 1 to 3 GB.
const OPEN_INSTALLATIONS_MAX: usize = 1_000_000;

impl Config {
    /// The bounds of the correlator of one of so many shards.
    pub fn limits(&self, shards: u32) -> Limits {
        let timeouts = &self.timeouts;
        Limits {
            queue_timeout: self.per_device(&timeouts.queue, |one| one.queue.as_ref()),
            accept_timeout: self.per_device(&timeouts.accept, |one| one.accept.as_ref()),
            transfer_timeout: self.per_device(&timeouts.transfer, |one| one.transfer.as_ref()),
            lookup_timeout: self.per_device(&timeouts.lookup, |one| one.lookup.as_ref()),
            set_timeout: self.per_device(&timeouts.set, |one| one.set.as_ref()),
            ended_ttl: self.timeouts.ended_ttl,
            resource_ttl: self.resources.ttl,
            early_ttl: self.timeouts.early_ttl,
            early_events_per_key_max: EARLY_EVENTS_PER_KEY_MAX,
            early_events_per_device_max: self.correlation.early_events_per_device,
            early_bytes_per_device_max: EARLY_BYTES_PER_DEVICE_MAX,
            early_events_max: EARLY_EVENTS_MAX,
            early_bytes_max: EARLY_BYTES_MAX,
            open_downloads_per_device_max: self.correlation.open_downloads_per_device,
            queued_downloads_per_device_max: self.correlation.queued_downloads_per_device,
            open_installations_max: OPEN_INSTALLATIONS_MAX,
            retry: self.retry.table.clone(),
            retry_with_new_key: self.retry.new_command_key,
            pacing: PacingLimits {
                fleet: self.pacing.fleet,
                product_class: self.pacing.product_class,
                device: self.pacing.device_distance,
                burst: self.pacing.burst,
                reserved_percent: self.pacing.reserved_percent,
            }
            .shared_by(shards),
            cancel_expired: self.download.cancel_expired,
            list_rows_first: self.download.list_rows_first,
            sole_open_transfer: self.correlation.sole_open_transfer,
        }
    }

    /// What clause 8.3.2 leaves to the operator.
    pub fn rules(&self) -> Rules {
        Rules {
            download_url: self.per_device(&self.download.url, |one| one.url.as_ref()),
            content: match self.download.content {
                ContentDelivery::Inline => ContentRule::Inline,
                ContentDelivery::None => ContentRule::Elsewhere,
                ContentDelivery::Staged => {
                    let secret = self.staging.secret.expose();
                    ContentRule::Staged(StagedNames::new(secret, &self.application_id))
                }
            },
            suids_parameter: self.per_device(&self.set.parameter, |one| one.parameter.as_ref()),
            await_set_result: self.set.await_result,
            delete: self.resources.delete,
            refuse_invalid: self.download.refuse_invalid,
        }
    }

    /// A reader of input records.
    pub fn decoder(&self) -> Decoder {
        Decoder {
            command_keys: match &self.correlation.command_key_secret {
                Some(secret) => CommandKeys::with_secret(&self.application_id, secret.expose()),
                None => CommandKeys::new(&self.application_id),
            },
            requests: self.formats.requests,
            cpe_events: self.formats.cpe_events,
            from_target: self.devices.from_target.clone(),
            keys_in_path: self.keys_in_path(),
            hears_forwarder: false,
            nodes: None,
        }
    }

    /// Whether one of the URLs has the CommandKey as a segment of its own, percent-encoded or not (RFC 3986 clause 5.2.4).
    fn keys_in_path(&self) -> bool {
        let others = self.overrides.iter().filter_map(|one| one.url.as_ref());
        let mut segments = std::iter::once(&self.download.url)
            .chain(others)
            .flat_map(|url| url.split(['/', '?', '#']));
        segments.any(|segment| segment == "{command_key}")
    }

    /// A writer of output records.
    pub fn encoder(&self) -> Encoder {
        Encoder {
            commands: self.formats.commands,
            responses: self.formats.responses,
            file_type: self.per_device(&self.download.file_type, |one| one.file_type.as_ref()),
            logins: self.logins(),
        }
    }
}
