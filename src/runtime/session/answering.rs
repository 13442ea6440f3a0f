//! Questions of people, answered between two transactions.

use crate::cwmp::{CommandKey, DeviceId};
use crate::runtime::insight::{
    DeviceView, INSTALLATIONS_SHOWN_MAX, InstallationView, OLDEST_SHOWN_MAX, OfDevice, Question,
    ShardView, WorkerView, open_for_longest,
};
use crate::runtime::router;
use crate::runtime::shard::{Phase, Shard};

use super::Session;

/// Questions that are answered before other things have their turn.
const ANSWERS_PER_TURN_MAX: usize = 4;

impl Session<'_> {
    /// What is told is what stands in Kafka, so nothing is told while a transaction is open.
    pub(super) fn answer_questions(&self) {
        if self.work.transaction.is_open() {
            return;
        }
        for _ in 0..ANSWERS_PER_TURN_MAX {
            let Some(question) = self.setup.questions[self.worker].next() else {
                return;
            };
            // Nobody is left waiting where the answer cannot be handed over.
            let is_heard = match question {
                Question::Device(asked, reply) => {
                    let (device, key) = *asked;
                    reply.send(self.known_of(&device, key.as_ref())).is_ok()
                }
                Question::Overview(reply) => reply.send(self.overview()).is_ok(),
            };
            tracing::trace!(worker = self.worker, is_heard, "question answered");
        }
    }

    fn known_of(&self, device: &DeviceId, key: Option<&CommandKey>) -> OfDevice {
        let number = router::shard_of(device.key(), self.setup.application.shards);
        match self.work.shards.get(&number) {
            None => OfDevice::Elsewhere(number),
            Some(shard) if shard.phase == Phase::Restoring => OfDevice::Restoring(number),
            Some(shard) => OfDevice::Here(Box::new(view(self.worker, shard, device, key))),
        }
    }

    fn overview(&self) -> WorkerView {
        let shards = self.work.shards.values();
        let complete = shards
            .clone()
            .filter(|shard| shard.phase != Phase::Restoring);
        let oldest = complete
            .flat_map(|shard| shard.correlator.oldest().take(OLDEST_SHOWN_MAX))
            .map(InstallationView::of);
        let oldest = open_for_longest(oldest);
        WorkerView {
            worker: self.worker,
            shards: shards.map(ShardView::of).collect(),
            oldest,
        }
    }
}

fn view(worker: usize, shard: &Shard, device: &DeviceId, key: Option<&CommandKey>) -> DeviceView {
    let correlator = &shard.correlator;
    let (installations, more) = match key {
        Some(key) => {
            let found = correlator.find(device, key);
            (found.map(InstallationView::of).into_iter().collect(), 0)
        }
        None => {
            let mut all = correlator.concerning(device);
            let shown = all.by_ref().take(INSTALLATIONS_SHOWN_MAX);
            let shown: Vec<InstallationView> = shown.map(InstallationView::of).collect();
            (shown, all.count())
        }
    };
    DeviceView {
        shard: shard.number,
        worker,
        installations,
        more,
    }
}
