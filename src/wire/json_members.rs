//! The members of a oneM2M JSON object, checked against a table of attributes.
//!
//! No tree is built, and one wrong value does not hide the others. Texts and objects are read where they stand; other
//! values stay as they stand in the text until they are asked for.

mod attribute;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use serde::Deserializer as _;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use attribute::index_in;
pub(super) use attribute::{Attribute, Kind, attribute};

/// The value of a member.
#[derive(Clone, Debug)]
enum Value<'a> {
    /// As it stands in the text.
    Raw(&'a RawValue),
    Text(Cow<'a, str>),
    Members(Box<Members<'a>>),
    /// Not of the kind that the table wants.
    Other,
}

/// The members of one object. Of a name that comes twice the first value is kept.
#[derive(Clone, Debug)]
pub(super) struct Members<'a> {
    table: &'static [Attribute],
    values: Vec<Option<Value<'a>>>,
    unknown: BTreeSet<Cow<'a, str>>,
    repeated: BTreeSet<Cow<'a, str>>,
}

impl<'a> Members<'a> {
    /// Reads one object that fills the whole text.
    pub(super) fn read(
        text: &'a str,
        table: &'static [Attribute],
    ) -> Result<Self, serde_json::Error> {
        // A text with broken escapes, or a name within, spoils its member only: such objects are read layer by layer.
        Self::read_as(text, table, true).or_else(|_| Self::read_as(text, table, false))
    }

    fn read_as(
        text: &'a str,
        table: &'static [Attribute],
        in_place: bool,
    ) -> Result<Self, serde_json::Error> {
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let members = deserializer.deserialize_map(MembersVisitor { table, in_place })?;
        deserializer.end()?;
        Ok(members)
    }

    fn index(&self, short: &str) -> usize {
        index_in(self.table, short).expect("the table has every attribute that is asked for")
    }

    fn value(&self, short: &str) -> Option<&Value<'a>> {
        self.values[self.index(short)].as_ref()
    }

    pub(super) fn has(&self, short: &str) -> bool {
        self.value(short).is_some()
    }

    /// The value as JSON text, of an attribute that is neither a text nor has members of a table.
    pub(super) fn json(&self, short: &str) -> Option<&'a str> {
        match self.value(short)? {
            Value::Raw(raw) => Some(raw.get()),
            Value::Members(_) | Value::Other | Value::Text(_) => None,
        }
    }

    /// The value, if it is there and a text.
    pub(super) fn text(&self, short: &str) -> Option<String> {
        match self.value(short)? {
            Value::Raw(raw) => text(raw.get()),
            Value::Text(text) => Some(text.clone().into_owned()),
            Value::Members(_) | Value::Other => None,
        }
    }

    /// The value, if it is there and an object; its members are those of `table`.
    ///
    /// # Errors
    /// If the name of a member is no text.
    pub(super) fn members(
        &self,
        short: &str,
        table: &'static [Attribute],
    ) -> Result<Option<Cow<'_, Self>>, serde_json::Error> {
        Ok(match self.value(short) {
            Some(Value::Members(members)) if std::ptr::eq(members.table, table) => {
                Some(Cow::Borrowed(members))
            }
            Some(Value::Members(members)) => Some(Cow::Owned(members.by_table(table))),
            Some(Value::Raw(raw)) if raw.get().starts_with('{') => {
                Some(Cow::Owned(Self::read(raw.get(), table)?))
            }
            Some(Value::Raw(_) | Value::Other | Value::Text(_)) | None => None,
        })
    }

    /// The same members by another table with the same names.
    fn by_table(&self, table: &'static [Attribute]) -> Self {
        Self {
            table,
            values: table
                .iter()
                .map(|attribute| self.value(attribute.short).cloned())
                .collect(),
            ..self.clone()
        }
    }

    /// The value, if it is there and a number from 0 to 4294967295.
    pub(super) fn number(&self, short: &str) -> Option<u32> {
        self.json(short).and_then(|json| json.parse().ok())
    }

    /// The value, if it is there and a list of numbers.
    pub(super) fn numbers(&self, short: &str) -> Option<Vec<u32>> {
        self.json(short)
            .and_then(|json| serde_json::from_str(json).ok())
    }

    /// The value, if it is there and a list of texts.
    pub(super) fn texts(&self, short: &str) -> Option<Vec<String>> {
        self.json(short)
            .and_then(|json| serde_json::from_str(json).ok())
    }

    /// The value as text, whether it is a text or a number.
    pub(super) fn time(&self, short: &str) -> Option<String> {
        let json = self.json(short)?;
        text(json).or_else(|| json.parse::<u64>().ok().map(|millis| millis.to_string()))
    }

    /// Names that came more than once.
    pub(super) fn repeated(&self) -> impl Iterator<Item = &str> {
        self.repeated.iter().map(|name| &**name)
    }

    /// Names that the table does not have.
    pub(super) fn unknown(&self) -> impl Iterator<Item = &str> {
        self.unknown.iter().map(|name| &**name)
    }

    /// What is wrong with names and types, for people; in the order of the table.
    pub(super) fn faults(&self) -> impl Iterator<Item = String> {
        let repeated = self
            .repeated()
            .map(|name| format!("{} comes more than once: send it once", self.name_of(name)));
        let values = self.table.iter().zip(&self.values);
        repeated.chain(values.filter_map(|(attribute, value)| fault(attribute, value.as_ref()?)))
    }

    fn name_of(&self, name: &str) -> String {
        index_in(self.table, name)
            .map_or_else(|| shown(name), |index| self.table[index].to_string())
    }
}

