//! The chart renders, and what it renders is valid, restricted, and understood by the bridge.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::tools::{cache, chart, deploy, documents, output, read, run, told, tool, yaml};

/// Oldest, common and newest versions of Kubernetes.
const KUBERNETES: [&str; 3] = ["1.30.0", "1.34.0", "1.37.0"];

/// Where secrets lie in the pod.
const SECRETS: &str = "/run/secrets/credbridge";

fn values() -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(chart().join("ci"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert!(files.len() > 5, "{files:?}");
    files
}

fn template(values: &Path) -> Command {
    let mut helm = tool("helm");
    helm.args(["template", "test", "--namespace", "devices", "--values"]);
    helm.arg(values).arg(chart());
    helm
}

fn rendered(name: &str) -> Vec<Value> {
    let file = chart().join(format!("ci/{name}-values.yaml"));
    let text = output(&mut template(&file));
    documents(&text).iter().map(|text| yaml(text)).collect()
}

fn the<'a>(objects: &'a [Value], kind: &str) -> &'a Value {
    let mut found = objects.iter().filter(|object| object["kind"] == kind);
    let first = found.next().unwrap_or_else(|| panic!("no {kind}"));
    assert!(found.next().is_none(), "several {kind}");
    first
}

#[test]
fn every_values_file_lints_and_renders_valid_objects() {
    let directory = tempfile::tempdir().unwrap();
    custom_resources(directory.path());
    let mut files = Vec::new();
    for values in values() {
        let mut lint = tool("helm");
        lint.args(["lint", "--strict", "--quiet", "--values"]);
        output(lint.arg(&values).arg(chart()));
        let file = directory.path().join(values.file_name().unwrap());
        fs::write(&file, output(&mut template(&values))).unwrap();
        files.push(file);
    }
    let ours = |version: &str| {
        let schemas = cache().join("kubernetes");
        assert!(
            schemas.is_dir(),
            "{} is missing; install it with\n    deploy/test/tools.sh",
            schemas.display()
        );
        format!(
            "{}/v{version}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json",
            schemas.display()
        )
    };
    let others = format!(
        "{}/{{{{.Group}}}}/{{{{.ResourceKind}}}}_{{{{.ResourceAPIVersion}}}}.json",
        directory.path().display()
    );
    for version in KUBERNETES {
        let mut kubeconform = tool("kubeconform");
        kubeconform.args(["-strict", "-summary", "-kubernetes-version", version]);
        kubeconform.args([
            "-schema-location",
            &ours(version),
            "-schema-location",
            &others,
        ]);
        let summary = output(kubeconform.args(&files));
        assert!(
            summary.contains("Invalid: 0, Errors: 0, Skipped: 0"),
            "{summary}"
        );
    }
    let wrong = directory.path().join("wrong.yaml");
    let text = read(&files[0]).replace("serviceName:", "servceName:");
    fs::write(&wrong, text).unwrap();
    let mut kubeconform = tool("kubeconform");
    kubeconform.args([
        "-strict",
        "-kubernetes-version",
        KUBERNETES[0],
        "-schema-location",
        &ours(KUBERNETES[0]),
    ]);
    assert!(!run(kubeconform.arg(&wrong)).status.success());
}

/// Writes the schemas of custom resources into a directory, with unknown fields forbidden.
fn custom_resources(directory: &Path) {
    for entry in fs::read_dir(deploy().join("test/crds")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|end| end != "yaml") {
            continue;
        }
        for definition in documents(&read(&path)) {
            let definition = yaml(&definition);
            let spec = &definition["spec"];
            let group = directory.join(spec["group"].as_str().unwrap());
            fs::create_dir_all(&group).unwrap();
            let kind = spec["names"]["kind"].as_str().unwrap().to_lowercase();
            for version in spec["versions"].as_array().unwrap() {
                let mut schema = version["schema"]["openAPIV3Schema"].clone();
                close(&mut schema);
                let name = format!("{kind}_{}.json", version["name"].as_str().unwrap());
                fs::write(group.join(name), schema.to_string()).unwrap();
            }
        }
    }
}

/// OpenAPI as Kubernetes means it: unknown fields are refused, `int-or-string` is both.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            if object.get("x-kubernetes-int-or-string") == Some(&json!(true)) {
                object.remove("type");
                object.remove("anyOf");
            }
            let open = object.get("x-kubernetes-preserve-unknown-fields") == Some(&json!(true));
            if object.contains_key("properties")
                && object.get("type") == Some(&json!("object"))
                && !open
            {
                object.entry("additionalProperties").or_insert(json!(false));
            }
            object.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Puts a configuration into a directory, with the secrets that it names; returns its file.
