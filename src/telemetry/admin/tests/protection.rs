//! Who is let in, and what becomes of those who come too much or too slowly.

use super::*;
use crate::config::Config;
use crate::telemetry::admin::gate::{PROBES_PER_SECOND_MAX, REQUESTS_PER_SECOND_MAX};
use crate::telemetry::admin::listener::{CONNECTIONS_MAX, CONNECTIONS_PER_PEER_MAX};

const READ: &str = "the token that reads";
const CHANGE: &str = "the token that changes";

/// An admin port with both tokens, and where they are.
fn guarded() -> (Admin, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let variables = [("READ", READ), ("CHANGE", CHANGE)].map(|(name, token)| {
        let file = directory.path().join(name);
        std::fs::write(&file, format!("{token}\n")).unwrap();
        let name = format!("CREDBRIDGE__ADMIN__{name}_TOKEN_FILE");
        (name, file.display().to_string())
    });
    let options = Config::read(None, variables.into_iter()).unwrap().admin;
    let options = AdminConfig {
        listen: anywhere().listen,
        ..options
    };
    let health = Health::new(1, START);
    health.set_ready(0, true);
    (admin(&health, options, START), directory)
}

/// A request as `ask` takes it, with a token.
fn bearing(request: &str, token: &str) -> String {
    let (request, body) = request.split_once("\n\n").unwrap_or((request, ""));
    format!("{request} HTTP/1.1\r\nauthorization: Bearer {token}\r\nx-rest:\n\n{body}")
}

fn statuses(admin: &Admin, requests: &[String]) -> Vec<String> {
    let requests: Vec<&str> = requests.iter().map(String::as_str).collect();
    let answers = answers_of(admin.clone(), &requests);
    let status = |answer: &String| answer.split(' ').nth(1).unwrap_or_default().to_owned();
    answers.iter().map(status).collect()
}

/// How often the port has refused somebody for this reason.
pub(super) fn refusals(admin: &Admin, reason: &str) -> u64 {
    let name = format!("credbridge_admin_refusals_total{{reason=\"{reason}\"}} ");
    let text = admin.subject().metrics.render();
    let mut values = text.lines().filter_map(|line| line.strip_prefix(&name));
    values.next().unwrap().parse().unwrap()
}

#[test]
fn without_a_token_only_probes_are_answered() {
    let (admin, _directory) = guarded();
    let probes = ["/livez", "/readyz?verbose", "/healthz"].map(|path| format!("GET {path}"));
    assert_eq!(statuses(&admin, &probes), ["200"; 3]);
    let guarded = [
        "GET /",
        "GET /metrics",
        "GET /version",
        "GET /loglevel",
        "GET /v1/installations?device=a-b",
        "HEAD /metrics",
        "PUT /loglevel\n\ndebug",
        "POST /",
        "GET /nothing",
    ];
    let guarded = guarded.map(ToOwned::to_owned);
    assert_eq!(statuses(&admin, &guarded), ["401"; 9]);
    assert_eq!(refusals(&admin, "no_token"), 9);
    let got = answers_of(admin, &["GET /metrics"]);
    for challenge in ["Bearer realm=\"credbridge\"", "Basic realm=\"credbridge\""] {
        assert!(
            got[0].contains(&format!("www-authenticate: {challenge}")),
            "{}",
            got[0]
        );
    }
    assert!(!got[0].contains("credbridge_"), "{}", got[0]);
}

#[test]
fn reading_and_changing_have_tokens_of_their_own() {
    let (admin, _directory) = guarded();
    let change = "PUT /loglevel\n\ndebug";
    let asked = [
        bearing("GET /metrics", READ),
        bearing("GET /metrics", CHANGE),
        bearing("GET /metrics", "the token that read"),
        bearing("GET /metrics", ""),
        bearing(change, READ),
        bearing(change, CHANGE),
        bearing("GET /metrics", READ).replace("Bearer", "Digest"),
        // Any user with the token as his password.
        bearing("GET /metrics", "bWU6dGhlIHRva2VuIHRoYXQgcmVhZHM=").replace("Bearer", "basic"),
        bearing("GET /metrics", "bWU6dGhlIHRva2Vu").replace("Bearer", "basic"),
        bearing("GET /metrics", "!").replace("Bearer", "basic"),
    ];
    let expected = [
        "200", "200", "401", "401", "401", "200", "401", "200", "401", "401",
    ];
    assert_eq!(statuses(&admin, &asked), expected);
}

#[test]
fn another_token_takes_the_place_of_the_one_before_and_a_wrong_file_does_not() {
    let (admin, directory) = guarded();
    let file = directory.path().join("READ");
    let asked = [
        bearing("GET /metrics", READ),
        bearing("GET /metrics", "quite another token"),
    ];
    for wrong in ["", "short", "two lines\nof some length"] {
        std::fs::write(&file, wrong).unwrap();
        admin.gate().read_tokens();
        assert_eq!(statuses(&admin, &asked), ["200", "401"], "{wrong:?}");
    }
    std::fs::write(&file, "quite another token").unwrap();
    admin.gate().read_tokens();
    assert_eq!(statuses(&admin, &asked), ["401", "200"]);
    std::fs::remove_file(&file).unwrap();
    admin.gate().read_tokens();
    assert_eq!(statuses(&admin, &asked), ["401", "200"]);
}

