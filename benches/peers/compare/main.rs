//! credbridge beside other programs that do the same work on the same input: see `benches/peers/README.md`.
//!
//! `just compare`, or `cargo bench --bench compare -- PROGRAM..` for some of them. Sizes by
//! `CREDBRIDGE_COMPARE_INSTALLATIONS` (default 200,000) and `CREDBRIDGE_COMPARE_ROUNDS` (default 3);
//! `CREDBRIDGE_COMPARE_BINARY` names another credbridge than the one that is built with this bench.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark measures real time and reads its sizes from the environment"
)]
#![expect(dead_code, reason = "the harness serves the tests as well")]

mod artefacts;
mod input;
#[path = "../../../tests/kafka/mod.rs"]
mod kafka;
mod meter;
mod outputs;
mod program;
mod table;
mod verdict;
mod watch;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use artefacts::Artefacts;
use input::{Expected, Input, Shape, UNKNOWN};
use kafka::bridge::BINARY;
use kafka::broker::Broker;
use outputs::Outputs;
use program::{Plan, Program, Running};
use table::Figures;
use verdict::Written;
use watch::Watch;

/// Partitions of all topics.
const PARTITIONS: i32 = 8;

/// Installations of the rounds that only check that the programs are right.
const PROOF_INSTALLATIONS: u64 = 10_000;

/// How long an event waits for its request: short where programs are checked, longer than any run where they are timed.
const PROOF_EARLY_TTL: Duration = Duration::from_secs(5);
const EARLY_TTL: Duration = Duration::from_secs(3_600);

/// How long expired events may take to come out.
const EXPIRY_LIMIT: Duration = Duration::from_secs(60);

fn main() {
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    for name in &wanted {
        assert!(
            Program::ALL.iter().any(|program| program.name() == name),
            "{name} is none of {:?}",
            Program::ALL.map(Program::name)
        );
    }
    let is_wanted =
        |program: &Program| wanted.is_empty() || wanted.iter().any(|name| program.name() == name);
    let programs: Vec<Program> = Program::ALL.into_iter().filter(is_wanted).collect();
    let binary = std::env::var("CREDBRIDGE_COMPARE_BINARY");
    let artefacts = Artefacts::build(binary.map_or_else(|_| BINARY.into(), PathBuf::from));
    let broker = Broker::start(1);
    prove(&broker, &artefacts, &programs);
    measure(&broker, &artefacts, &programs);
}

fn size(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |text| text.parse().expect("a number"))
}

/// Checks that each program is right, with events that expire. The broker is warm afterwards.
fn prove(broker: &Broker, artefacts: &Artefacts, programs: &[Program]) {
    let input = input::write(
        broker,
        "proof",
        Shape::plain(PROOF_INSTALLATIONS, PARTITIONS),
    );
    let mut reference = None;
    let joining = programs.iter().filter(|program| program.joins());
    let credbridge_first = std::iter::once(&Program::Credbridge)
        .chain(joining.filter(|program| **program != Program::Credbridge));
    for program in credbridge_first {
        let run = Run::new(
            broker,
            &input,
            artefacts,
            *program,
            "proof",
            PROOF_EARLY_TTL,
        );
        let (mut running, _) = run.work();
        let begin = Instant::now();
        let mistakes = loop {
            running.assert_alive();
            let written = Written::read(broker, &run.outputs);
            let mistakes = written.mistakes(&input.expected, reference.as_ref());
            if mistakes.is_empty() || begin.elapsed() > EXPIRY_LIMIT {
                reference.get_or_insert(written);
                break mistakes;
            }
            std::thread::park_timeout(Duration::from_secs(1));
        };
        let log = running.log_tail();
        running.stop();
        run.clean();
        assert!(
            mistakes.is_empty(),
            "{} is wrong:\n{}\n{log}",
            program.name(),
            mistakes.join("\n")
        );
        println!(
            "{}: right, {PROOF_INSTALLATIONS} installations with {:?}",
            program.name(),
            input.expected
        );
    }
}

/// Runs all programs in turn, forwards in one round, backwards in the next, and prints the table.
fn measure(broker: &Broker, artefacts: &Artefacts, programs: &[Program]) {
    let installations = size("CREDBRIDGE_COMPARE_INSTALLATIONS", 200_000);
    let rounds = size("CREDBRIDGE_COMPARE_ROUNDS", 3);
    let mut input = input::write(broker, "timed", Shape::plain(installations, PARTITIONS));
    // They wait for longer than any run takes.
    input.expected.dead_letters.remove(UNKNOWN);
    table::print_settings(&input, installations, rounds);
    let mut figures: Vec<(Program, Vec<Figures>)> = programs
        .iter()
        .map(|program| (*program, Vec::new()))
        .collect();
    for round in 0..rounds {
        let mut order: Vec<usize> = (0..figures.len()).collect();
        if round % 2 == 1 {
            order.reverse();
        }
        for index in order {
            let (program, runs) = &mut figures[index];
            let name = format!("round-{round}");
            let run = Run::new(broker, &input, artefacts, *program, &name, EARLY_TTL);
            let (running, figures) = run.work();
            running.stop();
            run.check(&input.expected);
            run.clean();
            println!("{name} {}: {figures}", program.name());
            runs.push(figures);
        }
    }
    table::print(&figures);
}

/// One run of one program.
struct Run<'a> {
    broker: &'a Broker,
    input: &'a Input,
    artefacts: &'a Artefacts,
    program: Program,
    group: String,
    outputs: Outputs,
    early_ttl: Duration,
}

impl<'a> Run<'a> {
    fn new(
        broker: &'a Broker,
        input: &'a Input,
        artefacts: &'a Artefacts,
        program: Program,
        name: &str,
        early_ttl: Duration,
    ) -> Self {
        let group = format!("{}-{name}", program.name());
        Self {
            outputs: Outputs::create(broker, &group, PARTITIONS),
            broker,
            input,
            artefacts,
            program,
            group,
            early_ttl,
        }
    }

    /// Lets the program read the whole input, and watches it.
    fn work(&self) -> (Running, Figures) {
        let routed = self.program.routed_topic(&self.group);
        let progress = meter::Progress::of(self.broker, &self.group, self.input, routed.as_deref());
        let watch = Watch::begin(self.broker, self.input, &progress);
        let mut running = self.program.start(&Plan {
            broker: self.broker,
            input: self.input,
            outputs: &self.outputs,
            artefacts: self.artefacts,
            group: &self.group,
            early_ttl: self.early_ttl,
        });
        let figures = watch.until_done(std::slice::from_mut(&mut running));
        (running, figures)
    }

    /// # Panics
    /// If the program has not written what it had to.
    fn check(&self, expected: &Expected) {
        if self.program.joins() {
            let written = Written::read(self.broker, &self.outputs);
            let mistakes = written.mistakes(expected, None);
            assert!(mistakes.is_empty(), "{}: {mistakes:?}", self.program.name());
        } else {
            let count = verdict::count(self.broker, &self.outputs);
            let expected = self.program.piped(self.input.records);
            assert_eq!(count, expected, "{}", self.program.name());
        }
    }

    fn clean(&self) {
        let internal = self.program.internal_topics(&self.group);
        self.outputs.remove(self.broker, &internal);
    }
}
