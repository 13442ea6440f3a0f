//! Hexadecimal digits in half of their length.

use std::ops::Range;

/// Where the digits of a W3C trace parent (Trace Context, clause 3.2) are: all but the dashes.
const TRACE_PARTS: [Range<usize>; 4] = [0..2, 3..35, 36..52, 53..55];
const TRACE_LENGTH: usize = 55;
const TRACE_DASHES: [usize; 3] = [2, 35, 52];
const TRACE_DIGITS: usize = TRACE_LENGTH - TRACE_DASHES.len();

/// Bytes that a trace parent stands for.
pub(super) const TRACE_BYTES: usize = TRACE_DIGITS / 2;

/// What each byte stands for as a hexadecimal digit in lower case; more than 15: for none.
const VALUES: [u8; 256] = {
    let mut values = [u8::MAX; 256];
    let mut value = 0;
    while value < 16 {
        values[DIGITS[value as usize] as usize] = value;
        value += 1;
    }
    values
};
const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// The bytes that hexadecimal digits in lower case stand for; `None` if there are others, or another number of them.
pub(super) fn halved<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    if digits.len() != 2 * N {
        return None;
    }
    let (mut bytes, mut all) = ([0; N], 0);
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let [high, low] = [pair[0], pair[1]].map(|digit| VALUES[usize::from(digit)]);
        all |= high | low;
        *byte = high << 4 | low;
    }
    (all < 16).then_some(bytes)
}

/// The digits of bytes.
pub(super) fn doubled(bytes: &[u8], digits: &mut [u8]) {
    for (byte, pair) in bytes.iter().zip(digits.chunks_exact_mut(2)) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
}

/// A trace parent in half of its length; `None` if it is not written as W3C asks.
pub(super) fn trace_bytes(text: &[u8]) -> Option<[u8; TRACE_BYTES]> {
    let text: &[u8; TRACE_LENGTH] = text.try_into().ok()?;
    let mut digits = [0; TRACE_DIGITS];
    let mut rest = &mut digits[..];
    for part in TRACE_PARTS {
        rest.split_off_mut(..part.len())?
            .copy_from_slice(&text[part]);
    }
    let has_form = TRACE_DASHES.iter().all(|dash| text[*dash] == b'-');
    has_form.then(|| halved(&digits)).flatten()
}

pub(super) fn trace_text(bytes: &[u8]) -> Box<[u8]> {
    let mut digits = [0; TRACE_DIGITS];
    doubled(bytes, &mut digits);
    let mut text = [b'-'; TRACE_LENGTH];
    let mut rest = &digits[..];
    for part in TRACE_PARTS {
        let digits = rest.split_off(..part.len());
        text[part].copy_from_slice(digits.expect("the parts are all digits"));
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
