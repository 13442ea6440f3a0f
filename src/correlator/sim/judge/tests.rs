//! Wrong histories: each must be seen.

mod renewals;
mod rows;

use crate::correlator::tests::world::{MINUTE, limits};

use crate::correlator::{RetryCause, RetryPolicy};

use crate::correlator::{CommandId, Step};

use super::super::plan::{Row, Wish, WishKind, row_path};
use super::*;

const REQUEST: &str = "onem2m.requests/0/0";
const DEVICE_SAYS: &str = "cwmp.events/0/";

struct History {
    judge: Judge,
    said: usize,
}

fn at(minutes: u32) -> Timestamp {
    Timestamp::default() + minutes * MINUTE
}

fn device() -> DeviceId {
    DeviceId::new("00256D", "", "1").unwrap()
}

/// A request was written, and its Download seen, which ends by itself after 15 minutes.
fn history() -> History {
    let plan = Plan {
        row: Row::Request,
        ..Plan::installed(0, device(), "k")
    };
    let mut judge = Judge::new(vec![plan], limits(), &Scale::small());
    judge.wrote(REQUEST.to_owned(), at(0), About::Request(0));
    judge.saw(&command(Step::Download, at(15))).unwrap();
    History { judge, said: 0 }
}

fn command(step: Step, expires_at: Timestamp) -> Output {
    Output::Command {
        id: (device(), "k".to_owned()),
        command_id: CommandId {
            command_key: "k".try_into().unwrap(),
            step,
            attempt: 1,
        },
        at: at(0),
        expires_at,
        cause: REQUEST.to_owned(),
        request: REQUEST.to_owned(),
        set: (step == Step::Set).then(|| (format!("{}SUIDs", row_path(0)), "42,43".to_owned())),
        url: None,
    }
}

fn response(code: u16, cause: &str, minutes: u32) -> Output {
    Output::Response {
        code,
        id: Some((device(), "k".to_owned())),
        cause: cause.to_owned(),
        request: REQUEST.to_owned(),
        at: at(minutes),
        content: String::new(),
    }
}

impl History {
    fn says(&mut self, fact: Fact, minutes: u32) -> String {
        let coordinates = format!("{DEVICE_SAYS}{}", self.said);
        self.said += 1;
        let about = About::Said {
            plan: 0,
            key: "k".to_owned(),
            fact,
            by_alias: false,
        };
        self.judge.wrote(coordinates.clone(), at(minutes), about);
        coordinates
    }

    fn saw(mut self, output: &Output) -> Self {
        self.judge.saw(output).unwrap();
        self
    }

    #[track_caller]
    fn sees_wrong(mut self, output: &Output, text: &str) {
        let wrong = self.judge.saw(output).unwrap_err();
        assert!(wrong.contains(text), "{wrong}");
    }
}

/// The Set was sent, which ends by itself after 12 minutes.
fn stored() -> History {
    let mut history = history();
    history.says(Fact::Accepted, 1);
    history.says(Fact::Transferred, 2);
    history.saw(&command(Step::Set, at(12)))
}

#[test]
fn right_history_is_right() {
    let mut history = stored();
    let cause = history.says(Fact::Set, 3);
    let history = history.saw(&response(2001, &cause, 4));
    assert_eq!(history.judge.finish(), Ok(()));
}

#[test]
fn right_time_out_is_right() {
    let history = history().saw(&response(6021, "deadline", 15));
    assert_eq!(history.judge.finish(), Ok(()));
}

#[test]
fn second_response_is_seen() {
    let mut history = stored();
    let cause = history.says(Fact::Set, 3);
    let history = history.saw(&response(2001, &cause, 4));
    history.sees_wrong(&response(2001, &cause, 4), "a second final response");
}

#[test]
fn missing_response_is_seen() {
    let wrong = stored().judge.finish().unwrap_err();
    assert!(wrong.contains("not exactly one final response"), "{wrong}");
}

