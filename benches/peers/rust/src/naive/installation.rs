use std::time::Instant;

use anyhow::Result;
use serde_json::{Value, json};

use crate::Output;
use crate::command;
use crate::fault::{self, Fault, Message};

/// What is known of one certificate on its way to one device.
pub(crate) enum Installation {
    /// Its request has not come.
    Early(Vec<Early>),
    Open {
        request: Request,
        progress: Progress,
    },
    Ended,
}

/// What was done last.
#[derive(Clone, PartialEq)]
pub(crate) enum Progress {
    DownloadSent,
    Accepted,
    /// To the row at that path.
    SetSent(String),
}

/// A create request that was taken on.
pub(crate) struct Request {
    pub(crate) coordinates: String,
    pub(crate) record_key: String,
    pub(crate) traceparent: String,
    pub(crate) device: String,
    pub(crate) command_key: String,
    pub(crate) primitive: Value,
}

/// An event, as it came.
pub(crate) struct Early {
    pub(crate) key: String,
    pub(crate) value: Vec<u8>,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) coordinates: String,
    pub(crate) arrived: Instant,
    pub(crate) event: Value,
}

impl Installation {
    pub(crate) fn open(request: Request) -> Self {
        Self::Open {
            request,
            progress: Progress::DownloadSent,
        }
    }

    /// What follows from an event; nothing from repeats.
    pub(crate) fn apply(
        &mut self,
        early: &Early,
        commands: &str,
        responses: &str,
    ) -> Result<Vec<Output>> {
        let Self::Open { request, progress } = self else {
            return Ok(Vec::new());
        };
        let event = &early.event;
        let is_transferring = matches!(progress, Progress::DownloadSent | Progress::Accepted);
        let step = event["commandId"]
            .as_str()
            .and_then(|id| id.rsplit('/').next())
            .unwrap_or_default();
        let stored = |path: &str| {
            (
                Progress::SetSent(path.to_owned()),
                command::set(request, path, commands),
            )
        };
        let ended =
            |code: u32, content: Value| command::response(request, code, content, responses);
        if let transfer @ Value::Object(_) = &event["transferComplete"] {
            if !is_transferring {
                return Ok(Vec::new());
            }
            if let Some(fault) = Fault::read(&transfer["fault"]) {
                let (code, text) = fault::describe(Message::TransferComplete, &fault);
                let output = ended(code, json!({"m2m:dbg": text}))?;
                *self = Self::Ended;
                return Ok(vec![output]);
            }
            let told = transfer["certificatePath"].as_str();
            let (next, output) = stored(told.unwrap_or(row_of(request)));
            *progress = next;
            return Ok(vec![output?]);
        }
        if let Some(fault) = Fault::read(&event["fault"]) {
            let message = match (step, &progress) {
                ("download", Progress::DownloadSent) => Message::Download,
                ("set", Progress::SetSent(_)) => Message::SetParameterValues,
                _ => return Ok(Vec::new()),
            };
            let (code, text) = fault::describe(message, &fault);
            let output = ended(code, json!({"m2m:dbg": text}))?;
            *self = Self::Ended;
            return Ok(vec![output]);
        }
        if let Value::Object(response) = &event["downloadResponse"] {
            if *progress != Progress::DownloadSent {
                return Ok(Vec::new());
            }
            let is_accepted = response.get("status").is_some_and(|status| *status == 1);
            if is_accepted {
                *progress = Progress::Accepted;
                return Ok(Vec::new());
            }
            let (next, output) = stored(row_of(request));
            *progress = next;
            return Ok(vec![output?]);
        }
        match (&event["setParameterValuesResponse"], &progress) {
            (Value::Object(_), Progress::SetSent(path)) => {
                let output = ended(2001, command::created(request, path))?;
                *self = Self::Ended;
                Ok(vec![output])
            }
            _ => Ok(Vec::new()),
        }
    }
}

/// The row that the request names.
fn row_of(request: &Request) -> &str {
    let paths = &request.primitive["pc"]["dcfg:nycfc"]["obps"];
    paths[0].as_str().unwrap_or_default()
}
