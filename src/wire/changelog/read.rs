use std::sync::Arc;
use std::time::Duration;

use crate::correlator::{
    Bucket, EarlyEvent, Ended, Installation, InstallationId, Ledger, Open, Pacing, Progress,
    Request, Retry, StagedFile, State, StoredResource, Transfer,
};
use crate::cwmp::{CommandKey, DownloadFile};
use crate::onem2m::{
    Certificate, Expiry, MyCertFileCred, Operation, PrimitiveTexts, RequestPrimitive, ResponseType,
    ResultContent, Suid, TypeName,
};
use crate::record::{Coordinates, Headers, OwnedRecord, Record};
use crate::time::Timestamp;

use super::{ChangelogError, ReadEarly, WaitingRequest, shown, state};

/// What is wrong with a message, before the key of its record is known.
pub(super) enum Broken {
    EarlyEvent { coordinates: String, detail: String },
    Field(&'static str),
}

impl Broken {
    pub(super) fn of(self, key: &[u8]) -> ChangelogError {
        let key = shown(key);
        match self {
            Self::EarlyEvent {
                coordinates,
                detail,
            } => ChangelogError::EarlyEvent {
                key,
                coordinates,
                detail,
            },
            Self::Field(field) => ChangelogError::Field { key, field },
        }
    }
}

pub(super) fn ledger(ledger: &state::Ledger) -> Ledger {
    Ledger {
        events: ledger.events,
        applied: ledger.applied,
        repeated: ledger.repeated,
        parked: ledger.parked,
        set_aside: ledger.set_aside,
        foreign: ledger.foreign,
    }
}

pub(super) fn pacing(message: state::Pacing) -> Result<Pacing, Broken> {
    let clocks = message.clocks.into_iter().map(|clock| {
        let bucket = match clock.bucket.ok_or(Broken::Field("clocks.bucket"))? {
            state::clock::Bucket::Fleet(_) => Bucket::Fleet,
            state::clock::Bucket::Reserved(_) => Bucket::Reserved,
            state::clock::Bucket::ProductClass(class) => Bucket::ProductClass(class.into()),
            state::clock::Bucket::Originator(originator) => Bucket::Originator(originator.into()),
        };
        Ok((bucket, clock.nanos))
    });
    let clocks = clocks.collect::<Result<_, _>>()?;
    Ok(Pacing { clocks })
}

pub(super) fn installation(
    id: InstallationId,
    message: state::Installation,
    read_early: ReadEarly<'_>,
) -> Result<Installation, Broken> {
    let alias = match message.alias.as_str() {
        "" => None,
        alias => Some(CommandKey::try_from(alias).map_err(|_| Broken::Field("alias"))?),
    };
    let state = match message.state.ok_or(Broken::Field("state"))? {
        state::installation::State::Early(early) if early.events.is_empty() => {
            return Err(Broken::Field("early.events"));
        }
        state::installation::State::Early(early) => State::Early(
            early
                .events
                .into_iter()
                .map(|event| early_event(event, read_early))
                .collect::<Result<_, _>>()?,
        ),
        state::installation::State::Open(message) => State::Open(Box::new(open(&id, message)?)),
        state::installation::State::Ended(message) => State::Ended(ended(message)?),
    };
    Ok(Installation {
        id,
        alias: alias.map(Box::new),
        deadline: Timestamp::from_millis(message.deadline_ms),
        state,
    })
}

fn early_event(event: state::EarlyEvent, read_early: ReadEarly<'_>) -> Result<EarlyEvent, Broken> {
    let record = owned_record(event.record, "early.events.record")?;
    let kind =
        read_early(record.borrow(&record.headers())).map_err(|detail| Broken::EarlyEvent {
            coordinates: record.coordinates.to_string(),
            detail,
        })?;
    Ok(EarlyEvent {
        kind,
        record: Box::new(record),
        expires_at: Timestamp::from_millis(event.expires_at_ms),
    })
}

fn owned_record(record: Option<state::Record>, field: &'static str) -> Result<OwnedRecord, Broken> {
    let record = record.ok_or(Broken::Field(field))?;
    let headers: Headers<'_> = record
        .headers
        .iter()
        .map(|header| (&*header.name, &*header.value))
        .collect();
    let read = Record {
        coordinates: &coordinates(record.coordinates, field)?,
        key: record.key.as_deref(),
        value: record.value.as_deref(),
        headers: &headers,
    };
    Ok(read.to_owned())
}

pub(super) fn waiting(waiting: state::Waiting) -> Result<WaitingRequest, Broken> {
    Ok(WaitingRequest {
        record: owned_record(waiting.record, "record")?,
        address: waiting.address.into(),
        until: Timestamp::from_millis(waiting.until_ms),
    })
}

fn coordinates(
    coordinates: Option<state::Coordinates>,
    field: &'static str,
) -> Result<Coordinates, Broken> {
    let coordinates = coordinates.ok_or(Broken::Field(field))?;
    Ok(Coordinates {
        topic: coordinates.topic.into(),
        partition: coordinates.partition,
        offset: coordinates.offset,
    })
}

fn open(id: &InstallationId, open: state::Open) -> Result<Open, Broken> {
    let progress = match open.progress() {
        state::Progress::Unspecified => return Err(Broken::Field("open.progress")),
        state::Progress::DownloadSent => Progress::DownloadSent,
        state::Progress::Accepted => Progress::Accepted,
        state::Progress::ListSent => Progress::ListSent,
        state::Progress::LookupSent => Progress::LookupSent,
        state::Progress::Waiting => Progress::Waiting,
        state::Progress::CancelSent => Progress::CancelSent,
        state::Progress::SetSent => Progress::SetSent,
    };
    let message = open.request.ok_or(Broken::Field("open.request"))?;
    Ok(Open {
        request: Arc::new(request(id, message)?),
        progress,
        handled_at: Timestamp::from_millis(open.handled_at_ms),
        expires_at: open.expires_at_ms.map(Timestamp::from_millis),
        certificate: open.certificate.map(|certificate| Certificate {
            serial_number: certificate.serial_number.into(),
            issuer: certificate.issuer.into(),
        }),
        certificate_path: Some(open.certificate_path)
            .filter(|path| !path.is_empty())
            .map(Into::into),
        rows_before: open
            .rows_before
            .map(|rows| rows.names.into_iter().map(Into::into).collect()),
        remark: open.remark.into(),
        file: open.file.map(|file| DownloadFile {
            content: file.content.into(),
            size: file.size,
        }),
        retry: open.retry.map(|message| retry(&message)).transpose()?,
        staged: open.staged.map(|file| {
            Box::new(StagedFile {
                name: file.name.into(),
                is_there: file.is_there,
            })
        }),
        target: match open.target.as_str() {
            "" => None,
            target => Some(Box::new(
                CommandKey::try_from(target).map_err(|_| Broken::Field("open.target"))?,
            )),
        },
    })
}

fn retry(retry: &state::Retry) -> Result<Box<Retry>, Broken> {
    let attempt = u16::try_from(retry.attempt).map_err(|_| Broken::Field("open.retry.attempt"))?;
    Ok(Box::new(Retry {
        attempt,
        until: Timestamp::from_millis(retry.until_ms),
        is_due: retry.is_due,
        is_paced: retry.is_paced,
    }))
}

fn ended(ended: state::Ended) -> Result<Ended, Broken> {
    let transfer = match ended.transfer() {
        state::Transfer::Unspecified => return Err(Broken::Field("ended.transfer")),
        state::Transfer::Failed => Transfer::Failed,
        state::Transfer::Stored => Transfer::Stored,
        state::Transfer::Unknown => Transfer::Unknown,
        state::Transfer::Cancelling => Transfer::Cancelling,
    };
    Ok(Ended {
        coordinates: coordinates(ended.coordinates, "ended.coordinates")?,
        transfer,
        resource: ended.resource.map(stored_resource).transpose()?,
    })
}

fn stored_resource(stored: state::StoredResource) -> Result<Box<StoredResource>, Broken> {
    let attributes = stored
        .attributes
        .ok_or(Broken::Field("ended.resource.attributes"))?;
    if attributes.object_paths.len() != 1 {
        return Err(Broken::Field("ended.resource.attributes.object_paths"));
    }
    Ok(Box::new(StoredResource {
        address: stored.address.into(),
        attributes: resource(attributes)?,
    }))
}

fn request(id: &InstallationId, request: state::Request) -> Result<Request, Broken> {
    let message = request
        .primitive
        .ok_or(Broken::Field("open.request.primitive"))?;
    let resource_message = request
        .resource
        .ok_or(Broken::Field("open.request.resource"))?;
    Ok(Request {
        device: Some(id.device.clone()),
        command_key: Some(id.command_key),
        primitive: primitive(message)?,
        resource: Some(resource(resource_message)?),
        coordinates: coordinates(request.coordinates, "open.request.coordinates")?,
        key: request.key.map(|key| id.device.share_key(&key)),
        traceparent: request.traceparent.map(Into::into),
        tracestate: request.tracestate.map(Into::into),
    })
}

fn primitive(primitive: state::Primitive) -> Result<RequestPrimitive, Broken> {
    let targets = primitive
        .targets
        .map(|targets| targets.uris.into_iter().map(Into::into).collect());
    let operation = match primitive.operation {
        0 => Operation::Create,
        number => Operation::try_from(number)
            .map_err(|_| Broken::Field("open.request.primitive.operation"))?,
    };
    Ok(RequestPrimitive {
        operation,
        texts: PrimitiveTexts {
            request_identifier: &primitive.request_identifier,
            originator: &primitive.from,
            to: &primitive.to,
            release_version_indicator: &primitive.release_version_indicator,
        }
        .into(),
        response_type: match primitive.response_type {
            1 => ResponseType::NonBlockingSynch,
            2 => ResponseType::NonBlockingAsynch(targets),
            3 => ResponseType::Blocking,
            4 => ResponseType::FlexBlocking(targets),
            5 => ResponseType::NoResponse,
            _ => return Err(Broken::Field("open.request.primitive.response_type")),
        },
        result_content: ResultContent::for_operation(operation, Some(primitive.result_content))
            .map_err(|_| Broken::Field("open.request.primitive.result_content"))?,
        request_expiration: primitive.request_expiration.and_then(expiry),
        result_expiration: primitive.result_expiration.and_then(expiry),
    })
}

fn expiry(expiry: state::Expiry) -> Option<Expiry> {
    expiry.expiry.map(|expiry| match expiry {
        state::expiry::Expiry::AfterMs(millis) => Expiry::After(Duration::from_millis(millis)),
        state::expiry::Expiry::AtMs(millis) => Expiry::At(Timestamp::from_millis(millis)),
    })
}

fn resource(resource: state::Resource) -> Result<MyCertFileCred, Broken> {
    let suids = resource
        .suids
        .into_iter()
        .map(Suid::try_from)
        .collect::<Result<_, _>>()
        .map_err(|_| Broken::Field("open.request.resource.suids"))?;
    let type_name = [TypeName::Dcfg, TypeName::M2m]
        .into_iter()
        .find(|known| known.as_str() == resource.type_name)
        .ok_or(Broken::Field("open.request.resource.type_name"))?;
    Ok(MyCertFileCred {
        type_name,
        suids,
        my_cert_file_format: resource.my_cert_file_format.into(),
        object_paths: resource.object_paths.into_iter().map(Into::into).collect(),
        resource_name: resource.resource_name.map(Into::into),
    })
}
