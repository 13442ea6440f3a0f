use crate::cwmp::{CommandKey, DownloadFile};
use crate::onem2m::{
    Certificate, Expiry, MyCertFileCred, RequestPrimitive, ResponseType, TypeName,
};
use crate::record::Coordinates;
use crate::time::Timestamp;

use super::super::interned::Interned;
use super::super::{
    Ended, InstallationId, Open, Progress, Request, Retry, StagedFile, StoredResource,
};
use super::digits::{halved, trace_bytes};
use super::{RESULT_CONTENTS, TRANSFERS};

/// Writes the parts of an installation one behind the other.
pub(super) struct Writer<'a> {
    bytes: &'a mut Vec<u8>,
    interned: &'a Interned,
}

impl<'a> Writer<'a> {
    pub(super) const fn new(bytes: &'a mut Vec<u8>, interned: &'a Interned) -> Self {
        Self { bytes, interned }
    }

    pub(super) fn open(&mut self, open: &Open, id: &InstallationId, deadline: Timestamp) {
        let Open {
            request,
            progress,
            handled_at,
            expires_at,
            certificate,
            certificate_path,
            rows_before,
            remark,
            file,
            retry,
            staged,
            target,
        } = open;
        self.request(request, id);
        self.flags(&[
            expires_at.is_some(),
            certificate.is_some(),
            certificate_path.is_some(),
            rows_before.is_some(),
            !remark.is_empty(),
            file.is_some(),
            retry.is_some(),
            target.is_some(),
        ]);
        self.position(&Progress::ALL, *progress);
        self.time(*handled_at);
        self.number(deadline.as_millis().wrapping_sub(handled_at.as_millis()));
        expires_at.iter().for_each(|time| self.time(*time));
        if let Some(Certificate {
            serial_number,
            issuer,
        }) = certificate
        {
            self.slice(serial_number);
            self.shared(self.interned.issuers.number(issuer), issuer);
        }
        certificate_path.iter().for_each(|path| self.text(path));
        rows_before.iter().for_each(|rows| self.texts(rows));
        if !remark.is_empty() {
            self.text(remark);
        }
        if let Some(DownloadFile { content, size }) = file {
            self.slice(content);
            self.number(*size);
        }
        if let Some(Retry {
            attempt,
            until,
            is_due,
            is_paced,
        }) = retry.as_deref()
        {
            self.flags(&[*is_due, *is_paced]);
            self.number((*attempt).into());
            self.time(*until);
        }
        if let Some(StagedFile { name, is_there }) = staged.as_deref() {
            self.flags(&[*is_there]);
            self.text(name);
        }
        target.iter().for_each(|key| self.command_key(key));
    }

    fn request(&mut self, request: &Request, id: &InstallationId) {
        let Request {
            device,
            command_key,
            primitive,
            resource,
            coordinates,
            key,
            traceparent,
            tracestate,
        } = request;
        let RequestPrimitive {
            operation,
            texts: _,
            response_type,
            result_content,
            request_expiration,
            result_expiration,
        } = primitive;
        self.originator(primitive.originator());
        self.text(primitive.request_identifier());
        self.text(primitive.to());
        self.originator(primitive.release_version_indicator());
        let other_device = device.as_ref().filter(|device| **device != id.device);
        let other_key = command_key.filter(|key| *key != id.command_key);
        let is_key_the_device = key.as_deref() == Some(id.device.key().as_bytes());
        let trace = traceparent.as_deref().and_then(trace_bytes);
        self.flags(&[
            device.is_some(),
            other_device.is_some(),
            command_key.is_some(),
            other_key.is_some(),
            resource.is_some(),
            key.is_some(),
            is_key_the_device,
            traceparent.is_some(),
            trace.is_some(),
            tracestate.is_some(),
            request_expiration.is_some(),
            result_expiration.is_some(),
        ]);
        other_device.iter().for_each(|other| self.text(other.key()));
        other_key.iter().for_each(|key| self.command_key(key));
        self.number(operation.get().into());
        self.response_type(response_type);
        self.position(&RESULT_CONTENTS, *result_content);
        for expiry in [request_expiration, result_expiration]
            .into_iter()
            .flatten()
        {
            self.expiry(*expiry);
        }
        resource.iter().for_each(|resource| self.resource(resource));
        self.coordinates(coordinates);
        if let Some(key) = key.as_deref().filter(|_| !is_key_the_device) {
            self.slice(key);
        }
        match (&trace, traceparent) {
            (Some(trace), _) => self.bytes.extend_from_slice(trace),
            (None, Some(traceparent)) => self.slice(traceparent),
            (None, None) => {}
        }
        tracestate.iter().for_each(|state| self.slice(state));
    }

