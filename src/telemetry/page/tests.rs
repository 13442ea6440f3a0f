use std::cell::RefCell;
use std::time::Duration;

use base64::Engine as _;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{
    BufferQueue, StartTag, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};
use sha2::{Digest as _, Sha256};

use super::*;
use crate::correlator::Ledger;
use crate::record::Coordinates;
use crate::runtime::insight::{DeadLetter, InstallationView, ShardView};
use crate::telemetry::Metrics;

const NOW: Timestamp = Timestamp::from_millis(1_795_000_000_000);

/// What somebody might call himself to get at whoever looks.
const HOSTILE: &str = "<script>alert(1)</script>\"'&\u{202e}\n\u{0}";

fn installation() -> InstallationView {
    InstallationView {
        device: HOSTILE.into(),
        command_key: HOSTILE.into(),
        alias: None,
        step: "accepted",
        waits_for: "TransferComplete",
        request: Some(format!("{HOSTILE}/0/7")),
        since: Some(Timestamp::from_millis(NOW.as_millis() - 90_000)),
        deadline: Some(NOW + Duration::from_secs(60)),
        expires_at: None,
        attempts: 2,
        target: None,
        early_events: 0,
    }
}

fn workers() -> Vec<Option<WorkerView>> {
    let shard = ShardView {
        number: 3,
        phase: "ready",
        open: 12_345,
        ended: 1,
        waiting: 0,
        ledger: Ledger {
            events: 2,
            applied: 1,
            ..Ledger::default()
        },
    };
    let view = WorkerView {
        worker: 0,
        shards: vec![shard],
        oldest: vec![installation()],
    };
    vec![Some(view), None]
}

fn dead_letters() -> Vec<NotedDeadLetter> {
    let source = Coordinates {
        topic: "cwmp.events".into(),
        partition: 2,
        offset: 77,
    };
    let letter = DeadLetter {
        source,
        reason: "device_mismatch",
        error: HOSTILE.into(),
    };
    vec![NotedDeadLetter { at: NOW, letter }]
}

fn render(metrics: &str, shows_devices: bool) -> String {
    let page = Page {
        instance_id: HOSTILE,
        now: NOW,
        ready: Answer {
            good: false,
            verbose: "[+]a: ok\n[-]worker-1 shards assigned and restored: failed\n".to_owned(),
        },
        metrics,
        rates: &Rates::default(),
        workers: &workers(),
        dead_letters: &dead_letters(),
        shows_devices,
    };
    page.render()
}

fn some_metrics() -> String {
    let metrics = Metrics::new("7");
    let mut worker = metrics.worker();
    worker.set_installations(1_234_567, 8);
    worker.records_in(Some(crate::wire::Input::Requests), 42);
    worker.events(
        &Ledger::default(),
        &Ledger {
            applied: 17,
            ..Ledger::default()
        },
    );
    let mut observations = crate::correlator::Observations::default();
    observations.times[0].counts[0] = 5;
    observations.outcomes.insert(
        HOSTILE.into(),
        crate::correlator::Outcomes {
            installed: 3,
            ..crate::correlator::Outcomes::default()
        },
    );
    worker.installations().observed(&observations);
    metrics.render()
}

/// A name and attributes.
type Tag = (String, Vec<(String, String)>);

/// What stands on the page: tags with their attributes, and errors.
#[derive(Default)]
struct Seen {
    tags: RefCell<Vec<Tag>>,
    errors: RefCell<Vec<String>>,
}

impl TokenSink for Seen {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        match token {
            Token::TagToken(tag) => {
                let name = tag.name.to_string();
                let attributes = tag.attrs.iter();
                let attributes =
                    attributes.map(|a| (a.name.local.to_string(), a.value.to_string()));
                self.tags
                    .borrow_mut()
                    .push((name.clone(), attributes.collect()));
                match name.as_str() {
                    "script" if tag.kind == StartTag => {
                        return TokenSinkResult::RawData(RawKind::ScriptData);
                    }
                    "style" if tag.kind == StartTag => {
                        return TokenSinkResult::RawData(RawKind::Rawtext);
                    }
                    _ => {}
                }
            }
            Token::ParseError(error) => self.errors.borrow_mut().push(error.into_owned()),
            Token::DoctypeToken(_)
            | Token::CommentToken(_)
            | Token::CharacterTokens(_)
            | Token::NullCharacterToken
            | Token::EOFToken => {}
        }
        TokenSinkResult::Continue
    }
}

