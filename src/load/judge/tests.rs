mod habits;

use std::time::Duration;

use crate::config::{Config, Delivery};
use crate::load::Mess;
use crate::load::command::Call;
use crate::load::habits::Habits;
use crate::load::script::{Course, Plan, Script, StrayKind, test_plan};
use crate::load::test_record::TestRecord;

use super::{Judge, Output};

const SECOND: Duration = Duration::from_secs(1);

/// A judge, and the outputs of a bridge that a test makes up.
struct World {
    plan: Plan,
    judge: Judge,
    outputs: u32,
}

impl World {
    fn new(mess: Mess, delivery: Delivery) -> Self {
        let config = Config {
            delivery,
            ..Config::default()
        };
        Self::of(mess, config)
    }

    fn of(mess: Mess, config: Config) -> Self {
        let plan = Plan {
            habits: Habits::of(&config),
            ..test_plan(1, mess)
        };
        Self {
            judge: Judge::new(plan.clone(), &config),
            plan,
            outputs: 0,
        }
    }

    /// One request of a fleet in which nothing goes wrong.
    fn smooth() -> Self {
        let mut world = Self::new(Mess::NONE, Delivery::ExactlyOnce);
        world.judge.on_requested(0, Duration::ZERO, Duration::ZERO);
        world
    }

    fn script(&self) -> Script {
        self.plan.script(0)
    }

    fn output(&mut self, value: &str, content_type: &str) -> TestRecord {
        self.outputs += 1;
        TestRecord::new(value.as_bytes())
            .header("traceparent", &self.plan.run.traceparent(0))
            .header("cwmp-device-id", self.script().device.key())
            .header("content-type", content_type)
            .header("credbridge-id", &format!("{:032x}", self.outputs))
    }

    fn envelope(&mut self, step: &str, body: &str) -> TestRecord {
        let envelope =
            format!("<Envelope><Header><ID>k/{step}</ID></Header><Body>{body}</Body></Envelope>");
        self.output(&envelope, "text/xml")
    }

    fn download(&mut self) -> TestRecord {
        self.envelope(
            "download",
            "<Download><CommandKey>k</CommandKey></Download>",
        )
    }

    fn set(&mut self, name: &str, value: &str) -> TestRecord {
        self.envelope(
            "set",
            &format!(
                "<SetParameterValues><Name>{name}</Name><Value>{value}</Value></SetParameterValues>"
            ),
        )
    }

    fn right_set(&mut self) -> TestRecord {
        let script = self.script();
        let name = format!("{}SUIDs", script.certificate_path());
        self.set(&name, &script.suids_text())
    }

