//! The device that a request is for.

use crate::cwmp::DeviceId;
use crate::onem2m::Operation;
use crate::record::Record;
use crate::wire::json_members::shown;
use crate::wire::{DecodeError, DecodeReason, Decoder, NodeLookups, ReadRequest, r#gen};

/// What the node directory said about the target of a request.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(in crate::wire) enum Lookup {
    /// Something before it named the device, or there is no directory.
    #[default]
    NotAsked,
    /// It knows this address.
    Found(Box<str>),
    /// It does not know this address, and nothing else names the device.
    Missing(Box<str>),
}

impl ReadRequest {
    /// Address of the `<node>`: a resource that exists is a child of it.
    pub(super) fn parent(&self) -> &str {
        let to = &*self.message.to;
        match self.operation() {
            Operation::Create => to,
            Operation::Retrieve | Operation::Update | Operation::Delete => {
                let path = to.trim_end_matches('/');
                path.rsplit_once('/').map_or(to, |(parent, _)| parent)
            }
        }
    }

    /// Has the message name the device, wherever it was named.
    pub fn name_device(&mut self, device: &DeviceId) {
        self.message.device = Some(device.into());
    }
}

impl Decoder {
    /// The first place that names the device, in the order of the contract; of several targets the last is the node's.
    pub(super) fn device_of_request(
        &self,
        message: Option<&r#gen::DeviceId>,
        targets: &[&str],
        record: &Record<'_>,
    ) -> (Result<DeviceId, DecodeError>, Lookup) {
        match self.named_device(message, targets, record) {
            Ok(Some(device)) => return (Ok(device), Lookup::NotAsked),
            Ok(None) => {}
            Err(error) => return (Err(error), Lookup::NotAsked),
        }
        if let Some((address, device)) = self.device_of_node(targets) {
            return (Ok(device), Lookup::Found(address.into()));
        }
        match (device_of_key(record), &self.nodes) {
            (Some(device), _) => (Ok(device), Lookup::NotAsked),
            (None, None) => (Err(device_missing()), Lookup::NotAsked),
            (None, Some(_)) => {
                let address = targets.last().copied().unwrap_or_default();
                (Err(node_missing(address)), Lookup::Missing(address.into()))
            }
        }
    }

    /// As [`Self::device_of_request`], for what is not worth a look into the directory.
    pub(super) fn device_of_foreign(
        &self,
        targets: &[&str],
        record: &Record<'_>,
    ) -> Result<DeviceId, DecodeError> {
        self.named_device(None, targets, record)?
            .or_else(|| device_of_key(record))
            .ok_or_else(device_missing)
    }

    /// The device that the request names by itself.
    fn named_device(
        &self,
        message: Option<&r#gen::DeviceId>,
        targets: &[&str],
        record: &Record<'_>,
    ) -> Result<Option<DeviceId>, DecodeError> {
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
        Ok(of_message.or(of_header).or_else(|| {
            let mut targets = targets.iter();
            targets.find_map(|target| {
                self.device_of_target(target)
                    .or_else(|| self.known_where_read(target, record))
            })
        }))
    }

    /// What the worker that read a forwarded record found in its directory.
    fn known_where_read(&self, target: &str, record: &Record<'_>) -> Option<DeviceId> {
        if !self.hears_forwarder {
            return None;
        }
        let mut headers = record.headers.iter().rev();
        headers.find_map(|(name, value)| {
            let (address, key) = std::str::from_utf8(value).ok()?.rsplit_once(' ')?;
            (*name == NodeLookups::HEADER && address == target)
                .then(|| DeviceId::from_key(key).ok())?
        })
    }

    fn device_of_node<'t>(&self, targets: &[&'t str]) -> Option<(&'t str, DeviceId)> {
        let nodes = self.nodes.as_ref()?;
        targets
            .iter()
            .find_map(|target| Some((*target, nodes.device(target)?)))
    }

    fn device_of_target(&self, to: &str) -> Option<DeviceId> {
        let captures = self.from_target.as_ref()?.captures(to)?;
        DeviceId::from_key(captures.name("device")?.as_str()).ok()
    }
}

fn device_of_key(record: &Record<'_>) -> Option<DeviceId> {
    let key = std::str::from_utf8(record.key?).ok()?;
    DeviceId::from_key(key).ok()
}

fn device_missing() -> DecodeError {
    DecodeError {
        reason: DecodeReason::DeviceMissing,
        detail: "no device is named: give the header cwmp-device-id, or the device key \
                 (OUI-ProductClass-SerialNumber) as record key, or set devices.from_target or topics.nodes"
            .into(),
    }
}

fn node_missing(address: &str) -> DecodeError {
    DecodeError {
        reason: DecodeReason::DeviceMissing,
        detail: format!(
            "no device is named, and the node directory does not know {}: write the <node> to topics.nodes with this key, \
             or give the header cwmp-device-id, or the device key (OUI-ProductClass-SerialNumber) as record key",
            shown(address)
        ),
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
