//! Envelopes of real CPEs and of test suites of ACSs, each with what an independent parser read in it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::record::{Coordinates, Record};
use crate::wire::cpe_event::Reading;
use crate::wire::r#gen::cpe_event::Event;
use crate::wire::r#gen::{CpeEvent, FaultStruct, SetParameterValuesFault};
use crate::wire::{CommandKeys, DecodeReason, Decoder, Undecoded};

use super::read;

fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/cwmp");
    assert!(
        folder.join("index.csv").is_file(),
        "the corpus of envelopes is expected beside the repository, in {}",
        folder.display()
    );
    folder
}

/// One line of `index.csv`, columns by name.
struct Row(csv::StringRecord, csv::StringRecord);

impl Row {
    fn get(&self, column: &str) -> &str {
        let at = self.0.iter().position(|name| name == column);
        self.1
            .get(at.unwrap_or_else(|| panic!("index.csv has no column {column}")))
            .unwrap()
    }

    fn parameter_faults(&self) -> Vec<SetParameterValuesFault> {
        let text = match self.get("parameter_faults") {
            "" => "[]",
            text => text,
        };
        serde_json::from_str::<Vec<[String; 3]>>(text)
            .unwrap()
            .into_iter()
            .map(
                |[parameter_name, code, fault_string]| SetParameterValuesFault {
                    parameter_name,
                    fault_code: code.parse().unwrap(),
                    fault_string,
                },
            )
            .collect()
    }
}

fn rows() -> Vec<Row> {
    let mut index = csv::Reader::from_path(folder().join("index.csv")).unwrap();
    let columns = index.headers().unwrap().clone();
    index
        .records()
        .map(|row| Row(columns.clone(), row.unwrap()))
        .collect()
}

#[test]
fn every_envelope_of_the_corpus_says_what_the_index_says() {
    let rows = rows();
    assert!(rows.len() >= 126, "only {} rows", rows.len());
    for row in &rows {
        let bytes = fs::read(folder().join(row.get("file"))).unwrap();
        match (row.get("wellformed"), read(&bytes, None)) {
            ("no", Err(error)) => {
                assert_eq!(
                    error.reason,
                    DecodeReason::MalformedXml,
                    "{}",
                    row.get("file")
                );
            }
            ("yes", Err(error)) => {
                assert_eq!(
                    (error.reason, row.get("rpc"), row.get("status")),
                    (DecodeReason::InvalidField, "DownloadResponse", ""),
                    "{}: {error}",
                    row.get("file")
                );
            }
            ("yes", Ok(Reading::Event(event))) => check_event(row, event),
            ("yes", Ok(Reading::Foreign { rpc, device })) => {
                assert_eq!(rpc, row.get("rpc"), "{}", row.get("file"));
                assert_eq!(device.is_some(), rpc == "Inform", "{}", row.get("file"));
                assert!(
                    !KNOWN.contains(&&*rpc) || rpc == "Fault" && row.get("fault_code").is_empty(),
                    "{}",
                    row.get("file")
                );
            }
            (_, Ok(_)) => panic!("{} is not well-formed, and was read", row.get("file")),
            (other, Err(_)) => panic!("{other:?} is no value of the column wellformed"),
        }
    }
}

/// What the standard does not allow, although it occurs (G16, R16).
const REFUSED: [(&str, DecodeReason); 12] = [
    ("014-cljtr069-DownloadResponse.xml", INVALID), // Status 2
    ("016-cljtr069-SetParameterValuesResponse.xml", INVALID), // Status 2
    ("055-cwmpex-parse-DownloadResponse.xml", INVALID), // Status 2
    ("090-cwmp4acs-DownloadResponse.xml", INVALID), // no Status
    ("092-cwmp4acs-DownloadResponse.xml", INVALID), // no Status
    ("097-orange-malformed.xml", DecodeReason::MalformedXml),
    ("102-cwmprails-Fault.xml", INVALID), // no CWMP fault
    ("106-easycwmp-template-TransferComplete.xml", INVALID), // empty FaultCode
    ("107-netcwmp-Fault.xml", INVALID),   // no CWMP fault
    (
        "117-smallcell-amp-malformed.xml",
        DecodeReason::MalformedXml,
    ),
    ("118-catawampus-TransferComplete.xml", INVALID), // FaultCode 123
    ("123-rustcpe-malformed.xml", DecodeReason::MalformedXml),
];

