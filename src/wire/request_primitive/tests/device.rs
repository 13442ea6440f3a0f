use super::*;

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
    assert_eq!(&*response.request.primitive.request_identifier, "a1");
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
    message.device = Some(message_device(&DeviceId::from_key("00256D-9").unwrap()));
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
