use std::fmt;
use std::sync::Arc;

use arrayvec::ArrayString;

/// The identity of a device: OUI, ProductClass and SerialNumber (TR-069 A.3.3.1, DeviceIdStruct).
///
/// Held as its device key: `OUI-ProductClass-SerialNumber`, or `OUI-SerialNumber` without a product class, with every
/// byte outside `[A-Za-z0-9_]` of each part written `%XX` in upper case. The key and the three parts determine each
/// other. A clone shares the text.
///
/// ```
/// use credbridge::cwmp::DeviceId;
///
/// let device = DeviceId::new("00256D", "Set-Top", "S1")?;
/// assert_eq!(device.key(), "00256D-Set%2DTop-S1");
/// assert_eq!(device.product_class(), "Set-Top");
/// # Ok::<(), credbridge::cwmp::DeviceIdError>(())
/// ```
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct DeviceId(Arc<str>);

/// Why there is no device.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum DeviceIdError {
    /// OUI or SerialNumber is empty.
    #[error("a device needs an OUI and a SerialNumber")]
    Incomplete,
    /// A part has more than [`DeviceId::PART_CHARS_MAX`] characters.
    #[error("a part of the device id is longer than 64 characters")]
    TooLong,
    /// The text is not a device key.
    #[error("not a device key of the form OUI-ProductClass-SerialNumber or OUI-SerialNumber")]
    NotAKey,
}

impl DeviceId {
    /// Longest part in characters (`cwmp-1-2.xsd`, DeviceIdStruct).
    pub const PART_CHARS_MAX: usize = 64;

    /// The device of these three parts; `product_class` may be empty.
    ///
    /// # Errors
    /// If the OUI or the serial number is empty, or a part is too long.
    pub fn new(oui: &str, product_class: &str, serial_number: &str) -> Result<Self, DeviceIdError> {
        if oui.is_empty() || serial_number.is_empty() {
            return Err(DeviceIdError::Incomplete);
        }
        if [oui, product_class, serial_number].iter().any(|part| {
            part.len() > Self::PART_CHARS_MAX && part.chars().count() > Self::PART_CHARS_MAX
        }) {
            return Err(DeviceIdError::TooLong);
        }
        if let Some(key) = plain_key(oui, product_class, serial_number) {
            return Ok(Self(key.as_str().into()));
        }
        let mut key =
            String::with_capacity(oui.len() + product_class.len() + serial_number.len() + 2);
        encode_part(oui, &mut key);
        if !product_class.is_empty() {
            key.push('-');
            encode_part(product_class, &mut key);
        }
        key.push('-');
        encode_part(serial_number, &mut key);
        Ok(Self(key.into()))
    }

    /// The device that a device key names. Lower-case hexadecimal digits and needlessly encoded bytes are accepted
    /// and written in the one right form.
    ///
    /// # Errors
    /// If the text has other than two or three parts, or a part does not decode to text of 1 to 64 characters.
    pub fn from_key(key: &str) -> Result<Self, DeviceIdError> {
        if is_plain(key) {
            return Ok(Self(key.into()));
        }
        let mut parts = key.split('-').map(decode_part);
        let (Some(Some(oui)), Some(Some(second))) = (parts.next(), parts.next()) else {
            return Err(DeviceIdError::NotAKey);
        };
        let (product_class, serial_number) = match (parts.next(), parts.next()) {
            (None, _) => (String::new(), second),
            (Some(Some(third)), None) if !second.is_empty() => (second, third),
            (Some(_), _) => return Err(DeviceIdError::NotAKey),
        };
        Self::new(&oui, &product_class, &serial_number).map_err(|_| DeviceIdError::NotAKey)
    }

    /// The device key.
    pub fn key(&self) -> &str {
        &self.0
    }

    /// These bytes to be kept, without a copy of them if they are the device key.
    pub fn share_key(&self, bytes: &[u8]) -> Arc<[u8]> {
        if bytes == self.0.as_bytes() {
            Arc::clone(&self.0).into()
        } else {
            bytes.into()
        }
    }

    /// Organizationally unique identifier of the manufacturer.
    pub fn oui(&self) -> String {
        self.part(0)
    }

    /// Class of product; empty if the device has none.
    pub fn product_class(&self) -> String {
        if self.0.split('-').count() == 3 {
            self.part(1)
        } else {
            String::new()
        }
    }

    /// OUI as it stands in the key.
    pub fn oui_encoded(&self) -> &str {
        self.0
            .split_once('-')
            .expect("a device key has two or three parts")
            .0
    }

    /// Class of product as it stands in the key; empty if the device has none.
    pub fn product_class_encoded(&self) -> &str {
        let mut parts = self.0.split('-').skip(1);
        match (parts.next(), parts.next()) {
            (Some(class), Some(_)) => class,
            (None | Some(_), _) => "",
        }
    }

    /// Serial number.
    pub fn serial_number(&self) -> String {
        self.part(self.0.split('-').count() - 1)
    }

    fn part(&self, index: usize) -> String {
        self.0
            .split('-')
            .nth(index)
            .and_then(decode_part)
            .expect("a device key has two or three parts that decode")
    }
}

/// Longest key in which no byte is encoded.
const PLAIN_KEY_BYTES_MAX: usize = 3 * DeviceId::PART_CHARS_MAX + 2;

