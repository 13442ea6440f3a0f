use crate::onem2m::ResponseStatusCode::{BadRequest, Conflict, Created};
use crate::onem2m::ResponseType;

use super::super::Slot;
use super::world::*;

fn targets(uris: &[&str]) -> Option<Box<[Box<str>]>> {
    Some(uris.iter().map(|uri| (*uri).into()).collect())
}

/// The acknowledgement, and whether the result follows.
#[test]
fn response_types_decide_what_is_sent_and_when() {
    for (response_type, acknowledgement, is_final_sent) in [
        (ResponseType::Blocking, None, true),
        (ResponseType::NonBlockingSynch, Some(1001), true),
        (ResponseType::NonBlockingAsynch(None), Some(1002), true),
        (
            ResponseType::NonBlockingAsynch(targets(&["/a"])),
            Some(1002),
            true,
        ),
        (
            ResponseType::NonBlockingAsynch(targets(&[])),
            Some(1002),
            false,
        ),
        (ResponseType::FlexBlocking(None), None, true),
        (ResponseType::FlexBlocking(targets(&[])), None, true),
        (
            ResponseType::FlexBlocking(targets(&["/a"])),
            Some(1002),
            true,
        ),
        (ResponseType::NoResponse, None, false),
    ] {
        let mut world = World::new();
        let mut expected = vec![send("k1/download"), remember("k1")];
        if let Some(code) = acknowledgement {
            expected.insert(0, Seen::Acknowledge("a1".into(), code));
        }
        world.handle(create("k1", "a1").response_type(response_type), &expected);
        world.effects(transfer_complete("k1", 0));
        let mut expected = vec![remember("k1")];
        if is_final_sent {
            expected.insert(0, respond("a1", Created));
        }
        world.handle(set_applied("k1"), &expected);
    }
}

#[test]
fn refused_request_is_answered_at_once() {
    let mut world = World::new();
    let response = world.response(refused("a1", ResponseType::NonBlockingSynch));
    assert_eq!(response.response_status_code, BadRequest);
    assert_eq!(response.debug, "suids: 99 is not a SUID");
    assert_eq!(response.request.device, Some(device(1)));
    world.handle(refused("a1", ResponseType::NoResponse), &[]);
    assert_eq!(world.ledger().applied, 2);
    assert_eq!(world.correlator.poll_timeout(), None);
}

#[test]
fn response_knows_its_request() {
    let mut world = World::new();
    world.effects(create("k1", "a1").at(7));
    let response = world.response(transfer_complete("k1", 9001));
    let request = &response.request;
    assert_eq!(request.coordinates.offset, 7);
    assert_eq!(request.key.as_deref(), Some(&b"key"[..]));
    assert_eq!(request.traceparent.as_deref(), Some(&b"00-1-2-01"[..]));
    assert_eq!(request.command_key, Some(key("k1")));
}

#[test]
fn redelivered_request_has_no_effect_while_open_and_after() {
    let mut world = World::new();
    world.effects(create("k1", "a1").at(7));
    world.handle(create("k1", "a1").at(7), &[]);
    world.response(transfer_complete("k1", 9001));
    world.handle(create("k1", "a1").at(7), &[]);
    assert_eq!(world.ledger().repeated, 2);
}

#[test]
fn other_request_of_a_pending_identifier_is_a_conflict() {
    let mut world = World::new();
    world.effects(create("k1", "a1").at(7));
    let response = world.response(create("k2", "a1").of(2));
    assert_eq!(response.response_status_code, Conflict);
    assert!(response.debug.contains("input/0/7"), "{}", response.debug);
    assert_eq!(response.request.command_key, None);
    world.response(transfer_complete("k1", 9001));
    world.handle(create("k3", "a1"), &[send("k3/download"), remember("k3")]);
}

#[test]
fn other_originators_and_requests_without_identifier_do_not_conflict() {
    let mut world = World::new();
    world.effects(create("k1", "a1"));
    let other = create("k2", "a1").with(|create| {
        create
            .primitive
            .change_texts(|texts| texts.originator = "/other")
    });
    world.handle(other, &[send("k2/download"), remember("k2")]);
    for key in ["k3", "k4"] {
        let nameless = create(key, "").of(2);
        let id = format!("{key}/download");
        world.handle(nameless, &[send(&id), remember(key)]);
    }
}

#[test]
fn command_key_in_use_is_a_conflict_until_it_is_forgotten() {
    let mut world = World::new();
    world.effects(create("k1", "a1"));
    world.handle(create("k1", "a2"), &[respond("a2", Conflict)]);
    world.response(transfer_complete("k1", 9001));
    world.handle(create("k1", "a3"), &[respond("a3", Conflict)]);
    world.wait(limits().ended_ttl, &[forget("k1")]);
    world.handle(create("k1", "a4"), &[send("k1/download"), remember("k1")]);
}

#[test]
fn devices_with_the_same_command_key_are_kept_apart() {
    let mut world = World::new();
    world.effects(create("k1", "a1"));
    world.effects(create("k1", "b1").of(2));
    world.handle(
        transfer_complete("k1", 9018).of(2),
        &[respond("b1", BadRequest), remember("k1")],
    );
    world.handle(
        transfer_complete("k1", 9018),
        &[respond("a1", BadRequest), remember("k1")],
    );
    assert!(world.correlator.installation(Slot(2)).is_none());
}

#[test]
fn second_notification_of_a_creation_is_a_repeat_while_open_and_after() {
    let notified = |offset| {
        create("k1", "")
            .with(|create| create.primitive.change_texts(|texts| texts.to = "cred7"))
            .at(offset)
    };
    let mut world = World::new();
    world.handle(notified(7), &[send("k1/download"), remember("k1")]);
    world.handle(notified(8), &[]);
    world.response(transfer_complete("k1", 9001));
    world.handle(notified(9), &[]);
    assert_eq!(world.ledger().repeated, 2);
}

#[test]
fn notification_takes_up_an_event_that_came_before_it() {
    let mut world = World::new();
    world.effects(accepted("k1"));
    world.effects(create("k1", ""));
    assert_eq!(world.correlator.open_installations(), 1);
    assert_eq!(world.ledger().repeated, 0);
}
