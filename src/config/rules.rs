//! What single values must be: each function reads one text, or says what is wrong with it and how to mend it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;

use regex::Regex;

use super::{ContentDelivery, Delivery};
use crate::cwmp::DeviceId;
use crate::mapping::{DeleteRule, StagedNames};
use crate::wire::Format;

/// Longer waits are most likely a slip: `15M` is fifteen months.
const DURATION_MAX: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Longer than any certificate should be valid.
const RESOURCE_TTL_MAX: Duration = Duration::from_secs(10 * 366 * 24 * 60 * 60);

/// Longest name of a topic that Kafka takes.
const TOPIC_NAME_LENGTH_MAX: usize = 249;

/// Longest `-changelog` and the like that is appended to the application id.
const INTERNAL_SUFFIX_LENGTH_MAX: usize = "-changelog".len();

/// Longest URL argument of Download (TR-069 A.3.2.8).
const URL_LENGTH_MAX: usize = 256;

/// A device key of an OUI, a product class and a serial number of 64 characters each without escapes.
const DEVICE_KEY_LENGTH: usize = 6 + 1 + 64 + 1 + 64;

/// Longest CommandKey (TR-069 A.3.2.8).
const COMMAND_KEY_LENGTH: usize = 32;

/// Longest path of a parameter (`cwmp-1-2.xsd`), less `Device.Security.Certificate.4294967295.`.
const PARAMETER_LENGTH_MAX: usize = 256 - "Device.Security.Certificate.4294967295.".len();

/// FileType by the Broadband Forum schema `cwmp-1-2.xsd`; devices in the field want other texts, too.
static FILE_TYPE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?:[1-9]\d*(?: \S+)+|X [0-9A-F]{6} .+|X \S+ .+)$").expect("well-formed")
});

/// A parameter name, or several levels of it, by TR-106 3.2.1.
static PARAMETER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^[A-Za-z_][A-Za-z0-9_-]*(?:\.[A-Za-z_][A-Za-z0-9_-]*)*$").expect("well-formed")
});

pub(super) fn boolean(text: &str) -> Result<bool, String> {
    text.parse()
        .map_err(|_| format!("`{text}` is neither `true` nor `false`"))
}

pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let duration = humantime::parse_duration(text)
        .map_err(|error| format!("`{text}` is not a duration such as `90s` or `15m`: {error}"))?;
    if duration < Duration::from_millis(1) {
        return Err("must be longer than 0".to_owned());
    }
    if duration > DURATION_MAX {
        return Err(format!(
            "`{text}` is longer than 30 days; minutes are written `m`, months `M`"
        ));
    }
    Ok(duration)
}

/// A duration that may be zero and may be long.
pub(super) fn resource_ttl(text: &str) -> Result<Duration, String> {
    let duration = humantime::parse_duration(text)
        .map_err(|error| format!("`{text}` is not a duration such as `24h` or `365d`: {error}"))?;
    if duration > RESOURCE_TTL_MAX {
        return Err(format!("`{text}` is longer than 10 years"));
    }
    Ok(duration)
}

/// Zero: none.
pub(super) fn distance(text: &str) -> Result<Option<Duration>, String> {
    match humantime::parse_duration(text) {
        Ok(Duration::ZERO) => Ok(None),
        Ok(_) | Err(_) => duration(text).map(Some),
    }
}

/// Whether a certificate outside of its validity is refused.
pub(super) fn refuses_invalid(text: &str) -> Result<bool, String> {
    [true, false]
        .into_iter()
        .find(|refuses| validity_name(*refuses) == text)
        .ok_or_else(|| format!("`{text}` is neither `warn` nor `refuse`"))
}

/// The word of the configuration for it.
pub(super) const fn validity_name(refuses: bool) -> &'static str {
    if refuses { "refuse" } else { "warn" }
}

/// The words of the configuration for what deleting means.
const DELETE_RULES: [(&str, DeleteRule); 3] = [
    ("disable", DeleteRule::Disable),
    ("forget", DeleteRule::Forget),
    ("refuse", DeleteRule::Refuse),
];

pub(super) fn delete(text: &str) -> Result<DeleteRule, String> {
    let found = DELETE_RULES.iter().find(|(name, _)| *name == text);
    found
        .map(|(_, rule)| *rule)
        .ok_or_else(|| format!("`{text}` is none of `disable`, `forget` and `refuse`"))
}

/// The word of the configuration for what deleting means.
pub(super) fn delete_name(rule: DeleteRule) -> &'static str {
    let found = DELETE_RULES.iter().find(|(_, known)| *known == rule);
    found.expect("every rule has a word").0
}

pub(super) fn number(text: &str, range: std::ops::RangeInclusive<usize>) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|number| range.contains(number))
        .ok_or_else(|| {
            format!(
                "`{text}` is not a whole number from {} to {}",
                range.start(),
                range.end()
            )
        })
}

