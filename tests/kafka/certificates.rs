//! Certificates for brokers and clients, as PEM files.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
};

/// Who signs the certificates.
pub(crate) struct Authority {
    directory: PathBuf,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// An authority whose own certificate lies in `directory`.
    pub(crate) fn new(directory: &Path) -> Self {
        let key = KeyPair::generate().expect("the system gives random numbers");
        let mut parameters = CertificateParams::default();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters
            .distinguished_name
            .push(DnType::CommonName, "authority of the tests");
        let certificate = parameters
            .self_signed(&key)
            .expect("the parameters are right");
        let authority = Self {
            directory: directory.to_owned(),
            issuer: Issuer::new(parameters, key),
        };
        fs::write(authority.certificate(), certificate.pem()).expect("the directory is ours");
        authority
    }

    /// The file with its certificate.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.directory.join("ca.pem")
    }

    /// Writes a certificate for these names, DNS or IP, and its key into the two files.
    pub(crate) fn issue(&self, names: &[&str], certificate: &Path, key: &Path) {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut parameters = CertificateParams::new(names).expect("names");
        parameters.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ClientAuth,
            ExtendedKeyUsagePurpose::ServerAuth,
        ];
        let own = KeyPair::generate().expect("the system gives random numbers");
        let signed = parameters
            .signed_by(&own, &self.issuer)
            .expect("the parameters are right");
        fs::write(certificate, signed.pem()).expect("the directory is ours");
        fs::write(key, own.serialize_pem()).expect("the directory is ours");
    }
}
