use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::cwmp::ParameterValue;
use crate::onem2m::Certificate;

use super::Quoted;
use super::distinguished_name::DistinguishedName;

/// Partial path of the table of certificates (TR-181).
pub const CERTIFICATE_TABLE: &str = "Device.Security.Certificate.";

/// More rows than this are not kept for comparison; devices have a handful.
const ROWS_MAX: usize = 256;

/// Rows that a text for people shows at most.
const SHOWN_ROWS_MAX: usize = 8;

/// What event and request tell about the row of the new certificate.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct KnownRow {
    /// Path of the row with a dot at the end; `None`: it must be looked up.
    pub path: Option<Box<str>>,
    /// For people: a path that was given and is none; else empty.
    pub remark: Box<str>,
}

/// The row by the path that came with the event, else by the only row path of the request.
pub fn known_row(event_path: Option<&str>, object_paths: &[Box<str>]) -> KnownRow {
    let from_event = event_path.and_then(row_path);
    let remark = match (event_path, &from_event) {
        (Some(given), None) => format!(
            "certificate_path {} of the CPE event is not of the form {CERTIFICATE_TABLE}<n>. and was not used",
            Quoted(given)
        ),
        (Some(_), Some(_)) | (None, _) => String::new(),
    };
    KnownRow {
        path: from_event.or_else(|| {
            let mut rows = object_paths.iter().filter_map(|path| row_path(path));
            rows.next().filter(|_| rows.next().is_none())
        }),
        remark: remark.into(),
    }
}

/// The path with a dot at the end, if it is that of a row: `Device.Security.Certificate.3.`, or with an alias
/// `Device.Security.Certificate.[cpe-1].` (TR-069 3.6.1).
fn row_path(path: &str) -> Option<Box<str>> {
    let row = path.trim().strip_prefix(CERTIFICATE_TABLE)?;
    let row = row.strip_suffix('.').unwrap_or(row);
    is_row(row).then(|| format!("{CERTIFICATE_TABLE}{row}.").into())
}

fn is_row(row: &str) -> bool {
    match row
        .strip_prefix('[')
        .and_then(|alias| alias.strip_suffix(']'))
    {
        Some(alias) => {
            alias.len() <= 64
                && alias.starts_with(|char: char| char.is_ascii_alphabetic())
                && alias
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
        }
        None => {
            (1..=10).contains(&row.len())
                && row.bytes().all(|byte| byte.is_ascii_digit())
                && !row.starts_with('0')
        }
    }
}

#[derive(Default)]
struct Row<'a> {
    serial_number: &'a str,
    issuer: &'a str,
}

/// What stands for `{i}` in the path of a row.
pub fn row_name(path: &str) -> Option<&str> {
    path.strip_prefix(CERTIFICATE_TABLE)?.strip_suffix('.')
}

/// The rows of the table, as they stand in paths; `None` if they are more than can be kept.
pub fn row_names(parameters: &[ParameterValue]) -> Option<Box<[Box<str>]>> {
    let rows = rows(parameters);
    (rows.len() <= ROWS_MAX).then(|| rows.into_keys().map(Box::from).collect())
}

/// The row whose SerialNumber and Issuer are those of the certificate (the unique key of the table, TR-181); else, with
/// the rows from `before` the Download, the only one that is new; else, for a certificate that could not be read, the
/// only row there is.
///
/// # Errors
/// If none or several match: a text for people with what was looked for and seen.
pub fn find_row(
    parameters: &[ParameterValue],
    certificate: Option<&Certificate>,
    before: Option<&[&str]>,
) -> Result<Box<str>, String> {
    let rows = rows(parameters);
    let matching: Vec<&str> = rows
        .iter()
        .filter(|(_, row)| certificate.is_none_or(|certificate| is_same(row, certificate)))
        .map(|(path, _)| *path)
        .collect();
    let path = |row: &str| Ok(format!("{CERTIFICATE_TABLE}{row}.").into());
    if let ([row], Some(_)) = (matching.as_slice(), certificate) {
        return path(row);
    }
    let new = before.map(|before| new_rows(&rows, &matching, before));
    if let Some([row]) = new.as_deref() {
        return path(row);
    }
    let new = new.map_or_else(String::new, |new| {
        format!(", and {} are new since before the Download", new.len())
    });
    match (matching.as_slice(), certificate) {
        ([row], _) => path(row),
        (matching, Some(certificate)) => Err(format!(
            "{} of {} rows of {CERTIFICATE_TABLE} have serial number {} and issuer {}{new}, one is needed; seen: {}",
            matching.len(),
            rows.len(),
            hexadecimal(&certificate.serial_number),
            Quoted(&certificate.issuer_text()),
            shown(&rows),
        )),
        (_, None) => Err(format!(
            "the file hides serial number and issuer of its certificate, so {CERTIFICATE_TABLE} must have exactly one \
             row, and it has {}{new}: give objectPaths in the request or certificate_path in the CPE event; seen: {}",
            rows.len(),
            shown(&rows),
        )),
    }
}

