//! Texts about records, for people: on one line, bounded, and with nothing in them that disguises itself.

/// Longest text about a record in bytes: enough for what, where and how to mend it.
pub(super) const DETAIL_BYTES_MAX: usize = 1024;

/// Stands at the end of a text that was cut.
const ELLIPSIS: &str = "...";

/// The text on one line, at most `bytes_max` bytes long. Characters that nobody sees and that change what he sees are
/// escaped.
pub(super) fn bounded_line(text: &str, bytes_max: usize) -> String {
    let mut line = String::with_capacity(text.len().min(bytes_max));
    for character in text.chars() {
        let before = line.len();
        if is_hidden(character) {
            line.extend(character.escape_unicode());
        } else if character.is_control() {
            line.extend(character.escape_default());
        } else {
            line.push(character);
        }
        if line.len() > bytes_max {
            line.truncate(before);
            while line.len() > bytes_max - ELLIPSIS.len() {
                line.pop();
            }
            line.push_str(ELLIPSIS);
            break;
        }
    }
    line
}

/// Whether a character is of no width, changes the direction of writing, or ends a line, and is no control character:
/// most of Unicode's categories Cf, Zl and Zp.
const fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{ad}'
        | '\u{61c}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}'
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_is_one_bounded_line() {
        assert_eq!(bounded_line("a\nb\u{7f}é", 1024), "a\\nb\\u{7f}é");
        assert_eq!(bounded_line(&"a".repeat(1024), 1024).len(), 1024);
        assert!(bounded_line(&"é".repeat(600), 1024).ends_with("é..."));
    }

    #[test]
    fn what_disguises_itself_is_escaped() {
        assert_eq!(
            bounded_line("x\u{202e}\u{200b}\u{feff}\u{2028}y\u{301}", 1024),
            "x\\u{202e}\\u{200b}\\u{feff}\\u{2028}y\u{301}"
        );
    }

    proptest! {
        #[test]
        fn any_text_is_one_bounded_line(text in "\\PC{0,40}[\\x00-\\x1f\u{1F600}\u{202e}é]{0,600}") {
            let line = bounded_line(&text, DETAIL_BYTES_MAX);
            prop_assert!(line.len() <= DETAIL_BYTES_MAX);
            prop_assert!(!line.chars().any(|c| c.is_control() || is_hidden(c)));
        }
    }
}
