use crate::cwmp::{DeviceClass, DeviceId, PerDevice};
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
        download_url: "x".repeat(257).into(),
        ..rules()
    };
    let mut world = World::with(limits(), rules);
    let response = world.response(create("k1", "a1"));
    assert_eq!(response.response_status_code, InternalServerError);
    assert!(response.debug.contains("257 characters"));
    assert_eq!(world.correlator.open_installations(), 0);
}

#[test]
fn devices_may_have_time_outs_and_rules_of_their_own() {
    let class = DeviceClass::new(Some("00256D"), Some("ONT")).unwrap();
    let limits = Limits {
        accept_timeout: PerDevice::new(15 * MINUTE, [(class.clone(), MINUTE)]),
        transfer_timeout: PerDevice::new(60 * MINUTE, [(class.clone(), 2 * MINUTE)]),
        set_timeout: PerDevice::new(10 * MINUTE, [(class.clone(), 3 * MINUTE)]),
        ..limits()
    };
    let rules = Rules {
        download_url: PerDevice::new(
            "https://f/1".into(),
            [(class.clone(), "https://f/2".into())],
        ),
        suids_parameter: PerDevice::new("SUIDs".into(), [(class, "X_SUIDs".into())]),
        ..rules()
    };
    for (product_class, minutes, url, parameter) in [
        ("IGD", [15, 60, 10], "https://f/1", "SUIDs"),
        ("ONT", [1, 2, 3], "https://f/2", "X_SUIDs"),
    ] {
        let mut world = World::with(limits.clone(), rules.clone());
        let of = |mut input: Input| {
            input.device = DeviceId::new("00256D", product_class, "1").unwrap();
            input
        };
        let command = only_command(&world.effects(of(create("k1", "a1"))));
        assert_eq!(download_of(&command).url, url);
        let after = |minutes: u32| world.now + minutes * MINUTE;
        let due = minutes.map(after);
        assert_eq!(command.expires_at, due[0]);
        world.effects(of(accepted("k1")));
        assert_eq!(world.correlator.poll_timeout(), Some(due[1]));
        let stored = of(transfer_complete("k1", 0).path(ROW));
        let command = only_command(&world.effects(stored));
        assert_eq!(command.expires_at, due[2]);
        assert!(format!("{:?}", command.rpc).contains(&format!("{ROW}{parameter}")));
        let response = only_final(&world.pass(minutes[2] * MINUTE));
        let limit = format!("within {}m (timeouts.set)", minutes[2]);
        assert!(response.debug.contains(&limit), "{}", response.debug);
    }
}
