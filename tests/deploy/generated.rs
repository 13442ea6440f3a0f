//! What is made from something else, and must not drift from it. `CREDBRIDGE_UPDATE_GENERATED=1 cargo test --test
//! deploy generated` rewrites it.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::tools::{chart, deploy, documents, output, read, tool, yaml};

fn keep(path: &Path, text: &str) {
    if std::env::var_os("CREDBRIDGE_UPDATE_GENERATED").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    assert!(
        fs::read_to_string(path).is_ok_and(|present| present == text),
        "{} is not what it is made from; run CREDBRIDGE_UPDATE_GENERATED=1 cargo test --test deploy generated",
        path.display()
    );
}

#[test]
fn schema_of_the_values_holds_that_of_the_configuration() {
    let mut schema: Value = serde_json::from_str(&read(&chart().join("schema.base.json"))).unwrap();
    let mut config = credbridge::config::json_schema();
    config.as_object_mut().unwrap().remove("$schema");
    schema["properties"]["config"] = config;
    keep(
        &chart().join("values.schema.json"),
        &format!("{schema:#}\n"),
    );

    let values = yaml(&read(&chart().join("values.yaml")));
    let named: Vec<_> = values.as_object().unwrap().keys().collect();
    let mut known: Vec<_> = schema["properties"].as_object().unwrap().keys().collect();
    known.retain(|name| *name != "global");
    assert_eq!(named, known);
}

/// A value of the chart, with what stands above it.
struct Row {
    path: String,
    default: String,
    meaning: String,
}

#[test]
fn readme_of_the_chart_is_made_from_the_comments_of_its_values() {
    let text = read(&chart().join("values.yaml"));
    let rows = rows(&text);
    let values = yaml(&text);
    for name in values.as_object().unwrap().keys() {
        let inside = |row: &Row| row.path == *name || row.path.starts_with(&format!("{name}."));
        assert!(rows.iter().any(inside), "{name} has no comment `# -- `");
    }
    let mut readme = read(&chart().join("README.head.md"));
    readme.push_str("\n| value | default | meaning |\n| --- | --- | --- |\n");
    for row in rows {
        readme.push_str(&format!(
            "| `{}` | {} | {} |\n",
            row.path, row.default, row.meaning
        ));
    }
    keep(&chart().join("README.md"), &readme);
}

fn rows(text: &str) -> Vec<Row> {
    let values = yaml(text);
    let mut rows = Vec::new();
    let mut path: Vec<(usize, String)> = Vec::new();
    let mut meaning: Option<String> = None;
    for line in text.lines() {
        let content = line.trim_start();
        let indent = line.len() - content.len();
        if let Some(comment) = content.strip_prefix("# -- ") {
            meaning = Some(comment.to_owned());
        } else if let Some((name, _)) = content
            .split_once(':')
            .filter(|_| !content.starts_with(['#', '-']))
        {
            path.retain(|(outer, _)| *outer < indent);
            path.push((indent, name.to_owned()));
            if let Some(meaning) = meaning.take() {
                let names: Vec<&str> = path.iter().map(|(_, name)| name.as_str()).collect();
                let value = values.pointer(&format!("/{}", names.join("/")));
                let default = match value.unwrap_or(&Value::Null) {
                    Value::String(text) if text.is_empty() => "*empty*".to_owned(),
                    Value::Object(map) if map.is_empty() => "`{}`".to_owned(),
                    large @ Value::Object(_) if large.to_string().len() > 60 => {
                        "see `values.yaml`".to_owned()
                    }
                    value @ (Value::Null
                    | Value::Bool(_)
                    | Value::Number(_)
                    | Value::String(_)
                    | Value::Array(_)
                    | Value::Object(_)) => format!("`{value}`"),
                };
                rows.push(Row {
                    path: names.join("."),
                    default,
                    meaning,
                });
            }
        }
    }
    rows
}

#[test]
fn kustomize_base_is_the_chart_without_helm() {
    let mut helm = tool("helm");
    helm.args(["template", "credbridge", "--skip-tests", "--values"]);
    helm.arg(chart().join("ci/default-values.yaml"))
        .arg(chart());
    let base = deploy().join("kustomize/base");
    let mut files = Vec::new();
    for text in documents(&output(&mut helm)) {
        let object = yaml(&text);
        if let Some(config) = object["data"]["credbridge.yaml"].as_str() {
            keep(&base.join("credbridge.yaml"), config);
            continue;
        }
        let of_helm = [
            "# Source:",
            "helm.sh/chart:",
            "app.kubernetes.io/managed-by:",
            "namespace:",
            "checksum/config:",
        ];
        let kept = text.lines().filter(|line| {
            !of_helm
                .iter()
                .any(|start| line.trim_start().starts_with(start))
        });
        let text: String = kept.map(|line| format!("{}\n", line.trim_end())).collect();
        let name = format!("{}.yaml", object["kind"].as_str().unwrap().to_lowercase());
        keep(&base.join(&name), &text);
        files.push(name);
    }
    files.sort();
    let list: String = files.iter().map(|name| format!("  - {name}\n")).collect();
    let kustomization = format!(
        "# Made from the chart; changes belong into an overlay.\napiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n\
         resources:\n{list}# A changed configuration has another name, so pods are replaced.\nconfigMapGenerator:\n  - name: credbridge\n    \
         files: [credbridge.yaml]\n"
    );
    keep(&base.join("kustomization.yaml"), &kustomization);
}
