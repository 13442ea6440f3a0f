use super::{Installation, Open, Progress, State};

/// Words for people: where an installation stands.
impl Installation {
    /// What was done last, in one word.
    pub fn step(&self) -> &'static str {
        match &self.state {
            State::Early(_) => "early",
            State::Open(open) => match open.progress {
                Progress::Waiting => "waiting",
                Progress::ListSent => "list_sent",
                Progress::DownloadSent => "download_sent",
                Progress::Accepted => "accepted",
                Progress::LookupSent => "lookup_sent",
                Progress::SetSent => "set_sent",
                Progress::CancelSent => "cancel_sent",
            },
            State::Ended(_) => "ended",
        }
    }

    /// What has to come before it goes on.
    pub fn waits_for(&self) -> &'static str {
        match &self.state {
            State::Early(_) => "its request",
            State::Open(open) => open.waits_for(),
            State::Ended(_) => "nothing; it is remembered to tell repeats from strangers",
        }
    }

    /// Attempts of its present command that were sent: 0 while the first one waits, or none is under way.
    pub fn attempts(&self) -> u16 {
        match &self.state {
            State::Early(_) | State::Ended(_) => 0,
            State::Open(open) => match open.retry.as_deref() {
                Some(retry) => retry.attempt,
                None => u16::from(open.progress != Progress::Waiting),
            },
        }
    }
}

impl Open {
    fn waits_for(&self) -> &'static str {
        if self.retry.as_deref().is_some_and(|retry| retry.is_due) {
            return "the time of its next attempt, which is its deadline";
        }
        match self.progress {
            Progress::Waiting => "an earlier Download of the device to end",
            Progress::ListSent => {
                "the answer to GetParameterValues, which lists rows before the Download"
            }
            Progress::DownloadSent if self.is_staging() => "the store to take the certificate file",
            Progress::DownloadSent => "the answer to Download",
            Progress::Accepted => "TransferComplete",
            Progress::LookupSent => {
                "the answer to GetParameterValues, which finds the row of the certificate"
            }
            Progress::SetSent => "the answer to SetParameterValues",
            Progress::CancelSent => "the answer to CancelTransfer",
        }
    }
}
