//! Certificate files on their way into the store and out of it.
//!
//! The worker never waits for the store. What its core asks for is kept at its [`Desk`] until the transaction stands that
//! has it in the changelog, and is then handed over to the one thread of the process that talks to the store. Answers
//! come back to the desk, and are handled in the next turn.

#[cfg(feature = "cloud-stores")]
mod cloud;
mod desk;
mod errands;
mod store;
mod trial;

use std::thread::{self, JoinHandle};

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::config::{Config, ContentDelivery};
use crate::telemetry::Metrics;

#[cfg(test)]
pub(crate) use desk::Answer;
pub(crate) use desk::{Desk, Order};

use super::RuntimeError;
use errands::Errands;
use store::{Store, shown};
pub(super) use trial::try_out;

/// The store; `None` if nothing is staged; or why there is none.
fn open(config: &Config) -> Option<Result<Store, String>> {
    let url = config.staging.store.as_deref()?;
    if config.download.content != ContentDelivery::Staged {
        return None;
    }
    let store = Store::open(url, &config.staging.environment);
    Some(store.map_err(|error| format!("staging.store: {url} cannot be used: {}", shown(&error))))
}

/// The thread that talks to the store; it ends with this.
#[derive(Debug)]
pub(crate) struct Stager {
    orders: Option<UnboundedSender<Order>>,
    thread: Option<JoinHandle<()>>,
}

impl Stager {
    /// Starts the thread; `None` if nothing is staged.
    ///
    /// # Errors
    /// If the store cannot be had.
    pub(super) fn start(config: &Config, metrics: &Metrics) -> Result<Option<Self>, RuntimeError> {
        let Some(store) = open(config) else {
            return Ok(None);
        };
        let store = store.map_err(RuntimeError::Configuration)?;
        let failed =
            |error| RuntimeError::Failed(format!("starting the thread `staging`: {error}"));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(failed)?;
        let (sender, receiver) = unbounded_channel();
        let errands = Errands::new(store, config.timeouts.hold_max, metrics.staging());
        let thread = thread::Builder::new()
            .name("staging".to_owned())
            .spawn(move || runtime.block_on(errands.run(receiver)))
            .map_err(failed)?;
        Ok(Some(Self {
            orders: Some(sender),
            thread: Some(thread),
        }))
    }

    /// One that does nothing: who has it plays the store.
    #[cfg(test)]
    pub(crate) const fn idle() -> Self {
        Self {
            orders: None,
            thread: None,
        }
    }

    fn take(&self, order: Order) {
        if let Some(orders) = &self.orders {
            // The thread ends only after this does; if it panicked, the process is ending.
            orders.send(order).ok();
        }
    }
}

impl Drop for Stager {
    fn drop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            // A panic has ended the process already.
            thread.join().ok();
        }
    }
}
