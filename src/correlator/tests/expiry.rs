use crate::onem2m::Expiry;
use crate::onem2m::ResponseStatusCode::{
    BadRequest, Created, MgmtSessionEstablishmentTimeout, RequestTimeout,
};

use super::super::sim::number_of;
use super::super::{Effects, Limits, Progress};
use super::world::*;

/// Brings k1 into a state by these events, then lets `minutes` pass: silent one millisecond before.
fn times_out(events: &[Input], minutes: u32) -> (World, super::super::Response) {
    let mut world = World::new();
    for event in events {
        world.effects(event.clone());
    }
    let almost = minutes * MINUTE - std::time::Duration::from_millis(1);
    world.wait(almost, &[]);
    let effects = world.pass(std::time::Duration::from_millis(1));
    let response = only_final(&effects);
    (world, response)
}

fn expiring(minutes: u32) -> Input {
    create("k1", "a1").with(|create| {
        create.primitive.request_expiration = Some(Expiry::After(minutes * MINUTE));
    })
}

#[test]
fn every_step_times_out() {
    let open = create("k1", "a1");
    let without = create_without_path("k1", "a1");
    let done = transfer_complete("k1", 0);
    for (events, minutes, progress, code) in [
        (
            vec![open.clone()],
            15,
            Progress::DownloadSent,
            MgmtSessionEstablishmentTimeout,
        ),
        (
            vec![open.clone(), accepted("k1")],
            60,
            Progress::Accepted,
            RequestTimeout,
        ),
        (
            vec![without, done.clone()],
            5,
            Progress::LookupSent,
            RequestTimeout,
        ),
        (vec![open, done], 10, Progress::SetSent, RequestTimeout),
    ] {
        let (world, response) = times_out(&events, minutes);
        assert_eq!(response.response_status_code, code);
        assert!(response.debug.contains("timeouts."), "{}", response.debug);
        let stats = world.correlator.stats();
        assert_eq!(stats.timeouts.get(&progress), Some(&1));
        assert_eq!(world.correlator.open_installations(), 0);
    }
}

#[test]
fn expiry_of_the_request_cuts_every_step() {
    let done = transfer_complete("k1", 0);
    for events in [
        vec![expiring(3)],
        vec![expiring(3), accepted("k1")],
        vec![
            expiring(3).with(|create| create.resource.object_paths = Box::default()),
            done.clone(),
        ],
        vec![expiring(3), done],
    ] {
        let (_, response) = times_out(&events, 3);
        assert_eq!(response.response_status_code, RequestTimeout);
        assert!(response.debug.contains("rqet"), "{}", response.debug);
    }
}

#[test]
fn commands_expire_with_the_request() {
    let mut world = World::new();
    let effects = world.effects(expiring(3));
    assert_eq!(only_command(&effects).expires_at, world.now + 3 * MINUTE);
}

#[test]
fn result_that_expires_alone_counts() {
    let now = World::new().now;
    let expiring = create("k1", "a1").with(|create| {
        create.primitive.result_expiration = Some(Expiry::At(now + 2 * MINUTE));
    });
    let (_, response) = times_out(&[expiring], 2);
    assert_eq!(response.response_status_code, RequestTimeout);
}

#[test]
fn result_must_not_expire_before_the_request() {
    let now = World::new().now;
    let at = |minutes: u32| Expiry::At(now + minutes * MINUTE);
    let after = |minutes: u32| Expiry::After(minutes * MINUTE);
    let request = |request, result| {
        create("k1", "a1").with(|create| {
            create.primitive.request_expiration = Some(request);
            create.primitive.result_expiration = Some(result);
        })
    };
    for (earlier, later) in [
        (after(2), at(9)),
        (at(2), after(9)),
        (at(2), at(9)),
        (after(2), after(9)),
    ] {
        let (_, response) = times_out(&[request(earlier, later)], 2);
        assert_eq!(response.response_status_code, RequestTimeout);
        for (wrong, result) in [(later, earlier), (earlier, earlier)] {
            let response = World::new().response(request(wrong, result));
            assert_eq!(response.response_status_code, BadRequest);
            assert!(response.debug.starts_with("rset ("), "{}", response.debug);
        }
    }
    // What is over already is told so.
    let mut world = World::new();
    world.handle(request(after(2), at(0)), &[respond("a1", RequestTimeout)]);
}

#[test]
fn late_time_out_of_acceptance_is_still_that_of_acceptance() {
    let mut world = World::new();
    world.effects(expiring(20));
    let response = only_final(&world.pass(60 * MINUTE));
    assert_eq!(
        response.response_status_code,
        MgmtSessionEstablishmentTimeout
    );
}

#[test]
fn expired_request_is_refused_without_command() {
    let mut world = World::new();
    world.handle(expiring(0), &[respond("a1", RequestTimeout)]);
    assert_eq!(world.correlator.poll_timeout(), None);
}

#[test]
fn request_that_expired_in_the_meantime_gets_no_more_commands() {
    let mut world = World::new();
    world.effects(expiring(3));
    world.now = world.now + 3 * MINUTE;
    world.handle(
        transfer_complete("k1", 0),
        &[respond("a1", RequestTimeout), remember("k1")],
    );
}

