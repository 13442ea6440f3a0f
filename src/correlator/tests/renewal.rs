use crate::cwmp::{CommandKey, FaultCode, RejectionReason, Rpc};
use crate::onem2m::Operation;
use crate::onem2m::ResponseStatusCode::{
    AlreadyComplete, BadRequest, Created, Deleted, InternalServerError, Ok as Retrieved,
    RequestTimeout,
};

use super::super::{
    AnswerKind, Command, Correlator, Limits, RetryCause, RetryPolicy, RetryTable, Slot,
};
use super::restoring::Changelog;
use super::world::*;

/// 9002 and 9010, three times altogether.
fn table() -> RetryTable {
    let policy = RetryPolicy {
        first_delay: MINUTE,
        delay_max: 10 * MINUTE,
        attempts_max: 3,
    };
    let fault = |code: u32| RetryCause::Fault(FaultCode::try_from(code).unwrap());
    [fault(9002), fault(9010), RetryCause::RetryLater]
        .map(|cause| (cause, policy))
        .into()
}

fn renewing() -> Limits {
    Limits {
        retry: table(),
        retry_with_new_key: true,
        ..limits()
    }
}

/// The Download that follows from a fault, after a while.
#[track_caller]
fn renewed(world: &mut World, fault: Input) -> Command {
    assert_eq!(world.effects(fault).len(), 2, "both are remembered");
    let delay = world.until_next();
    assert!(delay >= MINUTE / 2 && delay <= 2 * MINUTE, "{delay:?}");
    only_command(&world.pass(delay))
}

fn key_of(command: &Command) -> String {
    command.id().command_key.to_string()
}

#[test]
fn download_that_the_device_fails_comes_again_with_another_key() {
    for is_accepted in [false, true] {
        let mut world = World::asked(renewing());
        let fault = if is_accepted {
            world.handle(accepted("k1"), &[remember("k1")]);
            transfer_complete("k1", 9010)
        } else {
            faulted("k1/download", 9002)
        };
        let command = renewed(&mut world, fault);
        let key = key_of(&command);
        assert_eq!(key.len(), 32);
        assert_eq!(command.id().to_string(), format!("{key}/download.2"));
        let download = download_of(&command);
        assert_eq!(download.command_key.as_str(), key);
        assert_eq!(download.url, format!("https://f/00256D-IGD-1/{key}"));
        assert_eq!(&*download.content, b"certificate");
        assert_eq!(
            command.expires_at,
            world.now + limits().accept_timeout.general
        );
        world.handle(accepted(&key), &[remember(&key)]);
        let set = format!("{key}/set");
        world.handle(transfer_complete(&key, 0), &[send(&set), remember(&key)]);
        world.handle(set_applied(&key), &[respond("a1", Created), remember(&key)]);
        assert_eq!(world.correlator.open_installations(), 0);
    }
}

#[test]
fn what_comes_late_for_the_old_key_changes_nothing() {
    let mut world = World::asked(renewing());
    world.effects(accepted("k1"));
    world.effects(transfer_complete("k1", 9010));
    let late = [
        transfer_complete("k1", 0).path(ROW),
        transfer_complete("k1", 9010),
        accepted("k1"),
        faulted("k1/download", 9002),
        rejected("k1/download", RejectionReason::RetryLater),
    ];
    for input in late.clone() {
        world.handle(input, &[]);
    }
    let delay = world.until_next();
    let key = key_of(&only_command(&world.pass(delay)));
    world.effects(accepted(&key));
    for input in late {
        world.handle(input, &[]);
    }
    assert_eq!(world.ledger().repeated, 10);
    assert_eq!(world.correlator.open_installations(), 1);
    let response = world.response(transfer_complete(&key, 9018));
    assert_eq!(response.response_status_code, BadRequest);
}

#[test]
fn attempts_are_counted_over_all_keys() {
    let mut world = World::asked(renewing());
    let second = renewed(&mut world, faulted("k1/download", 9002));
    let refused = rejected(&second.id().to_string(), RejectionReason::RetryLater);
    world.handle(refused, &[remember(&key_of(&second))]);
    let delay = world.until_next();
    let third = only_command(&world.pass(delay));
    assert_eq!(key_of(&third), key_of(&second));
    assert_eq!(third.attempt, 3);
    world.effects(accepted(&key_of(&third)));
    let response = world.response(transfer_complete(&key_of(&third), 9010));
    assert_eq!(response.response_status_code, BadRequest);
    assert_eq!(response.fault_code.unwrap().get(), 9010);
    let stats = world.correlator.stats();
    assert_eq!(stats.retries.values().sum::<u64>(), 2);
    assert_eq!(stats.faults.values().sum::<u64>(), 1);
}

