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
mod verify;

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use serde_json::json;

    use crate::faults::{Cast, Plan, SHARDS};
    use crate::kafka::app::App;
    use crate::kafka::broker::Broker;
    use crate::load::Load;
    use crate::{steps, verify};

    /// How long the fleet may need to end after the last fault: the rest of its requests, time-outs of silent devices,
    /// and what was held up.
    const SETTLE_LIMIT: Duration = Duration::from_secs(600);

    #[test]
    fn every_request_gets_exactly_one_answer_under_faults() {
        let plan = Plan::from_environment();
        println!("{plan:?}");
        let broker = Broker::start(plan.brokers);
        let app = application(&broker);
        let begin = Instant::now();
        let mut cast = Cast::start(broker, &app, plan.processes);
        let mut load = Load::start(&app, &plan);
        match plan.steps.is_empty() {
            true => cast.suffer(&plan, &mut load),
            false => steps::take(&plan.steps, &mut cast, &app, &mut load),
        }
        let faults = begin.elapsed();
        let summary = load.finish(SETTLE_LIMIT);
        let _broker = cast.stop();
        println!(
            "faults took {faults:.0?}, everything {:.0?}; load says {summary}",
            begin.elapsed()
        );
        verify::summary(&summary, &plan);
        verify::topics(&app);
    }

    fn application(broker: &Broker) -> App {
        let app = App::without_topics(broker, "soak").set(&json!({
            "topics": {"shards": SHARDS},
            "retry": {"table": {"8005": "500ms..2s x5"}},
            "timeouts": {
                "accept": "45s", "transfer": "45s", "lookup": "45s", "set": "45s", "early_ttl": "30s",
            },
        }));
        app.client.create_topic(&app.requests, 8, &[]);
        app.client.create_topic(&app.events, 12, &[]);
        for output in app.outputs() {
            app.client.create_topic(output, 6, &[]);
        }
        let shards = i32::try_from(SHARDS).expect("it is small");
        app.client.create_topic(&app.routed(), shards, &[]);
        // Compaction has to run during the soak.
        let compacted = [
            ("cleanup.policy", "compact"),
            ("segment.ms", "20000"),
            ("min.cleanable.dirty.ratio", "0.05"),
            ("max.compaction.lag.ms", "15000"),
            // Tombstones must outlive every restore.
            ("delete.retention.ms", "600000"),
        ];
        app.client
            .create_topic(&app.changelog(), shards, &compacted);
        app.client.create_topic(&app.ledger(), 2, &[]);
        app
    }
}
