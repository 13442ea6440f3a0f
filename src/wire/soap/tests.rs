//! The corpus of real envelopes, and what no corpus has.

mod corpus;
mod hostile;
mod plain;

use crate::wire::DecodeReason;
use crate::wire::cpe_event::Reading;
use crate::wire::r#gen::cpe_event::Event;
use crate::wire::r#gen::{CpeEvent, FaultStruct, ParameterInfo, ParameterValue, TransferComplete};

use super::read;

fn envelope(body: &str) -> String {
    format!(
        "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns:cwmp=\"urn:dslforum-org:cwmp-1-2\" \
         xmlns:xsi=\"i\"><s:Header><cwmp:ID s:mustUnderstand=\"1\">k1/set</cwmp:ID></s:Header><s:Body>{body}</s:Body></s:Envelope>"
    )
}

fn event(document: &[u8]) -> CpeEvent {
    match read(document, None) {
        Ok(Reading::Event(event)) => event,
        other => panic!("no event: {other:?}"),
    }
}

fn transfer(document: &[u8]) -> TransferComplete {
    match event(document).event {
        Some(Event::TransferComplete(transfer)) => transfer,
        other => panic!("no TransferComplete: {other:?}"),
    }
}

fn reason(document: &[u8]) -> Option<DecodeReason> {
    read(document, None).err().map(|error| error.reason)
}

#[test]
fn children_come_in_any_order_and_with_any_prefix() {
    let body = "<TransferComplete xmlns='x'><cwmp:CompleteTime>foo</cwmp:CompleteTime><StartTime/>\
                <cwmp:FaultStruct><cwmp:FaultString>no</cwmp:FaultString><cwmp:FaultCode> 9010\n</cwmp:FaultCode>\
                </cwmp:FaultStruct><CommandKey>k1</CommandKey></TransferComplete>";
    assert_eq!(
        transfer(envelope(body).as_bytes()),
        TransferComplete {
            command_key: "k1".into(),
            fault: Some(FaultStruct {
                fault_code: 9010,
                fault_string: "no".into(),
            }),
            complete_time: "foo".into(),
            ..TransferComplete::default()
        }
    );
}

#[test]
fn values_may_hold_cdata_comments_and_references() {
    let body = "<cwmp:TransferComplete><CommandKey>a&amp;b<!-- c --><![CDATA[<d>]]>&#x65;&#102;</CommandKey>\
                <FaultStruct>0</FaultStruct></cwmp:TransferComplete>";
    assert_eq!(transfer(envelope(body).as_bytes()).command_key, "a&b<d>ef");
}

#[test]
fn line_breaks_around_a_value_are_layout_and_spaces_are_not() {
    for (written, read) in [
        ("\n   k1\n  ", "k1"),
        (" k1 ", " k1 "),
        ("\r\n", ""),
        (" ", " "),
    ] {
        let body = format!(
            "<cwmp:TransferComplete><CommandKey>{written}</CommandKey></cwmp:TransferComplete>"
        );
        assert_eq!(transfer(envelope(&body).as_bytes()).command_key, read);
    }
}

#[test]
fn a_missing_or_empty_fault_code_is_not_success() {
    for fault in [
        "",
        "<FaultStruct/>",
        "<FaultStruct><FaultCode/></FaultStruct>",
        "<FaultStruct><FaultString>0</FaultString></FaultStruct>",
    ] {
        let body = format!("<cwmp:TransferComplete>{fault}</cwmp:TransferComplete>");
        assert_eq!(transfer(envelope(&body).as_bytes()).fault, None, "{fault}");
    }
}

#[test]
fn a_value_that_is_no_number_or_is_there_twice_is_refused() {
    for body in [
        "<cwmp:TransferComplete><FaultStruct><FaultCode>9o10</FaultCode></FaultStruct></cwmp:TransferComplete>",
        "<cwmp:TransferComplete><FaultStruct>-1</FaultStruct></cwmp:TransferComplete>",
        "<cwmp:TransferComplete><CommandKey>a</CommandKey><CommandKey>b</CommandKey></cwmp:TransferComplete>",
        "<cwmp:TransferComplete><FaultStruct>0</FaultStruct><FaultStruct>0</FaultStruct></cwmp:TransferComplete>",
        "<cwmp:TransferComplete><CommandKey><b>a</b></CommandKey></cwmp:TransferComplete>",
        "<cwmp:DownloadResponse><StartTime/></cwmp:DownloadResponse>",
        "<cwmp:DownloadResponse><Status/></cwmp:DownloadResponse>",
        "<cwmp:SetParameterValuesResponse/>",
    ] {
        let document = envelope(body);
        assert_eq!(
            reason(document.as_bytes()),
            Some(DecodeReason::InvalidField),
            "{body}"
        );
    }
}

