//! Decoders: any bytes are read, or refused with a bounded text, and what follows can be written.

use std::sync::LazyLock;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use credbridge::config::{Config, KEYS};
use credbridge::correlator::{Correlator, Effect, Effects, Event};
use credbridge::cwmp::DeviceId;
use credbridge::onem2m::CertificateFile;
use credbridge::record::{Coordinates, Header, Record};
use credbridge::time::Timestamp;
use credbridge::wire::changelog::{
    decode, encode_forgotten, encode_installation, encode_ledger, encode_pacing, encode_rest,
    encode_waited, encode_waiting,
};
use credbridge::wire::{
    Cause, ChangelogEntry, DecodeError, Decoded, Decoder, Encoder, Input, NodeRecord, Outbound,
    Undecoded, read_node,
};

/// Longest text about a record, in bytes.
const DETAIL_BYTES_MAX: usize = 1024;

/// Read once: it takes longer than a record.
static CONFIG: LazyLock<Config> = LazyLock::new(Config::default);

const NOW: Timestamp = Timestamp::from_millis(1_900_000_000_000);

fn coordinates() -> Coordinates {
    Coordinates {
        topic: "in".into(),
        partition: 0,
        offset: 7,
    }
}

/// The record is read, handled, and what follows from it is written.
fn handle(input: Input, content_type: &str, value: &[u8]) {
    let headers: [Header<'_>; 2] = [
        ("cwmp-device-id", b"00256D-IGD-1"),
        ("content-type", content_type.as_bytes()),
    ];
    let headers = if content_type.is_empty() {
        &headers[..1]
    } else {
        &headers[..]
    };
    let (decoder, encoder) = (CONFIG.decoder(), CONFIG.encoder());
    let coordinates = coordinates();
    let record = Record {
        coordinates: &coordinates,
        key: Some(b"key"),
        value: Some(value),
        headers,
    };
    match decoder.decode(input, record) {
        Ok(Decoded::One(event)) => follow(&CONFIG, &encoder, event),
        Ok(Decoded::Several(several)) => {
            for event in several.events {
                follow(&CONFIG, &encoder, event);
            }
        }
        Err(Undecoded::Foreign) => {}
        Err(Undecoded::Homeless(_, error) | Undecoded::Unreadable(error)) => {
            refused(&encoder, record, &error);
        }
    }
}

fn refused(encoder: &Encoder, record: Record<'_>, error: &DecodeError) {
    assert!(!error.detail.is_empty() && error.detail.len() <= DETAIL_BYTES_MAX);
    assert!(!error.detail.chars().any(char::is_control), "{error:?}");
    let mut outbound = Outbound::default();
    encoder.dead_letter(record, error.reason.as_str(), &error.detail, &mut outbound);
    assert_eq!(outbound.value(), record.value);
}

fn follow(config: &Config, encoder: &Encoder, event: Event<'_>) {
    let key = event.device.key().to_owned();
    assert_eq!(DeviceId::from_key(&key).as_ref(), Ok(&event.device));
    let record = event.record;
    let mut correlator = Correlator::new(config.limits(1), config.rules());
    let mut effects = Effects::new();
    correlator.handle(NOW, event, &mut effects);
    assert!(correlator.stats().ledger.balanced());
    let mut outbound = Outbound::default();
    let decoder = config.decoder();
    for effect in effects {
        match effect {
            Effect::Stage(_) | Effect::Unstage(_) => {}
            Effect::Forget(id) => encode_forgotten(&id, &mut outbound),
            Effect::Remember(slot) => {
                let installation = correlator.installation(slot).expect("it was just handled");
                encode_installation(installation, &mut outbound);
                let key = outbound.key().expect("state has a key");
                let entry = decode(key, outbound.value(), &decoder).expect("state is read again");
                assert_eq!(
                    entry,
                    ChangelogEntry::Installation(Box::new(installation.clone()))
                );
            }
            Effect::Respond(response) => {
                let cause = Cause::Record(record.coordinates);
                let sent = encoder.response(&response, cause, &mut outbound, |_| Ok::<_, ()>(()));
                assert_eq!(sent, Ok(()));
            }
            Effect::Send(command) => {
                encoder.command(&command, Cause::Deadline, &mut outbound);
            }
            Effect::SetAside(unmatched) => {
                let (reason, text) = (unmatched.reason.as_str(), &unmatched.explanation);
                encoder.dead_letter(record, reason, text, &mut outbound);
            }
        }
    }
}

/// A SOAP envelope.
pub(super) fn soap(bytes: &[u8]) {
    handle(Input::CpeEvents, "text/xml", bytes);
}

/// A CPE event in protobuf or JSON.
pub(super) fn cpe_event(bytes: &[u8]) {
    let is_json = bytes.trim_ascii_start().first() == Some(&b'{');
    let content_type = if is_json {
        "application/json"
    } else {
        "application/x-protobuf"
    };
    handle(Input::CpeEvents, content_type, bytes);
}

/// A request or a notification; the first byte tells the format.
pub(super) fn request(bytes: &[u8]) {
    handle(Input::Requests, "", bytes);
}

