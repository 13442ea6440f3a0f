mod pfx;

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::Arc;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::STANDARD as STRICT_BASE64;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use cms::cert::CertificateChoices;
use cms::content_info::ContentInfo;
use cms::signed_data::SignedData;
use der::asn1::ObjectIdentifier;
use der::{Decode as _, Encode as _};
use x509_cert::name::Name;
use x509_parser::certificate::{X509Certificate, X509CertificateParser};
use x509_parser::nom::Parser as _;
use x509_parser::pem::Pem;
use x509_parser::time::ASN1Time;

use crate::time::Timestamp;

/// What tells one certificate from another: the key of a row of `Device.Security.Certificate.{i}.` (TR-181).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Certificate {
    /// Serial number, big-endian, without leading zero bytes; one zero byte if the number is zero.
    pub serial_number: Box<[u8]>,
    /// Distinguished name of the issuer in DER: few installations ever need its text.
    pub issuer: Arc<[u8]>,
}

/// From when until when a certificate is valid (RFC 5280 clause 4.1.2.5), both times included.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Validity {
    /// notBefore; what lies before 1970 is 1970.
    pub not_before: Timestamp,
    /// notAfter; the same.
    pub not_after: Timestamp,
}

impl Validity {
    /// Whether the certificate is valid at that time.
    pub fn holds_at(&self, now: Timestamp) -> bool {
        (self.not_before..=self.not_after).contains(&now)
    }

    fn of(certificate: &X509Certificate<'_>) -> Self {
        let millis = |time: ASN1Time| {
            let seconds = u64::try_from(time.timestamp()).unwrap_or(0);
            Timestamp::from_millis(seconds.saturating_mul(1000))
        };
        let validity = certificate.validity();
        Self {
            not_before: millis(validity.not_before),
            not_after: millis(validity.not_after),
        }
    }
}

impl Certificate {
    /// The issuer in the form of RFC 4514; a name that breaks the rules of DER as one value in hexadecimal, `#30..`.
    pub fn issuer_text(&self) -> String {
        match Name::from_der(&self.issuer) {
            Ok(name) => name.to_string(),
            Err(_) => {
                let mut text = "#".to_owned();
                for byte in &*self.issuer {
                    write!(text, "{byte:02X}").expect("writing to memory does not fail");
                }
                text
            }
        }
    }

    /// A certificate with that serial number, of an issuer given in the form of RFC 4514.
    #[cfg(test)]
    pub(crate) fn named(serial_number: &[u8], issuer: &str) -> Self {
        let issuer: Name = issuer.parse().expect("a name in the form of RFC 4514");
        Self {
            serial_number: serial_number.into(),
            issuer: issuer.to_der().expect("a name has a DER form").into(),
        }
    }
}

/// The certificate file of a `[myCertFileCred]` resource: attributes myCertFileFormat and myCertFileContent (TS-0022).
///
/// ```
/// use credbridge::onem2m::CertificateFile;
///
/// let chain = include_str!("../../tests/fixtures/certificates/chain.p7b");
/// let file = CertificateFile::read("application/pkcs7-mime", chain)?;
/// assert_eq!(&*file.content, chain.as_bytes());
/// assert!(file.certificate.is_some_and(|leaf| leaf.issuer_text().starts_with("CN=Example CA")));
/// # Ok::<(), credbridge::onem2m::CertificateError>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CertificateFile {
    /// The bytes to deliver: what the base64 text stands for, or the PEM text itself.
    pub content: Arc<[u8]>,
    /// The end-entity certificate; `None` for PKCS#12 whose certificates are encrypted.
    pub certificate: Option<Certificate>,
    /// When the end-entity certificate is valid; `None` like the certificate.
    pub validity: Option<Validity>,
}

/// Why no certificate could be read. The texts never quote the content, which may hold a private key.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum CertificateError {
    /// The media type is none of [`CertificateFile::FORMATS`]: as it may be shown.
    #[error("{0} is no format of a certificate file; allowed are {formats}", formats = CertificateFile::FORMATS.join(", "))]
    UnknownFormat(String),
    /// There is no content.
    #[error("the content is empty")]
    Empty,
    /// The file has more than [`CertificateFile::BYTES_MAX`] bytes.
    #[error("the file is larger than {} bytes", CertificateFile::BYTES_MAX)]
    TooLarge,
    /// The content is neither PEM nor base64.
    #[error("the content is neither PEM text nor DER in base64 (the alphabet with + and /)")]
    NotBase64,
    /// A PEM block is broken.
    #[error("the PEM text is broken: a block needs its BEGIN line, base64 lines and its END line")]
    BrokenPem,
    /// There is no certificate in the file.
    #[error("the file holds no certificate")]
    NoCertificate,
    /// Neither X.509 nor PKCS#7 SignedData, or a broken one.
    #[error("the content is neither an X.509 certificate nor PKCS#7 SignedData in DER")]
    NotACertificate,
    /// No PFX of version 3 (RFC 7292 clause 4), or a broken one.
    #[error("the content is no PKCS#12 file: not a PFX of version 3 in DER")]
    NotPkcs12,
}

