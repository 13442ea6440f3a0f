use crate::correlator::{
    Bucket, EarlyEvent, Ended, Installation, Ledger, Open, Pacing, Progress, Request, State,
    Transfer,
};
use crate::onem2m::{Expiry, MyCertFileCred, Operation, RequestPrimitive, ResponseType};
use crate::record::{Coordinates, OwnedRecord};

use super::{WaitingRequest, state};

pub(super) fn installation(installation: &Installation) -> state::Installation {
    state::Installation {
        deadline_ms: installation.deadline.as_millis(),
        alias: installation
            .alias
            .as_ref()
            .map_or_else(String::new, |alias| alias.as_str().to_owned()),
        state: Some(match &installation.state {
            State::Early(events) => state::installation::State::Early(state::Early {
                events: events.iter().map(early_event).collect(),
            }),
            State::Open(installation) => state::installation::State::Open(open(installation)),
            State::Ended(installation) => state::installation::State::Ended(ended(installation)),
        }),
    }
}

pub(super) fn ledger(ledger: &Ledger, shards: u32) -> state::Ledger {
    state::Ledger {
        events: ledger.events,
        applied: ledger.applied,
        repeated: ledger.repeated,
        parked: ledger.parked,
        set_aside: ledger.set_aside,
        foreign: ledger.foreign,
        shards,
    }
}

pub(super) fn pacing(pacing: &Pacing) -> state::Pacing {
    let clocks = pacing.clocks.iter().map(|(bucket, nanos)| state::Clock {
        nanos: *nanos,
        bucket: Some(match bucket {
            Bucket::Fleet => state::clock::Bucket::Fleet(true),
            Bucket::Reserved => state::clock::Bucket::Reserved(true),
            Bucket::ProductClass(class) => state::clock::Bucket::ProductClass(class.to_string()),
            Bucket::Originator(originator) => {
                state::clock::Bucket::Originator(originator.to_string())
            }
        }),
    });
    state::Pacing {
        clocks: clocks.collect(),
    }
}

fn early_event(event: &EarlyEvent) -> state::EarlyEvent {
    state::EarlyEvent {
        record: Some(record(&event.record)),
        expires_at_ms: event.expires_at.as_millis(),
    }
}

pub(super) fn waiting(request: &WaitingRequest) -> state::Waiting {
    state::Waiting {
        record: Some(record(&request.record)),
        address: request.address.to_string(),
        until_ms: request.until.as_millis(),
    }
}

fn record(record: &OwnedRecord) -> state::Record {
    state::Record {
        coordinates: Some(coordinates(&record.coordinates)),
        key: record.key.as_deref().map(Vec::from),
        value: record.value.as_deref().map(Vec::from),
        headers: record
            .headers
            .iter()
            .map(|(name, value)| state::Header {
                name: name.to_string(),
                value: value.to_vec(),
            })
            .collect(),
    }
}

fn coordinates(coordinates: &Coordinates) -> state::Coordinates {
    state::Coordinates {
        topic: coordinates.topic.to_string(),
        partition: coordinates.partition,
        offset: coordinates.offset,
    }
}