/// The key of these parts if no byte of them is to be encoded, as in nearly all.
fn plain_key(
    oui: &str,
    product_class: &str,
    serial_number: &str,
) -> Option<ArrayString<PLAIN_KEY_BYTES_MAX>> {
    let mut key = ArrayString::new();
    key.try_push_str(oui).ok()?;
    if !product_class.is_empty() {
        key.try_push('-').ok()?;
        key.try_push_str(product_class).ok()?;
    }
    key.try_push('-').ok()?;
    key.try_push_str(serial_number).ok()?;
    [oui, product_class, serial_number]
        .iter()
        .all(|part| part.bytes().all(is_plain_byte))
        .then_some(key)
}

/// Whether a text is a device key in its one right form, without encoded bytes, as nearly all are.
fn is_plain(key: &str) -> bool {
    let is_part_length = |length| (1..=DeviceId::PART_CHARS_MAX).contains(&length);
    let (mut parts, mut length) = (1, 0);
    for byte in key.bytes() {
        if is_plain_byte(byte) {
            length += 1;
        } else if byte == b'-' && is_part_length(length) {
            parts += 1;
            length = 0;
        } else {
            return false;
        }
    }
    (2..=3).contains(&parts) && is_part_length(length)
}

/// Whether the byte stands for itself in a device key.
const fn is_plain_byte(byte: u8) -> bool {
    const IS_PLAIN: [bool; 256] = {
        let mut is_plain = [false; 256];
        let mut byte = 0_u8;
        while byte < 0x80 {
            is_plain[byte as usize] = byte.is_ascii_alphanumeric() || byte == b'_';
            byte += 1;
        }
        is_plain
    };
    IS_PLAIN[byte as usize]
}

/// A part as it stands in device keys.
pub(super) fn encoded_part(part: &str) -> Result<Box<str>, DeviceIdError> {
    if part.is_empty() {
        return Err(DeviceIdError::Incomplete);
    }
    if part.chars().count() > DeviceId::PART_CHARS_MAX {
        return Err(DeviceIdError::TooLong);
    }
    let mut encoded = String::with_capacity(part.len());
    encode_part(part, &mut encoded);
    Ok(encoded.into())
}

fn encode_part(part: &str, key: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in part.bytes() {
        if is_plain_byte(byte) {
            key.push(char::from(byte));
        } else {
            key.push('%');
            key.push(char::from(HEX[usize::from(byte >> 4)]));
            key.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

/// The text of an encoded part; `None` if it holds other characters than an encoder writes, or is not UTF-8.
fn decode_part(part: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let high = char::from(rest.next()?).to_digit(16)?;
                let low = char::from(rest.next()?).to_digit(16)?;
                bytes.push(u8::try_from(high << 4 | low).ok()?);
            }
            b'_' => bytes.push(byte),
            _ if byte.is_ascii_alphanumeric() => bytes.push(byte),
            _ => return None,
        }
    }
    String::from_utf8(bytes).ok()
}

impl fmt::Debug for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeviceId({:?})", self.key())
    }
}

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_has_three_parts_or_two() {
        assert_eq!(
            DeviceId::new("00256D", "IGD", "1").unwrap().key(),
            "00256D-IGD-1"
        );
        assert_eq!(DeviceId::new("00256D", "", "1").unwrap().key(), "00256D-1");
    }

    #[test]
    fn parts_survive_the_key() {
        let device = DeviceId::new("012345", "Set-Top Box/é", "a.b_c").unwrap();
        assert_eq!(device.key(), "012345-Set%2DTop%20Box%2F%C3%A9-a%2Eb_c");
        let read = DeviceId::from_key(device.key()).unwrap();
        assert_eq!(read, device);
        assert_eq!(read.oui(), "012345");
        assert_eq!(read.product_class(), "Set-Top Box/é");
        assert_eq!(read.serial_number(), "a.b_c");
    }

    #[test]
    fn spelling_of_a_key_does_not_matter() {
        assert_eq!(
            DeviceId::from_key("012345-a%2db-%31").unwrap().key(),
            "012345-a%2Db-1"
        );
    }

    #[test]
    fn other_texts_are_no_keys() {
        for text in [
            "", "a", "-b", "a-", "a-b-c-d", "a--c", "a-b%2", "a-b%zz", "a-%FF", "a b-c",
        ] {
            assert_eq!(
                DeviceId::from_key(text),
                Err(DeviceIdError::NotAKey),
                "{text}"
            );
        }
    }

    #[test]
    fn parts_of_a_key_have_1_to_64_characters() {
        let longest = "x".repeat(DeviceId::PART_CHARS_MAX);
        let key = [&*longest; 3].join("-");
        let device = DeviceId::from_key(&key).unwrap();
        assert_eq!(device.key(), key);
        assert_eq!(DeviceId::new(&longest, &longest, &longest), Ok(device));
        for (index, key) in [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
            .map(|more| {
                more.map(|more| "x".repeat(DeviceId::PART_CHARS_MAX + more))
                    .join("-")
            })
            .iter()
            .enumerate()
        {
            assert_eq!(
                DeviceId::from_key(key),
                Err(DeviceIdError::NotAKey),
                "{index}"
            );
        }
    }

    #[test]
    fn incomplete_and_overlong_devices_are_refused() {
        assert_eq!(DeviceId::new("", "a", "b"), Err(DeviceIdError::Incomplete));
        assert_eq!(DeviceId::new("a", "a", ""), Err(DeviceIdError::Incomplete));
        assert_eq!(
            DeviceId::new("a", "", &"x".repeat(65)),
            Err(DeviceIdError::TooLong)
        );
    }
}
