use std::time::Duration;

use anyhow::{bail, ensure};

use crate::config::{Config, OverrideConfig};
use crate::correlator::RetryCause;

use super::device::RETRY_REQUEST;
use super::script::{Plan, SET_FAULTS};

/// What `credbridge load` is asked to do.
#[derive(Clone, Debug, PartialEq, clap::Args)]
pub struct LoadOptions {
    /// Certificates to install.
    #[arg(long, default_value_t = 10_000, value_name = "N")]
    pub installations: u64,
    /// Devices that share the installations.
    #[arg(long, default_value_t = 10_000, value_name = "N")]
    pub devices: u64,
    /// Create requests a second; 0: as fast as the window allows.
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub rate: u32,
    /// Installations that are open at a time, where no rate is given.
    #[arg(long, default_value_t = 2_000, value_name = "N")]
    pub window: u64,
    /// Decides everything that happens in the run.
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,
    /// Tells this run from others with the same seed on the same topics; by default the time of its start.
    #[arg(long, value_name = "N")]
    pub nonce: Option<u64>,
    /// How much goes wrong.
    #[command(flatten)]
    pub mess: Mess,
    /// Key of the create requests.
    #[arg(long, value_enum, default_value_t)]
    pub request_key: RequestKey,
    /// What is not answered that long after it was written is lost.
    #[arg(long, default_value = "2m", value_parser = humantime::parse_duration, value_name = "DURATION")]
    pub deadline: Duration,
    /// Print the result as one JSON object.
    #[arg(long)]
    pub json: bool,
    /// Write the create requests and end: no device answers, nothing is checked.
    #[arg(long)]
    pub write_only: bool,
}

/// Key of the create requests.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, clap::ValueEnum)]
pub enum RequestKey {
    /// The originator: most requests stand in another partition than the events of their device.
    #[default]
    Originator,
    /// The device key.
    Device,
    /// No key.
    None,
}

/// Shares, 0 to 1, of what does not go smoothly.
#[derive(Clone, Debug, PartialEq, clap::Args)]
pub struct Mess {
    /// Installations that end with a fault, or whose certificate is in no row of the device.
    #[arg(long, default_value_t = 0.02, value_name = "SHARE")]
    pub faults: f64,
    /// Installations whose device stops answering at some step; the bridge's time-outs must be short.
    #[arg(long, default_value_t = 0.0, value_name = "SHARE")]
    pub silence: f64,
    /// Installations whose Download the ACS refuses once with fault 8005; `retry.table` must have it come again soon.
    #[arg(long, default_value_t = 0.0, value_name = "SHARE")]
    pub rejections: f64,
    /// Installations whose device fails its first Download; `retry.new_command_key` and `retry.table` must have it come
    /// again soon.
    #[arg(long, default_value_t = 0.0, value_name = "SHARE")]
    pub renewals: f64,
    /// CPE events that are written twice.
    #[arg(long, default_value_t = 0.01, value_name = "SHARE")]
    pub duplicates: f64,
    /// CPE events that come late, e.g. a DownloadResponse after its TransferComplete.
    #[arg(long, default_value_t = 0.01, value_name = "SHARE")]
    pub reordering: f64,
    /// Installations whose TransferComplete is written before their request.
    #[arg(long, default_value_t = 0.01, value_name = "SHARE")]
    pub early: f64,
    /// CPE events, per installation, that belong to nothing; `timeouts.early_ttl` must be short.
    #[arg(long, default_value_t = 0.0, value_name = "SHARE")]
    pub wrong_keys: f64,
    /// Records, per installation, that nobody can read.
    #[arg(long, default_value_t = 0.001, value_name = "SHARE")]
    pub poison: f64,
}

impl Mess {
    /// A fleet in which nothing goes wrong.
    pub const NONE: Self = Self {
        faults: 0.0,
        silence: 0.0,
        rejections: 0.0,
        renewals: 0.0,
        duplicates: 0.0,
        reordering: 0.0,
        early: 0.0,
        wrong_keys: 0.0,
        poison: 0.0,
    };
}

