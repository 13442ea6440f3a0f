use std::fmt;
use std::sync::LazyLock;

use crate::cwmp::{Fault, FaultCode};
use crate::onem2m::ResponseStatusCode;

/// Version of the fault tables: the header `credbridge-rules`.
pub const RULES_VERSION: &str = "ts-0006-v3.6.2-1";

/// Longest quotation of a device's own words in characters (`cwmp-1-2.xsd`: FaultString has at most 256).
const QUOTED_CHARS_MAX: usize = 256;

/// The message that carries a fault.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FaultMessage {
    /// The answer to Download: TS-0006 table 8.3.2.2-1.
    Download,
    /// TransferComplete: TS-0006 table 8.3.2.2-2.
    TransferComplete,
    /// The answer to SetParameterValues: like the table of AddObject in TS-0006 clause 8.1.2.
    SetParameterValues,
}

impl FaultMessage {
    const ALL: [Self; 3] = [
        Self::Download,
        Self::TransferComplete,
        Self::SetParameterValues,
    ];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Download => "Download",
            Self::TransferComplete => "TransferComplete",
            Self::SetParameterValues => "SetParameterValues",
        }
    }
}

/// Whether the tables know a fault code.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Listing {
    /// It stands in the table of its message.
    Listed,
    /// It stands only in the table of another message.
    OutOfTable,
    /// It stands in no table.
    Unlisted,
}

/// What a fault means to the requester.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct FaultMapping {
    /// The answer to the create request.
    pub response_status_code: ResponseStatusCode,
    /// Whether the tables know the code.
    pub listing: Listing,
    row: Option<&'static Row>,
}

#[derive(Debug, Eq, PartialEq)]
struct Row {
    message: FaultMessage,
    fault_code: u16,
    meaning: &'static str,
    /// Number and name of the execResult of the same meaning (TS-0004 clause 6.3.4.2.16).
    exec_result: Option<(u8, &'static str)>,
    response_status_code: ResponseStatusCode,
}

static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| {
    include_str!("fault_table.csv")
        .lines()
        .skip(1)
        .map(|line| Row::parse(line).expect("every line of fault_table.csv is a row"))
        .collect()
});

impl Row {
    fn parse(line: &'static str) -> Option<Self> {
        let mut columns = line.split(',');
        let mut column = || columns.next();
        let message = column()?;
        let row = Self {
            message: FaultMessage::ALL
                .into_iter()
                .find(|known| known.as_str() == message)?,
            fault_code: column()?.parse().ok()?,
            meaning: column()?,
            exec_result: match (column()?, column()?) {
                ("", "") => None,
                (number, name) => Some((number.parse().ok()?, name)),
            },
            response_status_code: match column()? {
                "4000" => ResponseStatusCode::BadRequest,
                "5001" => ResponseStatusCode::NotImplemented,
                _ => return None,
            },
        };
        columns.next().is_none().then_some(row)
    }
}

/// Maps a fault to the answer of the create request (TS-0006 clause 8.3.2.2).
///
/// A code that only another message lists, and one that no table lists, give 4000 like every listed row of clause
/// 8.3.2.2; the listing tells which case it was.
pub fn map_fault(message: FaultMessage, code: FaultCode) -> FaultMapping {
    let mut same_code = ROWS.iter().filter(|row| row.fault_code == code.get());
    let Some(first) = same_code.clone().next() else {
        return FaultMapping {
            response_status_code: ResponseStatusCode::BadRequest,
            listing: Listing::Unlisted,
            row: None,
        };
    };
    match same_code.find(|row| row.message == message) {
        Some(row) => FaultMapping {
            response_status_code: row.response_status_code,
            listing: Listing::Listed,
            row: Some(row),
        },
        None => FaultMapping {
            response_status_code: ResponseStatusCode::BadRequest,
            listing: Listing::OutOfTable,
            row: Some(first),
        },
    }
}

