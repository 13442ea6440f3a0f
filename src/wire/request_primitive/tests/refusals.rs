use super::*;

/// Where, what stands there, the answer's code, and what its text says. Lines of `path | JSON | code | text`; without
/// JSON the member is taken out.
const MISTAKES: &str = r#"
op | | 4000 | op (Operation) is missing
op | "1" | 4000 | op (Operation) must be a number
op | 6 | 4000 | op (Operation) 6 is no operation
ty | | 4000 | ty (Resource Type) is missing
ty | 14 | 4000 | ty (Resource Type) 14 does not match
ty | "13" | 4000 | ty (Resource Type) must be a number
fr | | 4000 | fr (From) is missing
fr | "" | 4000 | fr (From) is missing
fr | 7 | 4000 | fr (From) must be a text
to | | 4000 | to (To) is missing
rvi | "9" | 4001 | rvi (Release Version Indicator) "9"
rcn | 4 | 4000 | rcn (Result Content) 4
fc | {} | 4000 | fc (Filter Criteria) is not permitted
sqi | true | 4000 | sqi (Semantic Query Indicator) is not permitted
rt | 2 | 4000 | rt (Response Type) must be an object
rt | {} | 4000 | rt.rtv (Response Type Value) is missing
rt | {"rtv":0} | 4000 | rt.rtv (Response Type Value) is missing or 0
rt | {"rtv":6} | 4000 | rt.rtv (Response Type Value) 6
rt | {"rtv":2,"nu":"x"} | 4000 | rt: nu (Notification URI) must be a list
rt | {"rtv":2,"nu":[""]} | 4000 | rt.nu (Notification URI) has a target of 0
rqet | "tomorrow" | 4000 | rqet (Request Expiration Timestamp) "tomorrow"
rset | "20300101T000000" | 4000 | rset (Result Expiration Timestamp) must be later
ot | "x" | 4000 | ot (Originating Timestamp) "x"
oet | "tomorrow" | 4000 | oet (Operation Execution Time) "tomorrow"
oet | true | 4000 | oet (Operation Execution Time) must be
pc | | 4000 | pc (Content) is missing
pc | [] | 4000 | pc (Content) must be an object
pc | {} | 4000 | pc (Content) must have exactly one member
pc | {"m2m:cnt":{}} | 4000 | which is no mgmtObj
pc | {"m2m:fwr":{}} | 5001 | resources "m2m:fwr" (ty 13) are not implemented
pc/dcfg:nycfc | 1 | 4000 | pc: dcfg:nycfc (myCertFileCred) must be an object
pc/m2m:nycfc | {} | 4000 | pc (Content) must have exactly one member
nycfc/mgd | | 4000 | mgd (mgmtDefinition) is missing
nycfc/mgd | 1024 | 4000 | mgd (mgmtDefinition) 1024
nycfc/mgs | "x" | 4000 | mgs (mgmtSchema) is not permitted
nycfc/ri | "x" | 4000 | ri (resourceID) is not permitted
nycfc/pi | "x" | 4000 | pi (parentID) is not permitted
nycfc/ct | "x" | 4000 | ct (creationTime) is not permitted
nycfc/lt | "x" | 4000 | lt (lastModifiedTime) is not permitted
nycfc/ty | 13 | 4000 | ty (resourceType) is not permitted
nycfc/url | "x" | 4000 | "url" is no attribute
nycfc/et | "soon" | 4000 | et (expirationTime) "soon"
nycfc/et | true | 4000 | et (expirationTime) must be
nycfc/lbl | "x" | 4000 | lbl (labels) must be a list of texts
nycfc/suids | | 4000 | suids (SUIDs) is missing or empty
nycfc/suids | [] | 4000 | suids (SUIDs) is missing or empty
nycfc/suids | [99] | 4000 | 99 is not a SUID
nycfc/suids | [42,12] | 4000 | SUID 12 is for a symmetric key
nycfc/suids | ["42"] | 4000 | suids (SUIDs) must be a list of numbers
nycfc/mcff | | 4000 | mcff (myCertFileFormat) is missing
nycfc/mcff | "text/plain" | 4000 | mcff (myCertFileFormat): "text/plain"
nycfc/mcfc | | 4000 | mcfc (myCertFileContent) is missing
nycfc/mcfc | "" | 4000 | mcfc (myCertFileContent) is missing or empty
nycfc/mcfc | "secretKey" | 4000 | mcfc (myCertFileContent): the content is neither PEM
nycfc/obps | [""] | 4000 | obps (objectPaths) has a path of 0 bytes
nycfc/rn | "a/b" | 4000 | rn (resourceName) "a/b"
nycfc/rn | "" | 4000 | rn (resourceName) is empty
"#;

