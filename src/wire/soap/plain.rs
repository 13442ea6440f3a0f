//! A reader of what nearly every envelope consists of: elements, attributes and texts, without references.
//!
//! Whatever else XML allows is left to [`super::xml`]: references, CDATA, comments, processing instructions, names
//! beyond ASCII, more of a thing than an envelope has. So is everything that is not well-formed, and with it what is
//! told of a broken document: the errors of this reader say nothing.

use std::borrow::Cow;
use std::fmt;

use arrayvec::ArrayVec;
use memchr::{memchr, memchr3};
use quick_xml::events::BytesText;

use crate::wire::{DecodeError, DecodeReason};

use super::document::{Document, Node, forbidden_char};

/// Deepest nesting of elements.
const DEPTH_MAX: usize = 16;

/// Most attributes of one element.
const ATTRIBUTES_MAX: usize = 16;

/// Most prefixes that are declared at a place.
const PREFIXES_MAX: usize = 16;

/// Bytes of names, by their number.
const IS_IN_NAME: [bool; 256] = {
    let mut is_in_name = [false; 256];
    let mut byte = 0_u8;
    while byte < 0x80 {
        is_in_name[byte as usize] =
            byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        byte += 1;
    }
    is_in_name
};

/// A document without anything that this reader leaves to the other.
pub(super) struct Plain<'x> {
    /// What is not read yet.
    rest: &'x str,
    /// Names of the open elements.
    open: ArrayVec<&'x str, DEPTH_MAX>,
    /// Declared prefixes, with the depth of the element that declares them.
    prefixes: ArrayVec<(usize, &'x str), PREFIXES_MAX>,
    /// Attributes of the element that was opened last.
    attributes: ArrayVec<(Name<'x>, &'x str), ATTRIBUTES_MAX>,
    /// The element that was opened last has no content.
    is_empty: bool,
}

/// The name of an element or an attribute.
#[derive(Clone, Copy)]
struct Name<'x> {
    whole: &'x str,
    prefix: Option<&'x str>,
    local: &'x str,
}

impl<'x> Plain<'x> {
    /// Starts to read a document, if it can be.
    pub(super) fn new(source: &'x str) -> Option<Self> {
        if forbidden_char(source).is_some() {
            return None;
        }
        Some(Self {
            rest: without_declaration(source)?,
            open: ArrayVec::new(),
            prefixes: ArrayVec::new(),
            attributes: ArrayVec::new(),
            is_empty: false,
        })
    }

