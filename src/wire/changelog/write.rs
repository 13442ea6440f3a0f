//! Each field has the number that `proto/credbridge/internal/v1/state.proto` gives it.

use crate::correlator::{
    Bucket, EarlyEvent, Ended, Installation, Ledger, Open, Pacing, Progress, Request, State,
    Transfer,
};
use crate::onem2m::{Expiry, MyCertFileCred, Operation, RequestPrimitive, ResponseType};
use crate::record::{Coordinates, OwnedRecord};

use crate::wire::fields::Fields;

use super::{WaitingRequest, state};

pub(super) fn installation(installation: &Installation, buffer: &mut Vec<u8>) {
    let mut fields = Fields::new(buffer);
    fields.number(1, installation.deadline.as_millis());
    if let Some(alias) = &installation.alias {
        fields.text(2, alias.as_str());
    }
    match &installation.state {
        State::Early(events) => fields.message(3, |fields| {
            for event in events {
                fields.message(1, |fields| early_event(event, fields));
            }
        }),
        State::Open(installation) => fields.message(4, |fields| open(installation, fields)),
        State::Ended(installation) => fields.message(5, |fields| ended(installation, fields)),
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

fn early_event(event: &EarlyEvent, fields: &mut Fields<'_>) {
    fields.message(1, |fields| record(&event.record, fields));
    fields.number(2, event.expires_at.as_millis());
}

pub(super) fn waiting(request: &WaitingRequest, buffer: &mut Vec<u8>) {
    let mut fields = Fields::new(buffer);
    fields.message(1, |fields| record(&request.record, fields));
    fields.text(2, &request.address);
    fields.number(3, request.until.as_millis());
}

fn record(record: &OwnedRecord, fields: &mut Fields<'_>) {
    fields.message(1, |fields| coordinates(&record.coordinates, fields));
    optional(2, record.key(), fields);
    optional(3, record.value(), fields);
    for (name, value) in record.headers() {
        fields.message(4, |fields| {
            fields.text(1, name);
            fields.bytes(2, value);
        });
    }
}

fn optional(tag: u32, bytes: Option<&[u8]>, fields: &mut Fields<'_>) {
    if let Some(bytes) = bytes {
        fields.present_bytes(tag, bytes);
    }
}

fn texts<'a>(tag: u32, texts: impl IntoIterator<Item = &'a Box<str>>, fields: &mut Fields<'_>) {
    for text in texts {
        fields.present_bytes(tag, text.as_bytes());
    }
}

fn coordinates(coordinates: &Coordinates, fields: &mut Fields<'_>) {
    fields.text(1, &coordinates.topic);
    fields.signed(2, coordinates.partition);
    fields.signed(3, coordinates.offset);
}

fn open(open: &Open, fields: &mut Fields<'_>) {
    fields.signed(1, i32::from(progress(open.progress)));
    fields.message(2, |fields| request(&open.request, fields));
    fields.number(3, open.handled_at.as_millis());
    if let Some(expires_at) = open.expires_at {
        fields.present_number(4, expires_at.as_millis());
    }
    if let Some(certificate) = &open.certificate {
        fields.message(5, |fields| {
            fields.bytes(1, &certificate.serial_number);
            fields.bytes(2, &certificate.issuer);
        });
    }
    fields.text(6, open.certificate_path.as_deref().unwrap_or_default());
    fields.text(7, &open.remark);
    if let Some(file) = &open.file {
        fields.message(8, |fields| {
            fields.bytes(1, &file.content);
            fields.number(2, file.size);
        });
    }
    if let Some(retry) = open.retry.as_deref() {
        fields.message(9, |fields| {
            fields.number(1, retry.attempt.into());
            fields.number(2, retry.until.as_millis());
            fields.boolean(3, retry.is_due);
            fields.boolean(4, retry.is_paced);
        });
    }
    if let Some(rows) = open.rows_before.as_deref() {
        fields.message(10, |fields| texts(1, rows, fields));
    }
    if let Some(file) = open.staged.as_deref() {
        fields.message(11, |fields| {
            fields.text(1, &file.name);
            fields.boolean(2, file.is_there);
        });
    }
    if let Some(target) = &open.target {
        fields.text(20, target.as_str());
    }
}

fn progress(progress: Progress) -> state::Progress {
    match progress {
        Progress::DownloadSent => state::Progress::DownloadSent,
        Progress::Accepted => state::Progress::Accepted,
        Progress::ListSent => state::Progress::ListSent,
        Progress::LookupSent => state::Progress::LookupSent,
        Progress::Waiting => state::Progress::Waiting,
        Progress::CancelSent => state::Progress::CancelSent,
        Progress::SetSent => state::Progress::SetSent,
    }
}

fn ended(ended: &Ended, fields: &mut Fields<'_>) {
    fields.message(1, |fields| coordinates(&ended.coordinates, fields));
    fields.signed(2, i32::from(transfer(ended.transfer)));
    if let Some(stored) = &ended.resource {
        fields.message(20, |fields| {
            fields.text(1, &stored.address);
            fields.message(2, |fields| resource(&stored.attributes, fields));
        });
    }
}

fn transfer(transfer: Transfer) -> state::Transfer {
    match transfer {
        Transfer::Failed => state::Transfer::Failed,
        Transfer::Stored => state::Transfer::Stored,
        Transfer::Unknown => state::Transfer::Unknown,
        Transfer::Cancelling => state::Transfer::Cancelling,
    }
}

fn request(request: &Request, fields: &mut Fields<'_>) {
    fields.message(1, |fields| coordinates(&request.coordinates, fields));
    optional(2, request.key.as_deref(), fields);
    optional(3, request.traceparent.as_deref(), fields);
    optional(4, request.tracestate.as_deref(), fields);
    fields.message(5, |fields| primitive(&request.primitive, fields));
    if let Some(attributes) = &request.resource {
        fields.message(6, |fields| resource(attributes, fields));
    }
}

fn primitive(primitive: &RequestPrimitive, fields: &mut Fields<'_>) {
    let (response_type, targets) = match &primitive.response_type {
        ResponseType::NonBlockingSynch => (1, None),
        ResponseType::NonBlockingAsynch(targets) => (2, targets.as_ref()),
        ResponseType::Blocking => (3, None),
        ResponseType::FlexBlocking(targets) => (4, targets.as_ref()),
        ResponseType::NoResponse => (5, None),
    };
    fields.text(1, primitive.request_identifier());
    fields.text(2, primitive.originator());
    fields.text(3, primitive.to());
    fields.text(4, primitive.release_version_indicator());
    fields.number(5, response_type);
    if let Some(targets) = targets {
        fields.message(6, |fields| texts(1, targets, fields));
    }
    fields.number(7, primitive.result_content.number().into());
    for (tag, time) in [
        (8, primitive.request_expiration),
        (9, primitive.result_expiration),
    ] {
        if let Some(time) = time {
            fields.message(tag, |fields| expiry(time, fields));
        }
    }
    fields.number(
        20,
        match primitive.operation {
            Operation::Create => 0,
            operation @ (Operation::Retrieve | Operation::Update | Operation::Delete) => {
                operation.get().into()
            }
        },
    );
}

fn expiry(expiry: Expiry, fields: &mut Fields<'_>) {
    match expiry {
        Expiry::After(duration) => {
            let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
            fields.present_number(1, millis);
        }
        Expiry::At(time) => fields.present_number(2, time.as_millis()),
    }
}

fn resource(resource: &MyCertFileCred, fields: &mut Fields<'_>) {
    fields.text(1, resource.type_name.as_str());
    fields.numbers(2, resource.suids.iter().map(|suid| suid.get().into()));
    fields.text(3, &resource.my_cert_file_format);
    texts(4, &resource.object_paths, fields);
    optional(
        5,
        resource.resource_name.as_deref().map(str::as_bytes),
        fields,
    );
}
