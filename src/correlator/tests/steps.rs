use crate::cwmp::{DownloadStatus, RejectionReason, Rpc, SetStatus};
use crate::mapping::Rules;
use crate::onem2m::ResponseStatusCode::{
    BadRequest, Created, ExternalObjectNotFound, ExternalObjectNotReachable,
    MgmtSessionCannotBeEstablished, MgmtSessionEstablishmentTimeout, NotImplemented,
};

use super::super::{AnswerKind, CommandId, Step, UnmatchedReason};
use super::world::*;

/// A world with the installation k1 of request a1 in each open state.
fn download_sent() -> World {
    let mut world = World::new();
    world.handle(create("k1", "a1"), &[send("k1/download"), remember("k1")]);
    world
}

fn accepted_world() -> World {
    let mut world = download_sent();
    world.handle(accepted("k1"), &[remember("k1")]);
    world
}

fn lookup_sent() -> World {
    let mut world = World::new();
    world.effects(create_without_path("k1", "a1"));
    world.handle(
        transfer_complete("k1", 0),
        &[send("k1/lookup"), remember("k1")],
    );
    world
}

fn set_sent() -> World {
    let mut world = accepted_world();
    world.handle(
        transfer_complete("k1", 0),
        &[send("k1/set"), remember("k1")],
    );
    world
}

#[test]
fn download_carries_url_size_and_content() {
    let mut world = World::new();
    let command = only_command(&world.effects(create("k1", "a1")));
    let download = download_of(&command);
    assert_eq!(download.url, "https://f/00256D-IGD-1/k1");
    assert_eq!(&*download.content, b"certificate");
    assert_eq!(download.content_type, "application/pkix-cert".into());
    assert_eq!(
        command.expires_at,
        world.now + limits().accept_timeout.general
    );
    assert_eq!(command.attempt, 1);
}

#[test]
fn accepted_download_waits_for_its_transfer() {
    let mut world = accepted_world();
    assert_eq!(world.correlator.open_installations(), 1);
    assert_eq!(
        world.correlator.poll_timeout(),
        Some(world.now + limits().transfer_timeout.general)
    );
    world.handle(accepted("k1"), &[]);
    assert_eq!(world.ledger().repeated, 1);
}

#[test]
fn completed_download_skips_the_transfer() {
    let mut world = download_sent();
    world.handle(completed("k1"), &[send("k1/set"), remember("k1")]);
    world.handle(transfer_complete("k1", 0), &[]);
    world.handle(set_applied("k1"), &[respond("a1", Created), remember("k1")]);
    assert_eq!(world.correlator.stats().contradictions, 0);
}

#[test]
fn download_fault_ends_the_installation() {
    let mut world = download_sent();
    let response = world.response(faulted("k1/download", 9004));
    assert_eq!(response.response_status_code, BadRequest);
    assert_eq!(response.fault_code.map(|code| code.get()), Some(9004));
    assert_eq!(
        response.debug,
        "Download 9004 STATUS_RESOURCES_EXCEEDED: resources exceeded"
    );
    assert_eq!(world.correlator.open_installations(), 0);
    assert_eq!(world.correlator.ended_installations(), 1);
}

#[test]
fn transfer_complete_implies_acceptance() {
    let mut world = download_sent();
    world.handle(
        transfer_complete("k1", 0),
        &[send("k1/set"), remember("k1")],
    );
    world.handle(accepted("k1"), &[]);
    assert_eq!(world.correlator.stats().contradictions, 0);
    world.handle(faulted("k1/download", 9002), &[]);
    assert_eq!(world.correlator.stats().contradictions, 1);
}

#[test]
fn transfer_fault_ends_the_installation_in_both_states() {
    for mut world in [download_sent(), accepted_world()] {
        world.handle(
            transfer_complete("k1", 9018),
            &[respond("a1", BadRequest), remember("k1")],
        );
    }
}

#[test]
fn transfer_complete_before_lookup_knows_the_row_from_the_event() {
    let mut world = accepted_world();
    let path = "Device.Security.Certificate.9";
    let command = only_command(&world.effects(transfer_complete("k1", 0).path(path)));
    let Rpc::SetParameterValues(set) = command.rpc else {
        panic!("not a SetParameterValues")
    };
    assert_eq!(
        &*set.parameters[0].name,
        "Device.Security.Certificate.9.SUIDs"
    );
    assert_eq!(set.parameters[0].value.text(), "42,43");
    assert_eq!(set.parameter_key, key("k1"));
    let response = world.response(set_applied("k1"));
    assert_eq!(
        response.certificate_path.as_deref(),
        Some("Device.Security.Certificate.9.")
    );
}

