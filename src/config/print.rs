use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::rules::{delete_name, format_name, validity_name};
use super::secret::redacted;
use super::{
    Config, ContentDelivery, Delivery, OauthTokenFile, TlsFiles, TokenFile, file_servers,
    overrides, rate, retry,
};
use crate::wire::Format;

impl Config {
    /// The configuration that is in force, as YAML that [`Config::read`] takes; without secrets.
    pub fn to_yaml(&self) -> String {
        let mut yaml = String::new();
        let mut section = "";
        for (path, value) in self.values() {
            let (prefix, name) = path.split_once('.').unwrap_or(("", path));
            if prefix != section {
                if !prefix.is_empty() {
                    writeln!(yaml, "{prefix}:").expect("writing to memory does not fail");
                }
                section = prefix;
            }
            let indent = if prefix.is_empty() { "" } else { "  " };
            writeln!(yaml, "{indent}{name}: {value}").expect("writing to memory does not fail");
        }
        yaml
    }

    /// Every key with its value as JSON, which is YAML too.
    fn values(&self) -> Vec<(&'static str, serde_json::Value)> {
        let mut values = vec![
            ("application_id", self.application_id.as_str().into()),
            ("instance_id", self.instance_id.as_str().into()),
            ("workers", self.workers.into()),
            ("delivery", delivery(self.delivery).into()),
            (
                "kafka.bootstrap_servers",
                self.kafka.bootstrap_servers.as_str().into(),
            ),
            (
                "kafka.properties",
                serde_json::json!(redacted(&self.kafka.properties)),
            ),
            (
                "kafka.oauth_token_file",
                path(
                    self.kafka
                        .oauth_token_file
                        .as_ref()
                        .map(OauthTokenFile::path),
                ),
            ),
        ];
        values.extend(self.record_values());
        values.extend(self.correlation_values());
        values.extend(self.behaviour_values());
        values.extend(self.admin_values());
        values
    }

    fn record_values(&self) -> Vec<(&'static str, serde_json::Value)> {
        let topics = &self.topics;
        let formats = &self.formats;
        vec![
            ("topics.requests", topics.requests.as_slice().into()),
            ("topics.cpe_events", topics.cpe_events.as_slice().into()),
            ("topics.commands", topics.commands.as_str().into()),
            ("topics.responses", topics.responses.as_str().into()),
            ("topics.dead_letters", topics.dead_letters.as_str().into()),
            ("topics.create_missing", topics.create_missing.into()),
            ("topics.shards", topics.shards.into()),
            ("topics.nodes", topics.nodes.as_str().into()),
            ("formats.requests", format_or_auto(formats.requests).into()),
            (
                "formats.cpe_events",
                format_or_auto(formats.cpe_events).into(),
            ),
            ("formats.commands", format_name(formats.commands).into()),
            ("formats.responses", format_name(formats.responses).into()),
        ]
    }

    fn correlation_values(&self) -> Vec<(&'static str, serde_json::Value)> {
        let from_target = self.devices.from_target.as_ref();
        let correlation = &self.correlation;
        vec![
            (
                "devices.from_target",
                from_target.map_or("", regex::Regex::as_str).into(),
            ),
            (
                "correlation.sole_open_transfer",
                correlation.sole_open_transfer.into(),
            ),
            (
                "correlation.open_downloads_per_device",
                correlation.open_downloads_per_device.into(),
            ),
            (
                "correlation.queued_downloads_per_device",
                correlation.queued_downloads_per_device.into(),
            ),
            (
                "correlation.early_events_per_device",
                correlation.early_events_per_device.into(),
            ),
            (
                "correlation.command_key_secret_file",
                file(correlation.command_key_secret_file.as_ref()),
            ),
        ]
    }