#[test]
fn fault_is_final_unless_it_is_named_and_the_option_is_on() {
    let response = World::asked(renewing()).response(faulted("k1/download", 9001));
    assert_eq!(response.response_status_code, BadRequest);
    let limits = Limits {
        retry_with_new_key: false,
        ..renewing()
    };
    let mut world = World::with(limits, rules());
    world.effects(create("k1", "a1"));
    let response = world.response(transfer_complete("k1", 9010));
    assert_eq!(response.response_status_code, BadRequest);
}

#[test]
fn no_download_begins_after_its_request_expired() {
    let mut world = World::with(renewing(), rules());
    let mut expiring = create("k1", "a1");
    expiring = expiring.with(|create| {
        create.primitive.request_expiration = Some(crate::onem2m::Expiry::After(MINUTE / 4));
    });
    world.effects(expiring);
    let response = world.response(faulted("k1/download", 9002));
    assert_eq!(response.response_status_code, BadRequest);
}

#[test]
fn renewed_request_is_withdrawn_by_the_address_that_was_told_first() {
    let withdraw = || about("/cse1/node7/req-k1", Operation::Delete, "d1", "a2");
    let mut world = World::asked(renewing());
    let effects = world.effects(faulted("k1/download", 9002));
    assert_eq!(effects.len(), 2);
    let seen = world.effects(withdraw());
    let seen = world.seen(&seen);
    assert_eq!(seen[0], respond("a1", InternalServerError));
    assert_eq!(seen[2], respond("a2", Deleted));
    let mut world = World::asked(renewing());
    let key = key_of(&renewed(&mut world, faulted("k1/download", 9002)));
    let command = only_command(&world.effects(withdraw()));
    assert_eq!(
        command.rpc,
        Rpc::CancelTransfer(CommandKey::try_from(&*key).unwrap())
    );
    // While it is being taken back, nothing comes again.
    let response = world.response(faulted(&format!("{key}/download.2"), 9002));
    assert_eq!(response.response_status_code, BadRequest);
    let cancelled = answer("d1/cancel", AnswerKind::CancelTransferResponse);
    world.handle(cancelled, &[respond("a2", AlreadyComplete), remember("d1")]);
}

#[test]
fn renewed_resource_is_found_by_both_keys() {
    let mut world = World::asked(renewing());
    let key = key_of(&renewed(&mut world, faulted("k1/download", 9002)));
    world.effects(transfer_complete(&key, 0));
    world.effects(set_applied(&key));
    for (number, name) in ["k1", &key].into_iter().enumerate() {
        let (request, to) = (format!("r{number}"), format!("/cse1/node7/{name}"));
        let retrieve = about(&to, Operation::Retrieve, &request, &request);
        world.handle(retrieve, &[respond(&request, Retrieved)]);
    }
}

#[test]
fn accepted_download_that_came_again_is_cancelled_as_a_first_attempt() {
    let limits = Limits {
        cancel_expired: true,
        ..renewing()
    };
    let mut world = World::with(limits, rules());
    world.effects(create("k1", "a1"));
    let key = key_of(&renewed(&mut world, faulted("k1/download", 9002)));
    world.effects(accepted(&key));
    let effects = world.pass(super::world::limits().transfer_timeout.general);
    let seen = world.seen(&effects);
    assert_eq!(seen[0], send(&format!("{key}/cancel")));
    assert_eq!(seen[1], respond("a1", RequestTimeout));
}

#[test]
fn renewal_survives_a_restart_at_any_time() {
    let mut first = World::with(renewing(), rules());
    let mut changelog = Changelog::default();
    for event in [
        create("k1", "a1"),
        accepted("k1"),
        transfer_complete("k1", 9010),
    ] {
        let effects = first.effects(event);
        changelog.write(&first, &effects);
    }
    let mut second = changelog.restore(&first, renewing());
    let late = transfer_complete("k1", 0);
    assert_eq!(second.told(late.clone()), first.told(late));
    let delay = first.until_next();
    let effects = first.pass(delay);
    changelog.write(&first, &effects);
    let one = only_command(&effects);
    assert_eq!(only_command(&second.pass(delay)), one);
    let mut third = changelog.restore(&first, renewing());
    let key = key_of(&one);
    let story = [accepted(&key), transfer_complete(&key, 9010)];
    for event in story {
        let [told, other] = [&mut second, &mut third].map(|world| world.told(event.clone()));
        assert_eq!(first.told(event), told);
        assert_eq!(told, other);
    }
    let delay = first.until_next();
    let one = only_command(&first.pass(delay));
    assert_eq!(only_command(&third.pass(delay)), one);
    assert_eq!(one.attempt, 3);
}

#[test]
fn file_is_kept_until_the_transfer_has_ended() {
    let has_file = |correlator: &Correlator| {
        let installation = correlator.installation(Slot(0)).unwrap();
        installation.open().unwrap().file.is_some()
    };
    let mut world = World::asked(renewing());
    world.effects(accepted("k1"));
    assert!(has_file(&world.correlator));
    world.effects(transfer_complete("k1", 0));
    assert!(!has_file(&world.correlator));
}
