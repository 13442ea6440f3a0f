//! Alerts: well-formed, with a severity and a page of the runbook, and a promtool test each that fires and stays silent.

use crate::tools::{chart, deploy, output, read, tool, yaml};

#[test]
fn every_alert_is_well_formed_and_stands_in_the_runbook() {
    let file = chart().join("files/rules/credbridge.rules.yaml");
    output(tool("promtool").args(["check", "rules"]).arg(&file));
    let runbook = read(&deploy().join("runbook.md"));
    let rules = yaml(&read(&file));
    let alerts = rules["groups"][0]["rules"].as_array().unwrap();
    for alert in alerts {
        let name = alert["alert"].as_str().unwrap();
        assert!(runbook.contains(&format!("\n## {name}\n")), "{name}");
        let url = alert["annotations"]["runbook_url"].as_str().unwrap();
        assert_eq!(url, format!("RUNBOOK_URL#{}", name.to_lowercase()));
        assert!(alert["labels"]["severity"].is_string(), "{name}");
        let expression = alert["expr"].as_str().unwrap();
        let mut metrics = credbridge::telemetry::metrics::METRICS.iter();
        assert!(
            metrics.any(|metric| expression.contains(metric.name)),
            "{expression}"
        );
    }
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
