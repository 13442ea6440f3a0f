use crate::cwmp::RejectionReason::{DeviceUnavailable, RetryLater};
use crate::cwmp::Rpc;
use crate::onem2m::ResponseStatusCode::{
    AlreadyComplete, BadRequest, Conflict, Created, Deleted, InternalServerError,
    MgmtCancellationFailed, MgmtCommandNotCancellable, MgmtSessionCannotBeEstablished,
    MgmtSessionEstablishmentTimeout, NotFound, OriginatorHasNoPrivilege, RequestTimeout,
};
use crate::onem2m::{Expiry, Operation, ResponseType};

use super::super::{AnswerKind, Limits, RetryCause, RetryPolicy, RetryTable};
use super::restoring::Changelog;
use super::world::*;

const PENDING: &str = "/cse1/node7/req-k1";

fn withdraw(key: &str, identifier: &str) -> Input {
    about(PENDING, Operation::Delete, key, identifier)
}

fn cancelled(key: &str) -> Input {
    answer(&format!("{key}/cancel"), AnswerKind::CancelTransferResponse)
}

fn sent_in(mut world: World) -> World {
    world.handle(create("k1", "a1"), &[send("k1/download"), remember("k1")]);
    world
}

fn sent() -> World {
    sent_in(World::new())
}

#[track_caller]
fn cancelled_key(world: &mut World, input: Input) -> String {
    let command = only_command(&world.effects(input));
    let Rpc::CancelTransfer(key) = command.rpc else {
        panic!("no CancelTransfer: {command:?}")
    };
    key.to_string()
}

#[test]
fn withdrawn_download_is_cancelled_and_both_requests_answered() {
    for is_accepted in [false, true] {
        let mut world = sent();
        if is_accepted {
            world.effects(accepted("k1"));
        }
        let delete = withdraw("d1", "a2")
            .asked(|request| request.primitive.response_type = ResponseType::NonBlockingSynch)
            .at(7);
        let acknowledged = Seen::Acknowledge("a2".into(), 1001);
        let sent = [acknowledged, send("d1/cancel"), remember("d1")];
        world.handle(delete.clone(), &sent);
        world.handle(delete, &[]);
        world.handle(
            cancelled("d1"),
            &[
                respond("a1", InternalServerError),
                remember("k1"),
                respond("a2", Deleted),
                remember("d1"),
            ],
        );
        let outcomes = world.correlator.take_observations().outcomes;
        assert_eq!((outcomes["IGD"].withdrawn, outcomes["IGD"].other), (1, 0));
        world.handle(cancelled("d1"), &[]);
        world.handle(transfer_complete("k1", 0), &[]);
        assert_eq!(world.correlator.stats().contradictions, 1);
        world.handle(withdraw("d2", "a3"), &[respond("a3", AlreadyComplete)]);
    }
}

#[test]
fn cancel_names_the_key_that_the_acs_used() {
    assert_eq!(cancelled_key(&mut sent(), withdraw("d1", "a2")), "k1");
    let mut world = sent();
    world.effects(accepted("k1").alias("acs1"));
    assert_eq!(cancelled_key(&mut world, withdraw("d1", "a2")), "acs1");
}

#[test]
fn what_was_not_sent_is_withdrawn_at_once() {
    let mut world = World::new();
    let later =
        create("k1", "a1").with(|create| create.execution_time = Some(Expiry::After(MINUTE)));
    world.effects(later);
    let at_once = [
        respond("a1", InternalServerError),
        remember("k1"),
        respond("a2", Deleted),
    ];
    world.handle(withdraw("d1", "a2"), &at_once);
    world.wait(MINUTE, &[]);
    let mut world = sent_in(retrying());
    world.effects(rejected("k1/download", RetryLater));
    world.handle(withdraw("d1", "a2"), &at_once);
}

