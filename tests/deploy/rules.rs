//! Alerts: well-formed, with a severity and a page of the runbook, and a promtool test each that fires and stays silent.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::process::Stdio;

use credbridge::telemetry::Metrics;
use credbridge::telemetry::metrics::METRICS;
use serde_json::Value;

use crate::tools::{chart, deploy, output, read, told, tool, yaml};

#[test]
fn every_alert_is_well_formed_and_stands_in_the_runbook() {
    let file = chart().join("files/rules/credbridge.rules.yaml");
    output(tool("promtool").args(["check", "rules"]).arg(&file));
    let runbook = read(&deploy().join("runbook.md"));
    let rules = yaml(&read(&file));
    let groups = rules["groups"].as_array().unwrap();
    let rules = groups
        .iter()
        .flat_map(|group| group["rules"].as_array().unwrap());
    let mut alerts = Vec::new();
    for rule in rules {
        let expression = rule["expr"].as_str().unwrap();
        let mut metrics = METRICS.iter();
        assert!(
            metrics.any(|metric| expression.contains(metric.name))
                || expression.contains("credbridge:"),
            "{expression}"
        );
        let Some(name) = rule["alert"].as_str() else {
            assert!(rule["record"].as_str().unwrap().starts_with("credbridge:"));
            continue;
        };
        assert!(runbook.contains(&format!("\n## {name}\n")), "{name}");
        let url = rule["annotations"]["runbook_url"].as_str().unwrap();
        assert_eq!(url, format!("RUNBOOK_URL#{}", name.to_lowercase()));
        let severity = rule["labels"]["severity"].as_str().unwrap();
        assert!(matches!(severity, "critical" | "warning"), "{name}");
        alerts.push(name);
    }
    assert_eq!(runbook.matches("\n## ").count(), alerts.len());
}

fn dashboards() -> Vec<Value> {
    let files = fs::read_dir(chart().join("files/dashboards")).unwrap();
    let texts = files.map(|entry| read(&entry.unwrap().path()));
    texts
        .map(|text| serde_json::from_str(&text).unwrap())
        .collect()
}

#[test]
fn dashboards_are_such_that_grafana_and_people_can_work_with_them() {
    let dashboards = dashboards();
    assert_eq!(dashboards.len(), 2);
    for dashboard in dashboards {
        let title = dashboard["title"].as_str().unwrap();
        assert!(
            dashboard["uid"]
                .as_str()
                .unwrap()
                .starts_with("credbridge-"),
            "{title}"
        );
        assert_eq!(dashboard["editable"], false, "{title}");
        let variables = dashboard["templating"]["list"].as_array().unwrap();
        for name in ["datasource", "namespace", "job"] {
            assert!(
                variables.iter().any(|variable| variable["name"] == name),
                "{title}: {name}"
            );
        }
        let mut ids = BTreeSet::new();
        for panel in dashboard["panels"].as_array().unwrap() {
            let place = format!("{title}: {}", panel["title"]);
            assert!(ids.insert(panel["id"].as_u64().unwrap()), "{place}");
            if panel["type"] == "row" {
                continue;
            }
            assert!(panel["description"].as_str().unwrap().len() > 10, "{place}");
            assert!(
                panel["fieldConfig"]["defaults"]["unit"].is_string(),
                "{place}"
            );
            assert_eq!(panel["datasource"]["uid"], "${datasource}", "{place}");
            for target in panel["targets"].as_array().unwrap() {
                let query = target["expr"].as_str().unwrap();
                assert!(
                    query.contains("namespace=~\"$namespace\",job=~\"$job\""),
                    "{place}"
                );
                assert_eq!(target["datasource"]["uid"], "${datasource}", "{place}");
                if query.contains("rate(") {
                    assert!(query.contains("[$__rate_interval]"), "{place}");
                }
            }
        }
    }
}

/// Names of ours in a text, without the suffixes of histograms.
fn metrics_in(text: &str) -> BTreeSet<&str> {
    let is_word = |char: char| char.is_ascii_alphanumeric() || char == '_' || char == ':';
    let words = text.split(|char| !is_word(char));
    let ours = words.filter(|word| word.starts_with("credbridge_"));
    ours.map(|word| {
        let suffixes = ["_bucket", "_count", "_sum"];
        let stem = suffixes.iter().find_map(|end| word.strip_suffix(end));
        stem.unwrap_or(word)
    })
    .collect()
}

#[test]
fn what_is_watched_exists() {
    let mut texts = vec![read(&chart().join("files/rules/credbridge.rules.yaml"))];
    texts.push(read(&deploy().join("runbook.md")));
    texts.extend(dashboards().iter().map(ToString::to_string));
    for text in texts {
        for name in metrics_in(&text) {
            let mut known = METRICS.iter();
            assert!(known.any(|metric| metric.name == name), "{name}");
        }
    }
}

#[test]
fn promtool_finds_nothing_wrong_with_the_metrics() {
    let metrics = Metrics::new("1");
    let mut worker = metrics.worker();
    worker.dead_letters("malformed_json", 1);
    let _directory = metrics.directory();
    let mut command = tool("promtool");
    let mut child = command
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(metrics.render().as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", told(&output));
    assert_eq!(told(&output), "");
}

#[test]
fn every_alert_fires_when_it_must_and_is_silent_otherwise() {
    let file = deploy().join("test/alerts.test.yaml");
    output(tool("promtool").args(["test", "rules"]).arg(&file));
    let tests = read(&file);
    let rules = read(&chart().join("files/rules/credbridge.rules.yaml"));
    for name in rules
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: "))
    {
        let mentioned = tests.matches(&format!("alertname: {name}\n")).count();
        assert!(
            mentioned >= 2,
            "{name} lacks a test that fires or one that does not"
        );
    }
}
