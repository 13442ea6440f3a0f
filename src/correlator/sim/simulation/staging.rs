//! Between the workers and the store.

use crate::correlator::tests::world::rules;
use crate::mapping::{ContentRule, Rules, StagedNames};

use super::super::judge::{Output, Verdict, must};
use super::super::plan::Scale;
use super::super::store::Errand;
use super::Simulation;

/// The rules of that scale.
pub(super) fn rules_of(scale: &Scale) -> Rules {
    if !scale.has_staging {
        return rules();
    }
    Rules {
        download_url: "https://f/{file}".to_owned().into(),
        content: ContentRule::Staged(StagedNames::new("secret", "credbridge")),
        ..rules()
    }
}

impl Simulation {
    /// The store does what is due next, and the worker that wanted it hears of it; `false`: nothing is due.
    pub(super) fn serve(&mut self) -> bool {
        let Some(said) = self.store.serve(self.now) else {
            return false;
        };
        if let Some(((number, epoch), answer)) = said {
            self.judge.store_said(&answer);
            let session = self.workers[number].session.as_mut();
            if let Some(session) = session.filter(|session| session.epoch == epoch) {
                session.on_answer(answer, &self.application, &mut self.kafka, self.now);
            }
        }
        true
    }

    /// Hands over what the changelog knows.
    pub(super) fn order_resumed(&mut self) {
        for number in 0..self.workers.len() {
            let session = self.workers[number].session.as_mut();
            let wanted = session.map(|session| (session.epoch, session.take_resumed()));
            if let Some((epoch, wanted)) = wanted {
                self.order((number, epoch), wanted);
            }
        }
    }

    /// The same for a session that has just committed.
    pub(super) fn order_committed(&mut self, number: usize) {
        let session = self.workers[number].session.as_mut();
        let session = session.expect("it has just committed");
        let mut wanted = session.take_resumed();
        wanted.extend(session.take_errands());
        let caller = (number, session.epoch);
        self.order(caller, wanted);
    }

    fn order(&mut self, caller: (usize, u64), wanted: Vec<Errand>) {
        for errand in wanted {
            self.store.take(errand, caller, self.now);
        }
    }

    /// A Download that names a file is seen only once the file is in the store.
    pub(super) fn check_file(&self, output: &Output) -> Verdict {
        let Output::Command { url: Some(url), .. } = output else {
            return Ok(());
        };
        let file = url.rsplit('/').next().unwrap_or_default();
        must(!self.scale.has_staging || self.store.has_had(file), || {
            format!("its file is not in the store: {output:?}")
        })
    }
}
