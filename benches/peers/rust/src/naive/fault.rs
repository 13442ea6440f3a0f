use std::collections::HashMap;
use std::sync::LazyLock;

use serde_json::Value;

/// The message that carries a fault.
#[derive(Clone, Copy)]
pub(crate) enum Message {
    Download,
    TransferComplete,
    SetParameterValues,
}

impl Message {
    fn name(self) -> &'static str {
        match self {
            Self::Download => "Download",
            Self::TransferComplete => "TransferComplete",
            Self::SetParameterValues => "SetParameterValues",
        }
    }
}

pub(crate) struct Fault {
    code: u32,
    text: String,
}

impl Fault {
    /// `None` where there is none.
    pub(crate) fn read(fault: &Value) -> Option<Self> {
        let code = fault["faultCode"].as_u64()?;
        let code = u32::try_from(code).ok().filter(|code| *code != 0)?;
        let text = fault["faultString"].as_str().unwrap_or_default().to_owned();
        Some(Self { code, text })
    }
}

struct Row {
    meaning: &'static str,
    result: &'static str,
    status_code: u32,
}

/// By message and code, in the order of the file.
static ROWS: LazyLock<Vec<((&'static str, u32), Row)>> = LazyLock::new(|| {
    let lines = include_str!("../../../../../src/mapping/fault_table.csv")
        .lines()
        .skip(1);
    let row = |line: &'static str| {
        let columns: Vec<&'static str> = line.split(',').collect();
        let row = Row {
            meaning: columns[2],
            result: columns[4],
            status_code: columns[5].parse().expect("a status code is a number"),
        };
        (
            (
                columns[0],
                columns[1].parse().expect("a fault code is a number"),
            ),
            row,
        )
    };
    lines.map(row).collect()
});

static BY_MESSAGE: LazyLock<HashMap<(&'static str, u32), &'static Row>> =
    LazyLock::new(|| ROWS.iter().map(|(key, row)| (*key, row)).collect());

/// The status code of the response, and the fault in words (TS-0006 clause 8.3.2.2).
pub(crate) fn describe(message: Message, fault: &Fault) -> (u32, String) {
    let name = message.name();
    let listed = BY_MESSAGE.get(&(name, fault.code)).copied();
    let elsewhere = || {
        ROWS.iter()
            .find(|((_, code), _)| *code == fault.code)
            .map(|(_, row)| row)
    };
    let row = listed.or_else(elsewhere);
    let mut text = format!("{name} {}", fault.code);
    match row {
        Some(row) => {
            if !row.result.is_empty() {
                text.push(' ');
                text.push_str(row.result);
            }
            text.push_str(": ");
            text.push_str(row.meaning);
        }
        None => text.push_str(": not in the fault tables"),
    }
    if listed.is_none() && row.is_some() {
        text.push_str(&format!(" (out of table for {name})"));
    }
    if !fault.text.is_empty() {
        text.push_str(&format!("; device said {:?}", fault.text));
    }
    if let Message::SetParameterValues = message {
        text.push_str("; the certificate stays on the device without SUIDs");
    }
    (listed.map_or(4000, |row| row.status_code), text)
}
