use crate::cwmp::RejectionReason::DeviceUnavailable;
use crate::mapping::Rules;
use crate::onem2m::ResponseStatusCode::{
    BadRequest, Created, Deleted, ExternalObjectNotFound, InternalServerError,
    MgmtSessionCannotBeEstablished, MgmtSessionEstablishmentTimeout, RequestTimeout,
};
use crate::onem2m::{Expiry, Operation, Validity};

use super::super::Limits;
use super::restoring::Changelog;
use super::world::*;

const OLD: (u32, &str, &str) = (1, "01", "CN=x");
const NEW: (u32, &str, &str) = (2, "", "");

fn listing() -> Limits {
    Limits {
        list_rows_first: true,
        ..limits()
    }
}

fn asked() -> World {
    let mut world = World::with(listing(), rules());
    let list = [send("k1/list"), remember("k1")];
    world.handle(create_without_path("k1", "a1"), &list);
    world
}

fn downloading() -> World {
    let mut world = asked();
    let download = [send("k1/download"), remember("k1")];
    world.handle(listed("k1", &[OLD]), &download);
    world
}

#[test]
fn the_one_row_that_is_new_since_before_the_download_gets_the_suids() {
    let mut world = downloading();
    world.handle(listed("k1", &[OLD, NEW]), &[]);
    world.effects(accepted("k1"));
    world.handle(
        transfer_complete("k1", 0),
        &[send("k1/lookup"), remember("k1")],
    );
    world.handle(
        looked_up("k1", &[OLD, NEW]),
        &[send("k1/set"), remember("k1")],
    );
    let response = world.response(set_applied("k1"));
    assert_eq!(response.response_status_code, Created);
    let row = "Device.Security.Certificate.2.";
    assert_eq!(response.certificate_path.as_deref(), Some(row));
}

#[test]
fn no_new_row_or_several_are_an_error() {
    for (rows, text) in [
        (&[OLD][..], "0 are new"),
        (&[OLD, NEW, (3, "", "")], "2 are new"),
    ] {
        let mut world = downloading();
        world.effects(transfer_complete("k1", 0));
        let response = world.response(looked_up("k1", rows));
        assert_eq!(response.response_status_code, ExternalObjectNotFound);
        assert!(response.debug.contains(text), "{}", response.debug);
    }
}

#[test]
fn nothing_is_listed_where_the_request_names_the_row() {
    let mut world = World::with(listing(), rules());
    world.handle(create("k1", "a1"), &[send("k1/download"), remember("k1")]);
}

#[test]
fn download_is_sent_without_a_list_that_the_device_refuses() {
    let mut world = asked();
    let download = [send("k1/download"), remember("k1")];
    world.handle(faulted("k1/list", 9005), &download);
    world.effects(transfer_complete("k1", 0));
    let response = world.response(looked_up("k1", &[OLD, NEW]));
    assert_eq!(response.response_status_code, ExternalObjectNotFound);
}

#[test]
fn nothing_is_sent_to_a_device_that_cannot_be_reached_for_the_list() {
    let response = asked().response(rejected("k1/list", DeviceUnavailable));
    assert_eq!(
        response.response_status_code,
        MgmtSessionCannotBeEstablished
    );
    let mut world = asked();
    let response = only_final(&world.pass(limits().lookup_timeout.general));
    assert_eq!(
        response.response_status_code,
        MgmtSessionEstablishmentTimeout
    );
    world.handle(listed("k1", &[OLD]), &[]);
    let withdraw = about("/cse1/node7/req-k1", Operation::Delete, "d1", "a2");
    let at_once = [
        respond("a1", InternalServerError),
        remember("k1"),
        respond("a2", Deleted),
    ];
    asked().handle(withdraw, &at_once);
}