#[test]
fn early_time_out_is_seen() {
    history().sees_wrong(&response(6021, "deadline", 14), "timed out before");
}

#[test]
fn time_out_although_the_answer_is_in_the_log_is_seen() {
    let mut history = stored();
    history.says(Fact::Set, 11);
    history.sees_wrong(&response(4008, "deadline", 20), "although answered");
}

#[test]
fn time_out_with_the_code_of_another_step_is_seen() {
    stored().sees_wrong(&response(6021, "deadline", 20), "the code is one of");
}

#[test]
fn wrong_code_is_seen() {
    let mut history = stored();
    let cause = history.says(Fact::Set, 3);
    history.sees_wrong(&response(4000, &cause, 4), "nothing of the kind");
}

#[test]
fn success_without_a_set_is_seen() {
    let mut history = history();
    let cause = history.says(Fact::Set, 3);
    history.sees_wrong(&response(2001, &cause, 4), "nothing was asked");
}

#[test]
fn second_command_is_seen() {
    history().sees_wrong(&command(Step::Download, at(15)), "two Downloads");
    stored().sees_wrong(&command(Step::Set, at(12)), "came twice");
}

fn again(number: u16, minutes: u32) -> Output {
    let mut output = command(Step::Download, at(15));
    let Output::Command {
        command_id,
        at: when,
        ..
    } = &mut output
    else {
        unreachable!("a command was made");
    };
    command_id.attempt = number;
    *when = at(minutes);
    output
}

fn retrying() -> History {
    let policy = RetryPolicy {
        first_delay: MINUTE,
        delay_max: MINUTE,
        attempts_max: 3,
    };
    let mut retrying = history();
    retrying.judge.limits.retry = [(RetryCause::RetryLater, policy)].into();
    retrying
}

#[test]
fn second_attempt_is_right_only_after_a_refusal() {
    let refused = Fact::Refused {
        step: Step::Download,
        attempt: 1,
        code: 6020,
    };
    retrying().sees_wrong(&again(2, 5), "was not refused");
    let mut story = retrying();
    story.says(refused, 1);
    let story = story.saw(&again(2, 5));
    story.sees_wrong(&again(2, 6), "comes after attempt 2");
    let mut story = retrying();
    story.says(refused, 1);
    story.sees_wrong(&again(3, 5), "comes after attempt 1");
    let mut story = retrying();
    story.says(refused, 1);
    story.sees_wrong(&again(2, 15), "expired");
    let mut never = history();
    never.says(refused, 1);
    never.sees_wrong(&again(2, 5), "was not refused");
}

#[test]
fn command_without_a_cause_is_seen() {
    history().sees_wrong(&command(Step::Set, at(12)), "not on the device");
}

#[test]
fn output_without_a_request_is_seen() {
    let mut output = response(2001, "deadline", 1);
    let Output::Response { request, .. } = &mut output else {
        unreachable!("a response was made");
    };
    "onem2m.requests/0/9".clone_into(request);
    history().sees_wrong(&output, "without a request");
}

#[test]
fn dead_letter_of_an_event_that_belongs_is_seen() {
    let mut history = stored();
    let source = history.says(Fact::Set, 3);
    let output = Output::DeadLetter {
        source,
        reason: "unknown_command_key".to_owned(),
        at: at(60),
    };
    history.sees_wrong(&output, "belongs to an installation");
}

#[test]
fn stray_that_is_no_dead_letter_is_seen() {
    let history = history().saw(&response(6021, "deadline", 15));
    let mut judge = history.judge;
    let stray = About::Stray("empty_command_key");
    judge.wrote(format!("{DEVICE_SAYS}9"), at(1), stray);
    let wrong = judge.finish().unwrap_err();
    assert!(wrong.contains("is no dead letter"), "{wrong}");
}

