use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::check::{check, credential};
use super::key::{self, Key};
use super::secret::is_secret;
use super::source::Source;
use super::{
    AdminConfig, Config, ConfigError, CorrelationConfig, DevicesConfig, DownloadConfig, Files,
    FormatsConfig, KafkaConfig, OauthTokenFile, PacingConfig, ResourcesConfig, RetryConfig, Secret,
    SetConfig, StagingConfig, TimeoutsConfig, TlsFiles, TokenFile, TopicsConfig, file_servers,
    overrides, rate, retry, rules,
};
use crate::wire::Format;

/// More workers than this in one process are a slip.
pub(super) const WORKERS_MAX: usize = 1024;

/// More partitions than this are a slip: brokers and restores suffer long before.
pub(super) const SHARDS_MAX: usize = 10_000;

/// More open downloads of one device than this are a slip: CPEs queue 3 to 16 transfers.
pub(super) const OPEN_DOWNLOADS_MAX: usize = 1000;

/// Each end of a transfer looks through what waits for it.
pub(super) const QUEUED_DOWNLOADS_MAX: usize = 1000;

/// More events of one device than this are a flood.
pub(super) const EARLY_EVENTS_MAX: usize = 1000;

/// Shorter secrets can be found by trying.
const COMMAND_KEY_SECRET_CHARS_MIN: usize = 16;

/// 128 bits in hexadecimal digits.
const SECRET_CHARS_MIN: usize = 32;

/// More would leave next to nothing for all others.
pub(super) const RESERVED_PERCENT_MAX: usize = 90;

impl Config {
    /// Reads the file, if there is one, and the variables `CREDBRIDGE__SECTION__KEY` of the environment, which win.
    ///
    /// # Errors
    /// If anything is wrong: all mistakes together, each with its place.
    pub fn read(
        file: Option<&Path>,
        environment: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut source = Source::new(file, environment);
        let config = Self::take(&mut source);
        check(&config, &mut source);
        match source.into_mistakes() {
            mistakes if mistakes.is_empty() => Ok(config),
            mistakes => Err(ConfigError { mistakes }),
        }
    }

    fn take(source: &mut Source) -> Self {
        let (kafka, property_files) = kafka(source);
        let command_key_secret_file = source.value(&key::COMMAND_KEY_SECRET_FILE, rules::file);
        let config = Self {
            application_id: source.value(&key::APPLICATION_ID, rules::application_id),
            instance_id: source.value(&key::INSTANCE_ID, rules::instance_id),
            workers: workers(source),
            delivery: source.value(&key::DELIVERY, rules::delivery),
            kafka,
            topics: topics(source),
            formats: formats(source),
            devices: DevicesConfig {
                from_target: source.value(&key::FROM_TARGET, rules::from_target),
            },
            correlation: CorrelationConfig {
                sole_open_transfer: source.value(&key::SOLE_OPEN_TRANSFER, rules::boolean),
                open_downloads_per_device: source.value(&key::OPEN_DOWNLOADS, |text| {
                    rules::number(text, 1..=OPEN_DOWNLOADS_MAX)
                }),
                queued_downloads_per_device: source.value(&key::QUEUED_DOWNLOADS, |text| {
                    rules::number(text, 0..=QUEUED_DOWNLOADS_MAX)
                }),
                early_events_per_device: source.value(&key::EARLY_EVENTS, |text| {
                    rules::number(text, 1..=EARLY_EVENTS_MAX)
                }),
                command_key_secret: command_key_secret(source, command_key_secret_file.as_deref()),
                command_key_secret_file,
            },
            download: download(source),
            staging: staging(source),
            set: SetConfig {
                parameter: source.value(&key::PARAMETER, rules::parameter),
                await_result: source.value(&key::AWAIT_RESULT, rules::boolean),
            },
            retry: RetryConfig {
                table: retry::table(source),
                new_command_key: source.value(&key::RETRY_NEW_COMMAND_KEY, rules::boolean),
            },
            pacing: PacingConfig {
                fleet: source.value(&key::PACING_FLEET, rate::rate),
                product_class: source.value(&key::PACING_PRODUCT_CLASS, rate::rate),
                device_distance: source.value(&key::PACING_DEVICE_DISTANCE, rules::distance),
                burst: source.value(&key::PACING_BURST, rules::duration),
                reserved_percent: source.value(&key::PACING_RESERVED, |text| {
                    let percent = rules::number(text, 0..=RESERVED_PERCENT_MAX)?;
                    Ok(u8::try_from(percent).expect("at most RESERVED_PERCENT_MAX"))
                }),
            },
            resources: ResourcesConfig {
                ttl: source.value(&key::RESOURCE_TTL, rules::resource_ttl),
                delete: source.value(&key::RESOURCE_DELETE, rules::delete),
            },
            timeouts: timeouts(source),
            overrides: overrides::overrides(source),
            admin: AdminConfig {
                listen: source.value(&key::LISTEN, rules::address),
                probes_listen: source.value(&key::PROBES_LISTEN, rules::address_or_none),
                tls: TlsFiles::of(source),
                show_devices: source.value(&key::SHOW_DEVICES, rules::boolean),
                read_token_file: TokenFile::of(source, &key::READ_TOKEN_FILE),
                change_token_file: TokenFile::of(source, &key::CHANGE_TOKEN_FILE),
            },
            trace_variables: source.trace_variables(),
            files: Files::default(),
        };
        let files = config.named_files(property_files);
        Self { files, ..config }
    }
}

