//! A rolling update: each process is stopped and started again, one after the other, while the load runs.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::faults::Cast;
use crate::kafka::app::App;
use crate::kafka::wait_for;
use crate::load::Load;

/// Responses that come before the first process is stopped, and between two of them: some seconds of load.
const RESPONSES: usize = 400;

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
    let watch = Watch::default();
    let (steps, arrivals) = thread::scope(|scope| {
        let arrivals = scope.spawn(|| arrivals(app, &watch));
        watch.wait();
        let steps: Vec<Step> = (0..cast.count())
            .map(|index| replace(cast, index, &watch))
            .collect();
        load.assert_running();
        watch.is_over.store(true, Ordering::Relaxed);
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

/// What is known of the responses while they come.
#[derive(Default)]
struct Watch {
    count: AtomicUsize,
    is_over: AtomicBool,
}

impl Watch {
    /// Waits until some more have come.
    fn wait(&self) {
        let enough = self.count.load(Ordering::Relaxed) + RESPONSES;
        wait_for("responses", RESPONSE_LIMIT, || {
            (self.count.load(Ordering::Relaxed) >= enough).then_some(())
        });
    }
}

fn replace(cast: &mut Cast<'_>, index: usize, watch: &Watch) -> Step {
    let before = cast.rebalances_beside(index);
    let begin = Instant::now();
    let stopped = cast.stop_one(index);
    let again = Instant::now();
    cast.start_one(index);
    let ready = again.elapsed();
    watch.wait();
    Step {
        begin,
        stopped,
        ready,
        end: Instant::now(),
        rebalances: cast.rebalances_beside(index).saturating_sub(before),
    }
}

/// When each response came.
fn arrivals(app: &App, watch: &Watch) -> Vec<Instant> {
    let mut responses = app.client.tail(&[&app.responses]);
    let mut arrivals = Vec::new();
    while !watch.is_over.load(Ordering::Relaxed) {
        responses.next("a response", RESPONSE_LIMIT, |_| true);
        arrivals.push(Instant::now());
        watch.count.store(arrivals.len(), Ordering::Relaxed);
    }
    arrivals
}

fn longest_pause(arrivals: &[Instant], step: &Step) -> Duration {
    let meets = |pair: &&[Instant]| pair[1] > step.begin && pair[0] < step.end;
    let pauses = arrivals.windows(2).filter(meets);
    let pauses = pauses.map(|pair| pair[1].duration_since(pair[0]));
    pauses.max().expect("responses came")
}
