//! JSON Web Tokens for clients, signed like those that Kubernetes and identity providers give out.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};

/// For whom the tokens are.
pub(crate) const AUDIENCE: &str = "kafka-of-the-tests";

/// Who signs the tokens.
pub(crate) struct TokenIssuer {
    key: EcdsaKeyPair,
    random: SystemRandom,
}

impl TokenIssuer {
    /// An issuer with a key of its own.
    pub(crate) fn new() -> Self {
        let (random, algorithm) = (SystemRandom::new(), &ECDSA_P256_SHA256_FIXED_SIGNING);
        let key = EcdsaKeyPair::generate_pkcs8(algorithm, &random)
            .expect("the system gives random numbers");
        let key =
            EcdsaKeyPair::from_pkcs8(algorithm, key.as_ref(), &random).expect("it was just made");
        Self { key, random }
    }

    /// The key by which the tokens are checked, as a JWKS document.
    pub(crate) fn key_set(&self) -> String {
        // 4, x, y.
        let point = self.key.public_key().as_ref();
        let (x, y) = point[1..].split_at(32);
        let key = json!({
            "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "one",
            "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y),
        });
        json!({"keys": [key]}).to_string()
    }

    /// A token about `user`, good for so long from now on.
    pub(crate) fn token(&self, user: &str, life: Duration) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.expect("after 1970");
        let claims = json!({
            "sub": user, "aud": AUDIENCE, "iss": "https://issuer.example.net",
            "iat": now.as_secs(), "exp": (now + life).as_secs(),
        });
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let header = json!({"alg": "ES256", "kid": "one", "typ": "JWT"});
        let signed = format!("{}.{}", part(header), part(claims));
        let signature = self
            .key
            .sign(&self.random, signed.as_bytes())
            .expect("the system gives random numbers");
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}