    fn behaviour_values(&self) -> Vec<(&'static str, serde_json::Value)> {
        let download = &self.download;
        let timeouts = &self.timeouts;
        vec![
            ("download.file_type", download.file_type.as_str().into()),
            ("download.url", download.url.as_str().into()),
            (
                "download.username_file",
                file(download.username_file.as_ref()),
            ),
            (
                "download.password_file",
                file(download.password_file.as_ref()),
            ),
            (
                "download.file_servers",
                file_servers::printed(&download.file_servers),
            ),
            ("download.content", content(download.content).into()),
            ("download.list_rows_first", download.list_rows_first.into()),
            ("download.cancel_expired", download.cancel_expired.into()),
            (
                "download.certificate_validity",
                validity_name(download.refuse_invalid).into(),
            ),
            (
                "staging.store",
                self.staging.store.as_deref().unwrap_or_default().into(),
            ),
            (
                "staging.secret_file",
                file(self.staging.secret_file.as_ref()),
            ),
            ("set.parameter", self.set.parameter.as_str().into()),
            ("set.await_result", self.set.await_result.into()),
            (
                "retry.table",
                serde_json::json!(retry::printed(&self.retry.table)),
            ),
            ("retry.new_command_key", self.retry.new_command_key.into()),
            ("pacing.fleet", rate::printed(self.pacing.fleet).into()),
            (
                "pacing.product_class",
                rate::printed(self.pacing.product_class).into(),
            ),
            (
                "pacing.device_distance",
                duration(self.pacing.device_distance.unwrap_or_default()),
            ),
            ("pacing.burst", duration(self.pacing.burst)),
            ("pacing.reserved", self.pacing.reserved_percent.into()),
            ("resources.ttl", duration(self.resources.ttl)),
            (
                "resources.delete",
                delete_name(self.resources.delete).into(),
            ),
            ("timeouts.queue", duration(timeouts.queue)),
            ("timeouts.accept", duration(timeouts.accept)),
            ("timeouts.transfer", duration(timeouts.transfer)),
            ("timeouts.lookup", duration(timeouts.lookup)),
            ("timeouts.set", duration(timeouts.set)),
            ("timeouts.ended_ttl", duration(timeouts.ended_ttl)),
            ("timeouts.early_ttl", duration(timeouts.early_ttl)),
            ("timeouts.hold_max", duration(timeouts.hold_max)),
            ("overrides", overrides::printed(&self.overrides)),
        ]
    }

    fn admin_values(&self) -> Vec<(&'static str, serde_json::Value)> {
        let tls = self.admin.tls.as_ref();
        vec![
            ("admin.listen", self.admin.listen.to_string().into()),
            (
                "admin.probes_listen",
                self.admin
                    .probes_listen
                    .map_or_else(String::new, |listen| listen.to_string())
                    .into(),
            ),
            (
                "admin.certificate_file",
                path(tls.map(TlsFiles::certificate)),
            ),
            ("admin.key_file", path(tls.map(TlsFiles::key))),
            (
                "admin.client_ca_file",
                path(tls.and_then(TlsFiles::client_ca)),
            ),
            ("admin.show_devices", self.admin.show_devices.into()),
            (
                "admin.read_token_file",
                token_file(self.admin.read_token_file.as_ref()),
            ),
            (
                "admin.change_token_file",
                token_file(self.admin.change_token_file.as_ref()),
            ),
        ]
    }
}

const fn delivery(delivery: Delivery) -> &'static str {
    match delivery {
        Delivery::AtLeastOnce => "at_least_once",
        Delivery::ExactlyOnce => "exactly_once",
    }
}

const fn content(content: ContentDelivery) -> &'static str {
    match content {
        ContentDelivery::Inline => "inline",
        ContentDelivery::None => "none",
        ContentDelivery::Staged => "staged",
    }
}

fn format_or_auto(format: Option<Format>) -> &'static str {
    format.map_or("auto", format_name)
}

pub(super) fn duration(duration: Duration) -> serde_json::Value {
    humantime::format_duration(duration).to_string().into()
}

fn token_file(file: Option<&TokenFile>) -> serde_json::Value {
    path(file.map(TokenFile::path))
}

fn file(file: Option<&PathBuf>) -> serde_json::Value {
    path(file.map(PathBuf::as_path))
}

fn path(path: Option<&Path>) -> serde_json::Value {
    path.map_or_else(String::new, |path| path.display().to_string())
        .into()
}
