//! TLS on a real broker: users with a password, clients with a certificate, both exchanged while the bridge works.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use crate::kafka::app::App;
use crate::kafka::bridge::Bridge;
use crate::kafka::broker::{Broker, PASSWORD, USER};
use crate::kafka::certificates::Authority;
use crate::kafka::play::Play;
use crate::kafka::{process, wait_for};

const LIMIT: Duration = Duration::from_secs(60);

/// An application that reaches the cluster at `address` with these properties.
fn app(broker: &Broker, name: &str, address: &str, properties: &Value) -> App {
    let kafka = json!({"bootstrap_servers": address, "properties": properties});
    App::new(broker, name).set(&json!({"kafka": kafka}))
}

/// Waits until the bridge has said that it goes on with another configuration so many times, and is ready again.
fn wait_until_taken_up(bridge: &mut Bridge, times: usize) {
    let text = "going on with another configuration";
    wait_for("the new files to be taken up", LIMIT, || {
        (bridge.log().matches(text).count() == times).then_some(())
    });
    bridge.wait_until_ready();
}

struct Files {
    authority: Authority,
    directory: PathBuf,
}

impl Files {
    fn new() -> Self {
        let directory = process::scratch("tls");
        Self {
            authority: Authority::new(&directory),
            directory,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Puts a file in place at once, as Kubernetes does.
    fn put(&self, name: &str, write: impl FnOnce(&Path)) {
        let fresh = self.path("fresh");
        write(&fresh);
        fs::rename(fresh, self.path(name)).expect("the directory is ours");
    }

    fn put_password(&self, password: &str) {
        self.put("password", |file| {
            fs::write(file, format!("{password}\n")).expect("the directory is ours");
        });
    }

    fn put_certificate(&self, authority: &Authority) {
        authority.issue(&["bridge"], &self.path("certificate"), &self.path("key"));
    }
}

#[test]
fn passwords_and_certificates_over_tls_are_exchanged_while_the_bridge_works() {
    let files = Files::new();
    let broker = Broker::start_tls(&files.authority);
    let (ca, password) = (files.authority.certificate(), files.path("password"));
    files.put_password(PASSWORD);
    let by_password = |address: &str, name: &str| {
        let properties = json!({
            "security.protocol": "SASL_SSL", "ssl.ca.location": ca, "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": USER, "sasl.password_file": password,
        });
        app(&broker, name, address, &properties)
    };
    let secured = by_password(&broker.secured_address(), "scram");
    let mut bridge = secured.start();
    let mut play = Play::new(&secured);
    let download = play.up_to_download("S1");
    broker.set_password("another");
    files.put_password("another");
    wait_until_taken_up(&mut bridge, 1);
    let set = play.up_to_set("S1", &download);
    play.finish("S1", &set);
    play.install("S2");
    bridge.stop();
    assert_eq!(secured.written().responses.len(), 2);

    wrong_name_is_refused(&by_password, &broker);
    certificates_are_exchanged(&files, &broker);
}

/// The broker's certificate is for 127.0.0.1, and nothing else.
fn wrong_name_is_refused(by_password: &dyn Fn(&str, &str) -> App, broker: &Broker) {
    let address = broker.secured_address().replace("127.0.0.1", "localhost");
    let app = by_password(&address, "name");
    let output = app
        .tool(&["check", "--connect"])
        .output()
        .expect("the binary was built");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    for part in ["localhost", "certificate"] {
        assert!(said.contains(part), "{part} is not named: {said}");
    }
}

fn certificates_are_exchanged(files: &Files, broker: &Broker) {
    let address = format!("127.0.0.1:{}", broker.mutual_port());
    files.put_certificate(&files.authority);
    let properties = json!({
        "security.protocol": "SSL", "ssl.ca.location": files.authority.certificate(),
        "ssl.certificate.location": files.path("certificate"), "ssl.key.location": files.path("key"),
    });
    let app = app(broker, "mutual", &address, &properties);
    let mut bridge = app.start();
    let mut play = Play::new(&app);
    let download = play.up_to_download("S1");
    // A stranger's certificate shows that the new one is what counts; the right one brings everything back.
    let stranger = Authority::new(&process::scratch("stranger"));
    files.put_certificate(&stranger);
    wait_for("the stranger to be refused", LIMIT, || {
        (!bridge.is_ready() && bridge.log().contains("no broker answers yet")).then_some(())
    });
    assert_eq!(bridge.http_status("/livez"), Some(200));
    files.put_certificate(&files.authority);
    wait_until_taken_up(&mut bridge, 2);
    let set = play.up_to_set("S1", &download);
    play.finish("S1", &set);
    bridge.stop();
    assert_eq!(app.written().responses.len(), 1);
}
