//! Small stores in the cloud: one bucket in memory that believes only what is signed, or has the right token.

mod azure;
mod s3;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, mpsc};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};

pub(crate) const BUCKET: &str = "credentials";
pub(crate) const REGION: &str = "eu-central-1";
pub(crate) const KEY_ID: &str = "AKIAEXAMPLE";
/// What the clients of every cloud hold; it is also valid base64, as keys of Azure are.
pub(crate) const SECRET: &str = "plantedSecretAccessKeys=";

/// Whose calls a bucket answers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cloud {
    S3,
    /// Google Cloud Storage, by its XML API; the token is checked, not how a client gets it.
    Gcs,
    /// Azure Blob Storage, with a shared key.
    Azure,
}

impl Cloud {
    /// The URL of the bucket for `staging.store`.
    pub(crate) fn url(self) -> String {
        let scheme = match self {
            Self::S3 => "s3",
            Self::Gcs => "gs",
            Self::Azure => "az",
        };
        format!("{scheme}://{BUCKET}")
    }

    /// What a client with another secret is answered.
    pub(crate) fn disbelief(self) -> (StatusCode, &'static str) {
        match self {
            Self::S3 => (StatusCode::FORBIDDEN, "SignatureDoesNotMatch"),
            Self::Gcs => (StatusCode::UNAUTHORIZED, "AuthenticationRequired"),
            Self::Azure => (StatusCode::FORBIDDEN, "AuthenticationFailed"),
        }
    }

    fn believes(self, method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> bool {
        match self {
            Self::S3 => s3::is_signed(method, uri, headers, body),
            Self::Gcs => headers
                .get(AUTHORIZATION)
                .is_some_and(|said| *said == format!("Bearer {SECRET}")),
            Self::Azure => azure::is_signed(method, uri, headers),
        }
    }
}

/// The bucket; its server ends with the tests.
pub(crate) struct Bucket {
    cloud: Cloud,
    address: SocketAddr,
    shared: Arc<Mutex<Shared>>,
}

struct Shared {
    cloud: Cloud,
    files: BTreeMap<String, Vec<u8>>,
    /// What every call is answered, whoever signed it.
    refusal: Option<StatusCode>,
}

impl Bucket {
    pub(crate) fn start(cloud: Cloud) -> Self {
        let shared = Arc::new(Mutex::new(Shared {
            cloud,
            files: BTreeMap::new(),
            refusal: None,
        }));
        let app = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&shared));
        let (sender, address) = mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime starts");
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
                    .await
                    .expect("the loopback has a free port");
                let address = listener.local_addr().expect("it is bound");
                sender.send(address).expect("the caller waits");
                axum::serve(listener, app).await.expect("it never ends");
            });
        });
        let address = address.recv().expect("the server starts");
        Self {
            cloud,
            address,
            shared,
        }
    }

    /// What the environment of a client says of it.
    pub(crate) fn environment(&self, secret: &str) -> Vec<(&'static str, String)> {
        let endpoint = format!("http://{}", self.address);
        let may = "true".to_owned();
        let secret = secret.to_owned();
        match self.cloud {
            Cloud::S3 => vec![
                ("AWS_ENDPOINT", endpoint),
                ("AWS_ALLOW_HTTP", may),
                ("AWS_REGION", REGION.to_owned()),
                ("AWS_ACCESS_KEY_ID", KEY_ID.to_owned()),
                ("AWS_SECRET_ACCESS_KEY", secret),
            ],
            Cloud::Gcs => vec![
                ("GOOGLE_BASE_URL", endpoint),
                ("GOOGLE_ALLOW_HTTP", may),
                ("GOOGLE_BEARER_TOKEN", secret),
            ],
            Cloud::Azure => vec![
                ("AZURE_STORAGE_ENDPOINT", endpoint),
                ("AZURE_ALLOW_HTTP", may),
                ("AZURE_STORAGE_ACCOUNT_NAME", azure::ACCOUNT.to_owned()),
                ("AZURE_STORAGE_ACCOUNT_KEY", secret),
            ],
        }
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.lock().files.keys().cloned().collect()
    }

    pub(crate) fn file(&self, name: &str) -> Option<Vec<u8>> {
        self.lock().files.get(name).cloned()
    }

    /// Answers every call with that from now on.
    pub(crate) fn refuse(&self, status: impl Into<Option<StatusCode>>) {
        self.lock().refusal = status.into();
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().expect("nobody panics with it")
    }
}

async fn answer(
    State(shared): State<Arc<Mutex<Shared>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut shared = shared.lock().expect("nobody panics with it");
    let (status, text) = reply(&mut shared, &method, &uri, &headers, &body);
    // Clients read these of every file; the last one where many are removed at once.
    let headers = [
        ("etag", "\"0\""),
        ("last-modified", "Thu, 01 Jan 2026 00:00:00 GMT"),
        ("content-type", azure::BATCH_TYPE),
    ];
    (status, headers, text).into_response()
}

fn reply(
    shared: &mut Shared,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: &[u8],
) -> (StatusCode, String) {
    let error = |code: &str| format!("<Error><Code>{code}</Code></Error>");
    if let Some(status) = shared.refusal {
        return (status, error("Planted"));
    }
    if !shared.cloud.believes(method, uri, headers, body) {
        let (status, code) = shared.cloud.disbelief();
        return (status, error(code));
    }
    let name = name_of(uri.path());
    match *method {
        Method::GET if name.is_empty() => (StatusCode::OK, listing(shared, uri)),
        Method::GET => match shared.files.get(&name) {
            Some(file) => (StatusCode::OK, String::from_utf8_lossy(file).into_owned()),
            None => (StatusCode::NOT_FOUND, String::new()),
        },
        Method::PUT => {
            shared.files.insert(name, body.to_vec());
            (StatusCode::OK, String::new())
        }
        Method::DELETE => {
            shared.files.remove(&name);
            (StatusCode::NO_CONTENT, String::new())
        }
        Method::POST if name.is_empty() => azure::remove_batch(&mut shared.files, body),
        _ => panic!("nobody asks for {method}"),
    }
}

/// The name in the bucket; some clients escape more than they must.
fn name_of(path: &str) -> String {
    let path = path.replace("%2F", "/").replace("%2D", "-");
    let name = path.strip_prefix(&format!("/{BUCKET}"));
    let name = name.unwrap_or_else(|| panic!("another bucket: {path}"));
    name.trim_start_matches('/').to_owned()
}

/// The files with a prefix.
fn listing(shared: &Shared, uri: &Uri) -> String {
    let query = query_of(uri);
    let prefix = query.get("prefix").map_or("", String::as_str);
    let files = shared.files.iter();
    let files = files.filter(|(name, _)| name.starts_with(prefix));
    match shared.cloud {
        Cloud::S3 | Cloud::Gcs => list_objects(files),
        Cloud::Azure => azure::list_blobs(files),
    }
}

fn query_of(uri: &Uri) -> BTreeMap<String, String> {
    let Query(query) = Query::try_from_uri(uri).expect("clients write queries right");
    query
}

/// The answer to `ListObjectsV2`, which both S3 and the XML API of Google have.
fn list_objects<'a>(files: impl Iterator<Item = (&'a String, &'a Vec<u8>)>) -> String {
    let mut contents = String::new();
    for (name, file) in files {
        write!(
            contents,
            "<Contents><Key>{name}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified>\
             <ETag>\"0\"</ETag><Size>{}</Size></Contents>",
            file.len()
        )
        .expect("a string takes all");
    }
    format!("<ListBucketResult><IsTruncated>false</IsTruncated>{contents}</ListBucketResult>")
}
