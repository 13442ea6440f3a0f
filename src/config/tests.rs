use std::io::Write as _;

use super::*;

fn variables<'a>(
    variables: &'a [(&'a str, &'a str)],
) -> impl Iterator<Item = (String, String)> + 'a {
    variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
}

fn read(yaml: &str, environment: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let file = file(yaml);
    Config::read(Some(file.path()), variables(environment))
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn problems(yaml: &str) -> Vec<String> {
    let error = read(yaml, &[]).unwrap_err();
    error
        .mistakes
        .iter()
        .map(|mistake| match &mistake.place {
            Place::Line(_, line, column) => {
                format!("{line}:{column} {}: {}", mistake.path, mistake.problem)
            }
            Place::Default | Place::Environment(_) | Place::File(_) => mistake.to_string(),
        })
        .collect()
}

#[test]
fn nothing_said_gives_the_defaults() {
    let config = Config::read(None, std::iter::empty()).unwrap();
    assert_eq!(config, Config::default());
    assert_eq!(config, read("", &[]).unwrap());
    assert_eq!(config, read("topics:\nkafka: {}\n", &[]).unwrap());
    assert!(config.workers >= 1);
    assert!(!config.instance_id.is_empty());
    assert_eq!(config.topics.requests, ["onem2m.requests"]);
    assert_eq!(config.timeouts.transfer, Duration::from_secs(3600));
}

#[test]
fn file_and_environment_are_taken_and_the_environment_wins() {
    let yaml =
        "workers: 3\ntopics: {requests: [a, b], shards: 4}\nkafka: {properties: {linger.ms: 7}}\n";
    let config = read(
        yaml,
        &[
            ("CREDBRIDGE__TOPICS__SHARDS", "8"),
            ("CREDBRIDGE__TOPICS__CPE_EVENTS", "c, d"),
            ("CREDBRIDGE_LOG", "debug"),
            ("PATH", "/bin"),
        ],
    )
    .unwrap();
    assert_eq!((config.workers, config.topics.shards), (3, 8));
    assert_eq!(config.topics.requests, ["a", "b"]);
    assert_eq!(config.topics.cpe_events, ["c", "d"]);
    assert_eq!(config.kafka.properties["linger.ms"], "7");
}

#[test]
fn lists_and_maps_in_the_environment_may_be_json() {
    let config = Config::read(
        None,
        variables(&[
            ("CREDBRIDGE__TOPICS__REQUESTS", r#"["x","y"]"#),
            (
                "CREDBRIDGE__KAFKA__PROPERTIES",
                r#"{"security.protocol":"ssl"}"#,
            ),
        ]),
    )
    .unwrap();
    assert_eq!(config.topics.requests, ["x", "y"]);
    assert_eq!(config.kafka.properties["security.protocol"], "ssl");
}

#[test]
fn all_mistakes_come_together_with_their_places() {
    let yaml = "workers: many\ntopics:\n  shards: 0\n  request: [a]\ntimeouts:\n  accept: soon\nnonsense: 1\n";
    let problems = problems(yaml);
    assert_eq!(
        problems,
        [
            "4:12 topics.request: unknown key; did you mean `topics.requests`?",
            "7:11 nonsense: unknown key; `credbridge check --help` tells where all keys are listed",
            "1:10 workers: `many` is not a whole number from 0 to 1024",
            "3:11 topics.shards: `0` is not a whole number from 1 to 10000",
            "6:11 timeouts.accept: `soon` is not a duration such as `90s` or `15m`: expected number at 0",
        ]
    );
}

#[test]
fn a_key_in_the_wrong_section_is_pointed_to_its_own() {
    assert_eq!(
        problems("shards: 4\n"),
        ["1:9 shards: unknown key; did you mean `topics.shards`?"]
    );
}

#[test]
fn mistakes_in_the_environment_name_the_variable() {
    let error = Config::read(
        None,
        variables(&[
            ("CREDBRIDGE__WORKERS", "-1"),
            ("CREDBRIDGE__TOPICS__SHARD", "1"),
        ]),
    )
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the configuration has 2 mistakes:\n  \
         environment variable CREDBRIDGE__TOPICS__SHARD: topics.shard: unknown key; did you mean `topics.shards`?\n  \
         environment variable CREDBRIDGE__WORKERS: workers: `-1` is not a whole number from 0 to 1024"
    );
}

#[test]
fn each_wrong_value_is_refused() {
    for (yaml, part) in [
        ("application_id: a b", "contains ' '"),
        ("application_id: ''", "must not be empty"),
        ("delivery: at_most_once", "neither"),
        ("kafka: {bootstrap_servers: broker}", "host:port"),
        ("kafka: {properties: {group.id: x}}", "set by the bridge"),
        ("kafka: {properties: {no.such.thing: x}}", "no.such.thing"),
        ("kafka: {properties: {linger.ms: [1]}}", "single values"),
        ("topics: {requests: []}", "at least one topic"),
        ("topics: {commands: ''}", "must not be empty"),
        ("topics: {commands: onem2m.responses}", "distinct"),
        ("topics: {commands: credbridge-routed}", "internal topic"),
        ("topics: {nodes: n/odes}", "contains '/'"),
        ("topics: {nodes: cwmp.events}", "distinct"),
        ("topics: {shards: 10001}", "1 to 10000"),
        ("topics: 7", "section"),
        (
            "formats: {requests: soap}",
            "json, cbor, protobuf, or `auto`",
        ),
        ("formats: {commands: cbor}", "protobuf, json, soap"),
        ("formats: {commands: auto}", "protobuf, json, soap"),
        ("devices: {from_target: '('}", "not a regular expression"),
        ("devices: {from_target: '(x)'}", "no group `device`"),
        ("download: {file_type: ''}", "has 0 characters"),
        ("download: {url: 'ftp://host/'}", "http://"),
        ("download: {url: 'https://host/{serial}'}", "placeholder"),
        ("download: {content: sent}", "none of `inline`"),
        (
            "download: {url: 'https://h/{file}'}",
            "must not contain {file}",
        ),
        ("staging: {store: 'ftp://h'}", "begins with none of"),
        (
            "pacing: {device_distance: 2d}",
            "longer than `timeouts.queue`",
        ),
        ("pacing: {device_distance: soon}", "is not a duration"),
        ("staging: {store: 'file://srv'}", "from the root on"),
        ("staging: {store: 'file:///no/such/folder'}", "is no folder"),
        (
            "download: {content: none, url: 'https://h/f'}",
            "{command_key}",
        ),
        ("download: {password_file: /no/such/file}", "cannot be read"),
        ("set: {parameter: 'Device.'}", "no parameter name"),
        ("timeouts: {set: 15M}", "months"),
        ("timeouts: {set: 0s}", "longer than 0"),
        ("admin: {listen: localhost}", "not an address"),
        ("[1, 2]", "must be a map"),
    ] {
        let error = read(yaml, &[]).unwrap_err();
        assert_eq!(error.mistakes.len(), 1, "{yaml}: {error}");
        assert!(error.to_string().contains(part), "{yaml}: {error}");
    }
}

#[test]
fn the_url_may_not_outgrow_its_argument() {
    let yaml = format!(
        "download: {{url: 'https://{}/{{device_key}}/{{command_key}}'}}",
        "h".repeat(90)
    );
    assert!(
        read(&yaml, &[])
            .unwrap_err()
            .to_string()
            .contains("may grow to")
    );
}

#[test]
fn credentials_are_read_from_files_and_never_shown() {
    let file = file("hunter2\n");
    let path = file.path().display();
    let yaml = format!(
        "download: {{password_file: '{path}'}}\nkafka: {{properties: {{sasl.password: hunter2}}}}\n"
    );
    let config = read(&yaml, &[]).unwrap();
    assert_eq!(config.download.password.expose(), "hunter2");
    assert!(!format!("{config:?}").contains("hunter2"));
    assert!(!config.to_yaml().contains("hunter2"));
}

#[test]
fn staging_needs_a_store_a_secret_and_a_url_with_the_name() {
    let problem = |yaml: &str| problems(yaml).join("; ");
    let all = problem("download: {content: staged}\n");
    for part in [
        "must contain {file}",
        "staging.store: must be given",
        "staging.secret_file: must be given",
    ] {
        assert!(all.contains(part), "{all}");
    }
    let folder = tempfile::tempdir().unwrap();
    let yaml = |secret: &tempfile::NamedTempFile| {
        format!(
            "download: {{content: staged, url: 'https://h/{{file}}'}}\nstaging: {{store: 'file://{}', secret_file: '{}'}}\n",
            folder.path().display(),
            secret.path().display()
        )
    };
    let short = problem(&yaml(&file(&"x".repeat(31))));
    assert!(short.contains("fewer than 32"), "{short}");
    let secret = file("planted-secret-of-enough-characters\n");
    let config = read(&yaml(&secret), &[("AWS_SECRET_ACCESS_KEY", "planted")]).unwrap();
    assert_eq!(
        config.staging.environment["AWS_SECRET_ACCESS_KEY"],
        "planted"
    );
    for shown in [format!("{config:?}"), config.to_yaml()] {
        assert!(!shown.contains("planted"), "{shown}");
    }
}

#[test]
fn a_bucket_needs_a_program_that_was_built_for_it() {
    for store in ["s3://b/p", "gs://b/p", "az://c/p"] {
        let done = read(&format!("staging: {{store: '{store}'}}"), &[]);
        let refused = done.err().map(|error| error.mistakes[0].problem.clone());
        let mend = "build it with `--features cloud-stores`";
        assert_eq!(
            refused.is_some_and(|problem| problem.contains(mend)),
            cfg!(not(feature = "cloud-stores")),
            "{store}"
        );
    }
}

#[test]
fn what_is_in_force_reads_back_as_itself() {
    let config = read(
        "application_id: x\nworkers: 2\nformats: {requests: json}\ndevices: {from_target: '^/(?<device>[^/]+)$'}\n\
         kafka: {properties: {linger.ms: 5}}\ntimeouts: {accept: 1500ms}\n",
        &[],
    )
    .unwrap();
    assert_eq!(read(&config.to_yaml(), &[]).unwrap(), config);
    let lines = config
        .to_yaml()
        .lines()
        .filter(|line| !line.ends_with(':'))
        .count();
    assert_eq!(lines, KEYS.len());
}

#[test]
fn no_property_loads_code() {
    let yaml =
        "kafka: {properties: {plugin.library.paths: /tmp/p.so, ssl.engine.location: /tmp/e.so}}";
    let problems = problems(yaml);
    assert_eq!(problems.len(), 2, "{problems:?}");
    for problem in problems {
        assert!(
            problem.ends_with("loads code into the bridge: leave it out"),
            "{problem}"
        );
    }
}

#[test]
fn keys_are_watched_where_they_are_segments_of_a_path() {
    let keys_in_path = |url: &str| {
        let yaml = format!("download: {{url: 'https://f.example/{url}'}}");
        read(&yaml, &[]).unwrap().decoder().keys_in_path
    };
    assert!(keys_in_path("{device_key}/{command_key}"));
    assert!(keys_in_path("{command_key}?of={device_key}"));
    assert!(!keys_in_path("{device_key}-{command_key}"));
    assert!(Config::default().decoder().keys_in_path);
}

#[test]
fn tls_of_long_ago_is_refused() {
    let suites = |suites: &str| format!("kafka: {{properties: {{ssl.cipher.suites: '{suites}'}}}}");
    let problems = problems(&suites("DEFAULT@SECLEVEL=0"));
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].contains("`SECLEVEL=0`"), "{problems:?}");
    read(&suites("DEFAULT@SECLEVEL=2"), &[]).unwrap();
}

