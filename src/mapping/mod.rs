//! oneM2M TS-0006 clause 8.3.2, and nothing else.

mod certificate_instance;
mod distinguished_name;
mod fault_table;
mod staged_name;
mod suids_parameter;

pub use certificate_instance::{
    CERTIFICATE_TABLE, KnownRow, find_row, known_row, row_name, row_names,
};
pub use fault_table::{
    FaultMapping, FaultMessage, Listing, Quoted, RULES_VERSION, deciding_code, describe_fault,
    map_fault,
};
pub use staged_name::{StagedNames, staged_until};

use std::fmt::Write as _;
use std::sync::Arc;

use crate::cwmp::{
    CommandKey, DeviceId, Download, DownloadFile, GetParameterValues, ParameterSetting, PerDevice,
    RejectionReason, SetParameterValues, SettingValue,
};
use crate::onem2m::{MyCertFileCred, ResponseStatusCode};

/// What clause 8.3.2 leaves to the operator.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rules {
    /// Download URL, with the placeholders `{device_key}` and `{command_key}`, and `{file}` for the name of a staged file.
    pub download_url: PerDevice<String>,
    /// How the certificate file reaches the device.
    pub content: ContentRule,
    /// Name of the SUIDs parameter under `Device.Security.Certificate.{i}.`.
    pub suids_parameter: PerDevice<String>,
    /// Whether the response waits for the answer to SetParameterValues.
    pub await_set_result: bool,
    /// What deleting a resource means for the device.
    pub delete: DeleteRule,
    /// Whether a certificate that is expired or not yet valid is refused; else the response says so.
    pub refuse_invalid: bool,
}

/// How the certificate file reaches the device.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ContentRule {
    /// It is in the Download command; the ACS serves it.
    Inline,
    /// The ACS has it from elsewhere.
    Elsewhere,
    /// It is put into a store, under one of these names, before the Download command is sent.
    Staged(StagedNames),
}

/// What deleting a resource means for the device. The table of certificates has no DeleteObject (TR-181), so clause
/// 8.1.3 of TS-0006 cannot be followed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum DeleteRule {
    /// Enable of the row is set to false, then the resource is forgotten.
    #[default]
    Disable,
    /// Only the resource is forgotten; the certificate stays as it is.
    Forget,
    /// It is not allowed.
    Refuse,
}

/// Longest URL argument of Download in characters (`cwmp-1-2.xsd`).
pub const URL_CHARS_MAX: usize = 256;

/// The Download URL is longer than [`URL_CHARS_MAX`].
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "the Download URL would have {chars} characters, TR-069 allows 256: shorten download.url in the configuration, or \
     the CommandKey that the requester assigns"
)]
pub struct UrlTooLong {
    /// Its length in characters.
    pub chars: usize,
}

impl Rules {
    /// What is kept of the certificate file until the device has accepted the Download.
    pub fn file(&self, content: Arc<[u8]>) -> DownloadFile {
        DownloadFile {
            size: content.len() as u64,
            content: match &self.content {
                ContentRule::Inline | ContentRule::Staged(_) => content,
                ContentRule::Elsewhere => Arc::default(),
            },
        }
    }

    /// The Download that puts the certificate on the device (TS-0006 clause 8.3.2.1). The device key stands in the URL
    /// as it is; the CommandKey percent-encoded; `staged` is the name of the staged file.
    ///
    /// # Errors
    /// If the URL gets too long.
    pub fn download(
        &self,
        device: &DeviceId,
        command_key: CommandKey,
        resource: &MyCertFileCred,
        file: &DownloadFile,
        staged: Option<&str>,
    ) -> Result<Download, UrlTooLong> {
        let url = filled(
            self.download_url.of(device),
            &[
                ("{device_key}", device.key()),
                ("{command_key}", &percent_encoded(command_key.as_str())),
                ("{file}", staged.unwrap_or_default()),
            ],
        );
        let chars = url.chars().count();
        if chars > URL_CHARS_MAX {
            return Err(UrlTooLong { chars });
        }
        Ok(Download {
            command_key,
            url,
            file_size: file.size,
            content: match &self.content {
                ContentRule::Inline => Arc::clone(&file.content),
                ContentRule::Elsewhere | ContentRule::Staged(_) => Arc::default(),
            },
            content_type: resource.my_cert_file_format.clone(),
        })
    }

    /// The SetParameterValues that gives the row at `path` its SUIDs (TS-0006 clauses 8.3.2.1 and 8.1.4).
    pub fn set_parameter_values(
        &self,
        device: &DeviceId,
        command_key: CommandKey,
        path: &str,
        resource: &MyCertFileCred,
    ) -> SetParameterValues {
        SetParameterValues {
            parameters: vec![suids_parameter::suids_parameter(
                path,
                self.suids_parameter.of(device),
                &resource.suids,
            )],
            parameter_key: command_key,
        }
    }

    /// The SetParameterValues that takes the certificate in the row at `path` out of use.
    pub fn disable(&self, command_key: CommandKey, path: &str) -> SetParameterValues {
        SetParameterValues {
            parameters: vec![ParameterSetting {
                name: format!("{path}Enable").into(),
                value: SettingValue::Boolean(false),
            }],
            parameter_key: command_key,
        }
    }
}