#[test]
fn a_flood_is_refused_and_leaves_room_for_probes() {
    let health = Health::new(1, START);
    // The clock stands still: this is one second.
    let admin = admin(&health, anywhere(), START);
    let budget = usize::try_from(REQUESTS_PER_SECOND_MAX).unwrap();
    let flood = vec!["GET /version".to_owned(); budget + 20];
    let got = statuses(&admin, &flood);
    assert!(
        got[..budget].iter().all(|status| status == "200"),
        "{got:?}"
    );
    assert!(
        got[budget..].iter().all(|status| status == "429"),
        "{got:?}"
    );
    assert_eq!(refusals(&admin, "too_many_requests"), 20);
    let refused = answers_of(admin, &["GET /version"]);
    for header in ["retry-after: 1", "connection: close"] {
        assert!(refused[0].contains(header), "{}", refused[0]);
    }
}

#[test]
fn every_probe_is_answered_but_too_many_not_on_one_connection() {
    let health = Health::new(1, START);
    let admin = admin(&health, anywhere(), START);
    let twice = "GET /livez HTTP/1.1\r\nhost: x\r\n\r\nGET /livez";
    let count = |answer: &str| answer.matches("HTTP/1.1 200 ").count();
    assert_eq!(count(&answers_of(admin.clone(), &[twice])[0]), 2);
    let budget = usize::try_from(PROBES_PER_SECOND_MAX).unwrap();
    let got = statuses(&admin, &vec!["GET /livez".to_owned(); budget]);
    assert!(got.iter().all(|status| status == "200"), "{got:?}");
    assert_eq!(count(&answers_of(admin, &[twice])[0]), 1);
}

