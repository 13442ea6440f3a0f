use anyhow::{Context as _, bail};
use prost::Message as _;
use serde_json::Value;

use crate::record::Record;
use crate::wire::r#gen::CreateResponse;

/// A response as the CSE of the fleet understands it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Answer {
    pub(super) request_identifier: String,
    pub(super) response_status_code: u16,
}

impl Answer {
    /// Reads a record of the response topic: a primitive in JSON or CBOR or the protobuf message, told by its
    /// content-type.
    pub(super) fn read(record: &Record<'_>) -> anyhow::Result<Self> {
        let value = record.value.context("the response has no value")?;
        let content_type = record
            .header_text("content-type")
            .context("the response has no content-type")?;
        match content_type.split(';').next().unwrap_or_default().trim() {
            "application/x-protobuf" | "application/protobuf" => {
                let response =
                    CreateResponse::decode(value).context("no protobuf CreateResponse")?;
                Self::new(
                    &response.request_identifier,
                    u64::from(response.response_status_code),
                )
            }
            "application/vnd.onem2m-prsp+json" | "application/json" => {
                Self::of_primitive(&serde_json::from_slice(value).context("no JSON primitive")?)
            }
            "application/vnd.onem2m-prsp+cbor" | "application/cbor" => {
                Self::of_primitive(&ciborium::from_reader(value).context("no CBOR primitive")?)
            }
            other => bail!("content-type {other} is none of a response that the fleet reads"),
        }
    }

    fn of_primitive(primitive: &Value) -> anyhow::Result<Self> {
        Self::new(
            primitive["rqi"].as_str().context("no rqi")?,
            primitive["rsc"].as_u64().context("no rsc")?,
        )
    }

    fn new(request_identifier: &str, code: u64) -> anyhow::Result<Self> {
        Ok(Self {
            request_identifier: request_identifier.to_owned(),
            response_status_code: u16::try_from(code).context("no Response Status Code")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_record::TestRecord;
    use super::*;

    #[test]
    fn all_formats_say_the_same() {
        let message = CreateResponse {
            response_status_code: 4000,
            request_identifier: "a1".to_owned(),
            ..CreateResponse::default()
        };
        let expected = Answer::new("a1", 4000).unwrap();
        let json = TestRecord::new(br#"{"rsc":4000,"rqi":"a1","rvi":"3"}"#)
            .header("content-type", "application/vnd.onem2m-prsp+json");
        let protobuf = TestRecord::new(&message.encode_to_vec())
            .header("content-type", "application/x-protobuf");
        let cbor = TestRecord::new(b"\xA2\x63rsc\x19\x0F\xA0\x63rqi\x62a1")
            .header("content-type", "application/vnd.onem2m-prsp+cbor");
        assert_eq!(cbor.with(Answer::read).unwrap(), expected);
        assert_eq!(json.with(Answer::read).unwrap(), expected);
        assert_eq!(protobuf.with(Answer::read).unwrap(), expected);
    }

    #[test]
    fn a_response_without_code_is_an_error() {
        let record = TestRecord::new(br#"{"rqi":"a1"}"#).header("content-type", "application/json");
        assert!(record.with(Answer::read).is_err());
    }
}
