use anyhow::{Context as _, bail};
use prost::Message as _;
use quick_xml::Reader;
use quick_xml::events::Event as XmlEvent;

use crate::correlator::{CommandId, Step};
use crate::cwmp::DeviceId;
use crate::record::Record;
use crate::wire::r#gen::CpeCommand;
use crate::wire::r#gen::cpe_command::Rpc;

/// A command as the ACS of the fleet understands it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Command {
    pub(crate) id: String,
    /// The device key.
    pub(crate) device: String,
    pub(crate) call: Call,
}

/// What is to be called on the CPE, as far as it matters to the fleet.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Call {
    Cancel,
    Download {
        command_key: String,
    },
    /// What is to be listed before a Download: full paths, or partial paths with a dot at the end.
    List(Vec<String>),
    /// The same, to be looked up after it.
    Lookup(Vec<String>),
    Set(Vec<(String, String)>),
}

impl Call {
    /// A GetParameterValues; its id tells what for.
    fn to_read(names: Vec<String>, id: &str) -> Self {
        match CommandId::parse(id).map(|id| id.step) {
            Some(Step::List) => Self::List(names),
            Some(Step::Cancel | Step::Download | Step::Lookup | Step::Set) | None => {
                Self::Lookup(names)
            }
        }
    }

    pub(crate) const fn step(&self) -> Step {
        match self {
            Self::Cancel => Step::Cancel,
            Self::Download { .. } => Step::Download,
            Self::List(_) => Step::List,
            Self::Lookup(_) => Step::Lookup,
            Self::Set(_) => Step::Set,
        }
    }
}

impl Command {
    /// Reads a record of the command topic: protobuf, proto3 JSON or a SOAP envelope, told by its content-type.
    pub(crate) fn read(record: &Record<'_>) -> anyhow::Result<Self> {
        let value = record.value.context("the command has no value")?;
        let content_type = record
            .header_text("content-type")
            .context("the command has no content-type")?;
        match content_type.split(';').next().unwrap_or_default().trim() {
            "application/x-protobuf" | "application/protobuf" => {
                Self::from_message(CpeCommand::decode(value).context("no protobuf CpeCommand")?)
            }
            "application/json" => {
                Self::from_message(serde_json::from_slice(value).context("no JSON CpeCommand")?)
            }
            "text/xml" | "application/xml" | "application/soap+xml" => {
                let device = record
                    .header_text("cwmp-device-id")
                    .context("the envelope comes without the header cwmp-device-id")?;
                let text = std::str::from_utf8(value).context("the envelope is not UTF-8")?;
                Envelope::read(text)?.command(device)
            }
            other => bail!("content-type {other} is none of a command"),
        }
    }

    fn from_message(message: CpeCommand) -> anyhow::Result<Self> {
        let device = message.device.context("the command names no device")?;
        let device = DeviceId::new(&device.oui, &device.product_class, &device.serial_number)?;
        let call = match message.rpc.context("the command has no rpc")? {
            Rpc::CancelTransfer(_) => Call::Cancel,
            Rpc::Download(download) => Call::Download {
                command_key: download.command_key,
            },
            Rpc::GetParameterValues(asked) => Call::to_read(asked.names, &message.command_id),
            Rpc::SetParameterValues(set) => Call::Set(
                set.parameters
                    .into_iter()
                    .map(|parameter| (parameter.name, parameter.value))
                    .collect(),
            ),
            Rpc::GetParameterNames(_) => bail!("the bridge never sends GetParameterNames"),
        };
        Ok(Self {
            id: message.command_id,
            device: device.key().to_owned(),
            call,
        })
    }
}

/// What is picked out of an envelope.
#[derive(Debug, Default)]
struct Envelope {
    id: String,
    rpc: String,
    command_key: String,
    names: Vec<String>,
    values: Vec<String>,
}

impl Envelope {
    fn read(text: &str) -> anyhow::Result<Self> {
        let mut envelope = Self::default();
        let mut reader = Reader::from_str(text);
        let mut path: Vec<String> = Vec::new();
        let mut element_text = String::new();
        loop {
            let event = reader.read_event().context("the envelope is not XML")?;
            if let XmlEvent::Start(start) = &event {
                path.push(start.local_name().as_ref().to_owned());
                envelope.open(&path);
                element_text.clear();
            } else if let XmlEvent::Empty(start) = &event {
                path.push(start.local_name().as_ref().to_owned());
                envelope.open(&path);
                envelope.close(&path, "");
                path.pop();
            } else if let XmlEvent::Text(piece) = &event {
                element_text.push_str(piece);
            } else if let XmlEvent::End(_) = &event {
                envelope.close(&path, element_text.trim());
                element_text.clear();
                path.pop();
            } else if let XmlEvent::Eof = &event {
                return Ok(envelope);
            }
        }
    }

