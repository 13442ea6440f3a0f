//! A simulated fleet against a real broker: requesters, an ACS and its CPEs in a closed loop, and a judge who knows
//! the only right outcome of every request.
//!
//! Everything that the fleet does follows from its seed ([`LoadOptions::seed`]); only times and keys of certificates
//! do not.

mod answer;
mod broker;
mod certificate_pool;
mod clock;
pub(crate) mod command;
mod device;
mod envelope;
mod fleet;
mod habits;
mod judge;
mod latency;
mod ledger;
mod options;
mod outcome;
mod outgoing;
#[cfg(test)]
mod perfect_bridge;
mod progress;
mod request;
mod run_id;
mod script;
mod stray;
mod summary;
#[cfg(test)]
mod test_record;
#[cfg(test)]
mod tests;

use std::io::Write;

use anyhow::Context as _;

pub use latency::Quantiles;
pub use ledger::LedgerDifference;
pub use options::{LoadOptions, Mess, RequestKey};
pub use summary::{Commands, Verdict};

use crate::config::Config;

use certificate_pool::CertificatePool;
use fleet::Fleet;
use habits::Habits;
use progress::Progress;
use run_id::RunId;
use script::Plan;

/// Plays a fleet against the bridge that works with `config`, and writes the verdict to `out`.
///
/// # Errors
/// If the options do not fit the configuration, the broker fails, or no bridge answers the first request.
pub fn run(
    config: &Config,
    options: &LoadOptions,
    out: &mut impl Write,
) -> anyhow::Result<Verdict> {
    run_while(config, options, out, &|| Ok(()))
}

/// As [`run`]; ends with the error of `alive` as soon as that fails.
pub(crate) fn run_while(
    config: &Config,
    options: &LoadOptions,
    out: &mut impl Write,
    alive: &dyn Fn() -> anyhow::Result<()>,
) -> anyhow::Result<Verdict> {
    options.check(config)?;
    let plan = Plan {
        run: RunId::new(options.seed, options.nonce.unwrap_or_else(clock::nonce)),
        seed: options.seed,
        devices: options.devices,
        mess: options.mess.clone(),
        certificates: CertificatePool::SIZE,
        habits: Habits::of(config),
    };
    options.check_renewals(&plan, config)?;
    let certificates = CertificatePool::new(options.seed, CertificatePool::SIZE)?;
    let mut fleet = Fleet::new(config, options, plan, certificates)?;
    let progress = Progress::new(options.installations);
    let (extent, ledger) = if options.write_only {
        (
            fleet.write_requests(&progress)?,
            LedgerDifference::default(),
        )
    } else {
        let before = ledger::read(config)?;
        let extent = fleet.play(&progress, alive)?;
        let after = ledger::read_settled(config)?;
        (extent, ledger::difference(&before, &after))
    };
    progress.clear();
    let verdict = Verdict::new(extent, fleet.findings(), ledger);
    write_verdict(&verdict, options.json, out).context("cannot write the verdict")?;
    Ok(verdict)
}

fn write_verdict(verdict: &Verdict, json: bool, out: &mut impl Write) -> anyhow::Result<()> {
    if json {
        for example in verdict.examples() {
            tracing::warn!(example, "the bridge was wrong");
        }
        serde_json::to_writer(&mut *out, verdict)?;
        writeln!(out)?;
    } else {
        write!(out, "{verdict}")?;
    }
    out.flush()?;
    Ok(())
}
