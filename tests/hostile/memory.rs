//! No record takes much memory, whatever is in it, and none takes long.

use std::time::{Duration, Instant};

use credbridge::config::Config;
use credbridge::correlator::EventKind;
use credbridge::onem2m::CertificateFile;
use credbridge::record::{Coordinates, Header, Record};
use credbridge::wire::{Decoded, Decoder, Undecoded};

use crate::inputs::{self, Hostile};
use crate::{MEMORY, alone};

/// What reading one record may take beside the record itself, in bytes.
const BYTES_MAX: usize = 10_000_000;

/// Far above what any takes, even in a build without optimisation on a busy machine: only what grows with the square
/// of its input comes here.
const TIME_MAX: Duration = Duration::from_secs(20);

/// What `f` returns, the most bytes that it had in use, and how long it took.
fn measured<T>(f: impl FnOnce() -> T) -> (T, usize, Duration) {
    let begin = Instant::now();
    MEMORY.reset_peak_usage();
    let before = MEMORY.current_usage();
    let result = f();
    (
        result,
        MEMORY.peak_usage().saturating_sub(before),
        begin.elapsed(),
    )
}

fn outcome(decoder: &Decoder, hostile: &Hostile) -> &'static str {
    let headers: Vec<Header<'_>> = hostile
        .headers
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    let coordinates = Coordinates {
        topic: "in".into(),
        partition: 0,
        offset: 0,
    };
    let record = Record {
        coordinates: &coordinates,
        key: Some(&hostile.key),
        value: Some(&hostile.value),
        headers: &headers,
    };
    match decoder.decode(hostile.input, record) {
        Ok(Decoded::One(event)) => match event.kind {
            EventKind::RefusedRequest(_) => "refused",
            EventKind::Foreign => "foreign",
            EventKind::Answer(_)
            | EventKind::CreateRequest(_)
            | EventKind::ResourceRequest(_)
            | EventKind::TransferComplete(_) => "read",
        },
        Ok(Decoded::Several(_)) => "several",
        Err(Undecoded::Foreign) => "foreign",
        Err(Undecoded::Homeless(_, error) | Undecoded::Unreadable(error)) => error.reason.as_str(),
    }
}

