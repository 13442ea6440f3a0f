//! Who may ask, and how often.

use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::config::{AdminConfig, TokenFile};
use crate::runtime::Allowance;
use crate::telemetry::admin_metrics::Refusal;
use crate::time::Timestamp;

use super::Admin;

/// Requests that are answered in a second, and as many of those who show a token; a scraper and some people need a few. More
/// would take time from the data path.
pub(super) const REQUESTS_PER_SECOND_MAX: u32 = 50;

/// Probes that are answered in a second on connections that stay open. All others are answered too, or a flood would have
/// the kubelet kill the process; but each of them needs a new connection, and these are paced.
pub(super) const PROBES_PER_SECOND_MAX: u32 = 100;

/// How long a request may take, from its head to its answer.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// How often the files of tokens and certificates are read.
const FILES_INTERVAL: Duration = Duration::from_secs(2);

/// Ends of names that are nobody's in public.
const PRIVATE_DOMAINS: [&str; 3] = [".svc", ".cluster.local", ".internal"];

/// Who asks; each has a budget of his own, so that nobody uses up that of the others.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Asker {
    Prober,
    /// Shows one of the tokens.
    Known,
    Stranger,
}

/// What is allowed, and to whom.
pub(super) struct Gate {
    probes: Mutex<Allowance>,
    known: Mutex<Allowance>,
    strangers: Mutex<Allowance>,
    reading: Right,
    changing: Right,
}

/// What a token is needed for.
struct Right {
    /// `None`: no token is needed.
    file: Option<TokenFile>,
    /// Of the token, not the token: what is compared in constant time, and gives nothing away in a core dump.
    hash: Mutex<Option<blake3::Hash>>,
}

impl Right {
    fn new(file: Option<&TokenFile>) -> Self {
        let right = Self {
            file: file.cloned(),
            hash: Mutex::default(),
        };
        right.read();
        right
    }

    /// A file that is not good leaves the token before in force.
    fn read(&self) {
        let Some(file) = &self.file else { return };
        match file.read() {
            Ok(token) => {
                let hash = blake3::hash(token.expose().as_bytes());
                let before = lock(&self.hash).replace(hash);
                if before.is_some_and(|before| before != hash) {
                    tracing::info!(file = %file.path().display(), "another token is in force");
                }
            }
            Err(problem) => {
                tracing::warn!(
                    problem,
                    "the file of a token is wrong; the token before stays in force"
                );
            }
        }
    }

    fn is_needed(&self) -> bool {
        self.file.is_some()
    }

    /// Whether the request shows the token; without a token that is known, none does.
    fn is_shown(&self, shown: Option<blake3::Hash>) -> bool {
        matches!((*lock(&self.hash), shown), (Some(known), Some(shown)) if known == shown)
    }
}

impl Gate {
    pub(super) fn new(options: &AdminConfig) -> Self {
        Self {
            probes: Mutex::new(Allowance::new(PROBES_PER_SECOND_MAX)),
            known: Mutex::new(Allowance::new(REQUESTS_PER_SECOND_MAX)),
            strangers: Mutex::new(Allowance::new(REQUESTS_PER_SECOND_MAX)),
            reading: Right::new(options.read_token_file.as_ref()),
            changing: Right::new(options.change_token_file.as_ref()),
        }
    }

    /// Reads the files of tokens again.
    pub(super) fn read_tokens(&self) {
        self.reading.read();
        self.changing.read();
    }

    /// Whether there is a token that lets somebody change something.
    pub(super) fn allows_changes(&self) -> bool {
        self.changing.is_needed()
    }

    fn asker(&self, request: &Request) -> Asker {
        let is_probe = matches!(request.uri().path(), "/livez" | "/readyz" | "/healthz");
        let shown = shown_token(request.headers());
        let is_known = || self.reading.is_shown(shown) || self.changing.is_shown(shown);
        match is_probe {
            true => Asker::Prober,
            false if is_known() => Asker::Known,
            false => Asker::Stranger,
        }
    }

    /// Whether the budget of this second has room for another request; takes it then.
    fn has_room(&self, asker: Asker, now: Timestamp) -> bool {
        let mut budget = lock(match asker {
            Asker::Prober => &self.probes,
            Asker::Known => &self.known,
            Asker::Stranger => &self.strangers,
        });
        let has_room = budget.left(now.since(Timestamp::default())) > 0;
        budget.used(usize::from(has_room));
        has_room
    }

