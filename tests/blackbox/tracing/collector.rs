//! A collector: OTLP over HTTP, as protobuf, as far as traces go.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use prost::Message;

/// Listens as long as this process lives.
pub(super) struct Collector {
    pub(super) address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Collector {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::<Mutex<Vec<Request>>>::default();
        let shared = Arc::clone(&requests);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let request = answer(stream.unwrap());
                shared.lock().unwrap().push(request);
            }
        });
        Self { address, requests }
    }

    /// All spans that came.
    pub(super) fn spans(&self) -> Vec<Span> {
        let requests = self.requests.lock().unwrap();
        let resources = requests.iter().flat_map(|request| &request.resources);
        let scopes = resources.flat_map(|resource| &resource.scopes);
        scopes.flat_map(|scope| scope.spans.clone()).collect()
    }

    /// The names of the services that sent them.
    pub(super) fn services(&self) -> Vec<String> {
        let requests = self.requests.lock().unwrap();
        let resources = requests.iter().flat_map(|request| &request.resources);
        let resources = resources.map(|spans| spans.resource.as_ref().unwrap());
        let names = resources.map(|resource| value(&resource.attributes, "service.name"));
        names.map(Option::unwrap).collect()
    }
}

/// Reads one request and answers it; the connection ends with it.
fn answer(stream: TcpStream) -> Request {
    let mut reader = BufReader::new(stream);
    let (mut length, mut line) = (0, String::new());
    reader.read_line(&mut line).unwrap();
    assert!(line.starts_with("POST /v1/traces HTTP/1.1"), "{line}");
    loop {
        line.clear();
        reader.read_line(&mut line).unwrap();
        let lower = line.trim().to_ascii_lowercase();
        if lower.is_empty() {
            break;
        }
        if let Some(text) = lower.strip_prefix("content-length:") {
            length = text.trim().parse().unwrap();
        }
        if let Some(text) = lower.strip_prefix("content-type:") {
            assert_eq!(text.trim(), "application/x-protobuf");
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let answer = "HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    reader.get_mut().write_all(answer.as_bytes()).unwrap();
    Request::decode(&*body).unwrap()
}

/// `opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest`.
#[derive(Clone, Message)]
struct Request {
    #[prost(message, repeated, tag = "1")]
    resources: Vec<ResourceSpans>,
}

#[derive(Clone, Message)]
struct ResourceSpans {
    #[prost(message, optional, tag = "1")]
    resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")]
    scopes: Vec<ScopeSpans>,
}

#[derive(Clone, Message)]
struct Resource {
    #[prost(message, repeated, tag = "1")]
    attributes: Vec<KeyValue>,
}

#[derive(Clone, Message)]
struct ScopeSpans {
    #[prost(message, repeated, tag = "2")]
    spans: Vec<Span>,
}

/// One span.
#[derive(Clone, Message)]
pub(super) struct Span {
    #[prost(bytes = "vec", tag = "1")]
    trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    span_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    parent_span_id: Vec<u8>,
    #[prost(string, tag = "5")]
    pub(super) name: String,
    #[prost(int32, tag = "6")]
    pub(super) kind: i32,
    /// Nanoseconds since 1970.
    #[prost(fixed64, tag = "7")]
    pub(super) begun: u64,
    #[prost(fixed64, tag = "8")]
    pub(super) ended: u64,
    #[prost(message, repeated, tag = "9")]
    attributes: Vec<KeyValue>,
    #[prost(message, repeated, tag = "13")]
    links: Vec<Link>,
    #[prost(message, optional, tag = "15")]
    status: Option<Status>,
}

#[derive(Clone, Message)]
struct Link {
    #[prost(bytes = "vec", tag = "2")]
    span_id: Vec<u8>,
}

#[derive(Clone, Message)]
struct Status {
    #[prost(int32, tag = "3")]
    code: i32,
}

#[derive(Clone, Message)]
struct KeyValue {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(message, optional, tag = "2")]
    value: Option<AnyValue>,
}

#[derive(Clone, Message)]
struct AnyValue {
    #[prost(string, optional, tag = "1")]
    text: Option<String>,
    #[prost(int64, optional, tag = "3")]
    number: Option<i64>,
}

fn value(attributes: &[KeyValue], key: &str) -> Option<String> {
    let found = attributes.iter().find(|attribute| attribute.key == key)?;
    let value = found.value.clone()?;
    value
        .text
        .or_else(|| value.number.map(|number| number.to_string()))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Span {
    pub(super) fn trace(&self) -> String {
        hexadecimal(&self.trace_id)
    }

    pub(super) fn id(&self) -> String {
        hexadecimal(&self.span_id)
    }

    /// Empty: it has none.
    pub(super) fn parent(&self) -> String {
        hexadecimal(&self.parent_span_id)
    }

    /// The spans that it is linked to.
    pub(super) fn linked(&self) -> Vec<String> {
        let links = self.links.iter();
        links.map(|link| hexadecimal(&link.span_id)).collect()
    }

    /// An attribute, as a text.
    pub(super) fn attribute(&self, key: &str) -> Option<String> {
        value(&self.attributes, key)
    }

    /// 0 for neither good nor bad.
    pub(super) fn status(&self) -> i32 {
        self.status.as_ref().map_or(0, |status| status.code)
    }
}
