//! What is tried again, when, and how often.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::cwmp::{FaultCode, RejectionReason, Rpc};
use crate::mapping::lookup;
use crate::time::Timestamp;

use super::{
    AnswerKind, CommandId, Correlator, Fate, Installation, Position, Progress, Slot, Step, Turn,
};

/// Why a command may be tried again.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum RetryCause {
    /// The ACS or the CPE answered with this fault.
    Fault(FaultCode),
    /// The ACS: the device has no session and cannot be reached.
    DeviceUnavailable,
    /// The ACS asks to come again later.
    RetryLater,
    /// The ACS: the session ended before the CPE answered.
    SessionTimeout,
    /// Nobody answered the Download in time.
    Timeout,
    /// The ACS does not know the device.
    UnknownDevice,
    /// The ACS did not deliver it, for a reason that it does not state.
    Unspecified,
}

impl RetryCause {
    /// Those that have a name; faults have a number.
    pub const NAMED: [Self; 6] = [
        Self::DeviceUnavailable,
        Self::RetryLater,
        Self::SessionTimeout,
        Self::Timeout,
        Self::UnknownDevice,
        Self::Unspecified,
    ];

    /// Name in the configuration and in metrics; `None`: its number.
    pub const fn name(self) -> Option<&'static str> {
        match self {
            Self::Fault(_) => None,
            Self::DeviceUnavailable => Some("device_unavailable"),
            Self::RetryLater => Some("retry_later"),
            Self::SessionTimeout => Some("session_timeout"),
            Self::Timeout => Some("timeout"),
            Self::UnknownDevice => Some("unknown_device"),
            Self::Unspecified => Some("unspecified"),
        }
    }

    /// The fault; `None`: it has a name.
    pub const fn fault(self) -> Option<FaultCode> {
        match self {
            Self::Fault(code) => Some(code),
            Self::DeviceUnavailable
            | Self::RetryLater
            | Self::SessionTimeout
            | Self::Timeout
            | Self::UnknownDevice
            | Self::Unspecified => None,
        }
    }

    const fn of_rejection(reason: RejectionReason) -> Self {
        match reason {
            RejectionReason::DeviceUnavailable => Self::DeviceUnavailable,
            RejectionReason::RetryLater => Self::RetryLater,
            RejectionReason::SessionTimeout => Self::SessionTimeout,
            RejectionReason::UnknownDevice => Self::UnknownDevice,
            RejectionReason::Unspecified => Self::Unspecified,
        }
    }
}

/// How often and how soon something is tried again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RetryPolicy {
    /// Longest wait before the second try; it doubles from try to try.
    pub first_delay: Duration,
    /// Longest wait between two tries.
    pub delay_max: Duration,
    /// Tries altogether, the first one included.
    pub attempts_max: u16,
}

impl RetryPolicy {
    /// How long to wait after that attempt of a command failed.
    pub(super) fn delay_after(
        &self,
        installation: &Installation,
        step: Step,
        attempt: u16,
    ) -> Duration {
        self.delay(attempt, hash(installation, step, attempt))
    }

    /// How long to wait after that attempt failed: half of the back-off for sure, and of the other half as much as the
    /// hash of the command says, so that what failed together does not come back together.
    fn delay(&self, attempt: u16, hash: u64) -> Duration {
        let doubled = 1_u32
            .checked_shl(u32::from(attempt) - 1)
            .unwrap_or(u32::MAX);
        let longest = self.first_delay.saturating_mul(doubled).min(self.delay_max);
        let half = u64::try_from(longest.as_millis() / 2).unwrap_or(u64::MAX);
        longest - Duration::from_millis(hash % (half + 1))
    }
}

/// What is tried again; what is not named is not.
pub type RetryTable = BTreeMap<RetryCause, RetryPolicy>;

/// What an installation knows of a command that waits to be sent, for the first time or again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Retry {
    /// The attempt that was sent last; 1 is the first, 0 if none was.
    pub attempt: u16,
    /// No attempt begins at or after this.
    pub until: Timestamp,
    /// Whether the next attempt is due at the deadline of the installation.
    pub is_due: bool,
    /// Whether the next attempt has its place in the order of all Downloads.
    pub is_paced: bool,
}

impl Correlator {
    /// What an answer leads to that says no to an attempt; `None`: it is an answer like every other.
    pub(super) fn on_refusal(
        &mut self,
        slot: Slot,
        id: CommandId,
        kind: &AnswerKind,
        turn: &mut Turn<'_>,
    ) -> Option<Fate> {
        let (cause, is_from_cpe) = match kind {
            AnswerKind::Rejection(rejection) => (RetryCause::of_rejection(rejection.reason), false),
            AnswerKind::Fault(fault) => (RetryCause::Fault(fault.code), fault.code.is_from_cpe()),
            AnswerKind::CancelTransferResponse
            | AnswerKind::DownloadResponse(_)
            | AnswerKind::GetParameterNamesResponse
            | AnswerKind::GetParameterValuesResponse(_)
            | AnswerKind::SetParameterValuesResponse(_) => return None,
        };
        let progress = sent(id.step);
        if self.position(slot) != Position::Open(progress) {
            return None;
        }
        // What the device itself says about any attempt holds for the command. That one attempt did not reach it says
        // nothing about the attempts after it.
        let (attempt, is_due) = self
            .open(slot)
            .retry
            .as_deref()
            .map_or((1, false), |retry| (retry.attempt, retry.is_due));
        if !is_from_cpe && (is_due || id.attempt != attempt) {
            return Some(Fate::Repeated);
        }
        if is_from_cpe && id.step == Step::Download {
            return None;
        }
        self.retry(slot, id.step, cause, turn)
            .then_some(Fate::Applied)
    }

