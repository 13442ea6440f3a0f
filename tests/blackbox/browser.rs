//! A real browser, without a window, where there is one.

use std::io::{self, Write as _};
use std::process::Command;

use crate::kafka::process;

/// What Debian and others call it.
const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// What a browser must not do in a test: run as somebody else, ask home, or wait for a first user.
const QUIET: [&str; 8] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--enable-logging=stderr",
];

/// A browser that was found.
pub(crate) struct Browser {
    program: &'static str,
}

/// What a page came to.
pub(crate) struct Shown {
    /// The document as it was in the end, as HTML.
    pub(crate) document: String,
    /// What the browser wrote on its console: errors of the script, and what the page was not allowed to load.
    pub(crate) console: Vec<String>,
}

impl Browser {
    /// The browser of this machine; says so if there is none, because the test is the weaker for it.
    pub(crate) fn find() -> Option<Self> {
        let program = NAMES.into_iter().find(|name| {
            let version = Command::new(name).arg("--version").output();
            version.is_ok_and(|output| output.status.success())
        });
        if program.is_none() {
            // Not by a macro, whose text the test harness would keep to itself.
            writeln!(
                io::stderr(),
                "NOT CHECKED: how a real browser shows the page, because there is none; sudo apt-get install -y --no-install-recommends chromium"
            )
            .expect("standard error is there");
        }
        program.map(|program| Self { program })
    }

    /// Opens a page, lets the time of its clocks pass, and tells what it came to.
    ///
    /// # Panics
    /// If the browser fails.
    pub(crate) fn open(&self, url: &str, milliseconds: u32) -> Shown {
        let profile = process::scratch("browser");
        let output = Command::new(self.program)
            .args(QUIET)
            .arg(format!("--user-data-dir={}", profile.display()))
            .arg(format!("--virtual-time-budget={milliseconds}"))
            .args(["--timeout=60000", "--dump-dom", url])
            .output()
            .expect("it was there");
        let log = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{log}");
        let console = log.lines().filter(|line| line.contains("CONSOLE"));
        Shown {
            document: String::from_utf8_lossy(&output.stdout).into_owned(),
            console: console.map(ToOwned::to_owned).collect(),
        }
    }
}
