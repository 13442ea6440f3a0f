//! What version 1 of the format wrote stays readable: the bytes are committed, and each is read as what it meant.
//!
//! A field that is added to the state must be given here the value that it has where nobody wrote it. When a record gets
//! another shape, the version goes up, these bytes stay, and those of the new version come beside them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::correlator::{
    Bucket, EarlyEvent, EarlyKind, Ended, Installation, InstallationId, Ledger, Open, Pacing,
    Progress, Request, Retry, State, StoredResource, Transfer,
};
use crate::cwmp::{CommandKey, DeviceId, DownloadFile, TransferComplete};
use crate::onem2m::{
    Certificate, Expiry, MyCertFileCred, Operation, PrimitiveTexts, RequestPrimitive, ResponseType,
    ResultContent, Suid, TypeName,
};
use crate::record::{Coordinates, Record};
use crate::time::Timestamp;
use crate::wire::{CommandKeys, Decoder, Outbound};

use super::super::{
    ChangelogEntry, WaitingRequest, decode, encode_forgotten, encode_installation, encode_ledger,
    encode_pacing, encode_rest, encode_waited, encode_waiting,
};

/// One record a line: its key as text, and its value in hexadecimal, `-` for a tombstone.
const RECORDS: &str = include_str!("format_1.txt");

fn decoder() -> Decoder {
    Decoder::new(CommandKeys::new("credbridge"))
}

fn committed() -> impl Iterator<Item = (Vec<u8>, Option<Vec<u8>>)> {
    RECORDS.lines().map(|line| {
        let (key, value) = line.split_once(' ').expect("key and value");
        let value = (value != "-").then(|| {
            let digits = value.as_bytes().as_chunks::<2>().0;
            let byte = |pair: &[u8; 2]| {
                let pair = str::from_utf8(pair).expect("hexadecimal digits");
                u8::from_str_radix(pair, 16).expect("hexadecimal digits")
            };
            digits.iter().map(byte).collect()
        });
        (key.as_bytes().to_vec(), value)
    })
}

fn key(text: &str) -> CommandKey {
    CommandKey::try_from(text).unwrap()
}

fn id(command_key: &str) -> InstallationId {
    InstallationId {
        device: DeviceId::new("00256D", "IGD", "S-1").unwrap(),
        command_key: key(command_key),
    }
}

fn at(text: &str) -> Coordinates {
    text.parse().unwrap()
}

