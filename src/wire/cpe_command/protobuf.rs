//! Each field has the number that `proto/credbridge/v1/cpe_command.proto` gives it.

use crate::correlator::Command;
use crate::cwmp::{DeviceId, Download, Rpc, SetParameterValues};
use crate::wire::Encoder;
use crate::wire::fields::Fields;

use super::message::timestamp;

/// Writes the message [`gen::CpeCommand`](crate::wire::gen::CpeCommand).
pub(super) fn write(encoder: &Encoder, command: &Command, out: &mut Vec<u8>) {
    let mut fields = Fields::new(out);
    fields.display(1, command.id());
    fields.message(2, |fields| {
        fields.text(1, &command.device().oui());
        fields.text(2, &command.device().product_class());
        fields.text(3, &command.device().serial_number());
    });
    if let Some(time) = timestamp(command.expires_at) {
        fields.message(3, |fields| {
            fields.signed(1, time.seconds);
            fields.signed(2, time.nanos);
        });
    }
    match &command.rpc {
        Rpc::CancelTransfer(command_key) => {
            fields.message(14, |fields| fields.text(1, command_key.as_str()));
        }
        Rpc::Download(arguments) => fields.message(10, |fields| {
            download(encoder, command.device(), arguments, fields);
        }),
        Rpc::GetParameterValues(arguments) => fields.message(12, |fields| {
            for name in &arguments.names {
                fields.present_bytes(1, name.as_bytes());
            }
        }),
        Rpc::SetParameterValues(arguments) => {
            fields.message(11, |fields| set_parameter_values(arguments, fields));
        }
    }
}

fn download(encoder: &Encoder, device: &DeviceId, arguments: &Download, fields: &mut Fields<'_>) {
    let login = encoder.logins.of(&arguments.url);
    fields.text(1, arguments.command_key.as_str());
    fields.text(2, encoder.file_type.of(device));
    fields.text(3, &arguments.url);
    fields.text(4, &login.username);
    fields.text(5, &login.password);
    fields.number(6, arguments.file_size);
    fields.bytes(11, &arguments.content);
    fields.text(12, &arguments.content_type);
}

fn set_parameter_values(arguments: &SetParameterValues, fields: &mut Fields<'_>) {
    for parameter in &arguments.parameters {
        fields.message(1, |fields| {
            fields.text(1, &parameter.name);
            fields.text(2, parameter.value.text());
            fields.text(3, parameter.value.type_name());
        });
    }
    fields.text(2, arguments.parameter_key.as_str());
}
