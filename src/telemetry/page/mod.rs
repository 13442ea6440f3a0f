//! The page for people: what an instance has and does, on one page that needs nothing else.
//!
//! It is rendered on the server, complete without a script; a script exchanges its middle every few seconds. All texts
//! are escaped by the templates, and characters that do not show are spelled out.

mod figures;
mod rates;
mod samples;
mod tables;
mod text;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::runtime::health::Answer;
use crate::runtime::insight::{NotedDeadLetter, WorkerView};
use crate::time::Timestamp;

pub(super) use rates::{INTERVAL as RATES_INTERVAL, Rates};
use samples::Samples;
use text::{shown, utc};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("live.js");

/// What the page may load and do: its own style and script, by their SHA-256, and itself again.
pub(super) const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; \
    style-src 'sha256-eHltDLz0Q/Q5RdDG+dk/gtQk4zps5GuoRSz4UDYh+A8='; script-src 'sha256-5b0mr3jbbDHWLJroAs9FNftZz1KdvKP/JP1seU0KX00='; \
    connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Everything that the page shows.
pub(super) struct Page<'a> {
    pub(super) instance_id: &'a str,
    pub(super) now: Timestamp,
    pub(super) ready: Answer,
    /// As Prometheus gets them.
    pub(super) metrics: &'a str,
    pub(super) rates: &'a Rates,
    /// `None` for a worker that does not answer.
    pub(super) workers: &'a [Option<WorkerView>],
    /// The newest first.
    pub(super) dead_letters: &'a [NotedDeadLetter],
    pub(super) shows_devices: bool,
}

impl Page<'_> {
    pub(super) fn render(&self) -> String {
        let title = format!("credbridge {}", shown(self.instance_id));
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="robots" content="noindex";
                    link rel="icon" href="data:,";
                    title { (title) }
                    style { (PreEscaped(STYLE)) }
                }
                body {
                    header {
                        h1 { "credbridge" }
                        span { "instance " strong { (shown(self.instance_id)) } }
                        span .soft { "version " (env!("CARGO_PKG_VERSION")) }
                        span #live .soft role="status" { "as it was; reload to see newer values" }
                    }
                    (self.middle())
                    (footer())
                    script { (PreEscaped(SCRIPT)) }
                }
            }
        };
        page.into_string()
    }

    /// What changes.
    fn middle(&self) -> Markup {
        let samples = Samples::of(self.metrics);
        html! {
            main {
                (self.state())
                (figures::tiles(&samples, self.rates.since_oldest(self.now, &samples)))
                (figures::funnel(&samples))
                (figures::events(&samples))
                (tables::shards(self.workers))
                (tables::dead_letters(self.dead_letters, self.shows_devices))
                (tables::oldest(self.workers, self.now, self.shows_devices))
            }
        }
    }

    fn state(&self) -> Markup {
        let wrong = self.ready.verbose.lines();
        let wrong: Vec<&str> = wrong.filter_map(|line| line.strip_prefix("[-]")).collect();
        html! {
            p {
                @match self.ready.good {
                    true => strong .good { "Ready" },
                    false => strong .bad { "Not ready" },
                }
                span .soft { " at " time { (utc(self.now)) } }
            }
            @for line in wrong { p .bad { (shown(line)) } }
        }
    }
}

fn footer() -> Markup {
    let links = [
        "/livez?verbose",
        "/readyz?verbose",
        "/metrics",
        "/version",
        "/loglevel",
    ];
    html! {
        footer {
            nav aria-label="Further pages" { @for link in links { a href=(link) { (link) } } }
            p { "Counts are those of this process since its start, unless it says otherwise. Nothing can be changed here." }
        }
    }
}

#[cfg(test)]
mod tests;
