use crate::mapping::Rules;
use crate::onem2m::ResponseStatusCode::{BadRequest, InternalServerError};

use super::super::Limits;
use super::world::*;

#[test]
fn open_downloads_of_a_device_are_bounded() {
    let mut world = World::new();
    for number in 1..=3 {
        world.effects(create(&format!("k{number}"), &format!("a{number}")));
    }
    for number in 4..=5 {
        let key = format!("k{number}");
        world.handle(create(&key, &format!("a{number}")), &[remember(&key)]);
    }
    let response = world.response(create("k6", "a6"));
    assert_eq!(response.response_status_code, BadRequest);
    assert!(response.debug.contains("3 open downloads"));
    let id = "k7/download";
    world.handle(create("k7", "a7").of(2), &[send(id), remember("k7")]);
    world.effects(transfer_complete("k1", 0));
    world.handle(create("k6", "a6"), &[remember("k6")]);
}

#[test]
fn open_installations_are_bounded() {
    let limits = Limits {
        open_installations_max: 1,
        ..limits()
    };
    let mut world = World::with(limits, rules());
    world.effects(create("k1", "a1"));
    world.handle(
        create("k2", "a2").of(2),
        &[respond("a2", InternalServerError)],
    );
    world.response(transfer_complete("k1", 9001));
    world.handle(
        create("k3", "a3").of(2),
        &[send("k3/download"), remember("k3")],
    );
}

#[test]
fn overlong_download_url_is_refused() {
    let rules = Rules {
        download_url: "x".repeat(257),
        ..rules()
    };
    let mut world = World::with(limits(), rules);
    let response = world.response(create("k1", "a1"));
    assert_eq!(response.response_status_code, InternalServerError);
    assert!(response.debug.contains("257 characters"));
    assert_eq!(world.correlator.open_installations(), 0);
}
