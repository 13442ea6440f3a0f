//! `GET /v1/installations?device=..`: what is known of a device.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::cwmp::{CommandKey, DeviceId};
use crate::runtime::insight::{DeviceAnswer, Owner};

use super::Admin;

/// What is asked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    device: String,
    command_key: Option<String>,
}

pub(super) async fn installations(
    State(admin): State<Admin>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Response {
    if !admin.subject().options.show_devices {
        let advice = "devices are not shown; `admin.show_devices: true` in the configuration and a restart would show them";
        return refused(StatusCode::FORBIDDEN, advice);
    }
    let (device, key) = match asked
        .map_err(|rejection| rejection.body_text())
        .and_then(|Query(asked)| parsed(&asked))
    {
        Ok(parsed) => parsed,
        Err(problem) => return refused(StatusCode::BAD_REQUEST, &problem),
    };
    let answer = admin.subject().insight.device(&device, key).await;
    told(&admin, &device, answer)
}

fn parsed(asked: &Asked) -> Result<(DeviceId, Option<CommandKey>), String> {
    let device = DeviceId::from_key(&asked.device).map_err(|error| {
        format!(
            "device: {error}; write OUI-ProductClass-SerialNumber, other bytes than [A-Za-z0-9_] as %XX, and in a URL \
             % as %25, e.g. curl --get --data-urlencode device=.."
        )
    })?;
    let key = asked.command_key.as_deref();
    let key = key.map(CommandKey::try_from).transpose();
    Ok((
        device,
        key.map_err(|error| format!("command_key: {error}"))?,
    ))
}

fn told(admin: &Admin, device: &DeviceId, answer: DeviceAnswer) -> Response {
    let instance = &admin.subject().instance_id;
    match answer {
        DeviceAnswer::Here(view) => {
            let mut body = json!(view);
            body["device"] = json!(device.key());
            body["instance"] = json!(instance);
            reply(StatusCode::OK, &body)
        }
        DeviceAnswer::Restoring(shard) => {
            let error = format!("shard {shard} of the device is being restored; ask again");
            refused(StatusCode::SERVICE_UNAVAILABLE, &error)
        }
        DeviceAnswer::Elsewhere(shard, owner) => {
            let error = elsewhere(shard, instance, owner.as_ref());
            let body =
                json!({"error": error, "device": device.key(), "shard": shard, "owner": owner});
            reply(StatusCode::MISDIRECTED_REQUEST, &body)
        }
        DeviceAnswer::Silent => refused(
            StatusCode::SERVICE_UNAVAILABLE,
            "a worker does not answer: it has no session with the cluster, or is busy; /readyz?verbose tells more",
        ),
    }
}

fn elsewhere(shard: i32, instance: &str, owner: Option<&Owner>) -> String {
    match owner {
        Some(owner) => format!(
            "shard {shard} of the device is not here (instance {instance}): ask instance {}, worker {}",
            owner.instance, owner.worker
        ),
        None => format!(
            "shard {shard} of the device is not here (instance {instance}), and Kafka does not tell whose it is: ask \
             the other instances"
        ),
    }
}

fn refused(status: StatusCode, error: &str) -> Response {
    reply(status, &json!({"error": error}))
}

fn reply(status: StatusCode, body: &Value) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (status, headers, format!("{body}\n")).into_response()
}
