use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use anyhow::ensure;
use fastrand::Rng;

use crate::config::Config;
use crate::wire::Format;

use super::broker::Broker;
use super::certificate_pool::CertificatePool;
use super::clock::Clock;
use super::command::Command;
use super::judge::{Findings, Judge};
use super::outgoing::{Mark, Outgoing, Spoken};
use super::progress::Progress;
use super::script::{Plan, Purpose, Script};
use super::summary::Extent;
use super::{LoadOptions, device, request, stray};

/// The requesters, the ACS and the devices, with the judge of what they see.
pub(super) struct Fleet<'c> {
    config: &'c Config,
    options: &'c LoadOptions,
    plan: Plan,
    certificates: CertificatePool,
    event_formats: Vec<Format>,
    broker: Broker<'c>,
    judge: Judge,
    clock: Clock,
    /// Events that come late, soonest first.
    delayed: BinaryHeap<Reverse<Delayed>>,
    /// Records written.
    written: u64,
    requested: u64,
}

/// An event that is to be written at `due`; `order` tells events of the same time apart.
#[derive(Debug, Eq, PartialEq)]
struct Delayed {
    due: Duration,
    order: u64,
    outgoing: Box<Outgoing>,
}

impl Ord for Delayed {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.due, self.order).cmp(&(other.due, other.order))
    }
}