/// Those of the rows that match that were not there before; those of all rows if none matches.
fn new_rows<'a>(
    rows: &BTreeMap<&'a str, Row<'_>>,
    matching: &[&'a str],
    before: &[&str],
) -> Vec<&'a str> {
    let all = rows.keys().copied();
    let is_possible = |row: &&str| matching.is_empty() || matching.contains(row);
    let is_new = |row: &&str| !before.contains(row);
    all.filter(is_possible).filter(is_new).collect()
}

fn rows(parameters: &[ParameterValue]) -> BTreeMap<&str, Row<'_>> {
    let mut rows: BTreeMap<&str, Row<'_>> = BTreeMap::new();
    for parameter in parameters {
        let Some((row, name)) = parameter
            .name
            .strip_prefix(CERTIFICATE_TABLE)
            .and_then(|rest| rest.split_once('.'))
        else {
            continue;
        };
        if !is_row(row) {
            continue;
        }
        let row = rows.entry(row).or_default();
        match name {
            "SerialNumber" => row.serial_number = &parameter.value,
            "Issuer" => row.issuer = &parameter.value,
            _ => {}
        }
    }
    rows
}

fn is_same(row: &Row<'_>, certificate: &Certificate) -> bool {
    let is_same_number = !row.serial_number.trim().is_empty()
        && folded_serial_number(row.serial_number)
            == folded_serial_number(&hexadecimal(&certificate.serial_number));
    if !is_same_number {
        return false;
    }
    let issuer = DistinguishedName::parse(row.issuer);
    !issuer.is_empty() && issuer == DistinguishedName::parse(&certificate.issuer_text())
}

/// Hexadecimal digits in lower case without separators, `0x` and leading zeros.
fn folded_serial_number(text: &str) -> String {
    let digits: String = text
        .chars()
        .filter(|char| !char.is_whitespace() && *char != ':')
        .map(|char| char.to_ascii_lowercase())
        .collect();
    let digits = digits.strip_prefix("0x").unwrap_or(&digits);
    digits.trim_start_matches('0').to_owned()
}

fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        write!(text, "{byte:02X}").expect("writing to memory does not fail");
    }
    text
}

