//! Connections of the admin port: so many, so long, and no slower than so.

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio_rustls::TlsAcceptor;

use crate::runtime::{Allowance, Clock};
use crate::telemetry::admin_metrics::Refusal;

use super::Admin;
use super::tls::Tls;

/// Connections that are open at a time. Then an address that has none gets one in the place of the oldest of the address that
/// has most: a kubelet comes in whoever holds the others.
pub(super) const CONNECTIONS_MAX: usize = 64;

/// Connections of one address that are open at a time, so that nobody keeps out all others.
pub(super) const CONNECTIONS_PER_PEER_MAX: usize = 16;

/// How long a client may take to send the head of a request, and to begin the next one.
pub(super) const HEAD_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a connection lives, whatever goes on.
const CONNECTION_TIMEOUT: Duration = Duration::from_mins(1);

/// Largest head of a request, in bytes.
const HEAD_BYTES_MAX: usize = 16 << 10;

/// Most header fields of a request.
const HEADERS_MAX: usize = 64;

/// Connections that are taken in a second; more wait in the queue of the system. Taking one takes time from the data path.
const ACCEPTED_PER_SECOND_MAX: u32 = 2000;

/// How long to wait when no more connections can be taken.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How long to wait when more connections come than are taken in a second.
const PACE_PAUSE: Duration = Duration::from_millis(5);

/// What whoever comes too much is told.
const FULL: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n";

/// How a port is spoken to, and what about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Transport {
    /// As the configuration says, about everything.
    Configured,
    /// Without TLS, about probes only.
    PlainForProbes,
}

/// The connections of each address, the oldest first.
type Open = BTreeMap<IpAddr, VecDeque<Arc<Notify>>>;

/// All connections that are open.
#[derive(Debug, Default)]
struct Connections(Mutex<Open>);

/// The place of one connection among all; given back when it is dropped.
struct Place {
    connections: Arc<Connections>,
    peer: IpAddr,
    lost: Arc<Notify>,
}

impl Connections {
    fn enter(self: &Arc<Self>, peer: IpAddr) -> Option<Place> {
        let mut open = self.open();
        let all: usize = open.values().map(VecDeque::len).sum();
        let of_peer = open.get(&peer).map_or(0, VecDeque::len);
        let is_full = all >= CONNECTIONS_MAX;
        if of_peer >= CONNECTIONS_PER_PEER_MAX || is_full && of_peer > 0 {
            return None;
        }
        if is_full {
            let greediest = open.values_mut().max_by_key(|places| places.len())?;
            greediest.pop_front()?.notify_one();
        }
        let lost = Arc::new(Notify::new());
        open.entry(peer).or_default().push_back(Arc::clone(&lost));
        drop(open);
        Some(Place {
            connections: Arc::clone(self),
            peer,
            lost,
        })
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.0.lock().expect("nobody panics while holding it")
    }
}

impl Place {
    /// Somebody else has got it.
    async fn lost(&self) {
        self.lost.notified().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.connections.open();
        if let Some(places) = open.get_mut(&self.peer) {
            places.retain(|place| !Arc::ptr_eq(place, &self.lost));
            if places.is_empty() {
                open.remove(&self.peer);
            }
        }
    }
}

/// Serves until the future is dropped.
pub(super) async fn serve(listener: TcpListener, transport: Transport, admin: &Admin) -> ! {
    let router = match transport {
        Transport::Configured => admin.clone().router(),
        Transport::PlainForProbes => admin.clone().probes_only(),
    };
    let is_secured = transport == Transport::Configured && admin.tls().is_some();
    let connections = Arc::new(Connections::default());
    let (clock, mut pace) = (Clock::new(), Allowance::new(ACCEPTED_PER_SECOND_MAX));
    loop {
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                // Of a connection that is gone again, or of a lack of file descriptors, which passes.
                tracing::debug!(%error, "a connection to the admin port was not taken");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        match connections.enter(peer.ip().to_canonical()) {
            Some(place) => {
                let (router, admin) = (router.clone(), admin.clone());
                tokio::spawn(async move {
                    let served = async {
                        match is_secured {
                            true => serve_secured(stream, peer, router, &admin).await,
                            false => serve_one(stream, peer, router).await,
                        }
                    };
                    tokio::select! {
                        () = served => {}
                        () = place.lost() => admin.refused(Refusal::TooManyConnections),
                    }
                });
            }
            None => {
                admin.refused(Refusal::TooManyConnections);
                // Who speaks TLS would not understand the answer.
                if !is_secured {
                    refuse(&stream);
                }
            }
        }
        pace.used(1);
        while pace.left(clock.elapsed()) == 0 {
            tokio::time::sleep(PACE_PAUSE).await;
        }
    }
}

fn refuse(stream: &TcpStream) {
    // Whoever does not take the answer at once does not get it.
    if let Err(error) = stream.try_write(FULL) {
        tracing::trace!(%error, "a client of the admin port is gone");
    }
}

/// Makes the client known first, if it must be.
async fn serve_secured(stream: TcpStream, peer: SocketAddr, router: Router, admin: &Admin) {
    let Some(config) = admin.tls().and_then(Tls::config) else {
        tracing::debug!(%peer, "there is no certificate to speak TLS with");
        return;
    };
    let handshake = TlsAcceptor::from(config).accept(stream);
    match tokio::time::timeout(HEAD_TIMEOUT, handshake).await {
        Ok(Ok(stream)) => serve_one(stream, peer, router).await,
        Ok(Err(error)) => {
            admin.refused(Refusal::BadHandshake);
            tracing::debug!(%peer, %error, "a handshake on the admin port failed");
        }
        Err(_) => {
            admin.refused(Refusal::BadHandshake);
            tracing::debug!(%peer, "a handshake on the admin port took too long");
        }
    }
}

async fn serve_one(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    peer: SocketAddr,
    router: Router,
) {
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(HEAD_BYTES_MAX)
        .max_headers(HEADERS_MAX)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    match tokio::time::timeout(CONNECTION_TIMEOUT, connection).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%peer, %error, "a connection of the admin port failed"),
        Err(_) => tracing::debug!(%peer, "a connection of the admin port was open too long"),
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Waker};

    use super::*;

    #[test]
    fn places_are_few_for_one_and_for_all_and_come_back() {
        let connections = Arc::new(Connections::default());
        let peer = |number: u8| IpAddr::from([10, 0, 0, number]);
        let enter = |number| connections.enter(peer(number));
        let mut places: Vec<Place> = (0..CONNECTIONS_PER_PEER_MAX)
            .map_while(|_| enter(1))
            .collect();
        assert!(enter(1).is_none());
        let others = (2..).take(CONNECTIONS_MAX - places.len()).map_while(enter);
        places.extend(others);
        assert_eq!(places.len(), CONNECTIONS_MAX);
        // Whoever has one gets no other; whoever has none gets that of the first.
        assert!(enter(2).is_none());
        let is_lost = |place: &Place| {
            let mut context = Context::from_waker(Waker::noop());
            pin!(place.lost()).poll(&mut context).is_ready()
        };
        assert!(!is_lost(&places[0]));
        let late = enter(255).unwrap();
        let lost = places.iter().position(is_lost);
        assert_eq!(lost, Some(0));
        places.remove(0);
        places.remove(0);
        assert!(enter(1).is_some());
        drop((places, late));
        assert!(connections.open().is_empty());
    }
}