#[test]
fn answers_after_a_time_out_tell_nobody() {
    let (mut world, _) = times_out(&[create("k1", "a1")], 15);
    world.handle(accepted("k1").at(1), &[]);
    world.handle(transfer_complete("k1", 0), &[remember("k1")]);
    world.handle(transfer_complete("k1", 9001), &[]);
    assert_eq!(world.ledger().repeated, 2);
    world.wait(limits().ended_ttl, &[forget("k1")]);
    assert_eq!(world.correlator.ended_installations(), 0);
    world.handle(transfer_complete("k1", 0), &[remember("k1")]);
}

#[test]
fn deadlines_fire_in_order_and_in_portions() {
    let mut world = World::new();
    for (key, identifier) in [("k1", "a1"), ("k2", "a2"), ("k3", "a3")] {
        world.effects(create(key, identifier));
        world.now = world.now + MINUTE;
    }
    assert_eq!(world.correlator.oldest_open(), Some(World::new().now));
    let now = world.now + 60 * MINUTE;
    let mut effects = Effects::new();
    assert_eq!(
        world.correlator.handle_timeout(now, now, 2, &mut effects),
        2
    );
    let seen = world.seen(&effects);
    let late = MgmtSessionEstablishmentTimeout;
    assert_eq!(
        seen,
        [
            respond("a1", late),
            remember("k1"),
            respond("a2", late),
            remember("k2")
        ]
    );
    assert_eq!(
        world.correlator.handle_timeout(now, now, 2, &mut effects),
        1
    );
    assert_eq!(
        world.correlator.handle_timeout(now, now, 2, &mut effects),
        0
    );
}

#[test]
fn a_fault_before_the_deadline_leaves_no_deadline_of_the_step() {
    let mut world = World::new();
    world.effects(create("k1", "a1"));
    world.handle(
        transfer_complete("k1", 9001),
        &[respond("a1", BadRequest), remember("k1")],
    );
    world.wait(100 * MINUTE, &[]);
}

/// Installations of a usual run; a variable asks for others, e.g. a million.
const BACKLOG: u64 = 20_000;

/// A shard is a day behind: every deadline is past, and what devices said lies in the log, unread.
#[test]
fn a_day_of_backlog_times_out_only_what_nobody_answered() {
    let asked = number_of("CREDBRIDGE_BACKLOG");
    let count = u32::try_from(asked.unwrap_or(BACKLOG)).unwrap();
    let limits = Limits {
        open_installations_max: usize::MAX,
        ..limits()
    };
    let mut world = World::with(limits, rules());
    let name = |prefix: &str, number: u32| format!("{prefix}{number}");
    for number in 0..count {
        world.effects(create(&name("k", number), &name("a", number)).of(number));
    }
    let read_up_to = world.now;
    world.now = world.now + 24 * 60 * MINUTE;
    let mut effects = Effects::new();
    let late = |world: &mut World, due, max, effects: &mut Effects| {
        world
            .correlator
            .handle_timeout(world.now, due, max, effects)
    };
    for number in 0..count {
        let key = name("k", number);
        match number % 3 {
            0 => {}
            1 => {
                let response = world.response(transfer_complete(&key, 9018).of(number));
                assert_eq!(response.response_status_code, BadRequest);
            }
            _ => {
                world.effects(transfer_complete(&key, 0).of(number));
                let response = world.response(set_applied(&key).of(number));
                assert_eq!(response.response_status_code, Created);
            }
        }
        assert_eq!(late(&mut world, read_up_to, usize::MAX, &mut effects), 0);
    }
    let silent = usize::try_from(count.div_ceil(3)).unwrap();
    let mut fired = 0;
    let now = world.now;
    loop {
        let portion = late(&mut world, now, 200, &mut effects);
        assert!(portion <= 200);
        let answers: Vec<_> = responses(&effects)
            .map(|response| response.response_status_code)
            .collect();
        assert_eq!(answers, vec![MgmtSessionEstablishmentTimeout; portion]);
        effects = Effects::new();
        fired += portion;
        if portion == 0 {
            break;
        }
    }
    assert_eq!(fired, silent);
    assert_eq!(world.correlator.open_installations(), 0);
}

#[test]
fn resource_that_ends_before_it_begins_is_refused_without_command() {
    let now = World::new().now;
    let ending = |expiry| create("k1", "a1").with(|create| create.expiration_time = Some(expiry));
    for past in [Expiry::At(now), Expiry::After(std::time::Duration::ZERO)] {
        let mut world = World::new();
        let response = world.response(ending(past));
        assert_eq!(response.response_status_code, BadRequest);
        assert!(
            response.debug.starts_with("et (expirationTime) is"),
            "{}",
            response.debug
        );
        assert_eq!(world.correlator.open_installations(), 0);
    }
    for to_come in [Expiry::At(now + MINUTE), Expiry::After(MINUTE)] {
        let mut world = World::new();
        world.handle(ending(to_come), &[send("k1/download"), remember("k1")]);
    }
}
