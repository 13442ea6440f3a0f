//! The port for probes, metrics and people. All it changes is what is logged, and only for those who are on the machine.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, DefaultBodyLimit, RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;

use super::{LogFilter, Metrics};
use crate::runtime::Health;
use crate::runtime::health::Answer;
use crate::time::Timestamp;

/// The type that Prometheus asks for.
const METRICS_CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Longest filter that is taken.
const LOG_FILTER_BYTES_MAX: usize = 4096;

/// What the admin port tells of.
#[derive(Clone)]
pub struct Admin(Arc<Inner>);

struct Inner {
    health: Health,
    metrics: Metrics,
    rules: &'static str,
    log: LogFilter,
    now: Box<dyn Fn() -> Timestamp + Send + Sync>,
}

/// The port cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {listen}; choose a free address and port by `admin.listen`")]
pub struct AdminError {
    /// The address that was asked for.
    pub listen: SocketAddr,
    /// What the system says.
    pub source: std::io::Error,
}

/// An open port that waits to be served.
#[derive(Debug)]
pub struct Bound {
    /// The address, with the port that the system chose if 0 was asked for.
    pub address: SocketAddr,
    listener: TcpListener,
    router: Router,
}

impl Admin {
    /// `rules` is the version of the fault tables, `now` the clock of the runtime.
    pub fn new(
        health: Health,
        metrics: Metrics,
        rules: &'static str,
        log: LogFilter,
        now: impl Fn() -> Timestamp + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(Inner {
            health,
            metrics,
            rules,
            log,
            now: Box::new(now),
        }))
    }

    /// Opens the port.
    ///
    /// # Errors
    /// If the system refuses it.
    pub async fn bind(self, listen: SocketAddr) -> Result<Bound, AdminError> {
        let refused = |source| AdminError { listen, source };
        let listener = TcpListener::bind(listen).await.map_err(refused)?;
        Ok(Bound {
            address: listener.local_addr().map_err(refused)?,
            listener,
            router: self.router(),
        })
    }

    /// The process is about to end: `/readyz` says so from here on.
    pub fn stopping(&self) {
        self.0.health.stopping();
    }

    fn router(self) -> Router {
        Router::new()
            .route("/livez", get(livez))
            .route("/healthz", get(livez))
            .route("/readyz", get(readyz))
            .route("/metrics", get(metrics))
            .route("/version", get(version))
            .route("/loglevel", get(loglevel).put(change_loglevel))
            .layer(DefaultBodyLimit::max(LOG_FILTER_BYTES_MAX))
            .with_state(self)
    }
}

impl Bound {
    /// Answers until the future is dropped.
    ///
    /// # Errors
    /// If the listener fails for good.
    pub async fn serve(self) -> std::io::Result<()> {
        let service = self
            .router
            .into_make_service_with_connect_info::<SocketAddr>();
        axum::serve(self.listener, service).await
    }
}

async fn livez(State(admin): State<Admin>, RawQuery(query): RawQuery) -> Response {
    probe(&admin.0.health.live((admin.0.now)()), query.as_deref())
}

async fn readyz(State(admin): State<Admin>, RawQuery(query): RawQuery) -> Response {
    probe(&admin.0.health.ready(), query.as_deref())
}