/// A value whose format nothing tells; the first byte chooses the topic.
pub(super) fn unsure(bytes: &[u8]) {
    let Some((first, value)) = bytes.split_first() else {
        return;
    };
    let inputs = [Input::CpeEvents, Input::Requests];
    handle(inputs[usize::from(first % 2)], "", value);
}

/// A CloudEvent in structured mode.
pub(super) fn cloud_event(bytes: &[u8]) {
    for input in [Input::CpeEvents, Input::Requests] {
        handle(input, "application/cloudevents+json", bytes);
    }
}

/// A certificate file; the first byte chooses the media type.
pub(super) fn certificate(bytes: &[u8]) {
    let Some((first, file)) = bytes.split_first() else {
        return;
    };
    let formats = CertificateFile::FORMATS;
    let format = formats[usize::from(*first) % formats.len()];
    let content = match str::from_utf8(file) {
        Ok(text) if text.contains("-----BEGIN ") => text.to_owned(),
        Ok(_) | Err(_) => BASE64_STANDARD.encode(file),
    };
    if let Ok(file) = CertificateFile::read(format, &content)
        && let Some(certificate) = file.certificate
    {
        assert!(!certificate.serial_number.is_empty());
        assert!(!certificate.issuer_text().is_empty());
    }
}

/// A record of the node directory: the address up to the first line feed, and the value.
pub(super) fn node(bytes: &[u8]) {
    let at = bytes.iter().position(|byte| *byte == b'\n');
    let (address, value) = at.map_or((bytes, None), |at| (&bytes[..at], Some(&bytes[at + 1..])));
    let coordinates = coordinates();
    let record = Record {
        coordinates: &coordinates,
        key: Some(address),
        value,
        headers: &[],
    };
    if let Ok(NodeRecord::Known(address, device)) = read_node(record) {
        assert!(!address.is_empty());
        assert_eq!(DeviceId::from_key(device.key()).as_ref(), Ok(&device));
    }
}

/// A record of the changelog: the key up to the first line feed, and the value. What is read is written and read again.
pub(super) fn changelog(bytes: &[u8]) {
    let at = bytes.iter().position(|byte| *byte == b'\n');
    let (key, value) = at.map_or((bytes, None), |at| (&bytes[..at], Some(&bytes[at + 1..])));
    let decoder: Decoder = CONFIG.decoder();
    let Ok(entry) = decode(key, value, &decoder) else {
        return;
    };
    let mut outbound = Outbound::default();
    match &entry {
        ChangelogEntry::Forgotten(id) => encode_forgotten(id, &mut outbound),
        ChangelogEntry::Installation(installation) => {
            encode_installation(installation, &mut outbound);
            // A shard takes over whatever the changelog says.
            let mut correlator = Correlator::new(CONFIG.limits(1), CONFIG.rules());
            correlator.restore((**installation).clone());
            let mut effects = Effects::new();
            let end = NOW + Duration::from_secs(1 << 32);
            correlator.handle_timeout(end, end, 100, &mut effects);
        }
        ChangelogEntry::Ledger(ledger, shards) => encode_ledger(ledger, *shards, &mut outbound),
        ChangelogEntry::Pacing(pacing) => encode_pacing(pacing, &mut outbound),
        ChangelogEntry::Rest(device, until) => encode_rest(device, *until, &mut outbound),
        ChangelogEntry::Waiting(_, Some(request)) => encode_waiting(request, &mut outbound),
        ChangelogEntry::Waiting(coordinates, None) => encode_waited(coordinates, &mut outbound),
    }
    let key = outbound.key().expect("state has a key");
    let again = decode(key, outbound.value(), &decoder).expect("what was written is read");
    assert_eq!(again, entry);
}

/// A device key.
pub(super) fn device_key(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else {
        return;
    };
    let Ok(device) = DeviceId::from_key(text) else {
        return;
    };
    assert_eq!(DeviceId::from_key(device.key()).as_ref(), Ok(&device));
    let parts = DeviceId::new(
        &device.oui(),
        &device.product_class(),
        &device.serial_number(),
    );
    assert_eq!(parts.as_ref(), Ok(&device));
    let key = device.key().bytes();
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"_-%".contains(&b);
    assert!(key.into_iter().all(allowed), "{device}");
}

/// The configuration, as variables of the environment: a line holds the number of a key, and its value. What names files
/// is left out, and the properties of librdkafka with it, some of which load libraries.
pub(super) fn config(bytes: &[u8]) {
    let is_harmless = |path: &str| !path.ends_with("_file") && path != "kafka.properties";
    let keys: Vec<_> = KEYS.iter().filter(|key| is_harmless(key.path)).collect();
    let text = String::from_utf8_lossy(bytes);
    let lines = text.lines().filter_map(|line| {
        let mut characters = line.chars();
        let number = u32::from(characters.next()?);
        let key = keys[usize::try_from(number).ok()? % keys.len()];
        let name = key.path.to_ascii_uppercase().replace('.', "__");
        Some((
            format!("CREDBRIDGE__{name}"),
            characters.as_str().to_owned(),
        ))
    });
    match Config::read(None, lines.collect::<Vec<_>>().into_iter()) {
        Ok(config) => assert!(!config.to_yaml().is_empty()),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
