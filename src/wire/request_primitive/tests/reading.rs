use super::*;

#[test]
fn every_part_of_a_good_request_is_read() {
    let request = accepted(&good(), DEVICE);
    let targets = Some(["/cse1/Ccfg".into(), "/cse1/Clog".into()].into());
    assert_eq!(
        request.primitive,
        RequestPrimitive {
            operation: Operation::Create,
            texts: PrimitiveTexts {
                request_identifier: "a1",
                originator: "/cse1/Ccfg",
                to: "/cse1/node7",
                release_version_indicator: "3",
            }
            .into(),
            response_type: ResponseType::NonBlockingAsynch(targets),
            result_content: ResultContent::HierarchicalAddressAndAttributes,
            request_expiration: Some(Expiry::At(Timestamp::from_millis(1_893_456_000_000))),
            result_expiration: Some(Expiry::At(Timestamp::from_millis(1_893_456_001_500))),
        }
    );
    assert_eq!(
        request.resource,
        MyCertFileCred {
            type_name: TypeName::Dcfg,
            suids: [42, 43].map(|suid| Suid::try_from(suid).unwrap()).into(),
            my_cert_file_format: "application/x-pem-file".into(),
            object_paths: ["Device.Security.Certificate.3.".into()].into(),
            resource_name: Some("cred-1".into()),
        }
    );
    assert_eq!(&*request.content, LEAF.as_bytes());
    let Some(certificate) = request.certificate else {
        panic!("no certificate");
    };
    assert_eq!(
        certificate.issuer_text(),
        "CN=Example CA,O=Example\\, Inc.,C=DE"
    );
}

#[test]
fn protobuf_json_and_cbor_give_the_same_request() {
    let mut request = good();
    for name in ["rt", "rqet", "rset", "ot", "rcn", "rvi"] {
        request.as_object_mut().unwrap().remove(name);
    }
    request["pc"]["dcfg:nycfc"] =
        json!({"mgd": 1023, "suids": [42], "mcff": "application/x-pem-file", "mcfc": LEAF});
    let payload = good_message().encode_to_vec();
    let of_protobuf = with_event(Format::Protobuf, &payload, DEVICE, None, |event| {
        event.unwrap().kind
    });
    assert_eq!(of_protobuf, kind(&request, DEVICE));
}

/// What JSON and protobuf say alike of a resource request.
fn asked(operation: u32, suids: &[u32], rcn: Option<u32>) -> EventKind {
    let mut request = json!({
        "op": operation, "to": "/cse1/00256D-1/cred", "fr": "/cse1/Ccfg", "rqi": "a1",
    });
    if !suids.is_empty() {
        request["pc"] = json!({"dcfg:nycfc": {"suids": suids}});
    }
    if let Some(rcn) = rcn {
        request["rcn"] = rcn.into();
    }
    let message = r#gen::CreateRequest {
        operation,
        to: "/cse1/00256D-1/cred".into(),
        from: "/cse1/Ccfg".into(),
        request_identifier: "a1".into(),
        suids: suids.to_vec(),
        result_content: rcn,
        ..r#gen::CreateRequest::default()
    };
    let of_json = kind(&request, &[]);
    let payload = message.encode_to_vec();
    let of_protobuf = with_event(Format::Protobuf, &payload, &[], None, |event| {
        let event = event.unwrap();
        assert_eq!(event.device.key(), "00256D-1");
        event.kind
    });
    assert_eq!(of_json, of_protobuf);
    of_json
}

#[test]
fn requests_about_a_resource_are_read_with_the_device_of_its_node() {
    for (operation, suids, content) in [
        (Operation::Retrieve, &[][..], ResultContent::Attributes),
        (Operation::Update, &[41, 41], ResultContent::Attributes),
        (Operation::Delete, &[], ResultContent::Nothing),
    ] {
        let EventKind::ResourceRequest(request) = asked(operation.get().into(), suids, None) else {
            panic!("{operation:?} is refused");
        };
        assert_eq!(request.primitive.operation, operation);
        assert_eq!(request.primitive.result_content, content);
        let read: Vec<u32> = request.suids.iter().map(|suid| suid.get().into()).collect();
        assert_eq!(read, if suids.is_empty() { vec![] } else { vec![41] });
    }
}

#[test]
fn wrong_requests_about_a_resource_are_answered() {
    for (operation, suids, rcn, code) in [
        (2, &[][..], Some(4), 5001),
        (2, &[], Some(0), 4000),
        (3, &[99], None, 4000),
        (3, &[41], Some(3), 4000),
        (4, &[], Some(9), 4000),
    ] {
        let EventKind::RefusedRequest(refused) = asked(operation, suids, rcn) else {
            panic!("{operation} {suids:?} {rcn:?} is taken");
        };
        assert_eq!(refused.response_status_code.get(), code);
    }
    let labels = json!({
        "op": 3, "to": "/cse1/00256D-1/cred", "fr": "/cse1/Ccfg", "rqi": "a1",
        "pc": {"dcfg:nycfc": {"lbl": ["x"]}},
    });
    let EventKind::RefusedRequest(refused) = kind(&labels, &[]) else {
        panic!("an update without SUIDs is taken");
    };
    assert_eq!(refused.response_status_code.get(), 5001);
}

#[test]
fn older_type_name_and_wrapped_primitive_are_read() {
    let mut request = good();
    let resource = request["pc"]["dcfg:nycfc"].take();
    request["pc"] = json!({"m2m:nycfc": resource});
    let wrapped = accepted(&json!({"m2m:rqp": request}), DEVICE);
    assert_eq!(wrapped.resource.type_name, TypeName::M2m);
}

#[test]
fn parameters_of_later_releases_are_passed_over() {
    let mut request = good();
    request["rvi"] = json!("5");
    request["zzz"] = json!({"a": [1]});
    assert_eq!(
        accepted(&request, DEVICE).primitive.request_identifier(),
        "a1"
    );
}

#[test]
fn response_types_are_told_apart() {
    let nu = || Some(["/t".into()].into());
    let cases = [
        (json!({"rtv": 1}), ResponseType::NonBlockingSynch),
        (json!({"rtv": 2}), ResponseType::NonBlockingAsynch(None)),
        (
            json!({"rtv": 2, "nu": []}),
            ResponseType::NonBlockingAsynch(Some(Box::default())),
        ),
        (json!({"rtv": 3}), ResponseType::Blocking),
        (
            json!({"rtv": 4, "nu": ["/t"]}),
            ResponseType::FlexBlocking(nu()),
        ),
        (json!({"rtv": 5}), ResponseType::NoResponse),
    ];
    for (rt, expected) in cases {
        let mut request = good();
        request["rt"] = rt;
        assert_eq!(accepted(&request, DEVICE).primitive.response_type, expected);
    }
    let mut request = good();
    request.as_object_mut().unwrap().remove("rt");
    assert_eq!(
        accepted(&request, DEVICE).primitive.response_type,
        ResponseType::Blocking
    );
}

#[test]
fn relative_times_count_from_handling() {
    let mut request = good();
    request["pc"]["dcfg:nycfc"]["et"] = json!("2000");
    request["rqet"] = json!(1000);
    request["rset"] = json!("1001");
    let create = accepted(&request, DEVICE);
    let read = create.primitive;
    let after = |millis| Some(Expiry::After(std::time::Duration::from_millis(millis)));
    assert_eq!(create.expiration_time, after(2000));
    assert_eq!(
        (read.request_expiration, read.result_expiration),
        (after(1000), after(1001))
    );
}