/// A name that came from outside, quoted and bounded.
pub(super) fn shown(name: &str) -> String {
    format!("{:?}", name.chars().take(64).collect::<String>())
}

fn fault(attribute: &Attribute, value: &Value<'_>) -> Option<String> {
    let right = match (attribute.kind, value) {
        (Kind::Any, _) => true,
        (Kind::NotPermitted, _) => {
            return Some(format!("{attribute} is not permitted here: leave it out"));
        }
        (kind, Value::Raw(raw)) => is_of_kind(kind, raw.get()),
        (kind, Value::Text(_)) => matches!(kind, Kind::Text),
        (kind, Value::Members(_)) => matches!(kind, Kind::Members(_)),
        (_, Value::Other) => false,
    };
    (!right).then(|| format!("{attribute} must be {}", attribute.kind.expected()))
}

fn is_of_kind(kind: Kind, json: &str) -> bool {
    match kind {
        Kind::Any | Kind::NotPermitted => true,
        Kind::Number => json.parse::<u32>().is_ok(),
        Kind::NumberList => serde_json::from_str::<Vec<u32>>(json).is_ok(),
        Kind::Members(_) | Kind::Object => json.starts_with('{'),
        Kind::Text => is_text(json),
        Kind::TextList => serde_json::from_str::<Vec<&RawValue>>(json)
            .is_ok_and(|list| list.iter().all(|item| is_text(item.get()))),
        Kind::Time => is_text(json) || json.parse::<u64>().is_ok(),
    }
}

/// Only an escaped surrogate can make a well-formed JSON string no text.
fn is_text(json: &str) -> bool {
    json.starts_with('"') && (!json.contains("\\u") || text(json).is_some())
}

fn text(json: &str) -> Option<String> {
    serde_json::from_str(json).ok()
}

#[derive(Clone, Copy)]
struct MembersVisitor {
    table: &'static [Attribute],
    /// Whether texts and objects are read where they stand.
    in_place: bool,
}

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
        let table = self.table;
        let mut members = Members {
            table,
            values: vec![None; table.len()],
            unknown: BTreeSet::new(),
            repeated: BTreeSet::new(),
        };
        while let Some(Name(name)) = map.next_key()? {
            let known = index_in(table, &name);
            let value = match known.map(|index| table[index].kind) {
                Some(Kind::Text) if self.in_place => map.next_value_seed(InPlace(None))?,
                Some(Kind::Members(table)) if self.in_place => {
                    map.next_value_seed(InPlace(Some(Self { table, ..self })))?
                }
                Some(_) | None => Value::Raw(map.next_value()?),
            };
            match known {
                Some(index) if members.values[index].is_none() => {
                    members.values[index] = Some(value);
                }
                None if members.unknown.insert(name.clone()) => {}
                Some(_) | None => {
                    members.repeated.insert(name);
                }
            }
        }
        Ok(members)
    }
}

/// Reads a text, or an object whose members are wanted.
struct InPlace(Option<MembersVisitor>);

impl<'de> DeserializeSeed<'de> for InPlace {
    type Value = Value<'de>;

    fn deserialize<D: serde::Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<Value<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> InPlace {
    fn text(self, text: impl FnOnce() -> Cow<'de, str>) -> Value<'de> {
        match self.0 {
            None => Value::Text(text()),
            Some(_) => Value::Other,
        }
    }
}

impl<'de> Visitor<'de> for InPlace {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Value<'de>, E> {
        Ok(self.text(|| Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value<'de>, E> {
        Ok(self.text(|| Cow::Owned(text.to_owned())))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value<'de>, A::Error> {
        match self.0 {
            Some(visitor) => visitor
                .visit_map(map)
                .map(|members| Value::Members(Box::new(members))),
            None => {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Value::Other)
            }
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value<'de>, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::Other)
    }

    fn visit_unit<E>(self) -> Result<Value<'de>, E> {
        Ok(Value::Other)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Value<'de>, E> {
        Ok(Value::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Value<'de>, E> {
        Ok(Value::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Value<'de>, E> {
        Ok(Value::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Value<'de>, E> {
        Ok(Value::Other)
    }
}

/// A member's name, borrowed where it has no escapes.
struct Name<'a>(Cow<'a, str>);

impl<'de> serde::Deserialize<'de> for Name<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameVisitor;
        impl<'de> Visitor<'de> for NameVisitor {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Borrowed(name)))
            }

            fn visit_str<E>(self, name: &str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Owned(name.to_owned())))
            }
        }
        deserializer.deserialize_str(NameVisitor)
    }
}