/// The GetParameterValues that reads the table of certificates.
pub fn lookup() -> GetParameterValues {
    GetParameterValues {
        names: vec![CERTIFICATE_TABLE.into()],
    }
}

/// The answer when the ACS did not deliver a command (TS-0004 clauses 7.3.4.1 and 7.3.4.3).
pub const fn map_rejection(reason: RejectionReason) -> ResponseStatusCode {
    match reason {
        RejectionReason::UnknownDevice => ResponseStatusCode::ExternalObjectNotReachable,
        RejectionReason::DeviceUnavailable
        | RejectionReason::RetryLater
        | RejectionReason::Unspecified => ResponseStatusCode::MgmtSessionCannotBeEstablished,
        RejectionReason::SessionTimeout => ResponseStatusCode::MgmtSessionEstablishmentTimeout,
    }
}

/// The template with its placeholders replaced by their values; other braces stay.
fn filled(template: &str, placeholders: &[(&str, &str)]) -> String {
    let mut text = String::with_capacity(URL_CHARS_MAX);
    let mut rest = template;
    while let Some(brace) = rest.find('{') {
        text.push_str(&rest[..brace]);
        rest = &rest[brace..];
        let found = placeholders
            .iter()
            .find_map(|(name, value)| Some((value, rest.strip_prefix(name)?)));
        if let Some((value, after)) = found {
            text.push_str(value);
            rest = after;
        } else {
            text.push('{');
            rest = &rest[1..];
        }
    }
    text.push_str(rest);
    text
}

/// The text with every byte outside the unreserved characters of RFC 3986 as `%XX`.
fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").expect("writing to memory does not fail");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::onem2m::TypeName;

    fn rules() -> Rules {
        Rules {
            download_url: "https://f/{device_key}/{command_key}".to_owned().into(),
            content: ContentRule::Inline,
            suids_parameter: "SUIDs".to_owned().into(),
            await_set_result: true,
            delete: DeleteRule::Disable,
            refuse_invalid: false,
        }
    }

    fn resource() -> MyCertFileCred {
        MyCertFileCred {
            type_name: TypeName::Dcfg,
            suids: Box::default(),
            my_cert_file_format: "application/pkix-cert".into(),
            object_paths: Box::default(),
            resource_name: None,
        }
    }

    fn device() -> DeviceId {
        DeviceId::new("00256D", "", "1").unwrap()
    }

    fn command_key(text: &str) -> CommandKey {
        CommandKey::try_from(text).unwrap()
    }

    fn download(rules: &Rules, key: &str) -> Result<Download, UrlTooLong> {
        let file = rules.file(Arc::from(*b"abc"));
        let staged = Some("n").filter(|_| matches!(rules.content, ContentRule::Staged(_)));
        rules.download(&device(), command_key(key), &resource(), &file, staged)
    }

    #[test]
    fn download_url_names_device_and_command_key() {
        let download = download(&rules(), "a b/c").unwrap();
        assert_eq!(download.url, "https://f/00256D-1/a%20b%2Fc");
        assert_eq!((download.file_size, &*download.content), (3, &b"abc"[..]));
    }

    #[test]
    fn content_that_is_not_inline_leaves_its_size() {
        let rules = Rules {
            content: ContentRule::Elsewhere,
            ..rules()
        };
        let download = download(&rules, "k").unwrap();
        assert_eq!((download.file_size, download.content.len()), (3, 0));
    }

    #[test]
    fn a_staged_file_is_named_by_the_url_and_does_not_travel() {
        let rules = Rules {
            download_url: "https://f/{file}?k={command_key}".to_owned().into(),
            content: ContentRule::Staged(StagedNames::new("s", "a")),
            ..rules()
        };
        assert_eq!(rules.file(Arc::from(*b"abc")).content.len(), 3);
        let download = download(&rules, "k").unwrap();
        assert_eq!(download.url, "https://f/n?k=k");
        assert_eq!((download.file_size, download.content.len()), (3, 0));
    }

    #[test]
    fn only_placeholders_are_replaced_and_their_values_are_not_read_again() {
        let names = [("{a}", "{b}"), ("{b}", "2")];
        assert_eq!(filled("{a}{b}{c}{{a}x{", &names), "{b}2{c}{{b}x{");
        assert_eq!(filled("", &names), "");
    }

    #[test]
    fn url_of_256_characters_is_the_longest() {
        let rules = Rules {
            download_url: format!("https://f/{}{{command_key}}", "x".repeat(245)).into(),
            ..rules()
        };
        assert_eq!(download(&rules, "k").unwrap().url.len(), 256);
        assert_eq!(download(&rules, "kk"), Err(UrlTooLong { chars: 257 }));
    }

    #[test]
    fn rejections_have_the_codes_of_ts_0004() {
        let codes = [
            RejectionReason::UnknownDevice,
            RejectionReason::DeviceUnavailable,
            RejectionReason::SessionTimeout,
            RejectionReason::RetryLater,
            RejectionReason::Unspecified,
        ]
        .map(|reason| map_rejection(reason).get());
        assert_eq!(codes, [6003, 6020, 6021, 6020, 6020]);
    }
}
