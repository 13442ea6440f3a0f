use crate::cwmp::RejectionReason::DeviceUnavailable;
use crate::onem2m::Expiry;
use crate::onem2m::ResponseStatusCode::{BadRequest, Created, RequestTimeout};

use super::super::{Effect, Limits, Progress, State};
use super::restoring::Changelog;
use super::world::*;

fn one_at_a_time() -> Limits {
    Limits {
        open_downloads_per_device_max: 1,
        ..limits()
    }
}

/// k1 is sent, k2 and k3 wait.
fn queue() -> World {
    let mut world = World::with(one_at_a_time(), rules());
    world.handle(create("k1", "a1"), &[send("k1/download"), remember("k1")]);
    world.handle(create("k3", "a3").at(3), &[remember("k3")]);
    world.handle(create("k2", "a2").at(4), &[remember("k2")]);
    world
}

#[test]
fn downloads_wait_in_the_order_of_their_requests() {
    let mut world = queue();
    world.handle(
        transfer_complete("k1", 0),
        &[
            send("k1/set"),
            remember("k1"),
            send("k3/download"),
            remember("k3"),
        ],
    );
    world.handle(set_applied("k1"), &[respond("a1", Created), remember("k1")]);
    world.handle(
        transfer_complete("k3", 9001),
        &[
            respond("a3", BadRequest),
            remember("k3"),
            send("k2/download"),
            remember("k2"),
        ],
    );
}

#[test]
fn download_that_waited_is_whole_and_has_its_full_time() {
    let mut world = queue();
    world.pass(5 * MINUTE);
    let effects = world.effects(rejected("k1/download", DeviceUnavailable));
    let command = only_command(&effects);
    assert_eq!(command.id().to_string(), "k3/download");
    assert_eq!(&*download_of(&command).content, b"certificate");
    assert_eq!(
        command.expires_at,
        world.now + limits().accept_timeout.general
    );
    let Some(Effect::Remember(slot)) = effects.last() else {
        panic!("{effects:?}")
    };
    let State::Open(open) = &world.correlator.installation(*slot).unwrap().state else {
        panic!("it is open")
    };
    assert_eq!((&open.file, &open.retry), (&None, &None));
}

#[test]
fn time_out_of_a_download_gives_the_next_its_turn() {
    let mut world = queue();
    let effects = world.pass(limits().accept_timeout.general);
    assert_eq!(only_command(&effects).id().to_string(), "k3/download");
}

#[test]
fn waiting_ends_with_the_request_or_its_own_time_out() {
    let mut world = World::with(one_at_a_time(), rules());
    world.effects(create("k1", "a1"));
    world.effects(accepted("k1"));
    world.effects(create("k2", "a2").with(|create| {
        create.primitive.request_expiration = Some(Expiry::After(30 * MINUTE));
    }));
    let response = only_final(&world.pass(30 * MINUTE));
    assert_eq!(response.response_status_code, RequestTimeout);
    assert!(response.debug.contains("rqet"), "{}", response.debug);
    let limits = Limits {
        queue_timeout: (20 * MINUTE).into(),
        ..one_at_a_time()
    };
    let mut world = World::with(limits, rules());
    world.effects(create("k1", "a1"));
    world.effects(accepted("k1"));
    world.effects(create("k2", "a2"));
    let response = only_final(&world.pass(20 * MINUTE));
    assert_eq!(response.response_status_code, RequestTimeout);
    let names_limit = response.debug.contains("timeouts.queue");
    assert!(names_limit, "{}", response.debug);
    let timeouts = &world.correlator.stats().timeouts;
    assert_eq!(timeouts.get(&Progress::Waiting), Some(&1));
}

/// The watermark may be behind the clock, so that the deadline has not fired.
#[test]
fn request_that_expired_while_it_waited_is_not_sent() {
    let mut world = queue();
    world.effects(create("k4", "a4").of(2));
    world.effects(create("k5", "a5").of(2).with(|create| {
        create.primitive.request_expiration = Some(Expiry::After(MINUTE));
    }));
    world.now = world.now + 2 * MINUTE;
    world.handle(
        transfer_complete("k4", 9001).of(2),
        &[
            respond("a4", BadRequest),
            remember("k4"),
            respond("a5", RequestTimeout),
            remember("k5"),
        ],
    );
}