#[test]
fn one_address_has_few_connections_and_gets_them_back() {
    let health = Health::new(1, START);
    let admin = admin(&health, anywhere(), START);
    let (full, after) = with_client(admin.clone(), false, |address| {
        let mut idle: Vec<TcpStream> = Vec::new();
        for _ in 0..CONNECTIONS_PER_PEER_MAX {
            let mut stream = TcpStream::connect(address).unwrap();
            stream
                .write_all(b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\n")
                .unwrap();
            // Once it is answered it has its place.
            let mut answer = [0; 12];
            stream.read_exact(&mut answer).unwrap();
            assert_eq!(&answer, b"HTTP/1.1 200");
            idle.push(stream);
        }
        let mut one_more = TcpStream::connect(address).unwrap();
        let mut full = String::new();
        one_more.read_to_string(&mut full).unwrap();
        drop(idle);
        let again = || {
            let mut stream = TcpStream::connect(address).ok()?;
            stream
                .write_all(b"GET /livez HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
                .ok()?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer).ok()?;
            answer.starts_with("HTTP/1.1 200").then_some(answer)
        };
        (full, (0..10_000).find_map(|_| again()))
    });
    assert!(full.starts_with("HTTP/1.1 503 "), "{full}");
    assert!(after.is_some());
    assert!(refusals(&admin, "too_many_connections") >= 1);
}

#[test]
fn slow_clients_are_cut() {
    for slow in [
        "GET /livez HTTP/1.1\r\nhost:",
        "",
        "GET /livez HTTP/1.1\r\nhost: x\r\n\r\n",
        "PUT /loglevel HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nde",
    ] {
        let health = Health::new(1, START);
        let admin = admin(&health, anywhere(), START);
        let answer = with_client(admin.clone(), true, move |address| {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.write_all(slow.as_bytes()).unwrap();
            let mut answer = String::new();
            // Ends when the server has closed the connection, though nobody asked it to.
            stream.read_to_string(&mut answer).map(|_| answer)
        });
        let answer = answer.unwrap();
        let is_timed_out = answer.starts_with("HTTP/1.1 408 ");
        assert_eq!(is_timed_out, slow.contains("PUT"), "{slow}: {answer}");
        assert_eq!(refusals(&admin, "too_slow"), u64::from(is_timed_out));
    }
}

#[test]
fn large_heads_are_refused() {
    let health = Health::new(1, START);
    let large = format!(
        "GET /livez HTTP/1.1\r\nx-large: {}\r\nx-rest:",
        "x".repeat(20_000)
    );
    let many: String = (0..100)
        .map(|number| format!("x-{number}: y\r\n"))
        .collect();
    let many = format!("GET /livez HTTP/1.1\r\n{many}x-rest:");
    let got = answers(&health, START, &[&many, &large]);
    for answer in got {
        assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    }
}

#[test]
fn nothing_can_be_changed_unless_there_is_a_token_for_it() {
    let health = Health::new(1, START);
    let admin = admin(&health, anywhere(), START);
    let got = answers_of(admin.clone(), &["PUT /loglevel\n\ndebug", "GET /loglevel"]);
    assert!(got[0].starts_with("HTTP/1.1 403 "), "{}", got[0]);
    assert!(got[0].contains("admin.change_token_file"), "{}", got[0]);
    assert!(got[1].ends_with("\r\n\r\ninfo\n"), "{}", got[1]);
    assert_eq!(refusals(&admin, "changes_off"), 1);
}

#[test]
fn what_is_logged_can_be_changed_with_the_token() {
    let (admin, _directory) = guarded();
    let asked = [
        "PUT /loglevel\n\nwarn,credbridge=debug\n",
        "PUT /loglevel\n\ncredbridge=loud",
        "GET /loglevel",
    ];
    let asked = asked.map(|request| bearing(request, CHANGE));
    let got = answers_of(admin, &asked.each_ref().map(String::as_str));
    assert!(got[0].starts_with("HTTP/1.1 200 "), "{}", got[0]);
    assert!(got[1].starts_with("HTTP/1.1 400 "), "{}", got[1]);
    let problem = "`credbridge=loud` is not of the form";
    assert!(got[1].contains(problem), "{}", got[1]);
    let filter = "\r\n\r\nwarn,credbridge=debug\n";
    assert!(got[2].ends_with(filter), "{}", got[2]);
}

#[test]
fn a_page_that_has_its_own_name_lead_here_reads_nothing() {
    let of_host = |host: &str| {
        format!("GET /metrics HTTP/1.1\r\nhost: {host}\r\nuser-agent: Mozilla/5.0\r\nx-rest:")
    };
    let health = Health::new(1, START);
    let open = admin(&health, anywhere(), START);
    for (host, status) in [
        ("evil.example", "403"),
        ("evil.example:9464", "403"),
        ("127.0.0.1.evil.example", "403"),
        ("evil.", "403"),
        ("", "403"),
        ("127.0.0.1:9464", "200"),
        ("[::1]:9464", "200"),
        ("localhost", "200"),
        ("credbridge:9464", "200"),
        ("credbridge.fleet.svc.cluster.local", "200"),
    ] {
        assert_eq!(statuses(&open, &[of_host(host)]), [status], "{host}");
    }
    assert_eq!(refusals(&open, "foreign_host"), 5);
    let scraper = of_host("host-7.example").replace("Mozilla/5.0", "Prometheus/3.5");
    assert_eq!(statuses(&open, &[scraper]), ["200"]);
    let probe = of_host("evil.example").replace("/metrics", "/livez");
    assert_eq!(statuses(&open, &[probe]), ["200"]);
    let (guarded, _directory) = guarded();
    let asked = [
        of_host("evil.example"),
        bearing(&of_host("evil.example"), READ),
    ];
    assert_eq!(statuses(&guarded, &asked), ["403", "200"]);
}

/// A connection from 127.0.0.`host` that was answered once, so it has its place.
async fn answered(address: SocketAddr, host: u8) -> tokio::net::TcpStream {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, host], 0).into()).unwrap();
    let stream = socket.connect(address).await.unwrap();
    let request = b"GET /readyz HTTP/1.1\r\nhost: x\r\n\r\n";
    let mut answer = [0; 12];
    let (mut sent, mut read) = (0, 0);
    while sent < request.len() {
        stream.writable().await.unwrap();
        sent += stream.try_write(&request[sent..]).unwrap_or(0);
    }
    while read < answer.len() {
        stream.readable().await.unwrap();
        match stream.try_read(&mut answer[read..]) {
            Ok(0) => panic!("127.0.0.{host} is not answered"),
            Ok(count) => read += count,
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
        }
    }
    assert_eq!(&answer, b"HTTP/1.1 200");
    stream
}

#[test]
fn whoever_holds_all_connections_does_not_keep_a_kubelet_out() {
    let health = Health::new(1, START);
    health.set_ready(0, true);
    let admin = admin(&health, anywhere(), START);
    with_client(admin.clone(), false, |address| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build()
            .unwrap();
        runtime.block_on(async {
            let mut held = Vec::new();
            for number in 0..CONNECTIONS_MAX {
                let host = number / CONNECTIONS_PER_PEER_MAX + 1;
                held.push(answered(address, host.try_into().unwrap()).await);
            }
            answered(address, 5).await;
        });
    });
    assert_eq!(refusals(&admin, "too_many_connections"), 1);
}

#[test]
fn requests_without_a_token_use_up_nothing_of_those_with_one() {
    let (admin, _directory) = guarded();
    let budget = usize::try_from(REQUESTS_PER_SECOND_MAX).unwrap();
    let mut asked = vec!["GET /metrics".to_owned(); budget + 10];
    asked.push(bearing("GET /metrics", READ));
    let got = statuses(&admin, &asked);
    assert_eq!(got[budget - 1..][..2], ["401", "429"]);
    assert_eq!(got.last().map(String::as_str), Some("200"));
    // Those have a budget, too.
    let asked = vec![bearing("GET /metrics", READ); budget];
    assert_eq!(statuses(&admin, &asked).last().unwrap(), "429");
}
