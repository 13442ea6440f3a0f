//! What the readers of RPCs ask of a document, whoever reads it.

use std::borrow::Cow;
use std::fmt;

use crate::wire::DecodeError;

/// What comes next inside an element.
pub(super) enum Node<'x> {
    /// An element opens: its local name.
    Element(&'x str),
    /// The element, or the document, ends.
    End,
    /// A piece of text.
    Text(Cow<'x, str>),
}

/// A document whose elements are read one after the other, in their order.
pub(super) trait Document<'x> {
    /// What comes next inside the open element.
    ///
    /// # Errors
    /// If the document is not well-formed, or exceeds a limit.
    fn node(&mut self) -> Result<Node<'x>, DecodeError>;

    /// The attribute of that local name of the element that was opened last; `None` before anything was opened.
    fn attribute(&self, name: &str) -> Option<Cow<'x, str>>;

    /// That the document is not well-formed where it was read up to.
    fn malformed(&self, error: impl fmt::Display) -> DecodeError;

    /// That an element was opened where text is expected.
    fn no_text(&self, element: &str) -> DecodeError;

    /// Opens the outermost element.
    ///
    /// # Errors
    /// If there is none.
    fn root(&mut self) -> Result<&'x str, DecodeError> {
        outside(self)?.ok_or_else(|| self.malformed("there is no element"))
    }

    /// Reads what follows the outermost element.
    ///
    /// # Errors
    /// If it is more than comments and white space.
    fn finish(&mut self) -> Result<(), DecodeError> {
        match outside(self)? {
            Some(_) => Err(self.malformed("there is a second outermost element")),
            None => Ok(()),
        }
    }

    /// Opens the next child of the open element, or closes the element: `None`.
    ///
    /// # Errors
    /// As [`Self::node`].
    fn child(&mut self) -> Result<Option<&'x str>, DecodeError> {
        loop {
            match self.node()? {
                Node::Element(name) => return Ok(Some(name)),
                Node::End => return Ok(None),
                Node::Text(_) => {}
            }
        }
    }

    /// Reads the text of the open element, and closes it. Line breaks at its ends, with the white space around them,
    /// are layout and left out.
    ///
    /// # Errors
    /// As [`Self::node`]; and if the element holds other elements.
    fn text(&mut self) -> Result<Cow<'x, str>, DecodeError> {
        let mut text = Cow::Borrowed("");
        loop {
            match self.node()? {
                Node::Text(part) if text.is_empty() => text = part,
                Node::Text(part) => text.to_mut().push_str(&part),
                Node::End => return Ok(without_layout(text)),
                Node::Element(name) => return Err(self.no_text(name)),
            }
        }
    }

    /// Closes the open element, whatever it holds.
    ///
    /// # Errors
    /// As [`Self::node`].
    fn skip(&mut self) -> Result<(), DecodeError> {
        let mut open = 1;
        while open > 0 {
            match self.node()? {
                Node::Element(_) => open += 1,
                Node::End => open -= 1,
                Node::Text(_) => {}
            }
        }
        Ok(())
    }
}

/// The next element outside the outermost one.
fn outside<'x>(
    document: &mut (impl Document<'x> + ?Sized),
) -> Result<Option<&'x str>, DecodeError> {
    loop {
        match document.node()? {
            Node::Element(name) => return Ok(Some(name)),
            Node::End => return Ok(None),
            Node::Text(text) if text.trim_ascii().is_empty() => {}
            Node::Text(_) => return Err(document.malformed("text stands outside the document")),
        }
    }
}

fn without_layout(text: Cow<'_, str>) -> Cow<'_, str> {
    let is_inner = |text: &str| {
        let ends = [text.bytes().next(), text.bytes().next_back()];
        ends.iter()
            .flatten()
            .all(|byte| !byte.is_ascii_whitespace())
    };
    if is_inner(&text) {
        return text;
    }
    let bare = |text: &str| {
        let start = text.len() - text.trim_ascii_start().len();
        let start = if text[..start].contains('\n') {
            start
        } else {
            0
        };
        let end = text.trim_ascii_end().len().max(start);
        let end = if text[end..].contains('\n') {
            end
        } else {
            text.len()
        };
        start..end
    };
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(&text[bare(text)]),
        Cow::Owned(mut text) => {
            let range = bare(&text);
            text.truncate(range.end);
            text.drain(..range.start);
            Cow::Owned(text)
        }
    }
}

/// The first character that is none of XML, and where it stands.
pub(super) fn forbidden_char(text: &str) -> Option<(usize, char)> {
    // Nearly every document has printable ASCII and white space only, which is seen many bytes at a time.
    let is_odd = |byte: u8| !(b' '..0x80).contains(&byte) & !matches!(byte, b'\t' | b'\n' | b'\r');
    if !text.bytes().fold(false, |found, byte| found | is_odd(byte)) {
        return None;
    }
    text.char_indices().find(|(_, c)| !is_char(*c))
}

/// `Char` of XML 1.0.
pub(super) fn is_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..)
}
