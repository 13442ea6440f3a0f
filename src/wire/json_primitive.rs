//! oneM2M request primitives in JSON (TS-0004 clause 8.4) -> [`ReadRequest`].

use std::borrow::Cow;

use crate::onem2m::{Operation, ResponseStatusCode, TypeName};

use super::r#gen::CreateRequest;
use super::json_members::{Attribute, Kind, Members, attribute, shown};
use super::notification::Notified;
use super::refusal::Refusal;
use super::request_primitive::{Lookup, ReadRequest};
use super::{DecodeError, DecodeReason, notification, resource_request};

/// Resource type mgmtObj (TS-0004 clause 6.3.4.2.1).
const MGMT_OBJ: u32 = 13;

/// mgmtDefinition of `[myCertFileCred]` (TS-0004 clause 6.3.4.2.22).
const MY_CERT_FILE_CRED: u32 = 1023;

/// Specializations of mgmtObj in TS-0004 itself, without their prefix `m2m:`.
const MGMT_OBJ_NAMES: [&str; 12] = [
    "fwr", "swr", "mem", "ani", "andi", "bat", "dvi", "dvc", "rbo", "evl", "cmp", "cmdh",
];

/// Request parameters (TS-0004 clause 8.2.2), and the objects that stand in a request's place. Parameters of later
/// releases that are not here are passed over.
static PARAMETERS: [Attribute; 22] = [
    attribute("op", "Operation", Kind::Number),
    attribute("to", "To", Kind::Text),
    attribute("fr", "From", Kind::Text),
    attribute("rqi", "Request Identifier", Kind::Text),
    attribute("ty", "Resource Type", Kind::Number),
    attribute("pc", "Content", Kind::Members(&CONTENT)),
    attribute("rvi", "Release Version Indicator", Kind::Text),
    attribute("rt", "Response Type", Kind::Members(&RESPONSE_TYPE)),
    attribute("rcn", "Result Content", Kind::Number),
    attribute("ot", "Originating Timestamp", Kind::Time),
    attribute("rqet", "Request Expiration Timestamp", Kind::Time),
    attribute("rset", "Result Expiration Timestamp", Kind::Time),
    attribute("oet", "Operation Execution Time", Kind::Time),
    attribute("fc", "Filter Criteria", Kind::NotPermitted),
    attribute("sqi", "Semantic Query Indicator", Kind::NotPermitted),
    attribute("rids", "Role IDs", Kind::TextList),
    attribute("vsi", "Vendor Information", Kind::Text),
    attribute("rsc", "Response Status Code", Kind::Any),
    attribute("m2m:rqp", "Request Primitive", Kind::Any),
    attribute("m2m:rsp", "Response Primitive", Kind::Any),
    attribute("m2m:sgn", "Notification", Kind::Any),
    attribute("m2m:agn", "Aggregated Notification", Kind::Any),
];

static RESPONSE_TYPE: [Attribute; 2] = [
    attribute("rtv", "Response Type Value", Kind::Number),
    attribute("nu", "Notification URI", Kind::TextList),
];

/// Content of a primitive: a resource, or notifications.
pub(super) static CONTENT: [Attribute; 4] = [
    attribute("dcfg:nycfc", "myCertFileCred", Kind::Members(&RESOURCE)),
    attribute("m2m:nycfc", "myCertFileCred", Kind::Members(&RESOURCE)),
    attribute("m2m:sgn", "Notification", Kind::Any),
    attribute("m2m:agn", "Aggregated Notification", Kind::Any),
];

