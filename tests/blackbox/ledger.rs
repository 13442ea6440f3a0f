//! The ledger as people and alerts read it.

use std::collections::BTreeMap;
use std::time::Duration;

use credbridge::wire::LedgerRecord;

use crate::kafka::app::App;
use crate::kafka::broker::Broker;
use crate::kafka::client::Record;
use crate::kafka::fleet;
use crate::kafka::play::Play;
use crate::kafka::wait_for;

const LIMIT: Duration = Duration::from_secs(30);

/// What the ledger topic says last, summed over the shards: events, applied, repeated, set aside.
fn told(app: &App) -> (u64, u64, u64, u64) {
    let mut last = BTreeMap::new();
    for record in app.client.read_all(&[&app.ledger()]) {
        let ledger: LedgerRecord =
            serde_json::from_slice(record.value()).expect("the bridge wrote it");
        assert_eq!(
            record.key.as_deref(),
            Some(ledger.shard.to_string().as_bytes())
        );
        assert_eq!(ledger.imbalance, 0, "{ledger:?}");
        last.insert(ledger.shard, ledger);
    }
    let sum = |count: &dyn Fn(&LedgerRecord) -> u64| last.values().map(count).sum();
    (
        sum(&|ledger| ledger.events),
        sum(&|ledger| ledger.applied),
        sum(&|ledger| ledger.repeated),
        sum(&|ledger| ledger.set_aside),
    )
}

#[test]
fn ledger_topic_tells_where_every_event_went_across_a_kill() {
    let app = App::new(Broker::shared(), "ledger");
    let bridge = app.start();
    let mut play = Play::new(&app);
    let download = play.up_to_download("S1");
    let set = play.up_to_set("S1", &download);
    play.finish("S1", &set);
    play.event("S1", &set.id, fleet::set_response());
    play.event("S1", "", fleet::transfer_complete("", 0, ""));
    let unreadable = Record::new(&app.events, "<no end>").key(fleet::device_key("S1"));
    app.client.send(unreadable);
    wait_for("the ledger of a quiet shard", LIMIT, || {
        (told(&app) == (6, 4, 1, 1)).then_some(())
    });
    bridge.kill();
    let bridge = app.start();
    play.install("S2");
    bridge.stop();
    assert_eq!(told(&app), (10, 8, 1, 1));
    let mut records = app.client.read_all(&[&app.ledger()]);
    records.retain(|record| record.key.as_deref() == Some(b"0"));
    assert!(records.len() < 10, "told far too often: {records:?}");
}
