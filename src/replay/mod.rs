//! The subcommand `replay`: recorded records through the bridge in memory, and dead letters back into their topics.
//!
//! A recording is a file of JSON objects, one a line, one for each record of an input topic, or of the topic of the node
//! directory, in the order in which the bridge reads them:
//!
//! ```json
//! {"topic":"cwmp.events","partition":0,"offset":7,"timestamp":1763892000000,"key":"00256D-IGD-1",
//!  "headers":[["content-type","text/xml"]],"value":"<soap:Envelope ..>"}
//! ```
//!
//! Key, value and values of headers are texts, or `{"base64":".."}` where they are not UTF-8; `timestamp` is in
//! milliseconds since the Unix epoch and moves the virtual clock. The result has the same form, without offsets.

mod comparison;
mod dead_letters;
pub(crate) mod output;
pub(crate) mod recording;
pub(crate) mod rerun;
#[cfg(test)]
mod tests;

use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;

pub use dead_letters::{DeadLetterOptions, dead_letters};

use crate::config::Config;
use crate::mapping::RULES_VERSION;

use comparison::Comparison;
use output::Output;
use recording::Recorded;
use rerun::Rerun;

/// What `credbridge replay records` is asked to do.
#[derive(Clone, Debug, PartialEq, clap::Args)]
pub struct RecordOptions {
    /// Recordings, played one after the other as one.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// How long the clock runs on after the last record, so that time-outs fire.
    #[arg(long, value_parser = humantime::parse_duration, value_name = "DURATION")]
    pub run_on: Option<Duration>,
    /// Print the records of the changelog, too.
    #[arg(long, conflicts_with = "compare")]
    pub state: bool,
    /// Print only what differs from this result of an earlier replay, e.g. of another version or configuration; the
    /// exit code is 1 if anything does.
    #[arg(long, value_name = "FILE")]
    pub compare: Option<PathBuf>,
}

/// Where outputs go: all of them to people, or only what differs from an earlier replay.
enum Sheet<W> {
    All(W),
    Differences(W, Box<Comparison>),
}

/// Plays recordings to the bridge in memory on a virtual clock, and writes what it would have written to `out`, one
/// JSON object a line. The same recording, configuration and version give the same bytes. Returns whether the result is
/// the one that was expected, if one was.
///
/// # Errors
/// If a file cannot be read, or `out` cannot be written; the text names file and line.
pub fn records(
    config: &Config,
    options: &RecordOptions,
    out: &mut impl Write,
) -> anyhow::Result<bool> {
    let application = rerun::application(config);
    let mut rerun = Rerun::new(config, &application, options.state);
    let out = BufWriter::new(out);
    let mut result = match &options.compare {
        None => Sheet::All(out),
        Some(file) => Sheet::Differences(out, Box::new(Comparison::read(file)?)),
    };
    let mut count = 0_u64;
    for file in &options.files {
        recording::read(file, |recorded: Recorded| {
            rerun.handle(&recorded)?;
            count += 1;
            result.take(rerun.take_outputs())
        })?;
    }
    let end = rerun.now() + options.run_on.unwrap_or_default();
    rerun.advance(end)?;
    result.take(rerun.take_outputs())?;
    let ledger = rerun.ledger();
    tracing::info!(
        records = count,
        rules = RULES_VERSION,
        ?ledger,
        balanced = ledger.balanced(),
        "replayed"
    );
    result.finish()
}

impl<W: Write> Sheet<W> {
    fn take(&mut self, outputs: Vec<Output>) -> anyhow::Result<()> {
        for output in outputs {
            match self {
                Self::All(out) => serde_json::to_writer(&mut *out, &output)
                    .map_err(std::io::Error::from)
                    .and_then(|()| out.write_all(b"\n")),
                Self::Differences(out, comparison) => comparison.compare(&output, out),
            }
            .context(CANNOT_WRITE)?;
        }
        Ok(())
    }

    fn finish(self) -> anyhow::Result<bool> {
        match self {
            Self::All(mut out) => {
                out.flush().context(CANNOT_WRITE)?;
                Ok(true)
            }
            Self::Differences(mut out, comparison) => {
                let before = comparison.rules().unwrap_or("unknown").to_owned();
                let differences = comparison.finish(&mut out).context(CANNOT_WRITE)?;
                out.flush().context(CANNOT_WRITE)?;
                tracing::info!(
                    differences,
                    rules_before = before,
                    rules_after = RULES_VERSION,
                    "compared"
                );
                Ok(differences == 0)
            }
        }
    }
}

const CANNOT_WRITE: &str = "cannot write to standard output";
