//! Outputs as their readers understand them.

use prost::Message as _;

use crate::correlator::CommandId;
use crate::cwmp::DeviceId;
use crate::time::Timestamp;
use crate::wire::Destination;
use crate::wire::r#gen::cpe_command::Rpc;
use crate::wire::r#gen::{CpeCommand, CreateResponse};

use super::super::kafka::Entry;
use super::Id;

#[derive(Clone, Debug)]
pub(in super::super) enum Output {
    Command {
        id: Id,
        command_id: CommandId,
        expires_at: Timestamp,
        at: Timestamp,
        cause: String,
        request: String,
        /// Name and value of the first parameter of a SetParameterValues.
        set: Option<(String, String)>,
        /// Of a Download.
        url: Option<String>,
    },
    Response {
        code: u16,
        /// Absent if the request was refused.
        id: Option<Id>,
        cause: String,
        request: String,
        at: Timestamp,
        /// Attributes, address or debug text, as JSON.
        content: String,
    },
    DeadLetter {
        source: String,
        reason: String,
        at: Timestamp,
    },
}

pub(in super::super) fn read(entry: &Entry) -> Output {
    let header = |name| entry.message.header(name).map(str::to_owned);
    let value = entry.message.value.as_deref().unwrap_or_default();
    let cause = header("credbridge-cause").unwrap_or_default();
    let request = header("credbridge-request").unwrap_or_default();
    let device = header("cwmp-device-id").and_then(|key| DeviceId::from_key(&key).ok());
    let id = device.zip(header("cwmp-command-key"));
    match entry.destination {
        Some(Destination::Commands) => {
            let command = CpeCommand::decode(value).expect("a command can be read");
            let time = command.expires_at.expect("a command expires");
            let millis = time.seconds * 1000 + i64::from(time.nanos) / 1_000_000;
            let (set, url) = match command.rpc {
                Some(Rpc::SetParameterValues(set)) => {
                    let first = set.parameters.into_iter().next();
                    (first.map(|first| (first.name, first.value)), None)
                }
                Some(Rpc::Download(download)) => (None, Some(download.url)),
                Some(
                    Rpc::GetParameterValues(_) | Rpc::GetParameterNames(_) | Rpc::CancelTransfer(_),
                )
                | None => (None, None),
            };
            let parsed = CommandId::parse(&command.command_id).expect("a command has an id");
            Output::Command {
                id: id.expect("a command names its installation"),
                command_id: parsed,
                at: entry.at,
                expires_at: Timestamp::from_millis(millis.unsigned_abs()),
                cause,
                request,
                set,
                url,
            }
        }
        Some(Destination::Responses) => {
            let response = CreateResponse::decode(value).expect("a response can be read");
            Output::Response {
                code: u16::try_from(response.response_status_code).expect("a status code"),
                id,
                cause,
                request,
                at: entry.at,
                content: String::from_utf8(response.content).expect("content is JSON"),
            }
        }
        Some(Destination::DeadLetters) => Output::DeadLetter {
            source: header("credbridge-source").unwrap_or_default(),
            reason: header("credbridge-reason").unwrap_or_default(),
            at: entry.at,
        },
        Some(Destination::Changelog | Destination::Ledger | Destination::Routed) | None => {
            unreachable!("the bridge writes only outputs there")
        }
    }
}
