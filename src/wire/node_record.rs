//! Records of the node directory: the address of a `<node>` resource, and what became of it.

use crate::cwmp::DeviceId;
use crate::record::Record;

use super::json_members::{Attribute, Kind, Members, attribute};
use super::{DecodeError, DecodeReason, Format, Nodes, cbor, format};

/// Prefixes of a deviceIdentifier whose rest is a device key (TS-0001, `<node>`; BBF TR-069 naming).
const SCHEMES: [&str; 2] = ["urn:dev:ops:", "urn:dev:os:"];

/// notificationEventTypes (TS-0004 clause 6.3.4.2.19): the resource was deleted, or a direct child of it.
const DELETIONS: [u32; 2] = [2, 4];

/// A `<node>` resource, or what may be wrapped around it; other members are passed over.
static OUTER: [Attribute; 4] = [
    attribute("pc", "Content", Kind::Any),
    attribute("m2m:nod", "node", Kind::Object),
    attribute("m2m:sgn", "Notification", Kind::Object),
    attribute("ni", "nodeID", Kind::Text),
];

static NOTIFICATION: [Attribute; 1] = [attribute("nev", "Notification Event", Kind::Object)];

static EVENT: [Attribute; 2] = [
    attribute("net", "Notification Event Type", Kind::Number),
    attribute("rep", "Representation", Kind::Object),
];

static REPRESENTATION: [Attribute; 1] = [attribute("m2m:nod", "node", Kind::Object)];

static NODE: [Attribute; 1] = [attribute("ni", "nodeID", Kind::Text)];

