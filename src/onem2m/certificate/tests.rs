use base64::prelude::BASE64_STANDARD;
use proptest::prelude::*;

use super::*;

const CA: &str = include_str!("../../../tests/fixtures/certificates/ca.pem");
const LEAF: &str = include_str!("../../../tests/fixtures/certificates/leaf.pem");
const RSA: &str = include_str!("../../../tests/fixtures/certificates/rsa.pem");
const CHAIN: &str = include_str!("../../../tests/fixtures/certificates/chain.p7b");
const LEAF_SERIAL: [u8; 9] = [0x00, 0xA1, 0xB2, 0xC3, 0xD4, 0xE5, 0xF6, 0x07, 0x08];

const PLAIN_P12: &[u8] = include_bytes!("../../../tests/fixtures/certificates/plain.p12");
const KEYED_P12: &[u8] = include_bytes!("../../../tests/fixtures/certificates/keyed.p12");
const ENCRYPTED_P12: &[u8] = include_bytes!("../../../tests/fixtures/certificates/encrypted.p12");

fn body(pem: &str) -> String {
    pem.lines()
        .filter(|line| !line.starts_with("-----"))
        .collect::<Vec<_>>()
        .join("\r\n ")
}

fn leaf() -> Certificate {
    Certificate::named(&LEAF_SERIAL[1..], "CN=Example CA,O=Example\\, Inc.,C=DE")
}

fn certificate(format: &str, content: &str) -> Option<Certificate> {
    CertificateFile::read(format, content).unwrap().certificate
}

#[test]
fn pem_is_delivered_as_it_came() {
    let file = CertificateFile::read("application/x-pem-file", LEAF).unwrap();
    assert_eq!(&*file.content, LEAF.as_bytes());
    assert_eq!(file.certificate, Some(leaf()));
}

#[test]
fn validity_is_that_of_the_end_entity() {
    let file = CertificateFile::read("application/x-pem-file", LEAF).unwrap();
    let validity = file.validity.unwrap();
    let at = Timestamp::from_millis;
    assert_eq!(validity.not_before, at(1_795_416_645_000));
    for (now, holds) in [
        (at(0), false),
        (validity.not_before, true),
        (validity.not_after, true),
        (
            validity.not_after + std::time::Duration::from_millis(1),
            false,
        ),
    ] {
        assert_eq!(validity.holds_at(now), holds, "{now:?}");
    }
}

#[test]
fn base64_is_delivered_as_der() {
    let file = CertificateFile::read(" Application/PKIX-Cert; x=y", &body(LEAF)).unwrap();
    assert_eq!(file.content[..2], [0x30, 0x82]);
    assert_eq!(file.certificate, Some(leaf()));
}

#[test]
fn padding_of_base64_is_not_asked_for() {
    let content = body(LEAF);
    let read = certificate("application/x-x509-ca-cert", content.trim_end_matches('='));
    assert_eq!(read, Some(leaf()));
}

#[test]
fn end_entity_of_a_chain_is_meant_in_any_order() {
    for chain in [
        format!("{CA}{LEAF}"),
        format!("{LEAF}{CA}"),
        format!("{LEAF}{LEAF}{CA}"),
    ] {
        assert_eq!(
            certificate("application/x-pem-file", &chain),
            Some(leaf()),
            "{chain}"
        );
    }
}

#[test]
fn pkcs7_is_read_as_pem_and_as_base64() {
    for format in ["application/pkcs7-mime", "application/pkcs7mime"] {
        assert_eq!(certificate(format, CHAIN), Some(leaf()));
        assert_eq!(certificate(format, &body(CHAIN)), Some(leaf()));
    }
}

fn pkcs12(der: &[u8]) -> Result<CertificateFile, CertificateError> {
    CertificateFile::read("application/pkcs12", &BASE64_STANDARD.encode(der))
}

