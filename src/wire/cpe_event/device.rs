use crate::cwmp::DeviceId;
use crate::record::Record;
use crate::wire::json_members::shown;
use crate::wire::{DecodeError, DecodeReason};

use super::message::Device;

/// Where a device was found.
type Place = &'static str;

/// The device of a CPE event: the message's, else the header's, else the Inform's, else the record key's if that parses
/// as a device key; `None` if no place names one.
///
/// A key may be anything, and much that parses as a device key is none. So a key that differs from another place is
/// held against the record only if its first part, decoded, is six hexadecimal digits, as the OUI of every device is.
///
/// # Errors
/// If two places name different devices, or message or header name something that is no device.
pub(super) fn resolve(
    record: &Record<'_>,
    message: Option<Device<'_>>,
    inform: Option<Device<'_>>,
) -> Result<Option<DeviceId>, DecodeError> {
    let mut found = None;
    if let Some(device) = message.filter(|device| *device != Device::default()) {
        found = Some((in_message(device)?, "the message"));
    }
    if let Some(header) = record
        .header("cwmp-device-id")
        .filter(|key| !key.is_empty())
    {
        in_header(header, &mut found)?;
    }
    if let Some(device) = inform.and_then(|device| {
        DeviceId::new(device.oui, device.product_class, device.serial_number).ok()
    }) {
        agree(&mut found, device, "the Inform")?;
    }
    if let Some(key) = record.key {
        in_key(key, &mut found)?;
    }
    Ok(found.map(|(device, _)| device))
}

/// No place names the device.
pub(super) fn missing() -> DecodeError {
    DecodeError {
        reason: DecodeReason::DeviceMissing,
        detail: "nothing names the device: give it in the field `device`, in the header cwmp-device-id, or as the \
                 record key, e.g. 00256D-IGD-1"
            .into(),
    }
}

fn in_message(device: Device<'_>) -> Result<DeviceId, DecodeError> {
    DeviceId::new(device.oui, device.product_class, device.serial_number).map_err(|error| {
        DecodeError {
            reason: DecodeReason::InvalidField,
            detail: format!("device: {error}"),
        }
    })
}

fn in_header(header: &[u8], found: &mut Option<(DeviceId, Place)>) -> Result<(), DecodeError> {
    if is_key_of(found.as_ref(), header) {
        return Ok(());
    }
    let device = parse(header).ok_or_else(|| DecodeError {
        reason: DecodeReason::InvalidField,
        detail: format!(
            "the header cwmp-device-id is {}, not a device key such as 00256D-IGD-1",
            shown(&String::from_utf8_lossy(&header[..header.len().min(256)]))
        ),
    })?;
    agree(found, device, "the header cwmp-device-id")
}

fn in_key(key: &[u8], found: &mut Option<(DeviceId, Place)>) -> Result<(), DecodeError> {
    if is_key_of(found.as_ref(), key) {
        return Ok(());
    }
    let has_oui = |device: &DeviceId| {
        let oui = device.oui_encoded();
        oui.len() == 6 && oui.bytes().all(|digit| digit.is_ascii_hexdigit())
    };
    match parse(key) {
        Some(device) if found.is_none() || has_oui(&device) => {
            agree(found, device, "the record key")
        }
        Some(_) | None => Ok(()),
    }
}

fn is_key_of(found: Option<&(DeviceId, Place)>, key: &[u8]) -> bool {
    found.is_some_and(|(device, _)| device.key().as_bytes() == key)
}

fn parse(key: &[u8]) -> Option<DeviceId> {
    DeviceId::from_key(std::str::from_utf8(key).ok()?).ok()
}

fn agree(
    found: &mut Option<(DeviceId, Place)>,
    device: DeviceId,
    place: Place,
) -> Result<(), DecodeError> {
    match found {
        None => {
            *found = Some((device, place));
            Ok(())
        }
        Some((known, _)) if *known == device => Ok(()),
        Some((known, known_place)) => Err(DecodeError {
            reason: DecodeReason::DeviceMismatch,
            detail: format!(
                "{known_place} names the device {known}, and {place} names {device}: they must be the same"
            ),
        }),
    }
}
