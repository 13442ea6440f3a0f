use crate::wire::CommandKeys;

use super::*;

#[test]
fn assigned_command_key_is_used() {
    let headers = [DEVICE[0], ("cwmp-command-key", b"mine/1")];
    assert_eq!(accepted(&good(), &headers).command_key.as_str(), "mine/1");
    let mut message = good_message();
    message.command_key = "field".into();
    let payload = message.encode_to_vec();
    let key = with_event(Format::Protobuf, &payload, DEVICE, None, |event| {
        accepted_of(event.unwrap().kind).command_key.to_string()
    });
    assert_eq!(key, "field");
}

#[test]
fn unusable_command_keys_are_refused() {
    let payload = {
        let mut message = good_message();
        message.command_key = "field".into();
        message.encode_to_vec()
    };
    let debug = |format, payload: &[u8], key: &[u8]| {
        let headers = [DEVICE[0], ("cwmp-command-key", key)];
        with_event(format, payload, &headers, None, |event| {
            refused_of(event.unwrap().kind).debug
        })
    };
    let json = good().to_string();
    assert!(debug(Format::Json, json.as_bytes(), &[b'k'; 33]).contains("33 bytes"));
    assert!(debug(Format::Json, json.as_bytes(), b"\xFF").contains("not UTF-8"));
    assert!(debug(Format::Protobuf, &payload, b"other").contains("differ"));
}

/// As segments of a path they lead elsewhere, however they are written.
#[test]
fn keys_of_dots_are_refused_where_they_are_segments_of_a_path() {
    let mut message = good_message();
    let mut is_refused = |keys_in_path, key: &str| {
        message.command_key = key.into();
        let decoder = Decoder {
            keys_in_path,
            ..decoder()
        };
        let read = decoder.read_request_as(
            Format::Protobuf,
            &message.encode_to_vec(),
            Record {
                coordinates: &coordinates(),
                key: None,
                value: None,
                headers: DEVICE,
            },
        );
        let Ok(ReadPrimitive::Request(request, _)) = read else {
            panic!("a request");
        };
        let refusal = request.refusal();
        if let Some(refusal) = &refusal {
            assert_eq!(refusal.code, ResponseStatusCode::BadRequest);
            assert!(refusal.text.contains(&format!("{key:?}")), "{refusal:?}");
        }
        refusal.is_some()
    };
    assert!(is_refused(true, ".") && is_refused(true, ".."));
    assert!(!is_refused(true, "...") && !is_refused(true, ".a"));
    assert!(!is_refused(false, ".."));
}

#[test]
fn request_without_a_key_gets_that_of_its_coordinates() {
    let key = accepted(&good(), DEVICE).command_key;
    let keys = CommandKeys::new("credbridge");
    assert_eq!(key, keys.of_request(&coordinates()));
}
