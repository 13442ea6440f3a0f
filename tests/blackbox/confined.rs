//! The bridge where it may do nothing: no root, no capability, no rare system call, nothing to write to.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::process::{Command, Stdio};

use crate::kafka::app::App;
use crate::kafka::bridge::{BINARY, Bridge};
use crate::kafka::broker::Broker;
use crate::kafka::play::Play;

/// Becomes the program that is its arguments, which is killed at any of the system calls that container runtimes refuse by
/// default, or gets what they give (none) for `clone3`. It is stricter than they are: they return an error.
const FILTER: &str = r#"
import ctypes, os, struct, sys
arch, clone3, refused = {
    "x86_64": (0xC000003E, 435, "103 155 163-173 175 176 179 212 227 237-239 246 248-250 256 272 279 298 300 304 308 312 313 320 321 323"),
    "aarch64": (0xC00000B7, 435, "39-41 60 89 97 104-106 112 116 142 161 162 170 217-219 224 225 235-239 241 262 265 268 272 273 280 282 294"),
}[os.uname().machine]
kill, without, allow = (struct.pack("HBBI", 6, 0, 0, k) for k in (0x80000000, 0x50026, 0x7FFF0000))
def on(k, then):
    return struct.pack("HBBI", 0x15, 0, 1, k) + then
program = struct.pack("HBBI", 0x20, 0, 0, 4) + struct.pack("HBBI", 0x15, 1, 0, arch) + kill
program += struct.pack("HBBI", 0x20, 0, 0, 0) + on(clone3, without)
for numbers in (refused + " 425-433 442").split():
    first, _, last = numbers.partition("-")
    for number in range(int(first), int(last or first) + 1):
        program += on(number, kill)
program += allow
buffer = ctypes.create_string_buffer(program)
class Filter(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("program", ctypes.c_void_p)]
arguments = Filter(len(program) // 8, ctypes.addressof(buffer))
if ctypes.CDLL(None, use_errno=True).prctl(22, 2, ctypes.byref(arguments), 0, 0) != 0:
    sys.exit("no filter of system calls: " + os.strerror(ctypes.get_errno()))
os.execvp(sys.argv[1], sys.argv[1:])
"#;

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
if python3 -c "$FILTER" $drop unshare --user true 2>/dev/null; then
    echo "what containers may not do is not refused" >&2
    exit 98
fi
exec python3 -c "$FILTER" $drop /proc/self/fd/9 run --config /proc/self/fd/8
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
fn bridge_needs_no_root_no_capability_no_rare_system_call_and_nothing_to_write_to() {
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
            "env",
            &format!("FILTER={FILTER}"),
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
        ("Seccomp", "2"),
    ] {
        assert_eq!(of(name), Some(value), "{name}: {rights:?}");
    }
    // What belongs to root here, though the process does not, is closed to all processes of its user: its memory.
    let memory = format!("/proc/{}/mem", bridge.process_id());
    assert_eq!(fs::metadata(memory).expect("it runs").uid(), 0);
    let metrics = bridge.http_get("/metrics").expect("it answers");
    assert!(metrics.contains("process_open_fds "), "{metrics}");
    Play::new(&app).install("S1");
    bridge.stop();
    app.written();
}
