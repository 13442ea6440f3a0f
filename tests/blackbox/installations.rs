//! `/v1/installations`: what is known of a device, asked of every instance.

use std::time::Duration;

use serde_json::{Value, json};

use crate::kafka::app::App;
use crate::kafka::bridge::Bridge;
use crate::kafka::broker::Broker;
use crate::kafka::fleet::{self, device_key};
use crate::kafka::play::Play;
use crate::kafka::wait_for;

/// How long the group may take to settle, and a worker to answer.
const LIMIT: Duration = Duration::from_secs(30);

/// Enough that each of two instances owns the shard of one.
const DEVICES: [&str; 8] = ["S1", "S2", "S3", "S4", "S5", "S6", "S7", "S8"];

#[test]
fn the_owner_tells_of_a_device_and_the_others_tell_of_the_owner() {
    let app = App::new(Broker::shared(), "asked").set(&json!({"admin": {"show_devices": true}}));
    let instances = [("one", app.start()), ("two", app.start_as("two"))];
    wait_for("shards of both", LIMIT, || {
        let owned = |(_, bridge): &(_, Bridge)| bridge.metric("credbridge_shards_owned");
        let both = instances.iter().all(|instance| owned(instance) == Some(2));
        (both && instances.iter().all(|(_, bridge)| bridge.is_ready())).then_some(())
    });
    let mut play = Play::new(&app);
    let (mut owners, mut downloads) = (Vec::new(), Vec::new());
    for serial in DEVICES {
        let request = play
            .request(serial, Some(&format!("key<{serial}>")))
            .to_string();
        let (download, _) = play.next_command(serial);
        let owner = check_device(&instances, serial, &request, "download_sent");
        play.event(serial, &download.id, fleet::download_response(1));
        wait_for("the next step", LIMIT, || {
            let (_, body) = asked(
                &instances[owner].1,
                &format!("device={}", device_key(serial)),
            )?;
            (body["installations"][0]["step"] == "accepted").then_some(())
        });
        owners.push(owner);
        downloads.push(download);
    }
    assert!(owners.contains(&0) && owners.contains(&1), "{owners:?}");

    let finished = play.up_to_set("S1", &downloads[0]);
    play.event("S1", &finished.id, fleet::set_response());
    play.next_response("S1");
    let by_key = format!("device={}&command_key=key%3CS1%3E", device_key("S1"));
    wait_for("the end to be remembered", LIMIT, || {
        let (status, body) = asked(&instances[owners[0]].1, &by_key)?;
        (status == 200 && body["installations"][0]["step"] == "ended").then_some(())
    });
    for (query, problem) in [
        ("device=S1", "device: "),
        ("", "device"),
        ("device=a-b-c&x=1", "x"),
    ] {
        let (status, body) = asked(&instances[0].1, query).unwrap();
        assert_eq!(status, 400, "{query}: {body}");
        assert!(body["error"].as_str().unwrap().contains(problem), "{body}");
    }
}

/// Asks both instances; returns the number of the one that owns the shard of the device.
fn check_device(instances: &[(&str, Bridge); 2], serial: &str, request: &str, step: &str) -> usize {
    let query = format!("device={}", device_key(serial));
    let answers = wait_for("the answers", LIMIT, || {
        let answers = instances
            .each_ref()
            .map(|(_, bridge)| asked(bridge, &query));
        let [Some(one), Some(two)] = answers else {
            return None;
        };
        (one.0 != 503 && two.0 != 503).then_some([one, two])
    });
    let owner = usize::from(answers[1].0 == 200);
    let (status, known) = &answers[owner];
    assert_eq!(*status, 200, "{answers:?}");
    assert_eq!(known["instance"], instances[owner].0, "{known}");
    let installation = &known["installations"][0];
    assert_eq!(installation["command_key"], format!("key<{serial}>"));
    assert_eq!(installation["step"], step, "{known}");
    assert_eq!(installation["request"], request, "{known}");
    assert_eq!(installation["attempts"], 1, "{known}");
    assert_eq!(installation["waits_for"], "the answer to Download");
    assert!(installation["since"].as_str() < installation["deadline"].as_str());

    let (status, told) = &answers[1 - owner];
    assert_eq!(*status, 421, "{answers:?}");
    assert_eq!(told["shard"], known["shard"], "{answers:?}");
    let expected = json!({"instance": instances[owner].0, "worker": 0, "told_by": "assignment"});
    assert_eq!(told["owner"], expected, "{told}");
    owner
}

fn asked(bridge: &Bridge, query: &str) -> Option<(u16, Value)> {
    let answer = bridge.http_get(&format!("/v1/installations?{query}"))?;
    let status = answer.split(' ').nth(1)?.parse().ok()?;
    let (_, body) = answer.split_once("\r\n\r\n")?;
    Some((status, serde_json::from_str(body).ok()?))
}
