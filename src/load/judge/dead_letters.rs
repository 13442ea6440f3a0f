use crate::record::Record;

use super::{Judge, Output};

impl Judge {
    pub(super) fn on_dead_letter(&mut self, number: Option<u64>, record: &Record<'_>) {
        let run = self.plan.run;
        let key = record
            .key
            .and_then(|key| std::str::from_utf8(key).ok())
            .unwrap_or_default();
        let index = run.index_of_stray(key);
        if index.is_none() && number.is_none() && !run.is_in(key) {
            return;
        }
        if record.header("credbridge-id").is_some() && !self.is_first(Output::DeadLetters, record) {
            return;
        }
        let reason = record.header_text("credbridge-reason").unwrap_or_default();
        *self
            .findings
            .dead_letters
            .entry(reason.to_owned())
            .or_default() += 1;
        let coordinates = record.coordinates;
        let Some(stray) = index.and_then(|index| self.strays.get_mut(index)) else {
            let error = record.header_text("credbridge-error").unwrap_or_default();
            self.findings.wrong(|| {
                format!("dead letter {coordinates} ({reason}) of a right record, {key}: {error}")
            });
            return;
        };
        if std::mem::replace(&mut stray.seen, true) {
            self.findings
                .doubled(|| format!("dead letter {coordinates} ({reason}) of {key} comes again"));
            return;
        }
        if !stray.given_up {
            self.missing_strays -= 1;
        }
        let right = stray.reason;
        if reason != right {
            self.findings.wrong(|| {
                format!("dead letter {coordinates} of {key} has the reason {reason}, not {right}")
            });
        }
    }
}
