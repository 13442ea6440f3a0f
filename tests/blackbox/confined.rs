//! The bridge where it may do nothing: no root, no capability, nothing to write to.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::kafka::app::App;
use crate::kafka::bridge::{BINARY, Bridge};
use crate::kafka::broker::Broker;
use crate::kafka::play::Play;

/// Makes every file system read-only, gives up root and all capabilities, shows that nothing can be written, and becomes
/// the bridge. Binary and configuration are open already, because the way to them may be closed to others.
const SCRIPT: &str = r#"
set -e
exec 8<"$1" 9<"$2"
mount --bind / /
for place in $(awk '{print $5}' /proc/self/mountinfo); do
    mount -o remount,bind,ro "$place" 2>/dev/null || true
done
drop="setpriv --reuid 65532 --regid 65532 --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all"
for place in / /tmp /var/tmp /dev/shm /run "$PWD"; do
    if [ -d "$place" ] && $drop touch "$place/credbridge-probe" 2>/dev/null; then
        echo "$place can be written to" >&2
        exit 99
    fi
done
exec $drop /proc/self/fd/9 run --config /proc/self/fd/8
"#;

/// Why this machine lets nobody try it; `None`: it does.
fn obstacle() -> Option<String> {
    let tried = Command::new("unshare")
        .args([
            "--mount",
            "sh",
            "-c",
            "mount --bind / / && mount -o remount,bind,ro /",
        ])
        .stdin(Stdio::null())
        .output();
    match tried {
        Ok(output) if output.status.success() => None,
        Ok(output) => Some(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
        Err(error) => Some(format!("unshare: {error}")),
    }
}

/// The fields of `/proc/PID/status` that tell what a process may do.
fn rights(process: i32) -> Vec<(String, String)> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("it runs");
    let fields = status.lines().filter_map(|line| line.split_once(":\t"));
    fields
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

#[test]
fn bridge_needs_no_root_no_capability_and_nothing_to_write_to() {
    if let Some(obstacle) = obstacle() {
        // Past the capture of the test's output, so that everybody sees it.
        let text = format!(
            "NOT TRIED HERE: the bridge without root, capabilities and writable files, because this machine allows no \
             mount namespace ({obstacle}); run the tests as root\n"
        );
        std::io::stderr()
            .write_all(text.as_bytes())
            .expect("standard error is open");
        return;
    }
    let app = App::new(Broker::shared(), "confined");
    let mut bridge = Bridge::start_within(
        &app.config,
        &[
            "unshare",
            "--mount",
            "--propagation",
            "private",
            "sh",
            "-c",
            SCRIPT,
            "sh",
        ],
        BINARY,
    );
    bridge.wait_until_ready();
    let rights = rights(bridge.process_id());
    let of = |name: &str| {
        let found = rights.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    };
    for (name, value) in [
        ("Uid", "65532\t65532\t65532\t65532"),
        ("Gid", "65532\t65532\t65532\t65532"),
        ("CapPrm", "0000000000000000"),
        ("CapEff", "0000000000000000"),
        ("CapBnd", "0000000000000000"),
        ("CapInh", "0000000000000000"),
        ("NoNewPrivs", "1"),
    ] {
        assert_eq!(of(name), Some(value), "{name}: {rights:?}");
    }
    Play::new(&app).install("S1");
    bridge.stop();
    app.written();
}
