use super::*;
use crate::load::Mess;
use crate::load::certificate_pool::CertificatePool;
use crate::load::script::test_plan;

fn answer_to(
    mess: Mess,
    course: Course,
    row_source: RowSource,
    call: Call,
) -> Vec<(Duration, Spoken)> {
    let plan = test_plan(1, mess);
    let pool = CertificatePool::new(1, 1).unwrap();
    let script = Script {
        course,
        row_source,
        completed_at_once: false,
        early: false,
        ..plan.script(0)
    };
    let command = Command {
        id: "k/x".to_owned(),
        device: script.device.key().to_owned(),
        call,
    };
    answer(&plan, &script, pool.get(0), &command)
}

fn kinds(answers: &[(Duration, Spoken)]) -> Vec<&Event> {
    answers
        .iter()
        .filter_map(|(_, spoken)| spoken.event.event.as_ref())
        .collect()
}

fn download() -> Call {
    Call::Download {
        command_key: "k".to_owned(),
    }
}

fn lookup() -> Call {
    Call::Lookup(vec!["Device.Security.Certificate.".to_owned()])
}

#[test]
fn a_device_tells_only_what_it_is_asked() {
    let names = ["Device.Security.".to_owned(), "A.B".to_owned()];
    assert!(is_asked(&names, "Device.Security.Certificate.1.Issuer"));
    assert!(is_asked(&names, "A.B"));
    assert!(!is_asked(&names, "A.BC"));
    assert!(!is_asked(&names, "Device.DeviceInfo.X"));
}

#[test]
fn an_accepted_download_is_completed() {
    let installed = Course::Installed { set_status: 0 };
    let answers = answer_to(Mess::NONE, installed, RowSource::Event, download());
    let [
        Event::DownloadResponse(response),
        Event::TransferComplete(transfer),
    ] = kinds(&answers)[..]
    else {
        panic!("{answers:?}")
    };
    assert_eq!((response.status, transfer.command_key.as_str()), (1, "k"));
    assert!(!transfer.certificate_path.is_empty());
    assert!(answers.iter().all(|(after, _)| *after == Duration::ZERO));
}

#[test]
fn a_refused_download_is_answered_the_second_time() {
    let plan = test_plan(1, Mess::NONE);
    let pool = CertificatePool::new(1, 1).unwrap();
    let script = Script {
        refused_once: true,
        completed_at_once: false,
        early: false,
        ..plan.script(0)
    };
    let answers = |id: &str| {
        let command = Command {
            id: id.to_owned(),
            device: script.device.key().to_owned(),
            call: download(),
        };
        answer(&plan, &script, pool.get(0), &command)
    };
    let first = answers("k/download");
    assert!(matches!(kinds(&first)[..], [Event::Fault(_)]));
    assert!(kinds(&answers("k/download.2")).len() == 2);
}

#[test]
fn a_silent_device_says_nothing_from_that_step_on() {
    let silent =
        |at, call| answer_to(Mess::NONE, Course::Silent(at), RowSource::Lookup, call).len();
    assert_eq!(silent(SilentAt::Download, download()), 0);
    assert_eq!(silent(SilentAt::Transfer, download()), 1);
    assert_eq!(silent(SilentAt::Lookup, lookup()), 0);
    assert_eq!(silent(SilentAt::Set, Call::Set(Vec::new())), 0);
}

#[test]
fn a_missing_row_is_in_no_table() {
    let rows = |course| {
        let answers = answer_to(Mess::NONE, course, RowSource::Lookup, lookup());
        let [Event::GetParameterValuesResponse(response)] = kinds(&answers)[..] else {
            panic!("{answers:?}")
        };
        response.parameters.len() / 3
    };
    assert_eq!(rows(Course::Installed { set_status: 0 }), 4);
    assert_eq!(rows(Course::RowMissing), 3);
}

#[test]
fn a_repeated_event_is_the_same_event() {
    let mess = Mess {
        duplicates: 1.0,
        ..Mess::NONE
    };
    let call = Call::Set(vec![("A.SUIDs".to_owned(), "42".to_owned())]);
    let fault = Course::SetFault {
        outer: 9003,
        parameter: Some(9007),
    };
    let answers = answer_to(mess, fault, RowSource::Event, call);
    assert_eq!(answers.len(), 2);
    assert_eq!(answers[0].1.event, answers[1].1.event);
    assert!(answers[0].0 > answers[1].0);
}
