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

#[test]
fn derived_command_key_depends_on_application_and_coordinates_only() {
    let key = accepted(&good(), DEVICE).command_key;
    assert_eq!(key, derive_command_key("credbridge", &coordinates()));
    assert_eq!(key.as_str().len(), 32);
    assert!(
        key.as_str()
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    );
    let other = |application: &str, change: &dyn Fn(&mut Coordinates)| {
        let mut coordinates = coordinates();
        change(&mut coordinates);
        derive_command_key(application, &coordinates)
    };
    let others = [
        other("other", &|_| {}),
        other("credbridge", &|at| at.topic = "x".into()),
        other("credbridge", &|at| at.partition = 3),
        other("credbridge", &|at| at.offset = 42),
    ];
    assert!(!others.contains(&key));
}
