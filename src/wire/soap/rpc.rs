//! The child of `Body`: RPCs and their answers (TR-069 annex A).

use std::borrow::Cow;

use crate::wire::r#gen::cpe_event::Event;
use crate::wire::r#gen::{
    AutonomousTransferComplete, CancelTransferResponse, DeviceId, DownloadResponse, Fault,
    FaultStruct, GetParameterNamesResponse, GetParameterValuesResponse, ParameterInfo,
    ParameterValue, SetParameterValuesFault, SetParameterValuesResponse, TransferComplete,
};
use crate::wire::{DecodeError, DecodeReason};

use super::document::{Document, Node};

/// What the child of `Body` is.
pub(super) enum Call {
    /// One of the events that the bridge knows.
    Event(Event),
    /// A SOAP fault.
    Fault {
        /// What it says.
        fault: Fault,
        /// Its details are not those of CWMP.
        foreign: bool,
    },
    /// Another RPC.
    Foreign {
        /// Its local name.
        rpc: String,
        /// The DeviceId of an Inform.
        device: Option<DeviceId>,
    },
}

/// Reads the RPC whose element was just opened, and closes it.
pub(super) fn read<'x>(xml: &mut impl Document<'x>, name: &str) -> Result<Call, DecodeError> {
    let event = match name {
        "AutonomousTransferComplete" => {
            Event::AutonomousTransferComplete(autonomous_transfer_complete(xml)?)
        }
        "CancelTransferResponse" => {
            xml.skip()?;
            Event::CancelTransferResponse(CancelTransferResponse {})
        }
        "DownloadResponse" => Event::DownloadResponse(download_response(xml)?),
        "Fault" => return soap_fault(xml),
        "GetParameterNamesResponse" => {
            let mut parameters = Vec::new();
            list(xml, "ParameterInfoStruct", &mut parameters, parameter_info)?;
            Event::GetParameterNamesResponse(GetParameterNamesResponse { parameters })
        }
        "GetParameterValuesResponse" => {
            let mut parameters = Vec::new();
            list(
                xml,
                "ParameterValueStruct",
                &mut parameters,
                parameter_value,
            )?;
            Event::GetParameterValuesResponse(GetParameterValuesResponse { parameters })
        }
        "SetParameterValuesResponse" => {
            let mut status = None;
            while let Some(name) = xml.child()? {
                match name {
                    "Status" => number(xml, name, &mut status)?,
                    _ => xml.skip()?,
                }
            }
            let status = required_status(status, "SetParameterValuesResponse")?;
            Event::SetParameterValuesResponse(SetParameterValuesResponse { status })
        }
        "TransferComplete" => Event::TransferComplete(transfer_complete(xml)?),
        "Inform" => return inform(xml),
        _ => {
            xml.skip()?;
            return Ok(Call::Foreign {
                rpc: name.into(),
                device: None,
            });
        }
    };
    Ok(Call::Event(event))
}

/// TR-069 A.3.3.2.
fn transfer_complete<'x>(xml: &mut impl Document<'x>) -> Result<TransferComplete, DecodeError> {
    let (mut command_key, mut fault) = (None, None);
    let (mut start_time, mut complete_time) = (None, None);
    while let Some(name) = xml.child()? {
        match name {
            "CommandKey" => text(xml, name, &mut command_key)?,
            "FaultStruct" => once(name, &mut fault, fault_struct(xml)?)?,
            "StartTime" => text(xml, name, &mut start_time)?,
            "CompleteTime" => text(xml, name, &mut complete_time)?,
            _ => xml.skip()?,
        }
    }
    Ok(TransferComplete {
        command_key: command_key.unwrap_or_default(),
        fault: fault.flatten(),
        start_time: start_time.unwrap_or_default(),
        complete_time: complete_time.unwrap_or_default(),
        certificate_path: String::new(),
    })
}

/// TR-069 A.3.3.3.
fn autonomous_transfer_complete<'x>(
    xml: &mut impl Document<'x>,
) -> Result<AutonomousTransferComplete, DecodeError> {
    let (mut transfer_url, mut fault) = (None, None);
    while let Some(name) = xml.child()? {
        match name {
            "TransferURL" => text(xml, name, &mut transfer_url)?,
            "FaultStruct" => once(name, &mut fault, fault_struct(xml)?)?,
            _ => xml.skip()?,
        }
    }
    Ok(AutonomousTransferComplete {
        transfer_url: transfer_url.unwrap_or_default(),
        fault: fault.flatten(),
    })
}