/// The good request with another value at a path of names, or without it.
fn spoiled(path: &str, value: Option<Value>) -> String {
    let mut request = good();
    let path = path.replace("nycfc/", "pc/dcfg:nycfc/");
    let (parent, name) = path.rsplit_once('/').unwrap_or(("", &path));
    let pointer = format!("/{parent}");
    let object = request
        .pointer_mut(pointer.trim_end_matches('/'))
        .and_then(Value::as_object_mut)
        .unwrap();
    match value {
        Some(value) => object.insert(name.to_owned(), value),
        None => Some(object.remove(name).unwrap()),
    };
    request.to_string()
}

fn assert_refused(path: &str, value: Option<Value>, code: u16, text: &str) {
    let refused = refused(&spoiled(path, value));
    let debug = &refused.debug;
    assert_eq!(refused.response_status_code.get(), code, "{path}: {debug}");
    assert!(debug.contains(text), "{path}: {debug}");
    let told = debug
        .replace("; allowed", "")
        .replace("; a certificate has", "");
    assert!(!told.contains("; "), "told once: {debug}");
    assert_eq!(refused.primitive.request_identifier(), "a1");
}

#[test]
fn every_mistake_is_refused_with_its_name() {
    for line in MISTAKES.trim().lines() {
        let [path, json, code, text] = line
            .splitn(4, '|')
            .map(str::trim)
            .collect::<Vec<_>>()
            .try_into()
            .unwrap();
        let value = (!json.is_empty()).then(|| serde_json::from_str(json).unwrap());
        assert_refused(path, value, code.parse().unwrap(), text);
    }
}

#[test]
fn overlong_values_are_refused_with_their_name() {
    let long = "A".repeat(200_000);
    let text = |text: &str| Some(json!(text));
    assert_refused("fr", text(&long), 4000, "fr (From) has 200000 bytes");
    assert_refused(
        "nycfc/mcfc",
        text(&long),
        4000,
        "mcfc (myCertFileContent): the file is larger",
    );
    assert_refused(
        "nycfc/rn",
        text(&long),
        4000,
        "rn (resourceName) has 200000 bytes",
    );
    let suids = Some(json!(vec![42; 65]));
    assert_refused("nycfc/suids", suids, 4000, "suids (SUIDs) has 65 numbers");
    let paths = Some(json!(vec!["D."; 17]));
    assert_refused("nycfc/obps", paths, 4000, "obps (objectPaths) has 17 paths");
}

#[test]
fn too_many_targets_are_refused() {
    let targets: Vec<String> = (0..17).map(|n| format!("/t{n}")).collect();
    let refused = refused(&spoiled("rt", Some(json!({"rtv": 2, "nu": targets}))));
    assert!(
        refused.debug.contains("more than 16 targets"),
        "{}",
        refused.debug
    );
}

#[test]
fn repeated_members_are_refused() {
    let text = good().to_string();
    let cases = [
        (
            text.replacen("\"op\":1", "\"op\":1,\"op\":1", 1),
            "op (Operation) comes more than once",
        ),
        (
            text.replacen("\"mgd\":", "\"mgd\":7,\"mgd\":", 1),
            "mgd (mgmtDefinition) comes more than once",
        ),
        (
            text.replacen("\"pc\":{", "\"pc\":{\"dcfg:nycfc\":{},", 1),
            "dcfg:nycfc (myCertFileCred) comes more than once",
        ),
        (
            text.replacen("\"op\":1", "\"q\":1,\"op\":1,\"q\":1", 1),
            "\"q\" comes more than once",
        ),
    ];
    for (payload, text) in cases {
        let refused = refused(&payload);
        assert_eq!(refused.response_status_code, ResponseStatusCode::BadRequest);
        assert!(refused.debug.contains(text), "{}", refused.debug);
    }
}

