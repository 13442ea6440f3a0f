//! What happens to the end of a transaction.

use std::time::Duration;

use crate::kafka::network::Trap;
use crate::kafka::wait_for;
use crate::processes::kill_for;
use crate::rounds::Act;
use crate::stage::Stage;

/// How long a process may take to the end of its next transactions.
const END_LIMIT: Duration = Duration::from_secs(60);

/// More than the client library tries at once.
const IN_A_ROW: usize = 6;

/// A process dies with its transaction open, whose end it has asked for in vain.
pub(crate) fn hanging(stage: &mut Stage<'_>, act: &Act) {
    for _ in 0..act.times {
        stage.pause(500..2_000);
        let victim = stage.any_process();
        trap(stage, victim, Trap::Request, 1);
        kill_for(stage, victim, 100..1_000);
        stage.cast.recover();
    }
}

/// In turn: the answer to a commit is cut; the answers to several commits in a row; and the process dies without it.
pub(crate) fn unknown(stage: &mut Stage<'_>, act: &Act) {
    for number in 0..act.times {
        stage.pause(500..2_000);
        let victim = stage.any_process();
        match number % 3 {
            0 => trap(stage, victim, Trap::Answer, 1),
            1 => trap(stage, victim, Trap::Answer, IN_A_ROW),
            _ => {
                trap(stage, victim, Trap::Answer, 1);
                stage.cast.kill_one(victim);
                stage.cast.start_one(victim);
            }
        }
        stage.cast.recover();
    }
}

/// Waits until that many ends of transactions of a process went into the trap.
fn trap(stage: &Stage<'_>, process: usize, trap: Trap, times: usize) {
    let network = stage.broker.network().clone();
    let before = network.trapped();
    network.arm(trap, &stage.clients_of(process), times);
    wait_for("ends of transactions", END_LIMIT, || {
        (network.trapped() >= before + times).then_some(())
    });
}
