//! The application that suffers, with its topics.

use std::time::Duration;

use serde_json::json;

use crate::kafka::app::App;
use crate::kafka::broker::Broker;

/// An application whose topics exist, with `time_out` for each step of an installation: longer than the pauses that the
/// faults make, since what the ACS refused comes again within that time only.
///
/// # Panics
/// If the cluster refuses.
pub(crate) fn application(broker: &Broker, name: &str, shards: usize, time_out: Duration) -> App {
    let time_out = format!("{}s", time_out.as_secs());
    let app = App::without_topics(broker, name).set(&json!({
        "topics": {"shards": shards},
        "retry": {"table": {"8005": "500ms..2s x5"}},
        "timeouts": {
            "accept": time_out, "transfer": time_out, "lookup": time_out, "set": time_out, "early_ttl": "30s",
        },
    }));
    app.client.create_topic(&app.requests, 8, &[]);
    app.client.create_topic(&app.events, 12, &[]);
    for output in app.outputs() {
        app.client.create_topic(output, 6, &[]);
    }
    let shards = i32::try_from(shards).expect("it is small");
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
