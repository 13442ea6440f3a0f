//! The page for people, of a bridge at work.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::browser::Browser;
use crate::kafka::app::App;
use crate::kafka::bridge::Bridge;
use crate::kafka::broker::Broker;
use crate::kafka::client::Record;
use crate::kafka::fleet::device_key;
use crate::kafka::play::Play;
use crate::kafka::wait_for;

const LIMIT: Duration = Duration::from_secs(30);

/// More than anybody waits for.
const RECORDS_MAX: usize = 10_000;

/// What the page says of itself until its script has renewed it.
const STILL: &str = "as it was; reload to see newer values";

/// In a browser the page renews itself, and asks for nothing that it may not load.
fn check_in(browser: &Browser, bridge: &Bridge) {
    let url = format!("http://{}/", bridge.admin());
    // Longer than the script waits.
    let live = browser.open(&url, 12_000);
    let mut tags = live.document.split('<');
    let note = tags.find(|tag| tag.contains("id=\"live\"")).unwrap();
    assert!(
        note.contains("class=\"good\"") && note.ends_with(">live"),
        "{note}"
    );
    assert!(live.document.contains(&device_key("S1")));
    assert!(!live.document.contains(STILL));
    assert_eq!(live.console, [""; 0]);
}

#[test]
fn the_page_shows_what_goes_on_also_while_records_never_pause() {
    let app = App::new(Broker::shared(), "page").set(&json!({"admin": {"show_devices": true}}));
    let bridge = app.start();
    let mut play = Play::new(&app);
    let key = "<b>&k";
    let request = play.request("S1", Some(key));
    play.next_command("S1");
    let poison = app.client.send(Record::new(&app.events, "{\"a\": \"<i>\""));
    let page = wait_for("the page with all of it", LIMIT, || {
        let page = bridge.http_get("/")?;
        let is_there = |text: &str| page.contains(text);
        let all = is_there("malformed_json") && is_there(&device_key("S1"));
        all.then_some(page)
    });
    for text in [request.to_string(), poison.to_string()] {
        assert!(page.contains(&text), "{text}: {page}");
    }
    assert!(page.contains("&lt;b&gt;&amp;k"), "{page}");
    assert!(!page.contains("<b>") && !page.contains("<i>"), "{page}");
    // What comes without a script is complete.
    assert!(page.contains(STILL), "{page}");
    if let Some(browser) = Browser::find() {
        check_in(&browser, &bridge);
    }

    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let sender = Play::new(&app);
            for number in 0..RECORDS_MAX {
                if is_over.load(Ordering::Relaxed) {
                    return;
                }
                sender.request(&format!("N{number}"), None);
            }
        });
        wait_for("gauges under way", LIMIT, || {
            let open = bridge.metric("credbridge_installations_open")?;
            (open > 10).then_some(())
        });
        is_over.store(true, Ordering::Relaxed);
    });
}
