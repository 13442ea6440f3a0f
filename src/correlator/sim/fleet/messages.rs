//! What requesters and devices write, as bytes.

use std::sync::OnceLock;

use crate::cwmp::DeviceId;
use crate::onem2m::Certificate;
use crate::wire::r#gen::cpe_event::Event;
use crate::wire::r#gen::{self, CreateRequest};

use super::super::bridge;
use super::super::kafka::Message;

pub(super) const PEM: &str = include_str!("../../../../tests/fixtures/certificates/leaf.pem");

pub(super) fn certificate() -> &'static Certificate {
    static CERTIFICATE: OnceLock<Certificate> = OnceLock::new();
    CERTIFICATE.get_or_init(|| bridge::certificate_of(&request_message(PEM)))
}

pub(super) fn request_message(content: &str) -> CreateRequest {
    CreateRequest {
        to: "/cse1/node".to_owned(),
        release_version_indicator: "3".to_owned(),
        suids: vec![42, 43],
        my_cert_file_format: "application/pkix-cert".to_owned(),
        my_cert_file_content: content.to_owned(),
        device: Some((&DeviceId::new("00256D", "", "0").unwrap()).into()),
        from: "/cse1/C".to_owned(),
        request_identifier: "r".to_owned(),
        ..CreateRequest::default()
    }
}

pub(in super::super) fn message(value: &impl prost::Message) -> Message {
    Message {
        key: None,
        value: Some(prost::Message::encode_to_vec(value)),
        headers: vec![(
            "content-type".to_owned(),
            b"application/x-protobuf".to_vec(),
        )],
    }
}

fn fault_struct(code: u32) -> Option<r#gen::FaultStruct> {
    (code != 0).then(|| r#gen::FaultStruct {
        fault_code: code,
        fault_string: "as planned".to_owned(),
    })
}

pub(super) fn transfer_complete(key: &str, code: u32, row: Option<String>) -> Event {
    Event::TransferComplete(r#gen::TransferComplete {
        command_key: key.to_owned(),
        fault: Some(fault_struct(code).unwrap_or_default()),
        certificate_path: row.unwrap_or_default(),
        ..r#gen::TransferComplete::default()
    })
}

pub(super) fn download_response(status: u32) -> Event {
    Event::DownloadResponse(r#gen::DownloadResponse {
        status,
        ..r#gen::DownloadResponse::default()
    })
}

pub(super) fn fault(fault_code: u32) -> Event {
    Event::Fault(r#gen::Fault {
        fault_code,
        ..r#gen::Fault::default()
    })
}
