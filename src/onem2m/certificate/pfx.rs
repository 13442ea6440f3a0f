//! PKCS#12 (RFC 7292), as far as it tells the certificate without a password. Private keys are never looked at.

use cms::content_info::ContentInfo;
use der::asn1::{AnyRef, ContextSpecific, ObjectIdentifier, OctetString};
use der::{Decode as _, Reader as _};
use pkcs12::authenticated_safe::AuthenticatedSafe;
use pkcs12::cert_type::CertBag;
use pkcs12::pfx::Pfx;
use pkcs12::{PKCS_12_CERT_BAG_OID, PKCS_12_SAFE_CONTENTS_BAG_OID, PKCS_12_X509_CERT_OID};

use super::File;

/// id-data, RFC 5652 clause 4.
const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");

/// The certificates that are not encrypted; `None`: there are none, but what is encrypted or nested may hold some.
///
/// # Errors
/// If the file is no PFX of version 3.
pub(super) fn certificates(der: &[u8]) -> der::Result<Option<Vec<File<'static>>>> {
    let pfx = Pfx::from_der(der)?;
    let Some(safe) = data(&pfx.auth_safe)? else {
        return Ok(None);
    };
    let mut certificates = Vec::new();
    let mut may_hide_some = false;
    for content in AuthenticatedSafe::from_der(safe.as_bytes())? {
        let Some(contents) = data(&content)? else {
            may_hide_some = true;
            continue;
        };
        for bag in Vec::<AnyRef<'_>>::from_der(contents.as_bytes())? {
            let (id, value) = id_and_value(bag)?;
            if id == PKCS_12_CERT_BAG_OID {
                let bag = ContextSpecific::<CertBag>::from_der(value)?.value;
                if bag.cert_id == PKCS_12_X509_CERT_OID {
                    certificates.push(bag.cert_value.into_bytes().into());
                }
            }
            may_hide_some |= id == PKCS_12_SAFE_CONTENTS_BAG_OID;
        }
    }
    Ok(Some(certificates).filter(|found| !found.is_empty() || !may_hide_some))
}

/// What is neither encrypted nor signed.
fn data(content: &ContentInfo) -> der::Result<Option<OctetString>> {
    match content.content_type {
        DATA => content.content.decode_as().map(Some),
        _ => Ok(None),
    }
}

/// The parts of a SafeBag but its attributes, which are a set: the library would sort it, which a file can make slow.
fn id_and_value(bag: AnyRef<'_>) -> der::Result<(ObjectIdentifier, &[u8])> {
    bag.sequence(|bag| {
        let parts = (bag.decode()?, bag.tlv_bytes()?);
        bag.read_slice(bag.remaining_len())?;
        Ok(parts)
    })
}
