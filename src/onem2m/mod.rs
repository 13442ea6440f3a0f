//! oneM2M vocabulary (TS-0001, TS-0004, TS-0022); knows nothing of CWMP or Kafka.

mod certificate;
mod expiry;
mod my_cert_file_cred;
mod operation;
mod primitive;
mod response_status_code;
mod suid;
mod texts;

pub use certificate::{Certificate, CertificateError, CertificateFile, Validity};
pub use expiry::{Expiry, ExpiryError};
pub use my_cert_file_cred::{MyCertFileCred, TypeName};
pub use operation::{Operation, OperationError};
pub use primitive::{
    PrimitiveTexts, RequestPrimitive, ResponseType, ResultContent, ResultContentError,
};
pub use response_status_code::ResponseStatusCode;
pub use suid::{Suid, SuidError};
pub use texts::Texts;
