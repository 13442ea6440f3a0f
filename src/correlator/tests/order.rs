use super::super::{Effect, ResponseKind};
use super::world::*;

/// Calls `visit` with every order of the items (Heap's algorithm).
fn permutations<T>(items: &mut [T], length: usize, visit: &mut impl FnMut(&[T])) {
    if length <= 1 {
        return visit(items);
    }
    for index in 0..length {
        permutations(items, length - 1, visit);
        items.swap(if length.is_multiple_of(2) { index } else { 0 }, length - 1);
    }
}

fn finals(effects: &[Effect]) -> usize {
    effects
        .iter()
        .filter(|effect| {
            matches!(effect, Effect::Respond(response) if response.kind == ResponseKind::Final)
        })
        .count()
}

#[test]
fn every_order_of_events_gives_one_response() {
    let mut events = [
        create("k1", "a1").at(1),
        accepted("k1").at(2),
        transfer_complete("k1", 0).at(3),
        set_applied("k1").at(4),
        transfer_complete("k1", 0).at(5),
        set_applied("k1").at(6),
    ];
    let mut orders = 0;
    permutations(&mut events, 6, &mut |order| {
        orders += 1;
        let mut world = World::new();
        let mut responses = 0;
        for event in order {
            responses += finals(&world.effects(event.clone()));
        }
        for _ in 0..4 {
            responses += finals(&world.pass(24 * 60 * MINUTE));
        }
        let offsets: Vec<_> = order.iter().map(|event| event.offset).collect();
        assert_eq!(responses, 1, "{offsets:?}");
        let ledger = world.ledger();
        assert_eq!((ledger.events, ledger.parked), (6, 0));
        assert_eq!(ledger.set_aside, 0);
        assert_eq!(world.correlator.poll_timeout(), None);
    });
    assert_eq!(orders, 720);
}

#[test]
fn every_order_with_a_redelivered_request_and_a_fault_gives_one_response() {
    let mut events = [
        create_without_path("k1", "a1").at(1),
        create_without_path("k1", "a1").at(1),
        accepted("k1").at(2).alias("acs1"),
        transfer_complete("acs1", 0).at(3),
        looked_up("k1", &[(4, "0ABC", "CN=Root,O=Acme")]).at(4),
        faulted("k1/set", 9001).at(5),
    ];
    permutations(&mut events, 6, &mut |order| {
        let mut world = World::new();
        let mut responses = 0;
        for event in order {
            responses += finals(&world.effects(event.clone()));
        }
        for _ in 0..4 {
            responses += finals(&world.pass(24 * 60 * MINUTE));
        }
        assert_eq!(responses, 1);
        assert_eq!(world.ledger().set_aside, 0);
    });
}
