//! Short forms of events.

use std::sync::Arc;

use crate::cwmp::{
    CommandKey, DeviceId, DownloadStatus, Fault, FaultCode, ParameterFault, ParameterValue,
    Rejection, RejectionReason, SetStatus, TransferComplete,
};
use crate::onem2m::{
    Certificate, MyCertFileCred, Operation, PrimitiveTexts, RequestPrimitive, ResponseStatusCode,
    ResponseType, Suid, TypeName,
};

use super::super::{
    Answer, AnswerKind, CommandId, CreateRequest, EventKind, RefusedRequest, ResourceRequest,
};

pub(crate) const ROW: &str = "Device.Security.Certificate.3.";

/// An event and where its record stands; the same place again is the same record.
#[derive(Clone, Debug)]
pub(crate) struct Input {
    pub(crate) device: DeviceId,
    pub(crate) kind: EventKind,
    pub(crate) offset: Option<i64>,
}

impl Input {
    fn new(kind: EventKind) -> Self {
        Self {
            device: device(1),
            kind,
            offset: None,
        }
    }

    pub(crate) fn of(mut self, number: u32) -> Self {
        self.device = device(number);
        self
    }

    pub(crate) fn at(mut self, offset: i64) -> Self {
        self.offset = Some(offset);
        self
    }

    pub(crate) fn with(mut self, change: impl FnOnce(&mut CreateRequest)) -> Self {
        match &mut self.kind {
            EventKind::CreateRequest(create) => change(create),
            EventKind::Answer(_)
            | EventKind::Foreign
            | EventKind::RefusedRequest(_)
            | EventKind::ResourceRequest(_)
            | EventKind::TransferComplete(_) => unreachable!("only a create request is changed"),
        }
        self
    }

    pub(crate) fn response_type(self, response_type: ResponseType) -> Self {
        self.with(|create| create.primitive.response_type = response_type)
    }

    pub(crate) fn asked(mut self, change: impl FnOnce(&mut ResourceRequest)) -> Self {
        if let EventKind::ResourceRequest(request) = &mut self.kind {
            change(request);
        }
        self
    }

    /// Gives the TransferComplete a certificate path.
    pub(crate) fn path(mut self, path: &str) -> Self {
        if let EventKind::TransferComplete(transfer) = &mut self.kind {
            transfer.certificate_path = Some(path.into());
        }
        self
    }

    /// Has the answer name the CommandKey that the ACS used.
    pub(crate) fn alias(mut self, alias: &str) -> Self {
        if let EventKind::Answer(answer) = &mut self.kind {
            answer.command_key = Some(key(alias));
        }
        self
    }
}

pub(crate) fn device(number: u32) -> DeviceId {
    DeviceId::new("00256D", "IGD", &number.to_string()).unwrap()
}

pub(crate) fn key(text: &str) -> CommandKey {
    CommandKey::try_from(text).unwrap()
}

pub(crate) fn fault(code: u32) -> Fault {
    Fault::new(FaultCode::try_from(code).unwrap())
}

const TEXTS: PrimitiveTexts<'_> = PrimitiveTexts {
    request_identifier: "",
    originator: "/cse1/Ccfg",
    to: "/cse1/node7",
    release_version_indicator: "3",
};

pub(crate) fn primitive(request_identifier: &str) -> RequestPrimitive {
    RequestPrimitive {
        texts: PrimitiveTexts {
            request_identifier,
            ..TEXTS
        }
        .into(),
        ..RequestPrimitive::default()
    }
}

/// A blocking create request.
pub(crate) fn create(command_key: &str, identifier: &str) -> Input {
    Input::new(EventKind::CreateRequest(Box::new(CreateRequest {
        command_key: key(command_key),
        primitive: primitive(identifier),
        resource: MyCertFileCred {
            type_name: TypeName::Dcfg,
            suids: [42, 43].map(|suid| Suid::try_from(suid).unwrap()).into(),
            my_cert_file_format: "application/pkix-cert".into(),
            object_paths: [ROW.into()].into(),
            resource_name: None,
        },
        certificate: Some(Certificate::named(&[0x0A, 0xBC], "CN=Root,O=Acme")),
        validity: None,
        content: Arc::from(*b"certificate"),
        execution_time: None,
        expiration_time: None,
    })))
}

