use crate::config::Config;
use crate::correlator::Limits;
use crate::mapping::Rules;
use crate::telemetry::Metrics;
use crate::wire::{Decoder, Encoder, Input};

use super::RuntimeError;
use super::node_directory::NodeDirectory;
use super::staging::Stager;

/// What the work on a record needs to know; the same for all workers of an application.
#[derive(Debug)]
pub(crate) struct Application {
    pub(crate) requests: Vec<String>,
    pub(crate) cpe_events: Vec<String>,
    pub(crate) routed_topic: String,
    pub(crate) shards: i32,
    pub(crate) limits: Limits,
    pub(crate) rules: Rules,
    /// Reads what names its device, or was forwarded to it.
    pub(crate) decoder: Decoder,
    /// Reads requests whose device the node directory may tell.
    pub(crate) asking_decoder: Decoder,
    pub(crate) nodes: Option<NodeDirectory>,
    pub(crate) encoder: Encoder,
    /// Who talks to the store; `None`: nobody, and every file counts as staged.
    pub(crate) stager: Option<Stager>,
}

impl Application {
    pub(crate) fn new(config: &Config, shards: i32) -> Self {
        Self {
            requests: config.topics.requests.clone(),
            cpe_events: config.topics.cpe_events.clone(),
            routed_topic: config.routed_topic(),
            shards,
            limits: config.limits(shards.unsigned_abs()),
            rules: config.rules(),
            decoder: config.decoder(),
            asking_decoder: config.decoder(),
            nodes: None,
            encoder: config.encoder(),
            stager: None,
        }
    }

    /// The same with a node directory, if the configuration has one; somebody must keep it.
    pub(crate) fn with_directory(mut self, config: &Config) -> Self {
        self.nodes = NodeDirectory::new(config);
        self.asking_decoder.nodes = self.nodes.as_ref().map(NodeDirectory::nodes);
        self
    }

    /// The same with the store for certificate files, if the configuration has one.
    pub(super) fn with_stager(
        mut self,
        config: &Config,
        metrics: &Metrics,
    ) -> Result<Self, RuntimeError> {
        self.stager = Stager::start(config, metrics)?;
        Ok(self)
    }

    /// What a topic carries; `None` if it is no input.
    pub(crate) fn input(&self, topic: &str) -> Option<Input> {
        if self.cpe_events.iter().any(|known| known == topic) {
            Some(Input::CpeEvents)
        } else if self.requests.iter().any(|known| known == topic) {
            Some(Input::Requests)
        } else {
            None
        }
    }
}