/// Attributes of `[myCertFileCred]` (TS-0022), universal and common ones (TS-0004 clause 7.4.1) included.
static RESOURCE: [Attribute; 23] = [
    attribute("mgd", "mgmtDefinition", Kind::Number),
    attribute("suids", "SUIDs", Kind::NumberList),
    attribute("mcff", "myCertFileFormat", Kind::Text),
    attribute("mcfc", "myCertFileContent", Kind::Text),
    attribute("obps", "objectPaths", Kind::TextList),
    attribute("obis", "objectIDs", Kind::TextList),
    attribute("dc", "description", Kind::Text),
    attribute("cmlk", "mgmtLink", Kind::Any),
    attribute("mgs", "mgmtSchema", Kind::NotPermitted),
    attribute("rn", "resourceName", Kind::Text),
    attribute("lbl", "labels", Kind::TextList),
    attribute("et", "expirationTime", Kind::Time),
    attribute("acpi", "accessControlPolicyIDs", Kind::TextList),
    attribute("at", "announceTo", Kind::Any),
    attribute("aa", "announcedAttribute", Kind::Any),
    attribute("ast", "announceSyncType", Kind::Any),
    attribute("daci", "dynamicAuthorizationConsultationIDs", Kind::Any),
    attribute("cstn", "custodian", Kind::Any),
    attribute("ty", "resourceType", Kind::NotPermitted),
    attribute("ri", "resourceID", Kind::NotPermitted),
    attribute("pi", "parentID", Kind::NotPermitted),
    attribute("ct", "creationTime", Kind::NotPermitted),
    attribute("lt", "lastModifiedTime", Kind::NotPermitted),
];

/// What stands in a request topic.
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every record is a request, which then needs no allocation of its own"
)]
pub(super) enum Primitive {
    Request(ReadRequest),
    Notifications(Vec<Result<Notified, DecodeError>>),
}

/// Reads one primitive, bare or wrapped in `m2m:rqp`, or a bare notification.
///
/// # Errors
/// If it is neither, or nobody could match an answer to it.
pub(super) fn read_json(payload: &[u8]) -> Result<Primitive, DecodeError> {
    let text = std::str::from_utf8(payload).map_err(|error| {
        malformed(format!(
            "the value is not UTF-8 from byte {} on: send JSON in UTF-8",
            error.valid_up_to()
        ))
    })?;
    read_text(text)
}

/// As [`read_json`], of a text.
pub(super) fn read_text(text: &str) -> Result<Primitive, DecodeError> {
    let mut primitive = read_object(text)?;
    if let Some(wrapped) = primitive.json("m2m:rqp") {
        primitive = read_object(wrapped)?;
    }
    if let Some(notified) = notification::read(&primitive)? {
        return Ok(Primitive::Notifications(notified));
    }
    answerable(&primitive)?;
    Ok(Primitive::Request(read_primitive(&primitive)))
}

fn malformed(detail: String) -> DecodeError {
    DecodeError {
        reason: DecodeReason::MalformedJson,
        detail,
    }
}

/// Says where it is wrong, and nothing of the content.
fn read_object(text: &str) -> Result<Members<'_>, DecodeError> {
    Members::read(text, &PARAMETERS).map_err(|error| {
        let what = if error.is_data() {
            "a request primitive must be a JSON object whose names are texts"
        } else if error.is_eof() {
            "the JSON ends too early"
        } else {
            "the JSON is not well-formed"
        };
        malformed(format!(
            "{what}: line {}, column {}",
            error.line(),
            error.column()
        ))
    })
}

/// Refuses what is no request, and what has no request identifier.
fn answerable(primitive: &Members<'_>) -> Result<(), DecodeError> {
    let detail = if primitive.number("op") == Some(5) {
        "the record is a notify primitive (op 5) without m2m:sgn or m2m:agn in pc: send notifications of creations, or \
         create requests (op 1)"
    } else if primitive.has("m2m:rsp") || (primitive.has("rsc") && !primitive.has("op")) {
        "the record is a response primitive: send request primitives to this topic"
    } else if primitive.text("rqi").is_none_or(|rqi| rqi.is_empty()) {
        "rqi (Request Identifier) is missing, empty or no text, so no answer could be matched: give each request one"
    } else {
        return Ok(());
    };
    Err(DecodeError {
        reason: DecodeReason::InvalidField,
        detail: detail.into(),
    })
}