fn open(open: &Open) -> state::Open {
    state::Open {
        progress: i32::from(match open.progress {
            Progress::DownloadSent => state::Progress::DownloadSent,
            Progress::Accepted => state::Progress::Accepted,
            Progress::ListSent => state::Progress::ListSent,
            Progress::LookupSent => state::Progress::LookupSent,
            Progress::Waiting => state::Progress::Waiting,
            Progress::CancelSent => state::Progress::CancelSent,
            Progress::SetSent => state::Progress::SetSent,
        }),
        request: Some(request(&open.request)),
        handled_at_ms: open.handled_at.as_millis(),
        expires_at_ms: open.expires_at.map(|time| time.as_millis()),
        certificate: open
            .certificate
            .as_ref()
            .map(|certificate| state::Certificate {
                serial_number: certificate.serial_number.to_vec(),
                issuer: certificate.issuer.to_vec(),
            }),
        certificate_path: open
            .certificate_path
            .as_deref()
            .unwrap_or_default()
            .to_owned(),
        rows_before: open.rows_before.as_deref().map(|rows| state::Rows {
            names: rows.iter().map(ToString::to_string).collect(),
        }),
        remark: open.remark.to_string(),
        file: open.file.as_ref().map(|file| state::DownloadFile {
            content: file.content.to_vec(),
            size: file.size,
        }),
        retry: open.retry.as_deref().map(|retry| state::Retry {
            attempt: retry.attempt.into(),
            until_ms: retry.until.as_millis(),
            is_due: retry.is_due,
            is_paced: retry.is_paced,
        }),
        staged: open.staged.as_deref().map(|file| state::StagedFile {
            name: file.name.to_string(),
            is_there: file.is_there,
        }),
        target: open
            .target
            .as_ref()
            .map_or_else(String::new, |target| target.as_str().to_owned()),
    }
}

fn ended(ended: &Ended) -> state::Ended {
    state::Ended {
        coordinates: Some(coordinates(&ended.coordinates)),
        transfer: i32::from(match ended.transfer {
            Transfer::Failed => state::Transfer::Failed,
            Transfer::Stored => state::Transfer::Stored,
            Transfer::Unknown => state::Transfer::Unknown,
            Transfer::Cancelling => state::Transfer::Cancelling,
        }),
        resource: ended.resource.as_ref().map(|stored| state::StoredResource {
            address: stored.address.to_string(),
            attributes: Some(resource(&stored.attributes)),
        }),
    }
}

fn request(request: &Request) -> state::Request {
    state::Request {
        coordinates: Some(coordinates(&request.coordinates)),
        key: request.key.as_deref().map(Vec::from),
        traceparent: request.traceparent.as_deref().map(Vec::from),
        tracestate: request.tracestate.as_deref().map(Vec::from),
        primitive: Some(primitive(&request.primitive)),
        resource: request.resource.as_ref().map(resource),
    }
}

fn primitive(primitive: &RequestPrimitive) -> state::Primitive {
    let (response_type, targets) = match &primitive.response_type {
        ResponseType::NonBlockingSynch => (1, None),
        ResponseType::NonBlockingAsynch(targets) => (2, targets.as_ref()),
        ResponseType::Blocking => (3, None),
        ResponseType::FlexBlocking(targets) => (4, targets.as_ref()),
        ResponseType::NoResponse => (5, None),
    };
    state::Primitive {
        request_identifier: primitive.request_identifier.to_string(),
        from: primitive.originator.to_string(),
        to: primitive.to.to_string(),
        release_version_indicator: primitive.release_version_indicator.to_string(),
        response_type,
        targets: targets.map(|uris| state::Targets {
            uris: uris.iter().map(ToString::to_string).collect(),
        }),
        result_content: primitive.result_content.number(),
        request_expiration: primitive.request_expiration.map(expiry),
        result_expiration: primitive.result_expiration.map(expiry),
        operation: match primitive.operation {
            Operation::Create => 0,
            operation @ (Operation::Retrieve | Operation::Update | Operation::Delete) => {
                operation.get().into()
            }
        },
    }
}

fn expiry(expiry: Expiry) -> state::Expiry {
    state::Expiry {
        expiry: Some(match expiry {
            Expiry::After(duration) => state::expiry::Expiry::AfterMs(
                u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
            ),
            Expiry::At(time) => state::expiry::Expiry::AtMs(time.as_millis()),
        }),
    }
}

fn resource(resource: &MyCertFileCred) -> state::Resource {
    state::Resource {
        type_name: resource.type_name.as_str().to_owned(),
        suids: resource
            .suids
            .iter()
            .map(|suid| u32::from(suid.get()))
            .collect(),
        my_cert_file_format: resource.my_cert_file_format.to_string(),
        object_paths: resource
            .object_paths
            .iter()
            .map(ToString::to_string)
            .collect(),
        resource_name: resource.resource_name.as_deref().map(str::to_owned),
    }
}
