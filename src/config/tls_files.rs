//! The files with which the admin port speaks TLS.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{ConfigBuilder, RootCertStore, ServerConfig, WantsVerifier};

use super::key::{self, Key};
use super::rules;
use super::source::Source;

/// A larger file holds no certificate and no key.
const BYTES_MAX: u64 = 1 << 20;

/// Files with a certificate, its key, and perhaps the certificates of those who sign what clients must show; read again
/// while the process runs.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TlsFiles {
    certificate: PathBuf,
    key: PathBuf,
    client_ca: Option<PathBuf>,
}

/// What such files hold.
pub struct TlsServer {
    /// How connections are made.
    pub config: Arc<ServerConfig>,
    /// Tells one content from another.
    pub fingerprint: [u8; 32],
}

/// What is wrong, and with which key.
struct Wrong(&'static Key, String);

impl TlsFiles {
    pub(super) fn of(source: &mut Source) -> Option<Self> {
        let certificate = source.value(&key::CERTIFICATE_FILE, rules::file);
        let private = source.value(&key::KEY_FILE, rules::file);
        let client_ca = source.value(&key::CLIENT_CA_FILE, rules::file);
        let (certificate, key) = match (certificate, private) {
            (Some(certificate), Some(key)) => (certificate, key),
            (Some(_), None) => {
                source.mistake(
                    &key::KEY_FILE,
                    "must be given with `admin.certificate_file`",
                );
                return None;
            }
            (None, Some(_)) => {
                let problem = "must be given with `admin.key_file`";
                source.mistake(&key::CERTIFICATE_FILE, problem);
                return None;
            }
            (None, None) => {
                if client_ca.is_some() {
                    let problem = "needs `admin.certificate_file` and `admin.key_file`";
                    source.mistake(&key::CLIENT_CA_FILE, problem);
                }
                return None;
            }
        };
        let files = Self {
            certificate,
            key,
            client_ca,
        };
        if let Err(Wrong(key, problem)) = files.load() {
            source.mistake(key, problem);
        }
        Some(files)
    }

    /// Where the certificate is.
    pub fn certificate(&self) -> &Path {
        &self.certificate
    }

    /// Where its private key is.
    pub fn key(&self) -> &Path {
        &self.key
    }

    /// Where the certificates are of those who sign what clients must show; `None`: clients need no certificate.
    pub fn client_ca(&self) -> Option<&Path> {
        self.client_ca.as_deref()
    }

    /// What they hold now: TLS 1.2 and 1.3.
    ///
    /// # Errors
    /// If one cannot be read, is no PEM, or the key is not that of the certificate; a text for people.
    pub fn read(&self) -> Result<TlsServer, String> {
        self.load()
            .map_err(|Wrong(key, problem)| format!("{}: {problem}", key.path))
    }

    fn load(&self) -> Result<TlsServer, Wrong> {
        let mut hasher = blake3::Hasher::new();
        let mut pem = |key, path: &Path| {
            let bytes = bytes(path).map_err(|problem| Wrong(key, problem))?;
            hasher.update(blake3::hash(&bytes).as_bytes());
            Ok(bytes)
        };
        let chain = certificates(
            &key::CERTIFICATE_FILE,
            &pem(&key::CERTIFICATE_FILE, &self.certificate)?,
        )?;
        let private = PrivateKeyDer::from_pem_slice(&pem(&key::KEY_FILE, &self.key)?)
            .map_err(|error| Wrong(&key::KEY_FILE, format!("holds no private key: {error}")))?;
        let builder = match &self.client_ca {
            None => builder().with_no_client_auth(),
            Some(file) => {
                let pem = pem(&key::CLIENT_CA_FILE, file)?;
                builder().with_client_cert_verifier(verifier(&pem)?)
            }
        };
        let config = builder.with_single_cert(chain, private).map_err(|error| {
            let problem = format!("does not go with `admin.certificate_file`: {error}");
            Wrong(&key::KEY_FILE, problem)
        })?;
        Ok(TlsServer {
            config: Arc::new(config),
            fingerprint: hasher.finalize().into(),
        })
    }
}

/// The process may know several providers of cryptography; none is its default.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn builder() -> ConfigBuilder<ServerConfig, WantsVerifier> {
    ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .expect("the provider has all that these versions need")
}

fn verifier(pem: &[u8]) -> Result<Arc<dyn ClientCertVerifier>, Wrong> {
    let wrong = |problem| Wrong(&key::CLIENT_CA_FILE, problem);
    let mut roots = RootCertStore::empty();
    for certificate in certificates(&key::CLIENT_CA_FILE, pem)? {
        let added = roots.add(certificate);
        added.map_err(|error| wrong(format!("holds a certificate that is none: {error}")))?;
    }
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider())
        .build()
        .map_err(|error| wrong(error.to_string()))
}

fn bytes(path: &Path) -> Result<Vec<u8>, String> {
    let unreadable = |error| format!("{} cannot be read: {error}", path.display());
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    let read = file.take(BYTES_MAX).read_to_end(&mut bytes);
    read.map_err(unreadable)?;
    Ok(bytes)
}

fn certificates(key: &'static Key, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Wrong> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match chain {
        Ok(chain) if chain.is_empty() => Err(Wrong(key, "holds no certificate as PEM".to_owned())),
        Ok(chain) => Ok(chain),
        Err(error) => Err(Wrong(key, format!("holds no certificate as PEM: {error}"))),
    }
}