/// What a media type says about the structure of the file. X.509 and PKCS#7 are told apart by the content, because
/// requesters use their media types for one another.
#[derive(Clone, Copy)]
enum Structure {
    Certificates,
    Pkcs12,
}

/// Longest media type that is shown.
const SHOWN_BYTES_MAX: usize = 64;

/// id-signedData, RFC 5652 clause 5.1.
const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");

/// Padding is not asked for: it carries nothing, and some writers leave it out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

impl CertificateFile {
    /// Largest file in bytes, decoded. A chain of certificates has a few kilobytes; the file is kept in memory and in
    /// Kafka until the Download is sent.
    pub const BYTES_MAX: usize = 64 * 1024;

    /// The media types that are accepted for myCertFileFormat; white space around them, case, and parameters after
    /// `;` do not matter.
    pub const FORMATS: [&'static str; 7] = [
        "application/pkcs7-mime",
        "application/pkcs7mime",
        "application/x-pkcs7-certificates",
        "application/pkix-cert",
        "application/x-x509-ca-cert",
        "application/x-pem-file",
        "application/pkcs12",
    ];

    /// Reads the file out of the two attributes. The content is PEM text, or DER in base64, in which white space is
    /// skipped. Of several certificates the end entity's is taken: one that issued none of the others, preferably
    /// not that of a certification authority, and of those the first.
    ///
    /// # Errors
    /// If the format is not known, or the content is not of that format or too large.
    pub fn read(format: &str, content: &str) -> Result<Self, CertificateError> {
        let structure = structure(format)?;
        if content.trim().is_empty() {
            return Err(CertificateError::Empty);
        }
        // Base64 has four characters for three bytes; as many again are left for white space.
        if content.len() > 3 * Self::BYTES_MAX {
            return Err(CertificateError::TooLarge);
        }
        let is_pem = content.contains("-----BEGIN ");
        let bytes: Cow<'_, [u8]> = if is_pem {
            content.as_bytes().into()
        } else {
            let mut text = Vec::with_capacity(content.len());
            text.extend(content.bytes().filter(|byte| !byte.is_ascii_whitespace()));
            BASE64
                .decode(text)
                .map_err(|_| CertificateError::NotBase64)?
                .into()
        };
        if bytes.len() > Self::BYTES_MAX {
            return Err(CertificateError::TooLarge);
        }
        let found = match (structure, is_pem) {
            (Structure::Certificates, false) => Some(end_entity(certificates_of_der(&bytes)?)?),
            (Structure::Certificates, true) => Some(end_entity(certificates_of_pem(&bytes)?)?),
            (Structure::Pkcs12, false) => pfx::certificates(&bytes)
                .map_err(|_| CertificateError::NotPkcs12)?
                .map(end_entity)
                .transpose()?,
            (Structure::Pkcs12, true) => return Err(CertificateError::NotPkcs12),
        };
        let (certificate, validity) = found.unzip();
        Ok(Self {
            content: bytes.into(),
            certificate,
            validity,
        })
    }
}

fn structure(format: &str) -> Result<Structure, CertificateError> {
    let media_type = format.split(';').next().unwrap_or(format).trim();
    CertificateFile::FORMATS
        .iter()
        .find(|known| known.eq_ignore_ascii_case(media_type))
        .map(|known| match *known {
            "application/pkcs12" => Structure::Pkcs12,
            _ => Structure::Certificates,
        })
        .ok_or_else(|| CertificateError::UnknownFormat(shown(media_type)))
}

/// A media type, quoted; of another text its length only: the content may stand in the place of the format.
fn shown(media_type: &str) -> String {
    let is_plain = |subtype: &str| {
        let mut bytes = subtype.bytes();
        bytes.all(|byte| byte.is_ascii_alphanumeric() || b".+-".contains(&byte))
    };
    match media_type.split_once('/') {
        Some(("application" | "text", subtype))
            if is_plain(subtype) && media_type.len() <= SHOWN_BYTES_MAX =>
        {
            format!("{media_type:?}")
        }
        _ => format!("a text of {} bytes", media_type.len()),
    }
}

