//! Exactly once under faults: three processes, one simulated fleet, kills, stops and freezes drawn from a seed.
//!
//! `CREDBRIDGE_SOAK=rolling` replaces each process once instead, as an update does, `scaling` goes from one process to three
//! and back; both print what each step cost. `CREDBRIDGE_SOAK=long` runs the long list of faults, `long-replicated` the same on three brokers, which die as well;
//! `CREDBRIDGE_SOAK_SEED`
//! repeats a run's draw.
#![expect(
    clippy::disallowed_methods,
    reason = "this test measures real time and reads its own variables"
)]

#[cfg(test)]
#[expect(dead_code, reason = "the rounds of chaos need more of it")]
mod cast;
#[cfg(test)]
mod faults;
#[cfg(test)]
#[expect(dead_code, reason = "the soak needs only a part of the harness")]
#[path = "../kafka/mod.rs"]
mod kafka;
#[cfg(test)]
mod load;
#[cfg(test)]
mod steps;
#[cfg(test)]
mod topics;
#[cfg(test)]
mod verify;

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use crate::cast::Cast;
    use crate::faults::{self, Plan, SHARDS};
    use crate::kafka::broker::Broker;
    use crate::load::Load;
    use crate::{steps, topics, verify};

    /// How long the fleet may need to end after the last fault: the rest of its requests, time-outs of silent devices,
    /// and what was held up.
    const SETTLE_LIMIT: Duration = Duration::from_secs(600);

    /// Of each step of an installation.
    const TIME_OUT: Duration = Duration::from_secs(45);

    #[test]
    fn every_request_gets_exactly_one_answer_under_faults() {
        let plan = Plan::from_environment();
        println!("{plan:?}");
        let mut broker = Broker::start(plan.brokers);
        let app = topics::application(&broker, "soak", SHARDS, TIME_OUT);
        let begin = Instant::now();
        let mut cast = Cast::start(&app, SHARDS, plan.processes);
        let mut load = Load::start(&app.config_of("load"), plan.extent());
        match plan.steps.is_empty() {
            true => faults::suffer(&plan, &mut cast, &mut broker, &mut load),
            false => steps::take(&plan.steps, &mut cast, &app, &mut load),
        }
        let suffered = begin.elapsed();
        let summary = load.finish(SETTLE_LIMIT);
        cast.stop();
        println!(
            "faults took {suffered:.0?}, everything {:.0?}; load says {summary}",
            begin.elapsed()
        );
        verify::summary(&summary, plan.extent());
        verify::topics(&app);
    }
}
