//! A small disk for one broker, which can be full.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use crate::kafka::wait_for;
use crate::rounds::Act;
use crate::stage::Stage;

/// The broker that has it.
const NODE: usize = 2;

/// Room for all that the rounds write until old topics are gone; the memory is taken only as it is used.
const SIZE: &str = "size=4g";

/// How long a broker may take to find out that its disk is full.
const FULL_LIMIT: Duration = Duration::from_secs(120);

/// The folder of a broker's data, on a disk of its own.
#[derive(Debug, Default)]
pub(crate) struct SmallDisk(OnceLock<PathBuf>);

impl SmallDisk {
    /// Puts a disk below the data of a node, if it is the one that has a small disk and the system allows it.
    pub(crate) fn put_below(&self, node: &Path) {
        if !node.ends_with(format!("node-{}", NODE + 1)) {
            return;
        }
        let (data, formatted) = (node.join("data"), node.join("formatted"));
        fs::rename(&data, &formatted).expect("the directory is ours");
        fs::create_dir(&data).expect("the directory is ours");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", SIZE, "tmpfs"])
            .arg(&data)
            .output();
        match mounted {
            Ok(output) if output.status.success() => {
                self.0.set(data.clone()).expect("one node has it");
            }
            failed => println!("no disk can be mounted, so none can be full: {failed:?}"),
        }
        for entry in fs::read_dir(&formatted).expect("the directory is ours") {
            let entry = entry.expect("the directory is ours");
            fs::copy(entry.path(), data.join(entry.file_name())).expect("the directory is ours");
        }
    }

    fn ballast(&self) -> PathBuf {
        let data = self
            .0
            .get()
            .expect("this round needs the right to mount a disk");
        data.with_file_name("data").join("ballast")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        if let Some(data) = self.0.get() {
            let unmounted = Command::new("umount").arg("--lazy").arg(data).status();
            println!("disk unmounted: {unmounted:?}");
        }
    }
}

/// The disk gets full, its broker ends, there is room again, and the broker is started again.
pub(crate) fn fill(stage: &mut Stage<'_>, act: &Act) {
    for _ in 0..act.times {
        stage.pause(2_000..4_000);
        let ballast = stage.disk.ballast();
        fill_up(&ballast);
        wait_for("the end of the broker", FULL_LIMIT, || {
            stage.broker.node_has_ended(NODE).then_some(())
        });
        println!("the broker ended");
        stage.pause(10_000..15_000);
        fs::remove_file(&ballast).expect("it was written");
        stage.broker.restart();
        stage.await_replicas();
        stage.cast.recover();
    }
}

/// Writes until nothing more goes in.
fn fill_up(ballast: &Path) {
    let mut file = File::create(ballast).expect("the disk is ours");
    let mut bytes = vec![0; 1 << 20];
    while !bytes.is_empty() {
        if file.write_all(&bytes).is_err() {
            bytes.truncate(bytes.len() / 2);
        }
    }
}
