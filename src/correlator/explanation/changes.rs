use crate::cwmp::{DeviceId, Fault};
use crate::mapping::Quoted;
use crate::onem2m::{Operation, ResponseStatusCode};
use crate::record::Coordinates;

use super::super::Request;
use super::super::create::Refusal;

/// What a change that failed leaves behind.
pub(in super::super) const UNCHANGED: &str = "; the resource stays as it was";

pub(in super::super) fn no_such_resource(device: &DeviceId, to: &str) -> Refusal {
    Refusal::new(
        ResponseStatusCode::NotFound,
        format!(
            "device {device} has no resource {}: address it as the response to its creation did (m2m:uri with rcn 2), \
             or by its CommandKey; a resource is kept for resources.ttl after its last change",
            Quoted(to)
        ),
    )
}

pub(in super::super) fn pending(request: &Request, operation: Operation) -> Refusal {
    Refusal::new(
        ResponseStatusCode::NotFound,
        format!(
            "{} is not possible yet: the request at {} is pending; wait for its response",
            operation.as_str(),
            request.coordinates
        ),
    )
}

pub(in super::super) fn over(to: &str, operation: Operation) -> Refusal {
    Refusal::new(
        ResponseStatusCode::OperationNotAllowed,
        format!(
            "{} of {} is not allowed: the request is over, and only its resource can be asked for",
            operation.as_str(),
            Quoted(to)
        ),
    )
}

pub(in super::super) fn delete_refused() -> Refusal {
    Refusal::new(
        ResponseStatusCode::OperationNotAllowed,
        "Delete is not allowed: a CPE cannot remove a row of Device.Security.Certificate.{i}.; to have the certificate \
         disabled or only the resource forgotten, operators set resources.delete"
            .to_owned(),
    )
}

pub(in super::super) fn change_pending(request: &Request) -> Refusal {
    Refusal::new(
        ResponseStatusCode::Conflict,
        format!(
            "the request at {} changes the same resource and is pending: wait for its response",
            request.coordinates
        ),
    )
}

pub(in super::super) fn withdrawn(by: &Coordinates) -> String {
    format!("withdrawn by its originator with the request at {by}")
}

pub(in super::super) fn not_the_originator(request: &Request) -> Refusal {
    Refusal::new(
        ResponseStatusCode::OriginatorHasNoPrivilege,
        format!(
            "the request at {} is pending, and only its originator may withdraw it",
            request.coordinates
        ),
    )
}

pub(in super::super) fn not_cancellable(request: &Request) -> Refusal {
    Refusal::new(
        ResponseStatusCode::MgmtCommandNotCancellable,
        format!(
            "the request at {} has gone too far to be withdrawn, its file or its change is on the device: wait for its \
             response, then delete or update the resource",
            request.coordinates
        ),
    )
}

pub(in super::super) fn already_complete(to: &str) -> Refusal {
    Refusal::new(
        ResponseStatusCode::AlreadyComplete,
        format!(
            "the request {} is over, or unknown: there is nothing to withdraw; a resource that it created is deleted \
             by the address of the resource",
            Quoted(to)
        ),
    )
}

pub(in super::super) fn cancel_failed(fault: &Fault) -> String {
    let mut text = format!(
        "CancelTransfer failed with fault {}; the request to be withdrawn goes on",
        fault.code
    );
    if !fault.text.is_empty() {
        text.push_str(&format!("; device said {}", Quoted(&fault.text)));
    }
    text
}
