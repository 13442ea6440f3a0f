use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::record::{Coordinates, Header};
use crate::time::Timestamp;

/// Longest line of a recording in bytes: the largest record of Kafka in base64, and room for headers.
const LINE_BYTES_MAX: usize = 64 << 20;

/// A key, a value or the value of a header: JSON text where it is UTF-8, else `{"base64":".."}`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Bytes(pub(crate) Vec<u8>);

#[derive(Deserialize, Serialize)]
#[serde(untagged)]
enum Written<T> {
    Text(T),
    Base64 { base64: T },
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match str::from_utf8(&self.0) {
            Ok(text) => Written::Text(text).serialize(serializer),
            Err(_) => Written::Base64 {
                base64: STANDARD.encode(&self.0).as_str(),
            }
            .serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Written::<String>::deserialize(deserializer)
            .map_err(|_| de::Error::custom("neither a text nor {\"base64\":\"..\"}"))?;
        match written {
            Written::Text(text) => Ok(Self(text.into_bytes())),
            Written::Base64 { base64 } => STANDARD
                .decode(&base64)
                .map(Self)
                .map_err(|error| de::Error::custom(format!("not base64: {error}"))),
        }
    }
}

/// A record as it stood in Kafka: one line of a recording.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Recorded {
    pub(crate) topic: String,
    pub(crate) partition: i32,
    pub(crate) offset: i64,
    /// Milliseconds since the Unix epoch.
    pub(crate) timestamp: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<Bytes>,
    #[serde(default)]
    pub(crate) headers: Vec<(String, Bytes)>,
    /// Absent: a tombstone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) value: Option<Bytes>,
}

impl Recorded {
    pub(crate) fn coordinates(&self) -> Coordinates {
        Coordinates {
            topic: self.topic.as_str().into(),
            partition: self.partition,
            offset: self.offset,
        }
    }

    pub(crate) const fn time(&self) -> Timestamp {
        Timestamp::from_millis(self.timestamp)
    }

    pub(crate) fn borrowed_headers(&self) -> Vec<Header<'_>> {
        let headers = self.headers.iter();
        headers
            .map(|(name, value)| (name.as_str(), value.0.as_slice()))
            .collect()
    }
}

/// Calls `each` with the lines of a file of JSON objects; empty lines are passed over.
///
/// # Errors
/// If the file cannot be read, a line is none of these objects, or `each` fails; the text names file and line.
pub(crate) fn read<T: de::DeserializeOwned>(
    path: &Path,
    mut each: impl FnMut(T) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let name = path.display();
    let file = File::open(path).with_context(|| format!("cannot open {name}"))?;
    let mut reader = BufReader::new(file);
    let mut line = Vec::new();
    for number in 1_u64.. {
        line.clear();
        let mut bounded = std::io::Read::take(&mut reader, LINE_BYTES_MAX as u64);
        let length = bounded
            .read_until(b'\n', &mut line)
            .with_context(|| format!("cannot read {name}"))?;
        if length == 0 {
            break;
        }
        anyhow::ensure!(
            length < LINE_BYTES_MAX,
            "{name}, line {number}: longer than {LINE_BYTES_MAX} bytes; no record is"
        );
        if line.trim_ascii().is_empty() {
            continue;
        }
        let parsed = serde_json::from_slice(&line).with_context(|| {
            format!("{name}, line {number}: not a record; one JSON object stands on each line, see `credbridge replay --help`")
        })?;
        each(parsed).with_context(|| format!("{name}, line {number}"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text_and_other_bytes_become_base64() {
        let line = r#"{"topic":"a","partition":1,"offset":2,"timestamp":3,"key":"k","headers":[["h",{"base64":"/w=="}]],"value":{"base64":"AP8="}}"#;
        let record: Recorded = serde_json::from_str(line).unwrap();
        assert_eq!(record.key, Some(Bytes(b"k".to_vec())));
        assert_eq!(record.headers[0].1, Bytes(vec![0xFF]));
        assert_eq!(record.value, Some(Bytes(vec![0, 0xFF])));
        assert_eq!(serde_json::to_string(&record).unwrap(), line);
    }

    #[test]
    fn mistakes_are_told_with_file_and_line() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for (text, what) in [
            ("\n\n{", "line 3: not a record"),
            (r#"{"topic":"a","partition":1,"offset":2}"#, "timestamp"),
            (
                r#"{"topic":"a","partition":1,"offset":2,"timestamp":3,"value":{"base64":"?"}}"#,
                "not base64",
            ),
        ] {
            std::fs::write(file.path(), text).unwrap();
            let error = read::<Recorded>(file.path(), |_| Ok(())).unwrap_err();
            assert!(format!("{error:#}").contains(what), "{error:#}");
        }
    }
}
