//! A message that was read -> what the core knows: values that the standard does not allow end here.

use std::fmt;

use crate::correlator::{Answer, AnswerKind, CommandId, EventKind};
use crate::cwmp::{
    CommandKey, CommandKeyError, DownloadStatus, Fault, FaultCode, ParameterFault, ParameterValue,
    Rejection, RejectionReason, SetStatus, TransferComplete,
};
use crate::wire::r#gen::rejection::Reason;
use crate::wire::{DecodeError, DecodeReason};

use super::message::{self, Message, Said};

/// Longest path in the data model of a device (TR-106 clause 3.2).
const PATH_BYTES_MAX: usize = 256;

/// What happened, by a message that was read.
///
/// # Errors
/// If a field has a value that the standard does not allow, or a required field is missing.
pub(super) fn kind(message: Message<'_>) -> Result<EventKind, DecodeError> {
    let kind = match message.said.ok_or_else(no_event)? {
        Said::AutonomousTransferComplete => return Ok(EventKind::Foreign),
        Said::TransferComplete(said) => {
            return transfer_complete(said).map(EventKind::TransferComplete);
        }
        Said::CancelTransferResponse => AnswerKind::CancelTransferResponse,
        Said::DownloadResponse { status } => AnswerKind::DownloadResponse(download_status(status)?),
        Said::Fault(said) => AnswerKind::Fault(fault(said)?),
        Said::GetParameterNamesResponse => AnswerKind::GetParameterNamesResponse,
        Said::GetParameterValuesResponse(parameters) => {
            AnswerKind::GetParameterValuesResponse(parameters.into_iter().map(parameter).collect())
        }
        Said::Rejection { reason, detail } => AnswerKind::Rejection(rejection(reason, detail)?),
        Said::SetParameterValuesResponse { status } => {
            AnswerKind::SetParameterValuesResponse(set_status(status)?)
        }
    };
    Ok(EventKind::Answer(Answer {
        command_id: CommandId::parse(message.command_id),
        command_key: command_key(message.command_key)?,
        kind,
    }))
}

/// The message says who, and not what.
pub(super) fn no_event() -> DecodeError {
    invalid(
        "event: the message holds none that this version knows, e.g. download_response or transfer_complete",
    )
}

fn transfer_complete(said: message::TransferComplete<'_>) -> Result<TransferComplete, DecodeError> {
    let fault = said.fault.ok_or_else(|| {
        invalid("TransferComplete has no FaultStruct with a FaultCode: nobody knows how the transfer ended")
    })?;
    let fault = match fault.code {
        0 => None,
        code => Some(Fault {
            text: fault.text.into(),
            ..Fault::new(cpe_fault_code(code)?)
        }),
    };
    let path = said.certificate_path;
    if path.len() > PATH_BYTES_MAX {
        return Err(invalid(format!(
            "certificate_path has {} bytes: at most {PATH_BYTES_MAX} are allowed (TR-106 clause 3.2)",
            path.len()
        )));
    }
    Ok(TransferComplete {
        command_key: command_key(said.command_key)?,
        fault,
        certificate_path: Some(path).filter(|path| !path.is_empty()).map(Box::from),
    })
}

fn download_status(status: u32) -> Result<DownloadStatus, DecodeError> {
    match status {
        0 => Ok(DownloadStatus::Completed),
        1 => Ok(DownloadStatus::Accepted),
        _ => Err(bad_status("DownloadResponse", status)),
    }
}

fn set_status(status: u32) -> Result<SetStatus, DecodeError> {
    match status {
        0 => Ok(SetStatus::Applied),
        1 => Ok(SetStatus::Committed),
        _ => Err(bad_status("SetParameterValuesResponse", status)),
    }
}

fn fault(said: message::Fault<'_>) -> Result<Fault, DecodeError> {
    Ok(Fault {
        code: fault_code(said.code)?,
        text: said.text.into(),
        parameters: said
            .parameters
            .into_iter()
            .map(parameter_fault)
            .collect::<Result<_, _>>()?,
    })
}

fn parameter_fault(said: message::ParameterFault<'_>) -> Result<ParameterFault, DecodeError> {
    Ok(ParameterFault {
        name: said.name.into(),
        code: fault_code(said.code)?,
        text: said.text.into(),
    })
}

fn fault_code(code: u32) -> Result<FaultCode, DecodeError> {
    FaultCode::try_from(code).map_err(|error| invalid(format!("FaultCode: {error}")))
}

fn cpe_fault_code(code: u32) -> Result<FaultCode, DecodeError> {
    match fault_code(code)? {
        code if code.is_from_cpe() => Ok(code),
        code => Err(invalid(format!(
            "FaultCode {code} comes from an ACS; a TransferComplete has 0 or 9000 to 9899"
        ))),
    }
}

fn parameter(said: message::Parameter<'_>) -> ParameterValue {
    ParameterValue {
        name: said.name.into(),
        value: said.value.into(),
    }
}

fn rejection(reason: i32, detail: &str) -> Result<Rejection, DecodeError> {
    let reason = Reason::try_from(reason)
        .map_err(|_| invalid(format!("Rejection.reason is {reason}, which is none")))?;
    Ok(Rejection {
        reason: match reason {
            Reason::DeviceUnavailable => RejectionReason::DeviceUnavailable,
            Reason::RetryLater => RejectionReason::RetryLater,
            Reason::SessionTimeout => RejectionReason::SessionTimeout,
            Reason::UnknownDevice => RejectionReason::UnknownDevice,
            Reason::Unspecified => RejectionReason::Unspecified,
        },
        detail: detail.into(),
    })
}

/// An empty key names nothing.
fn command_key(text: &str) -> Result<Option<CommandKey>, DecodeError> {
    match CommandKey::try_from(text) {
        Ok(key) => Ok(Some(key)),
        Err(CommandKeyError::Empty) => Ok(None),
        Err(error @ CommandKeyError::TooLong(_)) => Err(DecodeError {
            reason: DecodeReason::InvalidCommandKey,
            detail: error.to_string(),
        }),
    }
}

fn bad_status(rpc: &str, status: u32) -> DecodeError {
    invalid(format!("Status of {rpc} is {status}; 0 and 1 are allowed"))
}

fn invalid(detail: impl fmt::Display) -> DecodeError {
    DecodeError {
        reason: DecodeReason::InvalidField,
        detail: detail.to_string(),
    }
}
