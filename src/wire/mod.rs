//! Bytes <-> domain types: one file per kind of record.

mod cbor;
pub mod changelog;
mod cloud_event;
#[cfg(test)]
mod codegen;
mod command_keys;
mod cpe_command;
mod cpe_event;
mod dead_letter;
mod decoder;
mod device_id;
mod encoder;
mod fields;
mod format;
pub mod r#gen;
mod item_limit;
mod json_members;
mod json_primitive;
mod ledger_record;
mod line;
mod logins;
mod node_record;
mod nodes;
mod notification;
mod outbound;
mod refusal;
mod request_judgement;
mod request_primitive;
mod resource_request;
mod response_primitive;
mod soap;

pub use changelog::{ChangelogEntry, ChangelogError, WaitingRequest};
pub use command_keys::CommandKeys;
pub use cpe_event::{ReadEvent, read_event};
pub use dead_letter::DEAD_LETTER_HEADERS;
pub use decoder::{
    DecodeError, DecodeReason, Decoded, Decoder, Input, NodeLookups, Several, Undecoded,
};
pub use encoder::{Cause, Encoder};
pub use format::Format;
pub use ledger_record::LedgerRecord;
pub use logins::{Login, Logins};
pub use node_record::{NodeRecord, read_node};
pub use nodes::{Nodes, NodesFull};
pub use outbound::{Destination, Outbound};
pub use refusal::Refusal;
pub use request_primitive::{ReadNotification, ReadPrimitive, ReadRequest};
