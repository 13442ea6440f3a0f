//! What all workers share.

use crate::correlator::{EventKind, Limits};
use crate::mapping::Rules;
use crate::onem2m::Certificate;
use crate::record::Record;
use crate::runtime::application::Application;
use crate::runtime::staging::Stager;
use crate::wire::r#gen::CreateRequest;
use crate::wire::{CommandKeys, Decoded, Decoder, Encoder, Format, Input, Logins};

use super::super::fleet::message;
use super::super::kafka::{Topic, coordinates};

pub(in super::super) fn application(shards: i32, limits: Limits, rules: Rules) -> Application {
    Application {
        requests: vec![Topic::Requests.name().into()],
        cpe_events: vec![Topic::CpeEvents.name().into()],
        routed_topic: Topic::Routed.name().to_owned(),
        shards,
        limits,
        rules,
        decoder: decoder(),
        asking_decoder: decoder(),
        nodes: None,
        encoder: encoder(),
        stager: Some(Stager::idle()),
        tracer: None,
    }
}

fn decoder() -> Decoder {
    Decoder::new(CommandKeys::new("credbridge"))
}

fn encoder() -> Encoder {
    Encoder {
        commands: Format::Protobuf,
        responses: Format::Protobuf,
        file_type: "X 00256D Certificate".to_owned().into(),
        logins: Logins::new([]),
    }
}

/// What the bridge reads out of the certificate of a request.
pub(in super::super) fn certificate_of(request: &CreateRequest) -> Certificate {
    let written = message(request);
    let coordinates = coordinates((Topic::Requests, 0), 0);
    let headers = written.headers();
    let record = Record {
        coordinates: &coordinates,
        key: None,
        value: written.value.as_deref(),
        headers: &headers,
    };
    let decoded = decoder()
        .decode(Input::Requests, record)
        .expect("a valid request");
    let Decoded::One(event) = decoded else {
        panic!("a request is one event");
    };
    let EventKind::CreateRequest(create) = event.kind else {
        panic!("refused: {:?}", event.kind);
    };
    create.certificate.expect("a readable certificate")
}
