//! Texts for people: what happened, and what to look at.

mod changes;

use std::time::Duration;

use humantime::format_duration;

use crate::cwmp::{CommandKey, DeviceId, Fault, Rejection, RejectionReason};
use crate::mapping::Quoted;
use crate::onem2m::Validity;
use crate::record::Coordinates;
use crate::time::Timestamp;

use super::{InstallationId, Limits, Progress, Step};

pub(super) use changes::{
    UNCHANGED, already_complete, cancel_failed, change_pending, delete_refused, no_such_resource,
    not_cancellable, not_the_originator, over, pending, withdrawn,
};

/// CommandKeys that a text for people shows at most.
const SHOWN_KEYS_MAX: usize = 8;

/// What a failure after the transfer means; clause 8.3.2 knows no way to take the file back.
pub(super) const STAYS: &str = "; the certificate stays on the device without SUIDs";

pub(super) const PENDING_APPLY: &str =
    "pending apply: the device committed the SUIDs and applies them later, e.g. after a reboot";

pub(super) fn command_key_in_use(id: &InstallationId, earlier: &Coordinates) -> String {
    format!(
        "CommandKey {} of device {} belongs to the request at {earlier}: assign another one, or none",
        Quoted(id.command_key.as_str()),
        id.device
    )
}

pub(super) fn request_pending(earlier: &Coordinates) -> String {
    format!(
        "the request at {earlier} has the same originator and request identifier and is pending: wait for its response, \
         or choose another request identifier (TS-0001 clause 7.1.7)"
    )
}

pub(super) fn expired_before_start(expires_at: Timestamp, now: Timestamp) -> String {
    format!(
        "the request expired at {} (the earlier of rqet and rset) and was handled at {}: nothing was sent to the device",
        utc(expires_at),
        utc(now)
    )
}

pub(super) fn result_expires_first(request: Timestamp, result: Timestamp) -> String {
    format!(
        "rset (Result Expiration Timestamp) {} must be later than rqet (Request Expiration Timestamp) {}",
        utc(result),
        utc(request)
    )
}

pub(super) fn over_already(ends_at: Timestamp, now: Timestamp) -> String {
    format!(
        "et (expirationTime) is {}, and the request was handled at {}: give a time to come, or none",
        utc(ends_at),
        utc(now)
    )
}

pub(super) fn outside_validity(validity: &Validity, now: Timestamp) -> String {
    let (verb, time) = match validity.not_before > now {
        true => ("is not valid before", validity.not_before),
        false => ("expired at", validity.not_after),
    };
    format!(
        "the certificate in mcfc (myCertFileContent) {verb} {}, and its request was handled at {}",
        utc(time),
        utc(now)
    )
}

pub(super) fn expired_before_set(expires_at: Timestamp) -> String {
    format!(
        "the request expired at {} (the earlier of rqet and rset) before the SUIDs could be set{STAYS}",
        utc(expires_at)
    )
}

pub(super) fn expired_before_download(expires_at: Timestamp) -> String {
    format!(
        "the request expired at {} (the earlier of rqet and rset) before the rows of certificates were listed; no Download \
         was sent",
        utc(expires_at)
    )
}

pub(super) fn too_many_open(max: usize) -> String {
    format!(
        "{max} installations are open in this shard, the most that it takes on: try again later; operators: look at \
         devices that do not answer, or use more shards"
    )
}

pub(super) fn too_many_downloads(
    device: &DeviceId,
    open: usize,
    waiting: usize,
    limits: &Limits,
) -> String {
    format!(
        "device {device} has {open} open downloads and {waiting} that wait, at most {} and {} are taken on (like 9004 \
         resources exceeded): wait for one to end, or raise correlation.open_downloads_per_device or \
         correlation.queued_downloads_per_device",
        limits.open_downloads_per_device_max, limits.queued_downloads_per_device_max
    )
}

