use crate::correlator::{Effect, Request, Unmatched};
use crate::record::Record;
use crate::runtime::router;
use crate::runtime::shard::Phase;
use crate::runtime::trouble::Trouble;
use crate::time::Timestamp;
use crate::wire::Cause;

use super::{Sink, Work};

/// Why effects are carried out.
#[derive(Clone, Copy, Debug)]
pub(super) enum Occasion<'r> {
    /// A time-out.
    Deadline,
    /// A record was handled.
    Record(Record<'r>),
    /// A store has answered; what follows is caused by the request.
    Staged,
}

impl<'r> Occasion<'r> {
    const fn record(self) -> Option<Record<'r>> {
        match self {
            Self::Record(record) => Some(record),
            Self::Deadline | Self::Staged => None,
        }
    }

    const fn cause<'a>(self, request: &'a Request) -> Cause<'a>
    where
        'r: 'a,
    {
        match self {
            Self::Deadline => Cause::Deadline,
            Self::Record(record) => Cause::Record(record.coordinates),
            Self::Staged => Cause::Record(&request.coordinates),
        }
    }
}

impl<S: Sink> Work<'_, S> {
    /// Goes on with installations whose files are staged, or cannot be.
    pub(crate) fn take_answers(&mut self, now: Timestamp) -> Result<(), Trouble> {
        while let Some(answer) = self.desk.next_answer() {
            let number = router::shard_of(answer.id.device.key(), self.application.shards);
            // Whoever owns the shard next, or has restored it, asks again.
            let shard = self.shards.get_mut(&number);
            let Some(shard) = shard.filter(|shard| shard.phase != Phase::Restoring) else {
                continue;
            };
            self.transaction.begin()?;
            shard
                .correlator
                .handle_staged(now, &answer.id, answer.result, &mut self.effects);
            self.carry_out(number, Occasion::Staged)?;
        }
        Ok(())
    }

    /// Asks again for files of a shard whose state is complete.
    pub(crate) fn resume_staging(&mut self, number: i32) {
        if let Some(shard) = self.shards.get(&number) {
            shard.correlator.resume_staging(&mut self.effects);
        }
        for effect in self.effects.drain(..) {
            if let Effect::Stage(staging) = effect {
                self.desk.put_again(staging);
            }
        }
    }

    /// Carries out the effects of one shard.
    pub(super) fn carry_out(&mut self, number: i32, occasion: Occasion<'_>) -> Result<(), Trouble> {
        let mut effects = std::mem::take(&mut self.effects);
        let done = effects
            .drain(..)
            .try_for_each(|effect| self.carry_out_one(number, occasion, effect));
        effects.clear();
        self.effects = effects;
        done
    }

    fn carry_out_one(
        &mut self,
        number: i32,
        occasion: Occasion<'_>,
        effect: Effect,
    ) -> Result<(), Trouble> {
        let record = occasion.record();
        match effect {
            Effect::Forget(id) => {
                if let Some(shard) = self.shards.get_mut(&number) {
                    shard.forget(id);
                }
                Ok(())
            }
            Effect::Remember(slot) => {
                if let Some(shard) = self.shards.get_mut(&number) {
                    shard.remember(slot);
                    let installation = || shard.correlator.installation(slot);
                    self.spans.changed(record, installation);
                }
                Ok(())
            }
            Effect::Respond(response) => {
                let cause = occasion.cause(&response.request);
                self.spans.responded(&response, record);
                self.respond(&response, cause, record)
            }
            Effect::Send(command) => {
                let cause = occasion.cause(&command.request);
                self.spans.sent(&command);
                self.application
                    .encoder
                    .command(&command, cause, &mut self.outbound);
                self.send_for(record)
            }
            Effect::SetAside(unmatched) => self.on_unmatched(record, unmatched),
            Effect::Stage(staging) => {
                self.desk.put(staging);
                Ok(())
            }
            Effect::Unstage(name) => {
                self.desk.remove(name);
                Ok(())
            }
        }
    }

    fn on_unmatched(
        &mut self,
        record: Option<Record<'_>>,
        unmatched: Unmatched,
    ) -> Result<(), Trouble> {
        let reason = unmatched.reason.as_str();
        match (&unmatched.record, record) {
            (Some(kept), _) => {
                let headers = kept.headers();
                self.set_aside(kept.borrow(&headers), reason, &unmatched.explanation)
            }
            (None, Some(record)) => self.set_aside(record, reason, &unmatched.explanation),
            (None, None) => unreachable!("a deadline sets aside only records that were kept"),
        }
    }
}
