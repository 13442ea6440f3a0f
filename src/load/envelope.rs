use quick_xml::escape::escape;

use crate::wire::r#gen::CpeEvent;
use crate::wire::r#gen::cpe_event::Event;

/// The row that is told beside the envelope of a TransferComplete, which has no place for it.
pub(super) fn certificate_path(event: &CpeEvent) -> Option<&str> {
    match &event.event {
        Some(Event::TransferComplete(transfer)) if !transfer.certificate_path.is_empty() => {
            Some(&transfer.certificate_path)
        }
        _ => None,
    }
}

/// The SOAP envelope in which a CPE sends the event.
///
/// # Panics
/// If the event is none that this fleet sends.
pub(super) fn write(event: &CpeEvent) -> String {
    let id = if event.command_id.is_empty() {
        // A call of the CPE itself carries an id of its own choice.
        "1"
    } else {
        &event.command_id
    };
    format!(
        concat!(
            r#"<?xml version="1.0" encoding="UTF-8"?>"#,
            r#"<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" "#,
            r#"xmlns:soap-enc="http://schemas.xmlsoap.org/soap/encoding/" "#,
            r#"xmlns:xsd="http://www.w3.org/2001/XMLSchema" "#,
            r#"xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" "#,
            r#"xmlns:cwmp="urn:dslforum-org:cwmp-1-2">"#,
            r#"<soap:Header><cwmp:ID soap:mustUnderstand="1">{}</cwmp:ID></soap:Header>"#,
            r#"<soap:Body>{}</soap:Body></soap:Envelope>"#
        ),
        escape(id),
        body(event)
    )
}

/// Times that a CPE without a clock gives (TR-106 3.2.2).
const UNKNOWN_TIMES: &str =
    "<StartTime>0001-01-01T00:00:00Z</StartTime><CompleteTime>0001-01-01T00:00:00Z</CompleteTime>";

