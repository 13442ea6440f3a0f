//! The network between clients and brokers, in which things go wrong: a proxy before each broker.
//!
//! What is held up is not lost, as TCP has it: it comes when the fault is over, if both ends still listen.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

/// API key of EndTxn, the request that commits a transaction or aborts it.
const END_TXN: i16 = 26;

/// What one side writes while the other does not read it, in pieces.
const PIECES_MAX: usize = 1_000;

const PIECE_BYTES: usize = 64 << 10;

/// Larger than any request of the tests.
const REQUEST_BYTES_MAX: usize = 64 << 20;

/// How long Linux waits at least before it sends a segment again that nobody acknowledged.
const RETRANSMISSION: Duration = Duration::from_millis(200);

/// What becomes of bytes on their way in one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum Way {
    #[default]
    Clear,
    /// Nothing comes through.
    Cut,
    /// Everything comes that much later.
    Delayed(Duration),
    /// This share of the pieces is lost and sent again after 200 ms, 400 ms, ..; what follows waits for it.
    Lossy(f64),
}

/// What is wrong, and with whom.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fault {
    /// Of which broker; `None`: of all.
    pub(crate) broker: Option<usize>,
    /// How the ids of the clients begin that it is for; empty: all.
    pub(crate) clients: String,
    pub(crate) to_broker: Way,
    pub(crate) to_client: Way,
}

/// What happens to a request that ends a transaction.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Trap {
    /// It never reaches the broker, and nothing else that the client sends on this connection.
    Request,
    /// The broker gets it, and the connection to the client ends before the answer.
    Answer,
}

#[derive(Debug)]
struct Armed {
    trap: Trap,
    clients: String,
    left: usize,
}

#[derive(Debug, Default)]
struct State {
    fault: Option<Fault>,
    armed: Option<Armed>,
    /// Requests that went into a trap.
    trapped: usize,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics under this lock")
    }
}

/// The proxies of a cluster.
#[derive(Clone, Debug, Default)]
pub(crate) struct Network(Arc<Shared>);

impl Network {
    /// Opens a proxy before the broker of that number, which listens on `port`; returns the port of the proxy. It stays
    /// until the tests end.
    pub(super) fn open(&self, broker: usize, port: u16) -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("some port is free");
        let own = listener.local_addr().expect("it listens").port();
        let shared = Arc::clone(&self.0);
        thread::spawn(move || {
            for client in listener.incoming() {
                // A broker that does not run refuses, and so does its proxy.
                if let (Ok(client), Ok(server)) =
                    (client, TcpStream::connect((Ipv4Addr::LOCALHOST, port)))
                {
                    Connection::open(broker, Arc::clone(&shared), client, server);
                }
            }
        });
        own
    }

    /// From here on this is wrong, and nothing else.
    pub(crate) fn suffer(&self, fault: Fault) {
        self.0.state().fault = Some(fault);
        self.0.changed.notify_all();
    }

    /// Nothing is wrong any more, and no trap is armed.
    pub(crate) fn heal(&self) {
        let mut state = self.0.state();
        (state.fault, state.armed) = (None, None);
        drop(state);
        self.0.changed.notify_all();
    }

    /// The next requests of these clients that end a transaction, so many of them, go into the trap.
    pub(crate) fn arm(&self, trap: Trap, clients: &str, times: usize) {
        self.0.state().armed = Some(Armed {
            trap,
            clients: clients.to_owned(),
            left: times,
        });
    }

    /// Requests that went into a trap so far.
    pub(crate) fn trapped(&self) -> usize {
        self.0.state().trapped
    }
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Direction {
    ToBroker,
    ToClient,
}

/// One connection of a client, passed on.
struct Connection {
    broker: usize,
    shared: Arc<Shared>,
    /// The id of the client, as its first request tells it.
    client_id: OnceLock<String>,
    /// The client is not to hear anything any more.
    is_deaf: OnceLock<()>,
    client: TcpStream,
    server: TcpStream,
}

type Piece = (Instant, Vec<u8>);

impl Connection {
    fn open(broker: usize, shared: Arc<Shared>, client: TcpStream, server: TcpStream) {
        for stream in [&client, &server] {
            stream.set_nodelay(true).expect("it is connected");
        }
        let connection = Arc::new(Self {
            broker,
            shared,
            client_id: OnceLock::new(),
            is_deaf: OnceLock::new(),
            client,
            server,
        });
        for direction in [Direction::ToBroker, Direction::ToClient] {
            let (sender, receiver) = sync_channel(PIECES_MAX);
            let (reader, writer) = (Arc::clone(&connection), Arc::clone(&connection));
            // An end or an error of either side ends both, once what was read has come through.
            thread::spawn(move || match direction {
                Direction::ToBroker => reader.read_requests(&sender),
                Direction::ToClient => reader.read_answers(&sender),
            });
            thread::spawn(move || writer.write(direction, &receiver));
        }
    }

