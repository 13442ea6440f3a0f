mod format_1;

use prost::Message as _;

use crate::correlator::tests::world::{Input, *};
use crate::correlator::{Correlator, EarlyKind, EventKind, Installation, Slot, State};
use crate::correlator::{Limits, RetryCause, RetryPolicy};
use crate::cwmp::RejectionReason;
use crate::mapping::{ContentRule, Rules, StagedNames};
use crate::onem2m::{Expiry, Operation, ResponseType, ResultContent, TypeName};
use crate::record::Record;
use crate::time::Timestamp;

use super::*;

type Written = (Vec<u8>, Option<Vec<u8>>);

fn written(outbound: &Outbound) -> Written {
    assert_eq!(outbound.destination, Destination::Changelog);
    assert_eq!((outbound.partition, outbound.headers().len()), (None, 0));
    let key = outbound.key().expect("a changelog record has a key");
    (key.to_vec(), outbound.value().map(<[u8]>::to_vec))
}

fn encoded(installation: &Installation) -> Written {
    let mut outbound = Outbound::default();
    encode_installation(installation, &mut outbound);
    let (key, value) = written(&outbound);
    let message = value.as_deref().and_then(|value| value.split_first());
    let (_, message) = message.expect("an installation has a value");
    let read = state::Installation::decode(message).expect("it is a message");
    assert_eq!(read.encode_to_vec(), message, "as the library writes it");
    (key, value)
}

fn installation(world: &World, slot: u32) -> &Installation {
    world.correlator.installation(Slot(slot)).expect("is known")
}

/// The early event of the test that stands at the offset of the record.
fn by_offset(events: &[Input]) -> impl Fn(Record<'_>) -> Result<EarlyKind, String> {
    move |record| {
        assert_eq!(record.header("traceparent"), Some(&b"00-1-2-01"[..]));
        let offset = Some(record.coordinates.offset);
        let event = events.iter().find(|event| event.offset == offset);
        match event.map(|event| event.kind.clone()) {
            Some(EventKind::Answer(answer)) => Ok(EarlyKind::Answer(answer)),
            Some(EventKind::TransferComplete(transfer)) => {
                Ok(EarlyKind::TransferComplete(transfer))
            }
            other => Err(format!("{other:?}")),
        }
    }
}

/// A world that was filled from the changelog of the other one.
fn restored(world: &World, story: &[Input]) -> World {
    let mut copy = World::new();
    copy.now = world.now;
    copy.correlator = Correlator::new(limits(), rules());
    let known = (0..16).filter_map(|slot| world.correlator.installation(Slot(slot)));
    for before in known {
        let (key, value) = encoded(before);
        let entry = decode_with(&key, value.as_deref(), &by_offset(story)).unwrap();
        let ChangelogEntry::Installation(after) = entry else {
            panic!("{entry:?}")
        };
        assert_eq!(*after, *before);
        copy.correlator.restore(*after);
    }
    copy.correlator.restore_ledger(world.ledger());
    copy
}

fn goes_on_alike(story: &[Input]) {
    for cut in 0..=story.len() {
        let mut first = World::new();
        for event in &story[..cut] {
            first.effects(event.clone());
        }
        let mut second = restored(&first, story);
        for event in &story[cut..] {
            assert_eq!(second.told(event.clone()), first.told(event.clone()));
        }
        for _ in 0..3 {
            let (left, right) = (second.pass(1440 * MINUTE), first.pass(1440 * MINUTE));
            assert_eq!(second.without_slots(left), first.without_slots(right));
        }
        assert_eq!(second.ledger(), first.ledger());
    }
}

#[test]
fn every_state_survives_the_changelog() {
    goes_on_alike(&[
        transfer_complete("acs1", 0).at(1).path("Device.Foo."),
        create_without_path("k1", "a1").at(2),
        accepted("k1").alias("acs1").at(3),
        looked_up("k1", &[(4, "0ABC", "CN=Root,O=Acme")]).at(4),
        set_applied("k1").at(5),
        transfer_complete("acs1", 9001).at(6),
    ]);
    goes_on_alike(&[
        create("k1", "a1").at(1),
        accepted("k1").at(2),
        transfer_complete("k1", 9018).at(3),
        transfer_complete("k1", 0).at(4),
    ]);
    goes_on_alike(&[accepted("k1").at(1), set_applied("k1").at(2)]);
    let about = |operation, key, identifier| about("/cse1/node7/k1", operation, key, identifier);
    goes_on_alike(&[
        create("k1", "a1").at(1),
        transfer_complete("k1", 0).at(2),
        set_applied("k1").at(3),
        about(Operation::Update, "u1", "a2").at(4),
        set_applied("u1").at(5),
        about(Operation::Delete, "d1", "a3").at(6),
        set_applied("d1").at(7),
        about(Operation::Retrieve, "r1", "a4").at(8),
    ]);
}

