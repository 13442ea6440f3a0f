use crate::correlator::Command;
use crate::cwmp::{self, DeviceId, Rpc};
use crate::time::Timestamp;
use crate::wire::Encoder;
use crate::wire::r#gen::{self, CpeCommand, cpe_command};

/// Last time that `google.protobuf.Timestamp` can hold: the end of the year 9999, in seconds.
const SECONDS_MAX: u64 = 253_402_300_799;

/// The command as a message.
pub(super) fn message(encoder: &Encoder, command: &Command) -> CpeCommand {
    CpeCommand {
        command_id: command.id().to_string(),
        device: Some(command.device().into()),
        expires_at: timestamp(command.expires_at),
        rpc: Some(match &command.rpc {
            Rpc::CancelTransfer(command_key) => {
                cpe_command::Rpc::CancelTransfer(r#gen::CancelTransfer {
                    command_key: command_key.as_str().into(),
                })
            }
            Rpc::Download(arguments) => {
                cpe_command::Rpc::Download(download(encoder, command.device(), arguments))
            }
            Rpc::GetParameterValues(arguments) => {
                cpe_command::Rpc::GetParameterValues(r#gen::GetParameterValues {
                    names: arguments.names.iter().map(|name| (**name).into()).collect(),
                })
            }
            Rpc::SetParameterValues(arguments) => {
                cpe_command::Rpc::SetParameterValues(set_parameter_values(arguments))
            }
        }),
    }
}

/// `None` for a time that the message cannot hold, which is one that never comes.
pub(super) fn timestamp(time: Timestamp) -> Option<pbjson_types::Timestamp> {
    let seconds = Some(time.as_millis() / 1_000).filter(|seconds| *seconds <= SECONDS_MAX)?;
    Some(pbjson_types::Timestamp {
        seconds: i64::try_from(seconds).ok()?,
        nanos: i32::try_from(time.as_millis() % 1_000 * 1_000_000).ok()?,
    })
}

fn download(encoder: &Encoder, device: &DeviceId, arguments: &cwmp::Download) -> r#gen::Download {
    let login = encoder.logins.of(&arguments.url);
    r#gen::Download {
        command_key: arguments.command_key.as_str().into(),
        file_type: encoder.file_type.of(device).clone(),
        url: arguments.url.clone(),
        username: login.username.clone(),
        password: login.password.clone(),
        file_size: arguments.file_size,
        content: arguments.content.to_vec(),
        content_type: (*arguments.content_type).into(),
        ..r#gen::Download::default()
    }
}

fn set_parameter_values(arguments: &cwmp::SetParameterValues) -> r#gen::SetParameterValues {
    r#gen::SetParameterValues {
        parameters: arguments
            .parameters
            .iter()
            .map(|parameter| r#gen::ParameterValue {
                name: (*parameter.name).into(),
                value: parameter.value.text().into(),
                r#type: parameter.value.type_name().into(),
            })
            .collect(),
        parameter_key: arguments.parameter_key.as_str().into(),
    }
}