    fn open(&mut self, path: &[String]) {
        if let [_, body, rpc] = path
            && body == "Body"
        {
            self.rpc.clone_from(rpc);
        }
    }

    fn close(&mut self, path: &[String], text: &str) {
        match path.last().map(String::as_str) {
            Some("ID") => self.id = text.to_owned(),
            Some("CommandKey") => self.command_key = text.to_owned(),
            Some("Name" | "string") => self.names.push(text.to_owned()),
            Some("Value") => self.values.push(text.to_owned()),
            _ => {}
        }
    }

    fn command(self, device: &str) -> anyhow::Result<Command> {
        let call = match self.rpc.as_str() {
            "CancelTransfer" => Call::Cancel,
            "Download" => Call::Download {
                command_key: self.command_key,
            },
            "GetParameterValues" => Call::to_read(self.names, &self.id),
            "SetParameterValues" => Call::Set(self.names.into_iter().zip(self.values).collect()),
            other => bail!("the envelope holds the RPC {other:?}, which the bridge never sends"),
        };
        Ok(Command {
            id: self.id,
            device: device.to_owned(),
            call,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_record::TestRecord;
    use super::*;
    use crate::wire::r#gen as messages;

    fn read(content_type: &str, value: &[u8]) -> anyhow::Result<Command> {
        TestRecord::new(value)
            .header("content-type", content_type)
            .header("cwmp-device-id", "00256D-1")
            .with(Command::read)
    }

    fn download() -> CpeCommand {
        CpeCommand {
            command_id: "k1/download".to_owned(),
            device: Some(messages::DeviceId {
                oui: "00256D".to_owned(),
                product_class: String::new(),
                serial_number: "1".to_owned(),
            }),
            expires_at: None,
            rpc: Some(Rpc::Download(messages::Download {
                command_key: "k1".to_owned(),
                ..messages::Download::default()
            })),
        }
    }

    #[test]
    fn three_formats_say_the_same() {
        let soap = r#"<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:cwmp="urn:dslforum-org:cwmp-1-2">
            <e:Header><cwmp:ID e:mustUnderstand="1">k1/download</cwmp:ID></e:Header>
            <e:Body><cwmp:Download><CommandKey>k1</CommandKey><Username/></cwmp:Download></e:Body></e:Envelope>"#;
        let expected = Command {
            id: "k1/download".to_owned(),
            device: "00256D-1".to_owned(),
            call: Call::Download {
                command_key: "k1".to_owned(),
            },
        };
        let json = serde_json::to_vec(&download()).unwrap();
        let protobuf = download().encode_to_vec();
        assert_eq!(read("application/json", &json).unwrap(), expected);
        assert_eq!(read("application/x-protobuf", &protobuf).unwrap(), expected);
        assert_eq!(
            read("text/xml; charset=utf-8", soap.as_bytes()).unwrap(),
            expected
        );
    }

    #[test]
    fn an_envelope_gives_names_with_their_values() {
        let soap = r"<Envelope><Header><ID>k1/set</ID></Header><Body><SetParameterValues><ParameterList>
            <ParameterValueStruct><Name>A.1.SUIDs</Name><Value>42,43</Value></ParameterValueStruct>
            </ParameterList><ParameterKey>k1</ParameterKey></SetParameterValues></Body></Envelope>";
        let command = read("text/xml", soap.as_bytes()).unwrap();
        assert_eq!(
            command.call,
            Call::Set(vec![("A.1.SUIDs".to_owned(), "42,43".to_owned())])
        );
    }

    #[test]
    fn an_envelope_gives_the_names_to_look_up() {
        let soap = r"<Envelope><Header><ID>k1/lookup</ID></Header><Body><GetParameterValues><ParameterNames>
            <string>A.</string></ParameterNames></GetParameterValues></Body></Envelope>";
        let command = read("text/xml", soap.as_bytes()).unwrap();
        assert_eq!(command.call, Call::Lookup(vec!["A.".to_owned()]));
    }

    #[test]
    fn what_the_bridge_never_sends_is_an_error() {
        assert!(read("text/xml", b"<Envelope><Body><Reboot/></Body></Envelope>").is_err());
        assert!(read("text/plain", b"").is_err());
    }
}
