//! What the README of the chart has people type.

use std::path::Path;

use serde_json::Value;

use crate::tools::{chart, documents, output, read, tool, yaml};

#[test]
fn the_installation_with_strimzi_uses_the_secrets_that_strimzi_writes() {
    let readme = read(&chart().join("README.md"));
    let (_, section) = readme.split_once("## With Strimzi").unwrap();
    let line = section
        .lines()
        .find(|line| line.starts_with("helm install"));
    let words: Vec<&str> = line.unwrap().split(' ').skip(2).collect();
    let mut helm = tool("helm");
    helm.arg("template").args(words);
    helm.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")));
    let text = output(&mut helm);
    let objects: Vec<Value> = documents(&text).iter().map(|text| yaml(text)).collect();
    let the = |kind: &str| {
        objects
            .iter()
            .find(|object| object["kind"] == kind)
            .unwrap()
    };
    let (user, set) = (the("KafkaUser"), the("StatefulSet"));
    assert_eq!(user["metadata"]["namespace"], set["metadata"]["namespace"]);
    let volumes = set["spec"]["template"]["spec"]["volumes"]
        .as_array()
        .unwrap();
    let secrets = volumes.iter().map(|volume| &volume["secret"]["secretName"]);
    let mut secrets: Vec<&str> = secrets.filter_map(Value::as_str).collect();
    secrets.sort_unstable();
    // The operator names the secret of a user as the user, and that of the authority after the cluster.
    let of_user = user["metadata"]["name"].as_str().unwrap();
    let cluster = user["metadata"]["labels"]["strimzi.io/cluster"].as_str();
    let of_authority = format!("{}-cluster-ca-cert", cluster.unwrap());
    assert_eq!(secrets, [of_authority.as_str(), of_user]);
    assert!(section.contains(of_user) && section.contains(&of_authority));
}
