//! Certificate files in a bucket from before their Download until the end of their installation.

use std::fs;
use std::time::Duration;

use axum::http::StatusCode;
use serde_json::json;

use crate::bucket::{Bucket, Cloud, SECRET};
use crate::kafka::app::App;
use crate::kafka::bridge::{BINARY, Bridge};
use crate::kafka::broker::Broker;
use crate::kafka::fleet::CommandKind;
use crate::kafka::play::Play;
use crate::kafka::{process, wait_for};
use crate::staging::{check, impatient_request, metric};

const LIMIT: Duration = Duration::from_secs(30);
const SERVER: &str = "https://files.example.net/";

/// An application that stages files in the bucket, below a prefix.
fn app_with_bucket(cloud: Cloud) -> App {
    let secret = process::scratch("bucket").join("secret");
    fs::write(&secret, "planted-staging-secret-of-enough-characters")
        .expect("the directory is ours");
    App::new(Broker::shared(), "bucket").set(&json!({
        "download": {"content": "staged", "url": format!("{SERVER}{{file}}")},
        "staging": {"store": format!("{}/cwmp/files", cloud.url()), "secret_file": secret},
    }))
}

fn start(app: &App, bucket: &Bucket) -> Bridge {
    let mut script = "exec env".to_owned();
    for (name, value) in bucket.environment(SECRET) {
        script.push_str(&format!(" {name}={value}"));
    }
    script.push_str(r#" "$1" run --config "$0""#);
    let mut bridge = Bridge::start_within(&app.config_of("one"), &["sh", "-c", &script], BINARY);
    bridge.wait_until_ready();
    bridge
}

#[test]
fn a_file_is_in_the_bucket_while_its_download_may_be_fetched() {
    stages_files_in(Cloud::S3);
}

#[test]
fn a_bucket_of_google_holds_files_alike() {
    stages_files_in(Cloud::Gcs);
}

#[test]
fn a_container_of_azure_holds_files_alike() {
    stages_files_in(Cloud::Azure);
}

fn stages_files_in(cloud: Cloud) {
    let (app, bucket) = (app_with_bucket(cloud), Bucket::start(cloud));
    let (is_right, said) = check(&app, &bucket.environment(SECRET));
    assert!(is_right, "{said}");
    assert!(bucket.names().is_empty(), "{:?}", bucket.names());
    let (is_right, said) = check(&app, &bucket.environment("YW5vdGhlcg=="));
    assert!(!is_right);
    let (status, code) = cloud.disbelief();
    for part in [
        "staging.store: putting a file there failed",
        status.as_str(),
        code,
        "look at credentials",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }

    let bridge = start(&app, &bucket);
    let mut play = Play::new(&app);
    let download = play.up_to_download("S1");
    let CommandKind::Download { url, .. } = &download.kind else {
        panic!("not a Download: {download:?}");
    };
    assert!(url.chars().count() <= 256, "{url}");
    let name = url
        .strip_prefix(SERVER)
        .expect("the URL of the file server");
    let file = bucket.file(&format!("cwmp/files/{name}"));
    let content = file.expect("the file is there when the command is visible");
    assert!(content.starts_with(b"-----BEGIN CERTIFICATE-----"));
    let set = play.up_to_set("S1", &download);
    assert_eq!(bucket.names().len(), 1);
    play.finish("S1", &set);
    wait_for("the file to be removed", LIMIT, || {
        bucket.names().is_empty().then_some(())
    });
    bridge.stop();
}

#[test]
fn a_bucket_that_refuses_is_asked_again_until_the_request_expires() {
    let (app, bucket) = (app_with_bucket(Cloud::S3), Bucket::start(Cloud::S3));
    let bridge = start(&app, &bucket);
    let mut play = Play::new(&app);
    for (serial_number, status) in [
        ("S1", StatusCode::FORBIDDEN),
        ("S2", StatusCode::INTERNAL_SERVER_ERROR),
    ] {
        bucket.refuse(status);
        app.client.send(impatient_request(&app, serial_number));
        let (response, _) = play.next_response(serial_number);
        assert_eq!(response.code, 5000, "{response:?}");
        let why = format!("{status}: <Error><Code>Planted");
        for part in ["nothing was sent to the device", &why] {
            assert!(response.debug.contains(part), "{part}: {response:?}");
        }
    }
    play.request("S3", Some("k3"));
    let before = metric(&bridge, "failed");
    wait_for("the bucket to be asked once more", LIMIT, || {
        (metric(&bridge, "failed") > before).then_some(())
    });
    bucket.refuse(None);
    let (download, _) = play.next_command("S3");
    assert!(matches!(download.kind, CommandKind::Download { .. }));
    assert_eq!(bucket.names().len(), 1);
    bridge.stop();
    let outputs = app.written();
    assert_eq!((outputs.commands.len(), outputs.responses.len()), (1, 2));
}
