use crate::cwmp::DeviceId;
use crate::mapping::Quoted;
use crate::onem2m::{Operation, ResponseStatusCode};

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
