use prost::Message as _;
use x509_parser::pem::parse_x509_pem;

use crate::cwmp::DeviceId;
use crate::load::certificate_pool::serial_number_text;
use crate::record::Record;
use crate::wire::r#gen as messages;

/// The device key.
pub(super) fn key_of(device: &messages::DeviceId) -> String {
    DeviceId::new(&device.oui, &device.product_class, &device.serial_number)
        .unwrap()
        .key()
        .to_owned()
}

/// The request and its device key; else why nobody can read it.
pub(super) fn read_request(
    record: &Record<'_>,
    value: &[u8],
) -> Result<(String, messages::CreateRequest), &'static str> {
    let content_type = record.header_text("content-type").unwrap();
    if content_type == "application/x-protobuf" {
        let request = messages::CreateRequest::decode(value).map_err(|_| "malformed_protobuf")?;
        return Ok((key_of(request.device.as_ref().unwrap()), request));
    }
    let primitive: serde_json::Value = if content_type.ends_with("cbor") {
        ciborium::from_reader(value).map_err(|_| "malformed_cbor")?
    } else {
        serde_json::from_slice(value).map_err(|_| "malformed_json")?
    };
    let resource = &primitive["pc"]["dcfg:nycfc"];
    let list = |name: &str| resource[name].as_array().cloned().unwrap_or_default();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let request = messages::CreateRequest {
        request_identifier: text(&primitive["rqi"]),
        suids: list("suids")
            .iter()
            .map(|suid| u32::try_from(suid.as_u64().unwrap()).unwrap())
            .collect(),
        my_cert_file_content: text(&resource["mcfc"]),
        object_paths: list("obps").iter().map(text).collect(),
        command_key: record
            .header_text("cwmp-command-key")
            .unwrap_or_default()
            .to_owned(),
        ..messages::CreateRequest::default()
    };
    Ok((
        record.header_text("cwmp-device-id").unwrap().to_owned(),
        request,
    ))
}

/// The row that has both serial number and issuer of the certificate.
pub(super) fn row(parameters: &[messages::ParameterValue], pem: &str) -> Option<String> {
    let (_, pem) = parse_x509_pem(pem.as_bytes()).ok()?;
    let certificate = pem.parse_x509().ok()?;
    let serial_number = serial_number_text(certificate.raw_serial());
    let issuer = certificate.issuer().iter_common_name().next()?;
    let issuer = issuer.as_str().ok()?;
    let has = |path: &str, name: &str, test: &dyn Fn(&str) -> bool| {
        parameters
            .iter()
            .any(|parameter| parameter.name == format!("{path}{name}") && test(&parameter.value))
    };
    parameters
        .iter()
        .filter_map(|parameter| parameter.name.strip_suffix("Enable"))
        .find(|path| {
            has(path, "SerialNumber", &|value| value == serial_number)
                && has(path, "Issuer", &|value| value.contains(issuer))
        })
        .map(str::to_owned)
}