#[test]
fn pkcs12_tells_what_is_not_encrypted() {
    let plain = pkcs12(PLAIN_P12).unwrap();
    let pem = CertificateFile::read("application/x-pem-file", LEAF).unwrap();
    assert_eq!(&*plain.content, PLAIN_P12);
    assert_eq!(
        (plain.certificate, plain.validity),
        (Some(leaf()), pem.validity)
    );
    let keyed = pkcs12(KEYED_P12).unwrap();
    assert_eq!(
        keyed.certificate,
        Some(Certificate::named(&[0x12, 0x34], "CN=keyed device"))
    );
    let encrypted = pkcs12(ENCRYPTED_P12).unwrap();
    assert_eq!(&*encrypted.content, ENCRYPTED_P12);
    assert_eq!((encrypted.certificate, encrypted.validity), (None, None));
}

#[test]
fn pkcs12_that_is_broken_or_of_another_version_is_refused() {
    let mut of_version_1 = PLAIN_P12.to_vec();
    assert_eq!(of_version_1[4..7], [2, 1, 3]);
    of_version_1[6] = 1;
    let cut = &PLAIN_P12[..PLAIN_P12.len() - 1];
    let longer = [PLAIN_P12, &[0]].concat();
    // The safe ends within its first bag.
    let mut broken = PLAIN_P12.to_vec();
    broken[60] ^= 0x40;
    for file in [&of_version_1, cut, &longer, &broken] {
        assert_eq!(pkcs12(file), Err(CertificateError::NotPkcs12));
    }
    // An empty safe, and nothing that could hide a certificate.
    let empty =
        b"\x30\x14\x02\x01\x03\x30\x0F\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07\x01\xA0\x02\x04\x00";
    assert_eq!(pkcs12(empty), Err(CertificateError::NotPkcs12));
    let empty = b"\x30\x16\x02\x01\x03\x30\x11\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07\x01\xA0\x04\x04\x02\x30\x00";
    assert_eq!(pkcs12(empty), Err(CertificateError::NoCertificate));
}

#[test]
fn first_of_two_unrelated_end_entities_is_taken() {
    assert_eq!(
        certificate("application/x-pem-file", &format!("{LEAF}{RSA}")),
        Some(leaf())
    );
}

#[test]
fn certificate_of_a_ca_is_passed_over_for_another() {
    assert_eq!(
        certificate("application/x-pem-file", &format!("{RSA}{LEAF}")),
        Some(leaf())
    );
}

#[test]
fn self_signed_certificate_alone_is_its_own_end_entity() {
    let read = certificate("application/x-pem-file", RSA).unwrap();
    assert_eq!(
        (&*read.serial_number, &*read.issuer_text()),
        (&[0x7F, 1][..], "CN=rsa device")
    );
}

#[test]
fn private_key_beside_the_certificate_is_delivered_and_not_read() {
    let key = "-----BEGIN PRIVATE KEY-----\nMAMCAQA=\n-----END PRIVATE KEY-----\n";
    let content = format!("{key}{LEAF}");
    let file = CertificateFile::read("application/x-pem-file", &content).unwrap();
    assert_eq!(
        (&*file.content, file.certificate),
        (content.as_bytes(), Some(leaf()))
    );
}

#[test]
fn generated_certificates_are_read() {
    let signed = rcgen::generate_simple_self_signed(vec!["device".to_owned()]).unwrap();
    let content = BASE64_STANDARD.encode(signed.cert.der());
    let read = certificate("application/pkix-cert", &content).unwrap();
    assert_eq!(read.issuer_text(), "CN=rcgen self signed cert");
}

#[test]
fn serial_number_zero_keeps_one_byte() {
    let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    params.serial_number = Some(rcgen::SerialNumber::from_slice(&[0]));
    let signed = params
        .self_signed(&rcgen::KeyPair::generate().unwrap())
        .unwrap();
    let read = certificate("application/x-pem-file", &signed.pem()).unwrap();
    assert_eq!(&*read.serial_number, [0]);
}