fn in_place(config: &str, directory: &Path) -> PathBuf {
    let file = directory.join("credbridge.yaml");
    let here = directory.display().to_string();
    let words = config.split_whitespace();
    for secret in words.filter_map(|word| word.strip_prefix(SECRETS)) {
        let secret = directory.join(secret.trim_start_matches('/'));
        fs::create_dir_all(secret.parent().unwrap()).unwrap();
        fs::write(secret, "secret").unwrap();
    }
    fs::write(&file, config.replace(SECRETS, &here)).unwrap();
    file
}

fn bridge(subcommand: &str) -> Command {
    let mut bridge = Command::new(env!("CARGO_BIN_EXE_credbridge"));
    bridge.args([subcommand, "--config"]);
    bridge
}

#[test]
fn every_rendered_configuration_passes_the_check_of_the_bridge() {
    let mut checked = 0;
    for values in values() {
        let text = output(&mut template(&values));
        let objects: Vec<Value> = documents(&text).iter().map(|text| yaml(text)).collect();
        let config = objects
            .iter()
            .find_map(|object| object["data"]["credbridge.yaml"].as_str());
        let Some(config) = config else {
            assert!(
                values.ends_with("existing-config-values.yaml"),
                "{values:?}"
            );
            continue;
        };
        let directory = tempfile::tempdir().unwrap();
        let file = in_place(config, directory.path());
        let checked_output = run(bridge("check").arg(&file));
        assert!(
            checked_output.status.success(),
            "{values:?}\n{}\n{config}",
            told(&checked_output)
        );
        checked += 1;
    }
    assert!(checked > 5);
}

#[test]
fn bad_values_are_refused_with_their_name() {
    for (values, named) in [
        ("replicas: 3", "replicas"),
        ("replicaCount: many", "replicaCount"),
        ("image: {digest: latest}", "digest"),
        ("config: {topics: {shard: 3}}", "shard"),
        ("config: {topics: {shards: 0}}", "shards"),
        ("config: {delivery: twice}", "delivery"),
        ("config: {timeouts: {accept: 15}}", "accept"),
        (
            "config: {kafka: {properties: {group.id: mine}}}",
            "group.id",
        ),
        ("config: {formats: {requests: xml}}", "requests"),
        ("secrets: [{name: x}]", "secretName"),
        (
            "terminationGracePeriodSeconds: 10",
            "terminationGracePeriodSeconds",
        ),
        (
            "autoscaling: {enabled: true, minReplicas: 0}",
            "minReplicas",
        ),
        (
            "autoscaling: {enabled: true, maxReplicas: 9}",
            "leaves work for 8 pods",
        ),
        ("strimzi: {user: {enabled: true}}", "strimzi.cluster"),
        ("podMonitor: {interval: often}", "interval"),
    ] {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), values).unwrap();
        let refused = run(&mut template(file.path()));
        assert!(!refused.status.success(), "{values} was taken");
        assert!(
            told(&refused).contains(named),
            "{values}:\n{}",
            told(&refused)
        );
    }
}

#[test]
fn pods_are_restricted_and_hold_no_secret_in_the_open() {
    for name in ["default", "minimal", "full", "strimzi"] {
        let objects = rendered(name);
        let pod = &the(&objects, "StatefulSet")["spec"]["template"]["spec"];
        assert_eq!(pod["automountServiceAccountToken"], false);
        assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
        assert_eq!(
            pod["securityContext"]["seccompProfile"]["type"],
            "RuntimeDefault"
        );
        let container = &pod["containers"][0];
        let security = &container["securityContext"];
        assert_eq!(security["allowPrivilegeEscalation"], false);
        assert_eq!(security["readOnlyRootFilesystem"], true);
        assert_eq!(security["capabilities"], json!({"drop": ["ALL"]}));
        assert!(container["resources"]["limits"]["cpu"].is_null());
        assert_eq!(container["livenessProbe"]["httpGet"]["path"], "/livez");
        assert_eq!(container["readinessProbe"]["httpGet"]["path"], "/readyz");
    }
    let objects = rendered("full");
    let pod = &the(&objects, "StatefulSet")["spec"]["template"]["spec"];
    assert_eq!(pod["containers"][0]["ports"][0]["containerPort"], 8080);
    let secrets = pod["volumes"].as_array().unwrap();
    let secrets = secrets.iter().filter(|volume| !volume["secret"].is_null());
    assert_eq!(secrets.count(), 3);
}

#[test]
fn replicas_are_left_to_whoever_scales() {
    assert_eq!(
        the(&rendered("default"), "StatefulSet")["spec"]["replicas"],
        2
    );
    assert!(the(&rendered("external-scaler"), "StatefulSet")["spec"]["replicas"].is_null());
    let objects = rendered("autoscaling");
    assert!(the(&objects, "StatefulSet")["spec"]["replicas"].is_null());
    let scaled = &the(&objects, "ScaledObject")["spec"];
    assert_eq!(
        (&scaled["minReplicaCount"], &scaled["maxReplicaCount"]),
        (&json!(2), &json!(6))
    );
    let query = scaled["triggers"][0]["metadata"]["query"].as_str().unwrap();
    let known = credbridge::telemetry::metrics::METRICS
        .iter()
        .any(|metric| query.contains(metric.name));
    assert!(known, "{query}");
}