fn shown(rows: &BTreeMap<&str, Row<'_>>) -> String {
    if rows.is_empty() {
        return "no row".to_owned();
    }
    let mut shown: Vec<String> = rows
        .iter()
        .take(SHOWN_ROWS_MAX)
        .map(|(path, row)| {
            format!(
                "{path}: serial number {}, issuer {}",
                Quoted(row.serial_number),
                Quoted(row.issuer)
            )
        })
        .collect();
    if rows.len() > SHOWN_ROWS_MAX {
        shown.push(format!("and {} more", rows.len() - SHOWN_ROWS_MAX));
    }
    shown.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameter(name: &str, value: &str) -> ParameterValue {
        ParameterValue {
            name: format!("{CERTIFICATE_TABLE}{name}").into(),
            value: value.into(),
        }
    }

    fn row(row: &str, serial_number: &str, issuer: &str) -> [ParameterValue; 3] {
        [
            parameter(&format!("{row}.Enable"), "1"),
            parameter(&format!("{row}.SerialNumber"), serial_number),
            parameter(&format!("{row}.Issuer"), issuer),
        ]
    }

    fn certificate() -> Certificate {
        Certificate::named(&[0x0A, 0xBC], "CN=Root,O=Acme")
    }

    #[test]
    fn event_path_goes_before_request_paths() {
        let paths = ["Device.Security.Certificate.4".into()];
        let known = known_row(Some("Device.Security.Certificate.3"), &paths);
        assert_eq!(
            known.path.as_deref(),
            Some("Device.Security.Certificate.3.")
        );
        let known = known_row(None, &paths);
        assert_eq!(
            known.path.as_deref(),
            Some("Device.Security.Certificate.4.")
        );
        assert_eq!(&*known.remark, "");
    }

    #[test]
    fn bad_event_path_is_remarked_on_and_passed_over() {
        let known = known_row(
            Some("Device.Foo.1."),
            &["Device.Security.Certificate.[a-1].".into()],
        );
        assert_eq!(
            known.path.as_deref(),
            Some("Device.Security.Certificate.[a-1].")
        );
        assert!(known.remark.contains("\"Device.Foo.1.\""));
    }

    #[test]
    fn several_request_paths_name_no_row() {
        let paths = [3, 4].map(|row| format!("Device.Security.Certificate.{row}.").into());
        assert_eq!(known_row(None, &paths).path, None);
    }

    #[test]
    fn other_paths_are_no_rows() {
        for path in [
            "",
            "Device.Security.Certificate.",
            "Device.Security.Certificate..",
            "Device.Security.Certificate.0.",
            "Device.Security.Certificate.{i}.",
            "Device.Security.Certificate.3.Enable",
            "Device.Security.Certificate.[].",
            "device.security.certificate.3.",
        ] {
            assert_eq!(row_path(path), None, "{path}");
        }
    }

    #[test]
    fn spelling_of_serial_number_and_issuer_does_not_matter() {
        for serial_number in ["0abc", "ABC", "0x0ABC", "0A:BC", "00 0a bc"] {
            let parameters = row("7", serial_number, "/O=acme/CN=Root");
            assert_eq!(
                find_row(&parameters, Some(&certificate()), None).as_deref(),
                Ok("Device.Security.Certificate.7."),
                "{serial_number}"
            );
        }
    }

    #[test]
    fn one_row_of_several_matches() {
        let parameters = [
            row("1", "0ABC", "CN=Other"),
            row("2", "0ABD", "CN=Root,O=Acme"),
            row("10", "0ABC", "CN=Root,O=Acme"),
        ]
        .concat();
        assert_eq!(
            find_row(&parameters, Some(&certificate()), None).as_deref(),
            Ok("Device.Security.Certificate.10.")
        );
    }

    #[test]
    fn none_and_several_tell_what_was_seen() {
        let none = find_row(&row("1", "FF", "CN=x"), Some(&certificate()), None).unwrap_err();
        assert!(none.contains("0 of 1 rows") && none.contains("1: serial number \"FF\""));
        let twice = [
            row("1", "ABC", "CN=Root,O=Acme"),
            row("2", "ABC", "CN=Root,O=Acme"),
        ]
        .concat();
        let several = find_row(&twice, Some(&certificate()), None).unwrap_err();
        assert!(several.contains("2 of 2 rows"));
        assert!(
            find_row(&[], Some(&certificate()), None)
                .unwrap_err()
                .contains("no row")
        );
    }

    #[test]
    fn hidden_certificate_needs_a_single_row() {
        assert_eq!(
            find_row(&row("1", "", ""), None, None).as_deref(),
            Ok("Device.Security.Certificate.1.")
        );
        let two = [row("1", "1", "CN=a"), row("2", "2", "CN=b")].concat();
        assert!(find_row(&two, None, None).unwrap_err().contains("it has 2"));
        assert!(find_row(&[], None, None).is_err());
    }

    #[test]
    fn rows_without_key_match_nothing() {
        let nameless = Certificate {
            serial_number: Box::default(),
            issuer: [].into(),
        };
        assert!(find_row(&row("1", "", ""), Some(&nameless), None).is_err());
    }

    #[test]
    fn the_one_new_row_is_that_of_a_certificate_that_cannot_be_told() {
        let table = |rows: &[(&str, &str, &str)]| -> Vec<ParameterValue> {
            let rows = rows.iter();
            rows.flat_map(|(name, number, issuer)| row(name, number, issuer))
                .collect()
        };
        let found = |rows: &[(&str, &str, &str)], certificate, before: &[&str]| {
            find_row(&table(rows), certificate, Some(before)).ok()
        };
        let path = |row| Some(format!("{CERTIFICATE_TABLE}{row}.").into());
        let (old, new) = (("1", "01", "CN=x"), ("2", "", ""));
        let certificate = certificate();
        assert_eq!(found(&[old, new], None, &["1"]), path("2"));
        assert_eq!(found(&[old, new], Some(&certificate), &["1"]), path("2"));
        // Two are new, or none is; the only row there is may have been there before.
        assert_eq!(found(&[old, new, ("3", "", "")], None, &["1"]), None);
        assert_eq!(found(&[old, new], None, &["1", "2"]), None);
        assert_eq!(found(&[new], None, &["2"]), path("2"));
        // Serial number and issuer tell more.
        let same = (
            "1",
            &*hexadecimal(&certificate.serial_number),
            &*certificate.issuer_text(),
        );
        assert_eq!(found(&[same, new], Some(&certificate), &["1"]), path("1"));
        let twice = [same, ("4", same.1, same.2), ("5", "", "")];
        assert_eq!(found(&twice, Some(&certificate), &["1"]), path("4"));
        let error = find_row(&table(&[old]), Some(&certificate), Some(&["1"])).unwrap_err();
        assert!(error.contains("0 are new since"), "{error}");
        assert_eq!(row_names(&table(&[old, new])).unwrap().len(), 2);
        let many: Vec<_> = (1..=257)
            .flat_map(|n| row(&n.to_string(), "1", ""))
            .collect();
        assert_eq!(row_names(&many), None);
    }
}
