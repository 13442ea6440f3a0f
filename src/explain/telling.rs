//! What records say, in words. Certificates and passwords are never among them.

use humantime::format_duration;
use prost::Message as _;
use serde_json::Value;

use crate::correlator::{
    Answer, AnswerKind, CreateRequest, Ended, EventKind, Installation, Open, Progress, Response,
    State, Transfer,
};
use crate::cwmp::{DownloadStatus, Fault, RejectionReason, SetStatus, TransferComplete};
use crate::load::command::{Call, Command};
use crate::mapping::Quoted;
use crate::onem2m::{RequestPrimitive, Suid};
use crate::record::Record;
use crate::time::Timestamp;
use crate::wire::changelog::WaitingRequest;
use crate::wire::r#gen::CreateResponse;

/// What one record says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Told {
    /// For programs: snake case.
    pub(super) name: &'static str,
    /// A Response Status Code or a fault code.
    pub(super) code: Option<u16>,
    /// For people.
    pub(super) text: String,
}

impl Told {
    pub(super) const fn new(name: &'static str, text: String) -> Self {
        Self {
            name,
            code: None,
            text,
        }
    }

    fn with_code(mut self, code: u16) -> Self {
        self.code = Some(code);
        self
    }
}

/// A time of day in UTC, to the millisecond.
pub(super) fn utc(time: Timestamp) -> String {
    let millis = i64::try_from(time.as_millis()).ok();
    match millis.and_then(|millis| jiff::Timestamp::from_millisecond(millis).ok()) {
        Some(time) => format!("{time:.3}"),
        None => format!("{} ms after 1970", time.as_millis()),
    }
}

/// An input that was decoded.
pub(super) fn event(kind: &EventKind) -> Told {
    match kind {
        EventKind::Answer(answer) => self::answer(answer),
        EventKind::CreateRequest(request) => create_request(request),
        EventKind::Foreign => Told::new("foreign", "not about an installation".to_owned()),
        EventKind::RefusedRequest(refused) => {
            let text = format!(
                "{}: refused for what it says",
                primitive(&refused.primitive)
            );
            Told::new("refused_request", text)
        }
        EventKind::ResourceRequest(request) => {
            let mut text = primitive(&request.primitive);
            if !request.suids.is_empty() {
                text += &format!(" to SUIDs {}", suids(&request.suids));
            }
            Told::new("resource_request", text)
        }
        EventKind::TransferComplete(transfer) => transfer_complete(transfer),
    }
}

/// A request whose device is not known.
pub(super) fn homeless(response: &Response) -> Told {
    Told::new(
        "refused_request",
        format!(
            "{}: its device is not known",
            primitive(&response.request.primitive)
        ),
    )
}

fn primitive(primitive: &RequestPrimitive) -> String {
    let name = primitive.operation.as_str();
    if let Some(resource) = primitive.notified_resource() {
        return format!("notification of the creation of {}", Quoted(resource));
    }
    format!(
        "{name} of {}, rqi {}, from {}",
        Quoted(primitive.to()),
        Quoted(primitive.request_identifier()),
        Quoted(primitive.originator()),
    )
}

fn suids(suids: &[Suid]) -> String {
    let numbers: Vec<String> = suids.iter().map(|suid| suid.get().to_string()).collect();
    numbers.join(",")
}

fn create_request(request: &CreateRequest) -> Told {
    let text = format!(
        "{}: certificate of {} bytes ({}) with SUIDs {}",
        primitive(&request.primitive),
        request.content.len(),
        Quoted(&request.resource.my_cert_file_format),
        suids(&request.resource.suids),
    );
    Told::new("create_request", text)
}

fn transfer_complete(transfer: &TransferComplete) -> Told {
    match &transfer.fault {
        Some(fault) => of_fault("transfer_complete", "TransferComplete with", fault),
        None => {
            let mut text = "TransferComplete: stored".to_owned();
            if let Some(path) = &transfer.certificate_path {
                text += &format!(" in {}", Quoted(path));
            }
            if transfer.command_key.is_none() {
                text += ", without CommandKey";
            }
            Told::new("transfer_complete", text)
        }
    }
}