/// The code that decides: for SetParameterValues with the outer code 9003 that of the first parameter
/// (TR-069 A.3.2.1), else the fault's own.
pub fn deciding_code(message: FaultMessage, fault: &Fault) -> FaultCode {
    match (message, fault.parameters.first()) {
        (FaultMessage::SetParameterValues, Some(parameter)) if fault.code.get() == 9003 => {
            parameter.code
        }
        (
            FaultMessage::Download
            | FaultMessage::TransferComplete
            | FaultMessage::SetParameterValues,
            _,
        ) => fault.code,
    }
}

/// A fault in words: message, code, name and meaning by the tables, and what the device said.
pub fn describe_fault(message: FaultMessage, fault: &Fault) -> String {
    let code = deciding_code(message, fault);
    let mapping = map_fault(message, code);
    let mut text = format!("{} {code}", message.as_str());
    if let Some((_, name)) = mapping.row.and_then(|row| row.exec_result) {
        text.push(' ');
        text.push_str(name);
    }
    match (mapping.row, code.is_from_cpe()) {
        (Some(row), _) => text.push_str(&format!(": {}", row.meaning)),
        (None, true) => text.push_str(": not in the fault tables"),
        (None, false) => text.push_str(": fault of the ACS, not of the device"),
    }
    if mapping.listing == Listing::OutOfTable {
        text.push_str(&format!(" (out of table for {})", message.as_str()));
    }
    if let Some(parameter) = fault
        .parameters
        .first()
        .filter(|_| message == FaultMessage::SetParameterValues)
    {
        text.push_str(&format!("; parameter {}", Quoted(&parameter.name)));
        if !parameter.text.is_empty() {
            text.push_str(&format!(" said {}", Quoted(&parameter.text)));
        }
    }
    if !fault.text.is_empty() {
        let who = if fault.code.is_from_cpe() {
            "device"
        } else {
            "ACS"
        };
        text.push_str(&format!("; {who} said {}", Quoted(&fault.text)));
    }
    text
}