/// What a KafkaUser may do, each operation on each resource; Describe is left out, since Read and Write bring it.
fn rights(user: &Value) -> BTreeSet<String> {
    let acls = user["spec"]["authorization"]["acls"].as_array().unwrap();
    let of = |acl: &Value| {
        let resource = acl["resource"].to_string();
        let operations = acl["operations"].as_array().unwrap().clone();
        let worth_it = operations.into_iter().filter(|name| name != "Describe");
        worth_it.map(move |name| format!("{name} on {resource}"))
    };
    acls.iter().flat_map(of).collect()
}

#[test]
fn a_user_of_strimzi_may_do_what_the_bridge_does_and_no_more() {
    for (name, least) in [("strimzi", 12), ("create-missing", 16)] {
        let objects = rendered(name);
        let config = the(&objects, "ConfigMap")["data"]["credbridge.yaml"].as_str();
        let directory = tempfile::tempdir().unwrap();
        let file = in_place(config.unwrap(), directory.path());
        let printed = output(bridge("acls").arg(&file).args(["--form", "strimzi"]));
        let printed = rights(&yaml(&printed));
        assert!(printed.len() >= least, "{printed:?}");
        assert_eq!(rights(the(&objects, "KafkaUser")), printed);
    }
}

#[test]
fn topics_of_strimzi_are_those_of_the_configuration() {
    let objects = rendered("strimzi");
    let topics: Vec<_> = objects
        .iter()
        .filter(|object| object["kind"] == "KafkaTopic")
        .collect();
    assert_eq!(topics.len(), 9);
    let topic = |name: &str| {
        topics
            .iter()
            .find(|topic| topic["spec"]["topicName"] == name)
            .unwrap()
    };
    assert_eq!(topic("certificates-routed")["spec"]["partitions"], 32);
    assert!(topic("certificates-ledger")["spec"]["config"]["cleanup.policy"].is_null());
    let changelog = &topic("certificates-changelog")["spec"];
    assert_eq!(changelog["partitions"], 32);
    assert_eq!(changelog["config"]["cleanup.policy"], "compact");
    assert_eq!(changelog["config"]["delete.retention.ms"], 86_400_000);
    assert_eq!(
        topic("cwmp_events_legacy")["metadata"]["name"],
        "cwmp-events-legacy"
    );
}

#[test]
fn probes_and_scrapes_speak_what_the_admin_port_speaks() {
    const TLS: &str = "config.admin.certificate_file=/a,config.admin.key_file=/b";
    const MONITORS: &str = "podMonitor.enabled=true,serviceMonitor.enabled=true";
    let with = |settings: &str| {
        let mut helm = template(&chart().join("ci/default-values.yaml"));
        run(helm.args(["--set", MONITORS, "--set", settings]))
    };
    for (settings, probes, scrapes) in [
        ("log=info", json!(["admin", null]), "http"),
        (TLS, json!(["admin", "HTTPS"]), "https"),
        (
            &format!(
                "{TLS},config.admin.client_ca_file=/c,config.admin.probes_listen=0.0.0.0:9465"
            ),
            json!(["probes", null]),
            "https",
        ),
    ] {
        let rendered = with(settings);
        assert!(rendered.status.success(), "{}", told(&rendered));
        let text = String::from_utf8(rendered.stdout).unwrap();
        let objects: Vec<Value> = documents(&text).iter().map(|text| yaml(text)).collect();
        let container = &the(&objects, "StatefulSet")["spec"]["template"]["spec"]["containers"][0];
        for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
            let get = &container[probe]["httpGet"];
            assert_eq!(json!([get["port"], get["scheme"]]), probes, "{settings}");
        }
        let pods = &the(&objects, "PodMonitor")["spec"]["podMetricsEndpoints"][0];
        let services = &the(&objects, "ServiceMonitor")["spec"]["endpoints"][0];
        assert_eq!([&pods["scheme"], &services["scheme"]], [scrapes; 2]);
    }
    let refused = with(&format!("{TLS},config.admin.client_ca_file=/c"));
    assert!(told(&refused).contains("set config.admin.probes_listen"));
}

#[test]
fn a_disruption_budget_stands_only_where_pods_are_several() {
    let has = |name| {
        rendered(name)
            .iter()
            .any(|object| object["kind"] == "PodDisruptionBudget")
    };
    assert!(has("default") && has("autoscaling"));
    assert!(!has("minimal"));
}