fn read_primitive(primitive: &Members<'_>) -> ReadRequest {
    let mut refusals = Vec::new();
    let operation = read_operation(primitive, &mut refusals);
    refusals.extend(primitive.faults().map(Refusal::bad));
    let (response_type, targets) = read_response_type(primitive, &mut refusals);
    let text = |short| primitive.text(short).unwrap_or_default();
    let time = |short| primitive.time(short).unwrap_or_default();
    let mut message = CreateRequest {
        request_identifier: text("rqi"),
        from: text("fr"),
        to: text("to"),
        release_version_indicator: text("rvi"),
        response_type,
        request_expiration_timestamp: time("rqet"),
        result_expiration_timestamp: time("rset"),
        operation_execution_time: time("oet"),
        originating_timestamp: time("ot"),
        result_content: primitive.number("rcn"),
        ..CreateRequest::default()
    };
    let targets_given = targets.is_some();
    message.notification_uris = targets.unwrap_or_default();
    let mut expiration_time = String::new();
    let (type_name, has_resource) = if operation == Operation::Create {
        read_content(primitive, &mut message, &mut expiration_time, &mut refusals)
    } else {
        message.operation = operation.get().into();
        resource_request::read_content(primitive, operation, &mut message, &mut refusals)
    };
    ReadRequest {
        message,
        type_name,
        targets_given,
        has_resource,
        resource_identifier: None,
        expiration_time,
        lookup: Lookup::default(),
        refusals,
    }
}

/// A request whose operation is not known is judged as if it created.
fn read_operation(primitive: &Members<'_>, refusals: &mut Vec<Refusal>) -> Operation {
    let Some(number) = primitive.number("op") else {
        // A value of another type is told with the other types.
        if !primitive.has("op") {
            refusals.push(Refusal::bad("op (Operation) is missing: Create is 1"));
        }
        return Operation::default();
    };
    Operation::try_from(number).unwrap_or_else(|error| {
        refusals.push(Refusal::bad(format!("op (Operation) {error}")));
        Operation::default()
    })
}

/// The number of rt, and its targets if any are given.
fn read_response_type(
    primitive: &Members<'_>,
    refusals: &mut Vec<Refusal>,
) -> (u32, Option<Vec<String>>) {
    let Some(members) = nested(primitive, "rt", &RESPONSE_TYPE, refusals) else {
        return (0, None);
    };
    refusals.extend(
        members
            .faults()
            .map(|fault| Refusal::bad(format!("rt: {fault}"))),
    );
    let value = members.number("rtv").unwrap_or(0);
    if value == 0 && (members.number("rtv").is_some() || !members.has("rtv")) {
        refusals.push(Refusal::bad(
            "rt.rtv (Response Type Value) is missing or 0: allowed are 1 to 5",
        ));
    }
    (value, members.texts("nu"))
}

/// Reads the resource in pc, if it is a `[myCertFileCred]`; returns whether it is there.
fn read_content(
    primitive: &Members<'_>,
    message: &mut CreateRequest,
    expiration_time: &mut String,
    refusals: &mut Vec<Refusal>,
) -> (TypeName, bool) {
    let Some((type_name, content)) = read_type_name(primitive, refusals) else {
        return (TypeName::default(), false);
    };
    judge_resource_type(primitive, refusals);
    let resource = nested(&content, type_name.as_str(), &RESOURCE, refusals);
    if let Some(resource) = &resource {
        refuse_unknown(resource, refusals);
        read_attributes(resource, message, refusals);
        *expiration_time = resource.time("et").unwrap_or_default();
    }
    (type_name, resource.is_some())
}

/// The name of the resource type in pc, if it is `[myCertFileCred]`, and the members of pc.
pub(super) fn read_type_name<'m, 'a>(
    primitive: &'m Members<'a>,
    refusals: &mut Vec<Refusal>,
) -> Option<(TypeName, Cow<'m, Members<'a>>)> {
    if !primitive.has("pc") {
        refusals.push(Refusal::bad(
            "pc (Content) is missing: it holds the resource, e.g. {\"dcfg:nycfc\":{..}}",
        ));
    }
    let content = nested(primitive, "pc", &CONTENT, refusals)?;
    refusals.extend(
        content
            .faults()
            .map(|fault| Refusal::bad(format!("pc: {fault}"))),
    );
    let notifications = ["m2m:sgn", "m2m:agn"].into_iter();
    let notifications = notifications.filter(|name| content.has(name));
    let foreign: Vec<&str> = content.unknown().chain(notifications).collect();
    let type_name = match (
        content.has("dcfg:nycfc"),
        content.has("m2m:nycfc"),
        &*foreign,
    ) {
        (true, false, []) => TypeName::Dcfg,
        (false, true, []) => TypeName::M2m,
        (false, false, [name]) => {
            refusals.push(refuse_foreign(name, primitive.number("ty")));
            return None;
        }
        (_, _, _) => {
            refusals.push(Refusal::bad(
                "pc (Content) must have exactly one member: dcfg:nycfc or m2m:nycfc",
            ));
            return None;
        }
    };
    Some((type_name, content))
}

