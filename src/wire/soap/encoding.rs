use std::borrow::Cow;

use quick_xml::events::attributes::Attributes;

use crate::wire::json_members::shown;
use crate::wire::{DecodeError, DecodeReason};

/// The document as text. `charset`, a parameter of the content-type, outranks the XML declaration (RFC 7303 clause 3);
/// without either it is UTF-8.
///
/// # Errors
/// If the encoding is other than UTF-8 or ISO-8859-1, or the bytes are not of it.
pub(super) fn decode<'b>(
    bytes: &'b [u8],
    charset: Option<&str>,
) -> Result<Cow<'b, str>, DecodeError> {
    match charset.or_else(|| declared(bytes)) {
        Some(label) if is(label, &["iso-8859-1", "iso_8859-1", "latin1", "l1"]) => {
            Ok(match std::str::from_utf8(bytes) {
                Ok(text) if text.is_ascii() => Cow::Borrowed(text),
                Ok(_) | Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
            })
        }
        Some(label) if !is(label, &["utf-8", "utf8", "us-ascii", "ascii"]) => Err(malformed(
            format!("the encoding {} is not read: send UTF-8 or ISO-8859-1", shown(label)),
        )),
        Some(_) | None => std::str::from_utf8(bytes)
            .map(Cow::Borrowed)
            .map_err(|error| {
                malformed(format!(
                    "byte {} is not UTF-8: name the right encoding in the XML declaration, or send UTF-8",
                    error.valid_up_to()
                ))
            }),
    }
}

/// The encoding that the XML declaration names.
fn declared(bytes: &[u8]) -> Option<&str> {
    // As nearly every document begins.
    if let Some(label) = bytes.strip_prefix(br#"<?xml version="1.0" encoding=""#)
        && label
            .get(..6)
            .is_some_and(|label| label.eq_ignore_ascii_case(b"utf-8\""))
    {
        return Some("utf-8");
    }
    const XML: usize = "<?xml".len();
    if !bytes.starts_with(b"<?xml") {
        return None;
    }
    let end = bytes
        .iter()
        .position(|byte| *byte == b'>')?
        .checked_sub(1)?;
    let declaration = std::str::from_utf8(bytes.get(XML..end)?).ok()?;
    let attribute = Attributes::new(declaration, 0)
        .flatten()
        .find(|attribute| attribute.key.0 == "encoding")?;
    match attribute.value {
        Cow::Borrowed(label) => Some(label),
        Cow::Owned(_) => None,
    }
}

fn is(label: &str, names: &[&str]) -> bool {
    names.iter().any(|name| label.eq_ignore_ascii_case(name))
}

fn malformed(detail: String) -> DecodeError {
    DecodeError {
        reason: DecodeReason::MalformedXml,
        detail,
    }
}
