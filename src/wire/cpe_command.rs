//! Commands for the ACS: protobuf, proto3 JSON and SOAP envelopes. JSON is written from a message that is made of
//! copies; the others are written directly.

mod message;
mod protobuf;
mod soap_envelope;
#[cfg(test)]
mod tests;

use crate::correlator::Command;
use crate::mapping::RULES_VERSION;

use super::outbound::output_id;
use super::{Cause, Destination, Encoder, Format, Outbound};

impl Encoder {
    /// Writes a command: keyed by its device, with what an ACS needs to answer it and people need to trace it.
    ///
    /// The certificate travels in protobuf and JSON only: no argument of the RPC Download can hold it.
    ///
    /// # Panics
    /// If commands are to be written as CBOR, which the configuration does not allow.
    pub fn command(&self, command: &Command, cause: Cause<'_>, outbound: &mut Outbound) {
        outbound.start(Destination::Commands);
        outbound
            .key_mut()
            .extend_from_slice(command.device().key().as_bytes());
        let value = outbound.value_mut();
        let content_type = match self.commands {
            Format::Protobuf => {
                protobuf::write(self, command, value);
                "application/x-protobuf"
            }
            Format::Json => {
                serde_json::to_writer(value, &message::message(self, command))
                    .expect("memory holds every message");
                "application/json"
            }
            Format::Soap => {
                soap_envelope::write(self, command, value);
                "text/xml"
            }
            Format::Cbor => unreachable!("the configuration refuses commands as CBOR"),
        };
        outbound.header("content-type", content_type.as_bytes());
        write_headers(command, cause, outbound);
    }
}

fn write_headers(command: &Command, cause: Cause<'_>, outbound: &mut Outbound) {
    let request = &command.request;
    let id = command.id();
    outbound.header("cwmp-device-id", command.device().key().as_bytes());
    outbound.header("cwmp-command-key", id.command_key.as_str().as_bytes());
    if let Some(traceparent) = &request.traceparent {
        outbound.header("traceparent", traceparent);
    }
    if let Some(tracestate) = &request.tracestate {
        outbound.header("tracestate", tracestate);
    }
    outbound.header(
        "credbridge-id",
        output_id(&[
            b"command",
            command.device().key().as_bytes(),
            id.command_key.as_str().as_bytes(),
            request.coordinates.topic.as_bytes(),
            &request.coordinates.partition.to_le_bytes(),
            &request.coordinates.offset.to_le_bytes(),
            id.step.as_str().as_bytes(),
            &id.attempt.to_le_bytes(),
        ])
        .as_bytes(),
    );
    outbound.header_display("credbridge-cause", cause);
    outbound.header_display("credbridge-request", &request.coordinates);
    outbound.header("credbridge-rules", RULES_VERSION.as_bytes());
}