/// `?verbose` lists what was looked at; so does every answer that is not good.
fn probe(answer: &Answer, query: Option<&str>) -> Response {
    let mut parts = query.unwrap_or_default().split('&');
    let verbose = parts.any(|part| part.split('=').next() == Some("verbose"));
    let status = match answer.good {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    let body = match answer.good && !verbose {
        true => "ok".to_owned(),
        false => answer.verbose.clone(),
    };
    (status, body).into_response()
}

async fn metrics(State(admin): State<Admin>) -> Response {
    let kind = [(header::CONTENT_TYPE, METRICS_CONTENT_TYPE)];
    (kind, admin.0.metrics.render()).into_response()
}

async fn loglevel(State(admin): State<Admin>) -> Response {
    format!("{}\n", admin.0.log.text()).into_response()
}

/// Whoever reaches the port may read; who may change is whoever is on the machine, e.g. by `kubectl port-forward`.
async fn change_loglevel(
    State(admin): State<Admin>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    filter: String,
) -> Response {
    if !peer.ip().to_canonical().is_loopback() {
        let advice = "only from the loopback, e.g. by kubectl port-forward\n";
        return (StatusCode::FORBIDDEN, advice).into_response();
    }
    match admin.0.log.change(filter.trim()) {
        Ok(()) => {
            tracing::warn!(filter = filter.trim(), "what is logged was changed");
            loglevel(State(admin)).await
        }
        Err(error) => (StatusCode::BAD_REQUEST, format!("{error}\n")).into_response(),
    }
}

async fn version(State(admin): State<Admin>) -> Response {
    let body = serde_json::json!({
        "name": env!("CARGO_PKG_NAME"),
        "version": env!("CARGO_PKG_VERSION"),
        "rules": admin.0.rules,
        "librdkafka": rdkafka::util::get_rdkafka_version().1,
        "profile": if cfg!(debug_assertions) { "debug" } else { "release" },
        "target": format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS),
    });
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (kind, body.to_string()).into_response()
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpStream;
    use std::time::Duration;

    use super::*;

    const START: Timestamp = Timestamp::from_millis(1_000_000);

    /// Sends one request each, in order, and gives back the whole answers.
    fn answers(health: &Health, now: Timestamp, requests: &[&str]) -> Vec<String> {
        let log = LogFilter::idle("info");
        let admin = Admin::new(health.clone(), Metrics::new("7"), "7", log, move || now);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let bound = runtime
            .block_on(admin.bind(([127, 0, 0, 1], 0).into()))
            .unwrap();
        let address = bound.address;
        let requests: Vec<_> = requests.iter().map(ToString::to_string).collect();
        runtime.block_on(async move {
            let client = tokio::task::spawn_blocking(move || {
                requests
                    .iter()
                    .map(|request| ask(address, request))
                    .collect()
            });
            tokio::select! {
                answers = client => answers.unwrap(),
                ended = bound.serve() => panic!("the server ended: {ended:?}"),
            }
        })
    }

    fn ask(address: SocketAddr, request: &str) -> String {
        let (request, body) = request.split_once('\n').unwrap_or((request, ""));
        let body = format!("content-length: {}\r\n\r\n{body}", body.len());
        let mut stream = TcpStream::connect(address).unwrap();
        write!(
            stream,
            "{request} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn probes_tell_how_the_workers_are() {
        let health = Health::new(1, START);
        let got = answers(
            &health,
            START + Duration::from_secs(60),
            &["GET /livez", "GET /readyz", "GET /healthz?verbose"],
        );
        assert!(got.iter().all(|answer| answer.starts_with("HTTP/1.1 503 ")));
        assert!(got[2].contains("[-]worker-0 loop turned 60000 ms ago: failed"));
        health.set_ready(0, true);
        let got = answers(
            &health,
            START,
            &["GET /livez", "GET /readyz", "GET /readyz?verbose"],
        );
        assert!(got.iter().all(|answer| answer.starts_with("HTTP/1.1 200 ")));
        assert!(got[0].ends_with("\r\n\r\nok"));
        assert!(got[2].contains("[+]not stopping: ok\nreadyz check passed"));
    }

    #[test]
    fn metrics_and_version_have_their_types() {
        let health = Health::new(1, START);
        let got = answers(&health, START, &["GET /metrics", "GET /version"]);
        assert!(got[0].contains("content-type: text/plain; version=0.0.4"));
        assert!(got[0].contains("credbridge_build_info{version="));
        assert!(got[1].contains("content-type: application/json"));
        assert!(got[1].contains("\"rules\":\"7\""));
    }

    #[test]
    fn what_is_logged_can_be_read_and_changed() {
        let health = Health::new(1, START);
        let asked = [
            "GET /loglevel",
            "PUT /loglevel\nwarn,credbridge=debug\n",
            "PUT /loglevel\ncredbridge=loud",
            "GET /loglevel",
        ];
        let got = answers(&health, START, &asked);
        assert!(got[0].ends_with("\r\n\r\ninfo\n"), "{}", got[0]);
        assert!(got[1].starts_with("HTTP/1.1 200 "), "{}", got[1]);
        assert!(got[2].starts_with("HTTP/1.1 400 "), "{}", got[2]);
        assert!(
            got[2].contains("`credbridge=loud` is not of the form"),
            "{}",
            got[2]
        );
        assert!(
            got[3].ends_with("\r\n\r\nwarn,credbridge=debug\n"),
            "{}",
            got[3]
        );
    }

    #[test]
    fn strangers_and_changes_are_refused() {
        let health = Health::new(1, START);
        let got = answers(&health, START, &["GET /", "POST /livez", "DELETE /metrics"]);
        assert!(got[0].starts_with("HTTP/1.1 404 "));
        assert!(got[1].starts_with("HTTP/1.1 405 "));
        assert!(got[2].starts_with("HTTP/1.1 405 "));
    }

    #[test]
    fn a_taken_port_is_a_clear_error() {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let listen = taken.local_addr().unwrap();
        let log = LogFilter::idle("info");
        let metrics = Metrics::new("7");
        let admin = Admin::new(Health::new(0, START), metrics, "7", log, || START);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let error = runtime.block_on(admin.bind(listen)).unwrap_err();
        assert!(
            error
                .to_string()
                .contains(&format!("cannot listen on {listen}"))
        );
    }
}
