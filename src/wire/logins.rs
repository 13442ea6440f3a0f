//! What CPEs log in to file servers with.

use std::fmt;

use zeroize::Zeroize as _;

/// User name and password for a file server; the password is wiped when it is dropped.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct Login {
    /// Username argument of Download, at most 256 characters; empty: none.
    pub username: String,
    /// Password argument of Download, at most 256 characters; empty: none.
    pub password: String,
}

impl Drop for Login {
    fn drop(&mut self) {
        self.password.zeroize();
    }
}

/// Without anything of it.
impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login(***)")
    }
}

/// The logins of all file servers, by how the URLs of their files begin.
#[derive(Debug)]
pub struct Logins {
    /// The longest beginnings first.
    servers: Vec<(String, Login)>,
}

impl Logins {
    /// These logins; the one whose beginning is empty is for all other URLs.
    pub fn new(logins: impl IntoIterator<Item = (String, Login)>) -> Self {
        let mut servers: Vec<_> = logins.into_iter().collect();
        servers.sort_by_key(|(beginning, _)| std::cmp::Reverse(beginning.len()));
        Self { servers }
    }

    /// The login for the file at a URL: that of the longest beginning which fits; an empty one if none does.
    pub fn of(&self, url: &str) -> &Login {
        static NONE: Login = Login {
            username: String::new(),
            password: String::new(),
        };
        let mut servers = self.servers.iter();
        let fitting = servers.find(|(beginning, _)| url.starts_with(beginning));
        fitting.map_or(&NONE, |(_, login)| login)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(username: &str) -> Login {
        Login {
            username: username.to_owned(),
            password: "hunter2".to_owned(),
        }
    }

    fn logins() -> Logins {
        let of = |(beginning, name): (&str, &str)| (beginning.to_owned(), login(name));
        let all = [
            ("", "all"),
            ("https://f/", "f"),
            ("https://f/deep/", "deep"),
        ];
        Logins::new(all.map(of))
    }

    #[test]
    fn the_longest_beginning_counts() {
        for (url, username) in [
            ("https://g/x", "all"),
            ("https://f/x", "f"),
            ("https://f/deep", "f"),
            ("https://f/deep/x", "deep"),
        ] {
            assert_eq!(logins().of(url).username, username, "{url}");
        }
        assert_eq!(*Logins::new([]).of("https://f/x"), Login::default());
    }

    #[test]
    fn passwords_are_not_shown() {
        assert!(!format!("{:?}", logins()).contains("hunter2"));
    }
}
