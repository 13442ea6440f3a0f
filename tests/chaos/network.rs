//! What happens between the processes and the brokers.

use std::time::{Duration, Instant};

use crate::kafka::network::{Fault, Way};
use crate::rounds::Act;
use crate::stage::Stage;

/// What a request takes longer, and so does its answer.
const DELAY: Duration = Duration::from_millis(100);

/// What share is lost on the way.
const LOSS: f64 = 0.05;

const NODES: usize = 3;

/// A process reaches no broker, and none reaches it.
pub(crate) fn cut_process(stage: &mut Stage<'_>, act: &Act) {
    let clients = cut_off(stage);
    let cut = both(Way::Cut);
    suffer(stage, act, &Fault { clients, ..cut });
}

/// A broker that all others reach reaches no process.
pub(crate) fn cut_broker(stage: &mut Stage<'_>, act: &Act) {
    let broker = any_broker(stage);
    let cut = both(Way::Cut);
    suffer(stage, act, &Fault { broker, ..cut });
}

/// No process reaches any broker.
pub(crate) fn cut_all(stage: &mut Stage<'_>, act: &Act) {
    suffer(stage, act, &both(Way::Cut));
}

/// What a process asks for is done, and it does not learn so.
pub(crate) fn cut_answers(stage: &mut Stage<'_>, act: &Act) {
    let clients = cut_off(stage);
    let to_broker = Way::Clear;
    let cut = both(Way::Cut);
    suffer(
        stage,
        act,
        &Fault {
            clients,
            to_broker,
            ..cut
        },
    );
}

/// What is asked of a broker does not reach it.
pub(crate) fn cut_requests(stage: &mut Stage<'_>, act: &Act) {
    let broker = any_broker(stage);
    let to_client = Way::Clear;
    let cut = both(Way::Cut);
    suffer(
        stage,
        act,
        &Fault {
            broker,
            to_client,
            ..cut
        },
    );
}

/// Everything takes longer.
pub(crate) fn delay(stage: &mut Stage<'_>, act: &Act) {
    suffer(stage, act, &both(Way::Delayed(DELAY)));
}

/// Much is sent again.
pub(crate) fn loss(stage: &mut Stage<'_>, act: &Act) {
    suffer(stage, act, &both(Way::Lossy(LOSS)));
}

/// For all clients of all brokers, to and fro.
fn both(way: Way) -> Fault {
    Fault {
        to_broker: way,
        to_client: way,
        ..Fault::default()
    }
}

fn any_broker(stage: &mut Stage<'_>) -> Option<usize> {
    Some(stage.random.usize(..NODES))
}

/// The clients of any process.
fn cut_off(stage: &mut Stage<'_>) -> String {
    let process = stage.any_process();
    stage.clients_of(process)
}

fn suffer(stage: &mut Stage<'_>, act: &Act, fault: &Fault) {
    for _ in 0..act.times {
        stage.pause(2_000..3_000);
        println!("{fault:?}");
        let begin = Instant::now();
        stage.broker.network().suffer(fault.clone());
        while begin.elapsed() < act.fault {
            stage.pause(200..300);
        }
        stage.broker.network().heal();
        stage.cast.recover();
    }
}
