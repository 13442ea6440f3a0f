use std::sync::Arc;

use super::Suid;

/// The attributes of a `[myCertFileCred]` resource (TS-0022) that outlive its creation.
///
/// The content of the certificate file is not among them: it may hold a private key, so it goes into the Download
/// and is not kept.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MyCertFileCred {
    /// The name under which the originator knows the resource type.
    pub type_name: TypeName,
    /// What the certificate may be used for, in the order of the request, each once.
    pub suids: Box<[Suid]>,
    /// Media type of the certificate file.
    pub my_cert_file_format: Arc<str>,
    /// Paths in the data model of the device; usually none.
    pub object_paths: Box<[Box<str>]>,
    /// Resource name that the originator asks for.
    pub resource_name: Option<Box<str>>,
}

/// The two names of the resource type in primitives: TS-0004 clause 8.4.2 asks for the first, older CSEs write the
/// second.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum TypeName {
    /// `dcfg:nycfc`
    #[default]
    Dcfg,
    /// `m2m:nycfc`
    M2m,
}

impl TypeName {
    /// The name as it stands in a primitive.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dcfg => "dcfg:nycfc",
            Self::M2m => "m2m:nycfc",
        }
    }
}
