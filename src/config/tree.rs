use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;

/// A YAML document with the line and column of every value.
///
/// Scalars are kept as text: which type they have is up to the key that they stand under.
#[derive(Clone, Debug)]
pub(super) enum Tree {
    /// Anything that is neither list nor map.
    Scalar(String),
    /// In the order of the document.
    List(Vec<Spanned<Self>>),
    /// In the order of the document; keys are distinct.
    Map(Vec<(String, Spanned<Self>)>),
    /// `null`, `~`, or no value at all.
    Null,
}

/// A YAML document that cannot be read at all.
#[derive(Debug)]
pub(super) struct Unreadable {
    /// Line and column, if they are known.
    pub(super) place: Option<(u64, u64)>,
    /// What is wrong with it.
    pub(super) problem: String,
}

impl Tree {
    /// Reads one YAML document; an empty one is [`Tree::Null`].
    pub(super) fn read(text: &str) -> Result<Self, Unreadable> {
        let options = serde_saphyr::options! {
            strict_booleans: true,
            leading_zero_numbers_as_strings: true,
            with_snippet: false,
        };
        serde_saphyr::from_str_with_options(text, options).map_err(|error| {
            let location = error.location();
            Unreadable {
                place: location.map(|location| (location.line(), location.column())),
                problem: format!("not readable as YAML: {error}"),
            }
        })
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value, a list or a map")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.to_string()))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.to_string()))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.to_string()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.to_string()))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.to_owned()))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_none<E: de::Error>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        Tree::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Tree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Tree, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Tree::Map(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_know_their_line_and_column() {
        let Tree::Map(map) = Tree::read("a: 1\nb:\n  c: [x, y]\n").unwrap() else {
            panic!("a map");
        };
        let Tree::Map(inner) = &map[1].1.value else {
            panic!("a map");
        };
        assert_eq!(inner[0].0, "c");
        assert_eq!(
            (inner[0].1.referenced.line(), inner[0].1.referenced.column()),
            (3, 6)
        );
    }

    #[test]
    fn scalars_keep_their_text() {
        for (yaml, text) in [
            ("15m", "15m"),
            ("no", "no"),
            ("true", "true"),
            ("007", "007"),
            ("'x y'", "x y"),
            ("12", "12"),
        ] {
            let Tree::Scalar(read) = Tree::read(yaml).unwrap() else {
                panic!("a scalar: {yaml}");
            };
            assert_eq!(read, text);
        }
    }

    #[test]
    fn broken_yaml_is_told_with_its_place() {
        let error = Tree::read("a: 1\nb: [1, 2\n").unwrap_err();
        assert!(error.place.is_some(), "{error:?}");
        assert!(Tree::read("a: 1\na: 2\n").is_err());
    }
}
