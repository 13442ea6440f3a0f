/// Operation (op, TS-0004 clause 6.3.4.2.5), those that a resource on a device knows.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[repr(u8)]
pub enum Operation {
    /// 1: put a certificate on the device.
    #[default]
    Create = 1,
    /// 2: read the resource.
    Retrieve = 2,
    /// 3: give the certificate other SUIDs.
    Update = 3,
    /// 4: take the resource away, or withdraw a request that is pending.
    Delete = 4,
}

/// A number that is no operation, or none that is asked of a resource.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0} is no operation on a resource: Create is 1, Retrieve 2, Update 3, Delete 4")]
pub struct OperationError(pub u32);

impl Operation {
    /// The number.
    pub const fn get(self) -> u8 {
        self as u8
    }

    /// The name in TS-0004.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "Create",
            Self::Retrieve => "Retrieve",
            Self::Update => "Update",
            Self::Delete => "Delete",
        }
    }
}

impl TryFrom<u32> for Operation {
    type Error = OperationError;

    fn try_from(number: u32) -> Result<Self, OperationError> {
        [Self::Create, Self::Retrieve, Self::Update, Self::Delete]
            .into_iter()
            .find(|operation| u32::from(operation.get()) == number)
            .ok_or(OperationError(number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_numbers_are_operations_on_a_resource() {
        let known: Vec<u8> = (0..10)
            .filter_map(|number| Operation::try_from(number).ok())
            .map(Operation::get)
            .collect();
        assert_eq!(known, [1, 2, 3, 4]);
    }
}
