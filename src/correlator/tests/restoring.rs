use std::collections::BTreeMap;

use crate::mapping::Rules;

use super::super::{Effect, Effects, Installation, InstallationId, Limits, Slot, State};
use super::world::*;

/// What a runtime writes to the changelog: after each call first what was forgotten, then what changed.
#[derive(Default)]
pub(super) struct Changelog(Vec<(InstallationId, Option<Installation>)>);

impl Changelog {
    pub(super) fn write(&mut self, world: &World, effects: &Effects) {
        for effect in effects {
            if let Effect::Forget(id) = effect {
                self.0.push((id.clone(), None));
            }
        }
        for effect in effects {
            if let Effect::Remember(slot) = effect
                && let Some(installation) = world.correlator.installation(*slot)
            {
                let id = installation.id.clone();
                self.0.push((id, Some(installation.clone())));
            }
        }
    }

    /// Keeps only the last record of each installation.
    pub(super) fn compact(&mut self) {
        let last: BTreeMap<_, _> = self
            .0
            .iter()
            .enumerate()
            .map(|(index, (id, _))| (id.clone(), index))
            .collect();
        let mut index = 0;
        self.0.retain(|(id, _)| {
            index += 1;
            last.get(id) == Some(&(index - 1))
        });
    }

    /// A world that knows what was written, at the time and with the ledger of the other one.
    pub(super) fn restore(&self, other: &World, limits: Limits) -> World {
        self.restore_with(other, limits, rules())
    }

    pub(super) fn restore_with(&self, other: &World, limits: Limits, rules: Rules) -> World {
        let mut world = World::with(limits, rules);
        world.now = other.now;
        for (id, installation) in &self.0 {
            match installation {
                Some(installation) => world.correlator.restore(installation.clone()),
                None => world.correlator.restore_forgotten(id),
            }
        }
        world.correlator.restore_ledger(other.ledger());
        let pacing = other.correlator.pacing().clone();
        world.correlator.restore_pacing(pacing);
        world.correlator.rests = other.correlator.rests.clone();
        world
    }
}

#[test]
fn a_restored_shard_goes_on_like_the_first() {
    let story = [
        transfer_complete("acs1", 0).at(1),
        create_without_path("k1", "a1").at(2),
        accepted("k1").alias("acs1").at(3),
        looked_up("k1", &[(4, "0ABC", "CN=Root,O=Acme")]).at(4),
        set_applied("k1").at(5),
        transfer_complete("acs1", 9001).at(6),
        create_without_path("k1", "a1").at(2),
    ];
    for cut in 0..=story.len() {
        let mut first = World::new();
        let mut changelog = Changelog::default();
        for event in &story[..cut] {
            let effects = first.effects(event.clone());
            changelog.write(&first, &effects);
        }
        let mut second = changelog.restore(&first, limits());
        assert_eq!(second.ledger(), first.ledger());
        for event in &story[cut..] {
            assert_eq!(second.told(event.clone()), first.told(event.clone()));
        }
        for _ in 0..3 {
            assert_eq!(
                second.correlator.poll_timeout(),
                first.correlator.poll_timeout()
            );
            let (left, right) = (second.pass(1440 * MINUTE), first.pass(1440 * MINUTE));
            assert_eq!(second.without_slots(left), first.without_slots(right));
        }
    }
}

#[test]
fn restoring_twice_replaces() {
    let mut world = World::new();
    let effects = world.effects(create("k1", "a1"));
    let [_, Effect::Remember(slot)] = &effects[..] else {
        panic!("{effects:?}")
    };
    let open = world.correlator.installation(*slot).unwrap().clone();
    world.response(transfer_complete("k1", 9001));
    let ended = world.correlator.installation(*slot).unwrap().clone();
    let mut copy = World::new();
    copy.correlator.restore(open);
    assert_eq!(copy.correlator.open_installations(), 1);
    copy.correlator.restore(ended);
    assert_eq!(copy.correlator.open_installations(), 0);
    assert_eq!(copy.correlator.ended_installations(), 1);
    let slot = copy.correlator.installation(Slot(0)).unwrap();
    assert!(matches!(slot.state, State::Ended(_)));
    let id = InstallationId {
        device: device(1),
        command_key: key("k1"),
    };
    copy.correlator.restore_forgotten(&id);
    copy.correlator.restore_forgotten(&id);
    assert_eq!(copy.correlator.ended_installations(), 0);
    assert_eq!(copy.correlator.poll_timeout(), None);
}

#[test]
fn what_is_due_at_the_same_time_is_handled_in_the_same_order_after_a_restart() {
    let story = [create("k2", "a2"), create("k1", "a1"), create("k3", "a3")];
    let mut first = World::new();
    let mut changelog = Changelog::default();
    for event in story {
        let effects = first.effects(event);
        changelog.write(&first, &effects);
    }
    // Compaction and later records put them into another order.
    changelog.0.rotate_left(1);
    let mut second = changelog.restore(&first, limits());
    let (one, two) = (first.pass(15 * MINUTE), second.pass(15 * MINUTE));
    let (one, two) = (first.without_slots(one), second.without_slots(two));
    assert_eq!(one, two);
    assert_eq!(one.0.len(), 6);
}
