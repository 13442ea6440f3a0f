use prost::Message as _;
use serde_json::json;

use crate::wire::Format;
use crate::wire::Input;
use crate::wire::r#gen::CreateRequest;

use super::RequestKey;
use super::certificate_pool::PoolCertificate;
use super::outgoing::{Mark, Outgoing};
use super::run_id::RunId;
use super::script::{RowSource, Script};

/// Media type of the certificate files, whose content is PEM text.
const CERTIFICATE_FORMAT: &str = "application/pkix-cert";

/// The create request of an installation; `pinned` is the format that the bridge insists on.
pub(super) fn write(
    script: &Script,
    run: RunId,
    certificate: &PoolCertificate,
    key: RequestKey,
    pinned: Option<Format>,
) -> Outgoing {
    let format = pinned.unwrap_or(script.request_format);
    let mut headers = vec![("traceparent", run.traceparent(script.number))];
    let (content_type, value) = match format {
        Format::Protobuf => (
            "application/x-protobuf",
            message(script, run, certificate).encode_to_vec(),
        ),
        Format::Cbor => {
            let mut value = Vec::new();
            ciborium::into_writer(&primitive(script, run, certificate), &mut value)
                .expect("memory grows as needed, and all names are texts");
            ("application/vnd.onem2m-preq+cbor", value)
        }
        // Requests are never pinned to SOAP.
        Format::Json | Format::Soap => (
            "application/vnd.onem2m-preq+json",
            primitive(script, run, certificate).to_string().into_bytes(),
        ),
    };
    headers.push(("content-type", content_type.to_owned()));
    if format != Format::Protobuf {
        headers.push(("cwmp-device-id", script.device.key().to_owned()));
        if script.early {
            headers.push(("cwmp-command-key", run.command_key(script.number)));
        }
    }
    Outgoing {
        input: Input::Requests,
        key: match key {
            RequestKey::Originator => Some(script.originator.clone()),
            RequestKey::Device => Some(script.device.key().to_owned()),
            RequestKey::None => None,
        },
        value: Some(value),
        headers,
        mark: Mark::Request(script.number),
    }
}

fn target(script: &Script) -> String {
    format!("/cse1/node-{}", script.device.serial_number())
}

fn object_paths(script: &Script) -> Vec<String> {
    match script.row_source {
        RowSource::Request => vec![script.certificate_path()],
        RowSource::Event | RowSource::Lookup | RowSource::New => Vec::new(),
    }
}

fn primitive(script: &Script, run: RunId, certificate: &PoolCertificate) -> serde_json::Value {
    let mut resource = json!({
        "mgd": 1023,
        "suids": script.suids,
        "mcff": CERTIFICATE_FORMAT,
        "mcfc": certificate.pem,
    });
    let paths = object_paths(script);
    if !paths.is_empty() {
        resource["obps"] = json!(paths);
    }
    json!({
        "op": 1,
        "to": target(script),
        "fr": script.originator,
        "rqi": run.request_identifier(script.number),
        "rvi": "3",
        "ty": 13,
        "pc": { "dcfg:nycfc": resource },
    })
}

fn message(script: &Script, run: RunId, certificate: &PoolCertificate) -> CreateRequest {
    CreateRequest {
        request_identifier: run.request_identifier(script.number),
        from: script.originator.clone(),
        to: target(script),
        device: Some((&script.device).into()),
        release_version_indicator: "3".to_owned(),
        suids: script.suids.clone(),
        my_cert_file_format: CERTIFICATE_FORMAT.to_owned(),
        my_cert_file_content: certificate.pem.clone(),
        object_paths: object_paths(script),
        command_key: if script.early {
            run.command_key(script.number)
        } else {
            String::new()
        },
        ..CreateRequest::default()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Mess;
    use super::super::certificate_pool::CertificatePool;
    use super::super::script::test_plan;
    use super::*;

    #[test]
    fn all_forms_ask_for_the_same() {
        let plan = test_plan(1, Mess::NONE);
        let pool = CertificatePool::new(1, 1).unwrap();
        let script = Script {
            early: true,
            row_source: RowSource::Request,
            ..plan.script(5)
        };
        let key = RequestKey::default();
        let write = |format| write(&script, plan.run, pool.get(0), key, Some(format));
        let (json, protobuf) = (write(Format::Json), write(Format::Protobuf));
        let primitive: serde_json::Value =
            serde_json::from_slice(json.value.as_deref().unwrap()).unwrap();
        let cbor = write(Format::Cbor);
        let same: serde_json::Value =
            ciborium::from_reader(cbor.value.as_deref().unwrap()).unwrap();
        assert_eq!(same, primitive);
        let message = CreateRequest::decode(protobuf.value.as_deref().unwrap()).unwrap();
        let resource = &primitive["pc"]["dcfg:nycfc"];
        assert_eq!(primitive["rqi"], message.request_identifier);
        assert_eq!(primitive["fr"], message.from);
        assert_eq!(resource["mcfc"], message.my_cert_file_content);
        assert_eq!(resource["suids"], json!(message.suids));
        assert_eq!(resource["obps"], json!(message.object_paths));
        assert!(
            json.headers
                .contains(&("cwmp-command-key", message.command_key))
        );
        assert_eq!(json.key, Some(script.originator));
    }
}
