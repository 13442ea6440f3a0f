//! What makes the content of a create request valid: the attributes of `[myCertFileCred]`.

use crate::onem2m::{CertificateError, CertificateFile, Suid};
use crate::wire::json_members::shown;

use super::{Judge, TEXT_BYTES_MAX};

/// Most paths of a request: a certificate has one row.
const OBJECT_PATHS_MAX: usize = 16;

/// Most SUIDs of a request: TS-0004 clause 6.3.4.2.39 has 21, and some originators repeat them.
const SUIDS_MAX: usize = 64;

/// Longest path in the data model of a device (TR-106 clause 3.2).
const OBJECT_PATH_BYTES_MAX: usize = 256;

impl Judge<'_> {
    pub(super) fn resource(&mut self) -> (Vec<Suid>, Option<CertificateFile>) {
        let suids = self.suids();
        self.object_paths();
        self.resource_name();
        (suids, self.file())
    }

    pub(in crate::wire) fn suids(&mut self) -> Vec<Suid> {
        let numbers = &self.request.message.suids;
        if numbers.len() > SUIDS_MAX {
            self.bad(format!(
                "suids (SUIDs) has {} numbers: at most {SUIDS_MAX} are allowed",
                numbers.len()
            ));
        }
        let mut suids = Vec::new();
        for number in numbers.iter().take(SUIDS_MAX) {
            match Suid::try_from(*number) {
                Ok(suid) if suids.contains(&suid) => {}
                Ok(suid) => suids.push(suid),
                Err(error) => self.bad(format!("suids (SUIDs): {error}")),
            }
        }
        if numbers.is_empty() {
            self.bad_unless_told(
                "suids",
                "suids (SUIDs) is missing or empty: give at least one of 40 to 45",
            );
        }
        suids
    }

    fn object_paths(&mut self) {
        let paths = &self.request.message.object_paths;
        if paths.len() > OBJECT_PATHS_MAX {
            self.bad(format!(
                "obps (objectPaths) has {} paths: at most {OBJECT_PATHS_MAX} are allowed",
                paths.len()
            ));
        }
        let wrong = |path: &&String| path.is_empty() || path.len() > OBJECT_PATH_BYTES_MAX;
        if let Some(path) = paths.iter().find(wrong) {
            self.bad(format!(
                "obps (objectPaths) has a path of {} bytes: 1 to {OBJECT_PATH_BYTES_MAX} are allowed",
                path.len()
            ));
        }
    }

    fn resource_name(&mut self) {
        let name = self.request.message.resource_name.as_str();
        let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if !name.bytes().all(unreserved) {
            self.bad(format!(
                "rn (resourceName) {} may only have letters, digits and - . _ ~ (TS-0001 clause 7.2)",
                shown(name)
            ));
        }
        if name.len() > TEXT_BYTES_MAX {
            self.too_long("rn (resourceName)", name.len());
        }
    }

    fn file(&mut self) -> Option<CertificateFile> {
        let message = &self.request.message;
        let (format, content) = (&message.my_cert_file_format, &message.my_cert_file_content);
        if format.trim().is_empty() {
            self.bad_unless_told(
                "mcff",
                format!(
                    "mcff (myCertFileFormat) is missing or empty: allowed are {}",
                    CertificateFile::FORMATS.join(", ")
                ),
            );
        } else if format.len() > TEXT_BYTES_MAX {
            self.too_long("mcff (myCertFileFormat)", format.len());
        }
        if content.trim().is_empty() {
            self.bad_unless_told(
                "mcfc",
                "mcfc (myCertFileContent) is missing or empty: give PEM text, or DER in base64",
            );
        }
        if format.trim().is_empty() || content.trim().is_empty() {
            return None;
        }
        match CertificateFile::read(format, content) {
            Ok(file) => Some(file),
            Err(error) => {
                let name = match error {
                    CertificateError::UnknownFormat(_) => "mcff (myCertFileFormat)",
                    CertificateError::Empty
                    | CertificateError::TooLarge
                    | CertificateError::NotBase64
                    | CertificateError::BrokenPem
                    | CertificateError::NoCertificate
                    | CertificateError::NotACertificate
                    | CertificateError::NotPkcs12 => "mcfc (myCertFileContent)",
                };
                self.bad(format!("{name}: {error}"));
                None
            }
        }
    }
}
