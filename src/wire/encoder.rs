use std::fmt;

use crate::cwmp::PerDevice;
use crate::record::Coordinates;

use super::{Format, Logins};

/// Writes commands, responses and dead letters.
#[derive(Debug)]
pub struct Encoder {
    /// Format of commands: protobuf, JSON or SOAP.
    pub commands: Format,
    /// Format of responses: JSON, CBOR or protobuf.
    pub responses: Format,
    /// FileType argument of Download.
    pub file_type: PerDevice<String>,
    /// Username and Password arguments of Download.
    pub logins: Logins,
}

/// What made an output necessary: the header `credbridge-cause`.
#[derive(Clone, Copy, Debug)]
pub enum Cause<'a> {
    /// A time-out.
    Deadline,
    /// A record.
    Record(&'a Coordinates),
}

impl fmt::Display for Cause<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deadline => f.write_str("deadline"),
            Self::Record(coordinates) => coordinates.fmt(f),
        }
    }
}