    fn response(&mut self, code: u16) -> TestRecord {
        let rqi = self.plan.run.request_identifier(0);
        self.output(
            &format!(r#"{{"rsc":{code},"rqi":"{rqi}"}}"#),
            "application/json",
        )
    }

    fn dead_letter(&mut self, key: &str, reason: &str) -> TestRecord {
        self.outputs += 1;
        TestRecord::new(b"x")
            .key(key)
            .header("credbridge-reason", reason)
            .header("credbridge-id", &format!("{:032x}", self.outputs))
    }

    fn see(&mut self, output: Output, record: &TestRecord) -> Option<Call> {
        let judge = &mut self.judge;
        record
            .with(|record| judge.observe(SECOND, output, record))
            .map(|(number, command)| {
                assert_eq!(number, 0);
                command.call
            })
    }

    fn see_all(&mut self, outputs: &[(Output, TestRecord)]) {
        for (output, record) in outputs {
            self.see(*output, record);
        }
    }

    fn see_perfection(&mut self) {
        let download = self.download();
        let set = self.right_set();
        let response = self.response(2001);
        self.see_all(&[
            (Output::Commands, download),
            (Output::Commands, set),
            (Output::Responses, response),
        ]);
    }

    /// Lost, doubled, wrong.
    fn counts(&self) -> (u64, u64, u64) {
        let findings = &self.judge.findings;
        (findings.lost, findings.doubled, findings.wrong)
    }

    fn give_up(&mut self) {
        self.judge.give_up(10 * SECOND, 5 * SECOND);
    }
}

#[test]
fn the_one_right_outcome_is_found_right() {
    let mut world = World::smooth();
    world.see_perfection();
    world.give_up();
    assert_eq!(world.counts(), (0, 0, 0));
    assert_eq!(world.judge.findings.installed, 1);
    assert!(!world.judge.is_waiting());
    assert!(world.judge.findings.examples.is_empty());
}

#[test]
fn a_missing_response_is_lost() {
    let mut world = World::smooth();
    let download = world.download();
    assert!(world.see(Output::Commands, &download).is_some());
    world.judge.give_up(4 * SECOND, 5 * SECOND);
    assert!(world.judge.is_waiting());
    world.give_up();
    assert_eq!(world.counts(), (1, 0, 0));
    assert!(!world.judge.is_waiting());
}

#[test]
fn a_missing_set_is_lost_although_there_is_a_response() {
    let mut world = World::smooth();
    let download = world.download();
    let response = world.response(2001);
    world.see_all(&[(Output::Commands, download), (Output::Responses, response)]);
    world.give_up();
    assert_eq!(world.counts(), (1, 0, 0));
}

#[test]
fn a_second_response_is_doubled() {
    let mut world = World::smooth();
    world.see_perfection();
    let response = world.response(2001);
    world.see(Output::Responses, &response);
    assert_eq!(world.counts(), (0, 1, 0));
}

#[test]
fn a_second_command_is_doubled_and_not_answered() {
    let mut world = World::smooth();
    world.see_perfection();
    let (download, set) = (world.download(), world.right_set());
    assert_eq!(world.see(Output::Commands, &download), None);
    assert_eq!(world.see(Output::Commands, &set), None);
    assert_eq!(world.counts(), (0, 2, 0));
}

#[test]
fn the_same_id_again_is_doubled_or_merely_repeated() {
    for (delivery, doubled, repeated) in
        [(Delivery::ExactlyOnce, 1, 0), (Delivery::AtLeastOnce, 0, 1)]
    {
        let mut world = World::new(Mess::NONE, delivery);
        world.judge.on_requested(0, Duration::ZERO, Duration::ZERO);
        let download = world.download();
        assert!(world.see(Output::Commands, &download).is_some());
        assert_eq!(world.see(Output::Commands, &download), None);
        assert_eq!(world.counts(), (0, doubled, 0));
        assert_eq!(world.judge.findings.repeated, repeated);
        assert_eq!(world.judge.findings.downloads, 1);
    }
}

#[test]
fn a_refused_download_is_to_come_again_once() {
    let mess = Mess {
        rejections: 1.0,
        ..Mess::NONE
    };
    let world = || {
        let mut world = World::new(mess.clone(), Delivery::ExactlyOnce);
        world.judge.on_requested(0, Duration::ZERO, Duration::ZERO);
        let first = world.download();
        assert!(world.see(Output::Commands, &first).is_some());
        world
    };
    let again = |world: &mut World, step: &str| {
        let body = "<Download><CommandKey>k</CommandKey></Download>";
        let record = world.envelope(step, body);
        world.see(Output::Commands, &record).is_some()
    };
    let mut right = world();
    assert!(again(&mut right, "download.2"));
    assert_eq!(right.counts(), (0, 0, 0));
    assert!(!again(&mut right, "download.3"));
    assert_eq!(right.counts(), (0, 1, 0));
    let mut misnamed = world();
    again(&mut misnamed, "download.3");
    assert_eq!(misnamed.counts(), (0, 0, 1));
    let mut missing = world();
    missing.give_up();
    assert_eq!(missing.counts(), (1, 0, 0));
}

#[test]
fn an_output_without_id_is_wrong() {
    let mut world = World::smooth();
    let rqi = world.plan.run.request_identifier(0);
    let response = TestRecord::new(format!(r#"{{"rsc":2001,"rqi":"{rqi}"}}"#).as_bytes())
        .header("content-type", "application/json");
    world.see(Output::Responses, &response);
    assert_eq!(world.counts(), (0, 0, 1));
}

#[test]
fn another_code_is_wrong() {
    for code in [4000, 4008, 6021, 1002] {
        let mut world = World::smooth();
        let response = world.response(code);
        world.see(Output::Responses, &response);
        assert_eq!(world.counts(), (0, 0, 1), "{code}");
    }
}

#[test]
fn another_parameter_or_value_is_wrong() {
    let mut world = World::smooth();
    let script = world.script();
    let right = format!("{}SUIDs", script.certificate_path());
    let other_row = format!("Device.Security.Certificate.{}.SUIDs", script.row + 1);
    for (name, value) in [(&right, "10".to_owned()), (&other_row, script.suids_text())] {
        let mut world = World::smooth();
        let set = world.set(name, &value);
        world.see(Output::Commands, &set);
        assert_eq!(world.counts(), (0, 0, 1), "{name} {value}");
    }
    world.see_perfection();
    assert_eq!(world.counts(), (0, 0, 0));
}

#[test]
fn a_set_after_a_fault_is_wrong() {
    let mess = Mess {
        faults: 1.0,
        ..Mess::NONE
    };
    let mut world = World::new(mess, Delivery::ExactlyOnce);
    world.judge.on_requested(0, Duration::ZERO, Duration::ZERO);
    assert!(matches!(
        world.script().course,
        Course::DownloadFault(_) | Course::TransferFault(_)
    ));
    let (download, set) = (world.download(), world.right_set());
    let response = world.response(4000);
    world.see_all(&[
        (Output::Commands, download),
        (Output::Responses, response),
        (Output::Commands, set),
    ]);
    assert_eq!(world.counts(), (0, 0, 1));
    assert_eq!(world.judge.findings.failures.len(), 1);
}

#[test]
fn a_command_for_another_device_is_wrong() {
    let mut world = World::smooth();
    let envelope = "<Envelope><Header><ID>k/download</ID></Header><Body><Download><CommandKey>k</CommandKey></Download></Body></Envelope>";
    let record = TestRecord::new(envelope.as_bytes())
        .header("traceparent", &world.plan.run.traceparent(0))
        .header("cwmp-device-id", "00256D-1")
        .header("content-type", "text/xml")
        .header("credbridge-id", &format!("{:032x}", 1));
    world.see(Output::Commands, &record);
    assert_eq!(world.counts(), (0, 0, 1));
}

#[test]
fn dead_letters_come_once_and_with_their_reason() {
    let mut world = World::new(Mess::NONE, Delivery::ExactlyOnce);
    for _ in 0..3 {
        world
            .judge
            .on_stray_written(StrayKind::Poison, "malformed_json", Duration::ZERO);
    }
    let (right, other) = (world.plan.run.stray_key(0), world.plan.run.stray_key(1));
    let letters = [
        world.dead_letter(&right, "malformed_json"),
        world.dead_letter(&other, "malformed_xml"),
    ];
    for letter in &letters {
        world.see(Output::DeadLetters, letter);
    }
    assert_eq!(world.counts(), (0, 0, 1));
    let again = world.dead_letter(&right, "malformed_json");
    world.see(Output::DeadLetters, &again);
    assert_eq!(world.counts(), (0, 1, 1));
    world.give_up();
    assert_eq!(world.counts(), (1, 1, 1));
    assert!(!world.judge.is_waiting());
}

#[test]
fn a_dead_letter_of_a_right_event_is_wrong() {
    let mut world = World::smooth();
    let device = world.script().device;
    let letter = world.dead_letter(device.key(), "unknown_command_key");
    world.see(Output::DeadLetters, &letter);
    assert_eq!(world.counts(), (0, 0, 1));
}

#[test]
fn records_of_other_runs_are_ignored() {
    let mut world = World::smooth();
    let mut other = World::new(Mess::NONE, Delivery::ExactlyOnce);
    other.plan = test_plan(2, Mess::NONE);
    let outputs = [
        (Output::Commands, other.download()),
        (Output::Responses, other.response(4000)),
        (
            Output::DeadLetters,
            other.dead_letter(&other.plan.run.stray_key(0), "malformed_json"),
        ),
        (
            Output::Responses,
            TestRecord::new(b"\xff").header("content-type", "application/cbor"),
        ),
    ];
    world.see_all(&outputs);
    assert_eq!(world.counts(), (0, 0, 0));
    assert!(world.judge.findings.responses.is_empty());
}