#[test]
fn request_that_expired_before_its_rows_were_listed_is_told_so() {
    let mut world = World::with(listing(), rules());
    let expires_at = world.now + 10 * MINUTE;
    let request = create_without_path("k1", "a1").with(|create| {
        create.primitive.request_expiration = Some(Expiry::At(expires_at));
    });
    world.effects(request);
    // The time for the list is over as well, and lag has held that back.
    world.now = expires_at;
    let response = world.response(listed("k1", &[OLD]));
    assert_eq!(response.response_status_code, RequestTimeout);
}

#[test]
fn rows_are_not_compared_where_downloads_overlap() {
    let mut world = downloading();
    world.effects(create_without_path("k2", "a2"));
    let effects = world.effects(listed("k2", &[OLD]));
    let seen = world.seen(&effects);
    assert!(seen.contains(&remember("k1")), "{seen:?}");
    for key in ["k1", "k2"] {
        world.effects(transfer_complete(key, 0));
        let response = world.response(looked_up(key, &[OLD, NEW]));
        assert_eq!(response.response_status_code, ExternalObjectNotFound);
    }
}

#[test]
fn row_of_another_resource_is_not_new() {
    let mut world = asked();
    world.effects(create("k2", "a2").with(|create| {
        create.resource.object_paths = ["Device.Security.Certificate.2.".into()].into();
    }));
    world.effects(transfer_complete("k2", 0));
    world.effects(set_applied("k2"));
    world.effects(listed("k1", &[OLD]));
    world.effects(transfer_complete("k1", 0));
    world.effects(looked_up("k1", &[OLD, NEW, (3, "", "")]));
    let response = world.response(set_applied("k1"));
    let row = "Device.Security.Certificate.3.";
    assert_eq!(response.certificate_path.as_deref(), Some(row));
}

#[test]
fn download_that_waits_lists_when_its_turn_comes_also_after_a_restart() {
    let limits = Limits {
        open_downloads_per_device_max: 1,
        ..listing()
    };
    let mut first = World::with(limits.clone(), rules());
    let mut changelog = Changelog::default();
    let story = [
        create_without_path("k1", "a1"),
        create_without_path("k2", "a2"),
        listed("k1", &[OLD]),
        transfer_complete("k1", 9001),
        listed("k2", &[OLD]),
    ];
    for event in story {
        let effects = first.effects(event);
        changelog.write(&first, &effects);
    }
    let mut second = changelog.restore(&first, limits);
    for event in [
        transfer_complete("k2", 0),
        looked_up("k2", &[OLD, NEW]),
        set_applied("k2"),
    ] {
        assert_eq!(second.told(event.clone()), first.told(event));
    }
    assert_eq!(first.correlator.open_installations(), 0);
}

#[test]
fn certificate_outside_its_validity_is_told_or_refused() {
    for (refuse_invalid, first, last, text) in [
        (false, 0, 10, ""),
        (false, 2, 10, "is not valid before"),
        (false, 0, 1, "expired at"),
        (true, 0, 10, ""),
        (true, 2, 10, "is not valid before"),
    ] {
        let rules = Rules {
            refuse_invalid,
            ..rules()
        };
        let mut world = World::with(limits(), rules);
        let at = |minutes: u32| world.now + minutes * MINUTE;
        let validity = Validity {
            not_before: at(first),
            not_after: at(last),
        };
        world.now = at(1) + MINUTE / 2;
        let request = create("k1", "a1").with(|create| create.validity = Some(validity));
        if refuse_invalid && !text.is_empty() {
            let response = world.response(request);
            assert_eq!(response.response_status_code, BadRequest);
            assert!(response.debug.contains(text), "{}", response.debug);
            continue;
        }
        world.effects(request);
        world.effects(transfer_complete("k1", 0).path("nonsense"));
        let response = world.response(set_applied("k1"));
        assert_eq!(response.response_status_code, Created);
        assert!(response.debug.contains(text), "{}", response.debug);
        assert_eq!(response.debug.contains("mcfc"), !text.is_empty());
        assert!(response.debug.contains("certificate_path"));
    }
}