#[test]
fn encodings_are_utf_8_and_latin_1() {
    let body = "<cwmp:TransferComplete><CommandKey>\u{e9}</CommandKey></cwmp:TransferComplete>";
    let document = envelope(body);
    let latin: Vec<u8> = document.chars().map(|c| c as u8).collect();
    let declared = [
        &b"<?xml version='1.0' encoding='ISO-8859-1'?>"[..],
        latin.as_slice(),
    ]
    .concat();
    assert_eq!(transfer(document.as_bytes()).command_key, "\u{e9}");
    assert_eq!(transfer(&declared).command_key, "\u{e9}");
    assert!(read(&latin, Some("Latin1")).is_ok());
    assert_eq!(reason(&latin), Some(DecodeReason::MalformedXml));
    let error = read(document.as_bytes(), Some("utf-16")).unwrap_err();
    assert!(error.detail.contains("utf-16"), "{error}");
}

#[test]
fn parameters_keep_their_order_and_type() {
    let body = "<cwmp:GetParameterValuesResponse><ParameterList s:arrayType='x'>\
                <ParameterValueStruct><Name>b</Name><Value xsi:type='xsd:string'>1</Value></ParameterValueStruct>\
                <ParameterValueStruct><Name>a</Name><Value/></ParameterValueStruct>\
                </ParameterList></cwmp:GetParameterValuesResponse>";
    let read = event(envelope(body).as_bytes());
    assert_eq!(read.command_id, "k1/set");
    let Some(Event::GetParameterValuesResponse(response)) = read.event else {
        panic!("{:?}", read.event);
    };
    let value = |name: &str, value: &str, r#type: &str| ParameterValue {
        name: name.into(),
        value: value.into(),
        r#type: r#type.into(),
    };
    assert_eq!(
        response.parameters,
        [value("b", "1", "xsd:string"), value("a", "", "")]
    );
}

#[test]
fn names_tell_what_is_writable() {
    let body = "<cwmp:GetParameterNamesResponse><ParameterList><ParameterInfoStruct><Name>a.</Name>\
                <Writable>true</Writable></ParameterInfoStruct></ParameterList></cwmp:GetParameterNamesResponse>";
    let Some(Event::GetParameterNamesResponse(response)) = event(envelope(body).as_bytes()).event
    else {
        panic!("no GetParameterNamesResponse");
    };
    assert_eq!(
        response.parameters,
        [ParameterInfo {
            name: "a.".into(),
            writable: true,
        }]
    );
}

#[test]
fn an_inform_is_foreign_and_names_its_device() {
    let body = "<cwmp:Inform><DeviceId><OUI>00256D</OUI><ProductClass/><SerialNumber>7</SerialNumber></DeviceId>\
                </cwmp:Inform>";
    let Ok(Reading::Foreign { rpc, device }) = read(envelope(body).as_bytes(), None) else {
        panic!("not foreign");
    };
    assert_eq!(rpc, "Inform");
    assert_eq!(
        device.map(|device| device.serial_number).as_deref(),
        Some("7")
    );
}

#[test]
fn a_fault_of_another_protocol_is_foreign_unless_it_answers_a_command() {
    let body = "<s:Fault><detail><UPnPError/></detail></s:Fault>";
    let answer = envelope(body);
    let Some(Event::Fault(fault)) = event(answer.as_bytes()).event else {
        panic!("no fault");
    };
    assert_eq!(fault.fault_code, 0);
    let call = answer.replace("k1/set", "");
    assert!(matches!(
        read(call.as_bytes(), None),
        Ok(Reading::Foreign { rpc, .. }) if rpc == "Fault"
    ));
}

#[test]
fn what_is_no_envelope_of_one_rpc_is_refused() {
    for document in [
        "<html/>".to_owned(),
        "<Envelope/>".to_owned(),
        envelope(""),
        envelope("<cwmp:Inform/><cwmp:TransferComplete/>"),
    ] {
        let error = read(document.as_bytes(), None).unwrap_err();
        assert_eq!(error.reason, DecodeReason::MalformedXml, "{document}");
        assert!(error.detail.starts_with("not a SOAP envelope"), "{error}");
    }
}
