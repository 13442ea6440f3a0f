//! (test) The most naive right bridge, for one process and a moment: what the fleet says must lead it to the outcomes
//! that the judge expects.

mod reading;

use std::collections::BTreeMap;
use std::time::Duration;

use prost::Message as _;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use crate::config::Config;
use crate::cwmp::DeviceId;
use crate::record::{OwnedRecord, Record};
use crate::runtime::Stop;
use crate::wire::r#gen as messages;
use crate::wire::r#gen::cpe_command::Rpc;
use crate::wire::r#gen::cpe_event::Event;

use super::broker;
use super::clock::Clock;

use reading::{key_of, read_request, row};

/// Device key and CommandKey.
type Id = (String, String);

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Stage {
    Sent,
    Accepted,
    Lookup,
    Set,
    Ended,
}

#[derive(Debug)]
struct Installation {
    request: messages::CreateRequest,
    traceparent: String,
    stage: Stage,
    due: Duration,
}

pub(super) struct PerfectBridge<'c> {
    config: &'c Config,
    consumer: BaseConsumer,
    producer: BaseProducer,
    clock: Clock,
    installations: BTreeMap<Id, Installation>,
    early: BTreeMap<Id, (Duration, messages::TransferComplete, OwnedRecord)>,
    outputs: u64,
}

impl<'c> PerfectBridge<'c> {
    pub(super) fn new(config: &'c Config) -> Self {
        let consumer = broker::consumer(config).unwrap();
        let mut inputs = TopicPartitionList::new();
        for topic in [&config.topics.requests[0], &config.topics.cpe_events[0]] {
            for (partition, _, _) in broker::partitions(&consumer, topic).unwrap() {
                inputs
                    .add_partition_offset(topic, partition, Offset::Beginning)
                    .unwrap();
            }
        }
        consumer.assign(&inputs).unwrap();
        let producer = ClientConfig::new()
            .set("bootstrap.servers", &config.kafka.bootstrap_servers)
            .set("linger.ms", "1")
            .create()
            .unwrap();
        Self {
            config,
            consumer,
            producer,
            clock: Clock::start(),
            installations: BTreeMap::new(),
            early: BTreeMap::new(),
            outputs: 0,
        }
    }

    pub(super) fn run(mut self, stop: &Stop) {
        while !stop.is_requested() {
            let message = self.consumer.poll(Duration::from_millis(5));
            let record = message
                .and_then(Result::ok)
                .map(|message| broker::with_record(&message, |record| record.to_owned()));
            if let Some(record) = record {
                let headers = record.headers();
                self.on_record(&record.borrow(&headers));
            }
            self.on_time();
            self.producer.poll(Duration::ZERO);
        }
        self.producer.flush(Duration::from_secs(5)).unwrap();
    }

    fn on_record(&mut self, record: &Record<'_>) {
        let Some(value) = record.value else {
            return self.set_aside(record, "empty_value");
        };
        if *record.coordinates.topic == *self.config.topics.requests[0] {
            match read_request(record, value) {
                Ok((device, request)) => self.on_request(record, device, request),
                Err(reason) => self.set_aside(record, reason),
            }
        } else {
            match messages::CpeEvent::decode(value) {
                Ok(event) => self.on_event(record, event),
                Err(_) => self.set_aside(record, "malformed_protobuf"),
            }
        }
    }

    fn on_request(
        &mut self,
        record: &Record<'_>,
        device: String,
        request: messages::CreateRequest,
    ) {
        let command_key = if request.command_key.is_empty() {
            format!("k{}", self.outputs)
        } else {
            request.command_key.clone()
        };
        let id = (device, command_key.clone());
        let installation = Installation {
            request,
            traceparent: record.header_text("traceparent").unwrap().to_owned(),
            stage: Stage::Sent,
            due: self.clock.elapsed() + self.config.timeouts.accept,
        };
        self.installations.insert(id.clone(), installation);
        let download = messages::Download {
            command_key,
            ..messages::Download::default()
        };
        self.send(&id, "download", Rpc::Download(download));
        if let Some((_, transfer, _)) = self.early.remove(&id) {
            self.on_transfer(&id, &transfer);
        }
    }

    fn on_event(&mut self, record: &Record<'_>, event: messages::CpeEvent) {
        let device = key_of(&event.device.unwrap());
        let answered = event.command_id.split_once('/');
        let event = event.event.unwrap();
        if let Event::TransferComplete(transfer) = event {
            self.on_transfer_record(record, device, transfer);
        } else if let Some((key, step)) = answered {
            self.on_answer(&(device, key.to_owned()), step, event);
        } else {
            self.set_aside(record, "unknown_command_id");
        }
    }

    fn on_transfer_record(
        &mut self,
        record: &Record<'_>,
        device: String,
        transfer: messages::TransferComplete,
    ) {
        let id = (device, transfer.command_key.clone());
        if transfer.command_key.is_empty() {
            self.set_aside(record, "empty_command_key");
        } else if self.installations.contains_key(&id) {
            self.on_transfer(&id, &transfer);
        } else {
            let due = self.clock.elapsed() + self.config.timeouts.early_ttl;
            self.early.insert(id, (due, transfer, record.to_owned()));
        }
    }

    fn on_transfer(&mut self, id: &Id, transfer: &messages::TransferComplete) {
        if matches!(self.installations[id].stage, Stage::Sent | Stage::Accepted) {
            if transfer.fault.as_ref().unwrap().fault_code == 0 {
                self.on_stored(id, &transfer.certificate_path);
            } else {
                self.respond(id, 4000);
            }
        }
    }