fn time(millis: u64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn suids(numbers: &[u32]) -> Vec<Suid> {
    let suids = numbers.iter().map(|number| Suid::try_from(*number));
    suids.collect::<Result<_, _>>().unwrap()
}

fn resource(type_name: TypeName, path: &str) -> MyCertFileCred {
    MyCertFileCred {
        type_name,
        suids: suids(&[42, 43]).into(),
        my_cert_file_format: "application/pkix-cert".into(),
        object_paths: [path.into()].into(),
        resource_name: Some("cred".into()),
    }
}

/// A TransferComplete that waits for its request, as protobuf.
fn early() -> Installation {
    let value = b"\x5a\x1f\x0a\x02k1\x12\x00\x2a\x17Device.Security.Cert.4.";
    let event = EarlyEvent {
        kind: EarlyKind::TransferComplete(TransferComplete {
            command_key: Some(key("k1")),
            fault: None,
            certificate_path: Some("Device.Security.Cert.4.".into()),
        }),
        record: Box::new(
            Record {
                coordinates: &at("cwmp.events/2/81"),
                key: Some(b"00256D-IGD-S%2D1"),
                value: Some(value),
                headers: &[("traceparent", b"00-1-2-01")],
            }
            .to_owned(),
        ),
        expires_at: time(1_900_000_600_000),
    };
    Installation {
        id: id("k1"),
        alias: None,
        deadline: time(1_900_000_600_000),
        state: State::Early(vec![event]),
    }
}

/// An installation of which everything is known that can be.
fn open() -> Installation {
    let id = id("k/2");
    let targets: Box<[Box<str>]> = Box::from(["/cse1/a".into(), "/cse1/b".into()]);
    let open = Open {
        request: Arc::new(Request {
            device: Some(id.device.clone()),
            command_key: Some(id.command_key),
            primitive: RequestPrimitive {
                operation: Operation::Create,
                texts: PrimitiveTexts {
                    request_identifier: "a1",
                    originator: "/cse1/Ccfg",
                    to: "/cse1/node7",
                    release_version_indicator: "3",
                }
                .into(),
                response_type: ResponseType::NonBlockingAsynch(Some(targets)),
                result_content: ResultContent::HierarchicalAddressAndAttributes,
                request_expiration: Some(Expiry::After(Duration::from_secs(90))),
                result_expiration: Some(Expiry::At(time(1_900_009_000_000))),
            },
            resource: Some(resource(TypeName::M2m, "Device.Security.Certificate.")),
            coordinates: at("onem2m.requests/1/7"),
            key: Some(Arc::from(&b"originator"[..])),
            traceparent: Some(Box::from(&b"00-1-2-01"[..])),
            tracestate: Some(Box::from(&b"a=b"[..])),
        }),
        progress: Progress::SetSent,
        handled_at: time(1_900_000_000_000),
        expires_at: Some(time(1_900_000_090_000)),
        certificate: Some(Certificate {
            serial_number: Box::from(&b"\x0a\xbc"[..]),
            issuer: Arc::from(&b"\x30\x00"[..]),
        }),
        certificate_path: Some("Device.Security.Certificate.3.".into()),
        rows_before: None,
        remark: "a remark".into(),
        file: Some(DownloadFile {
            content: Arc::from(&b"file"[..]),
            size: 4,
        }),
        retry: Some(Box::new(Retry {
            attempt: 2,
            until: time(1_900_000_090_000),
            is_due: true,
            is_paced: true,
        })),
        staged: None,
        target: Some(Box::new(key("k0"))),
    };
    Installation {
        id,
        alias: Some(Box::new(key("acs1"))),
        deadline: time(1_900_000_030_000),
        state: State::Open(Box::new(open)),
    }
}

fn ended() -> Installation {
    Installation {
        id: id("k3"),
        alias: None,
        deadline: time(1_900_086_400_000),
        state: State::Ended(Ended {
            coordinates: at("onem2m.requests/0/9"),
            transfer: Transfer::Stored,
            resource: Some(Box::new(StoredResource {
                address: "/cse1/node7/cred".into(),
                attributes: resource(TypeName::Dcfg, "Device.Security.Certificate.3."),
            })),
        }),
    }
}

fn waiting() -> WaitingRequest {
    WaitingRequest {
        record: Record {
            coordinates: &at("onem2m.requests/2/41"),
            key: None,
            value: Some(b"{}"),
            headers: &[("h", b"v")],
        }
        .to_owned(),
        address: "/cse1/node7".into(),
        until: time(1_900_000_010_000),
    }
}

fn pacing() -> Pacing {
    let clocks = [
        (Bucket::Fleet, 1),
        (Bucket::Reserved, 2),
        (Bucket::ProductClass("IGD".into()), 3),
        (Bucket::Originator("/cse1/Ccfg".into()), u64::MAX),
    ];
    Pacing {
        clocks: BTreeMap::from(clocks),
    }
}

fn ledger() -> Ledger {
    Ledger {
        events: 21,
        applied: 1,
        repeated: 2,
        parked: 3,
        set_aside: 7,
        foreign: 8,
    }
}

fn entries() -> Vec<ChangelogEntry> {
    vec![
        ChangelogEntry::Installation(Box::new(early())),
        ChangelogEntry::Installation(Box::new(open())),
        ChangelogEntry::Installation(Box::new(ended())),
        ChangelogEntry::Forgotten(id("k4")),
        ChangelogEntry::Ledger(ledger(), 16),
        ChangelogEntry::Pacing(pacing()),
        ChangelogEntry::Waiting(at("onem2m.requests/2/41"), Some(Box::new(waiting()))),
        ChangelogEntry::Waiting(at("onem2m.requests/2/42"), None),
        ChangelogEntry::Rest(id("k1").device, Some(time(1_900_000_011_000))),
        ChangelogEntry::Rest(id("k1").device, None),
    ]
}

fn encode(entry: &ChangelogEntry, outbound: &mut Outbound) {
    match entry {
        ChangelogEntry::Forgotten(id) => encode_forgotten(id, outbound),
        ChangelogEntry::Installation(installation) => encode_installation(installation, outbound),
        ChangelogEntry::Ledger(ledger, shards) => encode_ledger(ledger, *shards, outbound),
        ChangelogEntry::Pacing(pacing) => encode_pacing(pacing, outbound),
        ChangelogEntry::Rest(device, until) => encode_rest(device, *until, outbound),
        ChangelogEntry::Waiting(_, Some(request)) => encode_waiting(request, outbound),
        ChangelogEntry::Waiting(coordinates, None) => encode_waited(coordinates, outbound),
    }
}

#[test]
fn what_was_written_then_is_read_as_what_it_meant() {
    let read: Vec<_> = committed()
        .map(|(key, value)| decode(&key, value.as_deref(), &decoder()).unwrap())
        .collect();
    assert_eq!(read, entries());
}

/// A program that goes back to the version before reads what this one wrote, so what needs no new field must not have
/// one.
#[test]
fn what_is_written_today_is_what_was_written_then() {
    let mut outbound = Outbound::default();
    let mut lines = String::new();
    for entry in entries() {
        encode(&entry, &mut outbound);
        lines += str::from_utf8(outbound.key().unwrap()).unwrap();
        lines.push(' ');
        match outbound.value() {
            Some(value) => lines.extend(value.iter().map(|byte| format!("{byte:02x}"))),
            None => lines.push('-'),
        }
        lines.push('\n');
    }
    assert_eq!(lines, RECORDS, "the format has changed");
}