#[test]
fn key_with_a_slash_is_found_in_an_address() {
    let of = |key: &str| about(&format!("/cse1/node7/{key}"), Operation::Delete, "d1", "a2");
    let mut world = World::new();
    world.effects(create("k/1", "a1"));
    world.effects(transfer_complete("k/1", 9001));
    world.handle(of("req-k/1"), &[respond("a2", AlreadyComplete)]);
    world.handle(of("req-k/2"), &[respond("a2", AlreadyComplete)]);
    world.handle(of("k/1"), &[respond("a2", NotFound)]);
}

#[test]
fn withdrawal_gives_the_next_download_its_turn() {
    let limits = Limits {
        open_downloads_per_device_max: 1,
        ..limits()
    };
    let mut world = sent_in(World::with(limits, rules()));
    world.effects(create("k2", "a2"));
    world.effects(withdraw("d1", "a3"));
    world.handle(
        cancelled("d1"),
        &[
            respond("a1", InternalServerError),
            remember("k1"),
            send("k2/download"),
            remember("k2"),
            respond("a3", Deleted),
            remember("d1"),
        ],
    );
}

#[test]
fn only_the_originator_withdraws_once_and_only_what_is_pending() {
    let mut world = sent();
    let stranger = withdraw("d1", "a2").asked(|request| {
        request
            .primitive
            .change_texts(|texts| texts.originator = "/c")
    });
    world.handle(stranger, &[respond("a2", OriginatorHasNoPrivilege)]);
    world.effects(withdraw("d2", "a3"));
    world.handle(withdraw("d3", "a4"), &[respond("a4", Conflict)]);
    let unknown = |to| about(to, Operation::Delete, "d4", "a5");
    world.handle(
        unknown("/cse1/node7/req-k9"),
        &[respond("a5", AlreadyComplete)],
    );
    world.handle(unknown("/cse1/node7/k9"), &[respond("a5", NotFound)]);
    world.effects(transfer_complete("k1", 9001));
    world.handle(withdraw("d5", "a6"), &[respond("a6", AlreadyComplete)]);
}

#[test]
fn what_is_on_the_device_cannot_be_withdrawn() {
    let mut world = sent();
    world.effects(transfer_complete("k1", 0));
    world.handle(
        withdraw("d1", "a2"),
        &[respond("a2", MgmtCommandNotCancellable)],
    );
    let mut world = sent();
    world.effects(withdraw("d1", "a2"));
    world.effects(transfer_complete("k1", 0));
    world.handle(
        cancelled("d1"),
        &[respond("a2", MgmtCommandNotCancellable), remember("d1")],
    );
    world.handle(set_applied("k1"), &[respond("a1", Created), remember("k1")]);
    let update = about("/cse1/node7/k1", Operation::Update, "u1", "a3");
    world.effects(update);
    let of_update = about("/cse1/node7/k1/req-u1", Operation::Delete, "d2", "a4");
    world.handle(of_update, &[respond("a4", MgmtCommandNotCancellable)]);
}

#[test]
fn request_that_ends_while_it_is_being_withdrawn_is_over() {
    let mut world = sent();
    world.effects(withdraw("d1", "a2"));
    world.handle(
        faulted("k1/download", 9002),
        &[respond("a1", BadRequest), remember("k1")],
    );
    world.handle(
        cancelled("d1"),
        &[respond("a2", AlreadyComplete), remember("d1")],
    );
}

#[test]
fn refused_cancel_leaves_the_request_as_it_is() {
    let mut world = sent();
    world.effects(withdraw("d1", "a2"));
    let response = world.response(faulted("d1/cancel", 9021));
    assert_eq!(response.response_status_code, MgmtCancellationFailed);
    assert!(response.debug.contains("9021"), "{}", response.debug);
    world.effects(withdraw("d2", "a3"));
    world.handle(
        rejected("d2/cancel", DeviceUnavailable),
        &[
            respond("a3", MgmtSessionCannotBeEstablished),
            remember("d2"),
        ],
    );
    world.effects(accepted("k1"));
    world.effects(withdraw("d3", "a4"));
    world.wait(
        limits().accept_timeout.general,
        &[
            respond("a4", MgmtSessionEstablishmentTimeout),
            remember("d3"),
        ],
    );
    world.effects(transfer_complete("k1", 0));
    world.handle(set_applied("k1"), &[respond("a1", Created), remember("k1")]);
}