pub(super) fn delivery(text: &str) -> Result<Delivery, String> {
    match text {
        "at_least_once" => Ok(Delivery::AtLeastOnce),
        "exactly_once" => Ok(Delivery::ExactlyOnce),
        _ => Err(format!(
            "`{text}` is neither `exactly_once` nor `at_least_once`"
        )),
    }
}

pub(super) fn content(text: &str) -> Result<ContentDelivery, String> {
    match text {
        "inline" => Ok(ContentDelivery::Inline),
        "none" => Ok(ContentDelivery::None),
        "staged" => Ok(ContentDelivery::Staged),
        _ => Err(format!("`{text}` is none of `inline`, `none` and `staged`")),
    }
}

/// The word of the configuration for a format.
pub(super) const fn format_name(format: Format) -> &'static str {
    match format {
        Format::Cbor => "cbor",
        Format::Json => "json",
        Format::Protobuf => "protobuf",
        Format::Soap => "soap",
    }
}

pub(super) fn format(text: &str, allowed: &[Format]) -> Result<Format, String> {
    let names: Vec<_> = allowed.iter().copied().map(format_name).collect();
    let names = names.join(", ");
    match allowed.iter().find(|format| format_name(**format) == text) {
        Some(format) => Ok(*format),
        None => Err(format!(
            "`{text}` is no format of this topic; use one of {names}"
        )),
    }
}

/// `None` for `auto`.
pub(super) fn format_or_auto(text: &str, allowed: &[Format]) -> Result<Option<Format>, String> {
    match text {
        "auto" => Ok(None),
        _ => format(text, allowed)
            .map(Some)
            .map_err(|problem| format!("{problem}, or `auto`")),
    }
}

/// What may stand in names of topics, groups and transactional ids.
const fn is_allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')
}

fn kafka_name(text: &str, length_max: usize) -> Result<(), String> {
    if text.is_empty() {
        return Err("must not be empty".to_owned());
    }
    if text.len() > length_max {
        return Err(format!(
            "has {} characters, at most {length_max} are allowed",
            text.len()
        ));
    }
    if let Some(stranger) = text.chars().find(|c| !is_allowed(*c)) {
        return Err(format!(
            "`{text}` contains {stranger:?}; allowed are letters, digits, `.`, `_` and `-`"
        ));
    }
    match text {
        "." | ".." => Err(format!("`{text}` is not allowed by Kafka")),
        _ => Ok(()),
    }
}

pub(super) fn topic(text: &str) -> Result<String, String> {
    kafka_name(text, TOPIC_NAME_LENGTH_MAX).map(|()| text.to_owned())
}

/// Empty: none.
pub(super) fn topic_or_none(text: &str) -> Result<String, String> {
    match text {
        "" => Ok(String::new()),
        _ => topic(text),
    }
}

pub(super) fn application_id(text: &str) -> Result<String, String> {
    kafka_name(text, TOPIC_NAME_LENGTH_MAX - INTERNAL_SUFFIX_LENGTH_MAX).map(|()| text.to_owned())
}

/// Empty: the name of the host, with `-` in place of what Kafka does not allow.
pub(super) fn instance_id(text: &str) -> Result<String, String> {
    if !text.is_empty() {
        return kafka_name(text, TOPIC_NAME_LENGTH_MAX).map(|()| text.to_owned());
    }
    let host = gethostname::gethostname().to_string_lossy().into_owned();
    let host = host.replace(|c| !is_allowed(c), "-");
    Ok(if host.is_empty() {
        "host".to_owned()
    } else {
        host
    })
}

pub(super) fn bootstrap_servers(text: &str) -> Result<String, String> {
    for server in text.split(',').map(str::trim) {
        let port = server
            .rsplit_once(':')
            .filter(|(host, _)| !host.is_empty() && !host.contains(char::is_whitespace))
            .and_then(|(_, port)| port.parse::<u16>().ok());
        if port.is_none_or(|port| port == 0) {
            return Err(format!("`{server}` is not of the form host:port"));
        }
    }
    Ok(text.to_owned())
}

pub(super) fn from_target(text: &str) -> Result<Option<Regex>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let regex = Regex::new(text).map_err(|error| format!("not a regular expression: {error}"))?;
    match regex.capture_names().flatten().any(|name| name == "device") {
        true => Ok(Some(regex)),
        false => Err("has no group `device`; write (?<device>..) around the device key".to_owned()),
    }
}

pub(super) fn file_type(text: &str) -> Result<String, String> {
    match text.chars().count() {
        1..=64 => Ok(text.to_owned()),
        length => Err(format!(
            "has {length} characters, a FileType has from 1 to 64 (TR-069 A.3.2.8)"
        )),
    }
}

