//! A strict reader of XML with limits, over text in memory.
//!
//! Elements are told by their local names; prefixes must be declared, as "Namespaces in XML" demands. There is no
//! document type and no entity beyond the five of XML, so nothing can be expanded or fetched.

use std::borrow::Cow;
use std::fmt;

use quick_xml::Reader;
use quick_xml::escape::{resolve_xml_entity, unescape};
use quick_xml::events::attributes::Attributes;
use quick_xml::events::{BytesRef, Event};

use crate::wire::{DecodeError, DecodeReason};

use super::document::{Document, Node, forbidden_char, is_char};

/// Deepest nesting of elements; a CWMP envelope has eight levels.
const DEPTH_MAX: usize = 32;

/// Most attributes of one element, namespace declarations among them; an envelope has about ten.
const ATTRIBUTES_MAX: usize = 64;

/// Most prefixes that are declared at a place; an envelope has five or six.
const PREFIXES_MAX: usize = 64;

/// Reads elements one after the other, in the order of the document.
pub(super) struct Xml<'x> {
    source: &'x str,
    reader: Reader<&'x [u8]>,
    depth: usize,
    /// Declared prefixes, with the depth of the element that declares them.
    prefixes: Vec<(usize, &'x str)>,
    /// Attributes of the element that was opened last.
    attributes: Attributes<'x>,
}

impl<'x> Xml<'x> {
    /// Starts to read a document.
    ///
    /// # Errors
    /// If it holds a character that XML does not allow.
    pub(super) fn new(source: &'x str) -> Result<Self, DecodeError> {
        let mut reader = Reader::from_str(source);
        reader.config_mut().check_comments = true;
        reader.config_mut().expand_empty_elements = true;
        let xml = Self {
            source,
            reader,
            depth: 0,
            prefixes: Vec::new(),
            attributes: Attributes::new("", 0),
        };
        match forbidden_char(source) {
            Some((at, c)) => Err(xml.malformed_at(at, format!("character {c:?} is not allowed"))),
            None => Ok(xml),
        }
    }

