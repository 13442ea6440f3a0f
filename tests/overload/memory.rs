//! A memory that is too small.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use crate::kafka::app::App;
use crate::kafka::bridge::{BINARY, Bridge};
use crate::kafka::wait_for;
use crate::load::{Extent, Load};

/// How long the requests may take to be written and handled.
const LIMIT: Duration = Duration::from_secs(3600);

/// A control group with a limit of memory, as a container has; it goes with the value.
struct ControlGroup(PathBuf);

impl ControlGroup {
    fn with_limit(mib: usize) -> Self {
        let path = PathBuf::from(format!(
            "/sys/fs/cgroup/memory/credbridge-{}",
            std::process::id()
        ));
        fs::create_dir(&path)
            .expect("this round needs the right to make a control group (version 1)");
        let limit = (mib << 20).to_string();
        fs::write(path.join("memory.limit_in_bytes"), limit).expect("the group is ours");
        Self(path)
    }
}

impl Drop for ControlGroup {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir(&self.0) {
            println!("{} stays: {error}", self.0.display());
        }
    }
}

/// Writes that many requests that no device answers to a bridge with so much memory, and prints what it needs for them.
///
/// # Panics
/// If the bridge ends before all have been handled.
pub(crate) fn open_within(app: &App, open: usize, mib: usize) {
    let group = ControlGroup::with_limit(mib);
    let enter = format!(
        "echo $$ > {}/cgroup.procs; exec \"$1\" run --config \"$0\"",
        group.0.display()
    );
    let mut bridge = Bridge::start_within(&app.config, &["sh", "-c", &enter], BINARY);
    bridge.wait_until_ready();
    let extent = Extent {
        seed: 1,
        installations: open,
        installations_per_second: 0,
    };
    let mut load = Load::start_with(&app.config_of("load"), extent, &["--write-only"]);
    let mut told = 0;
    wait_for("all requests to be handled", LIMIT, || {
        let is_written = !load.is_running();
        let ended = bridge.ended();
        assert_eq!(
            ended,
            None,
            "the bridge ended with {told} open installations in {mib} MiB: {}",
            bridge.log()
        );
        let now_open = bridge.metric("credbridge_installations_open ")?;
        let lag = bridge.metric("credbridge_consumer_lag_records{topic=\"requests\"}")?;
        if now_open >= told + open / 20 {
            told = now_open;
            println!("{now_open} open: {} MiB resident", resident_mib(&bridge));
        }
        (is_written && lag == 0 && now_open > 0).then_some(())
    });
    println!(
        "at the end {:?} open: {} MiB resident",
        bridge.metric("credbridge_installations_open "),
        resident_mib(&bridge)
    );
    bridge.stop();
}

/// What a bridge holds in memory.
pub(crate) fn resident_mib(bridge: &Bridge) -> usize {
    let status =
        fs::read_to_string(format!("/proc/{}/status", bridge.process_id())).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<usize>().ok());
    kib.map_or(0, |kib| kib >> 10)
}
