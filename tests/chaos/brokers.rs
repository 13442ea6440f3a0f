//! What happens to the brokers.

use crate::cast;
use crate::kafka::broker::Broker;
use crate::rounds::Act;
use crate::stage::Stage;

/// Partitions of the internal topics of the cluster.
const INTERNAL_PARTITIONS: i32 = 4;

/// Nodes of the cluster.
const NODES: usize = 3;

/// A broker stops in order, and is started again after a while.
pub(crate) fn stop(stage: &mut Stage<'_>, act: &Act) {
    restart(stage, act, Broker::stop_node);
}

/// A broker is killed, and started again after a while.
pub(crate) fn kill(stage: &mut Stage<'_>, act: &Act) {
    restart(stage, act, Broker::kill_node);
}

fn restart(stage: &mut Stage<'_>, act: &Act, end: fn(&mut Broker, usize)) {
    for number in 0..act.times {
        stage.pause(500..2_000);
        let victim = victim(stage, number);
        end(stage.broker, victim);
        stage.pause(1_000..5_000);
        stage.broker.restart();
        // Two brokers behind at a time would stop all writing, which is another fault than this one.
        stage.await_replicas();
        stage.cast.recover();
    }
}

/// In turn: the coordinator of the group, that of the transactions of a worker, and any node.
fn victim(stage: &mut Stage<'_>, number: usize) -> usize {
    let any = stage.random.usize(..NODES);
    let process = stage.any_process();
    let (topic, name) = match number % 3 {
        0 => ("__consumer_offsets", stage.app.name.clone()),
        1 => (
            "__transaction_state",
            format!("{}-{}-0", stage.app.name, cast::name(process)),
        ),
        _ => return any,
    };
    let partition = java_hash(&name).wrapping_abs() % INTERNAL_PARTITIONS;
    let leader = stage.app.client.leader(topic, partition);
    leader.expect("a cluster in order has all leaders")
}

/// The hash of Java's strings, by which the cluster finds a coordinator.
fn java_hash(text: &str) -> i32 {
    text.encode_utf16().fold(0_i32, |hash, unit| {
        hash.wrapping_mul(31).wrapping_add(i32::from(unit))
    })
}
