/// A security usage identifier that speaks of a certificate (TS-0004 clause 6.3.4.2.39): 40 to 45.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Suid(u8);

/// Why a number is no SUID of a certificate.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SuidError {
    /// One of the 21 identifiers, but for a symmetric key.
    #[error("SUID {0} is for a symmetric key; a certificate has 40 to 45")]
    NotForCertificates(u32),
    /// Not one of the 21 identifiers.
    #[error("{0} is not a SUID; a certificate has 40 to 45")]
    Unknown(u32),
}

impl Suid {
    /// The number.
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl TryFrom<u32> for Suid {
    type Error = SuidError;

    fn try_from(number: u32) -> Result<Self, SuidError> {
        match number {
            40..=45 => u8::try_from(number)
                .map(Self)
                .map_err(|_| SuidError::Unknown(number)),
            10..=15 | 21..=25 | 32..=35 => Err(SuidError::NotForCertificates(number)),
            _ => Err(SuidError::Unknown(number)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twenty_one_identifiers_of_which_six_are_for_certificates() {
        let known = (0..200).filter(|n| !matches!(Suid::try_from(*n), Err(SuidError::Unknown(_))));
        assert_eq!(known.count(), 21);
        assert_eq!((0..200).filter_map(|n| Suid::try_from(n).ok()).count(), 6);
    }
}
