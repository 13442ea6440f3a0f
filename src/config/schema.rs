//! The configuration as JSON Schema (draft 7), for editors, and for the values of the Helm chart.
//!
//! It is made of the table of keys: the file is read by hand, for errors with places, so there is no type that a
//! derived schema would speak of truly. It refuses what can be told from one value; relations between values, files
//! and regular expressions are left to `check`.

use serde_json::{Map, Value, json};

use crate::correlator::RetryCause;

use super::check::{LOADING_PROPERTIES, OWNED_PROPERTIES};
use super::file_servers::{self, FILE_SERVERS_MAX};
use super::key::{KEYS, Key, Shape};
use super::overrides::{OVERRIDABLE, OVERRIDES_MAX};
use super::read::{
    EARLY_EVENTS_MAX, OPEN_DOWNLOADS_MAX, QUEUED_DOWNLOADS_MAX, RESERVED_PERCENT_MAX, SHARDS_MAX,
    WORKERS_MAX,
};

/// `90s`, `1h 30m`; what other spellings humantime knows is refused here, and taken by the file.
const DURATION: &str =
    "^([0-9]+ ?(ms|msec|s|sec|secs|m|min|mins|h|hr|hrs|hour|hours|d|day|days)( |$)?)+$";

/// The schema of the whole file.
pub fn json_schema() -> Value {
    let mut root = section();
    root["$schema"] = json!("http://json-schema.org/draft-07/schema#");
    root["title"] = json!("Configuration of credbridge");
    for key in KEYS {
        let mut place = &mut root;
        let mut names = key.path.split('.').peekable();
        while let Some(name) = names.next() {
            let properties = place["properties"]
                .as_object_mut()
                .expect("every section has them");
            let fresh = || {
                if names.peek().is_some() {
                    section()
                } else {
                    value(key)
                }
            };
            place = properties.entry(name).or_insert_with(fresh);
        }
    }
    root
}

fn section() -> Value {
    json!({"type": ["object", "null"], "additionalProperties": false, "properties": Map::new()})
}

fn value(key: &Key) -> Value {
    let mut schema = match key.shape {
        Shape::Entries if key.path == "download.file_servers" => file_servers(),
        Shape::Entries => entries(),
        Shape::List => list(),
        Shape::Map if key.path == "retry.table" => retries(),
        Shape::Map => properties(),
        Shape::Single => restricted(key.path).unwrap_or_else(|| alike(key.default)),
    };
    schema["description"] = json!(key.meaning);
    if key.shape == Shape::Single {
        schema["default"] = match key.default.parse::<u64>() {
            Ok(number) => json!(number),
            Err(_) => key
                .default
                .parse::<bool>()
                .map_or_else(|_| json!(key.default), Value::from),
        };
    }
    schema
}

/// One name may stand without brackets.
fn list() -> Value {
    json!({"type": ["array", "string"], "items": {"type": "string", "minLength": 1}, "minItems": 1, "minLength": 1})
}

fn properties() -> Value {
    let owned = OWNED_PROPERTIES.iter().map(|(name, _)| *name);
    let refused: Vec<&str> = owned.chain(LOADING_PROPERTIES).collect();
    json!({
        "type": ["object", "null"],
        "propertyNames": {"not": {"enum": refused}},
        "additionalProperties": {"type": ["string", "number", "boolean"]},
    })
}

/// How the URLs of the files of a server begin, and its login.
fn file_servers() -> Value {
    let file = json!({"type": "string"});
    let entry = json!({
        "type": "object", "additionalProperties": false, "required": [file_servers::URL], "minProperties": 2,
        "properties": {
            (file_servers::URL): {"type": "string", "pattern": "^https?://[^/{}][^{}]*/$"},
            (file_servers::USERNAME_FILE): file,
            (file_servers::PASSWORD_FILE): file,
        },
    });
    json!({"type": ["array", "null"], "maxItems": FILE_SERVERS_MAX, "items": entry})
}