/// What a record of the directory says about an address.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum NodeRecord<'r> {
    /// Its node is gone.
    Gone(&'r str),
    /// Its node is this device.
    Known(&'r str, DeviceId),
}

/// Reads a record of the directory: the key is the address of the node, the value its representation in JSON or CBOR,
/// bare, in `m2m:nod`, or in a notification about it. No value, and a notification of its deletion, mean that it is gone.
///
/// # Errors
/// If it tells of no node; what was said about the address before stays.
pub fn read_node(record: Record<'_>) -> Result<NodeRecord<'_>, DecodeError> {
    read(record).map_err(DecodeError::bounded)
}

fn read(record: Record<'_>) -> Result<NodeRecord<'_>, DecodeError> {
    let address = address(record.key)?;
    if record.value.is_none() {
        return Ok(NodeRecord::Gone(address));
    }
    let content = format::detect(&record, None)?;
    let json = match content.format {
        Format::Json => std::str::from_utf8(&content.payload)
            .map_err(|_| invalid("the value is not UTF-8: send JSON in UTF-8"))?
            .into(),
        Format::Cbor => std::borrow::Cow::from(cbor::to_json(&content.payload)?),
        Format::Protobuf | Format::Soap => {
            return Err(DecodeError {
                reason: DecodeReason::ContentTypeMismatch,
                detail: "a node is written as JSON or CBOR: send {\"m2m:nod\":{\"ni\":..}}".into(),
            });
        }
    };
    Ok(match identifier(&json)? {
        None => NodeRecord::Gone(address),
        Some(identifier) => NodeRecord::Known(address, device(&identifier)?),
    })
}

fn address(key: Option<&[u8]>) -> Result<&str, DecodeError> {
    let address = key.and_then(|key| std::str::from_utf8(key).ok());
    let Some(address) = address.filter(|address| !address.is_empty()) else {
        return Err(invalid(
            "the key is missing or no text: the key of a node is its address, as it stands in `to` of requests",
        ));
    };
    if address.len() > Nodes::ADDRESS_BYTES_MAX {
        return Err(DecodeError {
            reason: DecodeReason::TooLarge,
            detail: format!(
                "the address has {} bytes: at most {} are read",
                address.len(),
                Nodes::ADDRESS_BYTES_MAX
            ),
        });
    }
    if address.contains(char::is_whitespace) || address.contains(char::is_control) {
        return Err(invalid("the key holds white space: it is no address"));
    }
    Ok(address)
}

/// The nodeID; `None` if the node was deleted.
fn identifier(json: &str) -> Result<Option<String>, DecodeError> {
    let mut outer = members(json, &OUTER)?;
    if let Some(content) = outer.json("pc") {
        outer = members(content, &OUTER)?;
    }
    if let Some(notification) = outer.json("m2m:sgn") {
        return notified(&members(notification, &NOTIFICATION)?);
    }
    match outer.json("m2m:nod") {
        Some(node) => node_id(&members(node, &NODE)?).map(Some),
        None => node_id(&outer).map(Some),
    }
}

fn notified(notification: &Members<'_>) -> Result<Option<String>, DecodeError> {
    let Some(event) = notification.json("nev") else {
        return Err(invalid(
            "the notification has no nev: neither a verification nor the end of a subscription tells of a node",
        ));
    };
    let event = members(event, &EVENT)?;
    let is_deletion = event
        .number("net")
        .is_some_and(|net| DELETIONS.contains(&net));
    let node = match event.json("rep") {
        Some(rep) => members(rep, &REPRESENTATION)?.json("m2m:nod"),
        // The notification of a deletion need not say more.
        None if is_deletion => return Ok(None),
        None => None,
    };
    match node {
        Some(_) if is_deletion => Ok(None),
        Some(node) => node_id(&members(node, &NODE)?).map(Some),
        None => Err(invalid(
            "the notification is not about a <node>: key only those by its address that are, others hide it",
        )),
    }
}

fn node_id(node: &Members<'_>) -> Result<String, DecodeError> {
    node.text("ni").ok_or_else(|| {
        invalid(
            "ni (nodeID) is missing or no text: send the whole representation of the node (nct 1), and null for one that \
             is gone",
        )
    })
}

fn device(identifier: &str) -> Result<DeviceId, DecodeError> {
    let key = SCHEMES
        .iter()
        .find_map(|scheme| {
            let (start, key) = identifier.split_at_checked(scheme.len())?;
            start.eq_ignore_ascii_case(scheme).then_some(key)
        })
        .unwrap_or(identifier);
    DeviceId::from_key(key).map_err(|_| {
        invalid(
            "ni (nodeID) names no device: write urn:dev:ops:OUI-ProductClass-SerialNumber, urn:dev:os:OUI-SerialNumber \
             or the bare device key, other bytes than [A-Za-z0-9_] of each part as %XX",
        )
    })
}

fn members<'a>(json: &'a str, table: &'static [Attribute]) -> Result<Members<'a>, DecodeError> {
    let members = Members::read(json, table).map_err(|_| DecodeError {
        reason: DecodeReason::MalformedJson,
        detail: "not well-formed, or no object: send {\"m2m:nod\":{\"ni\":..}}".into(),
    })?;
    let fault = members.faults().next();
    match fault {
        Some(fault) => Err(invalid(&fault)),
        None => Ok(members),
    }
}

fn invalid(detail: &str) -> DecodeError {
    DecodeError {
        reason: DecodeReason::InvalidField,
        detail: detail.into(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::record::Coordinates;

    use super::*;

    const KEY: Option<&[u8]> = Some(b"/cse1/node7");

    fn read(key: Option<&[u8]>, value: Option<&[u8]>) -> Result<Option<String>, DecodeReason> {
        let coordinates = Coordinates {
            topic: "nodes".into(),
            partition: 0,
            offset: 0,
        };
        let record = Record {
            coordinates: &coordinates,
            key,
            value,
            headers: &[],
        };
        match read_node(record) {
            Ok(NodeRecord::Gone(address)) => {
                assert_eq!(address, "/cse1/node7");
                Ok(None)
            }
            Ok(NodeRecord::Known(address, device)) => {
                assert_eq!(address, "/cse1/node7");
                Ok(Some(device.key().to_owned()))
            }
            Err(error) => Err(error.reason),
        }
    }

    fn cbor_of(value: &Value) -> Vec<u8> {
        let mut cbor = Vec::new();
        ciborium::into_writer(value, &mut cbor).unwrap();
        cbor
    }

    fn read_value(value: &Value) -> Result<Option<String>, DecodeReason> {
        let of_json = read(KEY, Some(value.to_string().as_bytes()));
        assert_eq!(read(KEY, Some(&cbor_of(value))), of_json);
        of_json
    }

    #[test]
    fn node_names_its_device_in_every_form() {
        let ni = "urn:dev:ops:012345-Set%2DTop%2DBox-0123456789";
        let device = Ok(Some("012345-Set%2DTop%2DBox-0123456789".to_owned()));
        for value in [
            json!({"m2m:nod": {"ni": ni, "ty": 14, "hcl": "cse1", "rn": "node7"}}),
            json!({"ni": ni}),
            json!({"rsc": 2000, "rqi": "1", "pc": {"m2m:nod": {"ni": ni}}}),
            json!({"m2m:sgn": {"nev": {"net": 1, "rep": {"m2m:nod": {"ni": ni}}}, "sur": "/cse1/node7/s"}}),
            json!({"op": 5, "pc": {"m2m:sgn": {"nev": {"net": 3, "rep": {"m2m:nod": {"ni": ni}}}}}}),
        ] {
            assert_eq!(read_value(&value), device, "{value}");
        }
        for (ni, key) in [
            ("URN:DEV:OS:00256D-1", "00256D-1"),
            ("00256D-IGD-1", "00256D-IGD-1"),
        ] {
            assert_eq!(
                read_value(&json!({"m2m:nod": {"ni": ni}})),
                Ok(Some(key.to_owned()))
            );
        }
    }

    #[test]
    fn tombstones_and_notified_deletions_end_a_node() {
        assert_eq!(read(KEY, None), Ok(None));
        for event in [
            json!({"net": 2, "rep": {"m2m:nod": {"ni": "x"}}}),
            json!({"net": 4, "rep": {"m2m:nod": {}}}),
            json!({"net": 2}),
        ] {
            assert_eq!(
                read_value(&json!({"m2m:sgn": {"nev": event}})),
                Ok(None),
                "{event}"
            );
        }
    }

    #[test]
    fn record_that_tells_of_no_node_is_refused() {
        for value in [
            json!({"m2m:nod": {"rn": "node7"}}),
            json!({"m2m:nod": {"ni": 7}}),
            json!({"m2m:nod": {"ni": "urn:dev:ops:nonsense"}}),
            json!({"m2m:nod": {"ni": "urn:example:1"}}),
            json!({"m2m:sgn": {"vrq": true}}),
            json!({"m2m:sgn": {"sud": true, "sur": "/cse1/node7/s"}}),
            json!({"m2m:sgn": {"nev": {"net": 4, "rep": {"dcfg:nycfc": {}}}}}),
            json!({"m2m:sgn": {"nev": {"net": 3, "rep": {"dcfg:nycfc": {}}}}}),
        ] {
            assert_eq!(
                read_value(&value),
                Err(DecodeReason::InvalidField),
                "{value}"
            );
        }
        assert_eq!(
            read(KEY, Some(b"<node/>")),
            Err(DecodeReason::ContentTypeMismatch)
        );
        assert_eq!(
            read(KEY, Some(b"{\"m2m:nod\"")),
            Err(DecodeReason::MalformedJson)
        );
        assert_eq!(read(KEY, Some(b"")), Err(DecodeReason::EmptyValue));
    }

    #[test]
    fn key_that_is_no_address_is_refused() {
        let node = Some(&br#"{"ni":"00256D-1"}"#[..]);
        let long = vec![b'a'; Nodes::ADDRESS_BYTES_MAX + 1];
        for key in [
            None,
            Some(&b""[..]),
            Some(b"\xFF"),
            Some(b"a b"),
            Some(b"a\nb"),
        ] {
            assert_eq!(read(key, node), Err(DecodeReason::InvalidField), "{key:?}");
        }
        assert_eq!(read(Some(&long), node), Err(DecodeReason::TooLarge));
    }
}
