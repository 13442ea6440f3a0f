//! What a worker wants of the store, and hears from it.

use crate::correlator::{Effect, Effects};
use crate::runtime::application::Application;
use crate::runtime::shard::{Phase, Shard};
use crate::runtime::staging::Answer;
use crate::time::Timestamp;

use super::super::judge::Verdict;
use super::super::kafka::Kafka;
use super::super::store::{Errand, Store};
use super::Session;

/// What a shard whose state is complete asks for again.
pub(super) fn resumed(shard: &Shard) -> Vec<Errand> {
    let mut effects = Effects::new();
    shard.correlator.resume_staging(&mut effects);
    let again = effects.into_iter().filter_map(|effect| match effect {
        Effect::Stage(staging) => Some(Errand::Put(staging)),
        Effect::Forget(_)
        | Effect::Remember(_)
        | Effect::Respond(_)
        | Effect::Send(_)
        | Effect::SetAside(_)
        | Effect::Unstage(_) => None,
    });
    again.collect()
}

impl Session {
    /// The store has answered.
    pub(in super::super) fn on_answer(
        &mut self,
        answer: Answer,
        application: &Application,
        kafka: &mut Kafka,
        now: Timestamp,
    ) {
        self.work(application, kafka, now, |work| {
            work.desk.hear(answer);
            work.take_answers(now)
        });
    }

    /// What is known to the changelog, and wanted of the store now.
    pub(in super::super) fn take_resumed(&mut self) -> Vec<Errand> {
        std::mem::take(&mut self.resumed)
    }

    /// What nobody will hand over any more.
    pub(in super::super) fn into_errands(self) -> Vec<Errand> {
        let all = self.errands.into_iter().chain(self.resumed);
        all.collect()
    }

    /// What devices may fetch of the shards of this session must be there.
    pub(in super::super) fn check_files(&self, store: &Store) -> Verdict {
        let shards = self.shards.values();
        let mut complete = shards.filter(|shard| shard.phase != Phase::Restoring);
        complete.try_for_each(|shard| store.check(&shard.correlator))
    }

    /// What was wanted of the store up to the last commit.
    pub(in super::super) fn take_errands(&mut self) -> Vec<Errand> {
        std::mem::take(&mut self.errands)
    }
}
