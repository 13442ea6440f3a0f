//! A correlator with a clock, and short forms of effects.

use std::time::Duration;

use crate::cwmp::{Download, Rpc};
use crate::mapping::{ContentRule, DeleteRule, Rules};
use crate::onem2m::ResponseStatusCode;
use crate::record::{Coordinates, Record};
use crate::time::Timestamp;

use super::super::*;
pub(crate) use super::inputs::*;

pub(crate) const MINUTE: Duration = Duration::from_secs(60);

/// One effect in the words of a scenario; what the record is, does not matter.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Seen {
    Acknowledge(String, u16),
    Forget(String),
    Remember(String),
    Respond(String, ResponseStatusCode),
    Send(String),
    SetAside(UnmatchedReason),
    Stage(String),
    Unstage,
}

pub(crate) fn respond(identifier: &str, code: ResponseStatusCode) -> Seen {
    Seen::Respond(identifier.to_owned(), code)
}

pub(crate) fn send(command_id: &str) -> Seen {
    Seen::Send(command_id.to_owned())
}

pub(crate) fn remember(key: &str) -> Seen {
    Seen::Remember(key.to_owned())
}

pub(crate) fn forget(key: &str) -> Seen {
    Seen::Forget(key.to_owned())
}

pub(crate) fn limits() -> Limits {
    Limits {
        queue_timeout: (300 * MINUTE).into(),
        accept_timeout: (15 * MINUTE).into(),
        transfer_timeout: (60 * MINUTE).into(),
        lookup_timeout: (5 * MINUTE).into(),
        set_timeout: (10 * MINUTE).into(),
        ended_ttl: 24 * 60 * MINUTE,
        resource_ttl: 24 * 60 * MINUTE,
        early_ttl: 10 * MINUTE,
        early_events_per_key_max: 8,
        early_events_per_device_max: 32,
        early_bytes_per_device_max: 1 << 20,
        early_events_max: 64,
        early_bytes_max: 1 << 20,
        open_downloads_per_device_max: 3,
        queued_downloads_per_device_max: 2,
        open_installations_max: 1000,
        retry: RetryTable::new(),
        retry_with_new_key: false,
        pacing: PacingLimits::default(),
        cancel_expired: false,
        list_rows_first: false,
        sole_open_transfer: false,
    }
}

pub(crate) fn rules() -> Rules {
    Rules {
        download_url: "https://f/{device_key}/{command_key}".to_owned().into(),
        content: ContentRule::Inline,
        suids_parameter: "SUIDs".to_owned().into(),
        await_set_result: true,
        delete: DeleteRule::Disable,
        refuse_invalid: false,
    }
}

