//! The simulated fleet, as a process: driver and judge.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::kafka::bridge::{BINARY, write_config};
use crate::kafka::{process, wait_for};

/// What goes wrong in the fleet itself, and how long an outcome may take: longer than the time-outs of the
/// application and the pauses that the faults make together.
const MESS: [&str; 18] = [
    "--faults",
    "0.05",
    "--silence",
    "0.02",
    "--rejections",
    "0.05",
    "--duplicates",
    "0.05",
    "--reordering",
    "0.05",
    "--early",
    "0.05",
    "--wrong-keys",
    "0.01",
    "--poison",
    "0.01",
    "--deadline",
    "15m",
];

/// What a load is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extent {
    pub(crate) seed: u64,
    pub(crate) installations: usize,
    pub(crate) installations_per_second: usize,
}

/// `credbridge load`.
pub(crate) struct Load {
    child: Child,
    directory: PathBuf,
}

impl Load {
    /// Starts a fleet in which much goes wrong, with the configuration of an application.
    pub(crate) fn start(config: &Value, extent: Extent) -> Self {
        Self::start_with(config, extent, &MESS)
    }

    /// Starts a fleet with other options.
    pub(crate) fn start_with(config: &Value, extent: Extent, more: &[&str]) -> Self {
        let directory = process::scratch("load");
        let config = write_config(&directory, config);
        let file = |name: &str| File::create(directory.join(name)).expect("the directory is ours");
        let options = [
            ("--installations", extent.installations.to_string()),
            ("--devices", (extent.installations / 2).to_string()),
            ("--rate", extent.installations_per_second.to_string()),
            ("--seed", extent.seed.to_string()),
        ];
        let child = process::spawn(BINARY, |command| {
            command.args(["load", "--json", "--config"]).arg(config);
            for (name, value) in &options {
                command.args([name, value.as_str()]);
            }
            command
                .args(more)
                .stdout(Stdio::from(file("out")))
                .stderr(Stdio::from(file("log")))
        });
        Self { child, directory }
    }

    /// Whether the fleet is still at work.
    pub(crate) fn is_running(&mut self) -> bool {
        let ended = self.child.try_wait().expect("it is our child");
        ended.is_none()
    }

    /// Checks that the fleet is still at work.
    ///
    /// # Panics
    /// If it has ended.
    pub(crate) fn assert_running(&mut self) {
        assert!(
            self.is_running(),
            "the load ended before the faults did: {}\n{}",
            self.output(),
            self.log()
        );
    }

    /// Waits until the fleet is content and returns its summary.
    ///
    /// # Panics
    /// If it does not end within `limit`, or without a summary.
    pub(crate) fn finish(mut self, limit: Duration) -> Value {
        let status = wait_for("the end of the load", limit, || {
            self.child.try_wait().expect("it is our child")
        });
        let output = self.output();
        if !status.success() {
            println!(
                "the load found mistakes ({status}): {output}\n{}",
                self.log()
            );
        }
        let summary = output.lines().last().unwrap_or_default();
        serde_json::from_str(summary)
            .unwrap_or_else(|error| panic!("the load's summary is not JSON ({error}): {output}"))
    }

    fn output(&self) -> String {
        fs::read_to_string(self.directory.join("out")).expect("the directory is ours")
    }

    fn log(&self) -> String {
        process::tail(&self.directory.join("log"), 40)
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            self.child.kill().expect("it is our child");
            self.child.wait().expect("it is our child");
            println!("-- the end of the load's log:\n{}\n--", self.log());
        }
    }
}
