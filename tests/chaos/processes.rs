//! What happens to the processes of the bridge.

use std::ops::Range;

use crate::cast::FREEZE;
use crate::rounds::Act;
use crate::stage::{PROCESSES, Stage};

/// `kill -9`, and a start after a while.
pub(crate) fn kill(stage: &mut Stage<'_>, act: &Act) {
    for _ in 0..act.times {
        stage.pause(500..3_000);
        let victim = stage.any_process();
        kill_for(stage, victim, 100..2_000);
        stage.cast.recover();
    }
}

/// Kills a process, and starts it again after a while of so many milliseconds.
pub(crate) fn kill_for(stage: &mut Stage<'_>, process: usize, milliseconds: Range<u64>) {
    stage.cast.kill_one(process);
    stage.pause(milliseconds);
    stage.cast.start_one(process);
}

/// Each process is replaced, one after the other.
pub(crate) fn update(stage: &mut Stage<'_>, act: &Act) {
    for _ in 0..act.times {
        for process in 0..PROCESSES {
            stage.pause(200..1_000);
            stage.cast.stop_one(process);
            stage.cast.start_one(process);
            stage.cast.recover();
        }
    }
}

/// A process stands still until the group has gone on without it.
pub(crate) fn freeze(stage: &mut Stage<'_>, act: &Act) {
    for _ in 0..act.times {
        stage.pause(500..2_000);
        let victim = stage.any_process();
        stage.cast.freeze_one(victim, FREEZE);
        stage.cast.recover();
    }
}

/// Processes go until one is left, and come again; each change has settled before the next.
pub(crate) fn scale(stage: &mut Stage<'_>, act: &Act) {
    for _ in 0..act.times {
        while stage.cast.count() > 1 {
            stage.cast.stop_one(stage.cast.count() - 1);
            stage.cast.settle();
            stage.pause(200..1_000);
        }
        while stage.cast.count() < PROCESSES {
            stage.cast.start_one(stage.cast.count());
            stage.cast.settle();
            stage.pause(200..1_000);
        }
    }
}
