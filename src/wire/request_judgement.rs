//! What makes a create request valid (TS-0004 clauses 7.3.3.3 and 7.4.15, TS-0022), whatever its format was.

mod content;

use crate::cwmp::CommandKey;
use crate::onem2m::{
    CertificateFile, Expiry, MyCertFileCred, Operation, PrimitiveTexts, RequestPrimitive,
    ResponseStatusCode, ResponseType, ResultContent, Suid,
};

use super::json_members::shown;
use super::refusal::Refusal;
use super::request_primitive::ReadRequest;

/// Releases of oneM2M whose create request is the one that the bridge reads. Release 1 is what an absent indicator
/// means (TS-0004 clause 6.4.1); 4 and 5 add parameters and change none.
const RELEASES: [&str; 6] = ["1", "2", "2a", "3", "4", "5"];

/// Longest text that is kept with an installation, in bytes. Addresses in the field have less than 200; state is
/// kept per open installation.
const TEXT_BYTES_MAX: usize = 2048;

/// Most targets of a late response; each gets a record.
const TARGETS_MAX: usize = 16;

/// A request, judged.
pub(super) struct Judged {
    pub(super) primitive: RequestPrimitive,
    pub(super) verdict: Result<Verdict, Refusal>,
}

/// What a valid request asks for.
pub(super) struct Verdict {
    pub(super) command_key: Option<CommandKey>,
    /// oet; on Create only.
    pub(super) execution_time: Option<Expiry>,
    /// et; on Create only.
    pub(super) expiration_time: Option<Expiry>,
    pub(super) asked: Asked,
}

/// What is asked.
pub(super) enum Asked {
    /// A resource is to be created.
    Create(MyCertFileCred, CertificateFile),
    /// A resource that exists is to be retrieved, deleted, or to get these SUIDs.
    OfResource(Vec<Suid>),
}

impl ReadRequest {
    pub(super) fn judge(mut self) -> Judged {
        let refusals = std::mem::take(&mut self.refusals);
        let mut judge = Judge {
            request: &self,
            refusals,
        };
        let primitive = judge.primitive();
        let command_key = judge.command_key();
        let operation = primitive.operation;
        let execution_time = judge.execution_time(operation);
        let expiration_time = judge.time("et (expirationTime)", &self.expiration_time);
        let asked = match operation {
            Operation::Create if self.has_resource => {
                let (suids, file) = judge.resource();
                file.map(|file| (suids, Some(file)))
            }
            Operation::Create => None,
            Operation::Retrieve | Operation::Update | Operation::Delete => {
                Some((judge.changed_suids(operation), None))
            }
        };
        let verdict = match (Refusal::together(&judge.refusals), asked) {
            (None, Some((suids, file))) => Ok(Verdict {
                command_key,
                execution_time,
                expiration_time,
                asked: match file {
                    Some(file) => Asked::Create(self.take_resource(suids), file),
                    None => Asked::OfResource(suids),
                },
            }),
            (Some(refusal), _) => Err(refusal),
            (None, None) => unreachable!("without a resource there is a refusal"),
        };
        Judged { primitive, verdict }
    }

    /// The resource of a request that was found right.
    fn take_resource(&mut self, suids: Vec<Suid>) -> MyCertFileCred {
        let message = &mut self.message;
        let name = std::mem::take(&mut message.resource_name);
        let paths = std::mem::take(&mut message.object_paths);
        MyCertFileCred {
            type_name: self.type_name,
            suids: suids.into(),
            my_cert_file_format: message.my_cert_file_format.trim().into(),
            object_paths: paths.into_iter().map(Into::into).collect(),
            resource_name: Some(name).filter(|name| !name.is_empty()).map(Into::into),
        }
    }
}

pub(super) struct Judge<'a> {
    pub(super) request: &'a ReadRequest,
    pub(super) refusals: Vec<Refusal>,
}

