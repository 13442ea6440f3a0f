//! The subcommand `decode`: what the bridge reads in given files, as one JSON object a line.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::cwmp::DeviceId;
use crate::onem2m::Operation;
use crate::record::{Coordinates, Header, Record};
use crate::wire::r#gen::cpe_event::Event;
use crate::wire::r#gen::{CpeEvent, CreateRequest};
use crate::wire::{
    DecodeError, DecodeReason, Decoder, Input, ReadEvent, ReadNotification, ReadPrimitive,
    ReadRequest, read_event,
};

/// The reason in the line of a file that could not be read at all; the others are those of dead letters.
const UNREADABLE_FILE: &str = "unreadable_file";

/// Writes for each file, in their order, what the bridge would read in a record of `topic` with these headers, this
/// key and the file's content as value. Returns whether all files could be looked at.
///
/// # Errors
/// If `out` cannot be written. A file that cannot be opened is told in its line.
pub fn decode(
    decoder: &Decoder,
    topic: Input,
    headers: &[Header<'_>],
    key: Option<&[u8]>,
    files: &[PathBuf],
    out: &mut impl Write,
) -> io::Result<bool> {
    let mut all_looked_at = true;
    for path in files {
        let file = path.display().to_string();
        match fs::read(path) {
            Ok(content) => {
                let coordinates = coordinates(path);
                let record = Record {
                    coordinates: &coordinates,
                    key,
                    value: Some(&content),
                    headers,
                };
                match topic {
                    Input::CpeEvents => {
                        write_event(&file, read_event(record, decoder.cpe_events), out)?;
                    }
                    Input::Requests => write_request(&file, decoder.read_request(record), out)?,
                }
            }
            Err(error) => {
                all_looked_at = false;
                Entry::error(UNREADABLE_FILE, &error.to_string()).write(&file, out)?;
            }
        }
    }
    Ok(all_looked_at)
}

/// A file stands nowhere in Kafka: its name takes the place of the topic's.
fn coordinates(path: &Path) -> Coordinates {
    Coordinates {
        topic: path.display().to_string().into(),
        partition: 0,
        offset: 0,
    }
}

fn write_event(
    file: &str,
    read: Result<ReadEvent, DecodeError>,
    out: &mut impl Write,
) -> io::Result<()> {
    match &read {
        Err(error) => Entry::of_error(error).write(file, out),
        Ok(ReadEvent::Foreign(rpc)) => Entry::foreign(rpc).write(file, out),
        Ok(ReadEvent::Event(message)) => match &message.event {
            Some(event) => Entry {
                event: Some(Message::Event(message)),
                ..Entry::new(kind(event))
            }
            .write(file, out),
            None => Entry::error(
                DecodeReason::InvalidField.as_str(),
                "the CPE event has none of the fields of `event`: set the one that tells what happened",
            )
            .write(file, out),
        },
    }
}

fn write_request(
    file: &str,
    mut read: Result<ReadPrimitive, DecodeError>,
    out: &mut impl Write,
) -> io::Result<()> {
    if let Ok(read) = &mut read {
        name_devices(read);
    }
    let notifications = match &read {
        Err(error) => return Entry::of_error(error).write(file, out),
        Ok(ReadPrimitive::Request(request, device)) => {
            let kind = match request.operation() {
                Operation::Create => "create_request",
                Operation::Retrieve => "retrieve_request",
                Operation::Update => "update_request",
                Operation::Delete => "delete_request",
            };
            return Entry::request(kind, request, device).write(file, out);
        }
        Ok(ReadPrimitive::Notifications(notifications)) => notifications,
    };
    let entries: Vec<Entry<'_>> = notifications.iter().map(Entry::notification).collect();
    if let [entry] = &*entries {
        return entry.write(file, out);
    }
    let events: Vec<Entry<'_>> = entries
        .into_iter()
        .filter(|entry| entry.rpc.is_none())
        .collect();
    if events.is_empty() {
        return Entry::foreign("m2m:agn").write(file, out);
    }
    Entry {
        events,
        ..Entry::new("notifications")
    }
    .write(file, out)
}

/// Has the messages name the devices, wherever they were named.
fn name_devices(read: &mut ReadPrimitive) {
    match read {
        ReadPrimitive::Request(request, Ok(device)) => request.name_device(device),
        ReadPrimitive::Request(_, Err(_)) => {}
        ReadPrimitive::Notifications(notifications) => {
            for notification in notifications.iter_mut().flatten() {
                if let (Some(request), Ok(device)) =
                    (&mut notification.created, &notification.device)
                {
                    request.name_device(device);
                }
            }
        }
    }
}

/// The name of the oneof field.
fn kind(event: &Event) -> &'static str {
    match event {
        Event::AutonomousTransferComplete(_) => "autonomous_transfer_complete",
        Event::CancelTransferResponse(_) => "cancel_transfer_response",
        Event::DownloadResponse(_) => "download_response",
        Event::Fault(_) => "fault",
        Event::GetParameterNamesResponse(_) => "get_parameter_names_response",
        Event::GetParameterValuesResponse(_) => "get_parameter_values_response",
        Event::Rejection(_) => "rejection",
        Event::SetParameterValuesResponse(_) => "set_parameter_values_response",
        Event::TransferComplete(_) => "transfer_complete",
    }
}

