//! The program that people write first: `StreamConsumer`, `FutureProducer`, a `HashMap`, `serde_json::Value`.
//!
//! It does the join right as long as it lives, at least once. Its state is lost when it ends, and its offsets may be
//! committed before what follows from them is written.

mod command;
mod fault;
mod installation;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use rdkafka::ClientConfig;
use rdkafka::consumer::{Consumer as _, StreamConsumer};
use rdkafka::message::{BorrowedMessage, Header, Headers as _, Message as _, OwnedHeaders};
use rdkafka::producer::{DeliveryFuture, FutureProducer, FutureRecord, Producer as _};
use serde_json::Value;

use installation::{Early, Installation, Request};

/// Deliveries that are waited for together: one at a time would take a round trip for each record.
const IN_FLIGHT_MAX: usize = 10_000;

/// How often events that wait for their request are looked through.
const EXPIRY_INTERVAL: Duration = Duration::from_secs(1);

struct Naive {
    commands: String,
    responses: String,
    dead_letters: String,
    early_ttl: Duration,
    producer: FutureProducer,
    in_flight: Vec<DeliveryFuture>,
    installations: HashMap<(String, String), Installation>,
}

/// A record to be written.
pub(crate) struct Output {
    pub(crate) topic: String,
    pub(crate) key: String,
    pub(crate) value: Vec<u8>,
    pub(crate) headers: Vec<(&'static str, String)>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: HashMap<String, String> = std::env::args()
        .skip(1)
        .filter_map(|argument| {
            argument
                .split_once('=')
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
        })
        .collect();
    let argument = |name: &str| {
        arguments
            .get(name)
            .cloned()
            .with_context(|| format!("argument {name}=.. is missing"))
    };
    let consumer: StreamConsumer = ClientConfig::new()
        .set("bootstrap.servers", argument("bootstrap")?)
        .set("group.id", argument("group")?)
        .set("auto.offset.reset", "earliest")
        // As often as the other programs commit; 5 s is the default.
        .set("auto.commit.interval.ms", "100")
        .create()?;
    let requests = argument("requests")?;
    consumer.subscribe(&[&requests, &argument("events")?])?;
    let mut naive = Naive {
        commands: argument("commands")?,
        responses: argument("responses")?,
        dead_letters: argument("dead_letters")?,
        early_ttl: Duration::from_secs(argument("early_ttl_seconds")?.parse()?),
        producer: ClientConfig::new()
            .set("bootstrap.servers", argument("bootstrap")?)
            .set("partitioner", "murmur2_random")
            .set("compression.type", "lz4")
            .create()?,
        in_flight: Vec::new(),
        installations: HashMap::new(),
    };
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    let mut expiry = tokio::time::interval(EXPIRY_INTERVAL);
    loop {
        tokio::select! {
            message = consumer.recv() => {
                let message = message?;
                if message.topic() == requests {
                    naive.on_request(&message).await?;
                } else {
                    naive.on_event(&message).await?;
                }
            }
            _ = expiry.tick() => naive.expire().await?,
            _ = terminate.recv() => break,
        }
    }
    naive.wait_for_deliveries().await?;
    naive.producer.flush(Duration::from_secs(30))?;
    Ok(())
}

impl Naive {
    async fn on_request(&mut self, message: &BorrowedMessage<'_>) -> Result<()> {
        let Ok(primitive) = serde_json::from_slice::<Value>(message.payload().unwrap_or_default())
        else {
            return self.dead_letter(Early::of(message), "malformed_json").await;
        };
        let device = header(message, "cwmp-device-id").unwrap_or_default();
        let command_key = header(message, "cwmp-command-key").unwrap_or_default();
        let id = (device.clone(), command_key.clone());
        let early = match self.installations.remove(&id) {
            None => Vec::new(),
            Some(Installation::Early(events)) => events,
            Some(known) => {
                self.installations.insert(id, known);
                return Ok(());
            }
        };
        let request = Request {
            coordinates: coordinates(message),
            record_key: text(message.key()),
            traceparent: header(message, "traceparent").unwrap_or_default(),
            device,
            command_key,
            primitive,
        };
        self.send(command::download(&request, &self.commands)?)
            .await?;
        self.installations
            .insert(id.clone(), Installation::open(request));
        for event in early {
            self.apply(&id, &event).await?;
        }
        Ok(())
    }

