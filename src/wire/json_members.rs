//! The members of a oneM2M JSON object, checked against a table of attributes.
//!
//! Values stay as they stand in the text until they are asked for: no tree is built, and one wrong value does not hide
//! the others.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use arrayvec::ArrayVec;
use serde::Deserializer as _;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;

/// One attribute or parameter of oneM2M.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attribute {
    pub(super) short: &'static str,
    pub(super) long: &'static str,
    pub(super) kind: Kind,
}

/// What the value of an attribute must be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// Anything: the bridge does not look at it.
    Any,
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
    fn expected(self) -> &'static str {
        match self {
            Self::Any | Self::NotPermitted => "a value",
            Self::Number => "a number from 0 to 4294967295",
            Self::NumberList => "a list of numbers",
            Self::Object => "an object",
            Self::Text => "a text",
            Self::TextList => "a list of texts",
            Self::Time => "a text or a number of milliseconds",
        }
    }
}

/// Short for a row of a table.
pub(super) const fn attribute(short: &'static str, long: &'static str, kind: Kind) -> Attribute {
    Attribute { short, long, kind }
}

/// Most rows of a table.
const ATTRIBUTES_MAX: usize = 32;

/// The members of one object. Of a name that comes twice the first value is kept.
#[derive(Debug)]
pub(super) struct Members<'a> {
    table: &'static [Attribute],
    values: ArrayVec<Option<&'a RawValue>, ATTRIBUTES_MAX>,
    unknown: BTreeSet<Cow<'a, str>>,
    repeated: BTreeSet<Cow<'a, str>>,
}

impl<'a> Members<'a> {
    /// Reads one object that fills the whole text.
    pub(super) fn read(
        text: &'a str,
        table: &'static [Attribute],
    ) -> Result<Self, serde_json::Error> {
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let members = deserializer.deserialize_map(MembersVisitor(table))?;
        deserializer.end()?;
        Ok(members)
    }

    fn index(&self, short: &str) -> usize {
        self.table
            .iter()
            .position(|attribute| attribute.short == short)
            .expect("the table has every attribute that is asked for")
    }

    fn raw(&self, short: &str) -> Option<&'a RawValue> {
        let index = self.index(short);
        self.values[index]
    }

    pub(super) fn has(&self, short: &str) -> bool {
        self.raw(short).is_some()
    }

    /// The value as JSON text.
    pub(super) fn json(&self, short: &str) -> Option<&'a str> {
        self.raw(short).map(RawValue::get)
    }

    /// The value, if it is there and a text.
    pub(super) fn text(&self, short: &str) -> Option<String> {
        self.json(short).and_then(text)
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
        repeated.chain(values.filter_map(|(attribute, value)| fault(*attribute, value.as_ref()?)))
    }

    fn name_of(&self, name: &str) -> String {
        self.table
            .iter()
            .find(|attribute| attribute.short == name)
            .map_or_else(|| shown(name), ToString::to_string)
    }
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.short, self.long)
    }
}

/// A name that came from outside, quoted and bounded.
pub(super) fn shown(name: &str) -> String {
    format!("{:?}", name.chars().take(64).collect::<String>())
}

fn fault(attribute: Attribute, value: &RawValue) -> Option<String> {
    let json = value.get();
    let right = match attribute.kind {
        Kind::Any => true,
        Kind::NotPermitted => {
            return Some(format!("{attribute} is not permitted here: leave it out"));
        }
        Kind::Number => json.parse::<u32>().is_ok(),
        Kind::NumberList => serde_json::from_str::<Vec<u32>>(json).is_ok(),
        Kind::Object => json.starts_with('{'),
        Kind::Text => is_text(json),
        Kind::TextList => serde_json::from_str::<Vec<&RawValue>>(json)
            .is_ok_and(|list| list.iter().all(|item| is_text(item.get()))),
        Kind::Time => is_text(json) || json.parse::<u64>().is_ok(),
    };
    (!right).then(|| format!("{attribute} must be {}", attribute.kind.expected()))
}

/// Only an escaped surrogate can make a well-formed JSON string no text.
fn is_text(json: &str) -> bool {
    json.starts_with('"') && (!json.contains("\\u") || text(json).is_some())
}

fn text(json: &str) -> Option<String> {
    serde_json::from_str(json).ok()
}

struct MembersVisitor(&'static [Attribute]);

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
        let mut members = Members {
            table: self.0,
            values: self.0.iter().map(|_| None).collect(),
            unknown: BTreeSet::new(),
            repeated: BTreeSet::new(),
        };
        while let Some(Name(name)) = map.next_key()? {
            let value: &'de RawValue = map.next_value()?;
            let known = self.0.iter().position(|known| known.short == name);
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

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &[Attribute] = &[
        attribute("a", "Text", Kind::Text),
        attribute("n", "Number", Kind::Number),
        attribute("t", "Time", Kind::Time),
        attribute("l", "List", Kind::TextList),
        attribute("x", "Forbidden", Kind::NotPermitted),
    ];

    fn faults(text: &str) -> Vec<String> {
        Members::read(text, TABLE).unwrap().faults().collect()
    }

    #[test]
    fn members_are_found_in_any_order_and_escaped() {
        let members =
            Members::read(r#"{"n": 7 ,"\u0061":"\u00e9","t":5,"q":null}"#, TABLE).unwrap();
        assert_eq!(members.text("a").as_deref(), Some("é"));
        assert_eq!(members.number("n"), Some(7));
        assert_eq!(members.time("t").as_deref(), Some("5"));
        assert_eq!(members.unknown().collect::<Vec<_>>(), ["q"]);
        assert_eq!(members.faults().count(), 0);
    }

    #[test]
    fn every_wrong_type_is_told() {
        assert_eq!(
            faults(r#"{"a":1,"n":-1,"t":null,"l":["a",1],"x":{}}"#),
            [
                "a (Text) must be a text",
                "n (Number) must be a number from 0 to 4294967295",
                "t (Time) must be a text or a number of milliseconds",
                "l (List) must be a list of texts",
                "x (Forbidden) is not permitted here: leave it out",
            ]
        );
        assert_eq!(faults(r#"{"a":"\ud800"}"#), ["a (Text) must be a text"]);
    }

    #[test]
    fn first_of_repeated_members_is_kept_and_all_are_told() {
        let text = r#"{"a":"1","a":"2","q":1,"q":1}"#;
        assert_eq!(
            faults(text),
            [
                "a (Text) comes more than once: send it once",
                "\"q\" comes more than once: send it once"
            ]
        );
        let members = Members::read(text, TABLE).unwrap();
        assert_eq!(members.text("a").as_deref(), Some("1"));
    }

    #[test]
    fn what_is_no_object_is_an_error() {
        for text in ["", "[]", "1", "{", "{}x", "{\"a\":}", "{1:2}", "\"a\""] {
            assert!(Members::read(text, TABLE).is_err(), "{text}");
        }
    }
}
