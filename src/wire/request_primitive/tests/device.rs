use super::*;
use crate::wire::{Input, Nodes};

#[test]
fn device_is_taken_from_the_first_place_that_names_it() {
    let mut message = good_message();
    let mut device =
        |headers: &[Header<'_>], key: Option<&[u8]>, change: &dyn Fn(&mut r#gen::CreateRequest)| {
            change(&mut message);
            let payload = message.encode_to_vec();
            with_event(Format::Protobuf, &payload, headers, key, |event| {
                event.unwrap().device.key().to_owned()
            })
        };
    let key = Some(&b"00256D-4"[..]);
    assert_eq!(device(&[], key, &|_| {}), "00256D-4");
    assert_eq!(
        device(&[], key, &|message| message.to = "/cse1/00256D-3".into()),
        "00256D-3"
    );
    assert_eq!(
        device(&[("cwmp-device-id", b"00256D-2")], key, &|_| {}),
        "00256D-2"
    );
    let of_message = |message: &mut r#gen::CreateRequest| {
        message.device = Some(r#gen::DeviceId {
            oui: "00256D".into(),
            product_class: String::new(),
            serial_number: "1".into(),
        });
    };
    assert_eq!(device(&[], key, &of_message), "00256D-1");
    assert_eq!(
        device(&[("cwmp-device-id", b"00256D-%31")], key, &of_message),
        "00256D-1"
    );
}

#[test]
fn request_without_device_is_answered_and_set_aside() {
    let (response, error) = homeless(&good(), &[("traceparent", b"00-1")]);
    assert_eq!(error.reason, DecodeReason::DeviceMissing);
    assert_eq!(
        response.response_status_code,
        ResponseStatusCode::ExternalObjectNotReachable
    );
    assert_eq!(response.kind, ResponseKind::Final);
    assert_eq!(response.debug, error.detail);
    assert_eq!(response.request.primitive.request_identifier(), "a1");
    assert_eq!(response.request.traceparent.as_deref(), Some(&b"00-1"[..]));
    assert_eq!(
        (&response.request.device, &response.request.resource),
        (&None, &None)
    );
}

#[test]
fn wrong_request_without_device_is_told_what_is_wrong_with_it() {
    let mut request = good();
    request["rcn"] = json!(4);
    let (response, error) = homeless(&request, &[]);
    assert_eq!(error.reason, DecodeReason::DeviceMissing);
    assert_eq!(
        response.response_status_code,
        ResponseStatusCode::BadRequest
    );
    assert!(response.debug.contains("rcn"), "{}", response.debug);
}

#[test]
fn nobody_is_answered_who_wants_no_response() {
    let mut request = good();
    request["rt"] = json!({"rtv": 5});
    let payload = request.to_string();
    let reason = with_event(
        Format::Json,
        payload.as_bytes(),
        &[],
        None,
        |event| match event {
            Err(Undecoded::Unreadable(error)) => error.reason,
            other => panic!("{other:?}"),
        },
    );
    assert_eq!(reason, DecodeReason::DeviceMissing);
}

#[test]
fn contradicting_and_broken_devices_are_answered_and_set_aside() {
    let (response, error) = homeless(&good(), &[("cwmp-device-id", b"no key")]);
    assert_eq!(error.reason, DecodeReason::InvalidField);
    assert_eq!(
        response.response_status_code,
        ResponseStatusCode::BadRequest
    );
    let mut message = good_message();
    message.device = Some((&DeviceId::from_key("00256D-9").unwrap()).into());
    let payload = message.encode_to_vec();
    let (code, reason) = with_event(
        Format::Protobuf,
        &payload,
        DEVICE,
        None,
        |event| match event {
            Err(Undecoded::Homeless(response, error)) => {
                (response.response_status_code.get(), error.reason)
            }
            other => panic!("{other:?}"),
        },
    );
    assert_eq!((code, reason), (4000, DecodeReason::DeviceMismatch));
}

