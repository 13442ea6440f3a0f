use std::time::Duration;

use crate::load::answer::Answer;
use crate::load::script::Course;
use crate::record::Record;

use super::{Judge, Output};

impl Judge {
    pub(super) fn on_response_record(
        &mut self,
        at: Duration,
        number: Option<u64>,
        record: &Record<'_>,
    ) {
        let coordinates = record.coordinates;
        let answer = match Answer::read(record) {
            Ok(answer) => answer,
            Err(error) => {
                if number.is_some() {
                    self.findings
                        .wrong(|| format!("response {coordinates}: {error:#}"));
                }
                return;
            }
        };
        let number = self
            .plan
            .run
            .number_of_request(&answer.request_identifier)
            .filter(|number| self.is_known(*number));
        if let Some(number) = number
            && self.is_first(Output::Responses, record)
        {
            self.on_response(at, number, &answer);
        }
    }

    fn on_response(&mut self, at: Duration, number: u64, answer: &Answer) {
        let script = self.plan.script(number);
        let expected = script.expected(self.await_set_result);
        let code = answer.response_status_code;
        *self.findings.responses.entry(code).or_default() += 1;
        let case = self.case_mut(number).expect("the case is known");
        case.responses += 1;
        let (count, due) = (case.responses, case.due);
        let request_identifier = &answer.request_identifier;
        if count > 1 {
            self.findings
                .doubled(|| format!("response {code} to {request_identifier} is number {count}"));
            return;
        }
        if code == expected.response {
            match script.failure(self.await_set_result) {
                None => self.findings.installed += 1,
                Some(failure) => *self.findings.failures.entry(failure).or_default() += 1,
            }
        } else {
            self.findings.wrong(|| {
                let right = expected.response;
                format!("response {code} to {request_identifier} instead of {right}: {script:?}")
            });
        }
        // What waits for a time-out tells nothing about the speed of the bridge.
        if number > 0 && !matches!(script.course, Course::Silent(_)) {
            self.findings.request_to_response.record(due, at);
        }
        self.close_if_complete(number, expected);
    }
}
