//! The hostile records, and what has to become of each.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use credbridge::wire::Input;

/// One record, and what has to become of it.
pub(crate) struct Hostile {
    pub(crate) name: &'static str,
    pub(crate) input: Input,
    pub(crate) key: Vec<u8>,
    pub(crate) value: Vec<u8>,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    /// The reason of its dead letter, `refused` with an answer, `foreign`, or `read`.
    pub(crate) outcome: &'static str,
}

/// Largest value that is looked into.
const MIB: usize = 1 << 20;

fn hostile(
    name: &'static str,
    input: Input,
    content_type: &str,
    value: impl Into<Vec<u8>>,
    outcome: &'static str,
) -> Hostile {
    let headers = [
        ("content-type", content_type),
        ("cwmp-device-id", "00256D-IGD-1"),
    ];
    Hostile {
        name,
        input,
        key: b"k".to_vec(),
        value: value.into(),
        headers: headers
            .map(|(name, value)| (name.to_owned(), value.into()))
            .into(),
        outcome,
    }
}

/// As often as it fits into so many bytes.
fn fill(item: &str, bytes: usize) -> String {
    item.repeat(bytes / item.len())
}

fn envelope(body: &str) -> String {
    format!(
        "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns:c=\"urn:dslforum-org:cwmp-1-0\"><s:Body>\
         {body}</s:Body></s:Envelope>"
    )
}

fn transfer_complete(command_key: &str) -> String {
    envelope(&format!(
        "<c:TransferComplete><CommandKey>{command_key}</CommandKey><FaultStruct>0</FaultStruct></c:TransferComplete>"
    ))
}