#[test]
fn every_hostile_record_is_told_in_little_memory() {
    let _alone = alone();
    let decoder = Config::default().decoder();
    let mut wrong = Vec::new();
    for hostile in inputs::all() {
        let (outcome, bytes, time) = measured(|| outcome(&decoder, &hostile));
        println!(
            "{:>9} bytes, {:>7.2} ms: {:?}, {} -> {outcome}",
            bytes,
            time.as_secs_f64() * 1e3,
            hostile.input,
            hostile.name
        );
        if outcome != hostile.outcome || bytes > BYTES_MAX || time > TIME_MAX {
            wrong.push(format!(
                "{:?}, {}: {outcome}, not {}; {bytes} bytes, {time:?}",
                hostile.input, hostile.name, hostile.outcome
            ));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// DER: a tag, a length, and what is in it.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).expect("short");
    let [high, low] = length.to_be_bytes();
    let length = match length {
        0..128 => vec![low],
        128..256 => vec![0x81, low],
        256.. => vec![0x82, high, low],
    };
    [&[tag], &*length, content].concat()
}

fn nested(tag: u8, depth: usize) -> Vec<u8> {
    let mut file = Vec::new();
    while file.len() < depth * 4 {
        file = der(tag, &file);
    }
    file
}

const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const OID: u8 = 0x06;
const SET: u8 = 0x31;
const EXPLICIT: u8 = 0xA0;

fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    der(0x30, &parts.concat())
}

/// ContentInfo of PKCS#7: 1 data, 2 signed, 6 encrypted.
fn content_info(number: u8, content: &[u8]) -> Vec<u8> {
    let pkcs7 = b"\x2A\x86\x48\x86\xF7\x0D\x01\x07";
    let kind = der(OID, &[&pkcs7[..], &[number]].concat());
    sequence(&[kind, der(EXPLICIT, content)])
}

/// PKCS#12 with a key whose 5,000 attributes stand in the wrong order.
fn disorderly_pkcs12() -> Vec<u8> {
    let attributes = (0..5_000_u16).rev().map(|number| {
        let arcs = [0x55, 0x80 | (number >> 7) as u8, (number & 0x7F) as u8];
        sequence(&[der(OID, &arcs), der(SET, &[])])
    });
    let attributes = der(SET, &attributes.collect::<Vec<_>>().concat());
    let key_bag = der(OID, b"\x2A\x86\x48\x86\xF7\x0D\x01\x0C\x0A\x01\x01");
    let bag = sequence(&[key_bag, der(EXPLICIT, &sequence(&[])), attributes]);
    let contents = content_info(1, &der(OCTETS, &sequence(&[bag])));
    let safe = content_info(1, &der(OCTETS, &sequence(&[contents])));
    sequence(&[der(INTEGER, &[3]), safe])
}

/// PKCS#12 whose password would have to be tried two thousand million times.
fn patient_pkcs12() -> Vec<u8> {
    let encrypted = content_info(6, &sequence(&[]));
    let safe = content_info(1, &der(OCTETS, &sequence(&[encrypted])));
    let sha_1 = sequence(&[der(OID, b"\x2B\x0E\x03\x02\x1A")]);
    let digest = sequence(&[sha_1, der(OCTETS, &[0; 20])]);
    let iterations = der(INTEGER, &i32::MAX.to_be_bytes());
    let mac = sequence(&[digest, der(OCTETS, &[0; 8]), iterations]);
    sequence(&[der(INTEGER, &[3]), safe, mac])
}

fn certificate_files() -> Vec<(&'static str, &'static str, String, bool)> {
    use base64::Engine as _;
    let base64 = |bytes: &[u8]| base64::prelude::BASE64_STANDARD.encode(bytes);
    let pem = |label: &str, content: &str| {
        format!("-----BEGIN {label}-----\n{content}\n-----END {label}-----\n")
    };
    let (x509, pkcs7, pkcs12) = (
        "application/pkix-cert",
        "application/pkcs7-mime",
        "application/pkcs12",
    );
    let blocks = pem("CERTIFICATE", "AAAA").repeat(900);
    let keys = pem("PRIVATE KEY", "AAAA").repeat(900);
    let deep = content_info(2, &nested(0x30, 9_000));
    vec![
        (
            "PKCS#12 with patience",
            pkcs12,
            base64(&patient_pkcs12()),
            true,
        ),
        (
            "PKCS#12 in disorder",
            pkcs12,
            base64(&disorderly_pkcs12()),
            false,
        ),
        ("deep X.509", x509, base64(&nested(0x30, 9_000)), false),
        ("deep PKCS#7", pkcs7, base64(&deep), false),
        ("deep sets", x509, base64(&nested(0x31, 9_000)), false),
        (
            "deep constructed texts",
            pkcs7,
            base64(&nested(0x24, 9_000)),
            false,
        ),
        (
            "open lengths",
            pkcs7,
            base64(&b"\x30\x80".repeat(30_000)),
            false,
        ),
        (
            "announced bytes",
            x509,
            base64(b"\x30\x84\xFF\xFF\xFF\xFF\x00"),
            false,
        ),
        (
            "announced more",
            x509,
            base64(b"\x30\x88\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"),
            false,
        ),
        ("blocks", x509, blocks, false),
        ("keys", x509, keys, false),
        (
            "a block that never ends",
            x509,
            format!("-----BEGIN CERTIFICATE-----\n{}", "A".repeat(60_000)),
            false,
        ),
        (
            "begins",
            x509,
            "-----BEGIN CERTIFICATE-----\n".repeat(2_000),
            false,
        ),
        ("100 MB", x509, "A".repeat(100_000_000), false),
        ("white space", x509, " ".repeat(100_000), false),
    ]
}

#[test]
fn every_hostile_certificate_file_is_told_in_little_memory() {
    let _alone = alone();
    for (name, format, content, is_read) in certificate_files() {
        let (result, bytes, time) = measured(|| CertificateFile::read(format, &content));
        println!(
            "{bytes:>9} bytes, {:>7.2} ms: {name}",
            time.as_secs_f64() * 1e3
        );
        assert_eq!(result.is_ok(), is_read, "{name}: {:?}", result.err());
        assert!(
            bytes < BYTES_MAX && time < TIME_MAX,
            "{name}: {bytes} bytes, {time:?}"
        );
    }
}
