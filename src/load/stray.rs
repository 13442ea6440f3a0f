use fastrand::Rng;

use crate::config::Config;
use crate::cwmp::DeviceId;
use crate::wire::r#gen::cpe_event::Event;
use crate::wire::r#gen::{CpeEvent, DownloadResponse, FaultStruct, TransferComplete};
use crate::wire::{Format, Input};

use super::outgoing::{Mark, Outgoing, Spoken};
use super::script::StrayKind;

/// A record that is garbage: where it goes, its content-type, its bytes, and why it is set aside.
type Garbage = (
    Input,
    Option<&'static str>,
    Option<&'static [u8]>,
    &'static str,
);

/// No protobuf message begins with a tag that never ends; the other texts break off.
const GARBAGE: [Garbage; 9] = [
    (
        Input::CpeEvents,
        Some("application/x-protobuf"),
        Some(&[0xff; 16]),
        "malformed_protobuf",
    ),
    (
        Input::CpeEvents,
        Some("application/json"),
        Some(b"{\"device\":{\"oui\":"),
        "malformed_json",
    ),
    (
        Input::CpeEvents,
        Some("text/xml"),
        Some(
            b"<soap:Envelope xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\"><soap:Body>",
        ),
        "malformed_xml",
    ),
    (
        Input::CpeEvents,
        Some("application/json"),
        Some(b"<Envelope/>"),
        "content_type_mismatch",
    ),
    (Input::CpeEvents, None, None, "empty_value"),
    (
        Input::Requests,
        Some("application/x-protobuf"),
        Some(&[0xff; 16]),
        "malformed_protobuf",
    ),
    (
        Input::Requests,
        Some("application/vnd.onem2m-preq+json"),
        Some(b"{\"op\":1,\"rqi\":"),
        "malformed_json",
    ),
    (
        Input::Requests,
        Some("application/vnd.onem2m-preq+cbor"),
        Some(b"\xA2\x62op\x01\x63rqi"),
        "malformed_cbor",
    ),
    (Input::Requests, None, None, "empty_value"),
];

/// A record that the bridge must set aside. Its key names it, since a dead letter keeps the key of its source.
pub(super) fn write(
    kind: StrayKind,
    seed: u64,
    key: String,
    device: &DeviceId,
    config: &Config,
) -> Outgoing {
    let mut rng = Rng::with_seed(seed);
    match kind {
        StrayKind::Poison => poison(&mut rng, key, config),
        StrayKind::WrongKey => wrong_key(&mut rng, key, device, config),
    }
}

fn poison(rng: &mut Rng, key: String, config: &Config) -> Outgoing {
    // A pinned format makes every other one a mismatch; what is left is garbage in that format.
    let fits = |garbage: &&Garbage| {
        let pinned = match garbage.0 {
            Input::CpeEvents => config.formats.cpe_events,
            Input::Requests => config.formats.requests,
        };
        match (pinned, garbage.3) {
            (None, _) | (Some(_), "empty_value") => true,
            (Some(Format::Protobuf), reason) => reason == "malformed_protobuf",
            (Some(Format::Json), reason) => reason == "malformed_json",
            (Some(Format::Soap), reason) => reason == "malformed_xml",
            (Some(Format::Cbor), reason) => reason == "malformed_cbor",
        }
    };
    let fitting: Vec<&Garbage> = GARBAGE.iter().filter(fits).collect();
    let (input, content_type, value, reason) = fitting[rng.usize(0..fitting.len())];
    let content_type = content_type.map(|content_type| ("content-type", content_type.to_owned()));
    Outgoing {
        input: *input,
        key: Some(key),
        value: value.map(<[u8]>::to_vec),
        headers: content_type.into_iter().collect(),
        mark: Mark::Stray(StrayKind::Poison, reason),
    }
}

