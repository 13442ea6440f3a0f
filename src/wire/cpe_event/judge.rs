//! A message that was read -> what the core knows: values that the standard does not allow end here.

use std::fmt;

use crate::correlator::{Answer, AnswerKind, CommandId, EventKind};
use crate::cwmp::{
    CommandKey, CommandKeyError, DownloadStatus, Fault, FaultCode, ParameterFault, ParameterValue,
    Rejection, RejectionReason, SetStatus, TransferComplete,
};
use crate::wire::r#gen::{self, CpeEvent, cpe_event};
use crate::wire::{DecodeError, DecodeReason};

/// Longest path in the data model of a device (TR-106 clause 3.2).
const PATH_BYTES_MAX: usize = 256;

/// What happened, by a message that was read.
///
/// # Errors
/// If a field has a value that the standard does not allow, or a required field is missing.
pub(super) fn kind(event: CpeEvent) -> Result<EventKind, DecodeError> {
    let kind = match event.event.ok_or_else(no_event)? {
        cpe_event::Event::AutonomousTransferComplete(_) => return Ok(EventKind::Foreign),
        cpe_event::Event::TransferComplete(transfer) => {
            return transfer_complete(transfer).map(EventKind::TransferComplete);
        }
        cpe_event::Event::CancelTransferResponse(_) => AnswerKind::CancelTransferResponse,
        cpe_event::Event::DownloadResponse(response) => {
            AnswerKind::DownloadResponse(download_status(response.status)?)
        }
        cpe_event::Event::Fault(said) => AnswerKind::Fault(fault(said)?),
        cpe_event::Event::GetParameterNamesResponse(_) => AnswerKind::GetParameterNamesResponse,
        cpe_event::Event::GetParameterValuesResponse(response) => {
            AnswerKind::GetParameterValuesResponse(
                response.parameters.into_iter().map(parameter).collect(),
            )
        }
        cpe_event::Event::Rejection(said) => AnswerKind::Rejection(rejection(said)?),
        cpe_event::Event::SetParameterValuesResponse(response) => {
            AnswerKind::SetParameterValuesResponse(set_status(response.status)?)
        }
    };
    Ok(EventKind::Answer(Answer {
        command_id: CommandId::parse(&event.command_id),
        command_key: command_key(&event.command_key)?,
        kind,
    }))
}

/// The message says who, and not what.
pub(super) fn no_event() -> DecodeError {
    invalid(
        "event: the message holds none that this version knows, e.g. download_response or transfer_complete",
    )
}

fn transfer_complete(said: r#gen::TransferComplete) -> Result<TransferComplete, DecodeError> {
    let fault = said.fault.ok_or_else(|| {
        invalid("TransferComplete has no FaultStruct with a FaultCode: nobody knows how the transfer ended")
    })?;
    let fault = match fault.fault_code {
        0 => None,
        code => Some(Fault {
            text: fault.fault_string.into(),
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
        command_key: command_key(&said.command_key)?,
        fault,
        certificate_path: Some(path)
            .filter(|path| !path.is_empty())
            .map(String::into_boxed_str),
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

fn fault(said: r#gen::Fault) -> Result<Fault, DecodeError> {
    Ok(Fault {
        code: fault_code(said.fault_code)?,
        text: said.fault_string.into(),
        parameters: said
            .set_parameter_values_faults
            .into_iter()
            .map(parameter_fault)
            .collect::<Result<_, _>>()?,
    })
}

fn parameter_fault(said: r#gen::SetParameterValuesFault) -> Result<ParameterFault, DecodeError> {
    Ok(ParameterFault {
        name: said.parameter_name.into(),
        code: fault_code(said.fault_code)?,
        text: said.fault_string.into(),
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

fn parameter(said: r#gen::ParameterValue) -> ParameterValue {
    ParameterValue {
        name: said.name.into(),
        value: said.value.into(),
    }
}

fn rejection(said: r#gen::Rejection) -> Result<Rejection, DecodeError> {
    use r#gen::rejection::Reason;

    let reason = Reason::try_from(said.reason).map_err(|_| {
        invalid(format!(
            "Rejection.reason is {}, which is none",
            said.reason
        ))
    })?;
    Ok(Rejection {
        reason: match reason {
            Reason::DeviceUnavailable => RejectionReason::DeviceUnavailable,
            Reason::RetryLater => RejectionReason::RetryLater,
            Reason::SessionTimeout => RejectionReason::SessionTimeout,
            Reason::UnknownDevice => RejectionReason::UnknownDevice,
            Reason::Unspecified => RejectionReason::Unspecified,
        },
        detail: said.detail.into(),
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
