//! Certificate files that are put into a store before their Download is sent.

use crate::cwmp::RejectionReason;
use crate::mapping::{ContentRule, Rules, StagedNames, staged_until};
use crate::onem2m::Operation;
use crate::onem2m::ResponseStatusCode::{Created, Deleted, InternalServerError, RequestTimeout};

use super::super::{Effect, Effects, InstallationId, Limits, RetryCause, RetryPolicy, Staging};
use super::restoring::Changelog;
use super::world::*;

fn staged_rules() -> Rules {
    Rules {
        download_url: "https://f/{file}".to_owned().into(),
        content: ContentRule::Staged(StagedNames::new("secret", "application")),
        ..rules()
    }
}

fn world() -> World {
    World::with(limits(), staged_rules())
}

fn retrying_world() -> World {
    let policy = RetryPolicy {
        first_delay: MINUTE,
        delay_max: MINUTE,
        attempts_max: 3,
    };
    let limits = Limits {
        retry: [(RetryCause::DeviceUnavailable, policy)].into(),
        ..limits()
    };
    World::with(limits, staged_rules())
}

fn stage(key: &str) -> Seen {
    Seen::Stage(key.to_owned())
}

fn only_staging(effects: &Effects) -> Staging {
    let mut all = effects.iter().filter_map(|effect| match effect {
        Effect::Stage(staging) => Some(staging),
        Effect::Forget(_)
        | Effect::Remember(_)
        | Effect::Respond(_)
        | Effect::Send(_)
        | Effect::SetAside(_)
        | Effect::Unstage(_) => None,
    });
    let staging = all.next().expect("a file to be staged");
    assert_eq!(all.next(), None);
    (**staging).clone()
}

fn answer(world: &mut World, command_key: &str, result: Result<(), &str>) -> Effects {
    let id = InstallationId {
        device: device(1),
        command_key: key(command_key),
    };
    let mut effects = Effects::new();
    let result = result.map_err(str::to_owned);
    world
        .correlator
        .handle_staged(world.now, &id, result, &mut effects);
    effects
}

#[track_caller]
fn answered(world: &mut World, command_key: &str, result: Result<(), &str>, expected: &[Seen]) {
    let effects = answer(world, command_key, result);
    assert_eq!(world.seen(&effects), expected);
}

#[test]
fn a_file_is_in_the_store_from_before_the_download_until_the_end() {
    let mut world = world();
    let effects = world.effects(create("k1", "a1"));
    assert_eq!(world.seen(&effects), [stage("k1"), remember("k1")]);
    let staging = only_staging(&effects);
    assert_eq!(&*staging.content, b"certificate");
    assert_eq!(staging.until, world.now + 15 * MINUTE);

    world.pass(10 * MINUTE);
    let effects = answer(&mut world, "k1", Ok(()));
    assert_eq!(world.seen(&effects), [send("k1/download"), remember("k1")]);
    let command = only_command(&effects);
    assert_eq!(command.expires_at, world.now + 15 * MINUTE);
    let download = download_of(&command);
    assert_eq!(download.url, format!("https://f/{}", staging.name));
    assert_eq!((download.file_size, download.content.len()), (11, 0));

    world.handle(accepted("k1"), &[remember("k1")]);
    let latest = world.now + 60 * MINUTE;
    assert!(staged_until(&staging.name) >= Some(latest));
    world.handle(
        transfer_complete("k1", 0),
        &[send("k1/set"), remember("k1")],
    );
    let expected = [Seen::Unstage, respond("a1", Created), remember("k1")];
    world.handle(set_applied("k1"), &expected);
}

#[test]
fn an_answer_that_nobody_waits_for_has_no_effect() {
    let mut world = world();
    answered(&mut world, "k1", Ok(()), &[]);
    world.effects(create("k1", "a1"));
    answer(&mut world, "k1", Ok(()));
    answered(&mut world, "k1", Ok(()), &[]);
    answered(&mut world, "k1", Err("full"), &[]);
    world.effects(transfer_complete("k1", 9018));
    answered(&mut world, "k1", Ok(()), &[]);
}

#[test]
fn a_store_that_fails_ends_the_request() {
    let mut world = world();
    world.effects(create("k1", "a1"));
    let effects = answer(&mut world, "k1", Err("no space left"));
    let expected = [
        Seen::Unstage,
        respond("a1", InternalServerError),
        remember("k1"),
    ];
    assert_eq!(world.seen(&effects), expected);
    let debug = only_final(&effects).debug;
    assert!(debug.contains("no space left"), "{debug}");
    assert!(debug.contains("nothing was sent to the device"), "{debug}");
}

#[test]
fn a_store_that_says_nothing_ends_the_request_in_time() {
    let mut world = retrying_world();
    world.effects(create("k1", "a1"));
    let response = only_final(&world.pass(15 * MINUTE));
    assert_eq!(response.response_status_code, InternalServerError);
    let limit = "was not staged within 15m (timeouts.accept)";
    assert!(response.debug.contains(limit), "{}", response.debug);

    let expires_at = world.now + MINUTE;
    let request = create("k2", "a2").with(|create| {
        let at = crate::onem2m::Expiry::At(expires_at);
        create.primitive.request_expiration = Some(at);
    });
    world.effects(request);
    let response = only_final(&world.pass(MINUTE));
    assert_eq!(response.response_status_code, RequestTimeout);
    answered(&mut world, "k2", Ok(()), &[]);
}