/// A request about a resource; an Update gives it SUID 41.
pub(crate) fn about(to: &str, operation: Operation, command_key: &str, identifier: &str) -> Input {
    let texts = PrimitiveTexts {
        request_identifier: identifier,
        to,
        ..TEXTS
    };
    let suids = match operation {
        Operation::Update => vec![Suid::try_from(41).unwrap()],
        Operation::Create | Operation::Retrieve | Operation::Delete => Vec::new(),
    };
    Input::new(EventKind::ResourceRequest(Box::new(ResourceRequest {
        command_key: key(command_key),
        primitive: RequestPrimitive {
            operation,
            texts: texts.into(),
            ..RequestPrimitive::default()
        },
        suids,
    })))
}

/// A create request that does not name the row.
pub(crate) fn create_without_path(command_key: &str, identifier: &str) -> Input {
    create(command_key, identifier).with(|create| create.resource.object_paths = Box::default())
}

pub(crate) fn refused(identifier: &str, response_type: ResponseType) -> Input {
    Input::new(EventKind::RefusedRequest(Box::new(RefusedRequest {
        primitive: RequestPrimitive {
            response_type,
            ..primitive(identifier)
        },
        response_status_code: ResponseStatusCode::BadRequest,
        debug: "suids: 99 is not a SUID".into(),
    })))
}

pub(crate) fn foreign() -> Input {
    Input::new(EventKind::Foreign)
}

/// Fault code 0 is success; an empty key is no key.
pub(crate) fn transfer_complete(command_key: &str, code: u32) -> Input {
    Input::new(EventKind::TransferComplete(TransferComplete {
        command_key: CommandKey::try_from(command_key).ok(),
        fault: (code != 0).then(|| fault(code)),
        certificate_path: None,
    }))
}

pub(crate) fn answer(command_id: &str, kind: AnswerKind) -> Input {
    Input::new(EventKind::Answer(Answer {
        command_id: CommandId::parse(command_id),
        command_key: None,
        kind,
    }))
}

pub(crate) fn accepted(command_key: &str) -> Input {
    let kind = AnswerKind::DownloadResponse(DownloadStatus::Accepted);
    answer(&format!("{command_key}/download"), kind)
}

pub(crate) fn completed(command_key: &str) -> Input {
    let kind = AnswerKind::DownloadResponse(DownloadStatus::Completed);
    answer(&format!("{command_key}/download"), kind)
}

pub(crate) fn set_applied(command_key: &str) -> Input {
    let kind = AnswerKind::SetParameterValuesResponse(SetStatus::Applied);
    answer(&format!("{command_key}/set"), kind)
}

pub(crate) fn faulted(command_id: &str, code: u32) -> Input {
    answer(command_id, AnswerKind::Fault(fault(code)))
}

pub(crate) fn set_faulted(command_key: &str, outer: u32, inner: u32) -> Input {
    let mut fault = fault(outer);
    fault.parameters.push(ParameterFault {
        name: format!("{ROW}SUIDs").into(),
        code: FaultCode::try_from(inner).unwrap(),
        text: "no such name".into(),
    });
    answer(&format!("{command_key}/set"), AnswerKind::Fault(fault))
}

pub(crate) fn rejected(command_id: &str, reason: RejectionReason) -> Input {
    let detail = "gone fishing".into();
    answer(
        command_id,
        AnswerKind::Rejection(Rejection { reason, detail }),
    )
}

/// Rows of (number, serial number, issuer).
pub(crate) fn looked_up(command_key: &str, rows: &[(u32, &str, &str)]) -> Input {
    read(&format!("{command_key}/lookup"), rows)
}

/// The rows before the Download.
pub(crate) fn listed(command_key: &str, rows: &[(u32, &str, &str)]) -> Input {
    read(&format!("{command_key}/list"), rows)
}

fn read(command_id: &str, rows: &[(u32, &str, &str)]) -> Input {
    let parameters = rows
        .iter()
        .flat_map(|(row, serial_number, issuer)| {
            [("SerialNumber", serial_number), ("Issuer", issuer)].map(|(name, value)| {
                ParameterValue {
                    name: format!("Device.Security.Certificate.{row}.{name}").into(),
                    value: (*value).into(),
                }
            })
        })
        .collect();
    let kind = AnswerKind::GetParameterValuesResponse(parameters);
    answer(command_id, kind)
}