    fn open(&mut self, tag: &'x str, name_len: usize) -> Result<Node<'x>, DecodeError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.too_large(format!("more than {DEPTH_MAX} elements are nested")));
        }
        self.attributes = Attributes::new(tag, name_len);
        if tag.len() > name_len {
            self.read_attributes()?;
        }
        Ok(Node::Element(self.local_name(&tag[..name_len])?))
    }

    /// Checks the attributes of the element that was opened last, and notes the prefixes that they declare: all of
    /// them, before any is looked for.
    fn read_attributes(&mut self) -> Result<(), DecodeError> {
        let mut has_others = false;
        for (index, attribute) in self.attributes.clone().enumerate() {
            if index == ATTRIBUTES_MAX {
                return Err(self.too_large(format!(
                    "an element has more than {ATTRIBUTES_MAX} attributes"
                )));
            }
            let attribute = attribute.map_err(|error| self.malformed(error))?;
            if attribute.value.contains('<') {
                return Err(self.malformed("< must not stand in an attribute"));
            }
            if attribute.value.contains('&') {
                unescape(&attribute.value).map_err(|error| self.malformed(error))?;
            }
            match attribute.key.0.strip_prefix("xmlns:") {
                Some(prefix) if is_name(prefix) => self.prefixes.push((self.depth, prefix)),
                Some(_) => {
                    return Err(self.malformed(format!("{:?} is no name", attribute.key.0)));
                }
                None => has_others = true,
            }
        }
        if self.prefixes.len() > PREFIXES_MAX {
            return Err(self.too_large(format!("more than {PREFIXES_MAX} prefixes are declared")));
        }
        if has_others {
            for attribute in self.attributes.clone().flatten() {
                self.local_name(attribute.key.0)?;
            }
        }
        Ok(())
    }

    fn close(&mut self) {
        let depth = self.depth;
        while self.prefixes.pop_if(|(at, _)| *at == depth).is_some() {}
        self.depth -= 1;
    }

    /// The local part of a name whose prefix must be declared.
    fn local_name(&self, name: &'x str) -> Result<&'x str, DecodeError> {
        let (prefix, local) = match name.split_once(':') {
            Some((prefix, local)) => (Some(prefix), local),
            None => (None, name),
        };
        if !is_name(local) || prefix.is_some_and(|prefix| !is_name(prefix)) {
            return Err(self.malformed(format!("{name:?} is no name")));
        }
        let declared = |prefix| {
            matches!(prefix, "xml" | "xmlns")
                || self.prefixes.iter().any(|(_, known)| *known == prefix)
        };
        match prefix {
            Some(prefix) if !declared(prefix) => Err(self.malformed(format!(
                "the prefix {prefix:?} is not declared: add xmlns:{prefix}=\"..\""
            ))),
            Some(_) | None => Ok(local),
        }
    }

    fn resolve(&self, start: usize, reference: &BytesRef<'_>) -> Result<Node<'x>, DecodeError> {
        match reference.resolve_char_ref() {
            Ok(Some(c)) if is_char(c) => Ok(Node::Text(Cow::Owned(c.to_string()))),
            Ok(Some(c)) => Err(self.malformed_at(start, format!("character {c:?} is not allowed"))),
            Ok(None) => resolve_xml_entity(reference)
                .map(|text| Node::Text(Cow::Borrowed(text)))
                .ok_or_else(|| {
                    let error = format!(
                        "the entity &{}; is not one of the five of XML",
                        &**reference
                    );
                    self.malformed_at(start, error)
                }),
            Err(error) => Err(self.malformed_at(start, error)),
        }
    }

    fn position(&self) -> usize {
        usize::try_from(self.reader.buffer_position()).expect("the document is in memory")
    }

    fn malformed_at(&self, at: usize, error: impl fmt::Display) -> DecodeError {
        DecodeError {
            reason: DecodeReason::MalformedXml,
            detail: format!("the XML is not well-formed {}: {error}", self.place(at)),
        }
    }

    fn too_large(&self, error: impl fmt::Display) -> DecodeError {
        DecodeError {
            reason: DecodeReason::TooLarge,
            detail: format!("{error} {}", self.place(self.position())),
        }
    }

    fn place(&self, at: usize) -> String {
        let before = &self.source.as_bytes()[..at.min(self.source.len())];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let column = before
            .iter()
            .rev()
            .take_while(|byte| **byte != b'\n')
            .count()
            + 1;
        format!("at line {line}, column {column}")
    }
}

impl<'x> Document<'x> for Xml<'x> {
    fn node(&mut self) -> Result<Node<'x>, DecodeError> {
        loop {
            let start = self.position();
            let event = self.reader.read_event().map_err(|error| {
                let at = usize::try_from(self.reader.error_position()).unwrap_or(start);
                self.malformed_at(at, error)
            })?;
            match event {
                Event::Start(tag) => {
                    let inner = &self.source[start + 1..][..tag.len()];
                    return self.open(inner, tag.name().as_ref().len());
                }
                Event::Empty(_) => unreachable!("the reader opens and closes empty elements"),
                Event::End(_) => {
                    self.close();
                    return Ok(Node::End);
                }
                Event::Text(text) if text.contains("]]>") => {
                    return Err(self.malformed_at(start, "]]> must not stand in text"));
                }
                Event::Text(text) => return Ok(Node::Text(text.xml10_content())),
                Event::CData(_) if self.depth == 0 => {
                    return Err(self.malformed_at(start, "CDATA stands outside the document"));
                }
                Event::CData(text) => return Ok(Node::Text(text.xml10_content())),
                Event::GeneralRef(reference) => return self.resolve(start, &reference),
                Event::Comment(_) | Event::PI(_) => {}
                Event::Decl(declaration) if start == 0 => {
                    let version = declaration.version();
                    version.map_err(|error| self.malformed_at(start, error))?;
                }
                Event::Decl(_) => {
                    let error = "the XML declaration must be the very beginning";
                    return Err(self.malformed_at(start, error));
                }
                Event::DocType(_) => {
                    return Err(self.malformed_at(start, "SOAP allows no document type"));
                }
                Event::Eof if self.depth > 0 => {
                    return Err(self.malformed("the document ends inside an element"));
                }
                Event::Eof => return Ok(Node::End),
            }
        }
    }

    fn attribute(&self, name: &str) -> Option<Cow<'x, str>> {
        self.attributes
            .clone()
            .flatten()
            .find(|attribute| attribute.key.local_name().as_ref() == name)
            .map(|attribute| attribute.value)
    }

    fn malformed(&self, error: impl fmt::Display) -> DecodeError {
        self.malformed_at(self.position(), error)
    }

    fn no_text(&self, element: &str) -> DecodeError {
        DecodeError {
            reason: DecodeReason::InvalidField,
            detail: format!(
                "an element {element:?} stands where text is expected, {}",
                self.place(self.position())
            ),
        }
    }
}

/// `NCName` of "Namespaces in XML", in which every character outside ASCII passes.
fn is_name(name: &str) -> bool {
    let starts = |byte: &u8| byte.is_ascii_alphabetic() || *byte == b'_' || !byte.is_ascii();
    let continues = |byte: &u8| starts(byte) || byte.is_ascii_digit() || b"-.".contains(byte);
    let bytes = name.as_bytes();
    bytes.first().is_some_and(starts) && bytes.iter().all(continues)
}
