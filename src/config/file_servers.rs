//! Which file server wants which login: `{url: https://files.example.net/, username_file: .., password_file: ..}`.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::wire::{Login, Logins};

use super::check::credential;
use super::key;
use super::source::{Entry, Source};
use super::{Config, FileServerConfig, Secret, rules};

/// Each Download looks through them.
pub(super) const FILE_SERVERS_MAX: usize = 200;

pub(super) const URL: &str = "url";
pub(super) const USERNAME_FILE: &str = "username_file";
pub(super) const PASSWORD_FILE: &str = "password_file";

pub(super) fn file_servers(source: &mut Source) -> Vec<FileServerConfig> {
    let entries = source.entries(&key::FILE_SERVERS);
    if entries.len() > FILE_SERVERS_MAX {
        let problem = format!(
            "holds {} entries, at most {FILE_SERVERS_MAX} are allowed",
            entries.len()
        );
        source.mistake(&key::FILE_SERVERS, problem);
    }
    let mut read: Vec<FileServerConfig> = Vec::new();
    for entry in &entries {
        let server = one(source, entry);
        if read.iter().any(|before| before.url == server.url) && !server.url.is_empty() {
            source.entry_mistake(entry, URL, "has an entry already; leave one out");
        }
        read.push(server);
    }
    read
}

fn one(source: &mut Source, entry: &Entry) -> FileServerConfig {
    let known = [URL, USERNAME_FILE, PASSWORD_FILE];
    for path in entry.values.keys() {
        if !known.contains(&path.as_str()) {
            let problem = format!("unknown key; an entry holds {}", known.join(", "));
            source.entry_mistake(entry, path, problem);
        }
    }
    let url = match entry.values.get(URL) {
        Some((_, text)) => rules::file_server(text).unwrap_or_else(|problem| {
            source.entry_mistake(entry, URL, problem);
            String::new()
        }),
        None => {
            source.entry_mistake(
                entry,
                "",
                "has no url, with which the URLs of its files begin",
            );
            String::new()
        }
    };
    let file = |path| {
        let text = entry.values.get(path).map(|(_, text)| text);
        text.filter(|text| !text.is_empty()).map(PathBuf::from)
    };
    let (username_file, password_file) = (file(USERNAME_FILE), file(PASSWORD_FILE));
    if username_file.is_none() && password_file.is_none() {
        source.entry_mistake(entry, "", "has neither username_file nor password_file");
    }
    let mut read = |path, file: Option<&Path>| {
        credential(file).unwrap_or_else(|problem| {
            source.entry_mistake(entry, path, problem);
            String::new()
        })
    };
    FileServerConfig {
        url,
        username: read(USERNAME_FILE, username_file.as_deref()),
        password: Secret::new(read(PASSWORD_FILE, password_file.as_deref())),
        username_file,
        password_file,
    }
}

/// The entries as they stand in the file.
pub(super) fn printed(servers: &[FileServerConfig]) -> Value {
    let entry = |server: &FileServerConfig| {
        let mut entry = Map::new();
        entry.insert(URL.to_owned(), server.url.as_str().into());
        for (name, file) in [
            (USERNAME_FILE, &server.username_file),
            (PASSWORD_FILE, &server.password_file),
        ] {
            if let Some(file) = file {
                entry.insert(name.to_owned(), file.display().to_string().into());
            }
        }
        Value::from(entry)
    };
    servers.iter().map(entry).collect()
}

impl Config {
    /// What CPEs log in with, as it was read.
    pub(super) fn logins(&self) -> Logins {
        let login = |username: &str, password: &Secret| Login {
            username: username.to_owned(),
            password: password.expose().to_owned(),
        };
        let download = &self.download;
        let general = (String::new(), login(&download.username, &download.password));
        let servers = download.file_servers.iter();
        let servers = servers.map(|server| {
            (
                server.url.clone(),
                login(&server.username, &server.password),
            )
        });
        Logins::new(servers.chain([general]))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn file(text: &str) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    }

    fn read(yaml: &str) -> Result<Config, String> {
        let file = file(yaml);
        let shown = format!("{}:", file.path().display());
        Config::read(Some(file.path()), std::iter::empty())
            .map_err(|error| error.to_string().replace(&shown, ""))
    }

    #[test]
    fn logins_stand_in_files_by_the_beginning_of_the_url() {
        let (username, password) = (file("alice\n"), file("hunter2\n"));
        let config = read(&format!(
            "download:\n  username_file: '{0}'\n  file_servers:\n  - {{url: 'https://f/', username_file: '{0}', password_file: '{1}'}}\n",
            username.path().display(),
            password.path().display()
        ))
        .unwrap();
        let logins = config.logins();
        let of = |url| {
            let login = logins.of(url);
            (login.username.clone(), login.password.clone())
        };
        assert_eq!(of("https://f/x"), ("alice".into(), "hunter2".into()));
        assert_eq!(of("https://g/x"), ("alice".into(), String::new()));
        assert!(!format!("{config:?}{}", config.to_yaml()).contains("hunter2"));
        assert_eq!(read(&config.to_yaml()).as_ref(), Ok(&config));

        std::fs::write(password.path(), "changed").unwrap();
        assert_ne!(config.files, config.files.look_again());
    }

    #[test]
    fn wrong_entries_are_told_with_their_places() {
        let file = file("alice");
        let name = file.path().display();
        for (entry, part) in [
            (
                format!("{{username_file: '{name}'}}"),
                "3:5: download.file_servers[0]: has no url",
            ),
            (
                "{url: 'https://f/'}".into(),
                "has neither username_file nor password_file",
            ),
            (
                format!("{{url: 'https://f', username_file: '{name}'}}"),
                "download.file_servers[0].url: `https://f` must end with /",
            ),
            (
                format!("{{url: 'ftp://f/', username_file: '{name}'}}"),
                "http://",
            ),
            (
                format!("{{url: 'https://f/{{file}}/', username_file: '{name}'}}"),
                "has a placeholder",
            ),
            (
                "{url: 'https://f/', username_file: /no/such}".into(),
                "[0].username_file: /no/such cannot be read",
            ),
            (
                format!("{{url: 'https://f/', password: x, username_file: '{name}'}}"),
                "[0].password: unknown key",
            ),
            (
                format!(
                    "{{url: 'https://f/', username_file: '{name}'}}\n  - {{url: 'https://f/', username_file: '{name}'}}"
                ),
                "[1].url: has an entry already",
            ),
        ] {
            let mistake = read(&format!("download:\n  file_servers:\n  - {entry}\n")).unwrap_err();
            assert!(mistake.contains(part), "{entry}: {mistake}");
        }
    }
}