/// A foreign text in quotation marks: escaped, and cut after 256 characters.
#[derive(Clone, Copy, Debug)]
pub struct Quoted<'a>(
    /// The text as it came.
    pub &'a str,
);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = self
            .0
            .char_indices()
            .nth(QUOTED_CHARS_MAX)
            .map_or(self.0.len(), |(index, _)| index);
        write!(f, "{:?}", &self.0[..end])?;
        if end < self.0.len() {
            f.write_str("..")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    macro_rules! rows {
        ($($name:ident: $message:ident $code:literal => $status:literal;)*) => {
            $(#[test]
            fn $name() {
                let mapping = map_fault(FaultMessage::$message, FaultCode::try_from($code).unwrap());
                assert_eq!(mapping.listing, Listing::Listed);
                assert_eq!(mapping.response_status_code.get(), $status);
            })*

            #[test]
            fn every_row_of_the_file_is_tested() {
                let tested = [$((FaultMessage::$message, $code, $status)),*];
                let rows: Vec<_> = ROWS
                    .iter()
                    .map(|row| (row.message, row.fault_code, row.response_status_code.get()))
                    .collect();
                assert_eq!(rows, tested);
            }
        };
    }

    rows! {
        download_9000: Download 9000 => 4000;
        download_9001: Download 9001 => 4000;
        download_9002: Download 9002 => 4000;
        download_9003: Download 9003 => 4000;
        download_9004: Download 9004 => 4000;
        download_9010: Download 9010 => 4000;
        download_9012: Download 9012 => 4000;
        download_9013: Download 9013 => 4000;
        transfer_complete_9001: TransferComplete 9001 => 4000;
        transfer_complete_9002: TransferComplete 9002 => 4000;
        transfer_complete_9010: TransferComplete 9010 => 4000;
        transfer_complete_9011: TransferComplete 9011 => 4000;
        transfer_complete_9012: TransferComplete 9012 => 4000;
        transfer_complete_9014: TransferComplete 9014 => 4000;
        transfer_complete_9015: TransferComplete 9015 => 4000;
        transfer_complete_9016: TransferComplete 9016 => 4000;
        transfer_complete_9017: TransferComplete 9017 => 4000;
        transfer_complete_9018: TransferComplete 9018 => 4000;
        transfer_complete_9019: TransferComplete 9019 => 4000;
        transfer_complete_9020: TransferComplete 9020 => 4000;
        set_9000: SetParameterValues 9000 => 4000;
        set_9001: SetParameterValues 9001 => 4000;
        set_9002: SetParameterValues 9002 => 4000;
        set_9003: SetParameterValues 9003 => 4000;
        set_9004: SetParameterValues 9004 => 4000;
        set_9005: SetParameterValues 9005 => 5001;
        set_9006: SetParameterValues 9006 => 4000;
        set_9007: SetParameterValues 9007 => 4000;
        set_9008: SetParameterValues 9008 => 4000;
    }

    fn code(code: u32) -> FaultCode {
        FaultCode::try_from(code).unwrap()
    }

    #[test]
    fn tables_of_the_clause_have_eight_and_twelve_rows() {
        let count = |message| ROWS.iter().filter(|row| row.message == message).count();
        assert_eq!(count(FaultMessage::Download), 8);
        assert_eq!(count(FaultMessage::TransferComplete), 12);
    }

    #[test]
    fn codes_of_another_message_are_out_of_table() {
        for (message, number) in [
            (FaultMessage::Download, 9011),
            (FaultMessage::Download, 9005),
            (FaultMessage::TransferComplete, 9000),
            (FaultMessage::TransferComplete, 9013),
            (FaultMessage::SetParameterValues, 9015),
        ] {
            let mapping = map_fault(message, code(number));
            assert_eq!(mapping.listing, Listing::OutOfTable, "{message:?} {number}");
            assert_eq!(mapping.response_status_code, ResponseStatusCode::BadRequest);
        }
    }

    #[test]
    fn codes_of_no_table_are_unlisted() {
        for number in [8005, 8800, 9021, 9033, 9809, 9899] {
            let mapping = map_fault(FaultMessage::TransferComplete, code(number));
            assert_eq!(mapping.listing, Listing::Unlisted, "{number}");
            assert_eq!(mapping.response_status_code, ResponseStatusCode::BadRequest);
        }
    }

    #[test]
    fn a_fault_is_described_with_the_words_of_the_device() {
        let mut fault = Fault::new(code(9015));
        fault.text = "no route\nto host".into();
        assert_eq!(
            describe_fault(FaultMessage::TransferComplete, &fault),
            "TransferComplete 9015 STATUS_FILE_TRANSFER_FAILED_SERVER_CONTACT_FAILED: unable to contact file server; \
             device said \"no route\\nto host\""
        );
    }

    #[test]
    fn the_fault_of_a_parameter_decides_where_the_outer_one_says_so() {
        let fault = |outer| Fault {
            code: code(outer),
            text: "outer".into(),
            parameters: vec![crate::cwmp::ParameterFault {
                name: "Device.X".into(),
                code: code(9007),
                text: Box::default(),
            }],
        };
        let set = FaultMessage::SetParameterValues;
        assert_eq!(deciding_code(set, &fault(9003)).get(), 9007);
        assert_eq!(deciding_code(set, &fault(9002)).get(), 9002);
        let download = FaultMessage::Download;
        assert_eq!(deciding_code(download, &fault(9003)).get(), 9003);
        let said = describe_fault(set, &fault(9003));
        assert!(
            said.contains("parameter \"Device.X\"") && !said.contains(" said \"\""),
            "{said}"
        );
        assert!(!describe_fault(download, &fault(9003)).contains("parameter \""));
    }

    #[test]
    fn a_fault_of_the_acs_is_not_put_on_the_device() {
        let mut fault = Fault::new(code(8004));
        fault.text = "busy".into();
        assert_eq!(
            describe_fault(FaultMessage::Download, &fault),
            "Download 8004: fault of the ACS, not of the device; ACS said \"busy\""
        );
    }

    #[test]
    fn long_words_of_the_device_are_cut() {
        let long = "é".repeat(300);
        assert_eq!(
            Quoted(&long).to_string(),
            format!("\"{}\"..", "é".repeat(256))
        );
    }
}