/// TR-069 A.3.2.8.
fn download_response<'x>(xml: &mut impl Document<'x>) -> Result<DownloadResponse, DecodeError> {
    let mut status = None;
    let (mut start_time, mut complete_time) = (None, None);
    while let Some(name) = xml.child()? {
        match name {
            "Status" => number(xml, name, &mut status)?,
            "StartTime" => text(xml, name, &mut start_time)?,
            "CompleteTime" => text(xml, name, &mut complete_time)?,
            _ => xml.skip()?,
        }
    }
    Ok(DownloadResponse {
        status: required_status(status, "DownloadResponse")?,
        start_time: start_time.unwrap_or_default(),
        complete_time: complete_time.unwrap_or_default(),
    })
}

/// `None` if there is no code: absence is never success. Some stacks write the code as bare text.
fn fault_struct<'x>(xml: &mut impl Document<'x>) -> Result<Option<FaultStruct>, DecodeError> {
    let (mut code, mut string) = (None, None);
    let mut bare = String::new();
    loop {
        match xml.node()? {
            Node::Element(name @ "FaultCode") => number(xml, name, &mut code)?,
            Node::Element(name @ "FaultString") => text(xml, name, &mut string)?,
            Node::Element(_) => xml.skip()?,
            Node::Text(part) => bare.push_str(part.trim_ascii()),
            Node::End => break,
        }
    }
    let code = match code {
        Some(code) => code,
        None => parse("FaultStruct", &bare)?,
    };
    Ok(code.map(|fault_code| FaultStruct {
        fault_code,
        fault_string: string.unwrap_or_default(),
    }))
}

fn soap_fault<'x>(xml: &mut impl Document<'x>) -> Result<Call, DecodeError> {
    let (mut fault, mut string) = (None, None);
    let mut foreign = false;
    while let Some(name) = xml.child()? {
        match name {
            "faultstring" => text(xml, name, &mut string)?,
            "detail" | "Detail" => {
                while let Some(name) = xml.child()? {
                    match name {
                        "Fault" => once(name, &mut fault, cwmp_fault(xml)?)?,
                        _ => {
                            foreign = true;
                            xml.skip()?;
                        }
                    }
                }
            }
            _ => xml.skip()?,
        }
    }
    Ok(Call::Fault {
        foreign: foreign && fault.is_none(),
        fault: fault.unwrap_or_else(|| Fault {
            fault_string: string.unwrap_or_default(),
            ..Fault::default()
        }),
    })
}

/// TR-069 A.5.
fn cwmp_fault<'x>(xml: &mut impl Document<'x>) -> Result<Fault, DecodeError> {
    let (mut code, mut string) = (None, None);
    let mut set_parameter_values_faults = Vec::new();
    while let Some(name) = xml.child()? {
        match name {
            "FaultCode" => number(xml, name, &mut code)?,
            "FaultString" => text(xml, name, &mut string)?,
            "SetParameterValuesFault" => set_parameter_values_faults.push(parameter_fault(xml)?),
            _ => xml.skip()?,
        }
    }
    Ok(Fault {
        fault_code: code.flatten().unwrap_or_default(),
        fault_string: string.unwrap_or_default(),
        set_parameter_values_faults,
    })
}

fn parameter_fault<'x>(
    xml: &mut impl Document<'x>,
) -> Result<SetParameterValuesFault, DecodeError> {
    let (mut parameter_name, mut code, mut string) = (None, None, None);
    while let Some(name) = xml.child()? {
        match name {
            "ParameterName" => text(xml, name, &mut parameter_name)?,
            "FaultCode" => number(xml, name, &mut code)?,
            "FaultString" => text(xml, name, &mut string)?,
            _ => xml.skip()?,
        }
    }
    Ok(SetParameterValuesFault {
        parameter_name: parameter_name.unwrap_or_default(),
        fault_code: code.flatten().unwrap_or_default(),
        fault_string: string.unwrap_or_default(),
    })
}

