//! TLS on the admin port.

use std::sync::{Arc, Mutex};

use rustls::ServerConfig;

use crate::config::{TlsFiles, TlsServer};

/// The certificate in force.
pub(super) struct Tls {
    files: TlsFiles,
    server: Mutex<Option<TlsServer>>,
}

impl Tls {
    pub(super) fn new(files: TlsFiles) -> Self {
        let tls = Self {
            files,
            server: Mutex::default(),
        };
        tls.read();
        tls
    }

    /// Reads the files again. What is wrong leaves the certificate before in force.
    pub(super) fn read(&self) {
        match self.files.read() {
            Ok(fresh) => {
                let mut server = self.server.lock().expect("nobody panics while holding it");
                let before = server.as_ref().map(|before| before.fingerprint);
                if before == Some(fresh.fingerprint) {
                    return;
                }
                if before.is_some() {
                    tracing::info!(
                        file = %self.files.certificate().display(),
                        "another certificate of the admin port is in force"
                    );
                }
                *server = Some(fresh);
            }
            Err(problem) => {
                tracing::warn!(
                    problem,
                    "a file for TLS on the admin port is wrong; what was there before stays in force"
                );
            }
        }
    }

    /// How connections are made; `None`: there was no good certificate yet.
    pub(super) fn config(&self) -> Option<Arc<ServerConfig>> {
        let server = self.server.lock().expect("nobody panics while holding it");
        server.as_ref().map(|server| Arc::clone(&server.config))
    }
}