fn seen(page: &str) -> Seen {
    let queue = BufferQueue::default();
    queue.push_back(page.into());
    let options = TokenizerOpts {
        exact_errors: true,
        ..TokenizerOpts::default()
    };
    let tokenizer = Tokenizer::new(Seen::default(), options);
    while !queue.is_empty() {
        drop(tokenizer.feed(&queue));
    }
    tokenizer.end();
    tokenizer.sink
}

/// Those that stand alone.
const VOID: [&str; 2] = ["meta", "link"];

#[test]
fn the_page_is_html_without_an_error_and_each_tag_is_closed() {
    for shows_devices in [false, true] {
        let seen = seen(&render(&some_metrics(), shows_devices));
        assert!(seen.errors.borrow().is_empty(), "{:?}", seen.errors);
        for (name, count) in tag_counts(&seen) {
            assert!(
                count % 2 == 0 || VOID.contains(&name.as_str()),
                "{name}: {count}"
            );
        }
    }
}

fn tag_counts(seen: &Seen) -> std::collections::BTreeMap<String, usize> {
    let mut counts = std::collections::BTreeMap::new();
    for (name, _) in &*seen.tags.borrow() {
        *counts.entry(name.clone()).or_default() += 1;
    }
    counts
}

#[test]
fn nobody_gets_a_tag_or_a_hidden_character_onto_the_page() {
    let page = render(&some_metrics(), true);
    assert_eq!(tag_counts(&seen(&page))["script"], 2);
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    assert!(!page.contains('\u{202e}') && !page.contains('\0'), "{page}");
    assert!(page.contains("\\u{202e}"), "{page}");
    for (name, attributes) in &*seen(&page).tags.borrow() {
        for (attribute, _) in attributes {
            assert!(!attribute.starts_with("on"), "{name} {attribute}");
        }
    }
}

#[test]
fn devices_stand_on_the_page_only_by_the_option() {
    let (hidden, told) = (render("", false), render("", true));
    let devices = |page: &str| page.matches("alert(1)").count();
    // The name of the instance, twice, and the topic of a request, which no requester can choose.
    assert_eq!(devices(&hidden), 3, "{hidden}");
    assert_eq!(devices(&told), 6, "{told}");
    assert!(hidden.contains("device_mismatch") && hidden.contains("cwmp.events/2/77"));
    assert!(hidden.contains("TransferComplete") && hidden.contains("1m 30s"));
}

#[test]
fn nothing_is_loaded_from_elsewhere_and_style_and_script_are_the_allowed_ones() {
    let page = render(&some_metrics(), true);
    assert!(!page.contains("http://") && !page.contains("https://"));
    for (name, attributes) in &*seen(&page).tags.borrow() {
        for (attribute, value) in attributes {
            let is_link = ["src", "href", "action"].contains(&attribute.as_str());
            let is_ours = value == "data:," || value.starts_with('/');
            assert!(!is_link || is_ours, "{name} {attribute}={value}");
        }
    }
    for (kind, text) in [("style", STYLE), ("script", SCRIPT)] {
        let digest = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(text));
        let source = format!("{kind}-src 'sha256-{digest}';");
        assert!(CONTENT_SECURITY_POLICY.contains(&source), "{source}");
        assert!(page.contains(text), "{kind}");
    }
}

#[test]
fn figures_are_those_of_the_metrics() {
    let metrics = some_metrics();
    let page = render(&metrics, false);
    let mut compared = 0;
    for (_, attributes) in &*seen(&page).tags.borrow() {
        let attribute = |wanted: &str| {
            let found = attributes.iter().find(|(name, _)| name == wanted);
            found.map(|(_, value)| value.clone())
        };
        let (Some(series), Some(on_page)) = (attribute("data-metric"), attribute("value")) else {
            continue;
        };
        let parts = series.split(" + ").filter_map(|series| {
            let mut lines = metrics.lines().filter_map(|line| line.rsplit_once(' '));
            let (_, value) = lines.find(|(known, _)| shown(known) == series)?;
            value.parse::<f64>().ok()
        });
        let (count, sum) = parts.fold((0, 0.0), |(count, sum), value| (count + 1, sum + value));
        assert!(count > 0 || on_page == "0", "{series} is no metric");
        assert_eq!(on_page.parse::<f64>().unwrap(), sum, "{series}");
        compared += 1;
    }
    assert!(compared > 12, "{compared}");
    assert!(page.contains("1\u{202f}234\u{202f}567"), "{page}");
}

#[test]
fn what_is_wrong_is_said_without_a_script() {
    let page = render("", false);
    for text in [
        "Not ready",
        "worker-1 shards assigned and restored: failed",
        "worker 1 does not answer",
    ] {
        assert!(page.contains(text), "{text}");
    }
}
