use std::sync::Arc;

use super::CommandKey;

/// An RPC that the ACS is to call on a CPE.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Rpc {
    /// Takes back a queued Download (TR-069 A.4.1.9).
    CancelTransfer(CommandKey),
    /// Puts a file on the device.
    Download(Download),
    /// Reads parameters.
    GetParameterValues(GetParameterValues),
    /// Sets parameters.
    SetParameterValues(SetParameterValues),
}

/// The arguments of Download (TR-069 A.3.2.8) that the bridge sets; the others are empty or zero.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Download {
    /// Comes back in the TransferComplete.
    pub command_key: CommandKey,
    /// Where the CPE fetches the file; at most 256 characters.
    pub url: String,
    /// Bytes of the file; 0: not stated.
    pub file_size: u64,
    /// The file itself, for an ACS that serves it; empty: not sent along.
    pub content: Arc<[u8]>,
    /// Media type of the content.
    pub content_type: Arc<str>,
}

/// The file that a Download puts on the device.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DownloadFile {
    /// The file itself, to be sent along or staged; empty: the ACS has it from elsewhere.
    pub content: Arc<[u8]>,
    /// Bytes of the file.
    pub size: u64,
}

/// The arguments of GetParameterValues (TR-069 A.3.2.2).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct GetParameterValues {
    /// Full paths, or partial paths with a dot at the end.
    pub names: Vec<Box<str>>,
}

/// The arguments of SetParameterValues (TR-069 A.3.2.1).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SetParameterValues {
    /// Set together or not at all.
    pub parameters: Vec<ParameterSetting>,
    /// Value for the ParameterKey of the device.
    pub parameter_key: CommandKey,
}

/// One parameter with its value (TR-069 ParameterValueStruct).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ParameterValue {
    /// Full path, at most 256 characters.
    pub name: Box<str>,
    /// The value in its lexical form.
    pub value: Box<str>,
}

/// One parameter and what it is to be.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ParameterSetting {
    /// Full path, at most 256 characters.
    pub name: Box<str>,
    /// What it is to be.
    pub value: SettingValue,
}

/// A value with its type (TR-106 clause 3.2).
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SettingValue {
    /// `xsd:boolean`
    Boolean(bool),
    /// `xsd:string`
    Text(Box<str>),
}

impl SettingValue {
    /// The name of the type, with the usual prefix of XML Schema.
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::Boolean(_) => "xsd:boolean",
            Self::Text(_) => "xsd:string",
        }
    }

    /// The lexical form.
    pub fn text(&self) -> &str {
        match self {
            Self::Boolean(true) => "true",
            Self::Boolean(false) => "false",
            Self::Text(text) => text,
        }
    }
}

/// What a DownloadResponse says (TR-069 A.3.2.8, argument Status).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DownloadStatus {
    /// 1: accepted; a TransferComplete follows.
    Accepted,
    /// 0: completed and applied; no TransferComplete follows.
    Completed,
}

/// What a SetParameterValuesResponse says (TR-069 A.3.2.1, argument Status).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SetStatus {
    /// 0: applied.
    Applied,
    /// 1: committed, takes effect later, e.g. after a reboot.
    Committed,
}

/// The ACS could not deliver a command.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rejection {
    /// Why.
    pub reason: RejectionReason,
    /// Text for people; may be empty.
    pub detail: Box<str>,
}

/// Why the ACS could not deliver a command.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RejectionReason {
    /// The device has no session and cannot be reached.
    DeviceUnavailable,
    /// The ACS asks to come again later.
    RetryLater,
    /// The session ended before the CPE answered.
    SessionTimeout,
    /// The ACS does not know the device.
    UnknownDevice,
    /// Not stated.
    Unspecified,
}
