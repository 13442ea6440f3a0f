//! What must hold when all is done: in the load's own words, and found again in the topics.

use std::collections::{BTreeMap, BTreeSet};

use credbridge::wire::r#gen::CreateRequest;
use prost::Message as _;
use serde_json::Value;

use crate::kafka::app::{App, Outputs};
use crate::kafka::fleet;
use crate::kafka::tail::Received;
use crate::load::Extent;

/// Response codes that announce a result (nonBlockingRequestSynch and nonBlockingRequestAsynch).
const ACKNOWLEDGEMENTS: [u64; 2] = [1001, 1002];

/// Response type noResponse.
const NO_RESPONSE: u64 = 5;

/// Checks the load's summary.
///
/// # Panics
/// If anything was lost, doubled, wrong or unbalanced.
pub(crate) fn summary(summary: &Value, extent: Extent) {
    assert_eq!(
        summary["installations"], extent.installations,
        "installations in {summary}"
    );
    for mistake in ["lost", "doubled", "wrong"] {
        assert_eq!(summary[mistake], 0, "{mistake} in {summary}");
    }
    assert_eq!(summary["ledger"]["balanced"], true, "{summary}");
}

/// Checks all topics of the application.
///
/// # Panics
/// If any output is missing, doubled or without a cause.
pub(crate) fn topics(app: &App) {
    let requests = app.client.read_all(&[&app.requests]);
    let outputs = app.written();
    println!(
        "{} requests, {} commands, {} responses, {} dead letters",
        requests.len(),
        outputs.commands.len(),
        outputs.responses.len(),
        outputs.dead_letters.len()
    );
    commands(&outputs);
    responses(&requests, &outputs);
}

/// One Download for each installation, at most one Set, and no command twice.
fn commands(outputs: &Outputs) {
    let mut ids: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for record in &outputs.commands {
        let command = fleet::command(record);
        let installation = installation(record);
        assert!(
            ids.entry(installation).or_default().insert(command.id),
            "command twice: {record:?}"
        );
    }
    for (installation, ids) in &ids {
        let download = format!("{}/download", installation.1);
        assert!(ids.contains(&download), "{installation:?}: {ids:?}");
    }
    for record in &outputs.responses {
        if fleet::response(record).code == 2001 {
            let ids = ids.get(&installation(record));
            assert!(
                ids.is_some_and(|ids| !ids.is_empty()),
                "2001 without a command: {record:?}"
            );
        }
    }
}

fn installation(record: &Received) -> (String, String) {
    let device = record.required("cwmp-device-id").to_owned();
    (device, record.required("cwmp-command-key").to_owned())
}

/// One final response for each request; a request that was written several times needs one at least, and each of its
/// records gets one at most.
fn responses(requests: &[Received], outputs: &Outputs) {
    let mut finals: BTreeSet<&str> = BTreeSet::new();
    for record in &outputs.responses {
        if !ACKNOWLEDGEMENTS.contains(&fleet::response(record).code) {
            assert!(
                finals.insert(record.required("credbridge-request")),
                "second final response: {record:?}"
            );
        }
    }
    let set_aside: BTreeSet<&str> = outputs
        .dead_letters
        .iter()
        .map(|record| record.required("credbridge-source"))
        .collect();
    let mut answered: BTreeMap<(&[u8], Option<&str>), bool> = BTreeMap::new();
    for request in requests {
        let coordinates = request.coordinates.to_string();
        if !expects_response(request) || set_aside.contains(&*coordinates) {
            continue;
        }
        let same = (request.value(), request.header("cwmp-command-key"));
        *answered.entry(same).or_default() |= finals.contains(&*coordinates);
    }
    let unanswered: Vec<_> = answered
        .iter()
        .filter(|(_, answered)| !**answered)
        .map(|((value, key), _)| (String::from_utf8_lossy(value), key))
        .take(5)
        .collect();
    assert!(
        unanswered.is_empty(),
        "requests without a response, e.g. {unanswered:#?}"
    );
    assert!(!answered.is_empty(), "the load wrote no requests");
}

/// Whether a requester waits for an answer to this record. What nobody can read gets none.
fn expects_response(request: &Received) -> bool {
    let content_type = request.header("content-type").unwrap_or_default();
    if content_type.contains("cbor") {
        return true;
    }
    if let Ok(primitive) = serde_json::from_slice::<Value>(request.value()) {
        let response_type = primitive.pointer("/rt/rtv").and_then(Value::as_u64);
        return primitive["op"] == 1 && response_type != Some(NO_RESPONSE);
    }
    CreateRequest::decode(request.value()).is_ok_and(|request| {
        !request.request_identifier.is_empty() && u64::from(request.response_type) != NO_RESPONSE
    })
}
