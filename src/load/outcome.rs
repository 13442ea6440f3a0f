use std::fmt;

use super::script::{Course, RowSource, Script, SilentAt};

/// The only right outcome of an installation, told without asking the bridge's own tables.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Expected {
    /// Response Status Code of the one response.
    pub(super) response: u16,
    /// Lists of rows before the Download.
    pub(super) lists: u32,
    /// Download commands, refused and failed ones included.
    pub(super) downloads: u32,
    /// The same at least.
    pub(super) downloads_min: u32,
    /// GetParameterValues commands.
    pub(super) lookups: u32,
    /// SetParameterValues commands.
    pub(super) sets: u32,
}

/// Why an installation is not to succeed.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Failure {
    Fault { message: &'static str, code: u32 },
    RowMissing,
    Silent(SilentAt),
}

const CREATED: u16 = 2001;
const BAD_REQUEST: u16 = 4000;
const REQUEST_TIMEOUT: u16 = 4008;
const NOT_IMPLEMENTED: u16 = 5001;
const EXTERNAL_OBJECT_NOT_FOUND: u16 = 6005;
const MGMT_SESSION_ESTABLISHMENT_TIMEOUT: u16 = 6021;

impl Script {
    /// What is to come out. `await_set_result` is `set.await_result` of the bridge: without it the response follows
    /// the TransferComplete, whatever becomes of the SUIDs.
    pub(super) fn expected(&self, await_set_result: bool) -> Expected {
        let response = match self.failure(await_set_result) {
            None => CREATED,
            // 9005 names a parameter that the device does not have, as in TS-0006 clause 8.1.2.
            Some(Failure::Fault {
                message: "SetParameterValues",
                code: 9005,
            }) => NOT_IMPLEMENTED,
            Some(Failure::Fault { .. }) => BAD_REQUEST,
            Some(Failure::RowMissing) => EXTERNAL_OBJECT_NOT_FOUND,
            Some(Failure::Silent(SilentAt::Download)) => MGMT_SESSION_ESTABLISHMENT_TIMEOUT,
            Some(Failure::Silent(SilentAt::Transfer | SilentAt::Lookup | SilentAt::Set)) => {
                REQUEST_TIMEOUT
            }
        };
        let (stored, set) = match self.course {
            Course::DownloadFault(_)
            | Course::TransferFault(_)
            | Course::Silent(SilentAt::Download | SilentAt::Transfer) => (false, false),
            Course::RowMissing | Course::Silent(SilentAt::Lookup) => (true, false),
            Course::Installed { .. } | Course::SetFault { .. } | Course::Silent(SilentAt::Set) => {
                (true, true)
            }
        };
        let is_looked_up = matches!(self.row_source, RowSource::Lookup | RowSource::New);
        Expected {
            response,
            lists: self.commands.lists,
            downloads: self.commands.downloads,
            downloads_min: self.commands.downloads_min,
            lookups: u32::from(stored && is_looked_up),
            sets: match (set, await_set_result) {
                (false, _) => 0,
                (true, false) => 1,
                (true, true) => self.commands.sets,
            },
        }
    }

    /// Why the response is not to be 2001.
    pub(super) fn failure(&self, await_set_result: bool) -> Option<Failure> {
        let fault = |message, code| Some(Failure::Fault { message, code });
        match self.course {
            Course::Installed { .. } => None,
            Course::SetFault { .. } | Course::Silent(SilentAt::Set) if !await_set_result => None,
            Course::DownloadFault(code) => fault("Download", code),
            Course::TransferFault(code) => fault("TransferComplete", code),
            Course::SetFault { outer, parameter } => {
                fault("SetParameterValues", parameter.unwrap_or(outer))
            }
            Course::RowMissing => Some(Failure::RowMissing),
            Course::Silent(at) => Some(Failure::Silent(at)),
        }
    }
}

