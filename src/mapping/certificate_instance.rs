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
mod tests;
