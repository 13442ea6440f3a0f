use crate::record::{Coordinates, Header, Record};

/// A record of an output topic, made by a test.
#[derive(Debug)]
pub(super) struct TestRecord {
    coordinates: Coordinates,
    key: Option<String>,
    value: Vec<u8>,
    headers: Vec<(String, String)>,
}

impl TestRecord {
    pub(super) fn new(value: &[u8]) -> Self {
        Self {
            coordinates: Coordinates {
                topic: "t".into(),
                partition: 0,
                offset: 0,
            },
            key: None,
            value: value.to_vec(),
            headers: Vec::new(),
        }
    }

    pub(super) fn key(mut self, key: &str) -> Self {
        self.key = Some(key.to_owned());
        self
    }

    pub(super) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(super) fn with<T>(&self, read: impl FnOnce(&Record<'_>) -> T) -> T {
        let headers: Vec<Header<'_>> = self
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_bytes()))
            .collect();
        read(&Record {
            coordinates: &self.coordinates,
            key: self.key.as_deref().map(str::as_bytes),
            value: Some(&self.value),
            headers: &headers,
        })
    }
}
