use serde_json::{Value, json};

use crate::correlator::{CreateRequest as Create, Event, EventKind};
use crate::cwmp::DeviceId;
use crate::record::{Coordinates, Header, Record};
use crate::wire::{CommandKeys, Decoded, Decoder, Input, Undecoded};

use super::*;

const LEAF: &str = include_str!("../../../tests/fixtures/certificates/leaf.pem");

const DEVICE: &[Header<'_>] = &[("cwmp-device-id", b"00256D-IGD-1")];

fn sgn(ri: &str) -> Value {
    json!({
        "nev": {"net": 3, "rep": {"dcfg:nycfc": {
            "ty": 13, "ri": ri, "pi": "node7", "ct": "20261122T205525,244594", "lt": "20261122T205525,244594",
            "et": "20301122T205525,244594", "rn": "cred-1", "mgd": 1023, "suids": [42, 43],
            "mcff": "application/x-pem-file", "mcfc": LEAF, "later": {},
        }}},
        "sur": "/cse1/00256D-IGD-7/sub1",
    })
}

fn decoded<T>(
    payload: &Value,
    offset: i64,
    headers: &[Header<'_>],
    look: impl FnOnce(Result<Decoded<'_>, Undecoded>) -> T,
) -> T {
    let decoder = Decoder {
        from_target: Some(regex::Regex::new("^/cse1/(?<device>[^/]+)$").unwrap()),
        ..Decoder::new(CommandKeys::new("credbridge"))
    };
    let coordinates = Coordinates {
        topic: "onem2m.requests".into(),
        partition: 0,
        offset,
    };
    let payload = payload.to_string();
    look(decoder.decode(
        Input::Requests,
        Record {
            coordinates: &coordinates,
            key: None,
            value: Some(payload.as_bytes()),
            headers,
        },
    ))
}

fn one(payload: &Value, headers: &[Header<'_>]) -> Result<(DeviceId, EventKind), Undecoded> {
    decoded(payload, 7, headers, |decoded| match decoded {
        Ok(Decoded::One(event)) => Ok((event.device, event.kind)),
        Ok(Decoded::Several(several)) => panic!("not one event: {several:?}"),
        Err(undecoded) => Err(undecoded),
    })
}

fn created(event: EventKind) -> Create {
    let EventKind::CreateRequest(create) = event else {
        panic!("not accepted: {event:?}");
    };
    *create
}

#[test]
fn creation_is_read_bare_and_in_a_notify_primitive() {
    let bare = json!({"m2m:sgn": sgn("cred7")});
    let notify = json!({"op": 5, "fr": "/cse1", "to": "/ae", "rqi": "n1", "rvi": "3", "pc": bare});
    for payload in [
        bare.clone(),
        notify.clone(),
        json!({"m2m:rqp": notify}),
        json!({"m2m:agn": {"m2m:sgn": [sgn("cred7")]}}),
        json!({"m2m:agn": [bare]}),
    ] {
        let (device, kind) = one(&payload, DEVICE).unwrap();
        assert_eq!(device.key(), "00256D-IGD-1");
        let create = created(kind);
        assert_eq!(create.primitive.notified_resource(), Some("cred7"));
        assert_eq!(create.primitive.originator(), "");
        assert_eq!(create.resource.suids.len(), 2);
        assert_eq!(&*create.content, LEAF.as_bytes());
    }
}

#[test]
fn subscription_tells_the_node_and_so_the_device() {
    let (device, _) = one(&json!({"m2m:sgn": sgn("cred7")}), &[]).unwrap();
    assert_eq!(device.key(), "00256D-IGD-7");
}

#[test]
fn command_key_depends_on_application_device_and_resource_only() {
    let key = |ri: &str, subscription: &str, offset, device: &[u8]| {
        let mut payload = json!({"m2m:sgn": sgn(ri)});
        payload["m2m:sgn"]["sur"] = json!(subscription);
        let headers = [("cwmp-device-id", device)];
        decoded(&payload, offset, &headers, |decoded| match decoded {
            Ok(Decoded::One(event)) => created(event.kind).command_key,
            other => panic!("{other:?}"),
        })
    };
    let first = key("cred7", "/cse1/a/sub1", 7, b"00256D-1");
    assert_eq!(first.as_str().len(), 32);
    assert_eq!(key("cred7", "/cse1/a/sub2", 8, b"00256D-1"), first);
    assert_ne!(key("cred8", "/cse1/a/sub1", 7, b"00256D-1"), first);
    assert_ne!(key("cred7", "/cse1/a/sub1", 7, b"00256D-2"), first);
}

#[test]
fn everything_else_is_foreign() {
    let with = |pointer: &str, value: Value| {
        let mut notification = sgn("cred7");
        *notification.pointer_mut(pointer).unwrap() = value;
        notification
    };
    for notification in [
        json!({"vrq": true, "sur": "/cse1/a/sub1", "cr": "/ae"}),
        json!({"sud": true, "sur": "/cse1/a/sub1"}),
        with("/nev/net", json!(1)),
        with("/nev/net", json!(2)),
        with("/nev/net", json!(4)),
        with("/nev/rep", json!({"m2m:uri": "cred7"})),
        with("/nev/rep", json!({"m2m:fwr": {"ri": "fwr1"}})),
        with("/nev/rep", json!({"m2m:sub": {"ri": "sub1"}})),
        json!({"nev": {"rep": {"m2m:fwr": {}}}, "sur": "/cse1/a/sub1"}),
    ] {
        let payload = json!({"m2m:sgn": notification});
        let (_, kind) = one(&payload, DEVICE).unwrap();
        assert_eq!(kind, EventKind::Foreign, "{payload}");
    }
    let nameless = json!({"m2m:sgn": {"vrq": true}});
    assert!(matches!(one(&nameless, &[]), Err(Undecoded::Foreign)));
}

#[test]
fn wrong_creation_is_refused_with_its_resource() {
    let mut notification = sgn("cred7");
    notification["nev"]["rep"]["dcfg:nycfc"]["suids"] = json!([99]);
    let payload = json!({"m2m:sgn": notification});
    let (_, kind) = one(&payload, DEVICE).unwrap();
    let EventKind::RefusedRequest(refused) = kind else {
        panic!("{kind:?}");
    };
    assert_eq!(refused.primitive.notified_resource(), Some("cred7"));
    assert!(refused.debug.contains("99"), "{}", refused.debug);
    let headers = [DEVICE[0], ("cwmp-command-key", b"mine")];
    let (_, kind) = one(&json!({"m2m:sgn": sgn("cred7")}), &headers).unwrap();
    assert!(matches!(kind, EventKind::RefusedRequest(_)), "{kind:?}");
}

#[test]
fn creation_that_cannot_be_told_from_others_is_unreadable() {
    let spoiled = |pointer: &str, value: Value| {
        let mut notification = sgn("cred7");
        *notification.pointer_mut(pointer).unwrap() = value;
        json!({"m2m:sgn": notification})
    };
    for payload in [
        spoiled("/nev/rep/dcfg:nycfc/ri", json!("")),
        spoiled("/nev/rep/dcfg:nycfc/ri", json!(7)),
        spoiled("/nev/rep/dcfg:nycfc", json!([])),
        spoiled("/nev/rep", json!("x")),
        spoiled("/nev/net", json!("3")),
        spoiled("/nev", json!(1)),
        json!({"m2m:sgn": sgn("a"), "m2m:agn": []}),
        json!({"m2m:agn": {"m2m:sgn": 1}}),
        json!({"op": 5, "rqi": "a", "pc": {"m2m:rsp": {}}}),
    ] {
        match one(&payload, DEVICE) {
            Err(Undecoded::Unreadable(error)) => {
                assert_eq!(error.reason, DecodeReason::InvalidField, "{payload}");
            }
            other => panic!("{payload}: {other:?}"),
        }
    }
}

#[test]
fn aggregate_gives_each_event_and_what_is_wrong_hides_none() {
    let mut wrong = sgn("cred8");
    wrong["nev"]["rep"]["dcfg:nycfc"]["ri"] = json!(null);
    let mut homeless = sgn("cred9");
    homeless["sur"] = json!("elsewhere");
    let verification = json!({"vrq": true, "sur": "elsewhere"});
    let payload = json!({"m2m:agn": {"m2m:sgn":
        [sgn("cred7"), wrong, verification, homeless, sgn("cred10")]}});
    decoded(&payload, 7, &[], |decoded| {
        let Ok(Decoded::Several(several)) = decoded else {
            panic!("{decoded:?}");
        };
        let resource = |event: &Event<'_>| created(event.kind.clone()).primitive.to().to_owned();
        let resources: Vec<_> = several.events.iter().map(resource).collect();
        assert_eq!(resources, ["cred7", "cred10"]);
        assert_eq!(several.homeless.len(), 1);
        let answer = &several.homeless[0];
        assert_eq!(answer.request.primitive.notified_resource(), Some("cred9"));
        assert_eq!(answer.response_status_code.get(), 6003);
        assert_eq!(several.error.unwrap().reason, DecodeReason::InvalidField);
    });
}

#[test]
fn aggregates_are_limited() {
    let payload =
        json!({"m2m:agn": {"m2m:sgn": vec![json!({"vrq": true}); NOTIFICATIONS_MAX + 1]}});
    match one(&payload, DEVICE) {
        Err(Undecoded::Unreadable(error)) => assert_eq!(error.reason, DecodeReason::TooLarge),
        other => panic!("{other:?}"),
    }
}
