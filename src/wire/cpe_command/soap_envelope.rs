use std::fmt;
use std::io::Write as _;

use crate::correlator::Command;
use crate::cwmp::{DeviceId, Download, GetParameterValues, Rpc, SetParameterValues};
use crate::wire::Encoder;

const START: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
<soap-env:Envelope xmlns:soap-env=\"http://schemas.xmlsoap.org/soap/envelope/\" \
xmlns:soap-enc=\"http://schemas.xmlsoap.org/soap/encoding/\" \
xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" \
xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
xmlns:cwmp=\"urn:dslforum-org:cwmp-1-2\">\
<soap-env:Header><cwmp:ID soap-env:mustUnderstand=\"1\">";

/// Writes the envelope that the CPE gets.
pub(super) fn write(encoder: &Encoder, command: &Command, out: &mut Vec<u8>) {
    append(
        out,
        format_args!(
            "{START}{}</cwmp:ID></soap-env:Header><soap-env:Body>",
            Escaped(&command.id().to_string())
        ),
    );
    match &command.rpc {
        Rpc::CancelTransfer(command_key) => append(
            out,
            format_args!(
                "<cwmp:CancelTransfer><CommandKey>{}</CommandKey></cwmp:CancelTransfer>",
                Escaped(command_key.as_str())
            ),
        ),
        Rpc::Download(arguments) => download(encoder, command.device(), arguments, out),
        Rpc::GetParameterValues(arguments) => get_parameter_values(arguments, out),
        Rpc::SetParameterValues(arguments) => set_parameter_values(arguments, out),
    }
    append(out, format_args!("</soap-env:Body></soap-env:Envelope>"));
}

/// TR-069 A.3.2.8: all ten arguments, in the order of the schema.
fn download(encoder: &Encoder, device: &DeviceId, arguments: &Download, out: &mut Vec<u8>) {
    let login = encoder.logins.of(&arguments.url);
    append(
        out,
        format_args!(
            "<cwmp:Download><CommandKey>{}</CommandKey><FileType>{}</FileType><URL>{}</URL>\
             <Username>{}</Username><Password>{}</Password><FileSize>{}</FileSize><TargetFileName></TargetFileName>\
             <DelaySeconds>0</DelaySeconds><SuccessURL></SuccessURL><FailureURL></FailureURL></cwmp:Download>",
            Escaped(arguments.command_key.as_str()),
            Escaped(encoder.file_type.of(device)),
            Escaped(&arguments.url),
            Escaped(&login.username),
            Escaped(&login.password),
            arguments.file_size,
        ),
    );
}

/// TR-069 A.3.2.2.
fn get_parameter_values(arguments: &GetParameterValues, out: &mut Vec<u8>) {
    append(
        out,
        format_args!(
            "<cwmp:GetParameterValues><ParameterNames soap-enc:arrayType=\"xsd:string[{}]\">",
            arguments.names.len()
        ),
    );
    for name in &arguments.names {
        append(out, format_args!("<string>{}</string>", Escaped(name)));
    }
    append(
        out,
        format_args!("</ParameterNames></cwmp:GetParameterValues>"),
    );
}

/// TR-069 A.3.2.1.
fn set_parameter_values(arguments: &SetParameterValues, out: &mut Vec<u8>) {
    append(
        out,
        format_args!(
            "<cwmp:SetParameterValues><ParameterList soap-enc:arrayType=\"cwmp:ParameterValueStruct[{}]\">",
            arguments.parameters.len()
        ),
    );
    for parameter in &arguments.parameters {
        append(
            out,
            format_args!(
                "<ParameterValueStruct><Name>{}</Name><Value xsi:type=\"{}\">{}</Value>\
                 </ParameterValueStruct>",
                Escaped(&parameter.name),
                parameter.value.type_name(),
                Escaped(parameter.value.text())
            ),
        );
    }
    append(
        out,
        format_args!(
            "</ParameterList><ParameterKey>{}</ParameterKey></cwmp:SetParameterValues>",
            Escaped(arguments.parameter_key.as_str())
        ),
    );
}

fn append(out: &mut Vec<u8>, text: fmt::Arguments<'_>) {
    out.write_fmt(text)
        .expect("writing to memory does not fail");
}

/// Text as the content of an element.
///
/// Control characters become references: a carriage return would otherwise be read as a line feed. What XML 1.0 cannot
/// hold at all is refused by the reader then, which is better than a CommandKey that was silently altered.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let special = |c: char| matches!(c, '<' | '>' | '&') || c.is_control();
        let mut rest = self.0;
        while let Some(at) = rest.find(special) {
            let (plain, from) = rest.split_at(at);
            f.write_str(plain)?;
            let mut characters = from.chars();
            match characters.next() {
                Some('<') => f.write_str("&lt;")?,
                Some('>') => f.write_str("&gt;")?,
                Some('&') => f.write_str("&amp;")?,
                Some(c) => write!(f, "&#{};", u32::from(c))?,
                None => {}
            }
            rest = characters.as_str();
        }
        f.write_str(rest)
    }
}
