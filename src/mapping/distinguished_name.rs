use std::collections::BTreeSet;

/// A distinguished name as the set of its attributes with their values, both without regard to case and white space.
///
/// Read from the form of RFC 4514 (`CN=Root,O=Acme`) and from that of OpenSSL (`/O=Acme/CN=Root`), since devices write
/// either, in either order.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct DistinguishedName(BTreeSet<(String, String)>);

impl DistinguishedName {
    pub(super) fn parse(text: &str) -> Self {
        let text = text.trim();
        let parts = match text.strip_prefix('/') {
            Some(rest) => slash_parts(rest),
            None => comma_parts(text),
        };
        Self(
            parts
                .iter()
                .filter(|part| !part.trim().is_empty())
                .map(|part| {
                    let (attribute, value) = part.split_once('=').unwrap_or(("", part));
                    (attribute_name(attribute), folded(value))
                })
                .collect(),
        )
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Parts of `C=DE/O=Acme`; a slash inside a value is not followed by `attribute=`.
fn slash_parts(text: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    for piece in text.split('/') {
        let starts_part = piece.split_once('=').is_some_and(|(attribute, _)| {
            !attribute.is_empty()
                && attribute
                    .chars()
                    .all(|char| char.is_ascii_alphanumeric() || char == '.')
        });
        match parts.last_mut() {
            Some(last) if !starts_part => {
                last.push('/');
                last.push_str(piece);
            }
            Some(_) | None => parts.push(piece.to_owned()),
        }
    }
    parts
}

/// Parts of `CN=a\,b,O="c,d"+OU=e`, with escapes and quotation marks resolved.
fn comma_parts(text: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut part: Vec<u8> = Vec::new();
    let mut quoted = false;
    let bytes = text.as_bytes();
    let mut index = 0;
    while index < bytes.len() {
        match bytes[index] {
            b'\\' => {
                let (byte, length) = unescaped(&bytes[index + 1..]);
                part.extend(byte);
                index += length;
            }
            b'"' => quoted = !quoted,
            b',' | b';' | b'+' if !quoted => {
                parts.push(String::from_utf8_lossy(&part).into_owned());
                part.clear();
            }
            byte => part.push(byte),
        }
        index += 1;
    }
    parts.push(String::from_utf8_lossy(&part).into_owned());
    parts
}

/// The byte that an escape stands for, and how many bytes follow the backslash.
fn unescaped(rest: &[u8]) -> (Option<u8>, usize) {
    let digit = |index: usize| {
        rest.get(index)
            .and_then(|byte| char::from(*byte).to_digit(16))
    };
    match (digit(0), digit(1)) {
        (Some(high), Some(low)) => (u8::try_from(high << 4 | low).ok(), 2),
        (Some(_), None) | (None, Some(_) | None) => (rest.first().copied(), rest.len().min(1)),
    }
}

/// One name for each attribute that is written in several ways.
fn attribute_name(text: &str) -> String {
    let name = text.trim().to_lowercase();
    let name = name.strip_prefix("oid.").unwrap_or(&name);
    let same = match name {
        "2.5.4.3" | "commonname" => "cn",
        "2.5.4.5" => "serialnumber",
        "2.5.4.6" | "countryname" => "c",
        "2.5.4.7" | "localityname" => "l",
        "2.5.4.8" | "s" | "stateorprovincename" => "st",
        "2.5.4.10" | "organizationname" => "o",
        "2.5.4.11" | "organizationalunitname" => "ou",
        "1.2.840.113549.1.9.1" | "e" | "email" => "emailaddress",
        "0.9.2342.19200300.100.1.25" | "domaincomponent" => "dc",
        "0.9.2342.19200300.100.1.1" | "userid" => "uid",
        other => other,
    };
    same.to_owned()
}

fn folded(value: &str) -> String {
    let words: Vec<String> = value.split_whitespace().map(str::to_lowercase).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(left: &str, right: &str) -> bool {
        DistinguishedName::parse(left) == DistinguishedName::parse(right)
    }

    #[test]
    fn order_case_space_and_style_do_not_matter() {
        for text in [
            "CN=Acme Root CA,O=Acme,C=DE",
            "C=DE, O=Acme, CN=Acme Root CA",
            "c = de,o=ACME,  cn =acme   root ca",
            "/C=DE/O=Acme/CN=Acme Root CA",
            "2.5.4.3=Acme Root CA;O=\"Acme\"+C=DE",
        ] {
            assert!(same("CN=Acme Root CA,O=Acme,C=DE", text), "{text}");
        }
    }

    #[test]
    fn escapes_and_slashes_inside_values_are_read() {
        assert!(same(r"O=Acme\, Inc.,CN=a", "/O=Acme, Inc./CN=a"));
        assert!(same(r"CN=M\C3\BCller", "CN=Müller"));
        assert!(same("/CN=http://a/b/O=x", "O=x,CN=http://a/b"));
        assert!(same("CN=\"a,b\",O=c", "/CN=a,b/O=c"));
        assert!(same("/CN=a/=b/x-y=c/O=x", "O=x,CN=a/=b/x-y=c"));
        assert!(same("/O=x/2.5.4.3=a", "O=x,CN=a"));
        assert!(same("E=a@b", "emailAddress=a@b"));
    }

    #[test]
    fn other_names_differ() {
        assert!(!same("CN=a,O=b", "CN=a"));
        assert!(!same("CN=a,O=b", "CN=b,O=a"));
        assert!(!same("CN=a", ""));
        assert!(DistinguishedName::parse(" ").is_empty());
    }

    #[test]
    fn a_backslash_at_the_end_is_harmless() {
        assert!(same("CN=a\\", "CN=a"));
    }
}