pub(super) fn is_standard_file_type(text: &str) -> bool {
    FILE_TYPE.is_match(text)
}

pub(super) fn url(text: &str) -> Result<String, String> {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"))
        .filter(|rest| !rest.is_empty() && !rest.starts_with('/'))
        .ok_or_else(|| format!("`{text}` does not begin with http:// or https:// and a host"))?;
    if rest.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err("contains white space".to_owned());
    }
    let fixed = text
        .replace("{device_key}", "")
        .replace("{command_key}", "")
        .replace("{file}", "");
    if fixed.contains(['{', '}']) {
        return Err(format!(
            "`{text}` has another placeholder than {{device_key}}, {{command_key}} and {{file}}"
        ));
    }
    let length = fixed.chars().count()
        + text.matches("{device_key}").count() * DEVICE_KEY_LENGTH
        + text.matches("{command_key}").count() * COMMAND_KEY_LENGTH
        + text.matches("{file}").count() * StagedNames::LONGEST.len();
    if length > URL_LENGTH_MAX {
        return Err(format!(
            "may grow to {length} characters, at most {URL_LENGTH_MAX} are allowed (TR-069 A.3.2.8); shorten it"
        ));
    }
    Ok(text.to_owned())
}

/// How the URLs of the files of a server begin.
pub(super) fn file_server(text: &str) -> Result<String, String> {
    if text.contains(['{', '}']) {
        return Err(format!(
            "`{text}` has a placeholder; write what stands before the first one"
        ));
    }
    // Without it, `https://files.example.net` would fit `https://files.example.net.example.org/` as well.
    match url(text)?.ends_with('/') {
        true => Ok(text.to_owned()),
        false => Err(format!("`{text}` must end with /")),
    }
}

/// Schemes of stores in the cloud.
const CLOUD: [&str; 3] = ["s3://", "gs://", "az://"];

/// Where files are staged; empty: nowhere.
pub(super) fn store(text: &str) -> Result<Option<String>, String> {
    let store = Some(text.to_owned());
    if text.is_empty() {
        return Ok(None);
    }
    if let Some(folder) = text.strip_prefix("file://") {
        return match Path::new(folder) {
            folder if !folder.is_absolute() => Err(format!(
                "`{text}` names no folder from the root on; write `file:///` and its path"
            )),
            folder if !folder.is_dir() => Err(format!("{} is no folder", folder.display())),
            _ => Ok(store),
        };
    }
    match CLOUD.iter().any(|scheme| text.starts_with(scheme)) {
        true if cfg!(feature = "cloud-stores") => Ok(store),
        true => Err(format!(
            "`{text}` is in the cloud, for which this program was not built: build it with `--features cloud-stores`"
        )),
        false => Err(format!(
            "`{text}` begins with none of `file:///`, `s3://`, `gs://` and `az://`"
        )),
    }
}

/// As devices tell it (`cwmp-1-2.xsd`, DeviceIdStruct).
pub(super) fn oui(text: &str) -> Result<String, String> {
    let is_digit = |c: char| c.is_ascii_digit() || ('A'..='F').contains(&c);
    match text.len() == 6 && text.chars().all(is_digit) {
        true => Ok(text.to_owned()),
        false => Err(format!(
            "`{text}` is no OUI: six digits of 0-9 and A-F in upper case; put it in quotes if it looks like a number"
        )),
    }
}

pub(super) fn product_class(text: &str) -> Result<String, String> {
    match text.chars().count() {
        1..=DeviceId::PART_CHARS_MAX => Ok(text.to_owned()),
        length => Err(format!(
            "has {length} characters, a product class has from 1 to {}; devices without one are matched by their OUI",
            DeviceId::PART_CHARS_MAX
        )),
    }
}

/// Empty: none.
#[expect(clippy::unnecessary_wraps, reason = "has the form of all readers")]
pub(super) fn file(text: &str) -> Result<Option<PathBuf>, String> {
    Ok((!text.is_empty()).then(|| text.into()))
}

pub(super) fn parameter(text: &str) -> Result<String, String> {
    if text.len() > PARAMETER_LENGTH_MAX {
        return Err(format!(
            "has more than {PARAMETER_LENGTH_MAX} characters; a whole path has at most 256"
        ));
    }
    match PARAMETER.is_match(text) {
        true => Ok(text.to_owned()),
        false => Err(format!(
            "`{text}` is no parameter name; write it relative to Device.Security.Certificate.{{i}}., e.g. \
             `X_EXAMPLE_COM_SUIDs`"
        )),
    }
}

pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        format!("`{text}` is not an address with a port such as 127.0.0.1:9464 or [::1]:9464")
    })
}

pub(super) fn address_or_none(text: &str) -> Result<Option<SocketAddr>, String> {
    (!text.is_empty()).then(|| address(text)).transpose()
}