/// All of them.
pub(crate) fn all() -> Vec<Hostile> {
    [xml(), json(), cbor(), protobuf(), cloud_events(), headers()]
        .into_iter()
        .flatten()
        .collect()
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn xml() -> Vec<Hostile> {
    let laughs: String = (1..10)
        .map(|n| format!("<!ENTITY l{n} \"{}\">", format!("&l{};", n - 1).repeat(10)))
        .collect();
    let laughs = format!("<!DOCTYPE x [<!ENTITY l0 \"lol\">{laughs}]><x>&l9;</x>");
    let long = format!(
        "<!DOCTYPE x [<!ENTITY a \"{}\">]><x>{}</x>",
        fill("a", MIB / 2),
        fill("&a;", MIB / 4)
    );
    let file = "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><x>&e;</x>";
    let parameter = "<!DOCTYPE x [<!ENTITY % p SYSTEM \"http://127.0.0.1/d\"> %p;]><x/>";
    let attributes =
        |count: usize| -> String { (0..count).map(|n| format!(" a{n}='1'")).collect() };
    let prefixes = |count: usize| -> String {
        (0..count)
            .map(|n| format!("<p{n}:a xmlns:p{n}='u'>"))
            .collect()
    };
    let with = |name, document: String, outcome| {
        hostile(name, Input::CpeEvents, "text/xml", document, outcome)
    };
    let structs = format!(
        "<c:GetParameterValuesResponse><ParameterList>{}</ParameterList></c:GetParameterValuesResponse>",
        fill(
            "<ParameterValueStruct><Name/><Value/></ParameterValueStruct>",
            MIB - 1000
        )
    );
    vec![
        with("billion laughs", laughs, "malformed_xml"),
        with("one long entity, often", long, "malformed_xml"),
        with("external entity", file.into(), "malformed_xml"),
        with("parameter entity", parameter.into(), "malformed_xml"),
        with("document type", "<!DOCTYPE x><x/>".into(), "malformed_xml"),
        with("a million deep", "<a>".repeat(1_000_000), "too_large"),
        with(
            "deep, within 1 MiB",
            envelope(&fill("<a>", MIB - 1000)),
            "too_large",
        ),
        with(
            "a million attributes",
            envelope(&format!("<a{}/>", attributes(1_000_000))),
            "too_large",
        ),
        with(
            "attributes within 1 MiB",
            envelope(&format!("<a{}/>", attributes(90_000))),
            "too_large",
        ),
        with("prefixes", envelope(&prefixes(30)), "malformed_xml"),
        with(
            "100 MB of text",
            transfer_complete(&fill("a", 100_000_000)),
            "too_large",
        ),
        with(
            "text within 1 MiB",
            transfer_complete(&fill("a", MIB - 1000)),
            "invalid_command_key",
        ),
        with(
            "references",
            transfer_complete(&fill("&#65;", MIB - 1000)),
            "invalid_command_key",
        ),
        with(
            "a long name",
            envelope(&format!("<{}/>", fill("a", MIB - 1000))),
            "foreign",
        ),
        with(
            "a long prefix",
            envelope(&format!("<{}:a/>", fill("a", MIB - 1000))),
            "malformed_xml",
        ),
        with(
            "a comment",
            envelope(&format!("<!--{}-->", fill("a", MIB - 1000))),
            "malformed_xml",
        ),
        with("brackets", fill("<", MIB), "malformed_xml"),
        with("many parameters", envelope(&structs), "read"),
        with(
            "ISO-8859-1",
            envelope(&fill("\u{e9}", MIB - 1000)),
            "malformed_xml",
        ),
    ]
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn json() -> Vec<Hostile> {
    const PREFIX: &str = r#"{"op":1,"to":"/n","fr":"/a","rqi":"1","rvi":"3","ty":13"#;
    let request = |name, rest: String, outcome| {
        let text = format!("{PREFIX},{rest}}}");
        hostile(name, Input::Requests, "application/json", text, outcome)
    };
    let event = |name, text: String, outcome| {
        hostile(name, Input::CpeEvents, "application/json", text, outcome)
    };
    let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    let members = |bytes: usize| {
        let all = (0..bytes / 9).map(|n| format!("\"{n:05x}\":1"));
        all.collect::<Vec<_>>().join(",")
    };
    let resource = |attributes: String| format!(r#""pc":{{"dcfg:nycfc":{{{attributes}}}}}"#);
    let parameters = format!(
        r#"{{"getParameterValuesResponse":{{"parameters":[{}{{}}]}}}}"#,
        fill("{},", MIB - 1000)
    );
    let few = format!(
        r#"{{"getParameterValuesResponse":{{"parameters":[{}{{}}]}}}}"#,
        fill("{},", 60_000)
    );
    vec![
        request(
            "a million deep",
            format!("\"x\":{}", nested(1_000_000)),
            "too_large",
        ),
        request(
            "deep, within 1 MiB",
            format!("\"x\":{}", nested(500_000)),
            "too_large",
        ),
        request(
            "deep, and small",
            format!("\"pc\":{}", nested(30_000)),
            "refused",
        ),
        event(
            "an event, deep and small",
            nested(30_000),
            "content_type_mismatch",
        ),
        event("open brackets", fill("[", MIB), "content_type_mismatch"),
        event("open braces", fill("{\"a\":", MIB), "too_large"),
        request("many members", members(MIB - 1000), "too_large"),
        request("members, few enough", resource(members(200_000)), "refused"),
        request(
            "the same member",
            fill("\"x\":1,", 100_000) + "\"x\":1",
            "refused",
        ),
        request(
            "a long number",
            format!("\"rcn\":{}", fill("1", MIB - 1000)),
            "refused",
        ),
        request(
            "a long text",
            format!("\"rn\":\"{}\"", fill("a", MIB - 1000)),
            "refused",
        ),
        request(
            "escapes",
            format!("\"pc\":\"{}\"", fill("\\u0000", MIB - 1000)),
            "refused",
        ),
        request(
            "SUIDs",
            resource(format!("\"suids\":[{}42]", fill("42,", 60_000))),
            "refused",
        ),
        request(
            "paths",
            resource(format!("\"obps\":[{}\"\"]", fill("\"\",", 60_000))),
            "refused",
        ),
        event("many empty parameters", parameters, "too_large"),
        event("parameters, few enough", few, "read"),
        hostile(
            "many notifications",
            Input::Requests,
            "application/json",
            format!(
                r#"{{"m2m:agn":{{"m2m:sgn":[{}{{}}]}}}}"#,
                fill("{},", MIB - 1000)
            ),
            "too_large",
        ),
        hostile(
            "notifications in a small record",
            Input::Requests,
            "application/json",
            format!(
                r#"{{"m2m:agn":{{"m2m:sgn":[{}{{}}]}}}}"#,
                fill("{},", 60_000)
            ),
            "too_large",
        ),
    ]
}

fn cbor() -> Vec<Hostile> {
    let with = |name, value: Vec<u8>, outcome| {
        hostile(name, Input::Requests, "application/cbor", value, outcome)
    };
    let within_map = |bytes: &[u8]| [&b"\xA1\x61a"[..], bytes].concat();
    let huge = b"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF";
    let announced = |major: u8| within_map(&[&[major | 27][..], huge].concat());
    vec![
        with("announced bytes", announced(0x40), "malformed_cbor"),
        with("announced text", announced(0x60), "malformed_cbor"),
        with("announced array", announced(0x80), "malformed_cbor"),
        with("announced map", announced(0xA0), "malformed_cbor"),
        with(
            "open arrays",
            within_map(&vec![0x9F; MIB - 1000]),
            "too_large",
        ),
        with("open maps", vec![0xBF; MIB], "too_large"),
        with(
            "open texts",
            within_map(&vec![0x7F; MIB - 1000]),
            "too_large",
        ),
        with(
            "deep, and small",
            within_map(&vec![0x81; 30_000]),
            "too_large",
        ),
        with("tags", within_map(&vec![0xC1; 30_000]), "too_large"),
        with(
            "many items",
            within_map(&[&b"\x9A\x00\x0F\x00\x00"[..], &vec![0; 0x000F_0000]].concat()),
            "too_large",
        ),
        with(
            "empty maps",
            within_map(&[&[0x9F][..], &vec![0xA0; MIB - 1000], &[0xFF]].concat()),
            "too_large",
        ),
        with(
            "array in a name",
            [&b"\xA1\x99\x70\x00"[..], &vec![0; 0x7000]].concat(),
            "malformed_cbor",
        ),
    ]
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn protobuf() -> Vec<Hostile> {
    let event = |name, value: Vec<u8>, outcome| {
        hostile(
            name,
            Input::CpeEvents,
            "application/x-protobuf",
            value,
            outcome,
        )
    };
    let request = |name, value: Vec<u8>, outcome| {
        hostile(
            name,
            Input::Requests,
            "application/x-protobuf",
            value,
            outcome,
        )
    };
    // GetParameterValuesResponse is field 13; its parameters, and the faults of field 16, are messages.
    let message = |tag: &[u8], item: &[u8], count: usize| {
        let items = item.repeat(count);
        let mut value = tag.to_vec();
        prost::encoding::encode_varint(items.len() as u64, &mut value);
        [value, items].concat()
    };
    vec![
        event("endless varint", vec![0xFF; MIB], "malformed_protobuf"),
        event(
            "announced bytes",
            b"\x12\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7Fa".to_vec(),
            "malformed_protobuf",
        ),
        event("groups", vec![0x0B; MIB], "malformed_protobuf"),
        event(
            "many parameters",
            message(b"\x6A", b"\x0A\x00", 500_000),
            "too_large",
        ),
        event(
            "parameters, few enough",
            message(b"\x6A", b"\x0A\x00", 30_000),
            "read",
        ),
        event(
            "the same answer",
            b"\x6A\x02\x0A\x00".repeat(250_000),
            "too_large",
        ),
        event(
            "many faults",
            message(b"\x82\x01", b"\x1A\x00", 500_000),
            "too_large",
        ),
        event(
            "unknown fields",
            b"\xF8\x07\x01".repeat(340_000),
            "too_large",
        ),
        event(
            "unknown fields, few enough",
            b"\xF8\x07\x01".repeat(20_000),
            "malformed_protobuf",
        ),
        request("SUIDs", message(b"\x62", b"\x2A", MIB - 1000), "too_large"),
        request("targets", b"\x3A\x00".repeat(500_000), "too_large"),
        request("paths", b"\x7A\x00".repeat(500_000), "too_large"),
        request(
            "framing",
            [&[0; 5][..], &[0xFF; 100_000]].concat(),
            "malformed_protobuf",
        ),
    ]
}

fn cloud_events() -> Vec<Hostile> {
    let with = |name, text: String, outcome| {
        hostile(
            name,
            Input::CpeEvents,
            "application/cloudevents+json",
            text,
            outcome,
        )
    };
    let event = |rest: &str| format!(r#"{{"specversion":"1.0",{rest}}}"#);
    let base64 = BASE64_STANDARD.encode(vec![b'<'; 700_000]);
    let xml = r#""datacontenttype":"text/xml""#;
    vec![
        with(
            "base64",
            event(&format!("{xml},\"data_base64\":\"{base64}\"")),
            "malformed_xml",
        ),
        with(
            "deep data",
            event(&format!("\"data\":{}", fill("[", MIB - 1000))),
            "too_large",
        ),
        with(
            "an event in an event",
            event(&format!(
                "\"data\":{}",
                r#"{"specversion":"1.0","data":"#.repeat(20_000)
            )),
            "too_large",
        ),
        with(
            "escapes",
            event(&format!(
                "{xml},\"data\":\"{}\"",
                fill("<\\u0001", MIB - 1000)
            )),
            "malformed_xml",
        ),
    ]
}

fn headers() -> Vec<Hostile> {
    let with = |name, change: &dyn Fn(&mut Hostile), outcome| {
        let document = transfer_complete("k");
        let mut hostile = hostile(name, Input::CpeEvents, "text/xml", document, outcome);
        change(&mut hostile);
        hostile
    };
    let set = |at: usize, value: Vec<u8>| {
        move |hostile: &mut Hostile| hostile.headers[at].1 = value.clone()
    };
    let long = |byte: u8| vec![byte; MIB];
    vec![
        with(
            "thousands of headers",
            &|hostile| {
                let more = (0..10_000).map(|n| (format!("h{n}"), b"v".to_vec()));
                hostile.headers.extend(more);
            },
            "read",
        ),
        with(
            "the same header",
            &|hostile| {
                let again = ("cwmp-device-id".to_owned(), b"00256D-IGD-1".to_vec());
                hostile.headers.extend(std::iter::repeat_n(again, 10_000));
            },
            "read",
        ),
        with(
            "a long content-type",
            &set(0, long(b'a')),
            "content_type_mismatch",
        ),
        with(
            "a long charset",
            &set(0, [&b"text/xml;charset="[..], &long(b'a')].concat()),
            "malformed_xml",
        ),
        with(
            "many parameters",
            &set(0, [&b"text/xml"[..], &b";a=b".repeat(250_000)].concat()),
            "read",
        ),
        with("a long device", &set(1, long(b'a')), "invalid_field"),
        with(
            "a device of control characters",
            &set(1, long(1)),
            "invalid_field",
        ),
        with("a device of parts", &set(1, long(b'-')), "invalid_field"),
        with(
            "a device that is no text",
            &set(1, long(0xFF)),
            "invalid_field",
        ),
        with(
            "a long path",
            &|hostile| {
                hostile
                    .headers
                    .push(("cwmp-certificate-path".to_owned(), long(b'a')));
            },
            "invalid_field",
        ),
        with(
            "a long key",
            &|hostile| hostile.key = long(b'a'),
            "too_large",
        ),
    ]
}