/// What a decoder with a directory makes of the good request, and what it asked the directory.
fn asking(
    headers: &[Header<'_>],
    key: Option<&[u8]>,
    request: &Value,
) -> (Result<String, DecodeReason>, NodeLookups) {
    let nodes = Nodes::new(10);
    let device = DeviceId::from_key("00256D-IGD-7").unwrap();
    nodes.set("/cse1/nodes/7", &device).unwrap();
    let mut decoder = decoder();
    decoder.nodes = Some(Arc::new(nodes));
    asking_of(&decoder, headers, key, request)
}

fn asking_of(
    decoder: &Decoder,
    headers: &[Header<'_>],
    key: Option<&[u8]>,
    request: &Value,
) -> (Result<String, DecodeReason>, NodeLookups) {
    let payload = request.to_string();
    let coordinates = coordinates();
    let record = Record {
        coordinates: &coordinates,
        key,
        value: Some(payload.as_bytes()),
        headers,
    };
    let mut lookups = NodeLookups::default();
    let device = match decoder.decode_noting(Input::Requests, record, &mut lookups) {
        Ok(Decoded::One(event)) => Ok(event.device.key().to_owned()),
        Ok(Decoded::Several(several)) => panic!("{several:?}"),
        Err(Undecoded::Homeless(_, error)) => Err(error.reason),
        Err(error) => panic!("{error:?}"),
    };
    (device, lookups)
}

fn to(address: &str) -> Value {
    let mut request = good();
    request["to"] = json!(address);
    request
}

#[test]
fn directory_comes_after_the_target_and_before_the_key() {
    let key = Some(&b"00256D-4"[..]);
    let (device, lookups) = asking(&[], key, &to("/cse1/nodes/7"));
    assert_eq!(device.unwrap(), "00256D-IGD-7");
    assert_eq!(&*lookups.found[0].0, "/cse1/nodes/7");
    assert_eq!(lookups.missing, None);
    for (headers, target, device) in [
        (DEVICE, "/cse1/nodes/7", "00256D-IGD-1"),
        (&[], "/cse1/00256D-3", "00256D-3"),
        (&[], "/cse1/nodes/8", "00256D-4"),
    ] {
        let (found, lookups) = asking(headers, key, &to(target));
        assert_eq!(found.unwrap(), device);
        assert!(
            lookups.found.is_empty() && lookups.missing.is_none(),
            "{lookups:?}"
        );
    }
}

#[test]
fn node_of_a_resource_that_exists_is_its_parent() {
    let request = |operation: u32, target: &str| json!({"op": operation, "to": target, "fr": "Sc", "rqi": "r1", "rvi": "3"});
    for operation in [2, 4] {
        let (device, lookups) = asking(&[], None, &request(operation, "/cse1/nodes/7/cred"));
        assert_eq!(device.unwrap(), "00256D-IGD-7");
        assert_eq!(&*lookups.found[0].0, "/cse1/nodes/7");
        let (device, lookups) = asking(&[], None, &request(operation, "/cse1/nodes/8/cred/"));
        assert_eq!(device, Err(DecodeReason::DeviceMissing));
        assert_eq!(lookups.missing.as_deref(), Some("/cse1/nodes/8"));
    }
}

#[test]
fn unknown_node_is_told_unless_the_request_is_wrong_anyway() {
    let (device, lookups) = asking(&[], Some(b"no key"), &to("/cse1/nodes/8"));
    assert_eq!(device, Err(DecodeReason::DeviceMissing));
    assert_eq!(lookups.missing.as_deref(), Some("/cse1/nodes/8"));
    let mut wrong = to("/cse1/nodes/8");
    wrong["rcn"] = json!(4);
    assert_eq!(asking(&[], None, &wrong).1.missing, None);
}

#[test]
fn forwarded_record_keeps_the_device_that_was_found_where_it_was_read() {
    let headers = [(NodeLookups::HEADER, &b"/cse1/nodes/7 00256D-IGD-6"[..])];
    let forwarded = |target| {
        let mut decoder = decoder();
        decoder.hears_forwarder = true;
        asking_of(&decoder, &headers, None, &to(target)).0
    };
    assert_eq!(forwarded("/cse1/nodes/7").unwrap(), "00256D-IGD-6");
    let missing = Err(DecodeReason::DeviceMissing);
    assert_eq!(forwarded("/cse1/nodes/9"), missing);
    // Whoever writes it into an input is not heard.
    let (device, lookups) = asking(&headers, None, &to("/cse1/nodes/7"));
    assert_eq!(device.unwrap(), "00256D-IGD-7");
    assert_eq!(lookups.found.len(), 1);
}