    /// Whoever may change may read.
    fn lets_in(&self, method: &Method, headers: &HeaderMap) -> bool {
        let shown = shown_token(headers);
        match *method == Method::GET || *method == Method::HEAD {
            true => {
                !self.reading.is_needed()
                    || self.reading.is_shown(shown)
                    || self.changing.is_shown(shown)
            }
            false => !self.changing.is_needed() || self.changing.is_shown(shown),
        }
    }
}

/// Reads the files of tokens and certificates again from time to time.
pub(super) async fn watch_files(admin: &Admin) {
    loop {
        tokio::time::sleep(FILES_INTERVAL).await;
        let admin = admin.clone();
        // A file may lie on a network that does not answer.
        let read = tokio::task::spawn_blocking(move || admin.read_files());
        read.await.expect("a panic ends the process");
    }
}

/// Every request passes here first.
pub(super) async fn pass(State(admin): State<Admin>, request: Request, next: Next) -> Response {
    let asker = admin.gate().asker(&request);
    let is_probe = asker == Asker::Prober;
    let has_room = admin.gate().has_room(asker, (admin.subject().now)());
    if !has_room && !is_probe {
        admin.refused(Refusal::TooManyRequests);
        let advice = "too many requests in this second\n";
        let after = (header::RETRY_AFTER, HeaderValue::from_static("1"));
        return (StatusCode::TOO_MANY_REQUESTS, [after, CLOSE], advice).into_response();
    }
    // With TLS the certificate tells the browser that the name is not ours. A scraper is misled by nobody's page.
    let may_be_misled =
        asker == Asker::Stranger && admin.tls().is_none() && is_browser(request.headers());
    if may_be_misled && !is_asked_by_own_name(request.headers()) {
        admin.refused(Refusal::ForeignHost);
        let advice = "ask by an address, `localhost`, a name without dots or of a private domain, or show a token\n";
        return (StatusCode::FORBIDDEN, [CLOSE], advice).into_response();
    }
    if !is_probe && !admin.gate().lets_in(request.method(), request.headers()) {
        admin.refused(Refusal::NoToken);
        return refused();
    }
    let mut response = match tokio::time::timeout(REQUEST_TIMEOUT, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            admin.refused(Refusal::TooSlow);
            let advice = "the request takes too long\n";
            (StatusCode::REQUEST_TIMEOUT, [CLOSE], advice).into_response()
        }
    };
    if !has_room {
        response.headers_mut().extend([CLOSE]);
    }
    response
}

/// Whoever was refused does not keep his connection.
const CLOSE: (header::HeaderName, HeaderValue) =
    (header::CONNECTION, HeaderValue::from_static("close"));

fn refused() -> Response {
    let advice = "a token is needed: `Authorization: Bearer ..`, or in a browser as the password of any user; see \
                  admin.read_token_file and admin.change_token_file\n";
    let mut response = (StatusCode::UNAUTHORIZED, [CLOSE], advice).into_response();
    for challenge in ["Bearer realm=\"credbridge\"", "Basic realm=\"credbridge\""] {
        let challenge = HeaderValue::from_static(challenge);
        response
            .headers_mut()
            .append(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

/// All browsers say that they are one of the first, and let no page change that.
fn is_browser(headers: &HeaderMap) -> bool {
    let agent = headers.get(header::USER_AGENT).map(HeaderValue::as_bytes);
    agent.is_some_and(|agent| agent.starts_with(b"Mozilla/"))
}

/// Whether the `Host` is no name that a stranger can have. Such a name may lead here, and then a browser lets his page read
/// what this port answers it (DNS rebinding).
fn is_asked_by_own_name(headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(header::HOST).iter();
    hosts.all(|host| {
        let Ok(host) = Authority::try_from(host.as_bytes()) else {
            return false;
        };
        let name = host.host();
        let address = name.trim_start_matches('[').trim_end_matches(']');
        address.parse::<IpAddr>().is_ok()
            || !name.contains('.')
            || PRIVATE_DOMAINS.iter().any(|domain| name.ends_with(domain))
    })
}

/// The hash of the token that a request shows: as bearer token, or, by browsers, as the password of any user.
fn shown_token(headers: &HeaderMap) -> Option<blake3::Hash> {
    let (scheme, shown) = headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .split_once(' ')?;
    let shown = shown.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(blake3::hash(shown.as_bytes()));
    }
    if scheme.eq_ignore_ascii_case("basic") {
        let login = STANDARD.decode(shown).ok()?;
        let colon = login.iter().position(|byte| *byte == b':')?;
        return Some(blake3::hash(&login[colon + 1..]));
    }
    None
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().expect("nobody panics while holding it")
}