/// The object that is the value of a member; that a value is no object is told with the other types.
pub(super) fn nested<'m, 'a>(
    members: &'m Members<'a>,
    short: &'static str,
    table: &'static [Attribute],
    refusals: &mut Vec<Refusal>,
) -> Option<Cow<'m, Members<'a>>> {
    members.members(short, table).unwrap_or_else(|_| {
        refusals.push(Refusal::bad(format!(
            "{short} has a member whose name is no text: its escapes are broken"
        )));
        None
    })
}

fn judge_resource_type(primitive: &Members<'_>, refusals: &mut Vec<Refusal>) {
    match primitive.number("ty") {
        Some(MGMT_OBJ) => {}
        Some(ty) => refusals.push(Refusal::bad(format!(
            "ty (Resource Type) {ty} does not match the content: [myCertFileCred] is 13 (mgmtObj)"
        ))),
        None if primitive.has("ty") => {}
        None => refusals.push(Refusal::bad(
            "ty (Resource Type) is missing: [myCertFileCred] is 13 (mgmtObj)",
        )),
    }
}

/// A resource of another type: not implemented, or, if it cannot be of the type that `ty` says, a mistake
/// (TS-0004 clause 7.3.3.3).
fn refuse_foreign(name: &str, ty: Option<u32>) -> Refusal {
    let is_mgmt_obj = match name.split_once(':') {
        Some(("m2m", name)) => MGMT_OBJ_NAMES.contains(&name),
        Some(("dcfg", _)) => true,
        Some(_) | None => false,
    };
    let shown = shown(name);
    match ty {
        None => Refusal::bad("ty (Resource Type) is missing or no number: [myCertFileCred] is 13"),
        Some(MGMT_OBJ) if !is_mgmt_obj => Refusal::bad(format!(
            "pc (Content) has {shown}, which is no mgmtObj (ty 13): send dcfg:nycfc"
        )),
        Some(ty) => Refusal {
            code: ResponseStatusCode::NotImplemented,
            text: format!(
                "resources {shown} (ty {ty}) are not implemented: only dcfg:nycfc, [myCertFileCred], is"
            ),
        },
    }
}

/// Refuses members of a `[myCertFileCred]` that are none of its attributes.
pub(super) fn refuse_unknown(resource: &Members<'_>, refusals: &mut Vec<Refusal>) {
    refusals.extend(resource.unknown().map(|name| {
        Refusal::bad(format!(
            "{} is no attribute of [myCertFileCred]: leave it out",
            shown(name)
        ))
    }));
}

/// Reads the attributes that an installation needs.
pub(super) fn read_attributes(
    resource: &Members<'_>,
    message: &mut CreateRequest,
    refusals: &mut Vec<Refusal>,
) {
    refusals.extend(resource.faults().map(Refusal::bad));
    match resource.number("mgd") {
        Some(MY_CERT_FILE_CRED) => {}
        Some(mgd) => refusals.push(Refusal::bad(format!(
            "mgd (mgmtDefinition) {mgd} does not match the content: [myCertFileCred] is 1023"
        ))),
        None if resource.has("mgd") => {}
        None => refusals.push(Refusal::bad(
            "mgd (mgmtDefinition) is missing: [myCertFileCred] is 1023",
        )),
    }
    if resource.has("rn") && resource.text("rn").is_some_and(|rn| rn.is_empty()) {
        refusals.push(Refusal::bad(
            "rn (resourceName) is empty: leave it out, or give a name",
        ));
    }
    let text = |short| resource.text(short).unwrap_or_default();
    message.suids = resource.numbers("suids").unwrap_or_default();
    message.my_cert_file_format = text("mcff");
    message.my_cert_file_content = text("mcfc");
    message.object_paths = resource.texts("obps").unwrap_or_default();
    message.resource_name = text("rn");
}