#[test]
fn wrong_files_are_refused() {
    use CertificateError as E;
    let large = BASE64_STANDARD.encode(vec![0x30; CertificateFile::BYTES_MAX + 1]);
    let cases = [
        (
            "text/plain; a=b",
            LEAF,
            E::UnknownFormat("\"text/plain\"".into()),
        ),
        ("", LEAF, E::UnknownFormat("a text of 0 bytes".into())),
        // What is no media type may be the content, or a key.
        (
            "MC4CAQAwBQYDK2VwBCIEIBgOQRJ9/jpx",
            LEAF,
            E::UnknownFormat("a text of 32 bytes".into()),
        ),
        (
            "application/key=MC4CAQAw",
            LEAF,
            E::UnknownFormat("a text of 24 bytes".into()),
        ),
        ("application/pkix-cert", " \n", E::Empty),
        ("application/pkix-cert", "secretKey", E::NotBase64),
        ("application/pkix-cert", "MA-_", E::NotBase64),
        ("application/pkix-cert", "MAMCAQM=", E::NotACertificate),
        ("application/pkcs7-mime", "MAMCAQM=", E::NotACertificate),
        (
            "application/x-pem-file",
            "-----BEGIN CERTIFICATE-----\nMAMC",
            E::BrokenPem,
        ),
        (
            "application/x-pem-file",
            "-----BEGIN X-----\nMAMCAQM=\n-----END X-----",
            E::NoCertificate,
        ),
        ("application/pkcs12", "AgED", E::NotPkcs12),
        ("application/pkcs12", "MAMCAQM=", E::NotPkcs12),
        ("application/pkcs12", "MAMCAQMA", E::NotPkcs12),
        ("application/pkcs12", LEAF, E::NotPkcs12),
        ("application/pkix-cert", &large, E::TooLarge),
    ];
    for (format, content, error) in cases {
        assert_eq!(
            CertificateFile::read(format, content),
            Err(error),
            "{format} {:.40}",
            content
        );
    }
    let huge = "A".repeat(4 * CertificateFile::BYTES_MAX);
    assert_eq!(
        CertificateFile::read("application/pkcs12", &huge),
        Err(E::TooLarge)
    );
}

#[test]
fn certificate_with_bytes_behind_it_is_refused() {
    let mut der = BASE64_STANDARD
        .decode(body(LEAF).replace("\r\n ", ""))
        .unwrap();
    der.push(0);
    assert_eq!(
        CertificateFile::read("application/pkix-cert", &BASE64_STANDARD.encode(der)),
        Err(CertificateError::NotACertificate)
    );
}

proptest! {
    #[test]
    fn any_bytes_and_any_text_are_read_or_refused(der: Vec<u8>, text: String, cut in 0usize..500, flip: u8) {
        let mut leaf = BASE64_STANDARD.decode(body(LEAF).replace("\r\n ", "")).unwrap();
        let at = cut % leaf.len();
        leaf[at] ^= flip;
        let mut plain = PLAIN_P12.to_vec();
        plain[cut] ^= flip;
        let spoiled = [&der, &leaf, &plain].map(|file| BASE64_STANDARD.encode(file));
        for content in spoiled.into_iter().chain([text, LEAF[..cut].to_owned()]) {
            for format in CertificateFile::FORMATS {
                if let Ok(file) = CertificateFile::read(format, &content) {
                    prop_assert!(!file.content.is_empty());
                }
            }
        }
    }

    #[test]
    fn one_certificate_is_read_as_the_library_reads_it(at in 0..LEAF.len(), byte: u8, windows: bool) {
        let mut changed = LEAF.replace("\r\n", "\n").into_bytes();
        let at = at % changed.len();
        changed[at] = byte;
        if windows {
            changed = String::from_utf8_lossy(&changed).replace('\n', "\r\n").into_bytes();
        }
        if let Some(read) = sole_certificate_of_pem(&changed) {
            let blocks: Vec<Pem> = Pem::iter_from_buffer(&changed).collect::<Result<_, _>>().unwrap();
            prop_assert_eq!(blocks.len(), 1);
            prop_assert_eq!((&*blocks[0].label, &blocks[0].contents), ("CERTIFICATE", &read));
        }
    }
}

#[test]
fn usual_file_is_read_without_the_library() {
    let unix = LEAF.replace("\r\n", "\n");
    assert!(sole_certificate_of_pem(unix.as_bytes()).is_some());
    assert!(sole_certificate_of_pem(format!("{unix}{unix}").as_bytes()).is_none());
}
