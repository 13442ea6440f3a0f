//! Notifications of a `<node>` subscription (TS-0004 clauses 6.3.5.13 and 7.5.1.2) as a second source of requests.
//!
//! The CSE has created the resource and answered already, so there is neither a request identifier nor an originator:
//! the resource id `ri` tells which creation it is.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::onem2m::TypeName;

use super::r#gen::CreateRequest;
use super::json_members::{Attribute, Kind, Members, attribute};
use super::json_primitive::{self, read_attributes};
use super::request_primitive::{Lookup, ReadRequest};
use super::{DecodeError, DecodeReason};

/// notificationEventType of the creation of a direct child (TS-0004 clause 6.3.4.2.19).
const CREATE_OF_CHILD: u32 = 3;

/// Most notifications of an aggregate; each may become a Download.
const NOTIFICATIONS_MAX: usize = 256;

/// Content of a notify primitive.
static CONTENT: [Attribute; 2] = [
    attribute("m2m:sgn", "Notification", Kind::Any),
    attribute("m2m:agn", "Aggregated Notification", Kind::Any),
];

static NOTIFICATION: [Attribute; 3] = [
    attribute("m2m:sgn", "Notification", Kind::Any),
    attribute("nev", "Notification Event", Kind::Object),
    attribute("sur", "Subscription Reference", Kind::Text),
];

static EVENT: [Attribute; 2] = [
    attribute("net", "Notification Event Type", Kind::Number),
    attribute("rep", "Representation", Kind::Object),
];

static REPRESENTATION: [Attribute; 2] = [
    attribute("dcfg:nycfc", "myCertFileCred", Kind::Object),
    attribute("m2m:nycfc", "myCertFileCred", Kind::Object),
];

/// What the bridge needs of a created `[myCertFileCred]`; the CSE has judged the rest.
static RESOURCE: [Attribute; 7] = [
    attribute("ri", "resourceID", Kind::Text),
    attribute("mgd", "mgmtDefinition", Kind::Number),
    attribute("suids", "SUIDs", Kind::NumberList),
    attribute("mcff", "myCertFileFormat", Kind::Text),
    attribute("mcfc", "myCertFileContent", Kind::Text),
    attribute("obps", "objectPaths", Kind::TextList),
    attribute("rn", "resourceName", Kind::Text),
];

/// One notification.
#[derive(Debug)]
pub(super) struct Notified {
    /// Address of the subscription (sur); empty if it is not told.
    pub(super) subscription: String,
    /// The creation of a `[myCertFileCred]`; `None`: anything else, which is not for the bridge.
    pub(super) created: Option<ReadRequest>,
}

/// The notifications in a notify primitive, or in a record that is one; `None`: it is something else.
///
/// # Errors
/// If what should hold them does not. One that is wrong in itself does not hide the others.
pub(super) fn read(
    primitive: &Members<'_>,
) -> Result<Option<Vec<Result<Notified, DecodeError>>>, DecodeError> {
    let content = if primitive.number("op") == Some(5) && primitive.has("pc") {
        let content = primitive.members("pc", &json_primitive::CONTENT);
        let content = content.ok().flatten().ok_or_else(no_object)?;
        Some(without_faults(content)?)
    } else {
        None
    };
    let content = content.as_deref().unwrap_or(primitive);
    let list = match (content.json("m2m:sgn"), content.json("m2m:agn")) {
        (None, None) => return Ok(None),
        (Some(one), None) => return Ok(Some(vec![read_one(one)])),
        (None, Some(several)) => aggregated(several)?,
        (Some(_), Some(_)) => {
            return Err(invalid(
                "the record has both m2m:sgn and m2m:agn: send one of them",
            ));
        }
    };
    if list.len() > NOTIFICATIONS_MAX {
        return Err(DecodeError {
            reason: DecodeReason::TooLarge,
            detail: format!(
                "m2m:agn has {} notifications: at most {NOTIFICATIONS_MAX} are read",
                list.len()
            ),
        });
    }
    Ok(Some(list.into_iter().map(read_one).collect()))
}

