//! TLS on the port, with and without certificates of clients.

use std::path::Path;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::protection::refusals;
use super::*;

/// Who signs certificates.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut parameters = CertificateParams::default();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = parameters.self_signed(&key).unwrap().pem();
        let issuer = Issuer::new(parameters, key);
        Self { issuer, pem }
    }

    /// A certificate for this machine, and its key.
    fn issue(&self) -> (String, String) {
        let parameters = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = parameters.signed_by(&key, &self.issuer).unwrap();
        (certificate.pem(), key.serialize_pem())
    }
}

/// Puts a new certificate of `authority` in place.
fn put(directory: &Path, authority: &Authority) {
    let (certificate, key) = authority.issue();
    std::fs::write(directory.join("certificate"), certificate).unwrap();
    std::fs::write(directory.join("key"), key).unwrap();
    std::fs::write(directory.join("ca"), &authority.pem).unwrap();
}

/// What the configuration says of these keys of `admin`, each with a file of `directory`.
fn options(directory: &Path, files: &[(&str, &str)]) -> Result<AdminConfig, String> {
    let variables = files.iter().map(|(key, file)| {
        let path = directory.join(file).display().to_string();
        (format!("CREDBRIDGE__ADMIN__{key}"), path)
    });
    let fixed = ["LISTEN", "PROBES_LISTEN"].map(|key| {
        let name = format!("CREDBRIDGE__ADMIN__{key}");
        (name, "127.0.0.1:0".to_owned())
    });
    let config = Config::read(None, variables.chain(fixed));
    config
        .map(|config| config.admin)
        .map_err(|error| error.to_string())
}

const ALL: [(&str, &str); 3] = [
    ("CERTIFICATE_FILE", "certificate"),
    ("KEY_FILE", "key"),
    ("CLIENT_CA_FILE", "ca"),
];

/// Asks over TLS, trusting `server`, with a certificate of `client`; `None`: there was no answer.
fn ask_secured(
    address: SocketAddr,
    server: &Authority,
    client: Option<&Authority>,
    request: &str,
) -> Option<String> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(server.pem.as_bytes()).unwrap())
        .unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let config = match client.map(Authority::issue) {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => {
            let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
            let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
            builder.with_client_auth_cert(chain, key).unwrap()
        }
    };
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = StreamOwned::new(connection, TcpStream::connect(address).unwrap());
    let request = format!("{request} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    // Whether the server says goodbye or just closes is its affair.
    drop(stream.read_to_string(&mut answer));
    (!answer.is_empty()).then_some(answer)
}

fn serving(options: AdminConfig) -> Admin {
    let health = Health::new(1, START);
    health.set_ready(0, true);
    admin(&health, options, START)
}

#[test]
fn only_clients_with_a_certificate_are_answered_and_probes_go_elsewhere() {
    let directory = tempfile::tempdir().unwrap();
    let (authority, stranger) = (Authority::new(), Authority::new());
    put(directory.path(), &authority);
    let admin = serving(options(directory.path(), &ALL).unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let bound = runtime.block_on(admin.clone().bind()).unwrap();
    let (address, probes) = (bound.address, bound.probes_address.unwrap());
    let (done, ended) = tokio::sync::oneshot::channel();
    let client = std::thread::spawn(move || {
        let secured = |client| ask_secured(address, &authority, client, "GET /version");
        let known = secured(Some(&authority)).unwrap();
        assert!(known.starts_with("HTTP/1.1 200 "), "{known}");
        assert_eq!(secured(Some(&stranger)), None);
        assert_eq!(secured(None), None);
        let plain = ask(address, "GET /version");
        assert!(!plain.contains("HTTP"), "{plain}");
        for (path, status) in [
            ("/livez", 200),
            ("/readyz?verbose", 200),
            ("/metrics", 404),
            ("/", 404),
            ("/loglevel", 404),
        ] {
            let answer = ask(probes, &format!("GET {path}"));
            assert!(
                answer.starts_with(&format!("HTTP/1.1 {status} ")),
                "{path}: {answer}"
            );
        }
        done.send(()).unwrap();
    });
    runtime.block_on(async move {
        tokio::select! {
            _ = ended => {}
            () = bound.serve() => panic!("the server ended"),
        }
    });
    client.join().unwrap();
    assert_eq!(refusals(&admin, "bad_handshake"), 3);
}

#[test]
fn another_certificate_takes_the_place_of_the_one_before_and_a_wrong_file_does_not() {
    let directory = tempfile::tempdir().unwrap();
    let (before, after) = (Arc::new(Authority::new()), Arc::new(Authority::new()));
    put(directory.path(), &before);
    let admin = serving(options(directory.path(), &ALL[..2]).unwrap());
    let is_shown = |authority: &Arc<Authority>| {
        let authority = Arc::clone(authority);
        let answer = with_client(admin.clone(), false, move |address| {
            ask_secured(address, &authority, None, "GET /livez")
        });
        answer.is_some()
    };
    assert!(is_shown(&before) && !is_shown(&after));
    let key = directory.path().join("key");
    let right = std::fs::read(&key).unwrap();
    for wrong in ["", "no key", &after.issue().1] {
        std::fs::write(&key, wrong).unwrap();
        admin.read_files();
        assert!(is_shown(&before), "{wrong}");
    }
    std::fs::write(&key, right).unwrap();
    put(directory.path(), &after);
    admin.read_files();
    assert!(is_shown(&after) && !is_shown(&before));
}

#[test]
fn files_that_do_not_go_together_are_mistakes() {
    let directory = tempfile::tempdir().unwrap();
    put(directory.path(), &Authority::new());
    std::fs::write(directory.path().join("other"), Authority::new().issue().1).unwrap();
    let path = directory.path();
    let [certificate, key, ca] = ALL;
    for (files, place, problem) in [
        (vec![certificate], "admin.key_file", "must be given with"),
        (vec![key], "admin.certificate_file", "must be given with"),
        (vec![ca], "admin.client_ca_file", "needs"),
        (
            vec![certificate, ("KEY_FILE", "other")],
            "admin.key_file",
            "does not go with",
        ),
        (
            vec![certificate, ("KEY_FILE", "certificate")],
            "admin.key_file",
            "no private key",
        ),
        (
            vec![("CERTIFICATE_FILE", "key"), key],
            "admin.certificate_file",
            "no certificate",
        ),
        (
            vec![certificate, key, ("CLIENT_CA_FILE", "missing")],
            "admin.client_ca_file",
            "cannot be read",
        ),
    ] {
        let told = options(path, &files).unwrap_err();
        assert!(
            told.contains(place) && told.contains(problem),
            "{files:?}: {told}"
        );
        assert!(!told.contains("PRIVATE KEY"), "{told}");
    }
    let options = options(path, &ALL).unwrap();
    assert!(options.tls.unwrap().read().is_ok());
}