/// Time between a time-out in the configuration and the output that follows from it: the watermark moves about once
/// a second, a commit takes a part of that, and the machine may be busy.
const TIME_OUT_SLACK: Duration = Duration::from_secs(10);

impl LoadOptions {
    /// Checks that the run can be judged at all with this configuration.
    ///
    /// # Errors
    /// If a number makes no sense, or the deadline lies before time-outs that the run waits for.
    pub(super) fn check(&self, config: &Config) -> anyhow::Result<()> {
        ensure!(self.devices > 0, "--devices must be at least 1");
        ensure!(self.window > 0, "--window must be at least 1");
        ensure!(
            !config.topics.requests.is_empty() && !config.topics.cpe_events.is_empty(),
            "topics.requests and topics.cpe_events must each name a topic"
        );
        let mess = &self.mess;
        for (name, share) in [
            ("faults", mess.faults),
            ("silence", mess.silence),
            ("rejections", mess.rejections),
            ("renewals", mess.renewals),
            ("duplicates", mess.duplicates),
            ("reordering", mess.reordering),
            ("early", mess.early),
            ("wrong-keys", mess.wrong_keys),
            ("poison", mess.poison),
        ] {
            ensure!(
                (0.0..=1.0).contains(&share),
                "--{name} is a share from 0 to 1, not {share}"
            );
        }
        ensure!(
            mess.faults + mess.silence + mess.early <= 1.0,
            "--faults, --silence and --early together are more than 1"
        );
        self.check_retries(config)?;
        self.check_time_outs(config)
    }

    /// Checks that what devices fail comes again in time, as `plan` has it.
    ///
    /// # Errors
    /// If nothing of the kind comes again, or it takes longer than the deadline.
    pub(super) fn check_renewals(&self, plan: &Plan, config: &Config) -> anyhow::Result<()> {
        let (of_download, of_transfer) = plan.passing_faults();
        let has_any = !of_download.is_empty() || !of_transfer.is_empty();
        ensure!(
            self.mess.renewals == 0.0 || has_any,
            "--renewals needs `retry.new_command_key: true`, and in retry.table a fault of Download or TransferComplete with at least 3 attempts, e.g. `9018`"
        );
        let is_played = self.mess.renewals > 0.0 || self.mess.faults > 0.0;
        if !is_played {
            return Ok(());
        }
        let of_downloads = of_download.into_iter().chain(of_transfer);
        let deadline = self.deadline.saturating_sub(TIME_OUT_SLACK);
        let of_downloads = of_downloads.map(|code| (code, "--deadline, less 10 s", deadline));
        // The answers to the attempts take their time, too.
        let set = config.timeouts.set / 2;
        let of_sets = SET_FAULTS.map(|code| (code, "half of timeouts.set", set));
        for (code, name, limit) in of_downloads.chain(of_sets) {
            let waits = plan.habits.waits(code);
            ensure!(
                waits <= limit,
                "retry.table has what is answered with {code} come again for up to {}, which is more than {name}: lower the one or raise the other",
                humantime::format_duration(waits),
            );
        }
        Ok(())
    }

    fn check_retries(&self, config: &Config) -> anyhow::Result<()> {
        if self.mess.rejections == 0.0 {
            return Ok(());
        }
        let is_refusal = |cause: &RetryCause| {
            let code = cause.fault().map(|code| u32::from(code.get()));
            code == Some(RETRY_REQUEST)
        };
        let mut entries = config.retry.table.iter();
        let entry = entries.find(|(cause, policy)| is_refusal(cause) && policy.attempts_max > 1);
        let Some((_, policy)) = entry else {
            bail!("--rejections needs an entry `8005` with at least 2 attempts in retry.table");
        };
        ensure!(
            policy.first_delay < config.timeouts.accept
                && policy.first_delay + TIME_OUT_SLACK <= self.deadline,
            "--rejections needs a first delay of `8005` in retry.table that is shorter than timeouts.accept and, with 10 s to spare, than --deadline"
        );
        Ok(())
    }

