use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use prost::Message as _;
use serde_json::{Value, json};

use crate::Output;
use crate::installation::Request;

const ACCEPT_TIMEOUT: Duration = Duration::from_secs(15 * 60);

#[derive(Clone, PartialEq, prost::Message)]
struct CpeCommand {
    #[prost(string, tag = "1")]
    command_id: String,
    #[prost(message, optional, tag = "2")]
    device: Option<DeviceId>,
    #[prost(message, optional, tag = "3")]
    expires_at: Option<Timestamp>,
    #[prost(oneof = "Rpc", tags = "10, 11")]
    rpc: Option<Rpc>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct DeviceId {
    #[prost(string, tag = "1")]
    oui: String,
    #[prost(string, tag = "2")]
    product_class: String,
    #[prost(string, tag = "3")]
    serial_number: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Timestamp {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum Rpc {
    #[prost(message, tag = "10")]
    Download(Download),
    #[prost(message, tag = "11")]
    Set(SetParameterValues),
}

#[derive(Clone, PartialEq, prost::Message)]
struct Download {
    #[prost(string, tag = "1")]
    command_key: String,
    #[prost(string, tag = "2")]
    file_type: String,
    #[prost(string, tag = "3")]
    url: String,
    #[prost(uint64, tag = "6")]
    file_size: u64,
    #[prost(bytes = "vec", tag = "11")]
    content: Vec<u8>,
    #[prost(string, tag = "12")]
    content_type: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct SetParameterValues {
    #[prost(message, repeated, tag = "1")]
    parameters: Vec<ParameterValue>,
    #[prost(string, tag = "2")]
    parameter_key: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct ParameterValue {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    value: String,
    #[prost(string, tag = "3")]
    r#type: String,
}

/// The Download that puts the certificate on the device.
pub(crate) fn download(request: &Request, commands: &str) -> Result<Output> {
    let resource = &request.primitive["pc"]["dcfg:nycfc"];
    let content = text(resource, "mcfc")?.into_bytes();
    let download = Download {
        command_key: request.command_key.clone(),
        file_type: "X 00256D Device Certificate".to_owned(),
        url: format!(
            "https://files.example.net/credentials/{}/{}",
            request.device, request.command_key
        ),
        file_size: content.len() as u64,
        content,
        content_type: text(resource, "mcff")?,
    };
    command(request, "download", Rpc::Download(download), commands)
}

/// The SetParameterValues that gives the row its SUIDs.
pub(crate) fn set(request: &Request, path: &str, commands: &str) -> Result<Output> {
    let suids = request.primitive["pc"]["dcfg:nycfc"]["suids"]
        .as_array()
        .context("suids is no list")?;
    let suids: Vec<String> = suids.iter().map(Value::to_string).collect();
    let set = SetParameterValues {
        parameters: vec![ParameterValue {
            name: format!("{path}SUIDs"),
            value: suids.join(","),
            r#type: "xsd:string".to_owned(),
        }],
        parameter_key: request.command_key.clone(),
    };
    command(request, "set", Rpc::Set(set), commands)
}

fn command(request: &Request, step: &str, rpc: Rpc, topic: &str) -> Result<Output> {
    let expires_at = SystemTime::now().duration_since(UNIX_EPOCH)? + ACCEPT_TIMEOUT;
    let command = CpeCommand {
        command_id: format!("{}/{step}", request.command_key),
        device: Some(device(&request.device)?),
        expires_at: Some(Timestamp {
            seconds: i64::try_from(expires_at.as_secs())?,
            nanos: i32::try_from(expires_at.subsec_nanos())?,
        }),
        rpc: Some(rpc),
    };
    Ok(Output {
        topic: topic.to_owned(),
        key: request.device.clone(),
        value: command.encode_to_vec(),
        headers: headers(request, "application/x-protobuf"),
    })
}

/// The answer to the create request.
pub(crate) fn response(
    request: &Request,
    code: u32,
    content: Value,
    topic: &str,
) -> Result<Output> {
    let primitive = &request.primitive;
    let response = json!({
        "rsc": code,
        "rqi": text(primitive, "rqi")?,
        "to": text(primitive, "fr")?,
        "fr": text(primitive, "to")?,
        "rvi": text(primitive, "rvi")?,
        "pc": content,
    });
    Ok(Output {
        topic: topic.to_owned(),
        key: request.record_key.clone(),
        value: response.to_string().into_bytes(),
        headers: headers(request, "application/vnd.onem2m-prsp+json"),
    })
}

/// The attributes of the created resource, without the certificate.
pub(crate) fn created(request: &Request, path: &str) -> Value {
    let resource = &request.primitive["pc"]["dcfg:nycfc"];
    json!({"dcfg:nycfc": {"mgd": 1023, "suids": resource["suids"], "mcff": resource["mcff"], "obps": [path]}})
}

fn headers(request: &Request, content_type: &str) -> Vec<(&'static str, String)> {
    vec![
        ("content-type", content_type.to_owned()),
        ("cwmp-device-id", request.device.clone()),
        ("cwmp-command-key", request.command_key.clone()),
        ("traceparent", request.traceparent.clone()),
        ("credbridge-request", request.coordinates.clone()),
    ]
}

fn text(object: &Value, name: &str) -> Result<String> {
    let text = object[name]
        .as_str()
        .with_context(|| format!("{name} is missing"))?;
    Ok(text.to_owned())
}

/// The device key of a device in a CPE event.
pub(crate) fn device_key(device: &Value) -> String {
    let parts = ["oui", "productClass", "serialNumber"]
        .map(|name| device[name].as_str().unwrap_or_default());
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|part| !part.is_empty())
        .map(escaped)
        .collect();
    parts.join("-")
}

fn escaped(part: &str) -> String {
    let mut text = String::new();
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'_' {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

fn device(key: &str) -> Result<DeviceId> {
    let parts: Vec<&str> = key.split('-').collect();
    let (oui, product_class, serial_number) = match parts.as_slice() {
        [oui, product_class, serial_number] => (*oui, *product_class, *serial_number),
        [oui, serial_number] => (*oui, "", *serial_number),
        _ => anyhow::bail!("{key} is no device key"),
    };
    Ok(DeviceId {
        oui: unescaped(oui)?,
        product_class: unescaped(product_class)?,
        serial_number: unescaped(serial_number)?,
    })
}

fn unescaped(part: &str) -> Result<String> {
    let mut bytes = Vec::new();
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits: Vec<u8> = rest.by_ref().take(2).collect();
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits)?, 16)?);
        } else {
            bytes.push(byte);
        }
    }
    Ok(String::from_utf8(bytes)?)
}