#[test]
fn bad_path_in_the_event_is_mentioned_in_the_response() {
    let mut world = accepted_world();
    world.effects(transfer_complete("k1", 0).path("Device.Nowhere."));
    let response = world.response(set_applied("k1"));
    assert_eq!(response.response_status_code, Created);
    assert_eq!(response.certificate_path.as_deref(), Some(ROW));
    assert!(response.debug.contains("Device.Nowhere."));
}

#[test]
fn lookup_finds_the_row_by_serial_number_and_issuer() {
    let mut world = lookup_sent();
    let rows = [
        (1, "0A:BC", "CN=Other"),
        (4, "0x0abc", "/O=Acme/CN=Root"),
        (5, "FF", "CN=Root,O=Acme"),
    ];
    world.handle(looked_up("k1", &rows), &[send("k1/set"), remember("k1")]);
    world.handle(looked_up("k1", &rows), &[]);
    let response = world.response(set_applied("k1"));
    assert_eq!(
        response.certificate_path.as_deref(),
        Some("Device.Security.Certificate.4.")
    );
}

#[test]
fn lookup_without_one_match_ends_with_6005() {
    let one = (1, "0ABC", "CN=Root,O=Acme");
    let two = (2, "0ABC", "O=Acme,CN=Root");
    for rows in [&[][..], &[(1, "FF", "CN=x")], &[one, two]] {
        let response = lookup_sent().response(looked_up("k1", rows));
        assert_eq!(response.response_status_code, ExternalObjectNotFound);
        assert!(response.debug.contains("stays on the device"));
    }
}

#[test]
fn failed_lookup_ends_with_6005() {
    for input in [
        faulted("k1/lookup", 9002),
        rejected("k1/lookup", RejectionReason::DeviceUnavailable),
    ] {
        let response = lookup_sent().response(input);
        assert_eq!(response.response_status_code, ExternalObjectNotFound);
    }
}

#[test]
fn set_result_decides() {
    let committed = answer(
        "k1/set",
        AnswerKind::SetParameterValuesResponse(SetStatus::Committed),
    );
    for (input, code, words) in [
        (set_applied("k1"), Created, ""),
        (committed, Created, "pending apply"),
        (
            faulted("k1/set", 9005),
            NotImplemented,
            "stays on the device",
        ),
        (faulted("k1/set", 9001), BadRequest, "stays on the device"),
        (set_faulted("k1", 9003, 9005), NotImplemented, "ROW"),
        (set_faulted("k1", 9003, 9007), BadRequest, "no such name"),
        (set_faulted("k1", 9002, 9005), BadRequest, "9002"),
    ] {
        let response = set_sent().response(input);
        assert_eq!(response.response_status_code, code, "{}", response.debug);
        assert!(
            response.debug.contains(&words.replace("ROW", ROW)),
            "{}",
            response.debug
        );
    }
}

#[test]
fn rejections_end_the_download_and_the_set() {
    for (reason, code) in [
        (RejectionReason::UnknownDevice, ExternalObjectNotReachable),
        (
            RejectionReason::DeviceUnavailable,
            MgmtSessionCannotBeEstablished,
        ),
        (
            RejectionReason::SessionTimeout,
            MgmtSessionEstablishmentTimeout,
        ),
        (RejectionReason::RetryLater, MgmtSessionCannotBeEstablished),
        (RejectionReason::Unspecified, MgmtSessionCannotBeEstablished),
    ] {
        let of_download = download_sent().response(rejected("k1/download", reason));
        let of_set = set_sent().response(rejected("k1/set", reason));
        for response in [of_download, of_set] {
            assert_eq!(response.response_status_code, code);
            assert!(response.debug.contains("gone fishing"));
        }
    }
}

#[test]
fn faults_outside_the_tables_are_counted() {
    let mut world = download_sent();
    world.handle(
        faulted("k1/download", 9015),
        &[respond("a1", BadRequest), remember("k1")],
    );
    world.effects(create("k2", "a2"));
    world.handle(
        faulted("k2/download", 8002),
        &[respond("a2", BadRequest), remember("k2")],
    );
    let stats = world.correlator.stats();
    assert_eq!((stats.out_of_table_faults, stats.unlisted_faults), (1, 1));
    let faults: Vec<_> = stats.faults.iter().map(|(f, n)| (f.get(), *n)).collect();
    assert_eq!(faults, [(8002, 1), (9015, 1)]);
    assert_eq!(stats.responses.get(&BadRequest), Some(&2));
    assert_eq!(stats.commands.get(&Step::Download), Some(&2));
}

