//! The compose file: all that can be seen without containers.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::tools::{deploy, output, read, tool, yaml};

fn directory() -> PathBuf {
    deploy().join("compose")
}

fn services() -> Vec<(String, Value)> {
    let compose = yaml(&read(&directory().join("compose.yaml")));
    let services = compose["services"].as_object().unwrap().clone();
    assert!(services.len() > 3);
    services.into_iter().collect()
}

fn texts(list: &Value) -> Vec<&str> {
    let items = list.as_array().into_iter().flatten();
    items.filter_map(Value::as_str).collect()
}

#[test]
fn images_are_of_one_version_and_ports_are_on_the_loopback() {
    for (name, service) in services() {
        let image = service["image"].as_str().unwrap();
        let (_, tag) = image.rsplit_once(':').unwrap_or((image, "latest"));
        assert_ne!(tag, "latest", "{name}: {image}");
        let ports = texts(&service["ports"]);
        assert!(
            ports.iter().all(|port| port.starts_with("127.0.0.1:")),
            "{name}: {ports:?}"
        );
        assert_ne!(service["network_mode"], "host", "{name}");
        assert_eq!(service["privileged"], Value::Null, "{name}");
        if name == "credbridge" {
            assert_eq!(tag, env!("CARGO_PKG_VERSION"));
        }
    }
}

#[test]
fn what_is_mounted_exists_and_is_read_only() {
    let mut mounted = 0;
    for (name, service) in services() {
        for volume in texts(&service["volumes"]) {
            let (source, target) = volume.split_once(':').unwrap();
            if !source.starts_with('.') {
                continue;
            }
            let path = directory().join(source);
            assert!(path.exists(), "{name}: {}", path.display());
            assert!(target.ends_with(":ro"), "{name}: {volume}");
            if path.is_file() {
                yaml(&read(&path));
            }
            mounted += 1;
        }
        for (needed, _) in service["depends_on"].as_object().into_iter().flatten() {
            assert!(
                services().iter().any(|(other, _)| other == needed),
                "{name}: {needed}"
            );
        }
    }
    assert_eq!(mounted, 6);
}

#[test]
fn the_configurations_are_taken_by_those_that_read_them() {
    let mut check = Command::new(env!("CARGO_BIN_EXE_credbridge"));
    output(
        check
            .args(["check", "--config"])
            .arg(directory().join("credbridge.yaml")),
    );
    let mut check = tool("promtool");
    let file = directory().join("prometheus.yaml");
    output(check.args(["check", "config", "--syntax-only"]).arg(file));
}
