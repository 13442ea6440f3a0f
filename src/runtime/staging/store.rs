use std::collections::BTreeMap;
use std::path::{Path as Folder, PathBuf};
use std::sync::Arc;

use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt as _, PutPayload};

use crate::mapping::staged_until;
use crate::time::Timestamp;

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
        let url = url.parse().map_err(|error| Error::Generic {
            store: "URL",
            source: Box::new(error),
        })?;
        let (store, prefix) = object_store::parse_url_opts(&url, environment)?;
        Ok(Self {
            store: store.into(),
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

    /// Removes a file; one that is not there is removed already.
    pub(super) async fn remove(&self, name: &str) -> Result<(), Error> {
        match self.store.delete(&self.place(name)).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// The names of files that nobody has needed since `time`; what was not staged is left alone.
    pub(super) async fn expired(&self, time: Timestamp) -> Result<Vec<String>, Error> {
        let prefix = Some(&self.prefix).filter(|prefix| !prefix.as_ref().is_empty());
        let listed = self.store.list_with_delimiter(prefix).await?.objects;
        let names = listed.iter().filter_map(|file| file.location.filename());
        let expired = names.filter(|name| is_expired(name, time));
        Ok(expired.map(str::to_owned).collect())
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
