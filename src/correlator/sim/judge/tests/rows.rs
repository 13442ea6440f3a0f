//! The one new row, and files in the store.

use crate::correlator::InstallationId;

use super::*;

/// The rows were listed, and the Download was sent.
fn listed() -> History {
    let plan = Plan {
        row: Row::New,
        ..Plan::installed(0, device(), "k")
    };
    let limits = Limits {
        list_rows_first: true,
        ..limits()
    };
    let mut judge = Judge::new(vec![plan], limits, &Scale::small());
    judge.wrote(REQUEST.to_owned(), at(0), About::Request(0));
    let mut history = History { judge, said: 0 }.saw(&command(Step::List, at(5)));
    history.says(Fact::Listed, 1);
    history.saw(&command(Step::Download, at(15)))
}

fn looked_up() -> History {
    let mut history = listed();
    history.says(Fact::Transferred, 2);
    history.saw(&command(Step::Lookup, at(5)))
}

#[test]
fn set_of_another_row_than_the_new_one_is_seen() {
    looked_up().saw(&command(Step::Set, at(12)));
    let mut other = command(Step::Set, at(12));
    let Output::Command { set, .. } = &mut other else {
        unreachable!("a command was made");
    };
    *set = Some((format!("{}SUIDs", row_path(1)), "42,43".to_owned()));
    looked_up().sees_wrong(&other, "not the SUIDs of the request in its row");
}

#[test]
fn new_row_that_is_not_found_although_the_rows_were_listed_is_seen() {
    let mut history = looked_up();
    let cause = history.says(Fact::Shown, 3);
    history.sees_wrong(&response(6005, &cause, 4), "the one new row is known");
}

#[test]
fn list_that_is_left_out_or_not_awaited_is_seen() {
    let mut judge = listed().judge;
    judge.stories.clear();
    judge.said.clear();
    judge
        .requests
        .values_mut()
        .for_each(|one| one.is_taken = false);
    let download = command(Step::Download, at(15));
    let wrong = judge.saw(&download).unwrap_err();
    assert!(wrong.contains("it begins with a List"), "{wrong}");
    judge.saw(&command(Step::List, at(5))).unwrap();
    let wrong = judge.saw(&download).unwrap_err();
    assert!(wrong.contains("the list was not answered"), "{wrong}");
}

#[test]
fn failure_of_the_store_that_nobody_saw_is_seen() {
    let unstaged = response(5000, REQUEST, 4);
    history().sees_wrong(&unstaged, "nobody withdrew it");
    let mut failed = history();
    failed.judge.store_said(&Answer {
        id: InstallationId {
            device: device(),
            command_key: "k".try_into().unwrap(),
        },
        result: Err("full".to_owned()),
    });
    failed.saw(&unstaged);
}
