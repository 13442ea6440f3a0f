//! Certificate files in a folder from before their Download until the end of their installation.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use crate::kafka::app::App;
use crate::kafka::bridge::Bridge;
use crate::kafka::broker::Broker;
use crate::kafka::fleet::{self, Command, CommandKind, Format};
use crate::kafka::play::Play;
use crate::kafka::process::scratch;
use crate::kafka::wait_for;

const LIMIT: Duration = Duration::from_secs(30);
const SERVER: &str = "https://files.example.net/";
const SECRET: &str = "planted-staging-secret-of-enough-characters";

/// What others put into the folder.
const FOREIGN: &str = "index.html";

/// An application that stages files in a folder, and the folder.
fn staging_app() -> (App, PathBuf) {
    let directory = scratch("staging");
    let (folder, secret) = (directory.join("files"), directory.join("secret"));
    fs::create_dir(&folder).expect("the directory is ours");
    fs::write(&secret, SECRET).expect("the directory is ours");
    let app = App::new(Broker::shared(), "staging").set(&json!({
        "download": {"content": "staged", "url": format!("{SERVER}{{file}}")},
        "staging": {"store": format!("file://{}", folder.display()), "secret_file": secret},
    }));
    (app, folder)
}

fn files(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("the folder is there");
    let names = entries.map(|entry| entry.expect("it is there").file_name());
    let mut names: Vec<_> = names
        .map(|name| name.into_string().expect("names are text"))
        .collect();
    names.sort();
    names
}

fn only_foreign(folder: &Path) -> Option<()> {
    (files(folder) == [FOREIGN]).then_some(())
}

/// The file that a Download names, which must be there.
fn staged_file(folder: &Path, download: &Command) -> PathBuf {
    let CommandKind::Download { url, .. } = &download.kind else {
        panic!("not a Download: {download:?}");
    };
    let file = folder.join(
        url.strip_prefix(SERVER)
            .expect("the URL of the file server"),
    );
    let content = fs::read(&file).expect("the file is there when the command is visible");
    assert!(!content.is_empty());
    let mode = fs::metadata(&file).expect("it is there").mode();
    assert_eq!(mode & 0o007, 0, "others may read or change it: {mode:o}");
    file
}

fn start(app: &App) -> Bridge {
    let mut bridge = Bridge::start_with(&app.config_of("one"), &["--log", "trace"]);
    bridge.wait_until_ready();
    bridge
}

/// How many files had that outcome.
pub(crate) fn metric(bridge: &Bridge, outcome: &str) -> usize {
    let name = format!("credbridge_staged_files_total{{outcome=\"{outcome}\"}}");
    bridge.metric(&name).expect("the bridge answers")
}

/// What `check --connect` says, and whether all is right.
pub(crate) fn check(app: &App, environment: &[(&str, String)]) -> (bool, String) {
    let output = app
        .tool(&["check", "--connect"])
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .output()
        .expect("the binary was built");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    (output.status.success(), said)
}

#[test]
fn a_check_tries_the_store() {
    let (app, folder) = staging_app();
    let (is_right, said) = check(&app, &[]);
    assert!(is_right, "{said}");
    assert!(files(&folder).is_empty());
    for (mode, is_told) in [(0o755, true), (0o750, false)] {
        let permissions = fs::Permissions::from_mode(mode);
        fs::set_permissions(&folder, permissions).expect("the folder is ours");
        let output = app.tool(&["check"]).output().expect("the binary was built");
        let log = String::from_utf8_lossy(&output.stderr);
        let is_warned = log.contains("staging.store: everybody on the machine may");
        assert_eq!(
            (is_warned, output.status.success()),
            (is_told, true),
            "{log}"
        );
    }
    // A folder in which nobody can put a file, root included.
    let app = app.set(&json!({"staging": {"store": "file:///proc"}}));
    let (is_right, said) = check(&app, &[]);
    assert!(!is_right, "{said}");
    let problem = "staging.store: putting a file there failed";
    assert!(said.contains(problem), "{said}");
    assert!(said.contains("write access to the folder"), "{said}");
}

#[test]
fn a_staged_file_survives_a_kill_and_goes_at_the_end() {
    let (app, folder) = staging_app();
    let expired = format!("1000000000-{}", "0".repeat(32));
    for name in [&*expired, &format!("{expired}#1"), FOREIGN] {
        fs::write(folder.join(name), "x").expect("the folder is ours");
    }
    let bridge = start(&app);
    wait_for("expired files to be removed", LIMIT, || {
        only_foreign(&folder)
    });
    assert_eq!(metric(&bridge, "swept"), 2);

    let mut play = Play::new(&app);
    let download = play.up_to_download("S1");
    let file = staged_file(&folder, &download);
    assert_eq!(metric(&bridge, "staged"), 1);
    let log = bridge.log();
    let name = file.file_name().and_then(|name| name.to_str());
    for secret in [SECRET, name.expect("names are text")] {
        assert!(!log.contains(secret), "{secret} stands in the log");
    }
    bridge.kill();
    assert!(file.exists());

    let bridge = start(&app);
    let set = play.up_to_set("S1", &download);
    assert!(file.exists());
    play.finish("S1", &set);
    wait_for("the file to be removed", LIMIT, || only_foreign(&folder));
    bridge.stop();
    let outputs = app.written();
    assert_eq!((outputs.commands.len(), outputs.responses.len()), (2, 1));
}

/// A request that expires after two seconds.
pub(crate) fn impatient_request(app: &App, serial_number: &str) -> crate::kafka::client::Record {
    let mut record = fleet::request(&app.requests, Format::Json, serial_number, None);
    let value = record.value.as_deref().expect("a request has a value");
    let mut primitive: Value = serde_json::from_slice(value).expect("the request is JSON");
    primitive["rqet"] = json!("2000");
    record.value = Some(primitive.to_string().into_bytes());
    record
}

#[test]
fn a_store_that_fails_is_asked_again_also_after_a_kill() {
    let (app, folder) = staging_app();
    let bridge = app.start();
    let away = folder.with_extension("away");
    fs::rename(&folder, &away).expect("the folder is ours");
    fs::write(&folder, "no folder").expect("the directory is ours");

    let mut play = Play::new(&app);
    app.client.send(impatient_request(&app, "S1"));
    let (response, _) = play.next_response("S1");
    assert_eq!(response.code, 5000, "{response:?}");
    let text = "the certificate file could not be staged, and nothing was sent to the device";
    assert!(response.debug.contains(text), "{response:?}");

    play.request("S2", Some("k2"));
    wait_for("the request to be taken on", LIMIT, || {
        (bridge.metric("credbridge_installations_open") == Some(1)).then_some(())
    });
    bridge.kill();
    fs::remove_file(&folder).expect("the directory is ours");
    fs::rename(&away, &folder).expect("the directory is ours");
    let bridge = app.start();
    let (download, _) = play.next_command("S2");
    staged_file(&folder, &download);
    let fault = fleet::transfer_complete("k2", 9018, "");
    play.event("S2", "", fault);
    assert_eq!(play.next_response("S2").0.code, 4000);
    wait_for("the file to be removed", LIMIT, || {
        files(&folder).is_empty().then_some(())
    });
    bridge.stop();
    let outputs = app.written();
    assert_eq!((outputs.commands.len(), outputs.responses.len()), (1, 2));
}
