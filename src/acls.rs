//! The subcommand `acls`: exactly the access that the bridge needs, for who grants it.

use std::io::Write;

use anyhow::Context as _;

use crate::config::Config;
use crate::runtime::access::{Access, Resource, needed};

/// How access is written.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, clap::ValueEnum)]
pub enum Form {
    /// Commands of Kafka's own tool.
    #[default]
    KafkaAcls,
    /// A KafkaUser of the operator Strimzi.
    Strimzi,
}

/// What `credbridge acls` is asked to do.
#[derive(Clone, Debug, PartialEq, clap::Args)]
pub struct AclOptions {
    /// Who gets the access.
    #[arg(long, default_value = "User:credbridge", value_name = "PRINCIPAL")]
    pub principal: String,
    /// How it is written.
    #[arg(long, value_enum, default_value_t)]
    pub form: Form,
}

/// Prints the access that the bridge needs with this configuration, and no more. Read and Write allow Describe, too.
///
/// # Errors
/// If `out` cannot be written.
pub fn acls(config: &Config, options: &AclOptions, out: &mut impl Write) -> anyhow::Result<()> {
    let access = needed(config);
    let text = match options.form {
        Form::KafkaAcls => kafka_acls(config, &options.principal, &access),
        Form::Strimzi => strimzi(&options.principal, &access),
    };
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .context("cannot write to standard output")
}

fn kafka_acls(config: &Config, principal: &str, all: &[Access]) -> String {
    let mut text = String::new();
    for access in all {
        let operations: String = access
            .operations
            .iter()
            .map(|operation| format!(" --operation {}", operation.as_str()))
            .collect();
        let resource = match &access.resource {
            Resource::Topic(name) => format!("--topic {}", quoted(name)),
            Resource::Group(name) => format!("--group {}", quoted(name)),
            Resource::TransactionalIds(prefix) => {
                format!(
                    "--transactional-id {} --resource-pattern-type prefixed",
                    quoted(prefix)
                )
            }
        };
        text += &format!(
            "kafka-acls.sh --bootstrap-server {} --add --allow-principal {}{operations} {resource}\n",
            quoted(&config.kafka.bootstrap_servers),
            quoted(principal),
        );
    }
    text
}

/// A word of a shell.
fn quoted(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-:,/=".contains(&byte);
    if !text.is_empty() && text.bytes().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

fn strimzi(principal: &str, all: &[Access]) -> String {
    let name = principal.strip_prefix("User:").unwrap_or(principal);
    let mut text = format!(
        "apiVersion: kafka.strimzi.io/v1\nkind: KafkaUser\nmetadata:\n  name: {}\nspec:\n  authorization:\n    type: simple\n    acls:\n",
        yaml(name)
    );
    for access in all {
        let (kind, name, pattern) = match &access.resource {
            Resource::Topic(name) => ("topic", name, "literal"),
            Resource::Group(name) => ("group", name, "literal"),
            Resource::TransactionalIds(prefix) => ("transactionalId", prefix, "prefix"),
        };
        let operations: Vec<&str> = access
            .operations
            .iter()
            .map(|operation| operation.as_str())
            .collect();
        text += &format!(
            "      - resource: {{type: {kind}, name: {}, patternType: {pattern}}}\n        operations: [{}]\n",
            yaml(name),
            operations.join(", ")
        );
    }
    text
}

/// JSON is YAML.
fn yaml(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(form: Form) -> String {
        let config = Config::default();
        let options = AclOptions {
            principal: "User:CN=it's me".to_owned(),
            form,
        };
        let mut out = Vec::new();
        acls(&config, &options, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn commands_grant_each_resource_what_it_needs() {
        let text = printed(Form::KafkaAcls);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[0],
            r"kafka-acls.sh --bootstrap-server 127.0.0.1:9092 --add --allow-principal 'User:CN=it'\''s me' --operation Read --topic onem2m.requests"
        );
        assert!(lines[6].ends_with("--operation Read --operation Write --operation DescribeConfigs --topic credbridge-changelog"), "{text}");
        assert!(
            lines[9].ends_with(
                "--operation Write --transactional-id credbridge- --resource-pattern-type prefixed"
            ),
            "{text}"
        );
        assert_eq!(lines.len(), 10);
    }

    #[test]
    fn strimzi_gets_a_user() {
        let text = printed(Form::Strimzi);
        assert!(text.contains("  name: \"CN=it's me\"\n"), "{text}");
        assert!(text.contains("      - resource: {type: group, name: \"credbridge\", patternType: literal}\n        operations: [Read]\n"), "{text}");
        assert_eq!(text.matches("resource:").count(), 10);
    }
}