    fn read_requests(&self, pieces: &SyncSender<Piece>) -> io::Result<()> {
        loop {
            let request = read_request(&self.client)?;
            let header = Header::of(&request);
            let client_id = self.client_id.get_or_init(|| header.client_id);
            let trap = match header.api_key {
                END_TXN => self.spring(client_id),
                _ => None,
            };
            if trap == Some(Trap::Request) {
                return io::copy(&mut &self.client, &mut io::sink()).map(|_| ());
            }
            if trap == Some(Trap::Answer) {
                self.is_deaf.get_or_init(|| ());
            }
            if pieces.send((Instant::now(), request)).is_err() {
                return Ok(());
            }
            if trap == Some(Trap::Answer) {
                return self.client.shutdown(Shutdown::Both);
            }
        }
    }

    fn read_answers(&self, pieces: &SyncSender<Piece>) -> io::Result<()> {
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            let length = (&self.server).read(&mut piece)?;
            if length == 0 {
                return Ok(());
            }
            let sent = pieces.send((Instant::now(), piece[..length].to_vec()));
            if sent.is_err() {
                return Ok(());
            }
        }
    }

    fn write(&self, direction: Direction, pieces: &Receiver<Piece>) {
        let (mut from, mut to) = (&self.client, &self.server);
        if direction == Direction::ToClient {
            (from, to) = (to, from);
        }
        for (arrived, piece) in pieces {
            self.await_passage(direction, arrived);
            let is_heard = direction == Direction::ToBroker || self.is_deaf.get().is_none();
            if is_heard && to.write_all(&piece).is_err() {
                break;
            }
        }
        self.await_passage(direction, Instant::now());
        // Of an answer that is to be lost, the broker must have read the question.
        if self.is_deaf.get().is_none() {
            for stream in [from, to] {
                stream.shutdown(Shutdown::Both).ok();
            }
        }
    }

    /// Waits until what arrived then may go on.
    fn await_passage(&self, direction: Direction, arrived: Instant) {
        let mut due = None;
        let mut state = self.shared.state();
        loop {
            let wait_until = match self.way(&state, direction) {
                Way::Clear => return,
                Way::Cut => {
                    state = self
                        .shared
                        .changed
                        .wait(state)
                        .expect("nothing panics under this lock");
                    continue;
                }
                Way::Delayed(by) => arrived + by,
                Way::Lossy(share) => *due.get_or_insert_with(|| Instant::now() + lost_for(share)),
            };
            let left = wait_until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            (state, _) = self
                .shared
                .changed
                .wait_timeout(state, left)
                .expect("nothing panics under this lock");
        }
    }

    fn way(&self, state: &State, direction: Direction) -> Way {
        let client_id = self.client_id.get().map_or("", String::as_str);
        let is_meant = |fault: &&Fault| {
            fault.broker.is_none_or(|broker| broker == self.broker)
                && client_id.starts_with(&fault.clients)
        };
        let fault = state.fault.as_ref().filter(is_meant);
        fault.map_or(Way::Clear, |fault| match direction {
            Direction::ToBroker => fault.to_broker,
            Direction::ToClient => fault.to_client,
        })
    }

    /// The trap that a request of this client goes into.
    fn spring(&self, client_id: &str) -> Option<Trap> {
        let mut state = self.shared.state();
        let armed = state.armed.as_mut()?;
        if armed.left == 0 || !client_id.starts_with(&armed.clients) {
            return None;
        }
        armed.left -= 1;
        let trap = armed.trap;
        state.trapped += 1;
        Some(trap)
    }
}

/// How long it takes until a piece comes through of which this share is lost each time.
fn lost_for(share: f64) -> Duration {
    let mut wait = RETRANSMISSION;
    let mut lost_for = Duration::ZERO;
    while fastrand::f64() < share {
        lost_for += wait;
        wait *= 2;
    }
    lost_for
}

/// What is to be known of a request: its length, its API key, version, correlation id and client id come first.
struct Header {
    api_key: i16,
    client_id: String,
}

impl Header {
    fn of(request: &[u8]) -> Self {
        let number = |at: usize| {
            let bytes = request.get(at..at + 2);
            bytes.map_or(0, |bytes| i16::from_be_bytes([bytes[0], bytes[1]]))
        };
        let length = usize::try_from(number(12)).unwrap_or_default();
        let client_id = request.get(14..14 + length).unwrap_or_default();
        Self {
            api_key: number(4),
            client_id: String::from_utf8_lossy(client_id).into_owned(),
        }
    }
}

/// Reads one request with its length.
fn read_request(mut stream: &TcpStream) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let bytes = usize::try_from(i32::from_be_bytes(length)).unwrap_or(usize::MAX);
    if bytes > REQUEST_BYTES_MAX {
        return Err(io::Error::other(format!(
            "a request of {bytes} bytes is none of Kafka"
        )));
    }
    let mut request = length.to_vec();
    request.resize(4 + bytes, 0);
    stream.read_exact(&mut request[4..])?;
    Ok(request)
}
