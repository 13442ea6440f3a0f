//! Tables of attributes.

use std::fmt;

/// One attribute or parameter of oneM2M.
#[derive(Clone, Copy, Debug)]
pub(in crate::wire) struct Attribute {
    pub(in crate::wire) short: &'static str,
    pub(in crate::wire) long: &'static str,
    pub(in crate::wire) kind: Kind,
    packed: Packed,
}

/// What the value of an attribute must be.
#[derive(Clone, Copy, Debug)]
pub(in crate::wire) enum Kind {
    /// Anything: the bridge does not look at it.
    Any,
    /// An object with members of this table.
    Members(&'static [Attribute]),
    NotPermitted,
    Number,
    NumberList,
    Object,
    Text,
    TextList,
    /// absRelTimestamp: text, or a number of milliseconds.
    Time,
}

impl Kind {
    pub(super) fn expected(self) -> &'static str {
        match self {
            Self::Any | Self::NotPermitted => "a value",
            Self::Number => "a number from 0 to 4294967295",
            Self::NumberList => "a list of numbers",
            Self::Members(_) | Self::Object => "an object",
            Self::Text => "a text",
            Self::TextList => "a list of texts",
            Self::Time => "a text or a number of milliseconds",
        }
    }
}

/// Short for a row of a table.
pub(in crate::wire) const fn attribute(
    short: &'static str,
    long: &'static str,
    kind: Kind,
) -> Attribute {
    Attribute {
        short,
        long,
        kind,
        packed: pack(short),
    }
}

/// A name as one number, because tables are looked through for each member; different for different names, but 0 for
/// the empty one and all that are longer than any attribute's.
type Packed = u128;

pub(super) const fn pack(name: &str) -> Packed {
    let bytes = name.as_bytes();
    if bytes.len() >= size_of::<Packed>() {
        return 0;
    }
    let mut packed = bytes.len() as Packed;
    let mut index = 0;
    while index < bytes.len() {
        packed = packed << 8 | bytes[index] as Packed;
        index += 1;
    }
    packed
}

pub(super) fn index_in(table: &[Attribute], name: &str) -> Option<usize> {
    let packed = pack(name);
    table
        .iter()
        .position(|attribute| attribute.packed == packed)
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.short, self.long)
    }
}
