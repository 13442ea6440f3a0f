//! SOAP envelopes of CWMP, in.
//!
//! Real CPEs differ in prefixes, namespaces and the order of children, so everything is found by its local name, in
//! any order. What is said twice is refused: nobody could tell which of the two is meant.

mod document;
mod encoding;
mod plain;
mod rpc;
#[cfg(test)]
mod tests;
mod xml;

use super::cpe_event::Reading;
use super::r#gen::CpeEvent;
use super::r#gen::cpe_event::Event;
use super::{DecodeError, DecodeReason};

use document::Document;
use plain::Plain;
use rpc::Call;
use xml::Xml;

/// Reads an envelope; `charset` is the parameter of the content-type.
///
/// A SOAP fault without a CWMP fault inside has no fault code: it is read as a fault with code 0, which no fault may
/// have. If it has other details instead, e.g. those of UPnP, and no `cwmp:ID`, then it answers no command of CWMP and
/// is foreign.
///
/// # Errors
/// If it is not well-formed, is no envelope with one RPC, exceeds a limit, or a value cannot be what it should be.
pub(super) fn read(bytes: &[u8], charset: Option<&str>) -> Result<Reading, DecodeError> {
    let text = encoding::decode(bytes, charset)?;
    if let Some(plain) = Plain::new(&text)
        && let Ok(reading) = read_document(plain)
    {
        return Ok(reading);
    }
    read_document(Xml::new(&text)?)
}

fn read_document<'x>(mut xml: impl Document<'x>) -> Result<Reading, DecodeError> {
    let root = xml.root()?;
    if root != "Envelope" {
        return Err(no_envelope(&format!(
            "the outermost element is {root:?}, not Envelope"
        )));
    }
    let mut command_id = None;
    let mut call = None;
    while let Some(name) = xml.child()? {
        match name {
            "Header" => read_header(&mut xml, &mut command_id)?,
            "Body" => read_body(&mut xml, &mut call)?,
            _ => xml.skip()?,
        }
    }
    xml.finish()?;
    let call = call.ok_or_else(|| no_envelope("Body holds no RPC"))?;
    Ok(reading(command_id.unwrap_or_default(), call))
}

fn reading(command_id: String, call: Call) -> Reading {
    let event = match call {
        Call::Event(event) => event,
        Call::Fault { fault, foreign } if !foreign || !command_id.is_empty() => Event::Fault(fault),
        Call::Fault { .. } => {
            return Reading::Foreign {
                rpc: "Fault".into(),
                device: None,
            };
        }
        Call::Foreign { rpc, device } => return Reading::Foreign { rpc, device },
    };
    Reading::Event(CpeEvent {
        command_id,
        event: Some(event),
        ..CpeEvent::default()
    })
}

fn read_header<'x>(
    xml: &mut impl Document<'x>,
    command_id: &mut Option<String>,
) -> Result<(), DecodeError> {
    while let Some(name) = xml.child()? {
        match name {
            "ID" => rpc::text(xml, name, command_id)?,
            _ => xml.skip()?,
        }
    }
    Ok(())
}

fn read_body<'x>(xml: &mut impl Document<'x>, call: &mut Option<Call>) -> Result<(), DecodeError> {
    while let Some(name) = xml.child()? {
        if call.is_some() {
            return Err(no_envelope(&format!(
                "Body holds more than one RPC, the second is {name:?}: send each in a record of its own"
            )));
        }
        *call = Some(rpc::read(xml, name)?);
    }
    Ok(())
}

fn no_envelope(detail: &str) -> DecodeError {
    DecodeError {
        reason: DecodeReason::MalformedXml,
        detail: format!("not a SOAP envelope of CWMP: {detail}"),
    }
}
