//! Stores in the cloud: a bucket or container, and a prefix in it.

use std::collections::BTreeMap;
use std::sync::Arc;

use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreScheme, RetryConfig};

/// What is to be told of the store: itself, and the prefix.
type Opened = (Arc<dyn ObjectStore>, Path);

/// The client of a store, with all variables that it knows. It tries nothing again: whoever calls does that, and wants to
/// hear what the store said.
macro_rules! client {
    ($builder:ty, $url:expr, $environment:expr) => {{
        let retry = RetryConfig {
            max_retries: 0,
            ..RetryConfig::default()
        };
        let mut builder = <$builder>::new().with_url($url).with_retry(retry);
        for (name, value) in $environment {
            if let Ok(key) = name.to_ascii_lowercase().parse() {
                builder = builder.with_config(key, value);
            }
        }
        Arc::new(builder.build()?)
    }};
}

/// The store at the URL; `environment`: variables that the clients know.
pub(super) fn open(url: &str, environment: &BTreeMap<String, String>) -> Result<Opened, Error> {
    let parsed = url.parse().map_err(|error| Error::Generic {
        store: "URL",
        source: Box::new(error),
    })?;
    let (scheme, prefix) = ObjectStoreScheme::parse(&parsed)?;
    let store: Arc<dyn ObjectStore> = match scheme {
        ObjectStoreScheme::AmazonS3 => {
            // Files go one by one, and not every S3 can remove many at once.
            let single = ("AWS_DISABLE_BULK_DELETE".to_owned(), "true".to_owned());
            client!(
                AmazonS3Builder,
                url,
                [(&single.0, &single.1)].into_iter().chain(environment)
            )
        }
        ObjectStoreScheme::GoogleCloudStorage => {
            client!(GoogleCloudStorageBuilder, url, environment)
        }
        ObjectStoreScheme::MicrosoftAzure => client!(MicrosoftAzureBuilder, url, environment),
        other @ (ObjectStoreScheme::Local
        | ObjectStoreScheme::Memory
        | ObjectStoreScheme::Http
        | _) => {
            return Err(Error::NotSupported {
                source: format!("{url} is {other:?}").into(),
            });
        }
    };
    Ok((store, prefix))
}
