use super::*;

#[test]
fn differences_are_counted_and_nothing_else() {
    let metrics = Metrics::new("1");
    let mut worker = metrics.worker();
    let before = BTreeMap::from([(ResponseStatusCode::Created, 5)]);
    let after = BTreeMap::from([
        (ResponseStatusCode::Created, 7),
        (ResponseStatusCode::BadRequest, 1),
    ]);
    worker.responses(&before, &after);
    let text = metrics.render();
    assert!(text.contains("credbridge_responses_total{status_code=\"2001\"} 2\n"));
    assert!(text.contains("credbridge_responses_total{status_code=\"4000\"} 1\n"));
}

#[test]
fn gauges_of_workers_add_up_until_they_are_gone() {
    let metrics = Metrics::new("1");
    let (mut one, mut two) = (metrics.worker(), metrics.worker());
    one.set_shards(3, 1);
    two.set_shards(5, 0);
    one.set_shards(2, 0);
    assert!(metrics.render().contains("credbridge_shards_owned 7\n"));
    drop(two);
    assert!(metrics.render().contains("credbridge_shards_owned 2\n"));
}

#[test]
fn an_unbalanced_ledger_shows() {
    let metrics = Metrics::new("1");
    let mut worker = metrics.worker();
    let ledger = Ledger {
        events: 5,
        applied: 2,
        parked: 1,
        ..Ledger::default()
    };
    worker.set_ledgers([&ledger]);
    let text = metrics.render();
    assert!(
        text.contains("credbridge_ledger_imbalance_events 2\n"),
        "{text}"
    );
    assert!(text.contains("credbridge_events_parked 1\n"), "{text}");
}

#[test]
fn fault_codes_have_a_bounded_set_of_labels() {
    let label = |code: u32| fault_label(FaultCode::try_from(code).unwrap());
    assert_eq!(
        [9018, 9809, 9500, 8005, 8850, 8100].map(label),
        ["9018", "vendor", "other", "8005", "vendor", "other"]
    );
}