const INVALID: DecodeReason = DecodeReason::InvalidField;

#[test]
fn only_what_the_standard_forbids_is_refused() {
    let decoder = Decoder::new(CommandKeys::new("credbridge"));
    let coordinates = Coordinates {
        topic: "cwmp.events".into(),
        partition: 0,
        offset: 0,
    };
    let mut refused = Vec::new();
    for row in rows() {
        let bytes = fs::read(folder().join(row.get("file"))).unwrap();
        let record = Record {
            coordinates: &coordinates,
            key: Some(b"session-1"),
            value: Some(&bytes),
            headers: &[],
        };
        match decoder.cpe_event(record) {
            Ok(_) => {}
            Err(Undecoded::Unreadable(error)) => {
                refused.push((row.get("file").to_owned(), error.reason));
            }
            Err(other @ (Undecoded::Foreign | Undecoded::Homeless(..))) => {
                panic!("{}: {other:?}", row.get("file"))
            }
        }
    }
    let expected = REFUSED.map(|(file, reason)| (file.to_owned(), reason));
    assert_eq!(refused, expected);
}

#[test]
fn the_readme_says_how_many_are_read() {
    let (all, refused) = (rows().len(), REFUSED.len());
    let said = format!("{} of {all} are read", all - refused);
    assert!(
        include_str!("../../../../README.md").contains(&said),
        "{said}"
    );
}

const KNOWN: [&str; 8] = [
    "AutonomousTransferComplete",
    "CancelTransferResponse",
    "DownloadResponse",
    "Fault",
    "GetParameterNamesResponse",
    "GetParameterValuesResponse",
    "SetParameterValuesResponse",
    "TransferComplete",
];

fn check_event(row: &Row, event: CpeEvent) {
    let file = row.get("file");
    assert_eq!(event.command_id, row.get("cwmp_id"), "{file}");
    let number = |column: &str| row.get(column).parse::<u32>().ok();
    let times = |start: &str, complete: &str| {
        assert_eq!(
            (start, complete),
            (row.get("start_time"), row.get("complete_time")),
            "{file}"
        );
    };
    let fault_struct = |fault: Option<FaultStruct>| {
        assert_eq!(
            fault.as_ref().map(|fault| fault.fault_code),
            number("fault_code"),
            "{file}"
        );
        let text = fault.map(|fault| fault.fault_string).unwrap_or_default();
        assert_eq!(text, row.get("fault_string"), "{file}");
    };
    let rpc = match event.event.unwrap() {
        Event::AutonomousTransferComplete(said) => {
            fault_struct(said.fault);
            "AutonomousTransferComplete"
        }
        Event::DownloadResponse(said) => {
            assert_eq!(Some(said.status), number("status"), "{file}");
            times(&said.start_time, &said.complete_time);
            "DownloadResponse"
        }
        Event::Fault(said) => {
            assert_eq!(said.fault_code, number("fault_code").unwrap_or(0), "{file}");
            assert_eq!(said.fault_string, row.get("fault_string"), "{file}");
            assert_eq!(
                said.set_parameter_values_faults,
                row.parameter_faults(),
                "{file}"
            );
            "Fault"
        }
        Event::SetParameterValuesResponse(said) => {
            assert_eq!(Some(said.status), number("status"), "{file}");
            "SetParameterValuesResponse"
        }
        Event::TransferComplete(said) => {
            assert_eq!(said.command_key, row.get("command_key"), "{file}");
            times(&said.start_time, &said.complete_time);
            fault_struct(said.fault);
            "TransferComplete"
        }
        other @ (Event::CancelTransferResponse(_)
        | Event::GetParameterNamesResponse(_)
        | Event::GetParameterValuesResponse(_)
        | Event::Rejection(_)) => panic!("{file}: the index has no such event: {other:?}"),
    };
    assert_eq!(rpc, row.get("rpc"), "{file}");
}
