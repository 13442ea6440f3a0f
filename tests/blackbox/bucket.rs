//! A small S3: one bucket in memory that believes only what is signed (AWS Signature Version 4).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, mpsc};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use ring::{digest, hmac};

pub(crate) const BUCKET: &str = "credentials";
pub(crate) const REGION: &str = "eu-central-1";
pub(crate) const KEY_ID: &str = "AKIAEXAMPLE";
pub(crate) const SECRET: &str = "planted-secret-access-key";

/// The bucket; its server ends with the tests.
pub(crate) struct Bucket {
    address: SocketAddr,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Default)]
struct Shared {
    files: BTreeMap<String, Vec<u8>>,
    /// What every call is answered, whoever signed it.
    refusal: Option<StatusCode>,
}

impl Bucket {
    pub(crate) fn start() -> Self {
        let shared = Arc::new(Mutex::new(Shared::default()));
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
        Self { address, shared }
    }

    /// What the environment of a client says of it.
    pub(crate) fn environment(&self, secret: &str) -> [(&'static str, String); 5] {
        [
            ("AWS_ENDPOINT", format!("http://{}", self.address)),
            ("AWS_ALLOW_HTTP", "true".to_owned()),
            ("AWS_REGION", REGION.to_owned()),
            ("AWS_ACCESS_KEY_ID", KEY_ID.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", secret.to_owned()),
        ]
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
    let (status, text) = reply(&shared, &method, &uri, &headers, &body);
    // Clients read these of every file.
    let headers = [
        ("etag", "\"0\""),
        ("last-modified", "Thu, 01 Jan 2026 00:00:00 GMT"),
    ];
    (status, headers, text).into_response()
}

fn reply(
    shared: &Mutex<Shared>,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: &[u8],
) -> (StatusCode, String) {
    let mut shared = shared.lock().expect("nobody panics with it");
    if let Some(status) = shared.refusal {
        return (status, "<Error><Code>Planted</Code></Error>".to_owned());
    }
    if !is_signed(method, uri, headers, body) {
        let text = "<Error><Code>SignatureDoesNotMatch</Code></Error>";
        return (StatusCode::FORBIDDEN, text.to_owned());
    }
    let bucket = format!("/{BUCKET}");
    let path = uri.path().strip_prefix(&bucket).unwrap_or_else(|| {
        panic!("another bucket: {uri}");
    });
    let name = path.trim_start_matches('/').to_owned();
    match *method {
        Method::GET if name.is_empty() => (StatusCode::OK, listing(&shared.files, uri)),
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
        _ => panic!("nobody asks for {method}"),
    }
}

/// `ListObjectsV2` with a prefix.
fn listing(files: &BTreeMap<String, Vec<u8>>, uri: &Uri) -> String {
    let query = uri.query().unwrap_or_default();
    let prefix = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("prefix="));
    let prefix = prefix.unwrap_or_default().replace("%2F", "/");
    let mut contents = String::new();
    for (name, file) in files.iter().filter(|(name, _)| name.starts_with(&prefix)) {
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

/// Whether the request carries the signature that the secret gives, of this content.
fn is_signed(method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> bool {
    let header = |name: &str| headers.get(name)?.to_str().ok();
    let (Some(said), Some(digest), Some(time)) = (
        header("authorization"),
        header("x-amz-content-sha256"),
        header("x-amz-date"),
    ) else {
        return false;
    };
    let part = |name: &str| {
        let (_, rest) = said.split_once(name)?;
        rest.split(',').next()
    };
    let (Some(credential), Some(signed), Some(signature)) = (
        part("Credential="),
        part("SignedHeaders="),
        part("Signature="),
    ) else {
        return false;
    };
    let mut query: Vec<&str> = uri.query().unwrap_or_default().split('&').collect();
    query.sort_unstable();
    let lines: String = signed
        .split(';')
        .map(|name| format!("{name}:{}\n", header(name).unwrap_or_default()))
        .collect();
    let canonical = format!(
        "{method}\n{}\n{}\n{lines}\n{signed}\n{digest}",
        uri.path(),
        query.join("&")
    );
    let day = &time[..8];
    let scope = format!("{day}/{REGION}/s3/aws4_request");
    let text = format!(
        "AWS4-HMAC-SHA256\n{time}\n{scope}\n{}",
        sha256(canonical.as_bytes())
    );
    let first = format!("AWS4{SECRET}").into_bytes();
    let key = [day, REGION, "s3", "aws4_request"]
        .iter()
        .fold(first, |key, part| mac(&key, part.as_bytes()));
    credential == format!("{KEY_ID}/{scope}")
        && digest == sha256(body)
        && signature == hex(&mac(&key, text.as_bytes()))
}

fn mac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    hmac::sign(&key, text).as_ref().to_vec()
}

fn sha256(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
