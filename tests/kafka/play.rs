//! One installation after the other, played step by step against a running bridge.

use std::time::Duration;

use credbridge::record::Coordinates;
use credbridge::wire::r#gen::cpe_event::Event;

use super::app::App;
use super::client::Record;
use super::fleet::{self, Command, CommandKind, Format, Response};
use super::tail::{Received, Tail};

/// How long the bridge may take to react.
const REACTION_LIMIT: Duration = Duration::from_secs(30);

/// The other sides of one application: requester, ACS and CPEs.
pub(crate) struct Play<'a> {
    pub(crate) app: &'a App,
    pub(crate) requests: Format,
    pub(crate) events: Format,
    outputs: Tail,
}

impl<'a> Play<'a> {
    /// Plays in protobuf.
    pub(crate) fn new(app: &'a App) -> Self {
        Self::in_formats(app, Format::Protobuf, Format::Protobuf)
    }

    /// Plays in these formats.
    pub(crate) fn in_formats(app: &'a App, requests: Format, events: Format) -> Self {
        Self {
            app,
            requests,
            events,
            outputs: app.follow(),
        }
    }

    /// Writes a create request.
    pub(crate) fn request(&self, serial_number: &str, command_key: Option<&str>) -> Coordinates {
        let request = fleet::request(
            &self.app.requests,
            self.requests,
            serial_number,
            command_key,
        );
        self.app.client.send(request)
    }

    /// Writes an answer to a command, or a call of the CPE.
    pub(crate) fn event(&self, serial_number: &str, command_id: &str, event: Event) -> Coordinates {
        let record = self.event_record(serial_number, command_id, event);
        self.app.client.send(record)
    }

    /// The record of an answer to a command, or of a call of the CPE.
    pub(crate) fn event_record(
        &self,
        serial_number: &str,
        command_id: &str,
        event: Event,
    ) -> Record {
        fleet::event(
            &self.app.events,
            self.events,
            serial_number,
            command_id,
            event,
        )
    }

    /// Waits for the next command to a device.
    pub(crate) fn next_command(&mut self, serial_number: &str) -> (Command, Received) {
        let (topic, device) = (&self.app.commands, fleet::device_key(serial_number));
        let record = self.outputs.next("a command", REACTION_LIMIT, |record| {
            *record.coordinates.topic == **topic && record.required("cwmp-device-id") == device
        });
        (fleet::command(&record), record)
    }

    /// Waits for the next response for a device.
    pub(crate) fn next_response(&mut self, serial_number: &str) -> (Response, Received) {
        let (topic, device) = (&self.app.responses, fleet::device_key(serial_number));
        let record = self.outputs.next("a response", REACTION_LIMIT, |record| {
            *record.coordinates.topic == **topic && record.required("cwmp-device-id") == device
        });
        (fleet::response(&record), record)
    }

    /// Waits for the next dead letter.
    pub(crate) fn next_dead_letter(&mut self) -> Received {
        let topic = &self.app.dead_letters;
        self.outputs
            .next("a dead letter", REACTION_LIMIT, |record| {
                *record.coordinates.topic == **topic
            })
    }

    /// Plays from the request to the Download command.
    pub(crate) fn up_to_download(&mut self, serial_number: &str) -> Command {
        self.request(serial_number, None);
        let (download, _) = self.next_command(serial_number);
        assert!(
            matches!(download.kind, CommandKind::Download { .. }),
            "{download:?}"
        );
        download
    }

    /// Plays from the Download command to the Set command.
    pub(crate) fn up_to_set(&mut self, serial_number: &str, download: &Command) -> Command {
        self.event(serial_number, &download.id, fleet::download_response(1));
        let complete =
            fleet::transfer_complete(&download.command_key, 0, "Device.Security.Certificate.3.");
        self.event(serial_number, "", complete);
        let (set, _) = self.next_command(serial_number);
        assert!(matches!(set.kind, CommandKind::Set { .. }), "{set:?}");
        set
    }

    /// Plays a whole installation that succeeds.
    pub(crate) fn install(&mut self, serial_number: &str) {
        let download = self.up_to_download(serial_number);
        let set = self.up_to_set(serial_number, &download);
        self.finish(serial_number, &set);
    }

    /// Plays from the Set command to the response.
    pub(crate) fn finish(&mut self, serial_number: &str, set: &Command) {
        self.event(serial_number, &set.id, fleet::set_response());
        let (response, _) = self.next_response(serial_number);
        assert_eq!(response.code, 2001, "{response:?}");
    }
}
