//! Child processes and files that do not outlive the tests, however these end.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, mpsc};

/// Free bytes below which memory is not used for the brokers' files: a container often has 64 MiB only.
const SHARED_MEMORY_BYTES_MIN: u64 = 4 << 30;

/// What the sweeper does: wait until its input ends, which the death of the tests brings about, then remove the files.
const SWEEP: &str = r#"trap "" INT TERM HUP
cat >/dev/null
for try in 1 2 3 4 5 6 7 8 9 10; do
    rm -rf "$0" && exit 0
    sleep 0.2
done"#;

type Spawn = (Command, mpsc::SyncSender<io::Result<Child>>);

/// Starts `program` such that the kernel kills it when this process ends.
///
/// The kernel watches the parent *thread*, and tests are threads that end early; so one thread that never ends starts
/// all children.
///
/// # Panics
/// If the program does not start.
pub(crate) fn spawn(program: &str, prepare: impl FnOnce(&mut Command) -> &mut Command) -> Child {
    static KEEPER: OnceLock<Mutex<mpsc::Sender<Spawn>>> = OnceLock::new();
    let keeper = KEEPER.get_or_init(|| {
        let (sender, receiver) = mpsc::channel::<Spawn>();
        std::thread::spawn(move || {
            for (mut command, reply) in receiver {
                reply.send(command.spawn()).expect("the caller waits");
            }
        });
        Mutex::new(sender)
    });
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--", program]);
    command.stdin(Stdio::null());
    prepare(&mut command);
    let (reply, child) = mpsc::sync_channel(1);
    keeper
        .lock()
        .expect("no sender panics")
        .send((command, reply))
        .expect("the keeper never ends");
    let child = child.recv().expect("the keeper always replies");
    child.unwrap_or_else(|error| panic!("cannot start {program} by setpriv (util-linux): {error}"))
}

/// A new directory of that name, in memory where there is enough; it goes when the tests end.
pub(crate) fn scratch(name: &str) -> PathBuf {
    static ROOT: OnceLock<(PathBuf, Child)> = OnceLock::new();
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let (root, _) = ROOT.get_or_init(|| {
        let parent = if shared_memory_bytes() >= SHARED_MEMORY_BYTES_MIN {
            PathBuf::from("/dev/shm")
        } else {
            std::env::temp_dir()
        };
        let root = tempfile::Builder::new()
            .prefix("credbridge-tests-")
            .tempdir_in(&parent)
            .unwrap_or_else(|error| panic!("no directory in {}: {error}", parent.display()))
            .keep();
        let sweeper = sweeper(&root);
        (root, sweeper)
    });
    let directory = root.join(format!("{name}-{}", COUNT.fetch_add(1, Ordering::Relaxed)));
    fs::create_dir_all(&directory)
        .unwrap_or_else(|error| panic!("cannot create {}: {error}", directory.display()));
    directory
}

fn sweeper(root: &Path) -> Child {
    use std::os::unix::process::CommandExt as _;

    Command::new("sh")
        .arg("-c")
        .arg(SWEEP)
        .arg(root)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .expect("sh is in every Unix")
}

/// Free bytes of the file system in memory; 0 if there is none to write to.
fn shared_memory_bytes() -> u64 {
    let df = Command::new("df")
        .args(["--output=avail", "-B1", "/dev/shm"])
        .output();
    let writable = tempfile::tempfile_in("/dev/shm").is_ok();
    df.ok()
        .filter(|_| writable)
        .and_then(|df| String::from_utf8(df.stdout).ok())
        .and_then(|text| text.lines().last()?.trim().parse().ok())
        .unwrap_or(0)
}

/// The last lines of a log, for people who look for the cause of a failure.
pub(crate) fn tail(file: &Path, lines: usize) -> String {
    let bytes = fs::read(file).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}
