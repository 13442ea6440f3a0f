use std::collections::BTreeMap;
use std::path::{Path as Folder, PathBuf};
use std::sync::Arc;

use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt as _, PutPayload};

use crate::mapping::staged_until;
use crate::time::Timestamp;

/// How many characters are shown of what a store says; some answer with whole pages.
const SHOWN_CHARS_MAX: usize = 500;

/// A folder or a bucket. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct Store {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
    /// Where the store is a folder.
    folder: Option<PathBuf>,
}

impl Store {
    /// The store at the URL; `environment`: variables that the clients of stores in the cloud know.
    pub(super) fn open(url: &str, environment: &BTreeMap<String, String>) -> Result<Self, Error> {
        match url.strip_prefix("file://") {
            Some(folder) => {
                let store = LocalFileSystem::new_with_prefix(folder)?.with_fsync(true);
                Ok(Self {
                    store: Arc::new(store),
                    prefix: Path::default(),
                    folder: Some(folder.into()),
                })
            }
            None => Self::open_cloud(url, environment),
        }
    }

    #[cfg(feature = "cloud-stores")]
    fn open_cloud(url: &str, environment: &BTreeMap<String, String>) -> Result<Self, Error> {
        let (store, prefix) = super::cloud::open(url, environment)?;
        Ok(Self {
            store,
            prefix,
            folder: None,
        })
    }

    #[cfg(not(feature = "cloud-stores"))]
    fn open_cloud(url: &str, _: &BTreeMap<String, String>) -> Result<Self, Error> {
        Err(Error::NotSupported {
            source: format!("{url} is in the cloud, for which this program was not built").into(),
        })
    }

    /// Puts a file there, in one step: nobody sees a part of it. One of the same name is replaced.
    pub(super) async fn put(&self, name: &str, content: &[u8]) -> Result<(), Error> {
        let payload = PutPayload::from(content.to_vec());
        self.store.put(&self.place(name), payload).await.map(drop)
    }

    /// What a file holds.
    pub(super) async fn read(&self, name: &str) -> Result<Vec<u8>, Error> {
        let found = self.store.get(&self.place(name)).await?;
        Ok(found.bytes().await?.to_vec())
    }

    /// Removes a file; one that is not there is removed already.
    pub(super) async fn remove(&self, name: &str) -> Result<(), Error> {
        match self.store.delete(&self.place(name)).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// The names of files that nobody has needed since `time`; what was not staged is left alone.
    pub(super) async fn expired(&self, time: Timestamp) -> Result<Vec<String>, Error> {
        let mut names = self.names().await?;
        names.retain(|name| is_expired(name, time));
        Ok(names)
    }

    /// The names of all files.
    pub(super) async fn names(&self) -> Result<Vec<String>, Error> {
        let prefix = Some(&self.prefix).filter(|prefix| !prefix.as_ref().is_empty());
        let listed = self.store.list_with_delimiter(prefix).await?.objects;
        let names = listed.iter().filter_map(|file| file.location.filename());
        Ok(names.map(str::to_owned).collect())
    }

    /// Removes what a kill left of files that were being written into a folder, and that nobody has needed since `time`;
    /// returns how many. They are called like the file, with `#` and a number behind it, and are not listed.
    pub(super) fn remove_parts(&self, time: Timestamp) -> usize {
        let remove = |folder: &Folder| {
            let entries = folder.read_dir().ok()?.filter_map(Result::ok);
            let parts = entries.filter(|entry| {
                let name = entry.file_name();
                let file = name.to_str().and_then(|name| name.split_once('#'));
                file.is_some_and(|(file, _)| is_expired(file, time))
            });
            Some(
                parts
                    .filter(|part| std::fs::remove_file(part.path()).is_ok())
                    .count(),
            )
        };
        self.folder.as_deref().and_then(remove).unwrap_or(0)
    }

    fn place(&self, name: &str) -> Path {
        self.prefix.clone().join(name)
    }
}

fn is_expired(name: &str, time: Timestamp) -> bool {
    staged_until(name).is_some_and(|until| until < time)
}

/// What is wrong, in one line that is not too long, and without names of files: whoever knows one can fetch the file.
pub(super) fn shown(error: &Error) -> String {
    let mut text = error.to_string().replace(char::is_control, " ");
    let mut rest = 0;
    while let Some(found) = text[rest..].find('-') {
        let dash = rest + found;
        let begin = text[..dash]
            .rfind(|c: char| !c.is_ascii_digit())
            .map_or(0, |place| place + 1);
        let end = text[dash + 1..]
            .find(|c: char| !c.is_ascii_hexdigit())
            .map_or(text.len(), |length| dash + 1 + length);
        if staged_until(&text[begin..end]).is_some() {
            text.replace_range(begin..end, "***");
            rest = begin;
        } else {
            rest = dash + 1;
        }
    }
    match text.char_indices().nth(SHOWN_CHARS_MAX) {
        Some((end, _)) => format!("{}..", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_of_an_error_has_no_names_of_files_and_an_end() {
        let name = format!("1800000000-{}", "0a".repeat(16));
        let body = format!("no-access\nto b/{name}?x, {name}{}", " because".repeat(100));
        let error = Error::Generic {
            store: "S3",
            source: body.into(),
        };
        let text = shown(&error);
        let begin = "Generic S3 error: no-access to b/***?x, *** because because";
        assert!(text.starts_with(begin), "{text}");
        assert!(text.ends_with(".."), "{text}");
        assert_eq!(text.chars().count(), SHOWN_CHARS_MAX + 2);
    }
}