#[test]
fn every_attribute_of_a_request_survives_the_changelog() {
    let uris = |uris: &[&str]| Some(uris.iter().map(|uri| (*uri).into()).collect());
    let results = [
        ResultContent::Nothing,
        ResultContent::Attributes,
        ResultContent::HierarchicalAddress,
        ResultContent::HierarchicalAddressAndAttributes,
        ResultContent::ModifiedAttributes,
    ];
    for (number, response_type) in [
        ResponseType::Blocking,
        ResponseType::FlexBlocking(None),
        ResponseType::FlexBlocking(uris(&["/a", "/b"])),
        ResponseType::NonBlockingAsynch(None),
        ResponseType::NonBlockingAsynch(uris(&[])),
        ResponseType::NonBlockingAsynch(uris(&["/a"])),
        ResponseType::NonBlockingSynch,
        ResponseType::NoResponse,
    ]
    .into_iter()
    .enumerate()
    {
        let mut world = World::new();
        world.effects(create("a/b", "a1").with(|create| {
            create.primitive.response_type = response_type.clone();
            create.primitive.result_content = results[number % results.len()];
            create.primitive.request_expiration = Some(Expiry::After(7 * MINUTE));
            create.primitive.result_expiration =
                Some(Expiry::At(Timestamp::from_millis(4_000_000_000_000)));
            create.resource.type_name = TypeName::M2m;
            create.resource.resource_name = Some("nycfc".into());
            create.certificate = None;
        }));
        let (key, _) = encoded(installation(&world, 0));
        assert_eq!(key, b"00256D-IGD-1/a/b");
        restored(&world, &[]);
    }
}

#[test]
fn content_of_the_certificate_is_kept_until_no_download_is_sent_any_more() {
    let has_content = |world: &World| {
        let (_, value) = encoded(installation(world, 0));
        let value = value.unwrap();
        value.windows(11).any(|window| window == b"certificate")
    };
    let mut world = World::new();
    world.effects(create("k1", "a1"));
    assert!(!has_content(&world), "nothing is tried again");
    let mut world = World::with(retrying(), rules());
    world.effects(create("k1", "a1"));
    assert!(has_content(&world));
    world.effects(accepted("k1"));
    assert!(!has_content(&world));
}

/// Limits with which rejections are tried again.
fn retrying() -> Limits {
    let policy = RetryPolicy {
        first_delay: MINUTE,
        delay_max: MINUTE,
        attempts_max: 300,
    };
    Limits {
        retry: [(RetryCause::RetryLater, policy)].into(),
        ..limits()
    }
}

#[test]
fn attempts_survive_the_changelog() {
    let mut world = World::with(retrying(), rules());
    world.effects(create("k1", "a1"));
    for attempt in ["k1/download", "k1/download.2"] {
        world.effects(rejected(attempt, RejectionReason::RetryLater));
        survives(&world);
        world.pass(MINUTE);
        survives(&world);
    }
}

#[test]
fn rows_before_the_download_survive_the_changelog() {
    let listing = Limits {
        list_rows_first: true,
        ..retrying()
    };
    let mut world = World::with(listing.clone(), rules());
    world.effects(create_without_path("k1", "a1"));
    survives(&world);
    world.effects(listed("k1", &[]));
    survives(&world);
    let mut world = World::with(listing, rules());
    world.effects(create_without_path("k1", "a1"));
    world.effects(listed("k1", &[(1, "01", "CN=x"), (12, "", "")]));
    let State::Open(open) = &installation(&world, 0).state else {
        panic!("it is open")
    };
    let before = open.rows_before.as_deref();
    assert_eq!(before, Some(&["1".into(), "12".into()][..]));
    survives(&world);
}

#[test]
fn staged_files_survive_the_changelog() {
    let rules = Rules {
        content: ContentRule::Staged(StagedNames::new("secret", "application")),
        ..rules()
    };
    let mut world = World::with(limits(), rules);
    world.effects(create("k1", "a1"));
    survives(&world);
    let id = installation(&world, 0).id.clone();
    let mut effects = Vec::new();
    world
        .correlator
        .handle_staged(world.now, &id, Ok(()), &mut effects);
    assert_eq!(effects.len(), 2);
    survives(&world);
}

