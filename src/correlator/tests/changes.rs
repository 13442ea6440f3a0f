use crate::cwmp::{Rpc, SettingValue};
use crate::mapping::{DeleteRule, Rules};
use crate::onem2m::ResponseStatusCode::{
    BadRequest, Conflict, Created, Deleted, NotFound, Ok, OperationNotAllowed, RequestTimeout,
    Updated,
};
use crate::onem2m::{Operation, ResponseType, Suid};

use super::super::Limits;
use super::world::*;

const RESOURCE: &str = "/cse1/node7/k1";

fn of_resource(operation: Operation, key: &str, identifier: &str) -> Input {
    about(RESOURCE, operation, key, identifier)
}

fn update(key: &str, identifier: &str) -> Input {
    of_resource(Operation::Update, key, identifier)
}

fn installed_in(mut world: World) -> World {
    world.effects(create("k1", "a1").at(1));
    world.effects(transfer_complete("k1", 0));
    world.handle(set_applied("k1"), &[respond("a1", Created), remember("k1")]);
    world
}

fn installed() -> World {
    installed_in(World::new())
}

#[track_caller]
fn only_setting(world: &mut World, input: Input) -> (String, SettingValue) {
    let command = only_command(&world.effects(input));
    let Rpc::SetParameterValues(mut set) = command.rpc else {
        panic!("not a SetParameterValues")
    };
    assert_eq!(set.parameters.len(), 1);
    let setting = set.parameters.remove(0);
    (setting.name.into(), setting.value)
}

fn suids(world: &mut World, identifier: &str) -> Vec<u8> {
    let retrieved = world.response(of_resource(Operation::Retrieve, "r", identifier));
    assert_eq!(retrieved.response_status_code, Ok);
    assert_eq!(retrieved.certificate_path.as_deref(), Some(ROW));
    let resource = retrieved.request.resource.as_ref().unwrap();
    resource.suids.iter().copied().map(Suid::get).collect()
}

#[test]
fn update_is_one_set_and_2004() {
    let mut world = installed();
    assert_eq!(suids(&mut world, "r1"), [42, 43]);
    let (name, value) = only_setting(&mut world, update("u1", "a2"));
    assert_eq!(name, format!("{ROW}SUIDs"));
    assert_eq!(value, SettingValue::Text("41".into()));
    assert_eq!(suids(&mut world, "r2"), [42, 43]);
    world.handle(
        set_applied("u1"),
        &[respond("a2", Updated), remember("u1"), remember("k1")],
    );
    assert_eq!(suids(&mut world, "r3"), [41]);
    world.handle(set_applied("u1"), &[]);
}

#[test]
fn update_that_fails_changes_nothing() {
    let mut world = installed();
    world.effects(update("u1", "a2"));
    let response = world.response(faulted("u1/set", 9002));
    assert_eq!(response.response_status_code, BadRequest);
    assert!(response.debug.ends_with("; the resource stays as it was"));
    world.effects(update("u2", "a3"));
    world.wait(
        limits().set_timeout.general,
        &[respond("a3", RequestTimeout), remember("u2")],
    );
    assert_eq!(suids(&mut world, "r1"), [42, 43]);
}

#[test]
fn update_has_its_acknowledgement_repeats_and_conflicts() {
    let mut world = installed();
    let asynchronous = update("u1", "a2")
        .asked(|request| request.primitive.response_type = ResponseType::NonBlockingSynch)
        .at(7);
    world.handle(
        asynchronous.clone(),
        &[
            Seen::Acknowledge("a2".into(), 1001),
            send("u1/set"),
            remember("u1"),
        ],
    );
    world.handle(asynchronous, &[]);
    world.handle(update("u2", "a2"), &[respond("a2", Conflict)]);
    let response = world.response(update("u3", "a4"));
    assert_eq!(response.response_status_code, Conflict);
    assert!(response.debug.contains("input/0/7"), "{}", response.debug);
}

#[test]
fn delete_disables_the_row_and_forgets_the_resource() {
    let mut world = installed();
    let delete = of_resource(Operation::Delete, "d1", "a2");
    let (name, value) = only_setting(&mut world, delete);
    assert_eq!(name, format!("{ROW}Enable"));
    assert_eq!(value, SettingValue::Boolean(false));
    world.handle(
        set_applied("d1"),
        &[respond("a2", Deleted), remember("d1"), remember("k1")],
    );
    world.handle(update("u1", "a3"), &[respond("a3", NotFound)]);
    world.handle(transfer_complete("k1", 0), &[]);
}

#[test]
fn operators_decide_what_delete_means() {
    for (delete, expected) in [
        (
            DeleteRule::Forget,
            &[respond("a2", Deleted), remember("k1")][..],
        ),
        (DeleteRule::Refuse, &[respond("a2", OperationNotAllowed)]),
    ] {
        let rules = Rules { delete, ..rules() };
        let mut world = installed_in(World::with(limits(), rules));
        world.handle(of_resource(Operation::Delete, "d1", "a2"), expected);
        let is_gone = world.response(of_resource(Operation::Retrieve, "r1", "a3"));
        let is_gone = is_gone.response_status_code == NotFound;
        assert_eq!(is_gone, delete == DeleteRule::Forget);
    }
}

#[test]
fn resources_are_found_by_address_or_command_key_of_their_device() {
    let mut world = installed();
    for (to, code) in [
        ("/cse1/node7/k1/", Ok),
        ("k1", Ok),
        ("/cse1/node7/k2", NotFound),
        ("/cse1/node7", NotFound),
        ("/cse1/node7/req-k1", OperationNotAllowed),
    ] {
        let response = world.response(about(to, Operation::Retrieve, "r1", "a2"));
        assert_eq!(response.response_status_code, code, "{to}");
    }
    world.handle(update("u1", "a2").of(2), &[respond("a2", NotFound)]);
    world.effects(create("k3", "a3"));
    let pending = about("/cse1/node7/k3", Operation::Update, "u1", "a4");
    world.handle(pending, &[respond("a4", NotFound)]);
}

#[test]
fn named_resource_is_the_one_that_came_last() {
    let mut world = World::new();
    for (key, identifier) in [("k2", "a1"), ("k1", "a2")] {
        let named = create(key, identifier)
            .with(|create| create.resource.resource_name = Some("cred".into()));
        world.effects(named);
        world.effects(transfer_complete(key, 0));
        world.effects(set_applied(key));
        world.pass(MINUTE);
    }
    let to = "/cse1/node7/cred";
    world.effects(about(to, Operation::Update, "u1", "a3"));
    world.handle(
        set_applied("u1"),
        &[respond("a3", Updated), remember("u1"), remember("k1")],
    );
}

#[test]
fn resource_is_kept_for_its_time_after_the_last_change() {
    let two_days = 2 * limits().ended_ttl;
    let long = Limits {
        resource_ttl: two_days,
        ..limits()
    };
    let mut world = installed_in(World::with(long, rules()));
    world.wait(limits().ended_ttl, &[]);
    world.effects(update("u1", "a2"));
    world.effects(set_applied("u1"));
    world.wait(limits().ended_ttl, &[forget("u1")]);
    assert_eq!(suids(&mut world, "r1"), [41]);
    world.wait(two_days, &[forget("k1")]);
    world.handle(update("u2", "a3"), &[respond("a3", NotFound)]);
    let limits = Limits {
        resource_ttl: std::time::Duration::ZERO,
        ..limits()
    };
    let mut world = installed_in(World::with(limits, rules()));
    world.handle(update("u1", "a2"), &[respond("a2", NotFound)]);
}
