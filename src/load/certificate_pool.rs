use anyhow::Context as _;
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, SerialNumber};

/// Certificates that the requests share: making one costs more than an installation does.
#[derive(Debug)]
pub(super) struct CertificatePool(Vec<PoolCertificate>);

/// A self-signed certificate, and how a device lists it in `Device.Security.Certificate.{i}.`.
#[derive(Debug)]
pub(super) struct PoolCertificate {
    pub(super) pem: String,
    /// Pairs of hexadecimal digits, parted by colons.
    pub(super) serial_number: String,
    /// In the form of RFC 4514.
    pub(super) issuer: String,
}

impl CertificatePool {
    /// Enough that neighbours differ, few enough that a run starts at once.
    pub(super) const SIZE: usize = 64;

    /// Certificates whose names and serial numbers follow from the seed; their keys are random, which nothing in a
    /// run depends on.
    pub(super) fn new(seed: u64, size: usize) -> anyhow::Result<Self> {
        let mut rng = fastrand::Rng::with_seed(seed);
        (0..size)
            .map(|index| PoolCertificate::new(index, &mut rng))
            .collect::<Result<_, rcgen::Error>>()
            .map(Self)
            .context("cannot make the certificates to install")
    }

    pub(super) fn get(&self, index: usize) -> &PoolCertificate {
        &self.0[index]
    }
}

impl PoolCertificate {
    fn new(index: usize, rng: &mut fastrand::Rng) -> Result<Self, rcgen::Error> {
        let mut serial_number = [0; 16];
        rng.fill(&mut serial_number);
        // A serial number is positive, and leading zero bytes would not survive.
        serial_number[0] = 0x40 | (serial_number[0] & 0x3f);
        let common_name = format!("Fleet CA {index}");
        let mut params = CertificateParams::new(Vec::new())?;
        params.serial_number = Some(SerialNumber::from_slice(&serial_number));
        params.distinguished_name = DistinguishedName::new();
        params
            .distinguished_name
            .push(DnType::OrganizationName, "credbridge fleet");
        params
            .distinguished_name
            .push(DnType::CommonName, common_name.as_str());
        let certificate = params.self_signed(&KeyPair::generate()?)?;
        Ok(Self {
            pem: certificate.pem(),
            serial_number: serial_number_text(&serial_number),
            // RFC 4514 lists the names from the last to the first.
            issuer: format!("CN={common_name},O=credbridge fleet"),
        })
    }
}

/// A serial number as devices show it.
pub(super) fn serial_number_text(bytes: &[u8]) -> String {
    let pairs: Vec<String> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(":")
}

#[cfg(test)]
mod tests {
    use x509_parser::pem::parse_x509_pem;

    use super::*;

    #[test]
    fn the_table_shows_what_the_certificate_holds() {
        let pool = CertificatePool::new(1, 2).unwrap();
        for index in 0..2 {
            let listed = pool.get(index);
            let (_, pem) = parse_x509_pem(listed.pem.as_bytes()).unwrap();
            let certificate = pem.parse_x509().unwrap();
            assert_eq!(
                serial_number_text(certificate.raw_serial()),
                listed.serial_number
            );
            let issuer = certificate.issuer().to_string();
            let mut names: Vec<_> = issuer.split(", ").collect();
            names.reverse();
            assert_eq!(names.join(","), listed.issuer);
        }
        assert_ne!(pool.get(0).serial_number, pool.get(1).serial_number);
    }
}
