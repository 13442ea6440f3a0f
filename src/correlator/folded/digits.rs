//! Hexadecimal digits in half of their length.

/// Where a W3C trace parent (Trace Context, clause 3.2) has its dashes, and how long it is.
const TRACE_DASHES: [usize; 3] = [2, 35, 52];
const TRACE_LENGTH: usize = 55;
const TRACE_DIGITS: usize = TRACE_LENGTH - TRACE_DASHES.len();

/// Bytes that a trace parent stands for.
pub(super) const TRACE_BYTES: usize = TRACE_DIGITS / 2;

/// The bytes that hexadecimal digits in lower case stand for; `None` if there are others, or another number of them.
pub(super) fn halved<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let is_lower = digits
        .iter()
        .all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
    (is_lower && digits.len() == 2 * N).then(|| {
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = value(pair[0]) << 4 | value(pair[1]);
        }
        bytes
    })
}

const fn value(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => digit - b'a' + 10,
    }
}

/// The digits of bytes.
pub(super) fn doubled(bytes: &[u8], digits: &mut [u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for (byte, pair) in bytes.iter().zip(digits.chunks_exact_mut(2)) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
}

/// A trace parent in half of its length; `None` if it is not written as W3C asks.
pub(super) fn trace_bytes(text: &[u8]) -> Option<[u8; TRACE_BYTES]> {
    let is_dash = |index| TRACE_DASHES.contains(&index);
    let has_form =
        text.len() == TRACE_LENGTH && TRACE_DASHES.iter().all(|dash| text[*dash] == b'-');
    if !has_form {
        return None;
    }
    let mut digits = [0; TRACE_DIGITS];
    let kept = text
        .iter()
        .enumerate()
        .filter(|(index, _)| !is_dash(*index));
    for (digit, (_, byte)) in digits.iter_mut().zip(kept) {
        *digit = *byte;
    }
    halved(&digits)
}

pub(super) fn trace_text(bytes: &[u8]) -> Box<[u8]> {
    let mut digits = [0; TRACE_DIGITS];
    doubled(bytes, &mut digits);
    let mut text = Vec::with_capacity(TRACE_LENGTH);
    for digit in digits {
        if TRACE_DASHES.contains(&text.len()) {
            text.push(b'-');
        }
        text.push(digit);
    }
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_come_back_as_they_were() {
        let text = b"00ff19af";
        let bytes: [u8; 4] = halved(text).unwrap();
        let mut digits = [0; 8];
        doubled(&bytes, &mut digits);
        assert_eq!((bytes, &digits), ([0, 255, 25, 175], text));
    }

    #[test]
    fn what_would_come_back_otherwise_is_not_halved() {
        for text in ["00FF", "00f", "00ff0", "0g00", ""] {
            assert_eq!(halved::<2>(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn trace_parent_comes_back_as_it_was() {
        let text = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let bytes = trace_bytes(text).unwrap();
        assert_eq!(&*trace_text(&bytes), text);
    }

    #[test]
    fn other_trace_parents_are_kept_as_they_are() {
        for text in [
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
            "00-4bf92f3577b34da6a3ce929d0e0e4736000f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e47-6-00f067aa0ba902b7-01",
            "",
        ] {
            assert_eq!(trace_bytes(text.as_bytes()), None, "{text}");
        }
    }
}
