//! When the ACS saw an event is told to people, and decides nothing.

use super::*;

#[test]
fn time_of_observation_that_is_none_is_as_absent() {
    let accepted = Ok(AnswerKind::DownloadResponse(DownloadStatus::Accepted));
    let times = [
        "foo",
        "",
        "0001-01-01T00:00:00",
        "2026-11-29T10:00:00",
        "2026-11-29T24:00:00Z",
        "2026-11-29T10:00:61Z",
        "\\u0041",
    ];
    let times = times.map(|time| format!("\"{time}\""));
    for time in times.iter().map(String::as_str).chain(["7", "{}", "null"]) {
        for name in ["observedAt", "observed_at"] {
            let json = format!(r#"{{"{name}":{time},"downloadResponse":{{"status":1}}}}"#);
            assert_eq!(answer(&json), accepted, "{json}");
            assert_eq!(read_json(json.as_bytes()).unwrap().observed_at, None);
        }
    }
    for twice in [
        r#"{"observedAt":"foo","commandId":"1","commandId":"2","downloadResponse":{"status":1}}"#,
        r#"{"observedAt":"foo","observed_at":"foo","downloadResponse":{"status":1}}"#,
    ] {
        assert_eq!(answer(twice), Err(Some(DecodeReason::MalformedJson)));
    }
    for (seconds, nanos, is_time) in [(i64::MAX, 0, false), (0, -1, false), (1, 1, true)] {
        let time = pbjson_types::Timestamp { seconds, nanos };
        let mut event = read_json(br#"{"downloadResponse":{"status":1}}"#).unwrap();
        event.observed_at = Some(time);
        let bytes = event.encode_to_vec();
        let expected = Some(time).filter(|_| is_time);
        assert_eq!(read_protobuf(&bytes).unwrap().observed_at, expected);
        assert!(kind(&bytes).is_ok());
    }
}
