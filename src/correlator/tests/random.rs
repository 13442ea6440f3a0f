use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::cwmp::{FaultCode, RejectionReason};
use crate::onem2m::{Expiry, Operation};

use super::super::{
    AnswerKind, Effect, Effects, Limits, PacingLimits, ResponseKind, RetryCause, RetryPolicy,
    RetryTable,
};
use super::restoring::Changelog;
use super::world::*;

#[derive(Clone, Debug)]
enum Action {
    Handle(Input),
    Pass(u32),
}

/// Whether the request was handled before decides nothing here: each create has its own offset unless it repeats.
fn input() -> impl Strategy<Value = Input> {
    (0..16_u8, 0..3_u8, 1..3_u32, 0..60_i64).prop_map(|(kind, number, device, offset)| {
        let key = format!("k{number}");
        let download = format!("{key}/download");
        let input = match kind {
            0..=3 => {
                let identifier = format!("a{offset}");
                let create = if kind % 2 == 0 {
                    create(&key, &identifier)
                } else {
                    create_without_path(&key, &identifier)
                };
                create.with(|create| {
                    create.primitive.request_expiration =
                        (offset % 5 == 0).then_some(Expiry::After(7 * MINUTE));
                    create.execution_time = (offset % 7 == 0).then_some(Expiry::After(5 * MINUTE));
                })
            }
            4 => accepted(&key),
            5 => completed(&key),
            6 => faulted(&download, 9002),
            7 => rejected(&download, RejectionReason::RetryLater),
            8 | 9 => transfer_complete(&key, 0),
            10 => transfer_complete(&key, if offset % 2 == 0 { 9018 } else { 9001 }),
            11 if offset % 2 == 0 => listed(&key, &[(1, "01", "CN=x")]),
            11 => looked_up(&key, &[(1, "01", "CN=x"), (4, "0ABC", "CN=Root,O=Acme")]),
            12 => set_applied(&key),
            13 => set_faulted(&key, 9003, 9005),
            14 => accepted(&key).alias(&format!("k{}", (number + 1) % 4)),
            _ => transfer_complete("", 0),
        };
        input.of(device).at(offset + i64::from(kind) * 100)
    })
}

fn withdrawal() -> impl Strategy<Value = Input> {
    (0..5_u8, 0..3_u8, 1..3_u32, 0..60_i64).prop_map(|(kind, number, device, offset)| {
        let cancel = format!("d{number}/cancel");
        let input = match kind {
            0 | 1 => about(
                &format!("/cse1/node7/req-k{number}"),
                Operation::Delete,
                &format!("d{number}"),
                &format!("b{offset}"),
            ),
            2 => answer(&cancel, AnswerKind::CancelTransferResponse),
            3 => faulted(&cancel, 9021),
            _ => answer(
                &format!("k{number}/cancel"),
                AnswerKind::CancelTransferResponse,
            ),
        };
        input.of(device).at(offset + i64::from(kind) * 100 + 2000)
    })
}

fn actions() -> impl Strategy<Value = Vec<Action>> {
    let action = prop_oneof![
        8 => input().prop_map(Action::Handle),
        1 => withdrawal().prop_map(Action::Handle),
        1 => (1..40_u32).prop_map(Action::Pass),
    ];
    prop::collection::vec(action, 1..120)
}

fn retried() -> RetryTable {
    let policy = RetryPolicy {
        first_delay: MINUTE,
        delay_max: 4 * MINUTE,
        attempts_max: 3,
    };
    let of_device = RetryCause::Fault(FaultCode::try_from(9001).unwrap());
    [of_device, RetryCause::RetryLater]
        .map(|cause| (cause, policy))
        .into()
}

/// So tight that all of them are met.
fn tight() -> Limits {
    Limits {
        early_events_per_key_max: 3,
        early_events_per_device_max: 4,
        early_events_max: 6,
        open_downloads_per_device_max: 1,
        queued_downloads_per_device_max: 1,
        open_installations_max: 3,
        cancel_expired: true,
        list_rows_first: true,
        retry: retried(),
        retry_with_new_key: true,
        pacing: PacingLimits {
            fleet: Some(MINUTE),
            product_class: Some(2 * MINUTE),
            device: Some(4 * MINUTE),
            burst: 3 * MINUTE,
            reserved_percent: 20,
        },
        sole_open_transfer: true,
        ended_ttl: 30 * MINUTE,
        resource_ttl: 45 * MINUTE,
        ..limits()
    }
}