/// The names of CWMP fault codes (TR-069 A.5).
fn fault_name(code: u32) -> &'static str {
    match code {
        9000 => "method not supported",
        9001 => "request denied",
        9002 => "internal error",
        9003 => "invalid arguments",
        9004 => "resources exceeded",
        9005 => "invalid parameter name",
        9006 => "invalid parameter type",
        9007 => "invalid parameter value",
        9008 => "parameter not writable",
        9010 => "file transfer failure",
        9011 => "upload failure",
        9012 => "file server authentication failure",
        9013 => "unsupported protocol for file transfer",
        9014 => "unable to join multicast group",
        9015 => "unable to contact file server",
        9016 => "unable to access file",
        9017 => "unable to complete download",
        9018 => "file corrupted",
        9019 => "file authentication failure",
        9020 => "unable to complete download within the time windows",
        9800..=9899 => "fault of the vendor",
        _ => "unknown fault",
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fault { message, code } => write!(f, "{message} {code} {}", fault_name(*code)),
            Self::RowMissing => f.write_str("certificate not in the table of the device"),
            Self::Silent(at) => {
                let message = match at {
                    SilentAt::Download => "Download",
                    SilentAt::Transfer => "the transfer",
                    SilentAt::Lookup => "GetParameterValues",
                    SilentAt::Set => "SetParameterValues",
                };
                write!(f, "no answer to {message}: timed out")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Mess;
    use super::super::script::test_plan;
    use super::*;

    fn script(course: Course, row_source: RowSource) -> Script {
        Script {
            course,
            row_source,
            ..test_plan(1, Mess::NONE).script(0)
        }
    }

    #[test]
    fn every_course_has_its_outcome() {
        use RowSource::{Event, Lookup};
        let parameter = |code| Course::SetFault {
            outer: 9003,
            parameter: Some(code),
        };
        let outer = |outer| Course::SetFault {
            outer,
            parameter: None,
        };
        // Course, source of the row, response, lookups, sets.
        let table = [
            (Course::Installed { set_status: 0 }, Event, 2001, 0, 1),
            (Course::Installed { set_status: 1 }, Lookup, 2001, 1, 1),
            (Course::DownloadFault(9001), Lookup, 4000, 0, 0),
            (Course::TransferFault(9018), Lookup, 4000, 0, 0),
            (Course::TransferFault(9809), Event, 4000, 0, 0),
            (outer(9002), Event, 4000, 0, 1),
            (outer(9005), Event, 5001, 0, 1),
            (parameter(9007), Lookup, 4000, 1, 1),
            (parameter(9005), Event, 5001, 0, 1),
            (Course::RowMissing, Lookup, 6005, 1, 0),
            (Course::Silent(SilentAt::Download), Event, 6021, 0, 0),
            (Course::Silent(SilentAt::Transfer), Lookup, 4008, 0, 0),
            (Course::Silent(SilentAt::Lookup), Lookup, 4008, 1, 0),
            (Course::Silent(SilentAt::Set), Event, 4008, 0, 1),
        ];
        for (course, row_source, response, lookups, sets) in table {
            let expected = Expected {
                response,
                lists: 0,
                downloads: 1,
                downloads_min: 1,
                lookups,
                sets,
            };
            assert_eq!(
                script(course, row_source).expected(true),
                expected,
                "{course:?}"
            );
        }
    }

    #[test]
    fn an_unawaited_set_cannot_spoil_the_response() {
        let fault = Course::SetFault {
            outer: 9001,
            parameter: None,
        };
        for course in [fault, Course::Silent(SilentAt::Set)] {
            let expected = script(course, RowSource::Event).expected(false);
            assert_eq!((expected.response, expected.sets), (2001, 1));
        }
    }

    #[test]
    fn every_fault_of_the_plan_has_a_name() {
        let plan = test_plan(
            1,
            Mess {
                faults: 1.0,
                ..Mess::NONE
            },
        );
        for number in 0..500 {
            let failure = plan.script(number).failure(true).unwrap();
            assert!(!failure.to_string().contains("unknown"), "{failure}");
        }
    }
}