/// A correlator with a clock.
pub(crate) struct World {
    pub(crate) correlator: Correlator,
    pub(crate) now: Timestamp,
    next_offset: i64,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(limits(), rules())
    }

    pub(crate) fn with(limits: Limits, rules: Rules) -> Self {
        Self {
            correlator: Correlator::new(limits, rules),
            now: Timestamp::from_millis(1_900_000_000_000),
            next_offset: 1000,
        }
    }

    /// One whose first installation, `k1`, waits for its Download to be answered.
    pub(crate) fn asked(limits: Limits) -> Self {
        let mut world = Self::with(limits, rules());
        world.handle(create("k1", "a1"), &[send("k1/download"), remember("k1")]);
        world
    }

    /// Handles the event and requires exactly these effects.
    #[track_caller]
    pub(crate) fn handle(&mut self, input: Input, expected: &[Seen]) {
        let effects = self.effects(input);
        assert_eq!(self.seen(&effects), expected);
    }

    /// Handles the event and returns the only final response.
    #[track_caller]
    pub(crate) fn response(&mut self, input: Input) -> Response {
        let effects = self.effects(input);
        only_final(&effects)
    }

    #[track_caller]
    pub(crate) fn effects(&mut self, input: Input) -> Effects {
        self.next_offset += 1;
        let coordinates = Coordinates {
            topic: "input".into(),
            partition: 0,
            offset: input.offset.unwrap_or(self.next_offset),
        };
        let record = Record {
            coordinates: &coordinates,
            key: Some(b"key"),
            value: Some(b"value"),
            headers: &[("traceparent", b"00-1-2-01")],
        };
        let event = Event {
            device: input.device,
            record,
            kind: input.kind,
        };
        let mut effects = Effects::new();
        self.correlator.handle(self.now, event, &mut effects);
        self.check();
        effects
    }

    /// How long until the next deadline.
    pub(crate) fn until_next(&self) -> Duration {
        let at = self.correlator.poll_timeout().expect("a deadline");
        at.since(self.now)
    }

    /// Lets time pass in one step and requires exactly these effects.
    #[track_caller]
    pub(crate) fn wait(&mut self, duration: Duration, expected: &[Seen]) {
        let effects = self.pass(duration);
        assert_eq!(self.seen(&effects), expected);
    }

    #[track_caller]
    pub(crate) fn pass(&mut self, duration: Duration) -> Effects {
        self.now = self.now + duration;
        let mut effects = Effects::new();
        self.correlator
            .handle_timeout(self.now, self.now, usize::MAX, &mut effects);
        self.check();
        effects
    }

    #[track_caller]
    fn check(&self) {
        let ledger = &self.correlator.stats().ledger;
        assert!(ledger.balanced(), "{ledger:?}");
        assert_eq!(ledger.parked, self.correlator.early_events() as u64);
    }

    pub(crate) fn ledger(&self) -> Ledger {
        self.correlator.stats().ledger
    }

    /// The effects without numbers of slots, which differ after a restore.
    #[track_caller]
    pub(crate) fn told(&mut self, input: Input) -> (Vec<Seen>, Effects) {
        let effects = self.effects(input);
        self.without_slots(effects)
    }

    pub(crate) fn without_slots(&self, mut effects: Effects) -> (Vec<Seen>, Effects) {
        let seen = self.seen(&effects);
        effects.retain(|effect| !matches!(effect, Effect::Remember(_)));
        (seen, effects)
    }

    pub(crate) fn seen(&self, effects: &Effects) -> Vec<Seen> {
        effects
            .iter()
            .map(|effect| match effect {
                Effect::Forget(id) => Seen::Forget(id.command_key.to_string()),
                Effect::Remember(slot) => {
                    let installation = self.correlator.installation(*slot);
                    Seen::Remember(installation.map_or_else(String::new, |installation| {
                        installation.id.command_key.to_string()
                    }))
                }
                Effect::Respond(response) => {
                    let identifier = response.request.primitive.request_identifier().to_owned();
                    match response.kind {
                        ResponseKind::Acknowledgement => {
                            Seen::Acknowledge(identifier, response.response_status_code.get())
                        }
                        ResponseKind::Final => {
                            Seen::Respond(identifier, response.response_status_code)
                        }
                    }
                }
                Effect::Send(command) => Seen::Send(command.id().to_string()),
                Effect::SetAside(unmatched) => Seen::SetAside(unmatched.reason),
                Effect::Stage(staging) => Seen::Stage(staging.id.command_key.to_string()),
                Effect::Unstage(_) => Seen::Unstage,
            })
            .collect()
    }
}

pub(crate) fn responses(effects: &Effects) -> impl Iterator<Item = &Response> {
    effects.iter().filter_map(|effect| match effect {
        Effect::Respond(response) => Some(response),
        Effect::Forget(_)
        | Effect::Remember(_)
        | Effect::Send(_)
        | Effect::SetAside(_)
        | Effect::Stage(_)
        | Effect::Unstage(_) => None,
    })
}

#[track_caller]
pub(crate) fn only_final(effects: &Effects) -> Response {
    let mut finals = responses(effects).filter(|response| response.kind == ResponseKind::Final);
    let response = finals.next().expect("a final response").clone();
    assert_eq!(finals.next(), None);
    response
}

#[track_caller]
pub(crate) fn only_command(effects: &Effects) -> Command {
    let mut commands = effects.iter().filter_map(|effect| match effect {
        Effect::Send(command) => Some(command),
        Effect::Respond(_)
        | Effect::Forget(_)
        | Effect::Remember(_)
        | Effect::SetAside(_)
        | Effect::Stage(_)
        | Effect::Unstage(_) => None,
    });
    let command = commands.next().expect("a command").clone();
    assert_eq!(commands.next(), None);
    command
}

pub(crate) fn download_of(command: &Command) -> &Download {
    match &command.rpc {
        Rpc::Download(download) => download,
        Rpc::CancelTransfer(_) | Rpc::GetParameterValues(_) | Rpc::SetParameterValues(_) => {
            panic!("not a Download: {command:?}")
        }
    }
}