fn play_one(world: &mut World, action: &Action) -> Effects {
    match action {
        Action::Handle(input) => world.effects(input.clone()),
        Action::Pass(minutes) => world.pass(*minutes * MINUTE),
    }
}

fn play(actions: &[Action]) -> (World, Vec<Effects>) {
    let mut world = World::with(tight(), rules());
    let mut all: Vec<_> = actions
        .iter()
        .map(|action| play_one(&mut world, action))
        .collect();
    for _ in 0..6 {
        all.push(world.pass(120 * MINUTE));
    }
    (world, all)
}

/// Effects without numbers of slots; those of one call sorted, since simultaneous deadlines go by slot. What is
/// remembered once or twice is written once.
fn told(world: &World, effects: Effects) -> Vec<String> {
    let (seen, effects) = world.without_slots(effects);
    let mut told: Vec<String> = seen.iter().map(|seen| format!("{seen:?}")).collect();
    told.extend(effects.iter().map(|effect| format!("{effect:?}")));
    told.sort();
    told.dedup_by(|one, other| one == other && one.starts_with("Remember"));
    told
}

proptest! {
    #[test]
    fn a_shard_restored_at_any_time_goes_on_alike(actions in actions(), cut in 0..120_usize) {
        let (before, after) = actions.split_at(cut.min(actions.len()));
        let mut first = World::with(tight(), rules());
        let mut changelog = Changelog::default();
        for action in before {
            let effects = play_one(&mut first, action);
            changelog.write(&first, &effects);
        }
        let mut second = changelog.restore(&first, tight());
        changelog.compact();
        let mut third = changelog.restore(&first, tight());
        let end = std::iter::repeat_n(Action::Pass(120), 6);
        for action in after.iter().cloned().chain(end) {
            let [one, two, three] = [&mut first, &mut second, &mut third].map(|world| {
                let effects = play_one(world, &action);
                told(world, effects)
            });
            prop_assert_eq!(&one, &two);
            prop_assert_eq!(&one, &three);
        }
        prop_assert_eq!(first.ledger(), second.ledger());
        prop_assert_eq!(first.ledger(), third.ledger());
    }

    #[test]
    fn random_events_keep_the_promises(actions in actions()) {
        let (world, all) = play(&actions);
        let mut downloads: BTreeMap<String, usize> = BTreeMap::new();
        let mut finals: BTreeMap<String, usize> = BTreeMap::new();
        for effect in all.iter().flatten() {
            match effect {
                Effect::Send(command) if command.step == super::super::Step::Download => {
                    if command.attempt == 1 {
                        *downloads.entry(command.request.coordinates.to_string()).or_default() += 1;
                    }
                }
                Effect::Respond(response) => {
                    prop_assert_eq!(response.kind, ResponseKind::Final);
                    if response.request.command_key.is_some() {
                        *finals.entry(response.request.coordinates.to_string()).or_default() += 1;
                    }
                }
                Effect::Send(_)
                | Effect::Forget(_)
                | Effect::Remember(_)
                | Effect::SetAside(_)
                | Effect::Stage(_)
                | Effect::Unstage(_) => {}
            }
        }
        for (id, sent) in downloads {
            prop_assert!(finals.get(&id).is_some_and(|ended| *ended >= sent), "{}", id);
        }
        prop_assert_eq!(world.ledger().parked, 0);
        prop_assert_eq!(world.correlator.poll_timeout(), None);
        prop_assert_eq!(world.correlator.open_installations(), 0);
        prop_assert_eq!(world.correlator.ended_installations(), 0);
    }

    #[test]
    fn same_events_give_same_effects(actions in actions()) {
        let (first, first_effects) = play(&actions);
        let (second, second_effects) = play(&actions);
        prop_assert_eq!(first_effects, second_effects);
        prop_assert_eq!(first.correlator.stats(), second.correlator.stats());
    }
}