impl PartialOrd for Delayed {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// Records that are read, and requests that are written, before the other has its turn.
const TURN_RECORDS_MAX: usize = 1_000;
const TURN_REQUESTS_MAX: usize = 100;
/// How long the fleet waits for a record where it has nothing else to do.
const IDLE_WAIT: Duration = Duration::from_millis(1);
/// How long the fleet listens after the last outcome: a second answer comes right after the first, at most a few
/// commits later.
const LISTENING: Duration = Duration::from_secs(2);

impl<'c> Fleet<'c> {
    pub(super) fn new(
        config: &'c Config,
        options: &'c LoadOptions,
        plan: Plan,
        certificates: CertificatePool,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            config,
            options,
            event_formats: stray::event_formats(config),
            broker: Broker::connect(config)?,
            judge: Judge::new(plan.clone(), config),
            plan,
            certificates,
            clock: Clock::start(),
            delayed: BinaryHeap::new(),
            written: 0,
            requested: 0,
        })
    }

    /// Writes all requests, as fast as the rate allows, and ends.
    pub(super) fn write_requests(&mut self, progress: &Progress) -> anyhow::Result<Extent> {
        let began = self.clock.elapsed();
        while self.requested < self.options.installations {
            for _ in 0..TURN_REQUESTS_MAX {
                let now = self.clock.elapsed();
                if self.requested < self.options.installations && self.due(began) <= now {
                    let script = self.plan.script(self.requested);
                    let outgoing = self.request(&script);
                    self.write(&outgoing, now)?;
                }
            }
            self.broker.turn()?;
            progress.show(self.requested, 0, 0);
        }
        self.broker.flush()?;
        Ok(self.extent(began, self.clock.elapsed()))
    }

    /// Plays the whole run. `alive` fails if the bridge is known to have ended.
    pub(super) fn play(
        &mut self,
        progress: &Progress,
        alive: &dyn Fn() -> anyhow::Result<()>,
    ) -> anyhow::Result<Extent> {
        if self.options.installations > 0 {
            self.knock(alive)?;
        }
        let began = self.clock.elapsed();
        let written_before = self.written;
        while self.requested < self.options.installations || self.judge.is_waiting() {
            alive()?;
            self.write_due_requests(began)?;
            self.turn(progress)?;
        }
        let ended = self.clock.elapsed();
        while !self.delayed.is_empty() || self.clock.elapsed() < ended + LISTENING {
            alive()?;
            self.turn(progress)?;
        }
        self.broker.flush()?;
        let mut extent = self.extent(began, ended);
        extent.events = self.written - written_before;
        Ok(extent)
    }

    pub(super) const fn findings(&self) -> &Findings {
        &self.judge.findings
    }

    /// Writes the first request and waits for its first command or response: from then on the bridge is there, and its start does not
    /// spoil the latencies.
    fn knock(&mut self, alive: &dyn Fn() -> anyhow::Result<()>) -> anyhow::Result<()> {
        let began = self.clock.elapsed();
        let hidden = Progress::hidden();
        self.write_installation(began)?;
        while !self.judge.findings.has_outputs() {
            alive()?;
            self.turn(&hidden)?;
            ensure!(
                self.clock.elapsed() < began + self.options.deadline,
                "no command on {}, and no response, for the first create request within {}: is the bridge running, with the same configuration?",
                self.config.topics.commands,
                humantime::format_duration(self.options.deadline)
            );
        }
        Ok(())
    }

    /// When the next request is due.
    fn due(&self, began: Duration) -> Duration {
        match self.options.rate {
            0 => began,
            rate => {
                let nanos = u128::from(self.requested) * 1_000_000_000 / u128::from(rate);
                began + Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
            }
        }
    }

    fn write_due_requests(&mut self, began: Duration) -> anyhow::Result<()> {
        for _ in 0..TURN_REQUESTS_MAX {
            let now = self.clock.elapsed();
            let due = if self.options.rate > 0 {
                self.due(began)
            } else if self.judge.open() < self.options.window {
                now
            } else {
                return Ok(());
            };
            let done = self.requested >= self.options.installations;
            if done || due > now || self.device_is_full() {
                return Ok(());
            }
            self.write_installation(due)?;
        }
        Ok(())
    }

    /// Whether the bridge would refuse one more Download for the device whose turn it is.
    fn device_is_full(&self) -> bool {
        let open = self.judge.open_on_device_of(self.requested);
        usize::try_from(open)
            .is_ok_and(|open| open >= self.config.correlation.open_downloads_per_device)
    }

    /// Writes the next request, with what comes before it and what is written beside it.
    fn write_installation(&mut self, due: Duration) -> anyhow::Result<()> {
        let number = self.requested;
        let script = self.plan.script(number);
        if script.early {
            let early = device::early_transfer_complete(&script, self.plan.run);
            let mut rng = self.plan.rng(number, Purpose::EarlyFormat);
            let outgoing = self.in_some_format(&early, &mut rng);
            self.write(&outgoing, due)?;
        }
        let request = self.request(&script);
        self.write(&request, due)?;
        for (kind, seed) in self.plan.strays(number) {
            let key = self.plan.run.stray_key(self.judge.next_stray());
            let outgoing = stray::write(kind, seed, key, &script.device, self.config);
            self.write(&outgoing, due)?;
        }
        Ok(())
    }

    fn request(&self, script: &Script) -> Outgoing {
        request::write(
            script,
            self.plan.run,
            self.certificates.get(script.certificate),
            self.options.request_key,
            self.config.formats.requests,
        )
    }

    fn write(&mut self, outgoing: &Outgoing, due: Duration) -> anyhow::Result<()> {
        self.broker.send(outgoing)?;
        self.written += 1;
        let now = self.clock.elapsed();
        match outgoing.mark {
            Mark::Nothing => {}
            Mark::Request(number) => {
                self.judge.on_requested(number, due, now);
                self.requested += 1;
            }
            Mark::Stray(kind, reason) => self.judge.on_stray_written(kind, reason, now),
            Mark::TransferComplete(number) => self.judge.on_transfer_completed(number, now),
        }
        Ok(())
    }

    fn in_some_format(&self, spoken: &Spoken, rng: &mut Rng) -> Outgoing {
        spoken.write(self.event_formats[rng.usize(0..self.event_formats.len())])
    }

    /// One turn of everything but requests: late events, outputs of the bridge, deadlines.
    fn turn(&mut self, progress: &Progress) -> anyhow::Result<()> {
        self.write_delayed()?;
        self.broker.turn()?;
        let mut timeout = IDLE_WAIT;
        for _ in 0..TURN_RECORDS_MAX {
            let now = self.clock.elapsed();
            let judge = &mut self.judge;
            let read = self
                .broker
                .poll(timeout, |output, record| judge.observe(now, output, record))?;
            let Some(command) = read else { break };
            if let Some((number, command)) = command {
                self.answer(number, &command, now)?;
            }
            timeout = Duration::ZERO;
        }
        self.judge
            .give_up(self.clock.elapsed(), self.options.deadline);
        let findings = &self.judge.findings;
        let bad = findings.lost + findings.doubled + findings.wrong;
        progress.show(self.requested, self.judge.open(), bad);
        Ok(())
    }

    fn write_delayed(&mut self) -> anyhow::Result<()> {
        let now = self.clock.elapsed();
        while self.delayed.peek().is_some_and(|next| next.0.due <= now) {
            if let Some(Reverse(delayed)) = self.delayed.pop() {
                self.write(&delayed.outgoing, delayed.due)?;
            }
        }
        Ok(())
    }

    /// Lets the device of an installation react to a command.
    fn answer(&mut self, number: u64, command: &Command, now: Duration) -> anyhow::Result<()> {
        let script = self.plan.script(number);
        let certificate = self.certificates.get(script.certificate);
        let mut rng = self.plan.rng(number, Purpose::Formats(command.call.step()));
        for (after, spoken) in device::answer(&self.plan, &script, certificate, command) {
            let outgoing = self.in_some_format(&spoken, &mut rng);
            if after.is_zero() {
                self.write(&outgoing, now)?;
            } else {
                self.delayed.push(Reverse(Delayed {
                    due: now + after,
                    order: self.written + self.delayed.len() as u64,
                    outgoing: Box::new(outgoing),
                }));
            }
        }
        Ok(())
    }

    fn extent(&self, began: Duration, ended: Duration) -> Extent {
        Extent {
            seed: self.options.seed,
            write_only: self.options.write_only,
            installations: self.requested,
            events: self.written,
            seconds: ended.saturating_sub(began).as_secs_f64(),
        }
    }
}