fn of_fault(name: &'static str, what: &str, fault: &Fault) -> Told {
    let mut text = format!("{what} fault {}", fault.code);
    if !fault.text.is_empty() {
        text += &format!(", device said {}", Quoted(&fault.text));
    }
    Told::new(name, text).with_code(fault.code.get())
}

fn answer(answer: &Answer) -> Told {
    let mut told = match &answer.kind {
        AnswerKind::CancelTransferResponse => Told::new(
            "cancel_transfer_response",
            "CancelTransferResponse".to_owned(),
        ),
        AnswerKind::DownloadResponse(status) => Told::new(
            "download_response",
            match status {
                DownloadStatus::Accepted => "DownloadResponse: accepted",
                DownloadStatus::Completed => "DownloadResponse: done at once",
            }
            .to_owned(),
        ),
        AnswerKind::Fault(fault) => of_fault("fault", "answered with", fault),
        AnswerKind::GetParameterNamesResponse => Told::new(
            "get_parameter_names_response",
            "GetParameterNamesResponse".to_owned(),
        ),
        AnswerKind::GetParameterValuesResponse(values) => Told::new(
            "get_parameter_values_response",
            format!("GetParameterValuesResponse: {} parameters", values.len()),
        ),
        AnswerKind::Rejection(rejection) => {
            let reason = match rejection.reason {
                RejectionReason::DeviceUnavailable => "device not available",
                RejectionReason::RetryLater => "come again later",
                RejectionReason::SessionTimeout => "session ended before the answer",
                RejectionReason::UnknownDevice => "unknown device",
                RejectionReason::Unspecified => "no reason stated",
            };
            let mut text = format!("not delivered by the ACS: {reason}");
            if !rejection.detail.is_empty() {
                text += &format!(", {}", Quoted(&rejection.detail));
            }
            Told::new("rejection", text)
        }
        AnswerKind::SetParameterValuesResponse(status) => Told::new(
            "set_parameter_values_response",
            match status {
                SetStatus::Applied => "SetParameterValuesResponse: applied",
                SetStatus::Committed => "SetParameterValuesResponse: committed, applied later",
            }
            .to_owned(),
        ),
    };
    if let Some(id) = &answer.command_id {
        told.text += &format!(", to {id}");
    }
    if let Some(key) = &answer.command_key {
        told.text += &format!("; the ACS used the CommandKey {}", Quoted(key.as_str()));
    }
    told
}

/// A command.
pub(super) fn command(record: &Record<'_>) -> Told {
    match Command::read(record) {
        Err(error) => Told::new(
            "command",
            format!("a command that cannot be read: {error:#}"),
        ),
        Ok(command) => {
            let call = match &command.call {
                Call::Cancel => "CancelTransfer".to_owned(),
                Call::Download { .. } => "Download".to_owned(),
                Call::List(names) | Call::Lookup(names) => {
                    format!("GetParameterValues of {} names", names.len())
                }
                Call::Set(values) => {
                    let values: Vec<String> = values
                        .iter()
                        .map(|(name, value)| format!("{name} = {}", Quoted(value)))
                        .collect();
                    format!("SetParameterValues {}", values.join(", "))
                }
            };
            let text = format!("{call}, command id {}", command.id);
            Told::new(command.call.step().as_str(), text)
        }
    }
}

/// A response, or the notification that carries one.
pub(super) fn response(record: &Record<'_>) -> Told {
    let value = record.value.unwrap_or_default();
    let content_type = record.header_text("content-type").unwrap_or_default();
    let read = if content_type.contains("protobuf") {
        CreateResponse::decode(value)
            .ok()
            .map(|response| (response.response_status_code.into(), response.debug))
    } else if content_type.contains("cbor") {
        ciborium::from_reader(value).ok().and_then(of_primitive)
    } else {
        serde_json::from_slice(value).ok().and_then(of_primitive)
    };
    let Some((code, debug)) = read else {
        return Told::new("response", "a response that cannot be read".to_owned());
    };
    let mut text = format!("response {code}");
    if !debug.is_empty() {
        text += &format!(": {}", debug.escape_debug());
    }
    let told = Told::new("response", text);
    match u16::try_from(code) {
        Ok(code) => told.with_code(code),
        Err(_) => told,
    }
}

