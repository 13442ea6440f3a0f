use std::fmt;

/// Marks everything that one run writes, so that runs on the same topics do not mix.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct RunId(u64);

impl RunId {
    pub(super) fn new(seed: u64, nonce: u64) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&seed.to_le_bytes());
        hasher.update(&nonce.to_le_bytes());
        let mut id = [0; 8];
        hasher.finalize_xof().fill(&mut id);
        // A trace id must not be zero (W3C Trace Context, section 3.2.2.3).
        Self(u64::from_le_bytes(id) | 1)
    }

    /// The rqi of a request.
    pub(super) fn request_identifier(self, number: u64) -> String {
        format!("{self}-{number}")
    }

    /// The installation that a rqi of this run names.
    pub(super) fn number_of_request(self, request_identifier: &str) -> Option<u64> {
        let (run, number) = request_identifier.split_once('-')?;
        number.parse().ok().filter(|_| run == self.to_string())
    }

    /// The W3C trace context of a request; the bridge passes it on to every output of the installation.
    pub(super) fn traceparent(self, number: u64) -> String {
        format!("00-{self}{number:016x}-{:016x}-01", number.wrapping_add(1))
    }

    /// The installation of this run that an output with that trace context belongs to.
    pub(super) fn number_of_traceparent(self, traceparent: &str) -> Option<u64> {
        let trace = traceparent.strip_prefix("00-")?.get(..32)?;
        let number = trace.strip_prefix(self.to_string().as_str())?;
        u64::from_str_radix(number, 16).ok()
    }

    /// The CommandKey that the requester assigns, at most 32 bytes.
    pub(super) fn command_key(self, number: u64) -> String {
        format!("{self}.{number}")
    }

    /// The record key of a stray. It holds bytes that no device key has, so no device is read out of it.
    pub(super) fn stray_key(self, index: usize) -> String {
        format!("fleet/{self}/stray/{index}")
    }

    /// The stray of this run with that record key.
    pub(super) fn index_of_stray(self, key: &str) -> Option<usize> {
        key.strip_prefix(&format!("fleet/{self}/stray/"))?
            .parse()
            .ok()
    }

    /// Whether a text, e.g. a device key, was made by this run.
    pub(super) fn is_in(self, text: &str) -> bool {
        text.contains(&self.to_string())
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_lead_back_to_their_installation() {
        let run = RunId::new(1, 2);
        assert_eq!(run.number_of_request(&run.request_identifier(7)), Some(7));
        assert_eq!(run.number_of_traceparent(&run.traceparent(255)), Some(255));
        assert_eq!(run.index_of_stray(&run.stray_key(3)), Some(3));
        assert!(run.command_key(999_999_999_999_999).len() <= 32);
    }

    #[test]
    fn marks_of_another_run_are_ignored() {
        let (run, other) = (RunId::new(1, 2), RunId::new(1, 3));
        assert_eq!(run.number_of_request(&other.request_identifier(7)), None);
        assert_eq!(run.number_of_traceparent(&other.traceparent(7)), None);
        assert_eq!(run.index_of_stray(&other.stray_key(3)), None);
        assert_eq!(run.number_of_request("req-1"), None);
    }
}