    fn on_stored(&mut self, id: &Id, told: &str) {
        let request = &self.installations[id].request;
        match (told, request.object_paths.first().cloned()) {
            ("", None) => {
                self.enter(id, Stage::Lookup, self.config.timeouts.lookup);
                let lookup = messages::GetParameterValues {
                    names: vec!["Device.Security.Certificate.".to_owned()],
                };
                self.send(id, "lookup", Rpc::GetParameterValues(lookup));
            }
            ("", Some(path)) => self.set(id, &path),
            (path, _) => self.set(id, path),
        }
    }

    fn set(&mut self, id: &Id, path: &str) {
        let suids: Vec<String> = self.installations[id]
            .request
            .suids
            .iter()
            .map(ToString::to_string)
            .collect();
        let parameter = messages::ParameterValue {
            name: format!("{path}{}", self.config.set.parameter),
            value: suids.join(","),
            r#type: String::new(),
        };
        let set = messages::SetParameterValues {
            parameters: vec![parameter],
            parameter_key: String::new(),
        };
        self.enter(id, Stage::Set, self.config.timeouts.set);
        self.send(id, "set", Rpc::SetParameterValues(set));
    }

    fn on_answer(&mut self, id: &Id, step: &str, answer: Event) {
        match (self.installations[id].stage, answer) {
            (Stage::Sent, Event::DownloadResponse(response)) if response.status == 1 => {
                self.enter(id, Stage::Accepted, self.config.timeouts.transfer);
            }
            (Stage::Sent, Event::DownloadResponse(_)) => self.on_stored(id, ""),
            (Stage::Sent, Event::Fault(_)) if step == "download" => self.respond(id, 4000),
            (Stage::Lookup, Event::GetParameterValuesResponse(table)) => {
                let pem = &self.installations[id].request.my_cert_file_content;
                match row(&table.parameters, pem) {
                    Some(path) => self.set(id, &path),
                    None => self.respond(id, 6005),
                }
            }
            (Stage::Set, Event::SetParameterValuesResponse(_)) => self.respond(id, 2001),
            (Stage::Set, Event::Fault(fault)) => {
                let parameter = fault.set_parameter_values_faults.first();
                let code = parameter.map_or(fault.fault_code, |parameter| parameter.fault_code);
                self.respond(id, if code == 9005 { 5001 } else { 4000 });
            }
            _ => {}
        }
    }

    fn on_time(&mut self) {
        let now = self.clock.elapsed();
        let late: Vec<(Id, Stage)> = self
            .installations
            .iter()
            .filter(|(_, installation)| {
                installation.stage != Stage::Ended && installation.due <= now
            })
            .map(|(id, installation)| (id.clone(), installation.stage))
            .collect();
        for (id, stage) in late {
            self.respond(&id, if stage == Stage::Sent { 6021 } else { 4008 });
        }
        let strangers: Vec<Id> = self
            .early
            .iter()
            .filter(|(_, (due, _, _))| *due <= now)
            .map(|(id, _)| id.clone())
            .collect();
        for id in strangers {
            let (_, _, record) = self.early.remove(&id).unwrap();
            self.set_aside(&record.borrow(&record.headers()), "unknown_command_key");
        }
    }

    fn enter(&mut self, id: &Id, stage: Stage, timeout: Duration) {
        let due = self.clock.elapsed() + timeout;
        let installation = self.installations.get_mut(id).unwrap();
        installation.stage = stage;
        installation.due = due;
    }

    fn respond(&mut self, id: &Id, code: u32) {
        self.enter(id, Stage::Ended, Duration::ZERO);
        let installation = &self.installations[id];
        let response = messages::CreateResponse {
            response_status_code: code,
            request_identifier: installation.request.request_identifier.clone(),
            ..messages::CreateResponse::default()
        };
        let traceparent = installation.traceparent.clone();
        let topic = self.config.topics.responses.clone();
        self.put(&topic, &response.encode_to_vec(), &traceparent);
    }

    fn send(&mut self, id: &Id, step: &str, rpc: Rpc) {
        let device = DeviceId::from_key(&id.0).unwrap();
        let command = messages::CpeCommand {
            command_id: format!("{}/{step}", id.1),
            device: Some((&device).into()),
            expires_at: None,
            rpc: Some(rpc),
        };
        let traceparent = self.installations[id].traceparent.clone();
        let topic = self.config.topics.commands.clone();
        self.put(&topic, &command.encode_to_vec(), &traceparent);
    }

    fn put(&mut self, topic: &str, value: &[u8], traceparent: &str) {
        self.outputs += 1;
        let headers = OwnedHeaders::new()
            .insert(header("traceparent", traceparent))
            .insert(header("content-type", "application/x-protobuf"))
            .insert(header("credbridge-id", &format!("{:032x}", self.outputs)));
        let record = BaseRecord::<str, [u8], ()>::to(topic)
            .key("k")
            .payload(value)
            .headers(headers);
        self.producer
            .send(record)
            .map_err(|(error, _)| error)
            .unwrap();
    }

    fn set_aside(&mut self, record: &Record<'_>, reason: &str) {
        self.outputs += 1;
        let headers = OwnedHeaders::new()
            .insert(header("credbridge-reason", reason))
            .insert(header("credbridge-id", &format!("{:032x}", self.outputs)));
        let letter = BaseRecord::<[u8], [u8], ()>::to(&self.config.topics.dead_letters)
            .key(record.key.unwrap_or_default())
            .headers(headers);
        self.producer
            .send(letter)
            .map_err(|(error, _)| error)
            .unwrap();
    }
}

fn header<'a>(key: &'a str, value: &'a str) -> Header<'a, &'a str> {
    Header {
        key,
        value: Some(value),
    }
}
