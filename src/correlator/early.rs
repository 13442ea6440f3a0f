use crate::record::Record;
use crate::time::Timestamp;

use super::{
    Correlator, EarlyEvent, EarlyKind, Effect, Fate, Installation, InstallationId, Slot, State,
    Turn, Unmatched, UnmatchedReason, explanation,
};

impl Correlator {
    /// Keeps an event until its request comes.
    pub(super) fn park(
        &mut self,
        id: InstallationId,
        kind: EarlyKind,
        record: &Record<'_>,
        turn: &mut Turn<'_>,
    ) -> Fate {
        let found = self.table.find(&id.device, &id.command_key);
        let waiting = found
            .and_then(|slot| self.table.get(slot))
            .map_or(&[][..], Installation::early_events);
        if waiting
            .iter()
            .any(|event| event.record.coordinates == *record.coordinates)
        {
            return Fate::Repeated;
        }
        if let Some(unmatched) = self.no_room(&id, waiting.len(), record.bytes() + kind.bytes()) {
            return self.set_aside(unmatched, turn);
        }
        let expires_at = turn.now + self.limits.early_ttl;
        let event = EarlyEvent {
            kind,
            record: Box::new(record.to_owned()),
            expires_at,
        };
        let slot = match found {
            Some(slot) => {
                self.table.push_early(slot, event);
                slot
            }
            None => self.table.insert(Installation {
                id,
                alias: None,
                deadline: expires_at,
                state: State::Early(vec![event]),
            }),
        };
        Self::remember(slot, turn);
        Fate::Parked
    }

    /// Why one more event of so many bytes cannot wait under that key, where `waiting` do already; `None`: it can.
    fn no_room(&self, id: &InstallationId, waiting: usize, bytes: usize) -> Option<Unmatched> {
        let limits = &self.limits;
        let (all, of_device) = (self.table.early(), self.table.early_of(&id.device));
        let (reason, explanation) = if of_device.events >= limits.early_events_per_device_max
            || of_device.bytes + bytes > limits.early_bytes_per_device_max
        {
            (
                UnmatchedReason::EarlyEventsOfDeviceFull,
                explanation::early_events_of_device_full(id, limits),
            )
        } else if waiting >= limits.early_events_per_key_max
            || all.events >= limits.early_events_max
            || all.bytes + bytes > limits.early_bytes_max
        {
            (
                UnmatchedReason::EarlyEventsFull,
                explanation::early_events_full(id, limits),
            )
        } else {
            return None;
        };
        Some(Unmatched {
            reason,
            explanation,
            record: None,
        })
    }

    /// Applies events that waited, in the order of their arrival.
    pub(super) fn apply_parked(
        &mut self,
        slot: Slot,
        events: Vec<EarlyEvent>,
        turn: &mut Turn<'_>,
    ) {
        for event in events {
            let fate = match event.kind {
                EarlyKind::Answer(answer) => self.apply_answer(slot, answer, turn),
                EarlyKind::TransferComplete(transfer) => {
                    self.apply_transfer_complete(slot, &transfer, turn)
                }
            };
            self.stats.recount_parked(fate);
        }
    }

    /// Sets the events aside that have waited up to `due`; forgets the installation if none is left.
    pub(super) fn expire_early(&mut self, slot: Slot, due: Timestamp, turn: &mut Turn<'_>) {
        let installation = self.table.remove(slot);
        let State::Early(events) = installation.state else {
            unreachable!("the caller saw an early installation");
        };
        let id = installation.id;
        let (expired, waiting): (Vec<_>, Vec<_>) = events
            .into_iter()
            .partition(|event| event.expires_at <= due);
        for event in expired {
            let unmatched = Unmatched {
                reason: UnmatchedReason::UnknownCommandKey,
                explanation: explanation::unknown_command_key(&id, self.limits.early_ttl),
                record: Some(event.record),
            };
            let fate = self.set_aside(unmatched, turn);
            self.stats.recount_parked(fate);
        }
        match waiting.iter().map(|event| event.expires_at).min() {
            Some(deadline) => {
                let slot = self.table.insert(Installation {
                    id,
                    alias: None,
                    deadline,
                    state: State::Early(waiting),
                });
                Self::remember(slot, turn);
            }
            None => turn.effects.push(Effect::Forget(id)),
        }
    }

    pub(super) fn set_aside(&mut self, unmatched: Unmatched, turn: &mut Turn<'_>) -> Fate {
        *self.stats.set_aside.entry(unmatched.reason).or_default() += 1;
        turn.effects.push(Effect::SetAside(unmatched));
        Fate::SetAside
    }
}