/// What [`Config::read`] gives without a file and without an environment.
impl Default for Config {
    fn default() -> Self {
        let mut source = Source::new(None, std::iter::empty());
        Self::take(&mut source)
    }
}

/// With the files that hold properties.
fn kafka(source: &mut Source) -> (KafkaConfig, Vec<PathBuf>) {
    let (inline_secrets, properties, files) = properties(source);
    let config = KafkaConfig {
        bootstrap_servers: source.value(&key::BOOTSTRAP_SERVERS, rules::bootstrap_servers),
        oauth_token_file: OauthTokenFile::of(source, &properties),
        properties,
        inline_secrets,
    };
    (config, files)
}

/// A property whose name ends with `_file` names a file that holds the value of the property without that ending.
/// Returns these files, too, and the names of secrets that stand there themselves.
fn properties(source: &mut Source) -> (Vec<String>, BTreeMap<String, String>, Vec<PathBuf>) {
    let (files, mut read): (BTreeMap<_, _>, BTreeMap<_, _>) = source
        .map(&key::PROPERTIES)
        .into_iter()
        .partition(|(name, _)| name.ends_with("_file"));
    let inline = read
        .keys()
        .filter(|name| is_secret(name))
        .cloned()
        .collect();
    let mut named = Vec::new();
    for (name, file) in files {
        named.push(PathBuf::from(&file));
        let property = name.trim_end_matches("_file");
        if read.contains_key(property) {
            let problem = format!("`{name}` and `{property}` are both given; leave one out");
            source.mistake(&key::PROPERTIES, problem);
            continue;
        }
        match credential(Some(Path::new(&file))) {
            Ok(text) => {
                read.insert(property.to_owned(), text);
            }
            Err(problem) => source.mistake(&key::PROPERTIES, format!("`{name}`: {problem}")),
        }
    }
    (inline, read, named)
}

fn workers(source: &mut Source) -> usize {
    match source.value(&key::WORKERS, |text| rules::number(text, 0..=WORKERS_MAX)) {
        0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        workers => workers,
    }
}

fn topics(source: &mut Source) -> TopicsConfig {
    TopicsConfig {
        requests: topic_list(source, &key::REQUESTS),
        cpe_events: topic_list(source, &key::CPE_EVENTS),
        commands: source.value(&key::COMMANDS, rules::topic),
        responses: source.value(&key::RESPONSES, rules::topic),
        dead_letters: source.value(&key::DEAD_LETTERS, rules::topic),
        create_missing: source.value(&key::CREATE_MISSING, rules::boolean),
        shards: source.value(&key::SHARDS, |text| {
            let number = rules::number(text, 1..=SHARDS_MAX)?;
            Ok(u32::try_from(number).expect("at most SHARDS_MAX"))
        }),
        nodes: source.value(&key::NODES, rules::topic_or_none),
    }
}

