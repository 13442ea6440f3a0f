use std::sync::Arc;

use crate::config::Config;
use crate::correlator::Limits;
use crate::mapping::Rules;
use crate::telemetry::Metrics;
use crate::wire::{Decoder, Encoder, Input};

use super::RuntimeError;
use super::node_directory::NodeDirectory;
use super::spans::Tracer;
use super::staging::Stager;

/// What the work on a record needs to know; the same for all workers of an application.
#[derive(Debug)]
pub(crate) struct Application {
    pub(crate) requests: Vec<Arc<str>>,
    pub(crate) cpe_events: Vec<Arc<str>>,
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
    /// Who takes spans; `None`: nobody wants any.
    pub(crate) tracer: Option<Tracer>,
}

impl Application {
    pub(crate) fn new(config: &Config, shards: i32) -> Self {
        Self {
            requests: shared(&config.topics.requests),
            cpe_events: shared(&config.topics.cpe_events),
            routed_topic: config.routed_topic(),
            shards,
            limits: config.limits(shards.unsigned_abs()),
            rules: config.rules(),
            decoder: config.decoder(),
            asking_decoder: config.decoder(),
            nodes: None,
            encoder: config.encoder(),
            stager: None,
            tracer: None,
        }
    }

    /// The same with a node directory, if the configuration has one; somebody must keep it.
    pub(crate) fn with_directory(mut self, config: &Config) -> Self {
        self.nodes = NodeDirectory::new(config);
        self.decoder.hears_forwarder = self.nodes.is_some();
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

    /// The same with somebody who takes spans, if the environment names a collector.
    pub(super) fn with_tracer(mut self, config: &Config, metrics: &Metrics) -> Self {
        self.tracer = Tracer::start(config, metrics);
        self
    }

    /// What a topic carries; `None` if it is no input.
    pub(crate) fn input(&self, topic: &str) -> Option<Input> {
        if self.cpe_events.iter().any(|known| **known == *topic) {
            Some(Input::CpeEvents)
        } else if self.requests.iter().any(|known| **known == *topic) {
            Some(Input::Requests)
        } else {
            None
        }
    }

    /// The name of a topic, shared if it is an input.
    pub(crate) fn shared_name(&self, topic: &str) -> Arc<str> {
        let mut inputs = self.cpe_events.iter().chain(&self.requests);
        let known = inputs.find(|known| ***known == *topic);
        known.map_or_else(|| topic.into(), Arc::clone)
    }
}

fn shared(names: &[String]) -> Vec<Arc<str>> {
    names.iter().map(|name| name.as_str().into()).collect()
}
