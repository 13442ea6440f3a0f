//! The port for probes, metrics and people. All it changes is what is logged, and only for those who show a token.

mod gate;
mod installations;
mod listener;
mod page;
mod tls;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::extract::{DefaultBodyLimit, RawQuery, State};
use axum::http::{StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;

use gate::Gate;
use listener::Transport;
use tls::Tls;

use super::admin_metrics::{AdminMetrics, Refusal};
use super::page::{RATES_INTERVAL, Rates};
use super::{LogFilter, Metrics};
use crate::config::AdminConfig;
use crate::runtime::health::Answer;
use crate::runtime::{Health, Insight};
use crate::time::Timestamp;

/// The type that Prometheus asks for.
const METRICS_CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Longest filter that is taken.
const LOG_FILTER_BYTES_MAX: usize = 4096;

/// The admin port.
#[derive(Clone)]
pub struct Admin(Arc<Inner>);

struct Inner {
    subject: Subject,
    rates: Mutex<Rates>,
    gate: Gate,
    refusals: AdminMetrics,
    tls: Option<Tls>,
}

/// What the admin port tells of.
pub struct Subject {
    /// `instance_id` of the process.
    pub instance_id: String,
    /// What may be shown, to whom.
    pub options: AdminConfig,
    /// How the workers are.
    pub health: Health,
    /// What the workers know.
    pub insight: Insight,
    /// What was counted.
    pub metrics: Metrics,
    /// The version of the fault tables.
    pub rules: &'static str,
    /// What is logged.
    pub log: LogFilter,
    /// The clock of the runtime.
    pub now: Box<dyn Fn() -> Timestamp + Send + Sync>,
}

/// The port cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {listen}; choose a free address and port by `{key}`")]
pub struct AdminError {
    /// The key that names the address.
    pub key: &'static str,
    /// The address that was asked for.
    pub listen: SocketAddr,
    /// What the system says.
    pub source: std::io::Error,
}

/// An open port that waits to be served.
pub struct Bound {
    /// The address, with the port that the system chose if 0 was asked for.
    pub address: SocketAddr,
    /// The address that answers probes only, likewise.
    pub probes_address: Option<SocketAddr>,
    listener: TcpListener,
    probes: Option<TcpListener>,
    admin: Admin,
}

async fn open(
    key: &'static str,
    listen: SocketAddr,
) -> Result<(TcpListener, SocketAddr), AdminError> {
    let refused = |source| AdminError {
        key,
        listen,
        source,
    };
    let listener = TcpListener::bind(listen).await.map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    Ok((listener, address))
}

impl Admin {
    /// A port that is not open yet.
    pub fn new(subject: Subject) -> Self {
        Self(Arc::new(Inner {
            gate: Gate::new(&subject.options),
            rates: Mutex::default(),
            refusals: subject.metrics.admin(),
            tls: subject.options.tls.clone().map(Tls::new),
            subject,
        }))
    }

    /// Opens the port.
    ///
    /// # Errors
    /// If the system refuses it.
    pub async fn bind(self) -> Result<Bound, AdminError> {
        let options = &self.subject().options;
        let (listener, address) = open("admin.listen", options.listen).await?;
        let probes = match options.probes_listen {
            Some(listen) => Some(open("admin.probes_listen", listen).await?),
            None => None,
        };
        let (probes, probes_address) = probes.unzip();
        Ok(Bound {
            address,
            probes_address,
            listener,
            probes,
            admin: self,
        })
    }

    /// The process is about to end: `/readyz` says so from here on.
    pub fn stopping(&self) {
        self.subject().health.stopping();
    }

    fn subject(&self) -> &Subject {
        &self.0.subject
    }

    fn gate(&self) -> &Gate {
        &self.0.gate
    }

    /// Reads the files of tokens and certificates again.
    fn read_files(&self) {
        self.gate().read_tokens();
        if let Some(tls) = self.tls() {
            tls.read();
        }
    }

    fn refused(&self, refusal: Refusal) {
        self.0.refusals.refused(refusal);
    }

    fn rates(&self) -> MutexGuard<'_, Rates> {
        self.0.rates.lock().expect("nobody panics while holding it")
    }

    /// Looks at the counters from time to time, so that the page can tell how fast they rise.
    async fn watch_rates(&self) {
        loop {
            let subject = self.subject();
            let now = (subject.now)();
            self.rates().look(now, &subject.metrics.render());
            tokio::time::sleep(RATES_INTERVAL).await;
        }
    }

    /// The certificate of the port, if it speaks TLS.
    fn tls(&self) -> Option<&Tls> {
        self.0.tls.as_ref()
    }

    fn probes() -> Router<Self> {
        Router::new()
            .route("/livez", get(livez))
            .route("/healthz", get(livez))
            .route("/readyz", get(readyz))
    }

    fn probes_only(self) -> Router {
        Self::probes()
            .layer(from_fn_with_state(self.clone(), gate::pass))
            .with_state(self)
    }

    fn router(self) -> Router {
        Self::probes()
            .route("/", get(page::page))
            .route("/metrics", get(metrics))
            .route("/version", get(version))
            .route("/v1/installations", get(installations::installations))
            .route("/loglevel", get(loglevel).put(change_loglevel))
            .layer(DefaultBodyLimit::max(LOG_FILTER_BYTES_MAX))
            .layer(from_fn_with_state(self.clone(), gate::pass))
            .with_state(self)
    }
}

impl Bound {
    /// Answers until the future is dropped.
    pub async fn serve(self) {
        tokio::select! {
            () = self.admin.watch_rates() => {}
            () = gate::watch_files(&self.admin) => {}
            never = listener::serve(self.listener, Transport::Configured, &self.admin) => never,
            () = serve_probes(self.probes, &self.admin) => {}
        }
    }
}

async fn serve_probes(listener: Option<TcpListener>, admin: &Admin) {
    match listener {
        Some(listener) => listener::serve(listener, Transport::PlainForProbes, admin).await,
        None => std::future::pending().await,
    }
}

async fn livez(State(admin): State<Admin>, RawQuery(query): RawQuery) -> Response {
    probe(
        &admin.subject().health.live((admin.subject().now)()),
        query.as_deref(),
    )
}

async fn readyz(State(admin): State<Admin>, RawQuery(query): RawQuery) -> Response {
    probe(&admin.subject().health.ready(), query.as_deref())
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
    (kind, admin.subject().metrics.render()).into_response()
}

async fn loglevel(State(admin): State<Admin>) -> Response {
    format!("{}\n", admin.subject().log.text()).into_response()
}

/// Who may change is whoever has the token for it; without one nobody is.
async fn change_loglevel(State(admin): State<Admin>, filter: String) -> Response {
    if !admin.gate().allows_changes() {
        admin.refused(Refusal::ChangesOff);
        let advice = "changes are off: give a token by admin.change_token_file, and show it here\n";
        return (StatusCode::FORBIDDEN, advice).into_response();
    }
    match admin.subject().log.change(filter.trim()) {
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
        "rules": admin.subject().rules,
        "librdkafka": rdkafka::util::get_rdkafka_version().1,
        "profile": if cfg!(debug_assertions) { "debug" } else { "release" },
        "target": format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS),
    });
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (kind, body.to_string()).into_response()
}

#[cfg(test)]
mod tests;