fn survives(world: &World) {
    let before = installation(world, 0);
    let (key, value) = encoded(before);
    let entry = decode_with(&key, value.as_deref(), &by_offset(&[])).unwrap();
    assert_eq!(
        entry,
        ChangelogEntry::Installation(Box::new(before.clone()))
    );
}

#[test]
fn forgotten_installation_is_a_tombstone() {
    let id = InstallationId {
        device: device(1),
        command_key: key("k1"),
    };
    let mut outbound = Outbound::default();
    encode_forgotten(&id, &mut outbound);
    let (key, value) = written(&outbound);
    assert_eq!((&key[..], value), (&b"00256D-IGD-1/k1"[..], None));
    let entry = decode_with(&key, None, &by_offset(&[])).unwrap();
    assert_eq!(entry, ChangelogEntry::Forgotten(id));
}

#[test]
fn ledger_survives_the_changelog() {
    let ledger = Ledger {
        events: 21,
        applied: 1,
        repeated: 2,
        parked: 3,
        set_aside: 7,
        foreign: 8,
    };
    let mut outbound = Outbound::default();
    encode_ledger(&ledger, 8, &mut outbound);
    let (key, value) = written(&outbound);
    let entry = decode_with(&key, value.as_deref(), &by_offset(&[])).unwrap();
    assert_eq!(entry, ChangelogEntry::Ledger(ledger, 8));
}

fn error(key: &[u8], value: &[u8]) -> ChangelogError {
    decode_with(key, Some(value), &|_| Err("no such format".into())).unwrap_err()
}

#[test]
fn newer_version_is_a_clear_error() {
    for key in [&b"ledger"[..], b"00256D-1/k1"] {
        let error = error(key, &[2, 0]);
        assert!(error.to_string().contains("format version 2"), "{error}");
    }
}

#[test]
fn foreign_records_are_clear_errors() {
    for key in [&b""[..], b"ledgers", b"x/k1", b"00256D-1/", b"\xff/k"] {
        assert!(matches!(error(key, &[1]), ChangelogError::Key(_)));
    }
    let key = b"00256D-1/k1";
    assert!(matches!(
        error(key, &[1, 255]),
        ChangelogError::Malformed { .. }
    ));
    assert!(matches!(error(key, &[]), ChangelogError::Field { .. }));
    let ended = state::Installation {
        state: Some(state::installation::State::Ended(state::Ended::default())),
        ..state::Installation::default()
    };
    for message in [state::Installation::default(), ended] {
        let mut value = vec![VERSION];
        message.encode(&mut value).unwrap();
        assert!(matches!(error(key, &value), ChangelogError::Field { .. }));
    }
}

#[test]
fn unreadable_early_event_names_its_place() {
    let mut world = World::new();
    world.effects(transfer_complete("k1", 0).at(7));
    let early = installation(&world, 0);
    assert!(matches!(early.state, State::Early(_)));
    let (key, value) = encoded(early);
    let error = error(&key, &value.unwrap()).to_string();
    assert!(error.contains("input/0/7") && error.contains("no such format"));
}

#[test]
fn waiting_request_survives_the_changelog() {
    let request = WaitingRequest {
        record: Record {
            coordinates: &"onem2m.requests/2/41".parse().unwrap(),
            key: Some(b"k"),
            value: Some(b"{}"),
            headers: &[("h", b"v")],
        }
        .to_owned(),
        address: "/cse1/node7".into(),
        until: Timestamp::from_millis(7),
    };
    let place = request.record.coordinates.clone();
    let none = |_: Record<'_>| Err(String::new());
    let mut outbound = Outbound::default();
    encode_waiting(&request, &mut outbound);
    let key = outbound.key().unwrap().to_vec();
    assert_eq!(key, b"waiting/onem2m.requests/2/41");
    let read = decode_with(&key, outbound.value(), &none).unwrap();
    assert_eq!(
        read,
        ChangelogEntry::Waiting(place.clone(), Some(Box::new(request)))
    );
    let elsewhere = b"waiting/onem2m.requests/2/42";
    let error = decode_with(elsewhere, outbound.value(), &none).unwrap_err();
    assert!(matches!(error, ChangelogError::Field { .. }), "{error}");
    encode_waited(&place, &mut outbound);
    assert_eq!(outbound.key(), Some(&*key));
    let read = decode_with(&key, outbound.value(), &none).unwrap();
    assert_eq!(read, ChangelogEntry::Waiting(place, None));
}
