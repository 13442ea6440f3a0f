//! What the configuration makes right.

use crate::config::ContentDelivery;
use crate::correlator::{RetryCause, RetryPolicy};
use crate::load::script::RowSource;

use super::*;

fn asked(mess: Mess, config: Config) -> World {
    let mut world = World::of(mess, config);
    world.judge.on_requested(0, Duration::ZERO, Duration::ZERO);
    world
}

impl World {
    fn download_under(&mut self, key: &str, attempt: &str) -> bool {
        let envelope = format!(
            "<Envelope><Header><ID>{key}/download{attempt}</ID></Header><Body><Download>\
             <CommandKey>{key}</CommandKey></Download></Body></Envelope>"
        );
        let record = self.output(&envelope, "text/xml");
        self.see(Output::Commands, &record).is_some()
    }

    fn list(&mut self) -> bool {
        let body = "<GetParameterValues><string>Device.Security.Certificate.</string></GetParameterValues>";
        let record = self.envelope("list", body);
        self.see(Output::Commands, &record).is_some()
    }
}

fn renewing() -> World {
    let mess = Mess {
        renewals: 1.0,
        ..Mess::NONE
    };
    let policy = RetryPolicy {
        first_delay: SECOND,
        delay_max: SECOND,
        attempts_max: 3,
    };
    let mut config = Config::default();
    config.retry.table = [(RetryCause::Fault(9018.try_into().unwrap()), policy)].into();
    config.retry.new_command_key = true;
    let world = asked(mess, config);
    assert_eq!(
        world.script().fails_first,
        Some(Course::TransferFault(9018))
    );
    world
}

#[test]
fn a_download_that_the_device_failed_is_to_come_again_once_with_another_key() {
    let mut right = renewing();
    assert!(right.download_under("k", ""));
    assert!(right.download_under("other", ".2"));
    assert_eq!(right.counts(), (0, 0, 0));
    assert!(!right.download_under("another", ".3"));
    assert_eq!(right.counts(), (0, 1, 0));
    let mut same_key = renewing();
    same_key.download_under("k", "");
    same_key.download_under("k", ".2");
    assert_eq!(same_key.counts(), (0, 0, 1));
    let mut missing = renewing();
    missing.download_under("k", "");
    missing.give_up();
    assert_eq!(missing.counts(), (1, 0, 0));
}

fn listing() -> World {
    let mut config = Config::default();
    config.download.list_rows_first = true;
    let world = asked(Mess::NONE, config);
    assert_ne!(world.script().row_source, RowSource::Request);
    world
}

#[test]
fn rows_are_to_be_listed_once_and_before_the_download() {
    let mut right = listing();
    assert!(right.list());
    right.see_perfection();
    assert_eq!(right.counts(), (0, 0, 0));
    let mut late = listing();
    late.download_under("k", "");
    late.list();
    assert_eq!(late.counts(), (0, 0, 2));
    let mut twice = listing();
    twice.list();
    assert!(!twice.list());
    assert_eq!(twice.counts(), (0, 1, 0));
    let mut needless = World::smooth();
    needless.list();
    assert_eq!(needless.counts(), (0, 0, 1));
}

#[test]
fn a_transfer_that_is_complete_before_its_file_is_staged_needs_no_download() {
    let mess = || Mess {
        early: 1.0,
        ..Mess::NONE
    };
    let see = |config| {
        let mut world = asked(mess(), config);
        let (set, response) = (world.right_set(), world.response(2001));
        world.see_all(&[(Output::Commands, set), (Output::Responses, response)]);
        world.give_up();
        world.counts()
    };
    let mut staged = Config::default();
    staged.download.content = ContentDelivery::Staged;
    assert_eq!(see(staged), (0, 0, 0));
    assert_eq!(see(Config::default()), (1, 0, 0));
}