impl Judge<'_> {
    pub(super) fn bad(&mut self, text: impl Into<String>) {
        self.refusals.push(Refusal::bad(text));
    }

    /// A mistake in an attribute that may be told as missing or ill-typed already; then that is enough.
    fn bad_unless_told(&mut self, short: &str, text: impl Into<String>) {
        let told = self.refusals.iter().any(|refusal| {
            refusal
                .text
                .strip_prefix(short)
                .is_some_and(|rest| rest.starts_with(" ("))
        });
        if !told {
            self.bad(text);
        }
    }

    fn primitive(&mut self) -> RequestPrimitive {
        if let Some(resource) = &self.request.resource_identifier {
            return self.notified(resource);
        }
        let message = &self.request.message;
        for (name, text) in [
            ("rqi (Request Identifier)", &message.request_identifier),
            ("fr (From)", &message.from),
            ("to (To)", &message.to),
        ] {
            if text.len() > TEXT_BYTES_MAX {
                self.too_long(name, text.len());
            }
        }
        if message.from.is_empty() {
            self.bad_unless_told("fr", "fr (From) is missing: name the originator");
        }
        if message.to.is_empty() {
            self.bad_unless_told("to", "to (To) is missing: address the <node> resource");
        }
        self.release();
        let operation = self.operation();
        let response_type = self.response_type();
        let result_content = self.result_content(operation);
        let (request_expiration, result_expiration) = self.times();
        RequestPrimitive {
            operation,
            response_type,
            result_content,
            request_expiration,
            result_expiration,
            texts: PrimitiveTexts {
                request_identifier: &message.request_identifier,
                originator: &message.from,
                to: &message.to,
                release_version_indicator: &message.release_version_indicator,
            }
            .into(),
        }
    }

    /// Nobody waits for a response: it is an event about the resource, whose address stands beside its attributes.
    fn notified(&mut self, resource: &str) -> RequestPrimitive {
        if resource.len() > TEXT_BYTES_MAX {
            self.too_long("ri (resourceID)", resource.len());
        }
        RequestPrimitive {
            texts: PrimitiveTexts {
                to: resource,
                ..PrimitiveTexts::default()
            }
            .into(),
            result_content: ResultContent::HierarchicalAddressAndAttributes,
            ..RequestPrimitive::default()
        }
    }

    fn too_long(&mut self, name: &str, bytes: usize) {
        self.bad(format!(
            "{name} has {bytes} bytes: at most {TEXT_BYTES_MAX} are allowed"
        ));
    }

    fn release(&mut self) {
        let release = self.request.message.release_version_indicator.as_str();
        if !release.is_empty() && !RELEASES.contains(&release) {
            self.refusals.push(Refusal {
                code: ResponseStatusCode::ReleaseVersionNotSupported,
                text: format!(
                    "rvi (Release Version Indicator) {} is not supported: supported are {}",
                    shown(release),
                    RELEASES.join(", ")
                ),
            });
        }
    }

    fn response_type(&mut self) -> ResponseType {
        let message = &self.request.message;
        let mut targets: Vec<Box<str>> = Vec::new();
        for target in &message.notification_uris {
            if targets.len() == TARGETS_MAX {
                self.bad(format!(
                    "rt.nu (Notification URI) has more than {TARGETS_MAX} targets"
                ));
                break;
            }
            if target.is_empty() || target.len() > TEXT_BYTES_MAX {
                self.bad(format!(
                    "rt.nu (Notification URI) has a target of {} bytes: 1 to {TEXT_BYTES_MAX} are allowed",
                    target.len()
                ));
            } else if !targets.iter().any(|known| **known == **target) {
                targets.push(target.as_str().into());
            }
        }
        let targets = self.request.targets_given.then(|| targets.into());
        match message.response_type {
            0 | 3 => ResponseType::Blocking,
            1 => ResponseType::NonBlockingSynch,
            2 => ResponseType::NonBlockingAsynch(targets),
            4 => ResponseType::FlexBlocking(targets),
            5 => ResponseType::NoResponse,
            other => {
                self.bad(format!(
                    "rt.rtv (Response Type Value) {other} is no response type: allowed are 1 to 5"
                ));
                ResponseType::default()
            }
        }
    }

    fn times(&mut self) -> (Option<Expiry>, Option<Expiry>) {
        let message = &self.request.message;
        let request = self.time(
            "rqet (Request Expiration Timestamp)",
            &message.request_expiration_timestamp,
        );
        let result = self.time(
            "rset (Result Expiration Timestamp)",
            &message.result_expiration_timestamp,
        );
        self.time("ot (Originating Timestamp)", &message.originating_timestamp);
        let later = match (request, result) {
            (Some(Expiry::At(request)), Some(Expiry::At(result))) => result > request,
            (Some(Expiry::After(request)), Some(Expiry::After(result))) => result > request,
            // One is relative: which is later depends on when the request is handled.
            (Some(Expiry::At(_)), Some(Expiry::After(_)))
            | (Some(Expiry::After(_)), Some(Expiry::At(_)))
            | (None, _)
            | (_, None) => true,
        };
        if !later {
            self.bad(
                "rset (Result Expiration Timestamp) must be later than rqet (Request Expiration Timestamp)",
            );
        }
        (request, result)
    }

    fn execution_time(&mut self, operation: Operation) -> Option<Expiry> {
        let text = &self.request.message.operation_execution_time;
        let time = self.time("oet (Operation Execution Time)", text)?;
        if operation != Operation::Create {
            self.refusals.push(Refusal {
                code: ResponseStatusCode::NotImplemented,
                text: format!(
                    "oet (Operation Execution Time) is not implemented for {}: leave it out, and send the request at \
                     that time",
                    operation.as_str()
                ),
            });
        }
        Some(time)
    }

    fn time(&mut self, name: &str, text: &str) -> Option<Expiry> {
        if text.is_empty() {
            return None;
        }
        match text.parse() {
            Ok(time) => Some(time),
            Err(error) => {
                self.bad(format!("{name} {}: {error}", shown(text)));
                None
            }
        }
    }

    fn command_key(&mut self) -> Option<CommandKey> {
        let text = self.request.message.command_key.as_str();
        if text.is_empty() {
            return None;
        }
        CommandKey::try_from(text)
            .map_err(|error| self.bad(format!("the assigned key is unusable: {error}")))
            .ok()
    }
}