pub(super) fn expires_before_start(starts_at: Timestamp, expires_at: Timestamp) -> String {
    format!(
        "oet (Operation Execution Time) is {}, and the request expires at {} (the earlier of rqet and rset): let it \
         begin before it expires",
        utc(starts_at),
        utc(expires_at)
    )
}

pub(super) fn timed_out(
    progress: Progress,
    timeout: Duration,
    expired: Option<Timestamp>,
) -> String {
    let (waited_for, look_at) = match progress {
        Progress::Waiting => (
            "no Download was sent: the device had as many open downloads as it may have or was to rest, or many others came before",
            "whether the device ends its transfers, and at the section pacing of the configuration",
        ),
        Progress::ListSent => (
            "no answer to GetParameterValues, and no Download was sent",
            "whether the ACS reads the commands topic and the device opens sessions",
        ),
        Progress::DownloadSent => (
            "no answer to Download",
            "whether the ACS reads the commands topic and the device opens sessions",
        ),
        Progress::Accepted => (
            "Download accepted, but no TransferComplete",
            "whether the device reaches the file server",
        ),
        Progress::CancelSent => (
            "no answer to CancelTransfer; the request to be withdrawn goes on",
            "whether the ACS reads the commands topic and the device opens sessions",
        ),
        Progress::LookupSent => (
            "certificate stored, but no answer to GetParameterValues",
            "whether the device opens sessions",
        ),
        Progress::SetSent => (
            "certificate stored, but no answer to SetParameterValues",
            "whether the device opens sessions; the SUIDs may be set or not",
        ),
    };
    let limit = limit(progress, timeout, expired);
    let mut text = format!("{waited_for} {limit}: look at {look_at}");
    match progress {
        Progress::Waiting
        | Progress::ListSent
        | Progress::CancelSent
        | Progress::DownloadSent
        | Progress::Accepted
        | Progress::SetSent => {}
        Progress::LookupSent => text.push_str(STAYS),
    }
    text
}

fn limit(progress: Progress, timeout: Duration, expired: Option<Timestamp>) -> String {
    match expired {
        Some(expires_at) => format!(
            "before the request expired at {} (the earlier of rqet and rset)",
            utc(expires_at)
        ),
        None => format!(
            "within {} (timeouts.{})",
            format_duration(timeout),
            progress.timeout_name()
        ),
    }
}

/// The store said no for good.
pub(super) fn not_staged(why: &str) -> String {
    format!("the certificate file could not be staged, and nothing was sent to the device: {why}")
}

/// The store said nothing.
pub(super) fn not_staged_in_time(timeout: Duration, expired: Option<Timestamp>) -> String {
    let limit = limit(Progress::DownloadSent, timeout, expired);
    format!(
        "the certificate file was not staged {limit}, and nothing was sent to the device: look at the store that \
         staging.store names"
    )
}

/// The file was dropped before it was to be staged.
pub(super) const NOT_KEPT: &str = "the certificate file was not kept, because the request came while download.content \
     was another one than `staged`: send the request again";

pub(super) fn rejection(step: Step, rejection: &Rejection) -> String {
    let rpc = match step {
        Step::Download => "Download",
        Step::List | Step::Lookup => "GetParameterValues",
        Step::Set => "SetParameterValues",
        Step::Cancel => "CancelTransfer",
    };
    let reason = match rejection.reason {
        RejectionReason::DeviceUnavailable => "the device is not available",
        RejectionReason::RetryLater => "it asks to come again later",
        RejectionReason::SessionTimeout => "the session ended before the device answered",
        RejectionReason::UnknownDevice => "it does not know the device",
        RejectionReason::Unspecified => "no reason stated",
    };
    let mut text = format!("the ACS did not deliver {rpc}: {reason}");
    if !rejection.detail.is_empty() {
        text.push_str(&format!("; ACS said {}", Quoted(&rejection.detail)));
    }
    text
}