/// Which devices, and what is otherwise for them.
fn entries() -> Value {
    let mut entry = json!({"type": "object", "additionalProperties": false, "required": ["match"], "minProperties": 2});
    entry["properties"]["match"] = json!({
        "type": "object", "additionalProperties": false, "minProperties": 1,
        "properties": {
            "oui": {"type": "string", "pattern": "^[0-9A-F]{6}$"},
            "product_class": {"type": "string", "minLength": 1, "maxLength": 64},
        },
    });
    for key in OVERRIDABLE {
        let (section, name) = key.path.split_once('.').expect("each has a section");
        let section = &mut entry["properties"][section];
        section["type"] = json!("object");
        section["additionalProperties"] = json!(false);
        section["properties"][name] = restricted(key.path).unwrap_or_else(|| alike(key.default));
    }
    json!({"type": ["array", "null"], "maxItems": OVERRIDES_MAX, "items": entry})
}

/// Causes with the form of their policy; `8000` to `8899` and `9000` to `9899` are fault codes.
fn retries() -> Value {
    let mut causes: Vec<_> = RetryCause::NAMED
        .iter()
        .filter_map(|cause| cause.name())
        .collect();
    causes.push("[89][0-8][0-9]{2}");
    let delay = DURATION.trim_start_matches('^').trim_end_matches('$');
    json!({
        "type": ["object", "null"],
        "propertyNames": {"pattern": format!("^({})$", causes.join("|"))},
        "additionalProperties": {"type": "string", "pattern": format!("^{delay}\\.\\.{delay} x[0-9]{{1,4}}$")},
    })
}

/// What is known of a key beyond its default.
fn restricted(path: &str) -> Option<Value> {
    let integer =
        |min: usize, max: usize| json!({"type": "integer", "minimum": min, "maximum": max});
    let schema = match path {
        "application_id" => json!({"type": "string", "pattern": "^[A-Za-z0-9._-]{1,239}$"}),
        "workers" => integer(0, WORKERS_MAX),
        "delivery" => json!({"enum": ["exactly_once", "at_least_once"]}),
        "kafka.bootstrap_servers" => json!({"type": "string", "pattern": "^[^:,]+:[0-9]+|^\\["}),
        "topics.shards" => integer(1, SHARDS_MAX),
        "formats.requests" => json!({"enum": ["auto", "json", "cbor", "protobuf"]}),
        "formats.cpe_events" => json!({"enum": ["auto", "protobuf", "json", "soap"]}),
        "formats.commands" => json!({"enum": ["protobuf", "json", "soap"]}),
        "formats.responses" => json!({"enum": ["json", "cbor", "protobuf"]}),
        "correlation.open_downloads_per_device" => integer(1, OPEN_DOWNLOADS_MAX),
        "correlation.queued_downloads_per_device" => integer(0, QUEUED_DOWNLOADS_MAX),
        "correlation.early_events_per_device" => integer(1, EARLY_EVENTS_MAX),
        "download.file_type" => json!({"type": "string", "minLength": 1, "maxLength": 64}),
        "download.url" => json!({"type": "string", "pattern": "^https?://[^/]", "maxLength": 256}),
        "download.content" => json!({"enum": ["inline", "none", "staged"]}),
        "staging.store" => {
            json!({"type": "string", "pattern": "^((file:///|s3://|gs://|az://).+)?$"})
        }
        "pacing.fleet" | "pacing.product_class" => {
            json!({"type": "string", "pattern": "^([0-9]+ ?/ ?[smh])?$"})
        }
        "pacing.reserved" => integer(0, RESERVED_PERCENT_MAX),
        "download.certificate_validity" => json!({"enum": ["warn", "refuse"]}),
        "resources.delete" => json!({"enum": ["disable", "forget", "refuse"]}),
        "admin.probes_listen" => json!({"type": "string", "pattern": "^$|:[0-9]{1,5}$"}),
        "admin.listen" => json!({"type": "string", "pattern": ":[0-9]{1,5}$"}),
        _ => return None,
    };
    Some(schema)
}