fn topic_list(source: &mut Source, key: &'static Key) -> Vec<String> {
    let names = source.list(key);
    if names.is_empty() {
        source.mistake(key, "must name at least one topic");
    }
    for problem in names.iter().filter_map(|name| rules::topic(name).err()) {
        source.mistake(key, problem);
    }
    names
}

fn formats(source: &mut Source) -> FormatsConfig {
    use Format::{Cbor, Json, Protobuf, Soap};
    FormatsConfig {
        requests: source.value(&key::REQUESTS_FORMAT, |text| {
            rules::format_or_auto(text, &[Json, Cbor, Protobuf])
        }),
        cpe_events: source.value(&key::CPE_EVENTS_FORMAT, |text| {
            rules::format_or_auto(text, &[Protobuf, Json, Soap])
        }),
        commands: source.value(&key::COMMANDS_FORMAT, |text| {
            rules::format(text, &[Protobuf, Json, Soap])
        }),
        responses: source.value(&key::RESPONSES_FORMAT, |text| {
            rules::format(text, &[Json, Cbor, Protobuf])
        }),
    }
}

fn download(source: &mut Source) -> DownloadConfig {
    let username_file = source.value(&key::USERNAME_FILE, rules::file);
    let password_file = source.value(&key::PASSWORD_FILE, rules::file);
    DownloadConfig {
        file_type: source.value(&key::FILE_TYPE, rules::file_type),
        url: source.value(&key::URL, rules::url),
        username: credential_of(source, &key::USERNAME_FILE, username_file.as_deref()),
        username_file,
        password: Secret::new(credential_of(
            source,
            &key::PASSWORD_FILE,
            password_file.as_deref(),
        )),
        password_file,
        file_servers: file_servers::file_servers(source),
        content: source.value(&key::CONTENT, rules::content),
        list_rows_first: source.value(&key::LIST_ROWS_FIRST, rules::boolean),
        cancel_expired: source.value(&key::CANCEL_EXPIRED, rules::boolean),
        refuse_invalid: source.value(&key::CERTIFICATE_VALIDITY, rules::refuses_invalid),
    }
}

fn staging(source: &mut Source) -> StagingConfig {
    let secret_file = source.value(&key::STAGING_SECRET_FILE, rules::file);
    let secret = credential_of(source, &key::STAGING_SECRET_FILE, secret_file.as_deref());
    if secret_file.is_some() && (1..SECRET_CHARS_MIN).contains(&secret.chars().count()) {
        let problem = format!(
            "holds fewer than {SECRET_CHARS_MIN} characters, which can be guessed; `openssl rand -hex 32` makes 64"
        );
        source.mistake(&key::STAGING_SECRET_FILE, problem);
    }
    StagingConfig {
        store: source.value(&key::STORE, rules::store),
        secret_file,
        secret: Secret::new(secret),
        environment: source.store_variables(),
    }
}

fn credential_of(source: &mut Source, key: &'static Key, file: Option<&Path>) -> String {
    credential(file).unwrap_or_else(|problem| {
        source.mistake(key, problem);
        String::new()
    })
}

fn command_key_secret(source: &mut Source, file: Option<&Path>) -> Option<Secret> {
    let text = credential_of(source, &key::COMMAND_KEY_SECRET_FILE, file);
    if text.is_empty() {
        return None;
    }
    let count = text.chars().count();
    if count < COMMAND_KEY_SECRET_CHARS_MIN {
        let problem = format!(
            "the file holds {count} characters; write {COMMAND_KEY_SECRET_CHARS_MIN} or more, e.g. from `openssl rand -hex 32`"
        );
        source.mistake(&key::COMMAND_KEY_SECRET_FILE, problem);
    }
    Some(Secret::new(text))
}

fn timeouts(source: &mut Source) -> TimeoutsConfig {
    TimeoutsConfig {
        queue: source.value(&key::QUEUE, rules::duration),
        accept: source.value(&key::ACCEPT, rules::duration),
        transfer: source.value(&key::TRANSFER, rules::duration),
        lookup: source.value(&key::LOOKUP, rules::duration),
        set: source.value(&key::SET, rules::duration),
        ended_ttl: source.value(&key::ENDED_TTL, rules::duration),
        early_ttl: source.value(&key::EARLY_TTL, rules::duration),
        hold_max: source.value(&key::HOLD_MAX, rules::duration),
    }
}