/// A certificate in DER, in the content or taken out of it.
type File<'a> = Cow<'a, [u8]>;

/// The certificates of all blocks that hold some; private keys and parameters are passed over.
fn certificates_of_pem(text: &[u8]) -> Result<Vec<File<'_>>, CertificateError> {
    if let Some(certificate) = sole_certificate_of_pem(text) {
        return Ok(vec![certificate.into()]);
    }
    let mut certificates = Vec::new();
    for block in Pem::iter_from_buffer(text) {
        let block = block.map_err(|_| CertificateError::BrokenPem)?;
        match block.label.as_str() {
            "CERTIFICATE" | "X509 CERTIFICATE" => certificates.push(block.contents.into()),
            "PKCS7" | "CMS" | "PKCS #7 SIGNED DATA" => {
                let found = certificates_of_der(&block.contents)?.into_iter();
                certificates.extend(found.map(|file| File::Owned(file.into_owned())));
            }
            _ => {}
        }
    }
    Ok(certificates)
}

/// What most files are, one certificate and nothing else; read without a text for each line. `None`: anything else, which
/// may be right or wrong.
fn sole_certificate_of_pem(text: &[u8]) -> Option<Vec<u8>> {
    let body = text
        .trim_ascii()
        .strip_prefix(b"-----BEGIN CERTIFICATE-----")?
        .strip_suffix(b"\n-----END CERTIFICATE-----")?;
    let body = body.strip_prefix(b"\r").unwrap_or(body);
    let body = body.strip_prefix(b"\n")?;
    let mut base64 = Vec::with_capacity(body.len());
    for line in body.split(|byte| *byte == b'\n') {
        base64.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
    }
    STRICT_BASE64.decode(base64).ok()
}

fn certificates_of_der(der: &[u8]) -> Result<Vec<File<'_>>, CertificateError> {
    match ContentInfo::from_der(der) {
        Ok(content) if content.content_type == SIGNED_DATA => {
            certificates_of_signed_data(&content).map_err(|_| CertificateError::NotACertificate)
        }
        Ok(_) => Err(CertificateError::NotACertificate),
        Err(_) => Ok(vec![der.into()]),
    }
}

fn certificates_of_signed_data(content: &ContentInfo) -> der::Result<Vec<File<'static>>> {
    let signed: SignedData = content.content.decode_as()?;
    let mut certificates = Vec::new();
    for choice in signed.certificates.iter().flat_map(|set| set.0.iter()) {
        if let CertificateChoices::Certificate(certificate) = choice {
            certificates.push(certificate.to_der()?.into());
        }
    }
    Ok(certificates)
}

fn end_entity(mut files: Vec<File<'_>>) -> Result<(Certificate, Validity), CertificateError> {
    let mut index = 0;
    while index < files.len() {
        if files[..index].contains(&files[index]) {
            files.remove(index);
        } else {
            index += 1;
        }
    }
    // Extensions matter where there is a choice.
    let mut parser = X509CertificateParser::new().with_deep_parse_extensions(files.len() > 1);
    let certificates = files
        .iter()
        .map(|der| match parser.parse(der) {
            Ok(([], certificate)) => Ok(certificate),
            Ok(_) | Err(_) => Err(CertificateError::NotACertificate),
        })
        .collect::<Result<Vec<_>, _>>()?;
    let issued_another = |index: usize| {
        certificates.iter().enumerate().any(|(other, certificate)| {
            other != index
                && certificate.issuer().as_raw() == certificates[index].subject().as_raw()
        })
    };
    let chosen = (0..certificates.len())
        .min_by_key(|index| (issued_another(*index), certificates[*index].is_ca(), *index))
        .ok_or(CertificateError::NoCertificate)?;
    let chosen = &certificates[chosen];
    Ok((identify(chosen), Validity::of(chosen)))
}

fn identify(certificate: &X509Certificate<'_>) -> Certificate {
    let serial = certificate.raw_serial();
    let leading_zeros = serial.iter().take_while(|byte| **byte == 0).count();
    Certificate {
        serial_number: serial[leading_zeros.min(serial.len().saturating_sub(1))..].into(),
        issuer: certificate.issuer().as_raw().into(),
    }
}

#[cfg(test)]
mod tests;
