//! Azure Blob Storage: shared keys, its list, and removal in batches.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ring::hmac;

use super::{SECRET, name_of, query_of};

pub(super) const ACCOUNT: &str = "fleet";

/// The content-type of the answer to a batch.
pub(super) const BATCH_TYPE: &str = "multipart/mixed; boundary=batchresponse_1";

/// Whether the request carries the signature that the key gives ("Authorize with Shared Key").
pub(super) fn is_signed(method: &Method, uri: &Uri, headers: &HeaderMap) -> bool {
    let header = |name: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default()
    };
    let standard = [
        "content-encoding",
        "content-language",
        "content-length",
        "content-md5",
        "content-type",
        "date",
        "if-modified-since",
        "if-match",
        "if-none-match",
        "if-unmodified-since",
        "range",
    ];
    let mut text = format!("{method}\n");
    for name in standard {
        let value = match (name, header(name)) {
            ("content-length", "0") => "",
            (_, value) => value,
        };
        writeln!(text, "{value}").expect("a string takes all");
    }
    let mut own: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
    own.retain(|name| name.starts_with("x-ms-"));
    own.sort_unstable();
    for name in own {
        writeln!(text, "{name}:{}", header(name)).expect("a string takes all");
    }
    write!(text, "/{ACCOUNT}{}", uri.path()).expect("a string takes all");
    for (name, value) in query_of(uri) {
        write!(text, "\n{name}:{value}").expect("a string takes all");
    }
    let key = BASE64_STANDARD
        .decode(SECRET)
        .expect("the secret is base64");
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
    let signature = BASE64_STANDARD.encode(hmac::sign(&key, text.as_bytes()));
    header("authorization") == format!("SharedKey {ACCOUNT}:{signature}")
}

/// `Blob Batch` of removals, each with a signature of its own.
pub(super) fn remove_batch(
    files: &mut BTreeMap<String, Vec<u8>>,
    body: &[u8],
) -> (StatusCode, String) {
    let body = str::from_utf8(body).expect("names are text");
    let mut answer = String::new();
    for part in body.split("DELETE ").skip(1) {
        let (line, rest) = part.split_once(" HTTP/1.1\r\n").expect("a request");
        let (head, _) = rest.split_once("\r\n\r\n").expect("a head");
        let headers: HeaderMap = head.lines().map(header_of).collect();
        let uri: Uri = line.parse().expect("a path");
        let status = match is_signed(&Method::DELETE, &uri, &headers) {
            true if files.remove(&name_of(uri.path())).is_some() => "202 Accepted",
            true => "404 The specified blob does not exist.",
            false => "403 Forbidden",
        };
        let number = answer.matches("Content-ID").count();
        write!(
            answer,
            "--batchresponse_1\r\nContent-Type: application/http\r\nContent-ID: {number}\r\n\r\n\
             HTTP/1.1 {status}\r\nx-ms-version: 2018-11-09\r\n\r\n\r\n"
        )
        .expect("a string takes all");
    }
    answer.push_str("--batchresponse_1--\r\n");
    (StatusCode::ACCEPTED, answer)
}

fn header_of(line: &str) -> (HeaderName, HeaderValue) {
    let (name, value) = line.split_once(':').expect("a header");
    let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
    (name, value.trim().parse().expect("a value"))
}

/// The answer to `List Blobs`.
pub(super) fn list_blobs<'a>(files: impl Iterator<Item = (&'a String, &'a Vec<u8>)>) -> String {
    let mut blobs = String::new();
    for (name, file) in files {
        write!(
            blobs,
            "<Blob><Name>{name}</Name><Properties><Last-Modified>Thu, 01 Jan 2026 00:00:00 GMT</Last-Modified>\
             <Content-Length>{}</Content-Length><Content-Type>application/octet-stream</Content-Type>\
             <Etag>0</Etag></Properties></Blob>",
            file.len()
        )
        .expect("a string takes all");
    }
    format!("<EnumerationResults><Blobs>{blobs}</Blobs><NextMarker/></EnumerationResults>")
}
