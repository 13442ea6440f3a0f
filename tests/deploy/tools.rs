//! Programs of others that these tests need, and YAML.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// The files of the deployment.
pub(crate) fn deploy() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy")
}

/// The chart.
pub(crate) fn chart() -> PathBuf {
    deploy().join("chart/credbridge")
}

/// Where `deploy/test/tools.sh` puts what it brings.
pub(crate) fn cache() -> PathBuf {
    let place = std::env::var_os("CREDBRIDGE_TOOLS").map(PathBuf::from);
    place.unwrap_or_else(|| {
        let home = std::env::var_os("HOME").expect("HOME is set");
        Path::new(&home).join(".cache/credbridge-tools")
    })
}

/// A program, from the path or from the cache.
///
/// # Panics
/// If it is in neither.
pub(crate) fn tool(name: &str) -> Command {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .chain([cache().join("bin")])
        .map(|directory| directory.join(name))
        .find(|file| file.is_file());
    let install = match name {
        "promtool" => "sudo apt-get install -y --no-install-recommends prometheus",
        _ => "deploy/test/tools.sh",
    };
    Command::new(
        found.unwrap_or_else(|| panic!("{name} is missing; install it with\n    {install}")),
    )
}

/// What a program writes to standard output.
///
/// # Panics
/// If it fails.
pub(crate) fn output(command: &mut Command) -> String {
    let output = run(command);
    assert!(
        output.status.success(),
        "{command:?} failed:\n{}",
        told(&output)
    );
    String::from_utf8(output.stdout).unwrap()
}

pub(crate) fn run(command: &mut Command) -> Output {
    command
        .output()
        .unwrap_or_else(|error| panic!("{command:?} does not start: {error}"))
}

/// All that a program wrote.
pub(crate) fn told(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

/// The documents of a YAML text, each as it is written.
pub(crate) fn documents(yaml: &str) -> Vec<String> {
    let mut documents = vec![String::new()];
    for line in yaml.lines() {
        if line == "---" {
            documents.push(String::new());
        } else if let Some(last) = documents.last_mut() {
            last.push_str(line);
            last.push('\n');
        }
    }
    let is_empty = |text: &String| {
        text.lines()
            .all(|line| line.trim().is_empty() || line.starts_with('#'))
    };
    documents.retain(|text| !is_empty(text));
    documents
}

/// One YAML document.
///
/// # Panics
/// If it is malformed.
pub(crate) fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The text of a file of the deployment.
pub(crate) fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