#[test]
fn what_the_device_says_of_a_download_that_waits_counts() {
    let mut world = queue();
    world.handle(
        transfer_complete("k3", 0),
        &[send("k3/set"), remember("k3")],
    );
    let refusal = rejected("k2/download", DeviceUnavailable);
    world.handle(refusal, &[]);
    assert_eq!(world.correlator.stats().contradictions, 1);
    world.handle(
        faulted("k2/download", 9002),
        &[respond("a2", BadRequest), remember("k2")],
    );
}

#[test]
fn queue_survives_a_restart() {
    let mut first = World::with(one_at_a_time(), rules());
    let mut changelog = Changelog::default();
    for event in [create("k1", "a1"), create("k3", "a3"), create("k2", "a2")] {
        let effects = first.effects(event);
        changelog.write(&first, &effects);
        first.now = first.now + MINUTE;
    }
    let mut second = changelog.restore(&first, one_at_a_time());
    for event in [transfer_complete("k1", 9001), transfer_complete("k3", 9001)] {
        let told = first.told(event.clone());
        assert!(told.0.iter().any(|seen| matches!(seen, Seen::Send(_))));
        assert_eq!(second.told(event), told);
    }
}

fn starting(key: &str, identifier: &str, minutes: u32) -> Input {
    create(key, identifier).with(|create| {
        create.execution_time = Some(Expiry::After(minutes * MINUTE));
    })
}

#[test]
fn download_is_sent_at_its_execution_time() {
    let mut world = World::new();
    world.handle(starting("k1", "a1", 30), &[remember("k1")]);
    world.wait(30 * MINUTE - std::time::Duration::from_millis(1), &[]);
    let effects = world.pass(std::time::Duration::from_millis(1));
    let command = only_command(&effects);
    assert_eq!(&*download_of(&command).content, b"certificate");
    assert_eq!(
        command.expires_at,
        world.now + limits().accept_timeout.general
    );
    world.response(transfer_complete("k1", 9001));
    let absolute = Expiry::At(world.now + 10 * MINUTE);
    world.effects(create("k2", "a2").with(|create| create.execution_time = Some(absolute)));
    world.wait(10 * MINUTE, &[send("k2/download"), remember("k2")]);
    let past = Expiry::At(world.now);
    let past = create("k3", "a3").with(|create| create.execution_time = Some(past));
    world.handle(past, &[send("k3/download"), remember("k3")]);
}

#[test]
fn execution_time_must_come_before_expiry() {
    let mut world = World::new();
    let expiring = |minutes| {
        starting("k1", "a1", 30).with(|create| {
            create.primitive.request_expiration = Some(Expiry::After(minutes * MINUTE));
        })
    };
    let response = world.response(expiring(30));
    assert_eq!(response.response_status_code, BadRequest);
    assert!(response.debug.starts_with("oet"), "{}", response.debug);
    world.effects(expiring(31));
    let command = only_command(&world.pass(30 * MINUTE));
    assert_eq!(command.expires_at, world.now + MINUTE);
    let mut world = World::new();
    world.effects(expiring(31));
    let response = only_final(&world.pass(31 * MINUTE));
    assert_eq!(response.response_status_code, RequestTimeout);
}

#[test]
fn execution_time_of_a_busy_device_is_the_begin_of_its_waiting() {
    let mut world = World::with(one_at_a_time(), rules());
    world.effects(starting("k2", "a2", 10));
    world.effects(create("k1", "a1"));
    world.effects(accepted("k1"));
    world.wait(10 * MINUTE, &[remember("k2")]);
    let effects = world.effects(transfer_complete("k1", 9001));
    assert_eq!(only_command(&effects).id().to_string(), "k2/download");
}

#[test]
fn execution_time_survives_a_restart() {
    let mut first = World::new();
    let mut changelog = Changelog::default();
    let effects = first.effects(starting("k1", "a1", 30));
    changelog.write(&first, &effects);
    let mut second = changelog.restore(&first, limits());
    let (one, two) = (first.pass(30 * MINUTE), second.pass(30 * MINUTE));
    assert_eq!(only_command(&one), only_command(&two));
}