#[test]
fn broken_names_deep_inside_are_refused() {
    for payload in [
        good().to_string().replacen("\"mgd\"", "\"\\ud800\"", 1),
        good().to_string().replacen("\"rtv\"", "\"\\ud800\"", 1),
    ] {
        let refused = refused(&payload);
        assert!(
            refused.debug.contains("whose name is no text"),
            "{}",
            refused.debug
        );
    }
}

#[test]
fn all_mistakes_are_told_together_and_bounded() {
    let mut request = good();
    request["rvi"] = json!("9");
    request["rcn"] = json!(4);
    for n in 0..20 {
        request["pc"]["dcfg:nycfc"][format!("x{n}")] = json!(0);
    }
    let refused = refused(&request.to_string());
    assert_eq!(
        refused.response_status_code,
        ResponseStatusCode::ReleaseVersionNotSupported
    );
    assert!(
        refused.debug.ends_with("; and 14 more"),
        "{}",
        refused.debug
    );
}

#[test]
fn content_never_shows_in_an_answer() {
    for (path, value) in [
        ("nycfc/mcfc", json!("secretKey")),
        ("nycfc/mcfc", json!(["secretKey"])),
        ("pc", json!("secretKey")),
    ] {
        assert!(
            !refused(&spoiled(path, Some(value)))
                .debug
                .contains("secretKey")
        );
    }
    let error = unreadable(Format::Json, b"\"secretKey\"");
    assert!(!error.detail.contains("secretKey"), "{}", error.detail);
}

#[test]
fn what_nobody_can_answer_is_unreadable() {
    use DecodeReason as R;
    let no_rqi = spoiled("rqi", None);
    let number_rqi = spoiled("rqi", Some(json!(7)));
    let cases: [(Format, &[u8], R, &str); 17] = [
        (Format::Json, no_rqi.as_bytes(), R::InvalidField, "rqi"),
        (Format::Json, number_rqi.as_bytes(), R::InvalidField, "rqi"),
        (
            Format::Json,
            br#"{"m2m:sgn":[]}"#,
            R::InvalidField,
            "notification",
        ),
        (
            Format::Json,
            br#"{"m2m:agn":{}}"#,
            R::InvalidField,
            "has no list",
        ),
        (
            Format::Json,
            br#"{"op":5,"rqi":"a"}"#,
            R::InvalidField,
            "notification",
        ),
        (
            Format::Json,
            br#"{"rsc":2001,"rqi":"a"}"#,
            R::InvalidField,
            "response",
        ),
        (
            Format::Json,
            b"{\"op\":1",
            R::MalformedJson,
            "line 1, column 7",
        ),
        (Format::Cbor, b"\xA1\x63rqi\x07", R::InvalidField, "rqi"),
        (Format::Cbor, b"\xA1\x63rqi\x41a", R::InvalidField, "rqi"),
        (Format::Cbor, b"\x81\x01", R::MalformedCbor, "no map"),
        (Format::Cbor, b"\xA1\x63rqi", R::MalformedCbor, "too early"),
        (Format::Json, b"[1]", R::MalformedJson, "object"),
        (Format::Json, b"{} {}", R::MalformedJson, "not well-formed"),
        (
            Format::Json,
            b"{\"a\":\"\xFF\"}",
            R::MalformedJson,
            "UTF-8 from byte 6",
        ),
        (
            Format::Protobuf,
            b"\xFF\xFF",
            R::MalformedProtobuf,
            "CreateRequest",
        ),
        (Format::Protobuf, b"", R::InvalidField, "request_identifier"),
        (Format::Soap, b"<a/>", R::ContentTypeMismatch, "JSON"),
    ];
    for (format, payload, reason, text) in cases {
        let error = unreadable(format, payload);
        assert_eq!(error.reason, reason, "{}", error.detail);
        assert!(error.detail.contains(text), "{}", error.detail);
    }
}
