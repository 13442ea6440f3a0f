//! Requests that go on under another CommandKey.

use super::*;

const KEY: &str = "0123456789abcdef0123456789abcdef";

/// What the device fails with 9018 comes again after a minute at most, three times altogether.
fn renewing() -> History {
    let policy = RetryPolicy {
        first_delay: MINUTE,
        delay_max: MINUTE,
        attempts_max: 3,
    };
    let mut history = history();
    let fault = RetryCause::Fault(9018.try_into().unwrap());
    history.judge.limits.retry = [(fault, policy)].into();
    history.judge.limits.retry_with_new_key = true;
    history
}

fn failed() -> History {
    let mut history = renewing();
    history.says(Fact::TransferFailed(9018), 1);
    history
}

fn under(key: &str, mut output: Output) -> Output {
    match &mut output {
        Output::Command {
            id,
            command_id,
            cause,
            ..
        } => {
            key.clone_into(&mut id.1);
            command_id.command_key = key.try_into().unwrap();
            "deadline".clone_into(cause);
        }
        Output::Response { id, .. } => *id = Some((device(), key.to_owned())),
        Output::DeadLetter { .. } => unreachable!("it has no key"),
    }
    output
}

fn renewed(number: u16, minutes: u32) -> Output {
    under(KEY, again(number, minutes))
}

#[test]
fn download_under_another_key_is_right_after_a_fault_of_the_device() {
    let mut history = failed().saw(&renewed(2, 3));
    history.says(Fact::TransferFailed(9018), 4);
    history.sees_wrong(&again(2, 5), "a command after the end");
    renewing().sees_wrong(&renewed(2, 3), "did not fail");
    let mut refused = renewing();
    refused.says(Fact::TransferFailed(9001), 1);
    refused.sees_wrong(&renewed(2, 3), "did not fail");
}

#[test]
fn key_that_is_not_fresh_and_a_wrong_number_of_tries_are_seen() {
    let short = under("0123", again(2, 3));
    failed().sees_wrong(&short, "not a key of its own");
    failed().sees_wrong(&renewed(3, 3), "comes after attempt 1");
    failed().sees_wrong(&renewed(2, 1), "too soon");
    let mut history = failed();
    history.judge.limits.retry.clear();
    history.sees_wrong(&renewed(2, 3), "one try too many");
}

#[test]
fn nothing_follows_from_what_is_said_of_the_former_key() {
    let mut history = failed().saw(&renewed(2, 3));
    let cause = history.says(Fact::TransferFailed(9018), 4);
    let response = under(KEY, response(4000, &cause, 5));
    history.sees_wrong(&response, "it follows from what was said of");
    let mut history = failed().saw(&renewed(2, 3));
    let cause = history.says(Fact::TransferFailed(9018), 4);
    let late = super::response(4000, &cause, 5);
    history.sees_wrong(&late, "it goes on under another key");
}

#[test]
fn end_that_should_have_been_another_try_is_seen() {
    let mut history = renewing();
    let cause = history.says(Fact::TransferFailed(9018), 1);
    history.sees_wrong(&response(4000, &cause, 2), "has to come again");
}
