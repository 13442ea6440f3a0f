//! AWS Signature Version 4.

use axum::http::{HeaderMap, Method, Uri};
use ring::{digest, hmac};

use super::{KEY_ID, REGION, SECRET};

/// Whether the request carries the signature that the secret gives, of this content.
pub(super) fn is_signed(method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> bool {
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
