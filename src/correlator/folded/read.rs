use std::iter;
use std::sync::Arc;
use std::time::Duration;

use crate::cwmp::{CommandKey, DeviceId, DownloadFile};
use crate::onem2m::{
    Certificate, Expiry, MyCertFileCred, Operation, PrimitiveTexts, RequestPrimitive, ResponseType,
    Suid, TypeName,
};
use crate::record::Coordinates;
use crate::time::Timestamp;

use super::super::interned::Interned;
use super::super::{
    Ended, InstallationId, Open, Progress, Request, Retry, StagedFile, StoredResource,
};
use super::digits::{TRACE_BYTES, doubled, trace_text};
use super::{RESULT_CONTENTS, TRANSFERS};

/// Most bytes of a number, seven bits in each.
const NUMBER_BYTES_MAX: usize = 10;

/// Why nothing that is read here can be wrong.
const WRITTEN: &str = "it is read as it was written";

fn known<T>(value: Option<T>) -> T {
    value.expect("what is interned stays")
}

/// A value that installations may have in common.
enum Shared<'a> {
    Number(u32),
    Value(&'a [u8]),
}

/// Reads what [`super::write::Writer`] wrote.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    interned: &'a Interned,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8], interned: &'a Interned) -> Self {
        Self { bytes, interned }
    }

    pub(super) fn open(&mut self, id: &InstallationId, is_staged: bool) -> (Open, Timestamp) {
        let request = Arc::new(self.request(id));
        let [
            has_expiry,
            has_certificate,
            has_path,
            has_rows,
            has_remark,
            has_file,
            has_retry,
            has_target,
        ] = self.flags();
        let progress = self.position(&Progress::ALL);
        let handled_at = self.time();
        let deadline = Timestamp::from_millis(handled_at.as_millis().wrapping_add(self.number()));
        let open = Open {
            request,
            progress,
            handled_at,
            expires_at: has_expiry.then(|| self.time()),
            certificate: has_certificate.then(|| Certificate {
                serial_number: self.slice().into(),
                issuer: match self.shared() {
                    Shared::Number(number) => {
                        Arc::clone(known(self.interned.issuers.value(number)))
                    }
                    Shared::Value(bytes) => bytes.into(),
                },
            }),
            certificate_path: has_path.then(|| self.text().into()),
            rows_before: has_rows.then(|| self.texts()),
            remark: match has_remark {
                true => self.text().into(),
                false => Box::default(),
            },
            file: has_file.then(|| DownloadFile {
                content: self.slice().into(),
                size: self.number(),
            }),
            retry: has_retry.then(|| {
                let [is_due, is_paced] = self.flags();
                Box::new(Retry {
                    attempt: self.small(),
                    until: self.time(),
                    is_due,
                    is_paced,
                })
            }),
            staged: is_staged.then(|| {
                let [is_there] = self.flags();
                Box::new(StagedFile {
                    name: self.text().into(),
                    is_there,
                })
            }),
            target: has_target.then(|| Box::new(self.command_key())),
        };
        (open, deadline)
    }

    fn request(&mut self, id: &InstallationId) -> Request {
        let originator = self.originator();
        let texts = PrimitiveTexts {
            originator,
            request_identifier: self.text(),
            to: self.text(),
            release_version_indicator: self.originator(),
        };
        let [
            has_device,
            has_other_device,
            has_command_key,
            has_other_key,
            has_resource,
            has_record_key,
            is_key_the_device,
            has_trace,
            is_trace_halved,
            has_state,
            has_request_expiration,
            has_result_expiration,
        ] = self.flags();
        let device = match has_other_device {
            true => self.device(),
            false => id.device.clone(),
        };
        let command_key = match has_other_key {
            true => self.command_key(),
            false => id.command_key,
        };
        let operation = u32::try_from(self.number()).ok();
        let primitive = RequestPrimitive {
            operation: operation
                .and_then(|number| Operation::try_from(number).ok())
                .expect(WRITTEN),
            texts: texts.into(),
            response_type: self.response_type(),
            result_content: self.position(&RESULT_CONTENTS),
            request_expiration: has_request_expiration.then(|| self.expiry()),
            result_expiration: has_result_expiration.then(|| self.expiry()),
        };
        Request {
            device: has_device.then_some(device),
            command_key: has_command_key.then_some(command_key),
            primitive,
            resource: has_resource.then(|| self.resource()),
            coordinates: self.coordinates(),
            key: has_record_key.then(|| match is_key_the_device {
                true => id.device.share_key(id.device.key().as_bytes()),
                false => self.slice().into(),
            }),
            traceparent: has_trace.then(|| match is_trace_halved {
                true => trace_text(self.take(TRACE_BYTES)),
                false => self.slice().into(),
            }),
            tracestate: has_state.then(|| self.slice().into()),
        }
    }

    fn response_type(&mut self) -> ResponseType {
        let number = self.number();
        let targets = (number & 1 == 1).then(|| self.texts());
        match number >> 1 {
            0 => ResponseType::Blocking,
            1 => ResponseType::NonBlockingSynch,
            2 => ResponseType::NoResponse,
            3 => ResponseType::FlexBlocking(targets),
            _ => ResponseType::NonBlockingAsynch(targets),
        }
    }

    fn expiry(&mut self) -> Expiry {
        match self.number() {
            u64::MAX => Expiry::At(self.time()),
            millis => Expiry::After(Duration::from_millis(millis)),
        }
    }

    fn resource(&mut self) -> MyCertFileCred {
        let [is_m2m, has_paths, has_name] = self.flags();
        let suids = self.slice().iter();
        MyCertFileCred {
            type_name: match is_m2m {
                true => TypeName::M2m,
                false => TypeName::Dcfg,
            },
            suids: suids
                .map(|suid| Suid::try_from(u32::from(*suid)).expect(WRITTEN))
                .collect(),
            my_cert_file_format: self.shared_text(),
            object_paths: match has_paths {
                true => self.texts(),
                false => Box::default(),
            },
            resource_name: has_name.then(|| self.text().into()),
        }
    }

    pub(super) fn ended(&mut self) -> (Ended, Timestamp) {
        let [has_resource] = self.flags();
        let transfer = self.position(&TRANSFERS);
        let deadline = self.time();
        let ended = Ended {
            coordinates: self.coordinates(),
            transfer,
            resource: has_resource.then(|| {
                Box::new(StoredResource {
                    address: self.text().into(),
                    attributes: self.resource(),
                })
            }),
        };
        (ended, deadline)
    }

    fn coordinates(&mut self) -> Coordinates {
        Coordinates {
            topic: self.shared_text(),
            partition: u32::try_from(self.number()).expect(WRITTEN).cast_signed(),
            offset: self.number().cast_signed(),
        }
    }

    pub(super) fn device(&mut self) -> DeviceId {
        DeviceId::from_key(self.text()).expect(WRITTEN)
    }

    pub(super) fn command_key(&mut self) -> CommandKey {
        let mut digits = [0; CommandKey::BYTES_MAX];
        let text = match self.text() {
            "" => {
                doubled(self.take(CommandKey::BYTES_MAX / 2), &mut digits);
                str::from_utf8(&digits).expect(WRITTEN)
            }
            text => text,
        };
        CommandKey::try_from(text).expect(WRITTEN)
    }

    pub(super) fn originator(&mut self) -> &'a str {
        match self.shared() {
            Shared::Number(number) => known(self.interned.originators.value(number)).as_ref(),
            Shared::Value(bytes) => str::from_utf8(bytes).expect(WRITTEN),
        }
    }

    fn shared_text(&mut self) -> Arc<str> {
        match self.shared() {
            Shared::Number(number) => Arc::clone(known(self.interned.texts.value(number))),
            Shared::Value(bytes) => str::from_utf8(bytes).expect(WRITTEN).into(),
        }
    }

    fn shared(&mut self) -> Shared<'a> {
        match self.number() {
            0 => Shared::Value(self.slice()),
            number => Shared::Number(u32::try_from(number - 1).expect(WRITTEN)),
        }
    }

    fn position<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::from(self.small())]
    }

    pub(super) fn flags<const N: usize>(&mut self) -> [bool; N] {
        let bits = self.number();
        std::array::from_fn(|number| bits >> number & 1 == 1)
    }

    fn time(&mut self) -> Timestamp {
        Timestamp::from_millis(self.number())
    }

    fn texts(&mut self) -> Box<[Box<str>]> {
        let count = self.length();
        iter::repeat_with(|| self.text().into())
            .take(count)
            .collect()
    }

    pub(super) fn text(&mut self) -> &'a str {
        str::from_utf8(self.slice()).expect(WRITTEN)
    }

    fn slice(&mut self) -> &'a [u8] {
        let length = self.length();
        self.take(length)
    }

    fn take(&mut self, length: usize) -> &'a [u8] {
        self.bytes.split_off(..length).expect(WRITTEN)
    }

    fn length(&mut self) -> usize {
        usize::try_from(self.number()).expect(WRITTEN)
    }

    fn small(&mut self) -> u16 {
        u16::try_from(self.number()).expect(WRITTEN)
    }

    fn number(&mut self) -> u64 {
        let bytes = self.bytes.iter().take(NUMBER_BYTES_MAX);
        let (mut number, mut length) = (0, 0);
        for (index, byte) in bytes.enumerate() {
            number |= u64::from(byte & 0x7F) << (7 * index);
            length = index + 1;
            if *byte < 0x80 {
                break;
            }
        }
        self.take(length);
        number
    }
}