    fn check_time_outs(&self, config: &Config) -> anyhow::Result<()> {
        let timeouts = &config.timeouts;
        let longest = |general: Duration, instead: fn(&OverrideConfig) -> Option<Duration>| {
            let exceptions = config.overrides.iter().filter_map(instead);
            exceptions.fold(general, Duration::max)
        };
        let accept = longest(timeouts.accept, |one| one.accept);
        let transfer = longest(timeouts.transfer, |one| one.transfer);
        let lookup = longest(timeouts.lookup, |one| one.lookup);
        let set = longest(timeouts.set, |one| one.set);
        let waits = [
            (self.mess.silence, "silence", "accept", accept),
            (self.mess.silence, "silence", "transfer", transfer),
            (self.mess.silence, "silence", "lookup", lookup),
            (self.mess.silence, "silence", "set", set),
            (
                self.mess.wrong_keys,
                "wrong-keys",
                "early_ttl",
                timeouts.early_ttl,
            ),
        ];
        for (share, option, name, timeout) in waits {
            if share > 0.0 && !self.write_only && timeout + TIME_OUT_SLACK > self.deadline {
                bail!(
                    "--{option} waits for timeouts.{name} ({}), which --deadline {} does not leave time for: lower the one, raise the other (10 s more than the time-out), or give --{option} 0",
                    humantime::format_duration(timeout),
                    humantime::format_duration(self.deadline)
                );
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use crate::correlator::RetryPolicy;

    use super::super::habits::Habits;
    use super::super::script::test_plan;
    use super::*;

    #[derive(Parser)]
    struct CommandLine {
        #[command(flatten)]
        options: LoadOptions,
    }

    fn options(arguments: &str) -> LoadOptions {
        CommandLine::parse_from(["load"].into_iter().chain(arguments.split_whitespace())).options
    }

    fn mistake(arguments: &str) -> String {
        options(arguments)
            .check(&Config::default())
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn defaults_fit_the_default_configuration() {
        assert!(options("").check(&Config::default()).is_ok());
    }

    #[test]
    fn a_deadline_before_a_time_out_is_refused() {
        assert!(mistake("--silence 0.1").contains("timeouts.accept"));
        assert!(mistake("--wrong-keys 0.1").contains("timeouts.early_ttl"));
        assert!(
            options("--silence 0.1 --wrong-keys 0.1 --deadline 2h")
                .check(&Config::default())
                .is_ok()
        );
    }

    #[test]
    fn renewals_need_a_table_that_has_downloads_come_again_in_time() {
        let check = |attempts_max, delay_max, renews| {
            let mut config = Config::default();
            let policy = RetryPolicy {
                first_delay: Duration::from_secs(1),
                delay_max: Duration::from_secs(delay_max),
                attempts_max,
            };
            let cause = RetryCause::Fault(9018.try_into().unwrap());
            config.retry.table = [(cause, policy)].into();
            config.retry.new_command_key = renews;
            let plan = Plan {
                habits: Habits::of(&config),
                ..test_plan(1, Mess::NONE)
            };
            let checked = options("--renewals 0.1").check_renewals(&plan, &config);
            checked.map_err(|mistake| mistake.to_string())
        };
        assert_eq!(check(3, 1, true), Ok(()));
        for (attempts_max, delay_max, renews, text) in [
            (3, 1, false, "needs `retry.new_command_key"),
            (2, 1, true, "at least 3 attempts"),
            (100, 60, true, "answered with 9018 come again for up to"),
        ] {
            let mistake = check(attempts_max, delay_max, renews).unwrap_err();
            assert!(mistake.contains(text), "{mistake}");
        }
    }

    #[test]
    fn numbers_without_sense_are_refused() {
        assert!(mistake("--faults 1.5").contains("--faults"));
        assert!(mistake("--faults 0.6 --early 0.6").contains("together"));
        assert!(mistake("--devices 0").contains("--devices"));
        assert!(mistake("--window 0").contains("--window"));
    }
}