#[test]
fn an_answer_of_the_store_after_its_time_has_no_effect_even_while_lag_holds_deadlines_back() {
    let mut world = world();
    world.effects(create("k1", "a1"));
    world.now = world.now + 15 * MINUTE;
    answered(&mut world, "k1", Ok(()), &[]);
    let response = only_final(&world.pass(MINUTE));
    assert_eq!(response.response_status_code, InternalServerError);
}

#[test]
fn a_download_that_comes_again_with_another_key_has_a_file_of_its_own() {
    let policy = RetryPolicy {
        first_delay: MINUTE,
        delay_max: MINUTE,
        attempts_max: 3,
    };
    let fault = RetryCause::Fault(9018.try_into().unwrap());
    let limits = Limits {
        retry: [(fault, policy)].into(),
        retry_with_new_key: true,
        ..limits()
    };
    let mut world = World::with(limits, staged_rules());
    let first = only_staging(&world.effects(create("k1", "a1")));
    answer(&mut world, "k1", Ok(()));
    let effects = world.effects(transfer_complete("k1", 9018));
    assert!(effects.contains(&Effect::Unstage(first.name.clone())));
    let second = only_staging(&world.pass(MINUTE));
    assert_ne!(second.name, first.name);
    assert_ne!(second.id, first.id);
}

#[test]
fn a_device_that_was_faster_than_the_store_gets_no_download() {
    let mut world = world();
    world.effects(create("k1", "a1"));
    world.handle(
        transfer_complete("k1", 0),
        &[send("k1/set"), remember("k1")],
    );
    answered(&mut world, "k1", Ok(()), &[]);
}

#[test]
fn a_request_that_is_withdrawn_while_its_file_is_staged_asks_nothing_of_the_device() {
    let mut world = world();
    world.effects(create("k1", "a1"));
    let withdraw = about("/cse1/node7/req-k1", Operation::Delete, "d1", "b1");
    let expected = [
        Seen::Unstage,
        respond("a1", InternalServerError),
        remember("k1"),
        respond("b1", Deleted),
    ];
    world.handle(withdraw, &expected);
    answered(&mut world, "k1", Ok(()), &[]);
}

#[test]
fn each_attempt_has_the_file_staged_under_the_same_name() {
    let mut world = retrying_world();
    let first = only_staging(&world.effects(create("k1", "a1")));
    let command = only_command(&answer(&mut world, "k1", Ok(())));
    let refusal = rejected("k1/download", RejectionReason::DeviceUnavailable);
    world.handle(refusal, &[remember("k1")]);
    answered(&mut world, "k1", Ok(()), &[]);
    let effects = world.pass(MINUTE);
    assert_eq!(world.seen(&effects), [stage("k1"), remember("k1")]);
    let second = only_staging(&effects);
    assert_eq!(
        (&second.name, &second.content),
        (&first.name, &first.content)
    );
    let effects = answer(&mut world, "k1", Ok(()));
    assert_eq!(
        world.seen(&effects),
        [send("k1/download.2"), remember("k1")]
    );
    let again = only_command(&effects);
    assert_eq!(download_of(&again), download_of(&command));
    assert_eq!(again.expires_at, command.expires_at);
}

#[test]
fn a_download_that_waits_is_staged_when_its_turn_comes() {
    let mut world = world();
    for number in 1..=3 {
        let key = format!("k{number}");
        world.effects(create(&key, &format!("a{number}")));
        answer(&mut world, &key, Ok(()));
    }
    world.handle(create("k4", "a4"), &[remember("k4")]);
    let effects = world.effects(transfer_complete("k1", 9018));
    assert_eq!(only_staging(&effects).id.command_key, key("k4"));
    let expected = [send("k4/download"), remember("k4")];
    answered(&mut world, "k4", Ok(()), &expected);
}

#[test]
fn a_restored_shard_asks_again_for_what_was_not_answered() {
    let mut world = world();
    let mut changelog = Changelog::default();
    let effects = world.effects(create("k1", "a1"));
    changelog.write(&world, &effects);
    let first = only_staging(&effects);
    let effects = world.effects(create("k2", "a2"));
    changelog.write(&world, &effects);
    let effects = answer(&mut world, "k2", Ok(()));
    changelog.write(&world, &effects);

    let mut restored = changelog.restore_with(&world, limits(), staged_rules());
    let mut effects = Effects::new();
    restored.correlator.resume_staging(&mut effects);
    assert_eq!(only_staging(&effects), first);
    let expected = [send("k1/download"), remember("k1")];
    answered(&mut restored, "k1", Ok(()), &expected);
    let mut effects = Effects::new();
    restored.correlator.resume_staging(&mut effects);
    assert_eq!(effects, []);
}

#[test]
fn a_file_that_was_not_kept_cannot_be_staged() {
    let limits = Limits {
        open_downloads_per_device_max: 1,
        ..limits()
    };
    let elsewhere = Rules {
        content: ContentRule::Elsewhere,
        ..rules()
    };
    let mut world = World::with(limits.clone(), elsewhere);
    let mut changelog = Changelog::default();
    for (key, identifier) in [("k1", "a1"), ("k2", "a2")] {
        let effects = world.effects(create(key, identifier));
        changelog.write(&world, &effects);
    }
    let mut restored = changelog.restore_with(&world, limits, staged_rules());
    let effects = restored.effects(transfer_complete("k1", 9018));
    let texts: Vec<_> = responses(&effects)
        .map(|response| response.debug.as_str())
        .collect();
    assert!(
        texts.iter().any(|text| text.contains("was not kept")),
        "{texts:?}"
    );
}