pub(super) fn lookup_fault(fault: &Fault) -> String {
    let mut text = format!("GetParameterValues failed with fault {}", fault.code);
    if !fault.text.is_empty() {
        text.push_str(&format!("; device said {}", Quoted(&fault.text)));
    }
    text
}

pub(super) fn row_not_found(why: &str) -> String {
    format!("the row of the new certificate is not known: {why}{STAYS}")
}

pub(super) fn unknown_command_id(device: &DeviceId) -> String {
    format!(
        "an answer of device {device} names no command of the bridge: put the command_id (in an envelope cwmp:ID) of \
         the command into the answer as it came"
    )
}

pub(super) fn empty_command_key(
    device: &DeviceId,
    keys: impl Iterator<Item = CommandKey>,
) -> String {
    let keys = shown(keys);
    let candidates = match keys.as_str() {
        "" => "the device has no open transfer".to_owned(),
        keys => format!("the device has these open: {keys}"),
    };
    format!(
        "a TransferComplete of device {device} has an empty CommandKey, which belongs to no installation; {candidates}: \
         have the ACS pass the CommandKey of the Download on, or set correlation.sole_open_transfer if the device never \
         returns it"
    )
}

/// Keys for people, the first few of them.
fn shown(mut keys: impl Iterator<Item = CommandKey>) -> String {
    let quoted = |key: CommandKey| Quoted(key.as_str()).to_string();
    let mut shown: Vec<String> = keys.by_ref().take(SHOWN_KEYS_MAX).map(quoted).collect();
    match keys.count() {
        0 => {}
        more => shown.push(format!("and {more} more")),
    }
    shown.join(", ")
}

pub(super) fn no_open_transfer(device: &DeviceId) -> String {
    format!(
        "a TransferComplete of device {device} has an empty CommandKey, and the device has no open transfer: it is not \
         the bridge's, or comes after the end"
    )
}

pub(super) fn ambiguous_command_key(
    device: &DeviceId,
    keys: impl Iterator<Item = CommandKey>,
) -> String {
    format!(
        "a TransferComplete of device {device} has an empty CommandKey and may belong to any of {}: send it again with \
         the right CommandKey, or allow one open download per device",
        shown(keys)
    )
}

pub(super) fn early_events_full(id: &InstallationId, limits: &Limits) -> String {
    format!(
        "no request of device {} with CommandKey {} has come, and no more events can wait for one (at most {} per \
         CommandKey, {} of {} bytes together in the shard): look at why requests lag, then send the record again",
        id.device,
        Quoted(id.command_key.as_str()),
        limits.early_events_per_key_max,
        limits.early_events_max,
        limits.early_bytes_max
    )
}

pub(super) fn early_events_of_device_full(id: &InstallationId, limits: &Limits) -> String {
    format!(
        "no request of device {} with CommandKey {} has come, and no more events of the device can wait for one (at most \
         {} of {} bytes together, correlation.early_events_per_device): look at where the device has its CommandKeys \
         from, then send the record again",
        id.device,
        Quoted(id.command_key.as_str()),
        limits.early_events_per_device_max,
        limits.early_bytes_per_device_max
    )
}

pub(super) fn unknown_command_key(id: &InstallationId, waited: Duration) -> String {
    format!(
        "no request of device {} with CommandKey {} came within {} (timeouts.early_ttl), nor one whose Download the ACS \
         gave that key: the transfer is not the bridge's, the event names the wrong device or key, or the request is \
         late; send the record again once the request is there",
        id.device,
        Quoted(id.command_key.as_str()),
        format_duration(waited)
    )
}

fn utc(time: Timestamp) -> String {
    let millis = i64::try_from(time.as_millis()).ok();
    match millis.and_then(|millis| jiff::Timestamp::from_millisecond(millis).ok()) {
        Some(time) => time.to_string(),
        None => format!("{} ms after 1970", time.as_millis()),
    }
}