fn retrying() -> World {
    let policy = RetryPolicy {
        first_delay: MINUTE,
        delay_max: MINUTE,
        attempts_max: 3,
    };
    let causes = [
        RetryCause::DeviceUnavailable,
        RetryCause::RetryLater,
        RetryCause::Timeout,
    ];
    let limits = Limits {
        retry: causes
            .map(|cause| (cause, policy))
            .into_iter()
            .collect::<RetryTable>(),
        ..limits()
    };
    World::with(limits, rules())
}

#[test]
fn cancel_comes_again_and_a_download_that_is_being_withdrawn_does_not() {
    let mut world = sent_in(retrying());
    world.effects(withdraw("d1", "a2"));
    world.handle(rejected("d1/cancel", RetryLater), &[remember("d1")]);
    world.handle(
        rejected("k1/download", RetryLater),
        &[
            respond("a1", MgmtSessionCannotBeEstablished),
            remember("k1"),
        ],
    );
    world.wait(MINUTE, &[send("d1/cancel.2"), remember("d1")]);
    world.handle(
        cancelled("d1"),
        &[respond("a2", AlreadyComplete), remember("d1")],
    );
}

fn cancelling() -> World {
    let limits = Limits {
        cancel_expired: true,
        ..limits()
    };
    let mut world = World::with(limits, rules());
    world.effects(create("k1", "a1").with(|create| {
        create.primitive.request_expiration = Some(Expiry::After(20 * MINUTE));
    }));
    world.effects(accepted("k1").alias("acs1"));
    world
}

#[test]
fn accepted_download_is_cancelled_when_its_request_expires() {
    let mut world = cancelling();
    let effects = world.pass(20 * MINUTE);
    let command = only_command(&effects);
    assert_eq!(command.id().to_string(), "k1/cancel");
    assert_eq!(command.rpc, Rpc::CancelTransfer(key("acs1")));
    assert_eq!(
        command.expires_at,
        world.now + limits().accept_timeout.general
    );
    assert_eq!(only_final(&effects).response_status_code, RequestTimeout);
    world.handle(cancelled("k1"), &[remember("k1")]);
    world.handle(cancelled("k1"), &[]);
    let mut world = cancelling();
    world.pass(20 * MINUTE);
    world.handle(faulted("k1/cancel", 9021), &[remember("k1")]);
    world.handle(transfer_complete("acs1", 0), &[remember("k1")]);
    assert_eq!((world.ledger().applied, world.ledger().repeated), (4, 0));
    world.wait(limits().ended_ttl, &[forget("k1")]);
}

#[test]
fn download_that_nobody_answered_is_not_cancelled() {
    let limits = Limits {
        cancel_expired: true,
        ..limits()
    };
    let mut world = sent_in(World::with(limits.clone(), rules()));
    let expected = [
        respond("a1", MgmtSessionEstablishmentTimeout),
        remember("k1"),
    ];
    world.wait(limits.accept_timeout.general, &expected);
}

#[test]
fn withdrawal_survives_a_restart() {
    let story = [
        create("k1", "a1").at(1),
        accepted("k1").at(2),
        withdraw("d1", "a2").at(3),
        cancelled("d1").at(4),
        withdraw("d2", "a3").at(5),
    ];
    for cut in 0..=story.len() {
        let mut first = World::new();
        let mut changelog = Changelog::default();
        for event in &story[..cut] {
            let effects = first.effects(event.clone());
            changelog.write(&first, &effects);
        }
        let mut second = changelog.restore(&first, limits());
        for event in &story[cut..] {
            assert_eq!(second.told(event.clone()), first.told(event.clone()));
        }
    }
}
