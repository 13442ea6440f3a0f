use std::path::{Path, PathBuf};

use super::check::credential;
use super::key::Key;
use super::rules;
use super::secret::Secret;
use super::source::Source;

/// Shorter tokens can be found by trying.
const TOKEN_CHARS_MIN: usize = 16;

/// A file that holds a bearer token: one line, read again while the process runs.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TokenFile(PathBuf);

impl TokenFile {
    pub(super) fn of(source: &mut Source, key: &'static Key) -> Option<Self> {
        let file = Self(source.value(key, rules::file)?);
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
    /// If it cannot be read, holds more than one line, or what can be guessed; a text for people, without the token.
    pub fn read(&self) -> Result<Secret, String> {
        let token = credential(Some(&self.0))?;
        match token.chars().count() {
            count if count < TOKEN_CHARS_MIN => Err(format!(
                "{} holds {count} characters; write {TOKEN_CHARS_MIN} or more, e.g. from `openssl rand -hex 32`",
                self.0.display()
            )),
            _ => Ok(Secret::new(token)),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    #[test]
    fn a_token_that_can_be_guessed_or_not_be_read_is_a_mistake() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("token");
        let read = || {
            let name = "CREDBRIDGE__ADMIN__READ_TOKEN_FILE".to_owned();
            Config::read(None, [(name, file.display().to_string())].into_iter())
        };
        let problem = read().unwrap_err().to_string();
        assert!(problem.contains("cannot be read"), "{problem}");
        std::fs::write(&file, "fifteen letters\n").unwrap();
        let problem = read().unwrap_err().to_string();
        assert!(problem.contains("admin.read_token_file"), "{problem}");
        assert!(problem.contains("15 characters"), "{problem}");
        assert!(!problem.contains("fifteen"), "{problem}");
        std::fs::write(&file, "0123456789abcdef\n").unwrap();
        let config = read().unwrap();
        assert!(!config.to_yaml().contains("0123456789abcdef"));
        let token = config.admin.read_token_file.unwrap().read().unwrap();
        assert_eq!(token.expose(), "0123456789abcdef");
    }
}
