//! Proto3 JSON as nearly every encoder writes it: read as slices of the record, without a message of copies.
//!
//! Whatever else JSON allows is left to the library: texts with escapes, numbers that are texts, null, members that are
//! not known, events that answer no command of the bridge. So is everything that it refuses, and with it what is told
//! of a broken message.

use crate::wire::r#gen::rejection::Reason;

use super::message::{
    Device, Fault, FaultStruct, Message, Parameter, ParameterFault, Said, TransferComplete, once,
};

/// Reads a CpeEvent; `None`: the library has to.
pub(super) fn read(payload: &[u8]) -> Option<Message<'_>> {
    let mut json = Json::new(std::str::from_utf8(payload).ok()?);
    let (mut device, mut command_id, mut command_key) = (None, None, None);
    let (mut observed_at, mut said) = (None, None);
    json.object(|json, name| match name {
        "device" => once(&mut device, read_device(json)?),
        "commandId" | "command_id" => json.text_into(&mut command_id),
        "commandKey" | "command_key" => json.text_into(&mut command_key),
        "observedAt" | "observed_at" => json.text_into(&mut observed_at),
        _ => once(&mut said, read_said(json, name)?),
    })?;
    json.end()?;
    Some(Message {
        device,
        command_id: command_id.unwrap_or_default(),
        command_key: command_key.unwrap_or_default(),
        said: Some(said?),
    })
}

fn read_device<'a>(json: &mut Json<'a>) -> Option<Device<'a>> {
    let (mut oui, mut product_class, mut serial_number) = (None, None, None);
    json.object(|json, name| match name {
        "oui" => json.text_into(&mut oui),
        "productClass" | "product_class" => json.text_into(&mut product_class),
        "serialNumber" | "serial_number" => json.text_into(&mut serial_number),
        _ => None,
    })?;
    Some(Device {
        oui: oui.unwrap_or_default(),
        product_class: product_class.unwrap_or_default(),
        serial_number: serial_number.unwrap_or_default(),
    })
}

fn read_said<'a>(json: &mut Json<'a>, name: &str) -> Option<Said<'a>> {
    Some(match name {
        "downloadResponse" | "download_response" => Said::DownloadResponse {
            status: download_status(json)?,
        },
        "transferComplete" | "transfer_complete" => {
            Said::TransferComplete(transfer_complete(json)?)
        }
        "setParameterValuesResponse" | "set_parameter_values_response" => {
            Said::SetParameterValuesResponse {
                status: set_status(json)?,
            }
        }
        "getParameterValuesResponse" | "get_parameter_values_response" => {
            Said::GetParameterValuesResponse(parameter_values(json)?)
        }
        "cancelTransferResponse" | "cancel_transfer_response" => {
            json.object(|_, _| None)?;
            Said::CancelTransferResponse
        }
        "fault" => Said::Fault(fault(json)?),
        "rejection" => rejection(json)?,
        _ => return None,
    })
}

fn download_status(json: &mut Json<'_>) -> Option<u32> {
    let (mut status, mut start_time, mut complete_time) = (None, None, None);
    json.object(|json, name| match name {
        "status" => json.number_into(&mut status),
        "startTime" | "start_time" => json.text_into(&mut start_time),
        "completeTime" | "complete_time" => json.text_into(&mut complete_time),
        _ => None,
    })?;
    Some(status.unwrap_or_default())
}

fn transfer_complete<'a>(json: &mut Json<'a>) -> Option<TransferComplete<'a>> {
    let (mut command_key, mut fault, mut path) = (None, None, None);
    let (mut start_time, mut complete_time) = (None, None);
    json.object(|json, name| match name {
        "commandKey" | "command_key" => json.text_into(&mut command_key),
        "fault" => once(&mut fault, fault_struct(json)?),
        "startTime" | "start_time" => json.text_into(&mut start_time),
        "completeTime" | "complete_time" => json.text_into(&mut complete_time),
        "certificatePath" | "certificate_path" => json.text_into(&mut path),
        _ => None,
    })?;
    Some(TransferComplete {
        command_key: command_key.unwrap_or_default(),
        fault,
        certificate_path: path.unwrap_or_default(),
    })
}

fn fault_struct<'a>(json: &mut Json<'a>) -> Option<FaultStruct<'a>> {
    let (mut code, mut text) = (None, None);
    json.object(|json, name| match name {
        "faultCode" | "fault_code" => json.number_into(&mut code),
        "faultString" | "fault_string" => json.text_into(&mut text),
        _ => None,
    })?;
    Some(FaultStruct {
        code: code.unwrap_or_default(),
        text: text.unwrap_or_default(),
    })
}

fn set_status(json: &mut Json<'_>) -> Option<u32> {
    let mut status = None;
    json.object(|json, name| match name {
        "status" => json.number_into(&mut status),
        _ => None,
    })?;
    Some(status.unwrap_or_default())
}

fn parameter_values<'a>(json: &mut Json<'a>) -> Option<Vec<Parameter<'a>>> {
    let mut parameters = None;
    json.object(|json, name| match name {
        "parameters" => once(&mut parameters, json.list(parameter)?),
        _ => None,
    })?;
    Some(parameters.unwrap_or_default())
}

