use super::{CommandKey, Fault};

/// The end of a transfer, as the CPE tells it (TR-069 A.3.3.2).
///
/// Start and complete times are not kept: a CPE's clock is never used for logic.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TransferComplete {
    /// Names the Download; `None` if the CPE gave an empty key.
    pub command_key: Option<CommandKey>,
    /// `None` is success.
    pub fault: Option<Fault>,
    /// The row of `Device.Security.Certificate.{i}.` that the ACS knows to be the new one, as it was given.
    pub certificate_path: Option<Box<str>>,
}