/// `{"m2m:sgn":[..]}`, or the list itself.
fn aggregated(json: &str) -> Result<Vec<&str>, DecodeError> {
    let list = if json.starts_with('{') {
        object(json, &CONTENT)?.json("m2m:sgn")
    } else {
        Some(json)
    };
    let list: Vec<&RawValue> = list
        .and_then(|list| serde_json::from_str(list).ok())
        .ok_or_else(|| invalid("m2m:agn (Aggregated Notification) has no list m2m:sgn"))?;
    Ok(list.into_iter().map(RawValue::get).collect())
}

fn read_one(json: &str) -> Result<Notified, DecodeError> {
    let mut notification = object(json, &NOTIFICATION)?;
    if let Some(inner) = notification.json("m2m:sgn") {
        notification = object(inner, &NOTIFICATION)?;
    }
    Ok(Notified {
        created: created(&notification)?,
        subscription: notification.text("sur").unwrap_or_default(),
    })
}

/// Verifications and deletion notices have no event; other children, and nothing but an address, are not for the
/// bridge.
fn created(notification: &Members<'_>) -> Result<Option<ReadRequest>, DecodeError> {
    let Some(event) = notification.json("nev") else {
        return Ok(None);
    };
    let event = object(event, &EVENT)?;
    // An event without type is an update.
    let is_creation = event.number("net") == Some(CREATE_OF_CHILD);
    let Some(representation) = event.json("rep").filter(|_| is_creation) else {
        return Ok(None);
    };
    let representation = object(representation, &REPRESENTATION)?;
    let (type_name, resource) = match (
        representation.json("dcfg:nycfc"),
        representation.json("m2m:nycfc"),
    ) {
        (Some(resource), None) => (TypeName::Dcfg, resource),
        (None, Some(resource)) => (TypeName::M2m, resource),
        (None, None) => return Ok(None),
        (Some(_), Some(_)) => {
            return Err(invalid(
                "rep (Representation) has both dcfg:nycfc and m2m:nycfc: send one of them",
            ));
        }
    };
    read_created(type_name, &members(resource, &RESOURCE)?).map(Some)
}

fn read_created(type_name: TypeName, resource: &Members<'_>) -> Result<ReadRequest, DecodeError> {
    let resource_identifier = resource
        .text("ri")
        .filter(|ri| !ri.is_empty())
        .ok_or_else(|| {
            invalid(
                "ri (resourceID) of the created resource is missing, empty or no text, so it cannot be told from others: \
                 subscribe with nct 1 (all attributes)",
            )
        })?;
    let mut message = CreateRequest::default();
    let mut refusals = Vec::new();
    read_attributes(resource, &mut message, &mut refusals);
    Ok(ReadRequest {
        message,
        type_name,
        targets_given: false,
        has_resource: true,
        resource_identifier: Some(resource_identifier),
        expiration_time: String::new(),
        lookup: Lookup::default(),
        refusals,
    })
}

/// Reads an object whose members are all of their types.
fn object<'a>(json: &'a str, table: &'static [Attribute]) -> Result<Members<'a>, DecodeError> {
    let members = Cow::Owned(members(json, table)?);
    without_faults(members).map(Cow::into_owned)
}

fn without_faults<'m, 'a>(
    members: Cow<'m, Members<'a>>,
) -> Result<Cow<'m, Members<'a>>, DecodeError> {
    let fault = members.faults().next();
    match fault {
        Some(fault) => Err(invalid(&format!("in the notification {fault}"))),
        None => Ok(members),
    }
}

fn members<'a>(json: &'a str, table: &'static [Attribute]) -> Result<Members<'a>, DecodeError> {
    Members::read(json, table).map_err(|_| no_object())
}

fn no_object() -> DecodeError {
    invalid(
        "a part of the notification is no object: look at m2m:sgn, nev, rep and the resource in it",
    )
}

fn invalid(detail: &str) -> DecodeError {
    DecodeError {
        reason: DecodeReason::InvalidField,
        detail: detail.into(),
    }
}

#[cfg(test)]
mod tests;