fn body(event: &CpeEvent) -> String {
    match event.event.as_ref() {
        Some(Event::DownloadResponse(response)) => format!(
            "<cwmp:DownloadResponse><Status>{}</Status>{UNKNOWN_TIMES}</cwmp:DownloadResponse>",
            response.status
        ),
        Some(Event::TransferComplete(transfer)) => {
            let (code, text) = transfer.fault.as_ref().map_or((0, ""), |fault| {
                (fault.fault_code, fault.fault_string.as_str())
            });
            format!(
                "<cwmp:TransferComplete><CommandKey>{}</CommandKey><FaultStruct><FaultCode>{code}</FaultCode>\
                 <FaultString>{}</FaultString></FaultStruct>{UNKNOWN_TIMES}</cwmp:TransferComplete>",
                escape(&transfer.command_key),
                escape(text)
            )
        }
        Some(Event::SetParameterValuesResponse(response)) => format!(
            "<cwmp:SetParameterValuesResponse><Status>{}</Status></cwmp:SetParameterValuesResponse>",
            response.status
        ),
        Some(Event::GetParameterValuesResponse(response)) => {
            let parameters: String = response
                .parameters
                .iter()
                .map(|parameter| {
                    format!(
                        "<ParameterValueStruct><Name>{}</Name><Value xsi:type=\"{}\">{}</Value></ParameterValueStruct>",
                        escape(&parameter.name),
                        escape(&parameter.r#type),
                        escape(&parameter.value)
                    )
                })
                .collect();
            format!(
                "<cwmp:GetParameterValuesResponse><ParameterList \
                 soap-enc:arrayType=\"cwmp:ParameterValueStruct[{}]\">{parameters}</ParameterList>\
                 </cwmp:GetParameterValuesResponse>",
                response.parameters.len()
            )
        }
        Some(Event::Fault(fault)) => fault_body(fault),
        Some(_) | None => unreachable!("the fleet sends no other event"),
    }
}

fn fault_body(fault: &crate::wire::r#gen::Fault) -> String {
    let parameters: String = fault
        .set_parameter_values_faults
        .iter()
        .map(|parameter| {
            format!(
                "<SetParameterValuesFault><ParameterName>{}</ParameterName><FaultCode>{}</FaultCode>\
                 <FaultString>{}</FaultString></SetParameterValuesFault>",
                escape(&parameter.parameter_name),
                parameter.fault_code,
                escape(&parameter.fault_string)
            )
        })
        .collect();
    format!(
        "<soap:Fault><faultcode>Client</faultcode><faultstring>CWMP fault</faultstring><detail><cwmp:Fault>\
         <FaultCode>{}</FaultCode><FaultString>{}</FaultString>{parameters}</cwmp:Fault></detail></soap:Fault>",
        fault.fault_code,
        escape(&fault.fault_string)
    )
}

#[cfg(test)]
mod tests {
    use quick_xml::Reader;
    use quick_xml::events::Event as XmlEvent;

    use super::*;
    use crate::wire::r#gen::{
        DownloadResponse, Fault, FaultStruct, GetParameterValuesResponse, ParameterValue,
        SetParameterValuesFault, SetParameterValuesResponse, TransferComplete,
    };

    /// The names of the elements around each text, with the text.
    fn texts(event: Event) -> Vec<String> {
        let envelope = write(&CpeEvent {
            command_id: "k/set".to_owned(),
            event: Some(event),
            ..CpeEvent::default()
        });
        let mut reader = Reader::from_str(&envelope);
        let (mut path, mut texts) = (Vec::new(), Vec::new());
        loop {
            let event = reader.read_event().unwrap();
            if let XmlEvent::Start(start) = &event {
                path.push(start.name().as_ref().to_owned());
            } else if let XmlEvent::Text(text) = &event {
                texts.push(format!("{} {}", path[2..].join(" "), &**text));
            } else if let XmlEvent::End(_) = &event {
                path.pop();
            } else if let XmlEvent::Eof = &event {
                assert!(path.is_empty());
                return texts;
            }
        }
    }

    #[test]
    fn every_answer_has_its_envelope() {
        let transfer = TransferComplete {
            command_key: "k".to_owned(),
            fault: Some(FaultStruct {
                fault_code: 9015,
                fault_string: "no".to_owned(),
            }),
            ..TransferComplete::default()
        };
        let texts_of_transfer = texts(Event::TransferComplete(transfer));
        assert_eq!(
            texts_of_transfer[..4],
            [
                "cwmp:ID k/set",
                "cwmp:TransferComplete CommandKey k",
                "cwmp:TransferComplete FaultStruct FaultCode 9015",
                "cwmp:TransferComplete FaultStruct FaultString no",
            ]
        );
        let download = DownloadResponse {
            status: 1,
            ..DownloadResponse::default()
        };
        assert_eq!(
            texts(Event::DownloadResponse(download))[1],
            "cwmp:DownloadResponse Status 1"
        );
        let set = SetParameterValuesResponse { status: 1 };
        assert_eq!(
            texts(Event::SetParameterValuesResponse(set))[1..],
            ["cwmp:SetParameterValuesResponse Status 1"]
        );
    }

    #[test]
    fn a_table_has_names_and_values() {
        let response = GetParameterValuesResponse {
            parameters: vec![ParameterValue {
                name: "A.1.Issuer".to_owned(),
                value: "CN=x".to_owned(),
                r#type: "xsd:string".to_owned(),
            }],
        };
        let list = "cwmp:GetParameterValuesResponse ParameterList ParameterValueStruct";
        assert_eq!(
            texts(Event::GetParameterValuesResponse(response))[1..],
            [
                format!("{list} Name A.1.Issuer"),
                format!("{list} Value CN=x")
            ]
        );
    }

    #[test]
    fn a_fault_is_a_soap_fault() {
        let fault = Fault {
            fault_code: 9003,
            fault_string: "x".to_owned(),
            set_parameter_values_faults: vec![SetParameterValuesFault {
                parameter_name: "A.SUIDs".to_owned(),
                fault_code: 9007,
                fault_string: String::new(),
            }],
        };
        let texts = texts(Event::Fault(fault));
        assert_eq!(
            texts[1..4],
            [
                "soap:Fault faultcode Client",
                "soap:Fault faultstring CWMP fault",
                "soap:Fault detail cwmp:Fault FaultCode 9003",
            ]
        );
        let parameter = "soap:Fault detail cwmp:Fault SetParameterValuesFault";
        assert_eq!(
            texts[5..],
            [
                format!("{parameter} ParameterName A.SUIDs"),
                format!("{parameter} FaultCode 9007"),
            ]
        );
    }
}