#[test]
fn a_property_may_stand_in_a_file_and_is_never_shown() {
    let secret = file("hunter2\n");
    let path = secret.path().display();
    let yaml = format!("kafka: {{properties: {{sasl.password_file: '{path}', linger.ms: 7}}}}\n");
    let config = read(&yaml, &[]).unwrap();
    assert_eq!(config.kafka.properties["sasl.password"], "hunter2");
    assert_eq!(config.kafka.properties.len(), 2);
    assert!(!config.to_yaml().contains("hunter2"));
    assert!(!format!("{config:?}").contains("hunter2"));

    let both =
        format!("kafka: {{properties: {{sasl.password_file: '{path}', sasl.password: x}}}}\n");
    assert!(problems(&both)[0].contains("are both given"));
    let none = problems("kafka: {properties: {sasl.password_file: /no/such/file}}\n");
    assert!(none[0].contains("`sasl.password_file`: /no/such/file cannot be read"));
}

#[test]
fn secret_of_command_keys_is_long_and_never_shown_and_needs_a_restart() {
    let secret = "0123456789abcdef";
    let yaml = |file: &tempfile::NamedTempFile| {
        let path = file.path().display();
        format!("correlation: {{command_key_secret_file: {path}}}\n")
    };
    let long = file(&format!("{secret}\n"));
    let config = read(&yaml(&long), &[]).unwrap();
    assert!(!config.to_yaml().contains(secret) && !format!("{config:?}").contains(secret));
    let key = "correlation.command_key_secret_file";
    assert_eq!(Config::default().needs_restart(&config), Some(key));
    let request = "onem2m.requests/0/1".parse().unwrap();
    let keyed = config.decoder().command_keys.of_request(&request);
    let open = Config::default().decoder().command_keys;
    assert_ne!(keyed, open.of_request(&request));
    let short = file(&secret[1..]);
    let problem = problems(&yaml(&short)).join("\n");
    assert!(
        problem.contains(key) && problem.contains("15 characters"),
        "{problem}"
    );
}