    async fn on_event(&mut self, message: &BorrowedMessage<'_>) -> Result<()> {
        let mut early = Early::of(message);
        let Ok(event) = serde_json::from_slice::<Value>(&early.value) else {
            return self.dead_letter(early, "malformed_json").await;
        };
        let command_key = match &event["transferComplete"] {
            Value::Null => match event["commandId"]
                .as_str()
                .and_then(|id| id.rsplit_once('/'))
            {
                Some((command_key, _)) => command_key.to_owned(),
                None => return self.dead_letter(early, "unknown_command_id").await,
            },
            transfer => transfer["commandKey"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
        };
        if command_key.is_empty() {
            return self.dead_letter(early, "empty_command_key").await;
        }
        let id = (command::device_key(&event["device"]), command_key);
        early.event = event;
        match self.installations.get_mut(&id) {
            None => {
                self.installations
                    .insert(id, Installation::Early(vec![early]));
                Ok(())
            }
            Some(Installation::Early(events)) => {
                events.push(early);
                Ok(())
            }
            Some(Installation::Open { .. } | Installation::Ended) => self.apply(&id, &early).await,
        }
    }

    async fn apply(&mut self, id: &(String, String), event: &Early) -> Result<()> {
        let Some(installation) = self.installations.get_mut(id) else {
            return Ok(());
        };
        let outputs = installation.apply(event, &self.commands, &self.responses)?;
        for output in outputs {
            self.send(output).await?;
        }
        Ok(())
    }

    async fn expire(&mut self) -> Result<()> {
        let ttl = self.early_ttl;
        let is_over = |early: &Early| early.arrived.elapsed() >= ttl;
        let mut expired = Vec::new();
        self.installations
            .retain(|_, installation| match installation {
                Installation::Early(events) => {
                    let (over, waiting) = std::mem::take(events).into_iter().partition(is_over);
                    expired.extend::<Vec<Early>>(over);
                    *events = waiting;
                    !events.is_empty()
                }
                Installation::Open { .. } | Installation::Ended => true,
            });
        for early in expired {
            self.dead_letter(early, "unknown_command_key").await?;
        }
        Ok(())
    }

    async fn dead_letter(&mut self, early: Early, reason: &str) -> Result<()> {
        let mut headers = early.headers;
        headers.push(("credbridge-reason", reason.to_owned()));
        headers.push(("credbridge-source", early.coordinates));
        self.send(Output {
            topic: self.dead_letters.clone(),
            key: early.key,
            value: early.value,
            headers,
        })
        .await
    }

    async fn send(&mut self, output: Output) -> Result<()> {
        let headers = output
            .headers
            .iter()
            .fold(OwnedHeaders::new(), |headers, (key, value)| {
                headers.insert(Header {
                    key,
                    value: Some(value),
                })
            });
        let mut record = FutureRecord::to(&output.topic)
            .key(&output.key)
            .payload(&output.value)
            .headers(headers);
        loop {
            match self.producer.send_result(record) {
                Ok(delivery) => break self.in_flight.push(delivery),
                Err((_, again)) => {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                    record = again;
                }
            }
        }
        if self.in_flight.len() >= IN_FLIGHT_MAX {
            self.wait_for_deliveries().await?;
        }
        Ok(())
    }

    async fn wait_for_deliveries(&mut self) -> Result<()> {
        for delivery in self.in_flight.drain(..) {
            delivery.await?.map_err(|(error, _)| error)?;
        }
        Ok(())
    }
}

impl Early {
    fn of(message: &BorrowedMessage<'_>) -> Self {
        Self {
            key: text(message.key()),
            value: message.payload().unwrap_or_default().to_vec(),
            headers: [
                "content-type",
                "cwmp-device-id",
                "cwmp-command-key",
                "traceparent",
            ]
            .into_iter()
            .filter_map(|name| Some((name, header(message, name)?)))
            .collect(),
            coordinates: coordinates(message),
            arrived: Instant::now(),
            event: Value::Null,
        }
    }
}

fn header(message: &BorrowedMessage<'_>, name: &str) -> Option<String> {
    let mut headers = message.headers()?.iter();
    let header = headers.find(|header| header.key == name)?;
    Some(text(header.value))
}

fn text(bytes: Option<&[u8]>) -> String {
    String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned()
}

fn coordinates(message: &BorrowedMessage<'_>) -> String {
    format!(
        "{}/{}/{}",
        message.topic(),
        message.partition(),
        message.offset()
    )
}