    fn response_type(&mut self, response_type: &ResponseType) {
        let (number, targets) = match response_type {
            ResponseType::Blocking => (0, None),
            ResponseType::NonBlockingSynch => (1, None),
            ResponseType::NoResponse => (2, None),
            ResponseType::FlexBlocking(targets) => (3, targets.as_deref()),
            ResponseType::NonBlockingAsynch(targets) => (4, targets.as_deref()),
        };
        self.number(number << 1 | u64::from(targets.is_some()));
        targets.iter().for_each(|targets| self.texts(targets));
    }

    fn expiry(&mut self, expiry: Expiry) {
        match expiry {
            Expiry::At(time) => {
                self.number(u64::MAX);
                self.time(time);
            }
            // A primitive gives milliseconds.
            Expiry::After(duration) => {
                self.number(u64::try_from(duration.as_millis()).expect("they came as 64 bits"));
            }
        }
    }

    fn resource(&mut self, resource: &MyCertFileCred) {
        let MyCertFileCred {
            type_name,
            suids,
            my_cert_file_format,
            object_paths,
            resource_name,
        } = resource;
        self.flags(&[
            *type_name == TypeName::M2m,
            !object_paths.is_empty(),
            resource_name.is_some(),
        ]);
        self.number(suids.len() as u64);
        self.bytes.extend(suids.iter().map(|suid| suid.get()));
        let format = my_cert_file_format;
        self.shared(self.interned.texts.number(format), format.as_bytes());
        if !object_paths.is_empty() {
            self.texts(object_paths);
        }
        resource_name.iter().for_each(|name| self.text(name));
    }

    pub(super) fn ended(&mut self, ended: &Ended, deadline: Timestamp) {
        let Ended {
            coordinates,
            transfer,
            resource,
        } = ended;
        self.flags(&[resource.is_some()]);
        self.position(&TRANSFERS, *transfer);
        self.time(deadline);
        self.coordinates(coordinates);
        if let Some(StoredResource {
            address,
            attributes,
        }) = resource.as_deref()
        {
            self.text(address);
            self.resource(attributes);
        }
    }

    fn coordinates(&mut self, coordinates: &Coordinates) {
        let Coordinates {
            topic,
            partition,
            offset,
        } = coordinates;
        self.shared(self.interned.texts.number(topic), topic.as_bytes());
        self.number((*partition).cast_unsigned().into());
        self.number((*offset).cast_unsigned());
    }

    /// The derived ones are hexadecimal, and take half of their length.
    pub(super) fn command_key(&mut self, key: &CommandKey) {
        let text = key.as_str();
        let digits: Option<[u8; CommandKey::BYTES_MAX / 2]> = halved(text.as_bytes());
        match digits {
            Some(digits) => {
                self.number(0);
                self.bytes.extend_from_slice(&digits);
            }
            None => self.text(text),
        }
    }

    fn originator(&mut self, text: &str) {
        self.shared(self.interned.originators.number(text), text.as_bytes());
    }

    /// A value by its number, or as it is.
    fn shared(&mut self, number: Option<u32>, value: &[u8]) {
        match number {
            Some(number) => self.number(u64::from(number) + 1),
            None => {
                self.number(0);
                self.slice(value);
            }
        }
    }

    fn position<T: PartialEq>(&mut self, all: &[T], one: T) {
        let position = all.iter().position(|other| *other == one);
        self.number(position.expect("all are listed") as u64);
    }

    pub(super) fn flags(&mut self, flags: &[bool]) {
        let bits = flags.iter().rev();
        self.number(bits.fold(0, |bits, flag| bits << 1 | u64::from(*flag)));
    }

    fn time(&mut self, time: Timestamp) {
        self.number(time.as_millis());
    }

    fn texts(&mut self, texts: &[Box<str>]) {
        self.number(texts.len() as u64);
        texts.iter().for_each(|text| self.text(text));
    }

    pub(super) fn text(&mut self, text: &str) {
        self.slice(text.as_bytes());
    }

    fn slice(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.bytes.extend_from_slice(bytes);
    }

    fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push(number.to_le_bytes()[0] | 0x80);
            number >>= 7;
        }
        self.bytes.push(number.to_le_bytes()[0]);
    }
}