fn parameter<'a>(json: &mut Json<'a>) -> Option<Parameter<'a>> {
    let (mut parameter, mut value, mut r#type) = (None, None, None);
    json.object(|json, name| match name {
        "name" => json.text_into(&mut parameter),
        "value" => json.text_into(&mut value),
        "type" => json.text_into(&mut r#type),
        _ => None,
    })?;
    Some(Parameter {
        name: parameter.unwrap_or_default(),
        value: value.unwrap_or_default(),
    })
}

fn fault<'a>(json: &mut Json<'a>) -> Option<Fault<'a>> {
    let (mut code, mut text, mut parameters) = (None, None, None);
    json.object(|json, name| match name {
        "faultCode" | "fault_code" => json.number_into(&mut code),
        "faultString" | "fault_string" => json.text_into(&mut text),
        "setParameterValuesFaults" | "set_parameter_values_faults" => {
            once(&mut parameters, json.list(parameter_fault)?)
        }
        _ => None,
    })?;
    Some(Fault {
        code: code.unwrap_or_default(),
        text: text.unwrap_or_default(),
        parameters: parameters.unwrap_or_default(),
    })
}

fn parameter_fault<'a>(json: &mut Json<'a>) -> Option<ParameterFault<'a>> {
    let (mut parameter, mut code, mut text) = (None, None, None);
    json.object(|json, name| match name {
        "parameterName" | "parameter_name" => json.text_into(&mut parameter),
        "faultCode" | "fault_code" => json.number_into(&mut code),
        "faultString" | "fault_string" => json.text_into(&mut text),
        _ => None,
    })?;
    Some(ParameterFault {
        name: parameter.unwrap_or_default(),
        code: code.unwrap_or_default(),
        text: text.unwrap_or_default(),
    })
}

fn rejection<'a>(json: &mut Json<'a>) -> Option<Said<'a>> {
    let (mut reason, mut detail) = (None, None);
    json.object(|json, name| match name {
        "reason" => once(&mut reason, Reason::from_str_name(json.text()?)?),
        "detail" => json.text_into(&mut detail),
        _ => None,
    })?;
    Some(Said::Rejection {
        reason: reason.unwrap_or_default().into(),
        detail: detail.unwrap_or_default(),
    })
}

/// A place in JSON.
struct Json<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Json<'a> {
    const fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// The next byte that is no white space.
    fn peek(&mut self) -> Option<u8> {
        loop {
            match *self.text.as_bytes().get(self.at)? {
                b' ' | b'\t' | b'\n' | b'\r' => self.at += 1,
                byte => return Some(byte),
            }
        }
    }

    /// Whether the next byte is this one, which is then passed.
    fn pass(&mut self, byte: u8) -> bool {
        // Nearly always there is no white space.
        let is_next = self.text.as_bytes().get(self.at) == Some(&byte) || self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        self.pass(byte).then_some(())
    }

    /// Calls with the name of every member of an object, to read its value.
    fn object(&mut self, mut member: impl FnMut(&mut Self, &'a str) -> Option<()>) -> Option<()> {
        self.take(b'{')?;
        if self.pass(b'}') {
            return Some(());
        }
        loop {
            let name = self.text()?;
            self.take(b':')?;
            member(self, name)?;
            if !self.pass(b',') {
                return self.take(b'}');
            }
        }
    }

    fn list<T>(&mut self, item: fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        self.take(b'[')?;
        let mut items = Vec::new();
        if self.pass(b']') {
            return Some(items);
        }
        loop {
            items.push(item(self)?);
            if !self.pass(b',') {
                self.take(b']')?;
                return Some(items);
            }
        }
    }

    /// A text in which nothing is escaped.
    fn text(&mut self) -> Option<&'a str> {
        self.take(b'"')?;
        let bytes = self.text.as_bytes();
        let end = end_of_plain(bytes, self.at)?;
        let text = &self.text[self.at..end];
        self.at = end + 1;
        (bytes[end] == b'"').then_some(text)
    }

    fn text_into(&mut self, slot: &mut Option<&'a str>) -> Option<()> {
        once(slot, self.text()?)
    }

    /// A number of digits only.
    fn number_into(&mut self, slot: &mut Option<u32>) -> Option<()> {
        self.peek()?;
        let digits = self.text.as_bytes()[self.at..].iter();
        let length = digits.take_while(|byte| byte.is_ascii_digit()).count();
        let digits = &self.text[self.at..][..length];
        if length > 1 && digits.starts_with('0') {
            return None;
        }
        self.at += length;
        once(slot, digits.parse().ok()?)
    }

    /// Nothing may follow but white space.
    fn end(&mut self) -> Option<()> {
        self.peek().is_none().then_some(())
    }
}

/// Where the first quotation mark, backslash or control character stands, from a place on.
fn end_of_plain(bytes: &[u8], mut at: usize) -> Option<usize> {
    // Eight bytes at a time: the lowest of the bits that are left is that of the first byte that is less than what is
    // subtracted from it, the higher ones may be borrowed from.
    const EACH: u64 = u64::MAX / 0xFF;
    const TOP_BITS: u64 = EACH << 7;
    let less = |word: u64, than: u8| word.wrapping_sub(EACH * u64::from(than)) & !word;
    while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk()) {
        let word = u64::from_le_bytes(*chunk);
        let found = less(word, b' ')
            | less(word ^ (EACH * u64::from(b'"')), 1)
            | less(word ^ (EACH * u64::from(b'\\')), 1);
        match (found & TOP_BITS).trailing_zeros() {
            u64::BITS => at += chunk.len(),
            bits => return Some(at + bits as usize / 8),
        }
    }
    let rest = bytes.get(at..)?.iter();
    let length = rest
        .take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..b' '))
        .count();
    (at + length < bytes.len()).then_some(at + length)
}