fn wrong_key(rng: &mut Rng, key: String, device: &DeviceId, config: &Config) -> Outgoing {
    let transfer = |command_key: String| {
        Event::TransferComplete(TransferComplete {
            command_key,
            fault: Some(FaultStruct::default()),
            ..TransferComplete::default()
        })
    };
    let kinds = if config.correlation.sole_open_transfer {
        // An empty key might then find a transfer.
        0..3
    } else {
        0..4
    };
    let (command_id, event, reason) = match rng.u8(kinds) {
        0 | 1 => {
            let unknown = format!("stranger-{:016x}", rng.u64(..));
            ("", transfer(unknown), "unknown_command_key")
        }
        2 => {
            let response = Event::DownloadResponse(DownloadResponse::default());
            ("somebody-elses-17", response, "unknown_command_id")
        }
        _ => ("", transfer(String::new()), "empty_command_key"),
    };
    let spoken = Spoken {
        event: CpeEvent {
            device: Some(device.into()),
            command_id: command_id.to_owned(),
            event: Some(event),
            ..CpeEvent::default()
        },
        device: device.key().to_owned(),
        mark: Mark::Stray(StrayKind::WrongKey, reason),
    };
    let formats = event_formats(config);
    let mut outgoing = spoken.write(formats[rng.usize(0..formats.len())]);
    outgoing.key = Some(key);
    outgoing
}

/// The formats in which events may be written; how often each stands here is its share.
pub(super) fn event_formats(config: &Config) -> Vec<Format> {
    match config.formats.cpe_events {
        Some(pinned) => vec![pinned],
        None => vec![
            Format::Protobuf,
            Format::Protobuf,
            Format::Json,
            Format::Soap,
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strays(kind: StrayKind, config: &Config) -> Vec<Outgoing> {
        let device = DeviceId::new("00256D", "", "1").unwrap();
        (0..200)
            .map(|seed| write(kind, seed, "fleet/x/stray/1".to_owned(), &device, config))
            .collect()
    }

    fn reasons(strays: &[Outgoing]) -> Vec<&'static str> {
        let mut reasons: Vec<_> = strays
            .iter()
            .filter_map(|stray| {
                let Mark::Stray(_, reason) = stray.mark else {
                    return None;
                };
                Some(reason)
            })
            .collect();
        assert!(!reasons.is_empty());
        reasons.sort_unstable();
        reasons.dedup();
        reasons
    }

    #[test]
    fn every_stray_keeps_the_key_that_names_it() {
        for kind in [StrayKind::Poison, StrayKind::WrongKey] {
            for stray in strays(kind, &Config::default()) {
                assert_eq!(stray.key.as_deref(), Some("fleet/x/stray/1"));
            }
        }
    }

    #[test]
    fn strays_are_of_every_kind() {
        let config = Config::default();
        assert_eq!(
            reasons(&strays(StrayKind::Poison, &config)),
            [
                "content_type_mismatch",
                "empty_value",
                "malformed_cbor",
                "malformed_json",
                "malformed_protobuf",
                "malformed_xml"
            ]
        );
        assert_eq!(
            reasons(&strays(StrayKind::WrongKey, &config)),
            [
                "empty_command_key",
                "unknown_command_id",
                "unknown_command_key"
            ]
        );
    }

    #[test]
    fn an_empty_key_is_no_stray_where_it_may_mean_a_transfer() {
        let mut config = Config::default();
        config.correlation.sole_open_transfer = true;
        assert_eq!(
            reasons(&strays(StrayKind::WrongKey, &config)),
            ["unknown_command_id", "unknown_command_key"]
        );
    }

    #[test]
    fn garbage_is_in_the_pinned_format() {
        let mut config = Config::default();
        config.formats.requests = Some(Format::Protobuf);
        config.formats.cpe_events = Some(Format::Protobuf);
        assert_eq!(
            reasons(&strays(StrayKind::Poison, &config)),
            ["empty_value", "malformed_protobuf"]
        );
    }
}