#[test]
fn unbalanced_ledger_is_seen() {
    let ledger = Ledger {
        events: 2,
        applied: 1,
        ..Ledger::default()
    };
    assert!(check_ledger(&ledger, 0).is_err());
    let ledger = Ledger {
        events: 1,
        parked: 1,
        ..Ledger::default()
    };
    assert!(check_ledger(&ledger, 0).is_err());
    assert!(check_ledger(&ledger, 1).is_ok());
}

const WISH: &str = "onem2m.requests/0/1";

fn wished(history: &mut History, kind: WishKind) {
    let wish = Wish {
        kind,
        after: 0,
        is_of_stranger: false,
        wants_acknowledgement: false,
    };
    let about = About::Wish {
        plan: 0,
        key: "k".to_owned(),
        wish,
    };
    history.judge.wrote(WISH.to_owned(), at(1), about);
}

fn to_wish(code: u16, cause: &str, content: &str) -> Output {
    Output::Response {
        code,
        id: Some((device(), "w".to_owned())),
        cause: cause.to_owned(),
        request: WISH.to_owned(),
        at: at(5),
        content: content.to_owned(),
    }
}

fn wish_command(step: Step, value: &str) -> Output {
    let mut output = command(step, at(12));
    let Output::Command {
        id, request, set, ..
    } = &mut output
    else {
        unreachable!("a command was made");
    };
    "w".clone_into(&mut id.1);
    WISH.clone_into(request);
    *set = (step == Step::Set).then(|| (format!("{}SUIDs", row_path(0)), value.to_owned()));
    output
}

/// The resource was created, and something is wished.
fn created(kind: WishKind) -> History {
    let mut history = stored();
    let cause = history.says(Fact::Set, 3);
    let mut history = history.saw(&response(2001, &cause, 4));
    wished(&mut history, kind);
    history
}

#[test]
fn resource_is_what_was_created() {
    let (created_so, other) = (r#""suids":[42,43]"#, r#""suids":[41]"#);
    created(WishKind::Retrieve).saw(&to_wish(2000, WISH, created_so));
    let is_other = to_wish(2000, WISH, other);
    created(WishKind::Retrieve).sees_wrong(&is_other, "the SUIDs are");
    created(WishKind::Retrieve).sees_wrong(&to_wish(4004, WISH, ""), "its target is [Kept]");
    let mut early = stored();
    wished(&mut early, WishKind::Retrieve);
    early.sees_wrong(
        &to_wish(2000, WISH, created_so),
        "its target is [Open(Set)]",
    );
}

#[test]
fn update_sets_what_is_wished_on_what_is_there() {
    let update = || created(WishKind::Update(41));
    update().sees_wrong(&wish_command(Step::Set, "42"), "what is wished is");
    update().sees_wrong(&to_wish(2004, WISH, ""), "its target is [Kept]");
    let mut good = update().saw(&wish_command(Step::Set, "41"));
    let about = About::Said {
        plan: 0,
        key: "w".to_owned(),
        fact: Fact::Set,
        by_alias: false,
    };
    good.judge.wrote("cwmp.events/1/0".to_owned(), at(5), about);
    let good = good.saw(&to_wish(2004, "cwmp.events/1/0", ""));
    assert_eq!(good.judge.finish(), Ok(()));
    let mut early = stored();
    wished(&mut early, WishKind::Update(41));
    early.sees_wrong(&wish_command(Step::Set, "41"), "its target is");
}

#[test]
fn withdrawal_that_nobody_asked_for_is_seen() {
    history().sees_wrong(&response(5000, REQUEST, 4), "nobody withdrew it");
    let mut asked = history();
    wished(&mut asked, WishKind::Withdraw);
    let at_once = response(5000, WISH, 4);
    // The Download is with the device.
    asked.sees_wrong(&at_once, "nobody withdrew it");
    let mut asked = history();
    wished(&mut asked, WishKind::Retrieve);
    asked.sees_wrong(&wish_command(Step::Cancel, ""), "its target is");
}
