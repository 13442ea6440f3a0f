use std::time::Duration;

use super::Setup;
use super::trouble::Trouble;

/// How long the cluster may hold up a stop that was asked for. What is not committed by then is left to the next owner.
const STOP_PATIENCE: Duration = Duration::from_secs(8);

/// The sign of life that a worker gives whenever a call of the client library has come back.
///
/// A turn of its loop may take long while brokers are away, because one call follows the other; each call by itself has
/// a limit. So a worker whose pulse has stopped hangs in one.
#[derive(Clone, Copy)]
pub(super) struct Pulse<'s> {
    pub(super) setup: &'s Setup,
    pub(super) worker: usize,
}

impl Pulse<'_> {
    /// Gives the sign.
    pub(super) fn beat(self) {
        let now = self.setup.clock.now();
        self.setup.health.turned(self.worker, now);
    }

    /// Gives the sign, in a wait for the cluster.
    ///
    /// # Errors
    /// If a stop has waited for the cluster too long.
    pub(super) fn beat_waiting(self) -> Result<(), Trouble> {
        self.beat();
        match self.setup.stop.requested_for() {
            Some(since) if since > STOP_PATIENCE => Err(Trouble::SessionLost(
                "a stop was asked for, and the cluster does not answer".to_owned(),
            )),
            Some(_) | None => Ok(()),
        }
    }
}