#[test]
fn response_may_go_before_the_set_result() {
    let rules = Rules {
        await_set_result: false,
        ..rules()
    };
    let mut world = World::with(limits(), rules);
    world.effects(create("k1", "a1"));
    world.handle(
        transfer_complete("k1", 0),
        &[send("k1/set"), respond("a1", Created), remember("k1")],
    );
    world.handle(set_applied("k1"), &[]);
    assert_eq!(world.ledger().repeated, 1);
}

/// Every answer and transfer that can name k1.
fn all_events() -> Vec<Input> {
    let reason = RejectionReason::RetryLater;
    vec![
        accepted("k1"),
        completed("k1"),
        faulted("k1/download", 9002),
        rejected("k1/download", reason),
        transfer_complete("k1", 0),
        transfer_complete("k1", 9010),
        looked_up("k1", &[]),
        faulted("k1/lookup", 9002),
        rejected("k1/lookup", reason),
        set_applied("k1"),
        faulted("k1/set", 9002),
        rejected("k1/set", reason),
        faulted("k1/cancel", 9021),
        rejected("k1/cancel", reason),
        answer("k1/cancel", AnswerKind::CancelTransferResponse),
        answer("k1/lookup", AnswerKind::GetParameterNamesResponse),
        answer("k1/set", accepted_kind()),
    ]
}

fn accepted_kind() -> AnswerKind {
    AnswerKind::DownloadResponse(DownloadStatus::Accepted)
}

#[test]
fn after_the_end_nothing_has_an_effect() {
    for end in [faulted("k1/download", 9002), transfer_complete("k1", 9010)] {
        let mut world = download_sent();
        world.response(end);
        for event in all_events() {
            world.handle(event, &[]);
        }
        assert_eq!(world.ledger().repeated, all_events().len() as u64);
    }
}

#[test]
fn a_result_that_comes_after_the_end_is_remembered_and_nobody_is_told() {
    let given_up = || {
        let mut world = download_sent();
        world.response(rejected("k1/download", RejectionReason::Unspecified));
        world
    };
    for (first, second) in [
        (transfer_complete("k1", 0), transfer_complete("k1", 9010)),
        (transfer_complete("k1", 9010), transfer_complete("k1", 0)),
        (completed("k1"), faulted("k1/download", 9002)),
        (faulted("k1/download", 9002), completed("k1")),
    ] {
        let mut world = given_up();
        let applied = world.ledger().applied;
        world.handle(first.clone(), &[remember("k1")]);
        world.handle(first, &[]);
        world.handle(second, &[]);
        let (ledger, stats) = (world.ledger(), world.correlator.stats());
        assert_eq!((ledger.applied, ledger.repeated), (applied + 1, 2));
        assert_eq!((stats.late_results, stats.contradictions), (1, 1));
    }
    let mut world = given_up();
    for event in all_events() {
        let effects = world.effects(event);
        let seen = world.seen(&effects);
        assert!(seen.is_empty() || seen == [remember("k1")], "{seen:?}");
    }
}

#[test]
fn answers_to_other_steps_have_no_effect() {
    let applied = |world: fn() -> World| -> usize {
        all_events()
            .into_iter()
            .filter(|event| {
                let mut world = world();
                let before = world.ledger();
                let effects = world.effects(event.clone());
                let is_applied = world.ledger().applied > before.applied;
                assert_eq!(is_applied, !effects.is_empty(), "{event:?}");
                is_applied
            })
            .count()
    };
    assert_eq!(applied(download_sent), 6);
    assert_eq!(applied(accepted_world), 2);
    assert_eq!(applied(lookup_sent), 3);
    assert_eq!(applied(set_sent), 3);
}

#[test]
fn first_outcome_of_a_transfer_wins() {
    let mut world = accepted_world();
    world.response(transfer_complete("k1", 9010));
    world.handle(transfer_complete("k1", 0), &[]);
    assert_eq!(world.correlator.stats().contradictions, 1);
    let mut world = set_sent();
    world.handle(transfer_complete("k1", 9010), &[]);
    assert_eq!(world.correlator.stats().contradictions, 1);
    world.response(set_applied("k1"));
    world.handle(transfer_complete("k1", 9010), &[]);
    assert_eq!(world.correlator.stats().contradictions, 2);
}

#[test]
fn answer_without_command_id_is_set_aside() {
    let mut world = download_sent();
    let event = answer("", accepted_kind());
    assert_eq!(CommandId::parse(""), None);
    world.handle(event, &[Seen::SetAside(UnmatchedReason::UnknownCommandId)]);
}

#[test]
fn foreign_events_are_only_counted() {
    let mut world = World::new();
    world.handle(foreign(), &[]);
    assert_eq!(world.ledger().foreign, 1);
}
