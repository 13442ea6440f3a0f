//! What an operator does on purpose while the load runs: a rolling update, a scale-out and a scale-in, step by step.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::cast::Cast;
use crate::kafka::app::App;
use crate::kafka::wait_for;
use crate::load::Load;

/// Responses that come before the first step, and between two of them: some seconds of load.
const RESPONSES: usize = 400;

/// How long the next response may take.
const RESPONSE_LIMIT: Duration = Duration::from_secs(60);

/// One step.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    /// The process of that number is stopped and started again.
    Replace(usize),
    /// One more process is started.
    Add,
    /// The process that was started last is stopped.
    Remove,
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Replace(index) => write!(formatter, "replace process {index}"),
            Self::Add => formatter.write_str("one process more"),
            Self::Remove => formatter.write_str("one process less"),
        }
    }
}

/// What one step cost.
struct Cost {
    processes: usize,
    begin: Instant,
    stopped: Option<Duration>,
    settled: Duration,
    end: Instant,
    rebalances: usize,
}

/// Takes all steps, and prints what each cost.
///
/// # Panics
/// If a process does not stop or get ready in time, or responses stay away.
pub(crate) fn take(steps: &[Step], cast: &mut Cast, app: &App, load: &mut Load) {
    let watch = Watch::default();
    let (costs, arrivals) = thread::scope(|scope| {
        let arrivals = scope.spawn(|| arrivals(app, &watch));
        watch.wait();
        let costs: Vec<Cost> = steps
            .iter()
            .map(|step| take_one(*step, cast, &watch))
            .collect();
        load.assert_running();
        watch.is_over.store(true, Ordering::Relaxed);
        (costs, arrivals.join().expect("it tells of its panic"))
    });
    println!(
        "| step | processes then | stop | until all are ready and own all shards | rebalances of the others | longest pause of all responses |"
    );
    println!("| --- | --- | --- | --- | --- | --- |");
    for (step, cost) in steps.iter().zip(&costs) {
        let stopped = cost.stopped.map_or_else(
            || "-".to_owned(),
            |time| format!("{:.2} s", time.as_secs_f64()),
        );
        println!(
            "| {step} | {} | {stopped} | {:.2} s | {} | {:.2} s |",
            cost.processes,
            cost.settled.as_secs_f64(),
            cost.rebalances,
            longest_pause(&arrivals, cost).as_secs_f64()
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

fn take_one(step: Step, cast: &mut Cast, watch: &Watch) -> Cost {
    let index = match step {
        Step::Replace(index) => index,
        Step::Add => cast.count(),
        Step::Remove => cast.count() - 1,
    };
    let before = cast.rebalances_beside(index);
    let begin = Instant::now();
    let stopped = match step {
        Step::Replace(_) | Step::Remove => Some(cast.stop_one(index)),
        Step::Add => None,
    };
    let again = Instant::now();
    match step {
        Step::Replace(_) | Step::Add => cast.start_one(index),
        Step::Remove => {}
    }
    cast.settle();
    let settled = again.elapsed();
    watch.wait();
    Cost {
        processes: cast.count(),
        begin,
        stopped,
        settled,
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

fn longest_pause(arrivals: &[Instant], cost: &Cost) -> Duration {
    let meets = |pair: &&[Instant]| pair[1] > cost.begin && pair[0] < cost.end;
    let pauses = arrivals.windows(2).filter(meets);
    let pauses = pauses.map(|pair| pair[1].duration_since(pair[0]));
    pauses.max().expect("responses came")
}
