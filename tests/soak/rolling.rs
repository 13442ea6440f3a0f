//! A rolling update: each process is stopped and started again, one after the other, while the load runs.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::faults::Cast;
use crate::kafka::app::App;
use crate::load::Load;

/// How long the load runs before the first process is stopped, and between two of them.
const PAUSE: Duration = Duration::from_secs(5);

/// How long the next response may take.
const RESPONSE_LIMIT: Duration = Duration::from_secs(60);

/// One process that was replaced.
struct Step {
    begin: Instant,
    stopped: Duration,
    ready: Duration,
    end: Instant,
    rebalances: usize,
}

/// Replaces each process once, and prints what each step cost.
///
/// # Panics
/// If a process does not stop or get ready in time, or responses stay away.
pub(crate) fn update(cast: &mut Cast<'_>, app: &App, load: &mut Load) {
    let is_over = AtomicBool::new(false);
    let (steps, arrivals) = thread::scope(|scope| {
        let arrivals = scope.spawn(|| arrivals(app, &is_over));
        thread::sleep(PAUSE);
        let steps: Vec<Step> = (0..cast.count())
            .map(|index| replace(cast, index))
            .collect();
        load.assert_running();
        is_over.store(true, Ordering::Relaxed);
        (steps, arrivals.join().expect("it tells of its panic"))
    });
    println!(
        "| process | stop | start to ready of all | rebalances of the others | longest pause of all responses |"
    );
    println!("| --- | --- | --- | --- | --- |");
    for (index, step) in steps.iter().enumerate() {
        println!(
            "| {index} | {:.2} s | {:.2} s | {} | {:.2} s |",
            step.stopped.as_secs_f64(),
            step.ready.as_secs_f64(),
            step.rebalances,
            longest_pause(&arrivals, step).as_secs_f64()
        );
    }
}

fn replace(cast: &mut Cast<'_>, index: usize) -> Step {
    let before = cast.rebalances_beside(index);
    let begin = Instant::now();
    let stopped = cast.stop_one(index);
    let again = Instant::now();
    cast.start_one(index);
    let ready = again.elapsed();
    thread::sleep(PAUSE);
    Step {
        begin,
        stopped,
        ready,
        end: Instant::now(),
        rebalances: cast.rebalances_beside(index).saturating_sub(before),
    }
}

/// When each response came.
fn arrivals(app: &App, is_over: &AtomicBool) -> Vec<Instant> {
    let mut responses = app.client.tail(&[&app.responses]);
    let mut arrivals = Vec::new();
    while !is_over.load(Ordering::Relaxed) {
        responses.next("a response", RESPONSE_LIMIT, |_| true);
        arrivals.push(Instant::now());
    }
    arrivals
}

fn longest_pause(arrivals: &[Instant], step: &Step) -> Duration {
    let meets = |pair: &&[Instant]| pair[1] > step.begin && pair[0] < step.end;
    let pauses = arrivals.windows(2).filter(meets);
    let pauses = pauses.map(|pair| pair[1].duration_since(pair[0]));
    pauses.max().expect("responses came")
}
