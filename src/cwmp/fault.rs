use std::fmt;
use std::num::NonZeroU16;

/// A CWMP fault code. Zero, which means success, is not representable.
///
/// 9000 to 9899 come from a CPE, 8000 to 8899 from an ACS (TR-069 A.5; `cwmp-1-2.xsd`).
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct FaultCode(NonZeroU16);

/// The number is no CWMP fault code.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0} is not a CWMP fault code: 9000 to 9899 come from a CPE, 8000 to 8899 from an ACS")]
pub struct FaultCodeError(pub u32);

impl FaultCode {
    /// The number.
    pub const fn get(self) -> u16 {
        self.0.get()
    }

    /// Whether a CPE gave it, as opposed to an ACS.
    pub const fn is_from_cpe(self) -> bool {
        self.get() >= 9000
    }
}

impl TryFrom<u32> for FaultCode {
    type Error = FaultCodeError;

    fn try_from(code: u32) -> Result<Self, FaultCodeError> {
        match code {
            8000..=8899 | 9000..=9899 => u16::try_from(code)
                .ok()
                .and_then(NonZeroU16::new)
                .map(Self)
                .ok_or(FaultCodeError(code)),
            _ => Err(FaultCodeError(code)),
        }
    }
}

impl fmt::Debug for FaultCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FaultCode({})", self.get())
    }
}

impl fmt::Display for FaultCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.get())
    }
}

/// A CWMP fault with what the device said about it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fault {
    /// The code.
    pub code: FaultCode,
    /// Text for people; may be empty.
    pub text: Box<str>,
    /// Faults of single parameters, in answer to SetParameterValues (TR-069 A.3.2.1).
    pub parameters: Vec<ParameterFault>,
}

impl Fault {
    /// A fault without text and without parameters.
    pub fn new(code: FaultCode) -> Self {
        Self {
            code,
            text: Box::default(),
            parameters: Vec::new(),
        }
    }
}

/// Why one parameter could not be set.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ParameterFault {
    /// Full path of the parameter.
    pub name: Box<str>,
    /// The code.
    pub code: FaultCode,
    /// Text for people; may be empty.
    pub text: Box<str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn success_and_strangers_are_no_fault_codes() {
        for code in [0, 1, 7999, 8900, 8999, 9900, 9999, 74_536] {
            assert_eq!(FaultCode::try_from(code), Err(FaultCodeError(code)));
        }
    }

    #[test]
    fn cpe_and_acs_codes_are_told_apart() {
        assert!(FaultCode::try_from(9000).unwrap().is_from_cpe());
        assert!(!FaultCode::try_from(8005).unwrap().is_from_cpe());
    }
}