/// Reads every `item` of the `ParameterList` inside the open element.
fn list<'x, X: Document<'x>, T>(
    xml: &mut X,
    item: &str,
    items: &mut Vec<T>,
    read: fn(&mut X) -> Result<T, DecodeError>,
) -> Result<(), DecodeError> {
    while let Some(name) = xml.child()? {
        if name != "ParameterList" {
            xml.skip()?;
            continue;
        }
        while let Some(name) = xml.child()? {
            if name == item {
                items.push(read(xml)?);
            } else {
                xml.skip()?;
            }
        }
    }
    Ok(())
}

fn parameter_value<'x>(xml: &mut impl Document<'x>) -> Result<ParameterValue, DecodeError> {
    let (mut parameter, mut value) = (None, None);
    let mut r#type = String::new();
    while let Some(name) = xml.child()? {
        match name {
            "Name" => text(xml, name, &mut parameter)?,
            "Value" => {
                r#type = xml
                    .attribute("type")
                    .map_or_else(String::new, Cow::into_owned);
                text(xml, name, &mut value)?;
            }
            _ => xml.skip()?,
        }
    }
    Ok(ParameterValue {
        name: parameter.unwrap_or_default(),
        value: value.unwrap_or_default(),
        r#type,
    })
}

fn parameter_info<'x>(xml: &mut impl Document<'x>) -> Result<ParameterInfo, DecodeError> {
    let (mut parameter, mut writable) = (None, None);
    while let Some(name) = xml.child()? {
        match name {
            "Name" => text(xml, name, &mut parameter)?,
            "Writable" => text(xml, name, &mut writable)?,
            _ => xml.skip()?,
        }
    }
    let writable = match writable.as_deref().map_or("", str::trim_ascii) {
        "1" | "true" => true,
        "0" | "false" | "" => false,
        other => return Err(invalid(format!("Writable is {other:?}, not a boolean"))),
    };
    Ok(ParameterInfo {
        name: parameter.unwrap_or_default(),
        writable,
    })
}

/// Only who calls is read: an Inform is never the result of a transfer.
fn inform<'x>(xml: &mut impl Document<'x>) -> Result<Call, DecodeError> {
    let mut device = None;
    while let Some(name) = xml.child()? {
        match name {
            "DeviceId" => once(name, &mut device, device_id(xml)?)?,
            _ => xml.skip()?,
        }
    }
    Ok(Call::Foreign {
        rpc: "Inform".into(),
        device,
    })
}

fn device_id<'x>(xml: &mut impl Document<'x>) -> Result<DeviceId, DecodeError> {
    let (mut oui, mut product_class, mut serial_number) = (None, None, None);
    while let Some(name) = xml.child()? {
        match name {
            "OUI" => text(xml, name, &mut oui)?,
            "ProductClass" => text(xml, name, &mut product_class)?,
            "SerialNumber" => text(xml, name, &mut serial_number)?,
            _ => xml.skip()?,
        }
    }
    Ok(DeviceId {
        oui: oui.unwrap_or_default(),
        product_class: product_class.unwrap_or_default(),
        serial_number: serial_number.unwrap_or_default(),
    })
}

/// Reads the text of the element `name` into its slot.
pub(super) fn text<'x>(
    xml: &mut impl Document<'x>,
    name: &str,
    slot: &mut Option<String>,
) -> Result<(), DecodeError> {
    once(name, slot, xml.text()?.into_owned())
}

/// Reads the number of the element `name` into its slot; the inner `None` is an empty element.
fn number<'x>(
    xml: &mut impl Document<'x>,
    name: &str,
    slot: &mut Option<Option<u32>>,
) -> Result<(), DecodeError> {
    let text = xml.text()?;
    once(name, slot, parse(name, text.trim_ascii())?)
}

fn parse(name: &str, text: &str) -> Result<Option<u32>, DecodeError> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse()
        .map(Some)
        .map_err(|_| invalid(format!("{name} is {text:?}, not a number from 0 on")))
}

fn required_status(status: Option<Option<u32>>, rpc: &str) -> Result<u32, DecodeError> {
    status.flatten().ok_or_else(|| {
        invalid(format!(
            "{rpc} has no Status: without it nobody knows what the CPE did"
        ))
    })
}

fn once<T>(name: &str, slot: &mut Option<T>, value: T) -> Result<(), DecodeError> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(invalid(format!("{name} is there twice"))),
    }
}

fn invalid(detail: String) -> DecodeError {
    DecodeError {
        reason: DecodeReason::InvalidField,
        detail,
    }
}