    /// Has the command come again later, if the table says so and there is time; returns whether it does.
    pub(super) fn retry(
        &mut self,
        slot: Slot,
        step: Step,
        cause: RetryCause,
        turn: &mut Turn<'_>,
    ) -> bool {
        let Some(policy) = self.limits.retry.get(&cause) else {
            return false;
        };
        // After a CancelTransfer another Download would put the file on the device for nobody.
        if step == Step::Download && self.change_of(slot).is_some() {
            return false;
        }
        let installation = self.table.get(slot).expect("the caller saw it");
        let open = installation.open().expect("only open installations send");
        let (attempt, until) = match open.retry.as_deref() {
            Some(retry) => (retry.attempt, retry.until),
            None => (1, open.expires_at.unwrap_or(installation.deadline)),
        };
        let due = turn.now + policy.delay_after(installation, step, attempt);
        if attempt >= policy.attempts_max || due >= until {
            return false;
        }
        *self.stats.retries.entry(cause).or_default() += 1;
        self.table.open_mut(slot).retry = Some(Box::new(Retry {
            attempt,
            until,
            is_due: true,
            is_paced: false,
        }));
        self.table.set_deadline(slot, due);
        Self::remember(slot, turn);
        true
    }

    /// Sends the next attempt if that is what the deadline of the installation is about; returns whether it is.
    pub(super) fn on_retry_due(
        &mut self,
        slot: Slot,
        progress: Progress,
        turn: &mut Turn<'_>,
    ) -> bool {
        if progress == Progress::Waiting {
            return false;
        }
        let is_due = |retry: &&Retry| retry.is_due && retry.until > turn.now;
        let Some(retry) = self.open(slot).retry.as_deref().filter(is_due) else {
            return false;
        };
        if progress == Progress::DownloadSent && !retry.is_paced {
            let until = retry.until;
            if let Some(deadline) = self.place_after(slot, until, turn.now) {
                self.table.set_deadline(slot, deadline);
                Self::remember(slot, turn);
                return true;
            }
        }
        let timeout = self.limits.timeout(progress, self.device(slot));
        let retry = self.table.open_mut(slot).retry.as_deref_mut();
        let retry = retry.expect("it was just seen");
        retry.is_due = false;
        retry.is_paced = false;
        retry.attempt += 1;
        let deadline = (turn.now + timeout).min(retry.until);
        self.table.set_deadline(slot, deadline);
        self.send_again(slot, progress, turn);
        true
    }

    /// Gives the next attempt of a Download its place in the order of all; `None`: it may be sent now.
    fn place_after(&mut self, slot: Slot, until: Timestamp, now: Timestamp) -> Option<Timestamp> {
        if self.limits.pacing.is_off() {
            return None;
        }
        let device = self.device(slot).clone();
        let request = Arc::clone(&self.open(slot).request);
        let (_, deadline) = self.wait_paced(&device, request.primitive.originator(), now, until)?;
        if let Some(retry) = self.table.open_mut(slot).retry.as_deref_mut() {
            retry.is_paced = true;
        }
        Some(deadline)
    }

    fn send_again(&mut self, slot: Slot, progress: Progress, turn: &mut Turn<'_>) {
        match progress {
            Progress::DownloadSent => self.send_download(slot, turn),
            Progress::CancelSent => self.send_cancel(slot, turn),
            Progress::ListSent => self.send_list(slot, turn),
            Progress::LookupSent => {
                self.send(slot, Step::Lookup, Rpc::GetParameterValues(lookup()), turn);
            }
            Progress::SetSent => {
                let rpc = self.set_command(slot);
                self.send(slot, Step::Set, rpc, turn);
            }
            Progress::Waiting | Progress::Accepted => {
                unreachable!("nothing is sent before its turn, nor to a device that is at work")
            }
        }
        Self::remember(slot, turn);
    }
}

/// What was done last while an answer to that step is awaited.
const fn sent(step: Step) -> Progress {
    match step {
        Step::Download => Progress::DownloadSent,
        Step::List => Progress::ListSent,
        Step::Lookup => Progress::LookupSent,
        Step::Set => Progress::SetSent,
        Step::Cancel => Progress::CancelSent,
    }
}

/// The same for the same attempt in every process and every version (FNV-1a, then mixed like `SplitMix64`, because the
/// low bits of FNV-1a are weak).
fn hash(installation: &Installation, step: Step, attempt: u16) -> u64 {
    let mut hash = 0xCBF2_9CE4_8422_2325_u64;
    let id = &installation.id;
    for part in [
        id.device.key().as_bytes(),
        id.command_key.as_str().as_bytes(),
        step.as_str().as_bytes(),
        &attempt.to_be_bytes(),
    ] {
        for byte in part {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3);
        }
    }
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    hash ^ (hash >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: RetryPolicy = RetryPolicy {
        first_delay: Duration::from_secs(30),
        delay_max: Duration::from_secs(600),
        attempts_max: 10,
    };

    #[test]
    fn delays_double_up_to_the_longest() {
        let longest = |attempt| POLICY.delay(attempt, 0).as_secs();
        let delays: Vec<u64> = (1..=7).map(longest).collect();
        assert_eq!(delays, [30, 60, 120, 240, 480, 600, 600]);
        assert_eq!(longest(u16::MAX), 600);
    }

    #[test]
    fn jitter_takes_at_most_half() {
        for hash in [0, 1, 14_999, 15_000, 15_001, u64::MAX] {
            let delay = POLICY.delay(1, hash).as_millis();
            assert!((15_000..=30_000).contains(&delay), "{delay}");
        }
        assert_eq!(POLICY.delay(1, 15_000).as_millis(), 15_000);
    }
}
