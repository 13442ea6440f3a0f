//! The figures of a run, and the table that is made of them.

use std::fmt;

use super::input::Input;
use super::program::{JVM, Program};

/// A look at a program while it works.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    /// Since the start of the process.
    pub(super) seconds: f64,
    /// Input records that are committed.
    pub(super) records: u64,
    /// CPU seconds since the start of the process.
    pub(super) client_cpu: f64,
    pub(super) broker_cpu: f64,
}

/// What came of a run.
#[derive(Debug)]
pub(super) struct Figures {
    input_records: u64,
    first: Option<Look>,
    middle: Option<Look>,
    last: Option<Look>,
    pub(super) peak_mebibytes: f64,
}

/// Records a second, and microseconds of CPU for each.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cost {
    pub(super) rate: f64,
    pub(super) client: f64,
    pub(super) broker: f64,
}

impl Figures {
    pub(super) const fn new(input_records: u64) -> Self {
        Self {
            input_records,
            first: None,
            middle: None,
            last: None,
            peak_mebibytes: 0.0,
        }
    }

    /// Takes a look; looks must come in the order of time.
    pub(super) fn look(&mut self, look: Look) {
        if look.records > 0 {
            self.first.get_or_insert(look);
        }
        if look.records >= self.input_records / 2 {
            self.middle.get_or_insert(look);
        }
        self.last = Some(look);
    }

    /// From the start of the process to its last commit.
    fn whole(&self) -> Cost {
        let start = Look {
            seconds: 0.0,
            records: 0,
            client_cpu: 0.0,
            broker_cpu: 0.0,
        };
        self.between(Some(start))
    }

    /// The second half of the records: whatever warms up has done so.
    pub(super) fn steady(&self) -> Cost {
        self.between(self.middle)
    }

    fn between(&self, start: Option<Look>) -> Cost {
        let (start, end) = start.zip(self.last).expect("a run has looks");
        let records = (end.records - start.records) as f64;
        let micros = |seconds: f64| seconds * 1e6 / records;
        Cost {
            rate: records / (end.seconds - start.seconds),
            client: micros(end.client_cpu - start.client_cpu),
            broker: micros(end.broker_cpu - start.broker_cpu),
        }
    }

    fn first_commit(&self) -> f64 {
        self.first.map_or(f64::NAN, |look| look.seconds)
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, steady) = (self.whole(), self.steady());
        write!(
            f,
            "{:.0} records/s, steady {:.0}; client {:.2} us a record, steady {:.2}; broker {:.2}; first commit after \
             {:.2} s; peak {:.0} MiB",
            whole.rate,
            steady.rate,
            whole.client,
            steady.client,
            steady.broker,
            self.first_commit(),
            self.peak_mebibytes
        )
    }
}

/// What stands in `Settings.java`.
const STREAMS_SETTINGS: &str = "exactly_once_v2, commit 100 ms, 2 threads, caching off, lz4, batch.size 256 KiB, \
    linger 100 ms, max.poll.records and buffered.records.per.partition 5,000";

/// What the figures were taken with.
pub(super) fn print_settings(input: &Input, installations: u64, rounds: u64) {
    let expected = &input.expected;
    println!(
        "\n{installations} installations = {} input records with {} bytes of value in the mean, {rounds} rounds; each \
         program has to write {} Download and {} SetParameterValues commands, responses {:?}, dead letters {:?}",
        input.records,
        input.value_bytes / input.records,
        expected.downloads,
        expected.sets,
        expected.responses,
        expected.dead_letters,
    );
    println!(
        "{} cores, shared with the broker. credbridge: retry.table empty and resources.ttl 0s, for the peers do neither; \
         else as it comes. Kafka Streams: java {}; {STREAMS_SETTINGS}\n",
        std::thread::available_parallelism().map_or(0, usize::from),
        JVM.join(" ")
    );
}

/// Prints the table as Markdown: the median of all runs, and the best in brackets.
pub(super) fn print(figures: &[(Program, Vec<Figures>)]) {
    println!(
        "\n| program | records/s | steady records/s | client us/record | steady client us/record | steady broker us/record | first commit after s | peak MiB |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    for (program, runs) in figures {
        let most = |of: &dyn Fn(&Figures) -> f64| cell(runs.iter().map(of), true, 0);
        let least = |of: &dyn Fn(&Figures) -> f64, digits| cell(runs.iter().map(of), false, digits);
        println!(
            "| {} | {} | {} | {} | {} | {} | {} | {} |",
            program.title(),
            most(&|run| run.whole().rate),
            most(&|run| run.steady().rate),
            least(&|run| run.whole().client, 2),
            least(&|run| run.steady().client, 2),
            least(&|run| run.steady().broker, 2),
            least(&Figures::first_commit, 2),
            least(&|run| run.peak_mebibytes, 0),
        );
    }
    print_ratios(figures);
}

/// The median, and the best in brackets.
fn cell(values: impl Iterator<Item = f64>, more_is_better: bool, digits: usize) -> String {
    let mut values: Vec<f64> = values.collect();
    let median = median(&mut values);
    let best = match more_is_better {
        true => values.last(),
        false => values.first(),
    };
    match best {
        // A run that is over within a few commits has no steady part.
        Some(best) if median.is_finite() => format!("{median:.digits$} ({best:.digits$})"),
        _ => "-".to_owned(),
    }
}

/// The middle of the values, which are sorted thereafter.
fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        length if length.is_multiple_of(2) => f64::midpoint(values[half - 1], values[half]),
        _ => values[half],
    }
}

/// credbridge against each other program that is exactly once: median against the other's best.
fn print_ratios(figures: &[(Program, Vec<Figures>)]) {
    let Some((_, ours)) = figures
        .iter()
        .find(|(program, _)| *program == Program::Credbridge)
    else {
        return;
    };
    println!();
    for (program, theirs) in figures {
        if matches!(program, Program::StreamsMemory | Program::StreamsRocksDb) {
            let median = |of: &dyn Fn(&Figures) -> f64| {
                median(&mut ours.iter().map(of).collect::<Vec<f64>>())
            };
            let best = |of: &dyn Fn(&Figures) -> f64, pick: fn(f64, f64) -> f64| {
                theirs.iter().map(of).reduce(pick).unwrap_or(f64::NAN)
            };
            println!(
                "credbridge (median) against {} (best): {:.1} times the records/s, steady; 1/{:.1} of the client CPU a record, steady",
                program.title(),
                median(&|run| run.steady().rate) / best(&|run| run.steady().rate, f64::max),
                best(&|run| run.steady().client, f64::min) / median(&|run| run.steady().client),
            );
        }
    }
}