    fn next(&mut self) -> Option<Node<'x>> {
        if self.is_empty {
            self.is_empty = false;
            return self.close();
        }
        match self.rest.as_bytes() {
            [b'<', b'/', ..] => {
                let after = self.rest[2..].strip_prefix(*self.open.last()?)?;
                self.rest = after.strip_prefix('>')?;
                self.close()
            }
            [b'<', ..] => self.element(),
            [] => self.open.is_empty().then_some(Node::End),
            _ => self.text_node(),
        }
    }

    fn close(&mut self) -> Option<Node<'x>> {
        let depth = self.open.len();
        while self.prefixes.last().is_some_and(|(at, _)| *at == depth) {
            self.prefixes.pop();
        }
        self.open.pop()?;
        Some(Node::End)
    }

    fn text_node(&mut self) -> Option<Node<'x>> {
        // A closing bracket may be part of ]]>, which must not stand in text.
        let length = memchr3(b'<', b'&', b']', self.rest.as_bytes());
        let (text, rest) = self.rest.split_at(length.unwrap_or(self.rest.len()));
        if !matches!(rest.as_bytes().first(), None | Some(b'<')) {
            return None;
        }
        self.rest = rest;
        Some(Node::Text(if memchr(b'\r', text.as_bytes()).is_some() {
            BytesText::from_escaped(text).xml10_content()
        } else {
            Cow::Borrowed(text)
        }))
    }

    fn element(&mut self) -> Option<Node<'x>> {
        self.rest = &self.rest[1..];
        let name = self.name()?;
        self.open.try_push(name.whole).ok()?;
        self.attributes.clear();
        loop {
            let rest = self.rest.trim_ascii_start();
            let is_apart = rest.len() < self.rest.len();
            self.rest = rest;
            match rest.as_bytes() {
                [b'>', ..] => {
                    self.rest = &rest[1..];
                    break;
                }
                [b'/', b'>', ..] => {
                    self.rest = &rest[2..];
                    self.is_empty = true;
                    break;
                }
                _ if is_apart => self.attribute_of_tag()?,
                _ => return None,
            }
        }
        let attributes = self.attributes.iter().map(|(name, _)| name);
        let are_declared = attributes
            .filter(|name| name.prefix != Some("xmlns"))
            .chain([&name])
            .all(|name| name.prefix.is_none_or(|prefix| self.is_declared(prefix)));
        are_declared.then_some(Node::Element(name.local))
    }

    fn attribute_of_tag(&mut self) -> Option<()> {
        let name = self.name()?;
        let rest = self.rest.strip_prefix('=')?;
        let quote = *rest.as_bytes().first()?;
        if !matches!(quote, b'"' | b'\'') {
            return None;
        }
        let rest = &rest[1..];
        let is_end = |byte| byte == quote || matches!(byte, b'<' | b'>' | b'&');
        let (value, rest) = rest.split_at(rest.bytes().position(is_end)?);
        if rest.as_bytes()[0] != quote {
            return None;
        }
        self.rest = &rest[1..];
        let is_known = |(known, _): &(Name<'_>, _)| known.whole == name.whole;
        if self.attributes.iter().any(is_known) {
            return None;
        }
        if name.prefix == Some("xmlns") {
            self.prefixes.try_push((self.open.len(), name.local)).ok()?;
        }
        self.attributes.try_push((name, value)).ok()
    }

    /// Takes a name off the front, with one colon at most.
    fn name(&mut self) -> Option<Name<'x>> {
        let is_part = |byte: &u8| IS_IN_NAME[usize::from(*byte)];
        let length = |text: &str| text.bytes().take_while(is_part).count();
        let begins = |text: &str| {
            let first = text.as_bytes().first();
            first.is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_')
        };
        let rest = self.rest;
        let first = length(rest);
        let (prefix, local) = match rest[first..].strip_prefix(':') {
            None => (None, &rest[..first]),
            Some(after) => (Some(&rest[..first]), &after[..length(after)]),
        };
        if !begins(local) || prefix.is_some_and(|prefix| !begins(prefix)) {
            return None;
        }
        let whole = prefix.map_or(0, |prefix| prefix.len() + 1) + local.len();
        let (whole, rest) = rest.split_at(whole);
        self.rest = rest;
        Some(Name {
            whole,
            prefix,
            local,
        })
    }

    fn is_declared(&self, prefix: &str) -> bool {
        self.prefixes.iter().any(|(_, known)| *known == prefix) || prefix == "xml"
    }
}

impl<'x> Document<'x> for Plain<'x> {
    fn node(&mut self) -> Result<Node<'x>, DecodeError> {
        self.next().ok_or_else(unknown)
    }

    fn attribute(&self, name: &str) -> Option<Cow<'x, str>> {
        let mut attributes = self.attributes.iter();
        let (_, value) = attributes.find(|(known, _)| known.local == name)?;
        Some(Cow::Borrowed(value))
    }

    fn malformed(&self, _error: impl fmt::Display) -> DecodeError {
        unknown()
    }

    fn no_text(&self, _element: &str) -> DecodeError {
        unknown()
    }
}

/// The other reader has to read the document.
fn unknown() -> DecodeError {
    DecodeError {
        reason: DecodeReason::MalformedXml,
        detail: String::new(),
    }
}

/// What follows the usual XML declaration, if there is one; `None`: it is another.
fn without_declaration(source: &str) -> Option<&str> {
    if !source.starts_with("<?xml") {
        return Some(source);
    }
    let rest = source.strip_prefix("<?xml version=\"1.0\"")?;
    let is_usual = |byte: u8| byte.is_ascii_alphanumeric() || b" \"'=-_.".contains(&byte);
    let end = rest.bytes().position(|byte| !is_usual(byte))?;
    rest[end..].strip_prefix("?>")
}