/// One line of the output, without the name of the file; absent fields are left out.
#[derive(Serialize)]
struct Entry<'a> {
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_identifier: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<Message<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<Refused>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    events: Vec<Self>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rpc: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
}

#[derive(Serialize)]
struct Line<'a> {
    file: &'a str,
    #[serde(flatten)]
    entry: &'a Entry<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Message<'a> {
    Event(&'a CpeEvent),
    Request(&'a CreateRequest),
}

#[derive(Serialize)]
struct Refused {
    response_status_code: u16,
    debug: String,
}

impl<'a> Entry<'a> {
    const fn new(kind: &'a str) -> Self {
        Self {
            kind,
            resource_identifier: None,
            event: None,
            refused: None,
            events: Vec::new(),
            rpc: None,
            reason: None,
            error: None,
        }
    }

    const fn foreign(rpc: &'a str) -> Self {
        let mut entry = Self::new("foreign");
        entry.rpc = Some(rpc);
        entry
    }

    const fn error(reason: &'a str, error: &'a str) -> Self {
        let mut entry = Self::new("error");
        entry.reason = Some(reason);
        entry.error = Some(error);
        entry
    }

    fn of_error(error: &'a DecodeError) -> Self {
        Self::error(error.reason.as_str(), &error.detail)
    }

    fn request(
        kind: &'a str,
        request: &'a ReadRequest,
        device: &'a Result<DeviceId, DecodeError>,
    ) -> Self {
        match device {
            // A file need not name a device, but what names it must not be wrong.
            Err(error) if error.reason != DecodeReason::DeviceMissing => Self::of_error(error),
            Ok(_) | Err(_) => Self {
                resource_identifier: request.resource_identifier.as_deref(),
                event: Some(Message::Request(&request.message)),
                refused: request.refusal().map(|refusal| Refused {
                    response_status_code: refusal.code.get(),
                    debug: refusal.text,
                }),
                ..Self::new(kind)
            },
        }
    }

    fn notification(read: &'a Result<ReadNotification, DecodeError>) -> Self {
        match read {
            Err(error) => Self::of_error(error),
            Ok(notification) => match &notification.created {
                Some(request) => Self::request("notification", request, &notification.device),
                None => Self::foreign("m2m:sgn"),
            },
        }
    }

    fn write(&self, file: &str, out: &mut impl Write) -> io::Result<()> {
        serde_json::to_writer(&mut *out, &Line { file, entry: self })?;
        out.write_all(b"\n")
    }
}

#[cfg(test)]
mod tests;
