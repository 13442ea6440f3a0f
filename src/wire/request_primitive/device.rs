//! The device that a request is for.

use crate::cwmp::DeviceId;
use crate::record::Record;
use crate::wire::{DecodeError, DecodeReason, Decoder, ReadRequest, r#gen};

impl Decoder {
    /// The first place that names the device, in the order of the contract.
    pub(super) fn device_of_request(
        &self,
        message: Option<&r#gen::DeviceId>,
        targets: &[&str],
        record: &Record<'_>,
    ) -> Result<DeviceId, DecodeError> {
        let of_message = message.map(device_of_message).transpose()?;
        let of_header = record
            .header("cwmp-device-id")
            .map(device_of_header)
            .transpose()?;
        if let (Some(message), Some(header)) = (&of_message, &of_header)
            && message != header
        {
            return Err(DecodeError {
                reason: DecodeReason::DeviceMismatch,
                detail: format!(
                    "the field device names {message}, the header cwmp-device-id names {header}: name one device"
                ),
            });
        }
        of_message
            .or(of_header)
            .or_else(|| {
                targets
                    .iter()
                    .find_map(|target| self.device_of_target(target))
            })
            .or_else(|| {
                let key = std::str::from_utf8(record.key?).ok()?;
                DeviceId::from_key(key).ok()
            })
            .ok_or_else(|| DecodeError {
                reason: DecodeReason::DeviceMissing,
                detail: "no device is named: give the header cwmp-device-id, or the device key \
                         (OUI-ProductClass-SerialNumber) as record key, or set devices.from_target"
                    .into(),
            })
    }

    fn device_of_target(&self, to: &str) -> Option<DeviceId> {
        let captures = self.from_target.as_ref()?.captures(to)?;
        DeviceId::from_key(captures.name("device")?.as_str()).ok()
    }
}

/// Has the message name the device, wherever it was named.
pub(super) fn name_device(request: &mut ReadRequest, device: &Result<DeviceId, DecodeError>) {
    if let Ok(device) = device {
        request.message.device = Some(message_device(device));
    }
}

fn device_of_message(device: &r#gen::DeviceId) -> Result<DeviceId, DecodeError> {
    DeviceId::new(&device.oui, &device.product_class, &device.serial_number).map_err(|error| {
        DecodeError {
            reason: DecodeReason::InvalidField,
            detail: format!("the field device names none: {error}"),
        }
    })
}

fn device_of_header(header: &[u8]) -> Result<DeviceId, DecodeError> {
    std::str::from_utf8(header)
        .ok()
        .and_then(|key| DeviceId::from_key(key).ok())
        .ok_or_else(|| DecodeError {
            reason: DecodeReason::InvalidField,
            detail: "the header cwmp-device-id is no device key: write OUI-ProductClass-SerialNumber or \
                     OUI-SerialNumber, other bytes than [A-Za-z0-9_] as %XX"
                .into(),
        })
}

pub(in crate::wire) fn message_device(device: &DeviceId) -> r#gen::DeviceId {
    r#gen::DeviceId {
        oui: device.oui(),
        product_class: device.product_class(),
        serial_number: device.serial_number(),
    }
}