/// Response Status Code and debug text of a response primitive, bare or in a notify request.
fn of_primitive(primitive: Value) -> Option<(u64, String)> {
    let response = match primitive.get("rsc") {
        Some(_) => &primitive,
        None => &primitive["pc"]["m2m:rsp"],
    };
    let debug = response["pc"]["m2m:dbg"].as_str().unwrap_or_default();
    Some((response["rsc"].as_u64()?, debug.to_owned()))
}

/// A dead letter; `reason` is bounded by what the bridge writes.
pub(super) fn dead_letter(record: &Record<'_>) -> Told {
    let header = |name| record.header_text(name).unwrap_or_default().escape_debug();
    let text = format!(
        "{}: {}",
        header("credbridge-reason"),
        header("credbridge-error")
    );
    Told::new("dead_letter", text)
}

/// A request that waits for its node; `None`: it does not any more.
pub(super) fn waiting(request: Option<&WaitingRequest>) -> Told {
    match request {
        Some(request) => Told::new(
            "waiting",
            format!(
                "waits until {} for its node {}, which the node directory (topics.nodes) does not know; then it is \
                 answered 6003",
                utc(request.until),
                Quoted(&request.address)
            ),
        ),
        None => Told::new("waited", "waits for its node no more".to_owned()),
    }
}

/// The state as it was written down; `None`: a tombstone.
pub(super) fn state(installation: Option<&Installation>) -> Told {
    let Some(installation) = installation else {
        return Told::new("forgotten", "forgotten".to_owned());
    };
    let until = utc(installation.deadline);
    match &installation.state {
        State::Early(events) => Told::new(
            "early",
            format!(
                "{} events wait for their request, until {until}",
                events.len()
            ),
        ),
        State::Open(open) => Told::new("open", self::open(open, &until)),
        State::Ended(ended) => Told::new("ended", self::ended(ended, &until)),
    }
}

fn open(open: &Open, until: &str) -> String {
    let waits_for = match open.progress {
        Progress::Waiting => "its turn to be sent",
        Progress::DownloadSent => "the answer to Download",
        Progress::Accepted => "TransferComplete",
        Progress::ListSent => "the answer to GetParameterValues before the Download",
        Progress::LookupSent => "the answer to GetParameterValues",
        Progress::SetSent => "the answer to SetParameterValues",
        Progress::CancelSent => "the answer to CancelTransfer",
    };
    let mut text = match &open.retry {
        Some(retry) if retry.attempt == 0 => format!("waits for {waits_for}, until {until}"),
        Some(retry) if retry.is_due => {
            format!(
                "attempt {} failed, the next one is due at {until}",
                retry.attempt
            )
        }
        Some(retry) => format!(
            "waits for {waits_for}, attempt {}, until {until}",
            retry.attempt
        ),
        None => format!("waits for {waits_for}, until {until}"),
    };
    if let Some(target) = &open.target {
        text += &format!("; changes the resource of CommandKey {target}");
    }
    text
}

fn ended(ended: &Ended, until: &str) -> String {
    let transfer = match ended.transfer {
        Transfer::Failed => "the transfer failed",
        Transfer::Stored => "the certificate is on the device",
        Transfer::Cancelling => "CancelTransfer was sent",
        Transfer::Unknown => "the device has told nothing of the transfer",
    };
    let kept = match &ended.resource {
        Some(resource) => format!(", its resource {} is kept", Quoted(&resource.address)),
        None => String::new(),
    };
    format!("over: {transfer}{kept}; remembered until {until}")
}

/// How long a request took to be answered.
pub(super) fn took(begin: Timestamp, end: Timestamp) -> String {
    format_duration(end.since(begin)).to_string()
}
