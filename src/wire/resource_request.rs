//! Requests about resources that exist: what is wrong with their JSON, and what makes them valid (TS-0004 clauses
//! 7.3.3 and 7.4.15, TS-0022).

use crate::onem2m::{
    Operation, ResponseStatusCode, ResultContent, ResultContentError, Suid, TypeName,
};

use super::r#gen::CreateRequest;
use super::json_members::{Attribute, Kind, Members, attribute};
use super::json_primitive::{nested, read_type_name, refuse_unknown};
use super::refusal::Refusal;
use super::request_judgement::Judge;

/// Attributes of `[myCertFileCred]` on Update (TS-0022), universal and common ones (TS-0004 clause 7.4.1) included.
/// Only the SUIDs are on the device; the others are the affair of the CSE that hosts the resource.
static UPDATED: [Attribute; 23] = [
    attribute("suids", "SUIDs", Kind::NumberList),
    attribute("dc", "description", Kind::Any),
    attribute("cmlk", "mgmtLink", Kind::Any),
    attribute("lbl", "labels", Kind::Any),
    attribute("et", "expirationTime", Kind::Any),
    attribute("acpi", "accessControlPolicyIDs", Kind::Any),
    attribute("at", "announceTo", Kind::Any),
    attribute("aa", "announcedAttribute", Kind::Any),
    attribute("ast", "announceSyncType", Kind::Any),
    attribute("daci", "dynamicAuthorizationConsultationIDs", Kind::Any),
    attribute("cstn", "custodian", Kind::Any),
    attribute("mgd", "mgmtDefinition", Kind::NotPermitted),
    attribute("mcff", "myCertFileFormat", Kind::NotPermitted),
    attribute("mcfc", "myCertFileContent", Kind::NotPermitted),
    attribute("obps", "objectPaths", Kind::NotPermitted),
    attribute("obis", "objectIDs", Kind::NotPermitted),
    attribute("mgs", "mgmtSchema", Kind::NotPermitted),
    attribute("rn", "resourceName", Kind::NotPermitted),
    attribute("ty", "resourceType", Kind::NotPermitted),
    attribute("ri", "resourceID", Kind::NotPermitted),
    attribute("pi", "parentID", Kind::NotPermitted),
    attribute("ct", "creationTime", Kind::NotPermitted),
    attribute("lt", "lastModifiedTime", Kind::NotPermitted),
];

/// Reads the content of a request that does not create; returns whether there is a resource to look at.
pub(super) fn read_content(
    primitive: &Members<'_>,
    operation: Operation,
    message: &mut CreateRequest,
    refusals: &mut Vec<Refusal>,
) -> (TypeName, bool) {
    if operation != Operation::Update {
        if primitive.has("pc") {
            refusals.push(Refusal {
                code: if operation == Operation::Retrieve {
                    ResponseStatusCode::NotImplemented
                } else {
                    ResponseStatusCode::BadRequest
                },
                text: format!(
                    "pc (Content) has no place in a {} of the whole resource: leave it out",
                    operation.as_str()
                ),
            });
        }
        return (TypeName::default(), false);
    }
    let Some((type_name, content)) = read_type_name(primitive, refusals) else {
        return (TypeName::default(), false);
    };
    let Some(resource) = nested(&content, type_name.as_str(), &UPDATED, refusals) else {
        return (type_name, false);
    };
    refuse_unknown(&resource, refusals);
    refusals.extend(resource.faults().map(Refusal::bad));
    if !resource.has("suids") {
        refusals.push(Refusal {
            code: ResponseStatusCode::NotImplemented,
            text:
                "suids (SUIDs) is missing: of a resource on a device only the SUIDs can be updated"
                    .into(),
        });
    }
    message.suids = resource.numbers("suids").unwrap_or_default();
    (type_name, true)
}

impl Judge<'_> {
    /// In protobuf 0, which is absent, means that the request creates.
    pub(super) fn operation(&mut self) -> Operation {
        match self.request.message.operation {
            0 => Operation::Create,
            number => Operation::try_from(number).unwrap_or_else(|error| {
                self.bad(format!("op (Operation) {error}"));
                Operation::Create
            }),
        }
    }

    pub(super) fn result_content(&mut self, operation: Operation) -> ResultContent {
        let number = self.request.message.result_content;
        ResultContent::for_operation(operation, number).unwrap_or_else(|error| {
            let code = match error {
                ResultContentError::ChildResources(_) => ResponseStatusCode::NotImplemented,
                ResultContentError::NotAllowed { .. } => ResponseStatusCode::BadRequest,
            };
            let text = format!("rcn (Result Content) {error}");
            self.refusals.push(Refusal { code, text });
            ResultContent::default()
        })
    }

    /// The SUIDs that an Update asks for; none with other operations.
    pub(super) fn changed_suids(&mut self, operation: Operation) -> Vec<Suid> {
        let message = &self.request.message;
        let stray = [
            (
                "mcff (myCertFileFormat)",
                message.my_cert_file_format.is_empty(),
            ),
            (
                "mcfc (myCertFileContent)",
                message.my_cert_file_content.is_empty(),
            ),
            ("obps (objectPaths)", message.object_paths.is_empty()),
            ("rn (resourceName)", message.resource_name.is_empty()),
            (
                "suids (SUIDs)",
                message.suids.is_empty() || operation == Operation::Update,
            ),
        ];
        for (name, is_absent) in stray {
            if !is_absent {
                self.bad(format!(
                    "{name} is not permitted on {}: leave it out",
                    operation.as_str()
                ));
            }
        }
        if operation == Operation::Update && self.request.has_resource {
            self.suids()
        } else {
            Vec::new()
        }
    }
}
