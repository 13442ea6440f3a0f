//! The token with which Kafka clients sign in by OAUTHBEARER, as whoever gives it out keeps it in a file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::key;
use super::rules;
use super::secret::Secret;
use super::source::Source;
use crate::time::Timestamp;

/// A larger file holds no token: tokens go into a header of a request, elsewhere, and have some kilobytes.
const TOKEN_BYTES_MAX: u64 = 64 << 10;

/// A file with a JSON Web Token: one line, read whenever a client needs a token.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OauthTokenFile(PathBuf);

/// A JSON Web Token and what it says about itself. Whether it is genuine is for the broker to tell.
#[derive(Debug)]
pub struct OauthToken {
    /// What the broker gets.
    pub token: Secret,
    /// Whom it is about (`sub`).
    pub principal: String,
    /// Until when it is good (`exp`).
    pub expires: Timestamp,
}

/// The claims that a client needs.
#[derive(Deserialize)]
struct Claims {
    sub: String,
    /// Seconds since 1970, perhaps with a fraction.
    exp: f64,
}

impl OauthTokenFile {
    pub(super) fn of(source: &mut Source, properties: &BTreeMap<String, String>) -> Option<Self> {
        let key = &key::OAUTH_TOKEN_FILE;
        let file = source.value(key, rules::file)?;
        if !signs_in_by_oauth(properties) {
            let problem = "needs `sasl.mechanism: OAUTHBEARER` in `kafka.properties`";
            source.mistake(key, problem);
        }
        let file = Self(file);
        if let Err(problem) = file.read() {
            source.mistake(key, problem);
        }
        Some(file)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// What it holds now.
    ///
    /// # Errors
    /// If it cannot be read, or holds no JSON Web Token with `sub` and `exp`; a text for people, without the token.
    pub fn read(&self) -> Result<OauthToken, String> {
        let shown = self.0.display();
        let unreadable = |error: std::io::Error| format!("{shown} cannot be read: {error}");
        if self.0.metadata().map_err(unreadable)?.len() > TOKEN_BYTES_MAX {
            return Err(format!("{shown} is too large to hold a token"));
        }
        let text = Zeroizing::new(std::fs::read_to_string(&self.0).map_err(unreadable)?);
        token(text.trim()).ok_or_else(|| {
            format!("{shown} does not hold exactly one JSON Web Token that tells whom it is about (`sub`) and when it expires (`exp`)")
        })
    }
}

/// Whether the clients are to sign in with a token that somebody gives them. librdkafka can also make one that nobody has
/// signed, for tests.
pub(super) fn signs_in_by_oauth(properties: &BTreeMap<String, String>) -> bool {
    let is = |name: &str, wanted: &str| {
        let value = properties.get(name);
        value.is_some_and(|value| value.eq_ignore_ascii_case(wanted))
    };
    (is("sasl.mechanism", "OAUTHBEARER") || is("sasl.mechanisms", "OAUTHBEARER"))
        && !is("enable.sasl.oauthbearer.unsecure.jwt", "true")
}

fn token(text: &str) -> Option<OauthToken> {
    let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let mut parts = text.split('.');
    let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || !text.bytes().all(is_fit) {
        return None;
    }
    let payload = URL_SAFE_NO_PAD.decode(payload).ok()?;
    let claims: Claims = serde_json::from_slice(&payload).ok()?;
    if claims.sub.is_empty() || claims.sub.contains(char::is_control) {
        return None;
    }
    let expires = Duration::try_from_secs_f64(claims.exp).ok()?;
    Some(OauthToken {
        token: Secret::new(text.to_owned()),
        principal: claims.sub,
        expires: Timestamp::default() + expires,
    })
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    use super::*;

    fn jwt(claims: &str) -> String {
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))
    }

    fn read(file: &Path, properties: &str) -> Result<Config, String> {
        let variables = [
            ("OAUTH_TOKEN_FILE", file.display().to_string()),
            ("PROPERTIES", properties.to_owned()),
        ];
        let variables =
            variables.map(|(name, value)| (format!("CREDBRIDGE__KAFKA__{name}"), value));
        Config::read(None, variables.into_iter()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_token_tells_whom_it_is_about_and_when_it_expires() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("token");
        let token = jwt(
            r#"{"sub": "system:serviceaccount:iot:bridge", "exp": 1800000000, "aud": ["kafka"]}"#,
        );
        std::fs::write(&file, format!("{token}\n")).unwrap();
        let config = read(&file, "{sasl.mechanism: OAUTHBEARER}").unwrap();
        assert!(!config.to_yaml().contains(&token));
        let read = config
            .kafka
            .oauth_token_file
            .as_ref()
            .unwrap()
            .read()
            .unwrap();
        assert_eq!(read.token.expose(), token);
        assert_eq!(read.principal, "system:serviceaccount:iot:bridge");
        assert_eq!(read.expires, Timestamp::from_millis(1_800_000_000_000));
    }

    #[test]
    fn what_is_no_token_is_a_mistake_that_does_not_show_it() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("token");
        let properties = "{sasl.mechanism: OAUTHBEARER}";
        let problem = read(&file, properties).unwrap_err();
        assert!(problem.contains("cannot be read"), "{problem}");
        let good = jwt(r#"{"sub": "a", "exp": 1}"#);
        for wrong in [
            String::new(),
            "opaque-secret".to_owned(),
            jwt("not JSON"),
            jwt(r#"{"sub": "a"}"#),
            jwt(r#"{"exp": 1}"#),
            jwt(r#"{"sub": "", "exp": 1}"#),
            jwt(r#"{"sub": "a", "exp": -1}"#),
            jwt(r#"{"sub": "a", "exp": 1e300}"#),
            format!("{good}.more"),
            format!("{good}\n{good}"),
            good.replace('.', " "),
        ] {
            std::fs::write(&file, &wrong).unwrap();
            let problem = read(&file, properties).unwrap_err();
            assert!(problem.contains("JSON Web Token"), "{wrong:?}: {problem}");
            assert!(wrong.is_empty() || !problem.contains(&wrong), "{problem}");
        }
        std::fs::write(&file, &good).unwrap();
        assert!(read(&file, properties).is_ok());
        let problem = read(&file, "{sasl.mechanism: PLAIN}").unwrap_err();
        assert!(problem.contains("needs `sasl.mechanism"), "{problem}");
    }
}