/// A value that looks like the default.
fn alike(default: &str) -> Value {
    if default.parse::<bool>().is_ok() {
        json!({"type": "boolean"})
    } else if default.parse::<u64>().is_ok() {
        json!({"type": "integer", "minimum": 0})
    } else if humantime::parse_duration(default).is_ok() {
        json!({"type": "string", "pattern": DURATION})
    } else {
        json!({"type": "string"})
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn at(path: &str) -> Value {
        let pointer: String = path
            .split('.')
            .map(|name| format!("/properties/{name}"))
            .collect();
        json_schema()
            .pointer(&pointer)
            .cloned()
            .unwrap_or(Value::Null)
    }

    fn reads(path: &str, value: &str) -> bool {
        let name = format!("CREDBRIDGE__{}", path.replace('.', "__").to_uppercase());
        Config::read(None, [(name, value.to_owned())].into_iter()).is_ok()
    }

    #[test]
    fn every_key_stands_in_the_schema_with_its_meaning() {
        for key in KEYS {
            assert_eq!(at(key.path)["description"], key.meaning, "{}", key.path);
        }
    }

    #[test]
    fn words_of_the_schema_are_those_that_are_read() {
        let mut words = 0;
        for key in KEYS {
            let schema = at(key.path);
            let Some(listed) = schema["enum"].as_array() else {
                continue;
            };
            for word in listed {
                let word = word.as_str().unwrap();
                assert!(
                    reads(key.path, word) || ["none", "staged"].contains(&word),
                    "{} does not take {word}",
                    key.path
                );
                words += 1;
            }
            assert!(!reads(key.path, "nonsense"), "{}", key.path);
            assert!(listed.contains(&schema["default"]), "{}", key.path);
        }
        assert!(words > 10);
    }

    #[test]
    fn bounds_of_the_schema_are_those_that_are_read() {
        for path in [
            "workers",
            "topics.shards",
            "correlation.open_downloads_per_device",
            "correlation.early_events_per_device",
        ] {
            let schema = at(path);
            let max = schema["maximum"].as_u64().unwrap();
            assert!(reads(path, &max.to_string()), "{path}");
            assert!(!reads(path, &(max + 1).to_string()), "{path}");
            assert!(reads(path, &schema["minimum"].to_string()), "{path}");
        }
    }

    #[test]
    fn policies_of_retries_that_the_schema_takes_are_those_that_are_read() {
        let schema = at("retry.table");
        let pattern = |pointer| {
            let pattern = schema.pointer(pointer).and_then(Value::as_str).unwrap();
            regex::Regex::new(pattern).unwrap()
        };
        let (name, policy) = (
            pattern("/propertyNames/pattern"),
            pattern("/additionalProperties/pattern"),
        );
        for (cause, text, good) in [
            ("timeout", "30s..10m x3", true),
            ("8005", "1m 30s..1h x7", true),
            ("9899", "30s..10m x1000", true),
            ("9900", "30s..10m x3", false),
            ("busy", "30s..10m x3", false),
            ("timeout", "30s..10m", false),
            ("timeout", "30..10m x3", false),
        ] {
            let taken = name.is_match(cause) && policy.is_match(text);
            assert_eq!(taken, good, "{cause}: {text}");
            let read = reads("retry.table", &format!("{{{cause}: {text}}}"));
            assert_eq!(read, good, "{cause}: {text}");
        }
    }

    #[test]
    fn kinds_follow_the_defaults() {
        assert_eq!(at("topics.create_missing")["type"], "boolean");
        assert_eq!(at("timeouts.accept")["pattern"], DURATION);
        assert_eq!(at("set.parameter")["type"], "string");
        let pattern = regex::Regex::new(DURATION).unwrap();
        for text in ["15m", "1h 30m", "2days", "500ms", "1h30m"] {
            assert!(pattern.is_match(text), "{text}");
            assert!(reads("timeouts.accept", text), "{text}");
        }
        for text in ["15", "soon", ""] {
            assert!(!pattern.is_match(text), "{text}");
        }
    }
}
