use super::{Expiry, Operation, Texts};

/// The parameters of a request (TS-0004 clause 8.2.2) that its answer depends on.
///
/// A notification of a creation that a CSE has answered already has neither request identifier nor originator; `to` is
/// then the resource that was created.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct RequestPrimitive {
    /// op: what is asked.
    pub operation: Operation,
    /// rqi, fr, to and rvi.
    pub texts: Texts<4>,
    /// rt: when and where the response is wanted.
    pub response_type: ResponseType,
    /// rcn: what the response is to contain.
    pub result_content: ResultContent,
    /// rqet: after this the request is worth nothing.
    pub request_expiration: Option<Expiry>,
    /// rset: after this the result is worth nothing.
    pub result_expiration: Option<Expiry>,
}

impl RequestPrimitive {
    /// The resource that was created, if this is a notification of its creation.
    pub fn notified_resource(&self) -> Option<&str> {
        let is_notification = self.request_identifier().is_empty();
        is_notification.then(|| self.to())
    }

    /// rqi: chosen by the originator, given back in the response; empty for a notification only.
    pub fn request_identifier(&self) -> &str {
        self.texts.text(0)
    }

    /// fr: who asks.
    pub fn originator(&self) -> &str {
        self.texts.text(1)
    }

    /// to: on Create the address of the parent `<node>` resource, else that of the resource itself.
    pub fn to(&self) -> &str {
        self.texts.text(2)
    }

    /// rvi: release of oneM2M that the originator speaks.
    pub fn release_version_indicator(&self) -> &str {
        self.texts.text(3)
    }

    /// Writes the texts anew.
    #[cfg(test)]
    pub(crate) fn change_texts(&mut self, change: impl FnOnce(&mut PrimitiveTexts<'_>)) {
        let before = self.clone();
        let mut texts = PrimitiveTexts {
            request_identifier: before.request_identifier(),
            originator: before.originator(),
            to: before.to(),
            release_version_indicator: before.release_version_indicator(),
        };
        change(&mut texts);
        self.texts = texts.into();
    }
}

/// The texts of a request primitive by their names, to be kept.
#[derive(Clone, Copy, Debug, Default)]
pub struct PrimitiveTexts<'a> {
    /// rqi.
    pub request_identifier: &'a str,
    /// fr.
    pub originator: &'a str,
    /// to.
    pub to: &'a str,
    /// rvi.
    pub release_version_indicator: &'a str,
}

impl From<PrimitiveTexts<'_>> for Texts<4> {
    fn from(texts: PrimitiveTexts<'_>) -> Self {
        Self::new([
            texts.request_identifier,
            texts.originator,
            texts.to,
            texts.release_version_indicator,
        ])
    }
}

/// Response Type (rt, TS-0004 clause 7.3.2).
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum ResponseType {
    /// 3: one response when all is done.
    #[default]
    Blocking,
    /// 4: the receiver chooses; the targets are for a late response.
    FlexBlocking(Option<Box<[Box<str>]>>),
    /// 2: an acknowledgement, later a notification to the targets; `None`: to the originator.
    NonBlockingAsynch(Option<Box<[Box<str>]>>),
    /// 1: an acknowledgement; the result is fetched by the originator.
    NonBlockingSynch,
    /// 5: no response.
    NoResponse,
}

/// Result Content (rcn, TS-0004 clause 7.5.2), the values that mean something for a resource without children.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum ResultContent {
    /// 0
    Nothing,
    /// 1
    #[default]
    Attributes,
    /// 2
    HierarchicalAddress,
    /// 3
    HierarchicalAddressAndAttributes,
    /// 9
    ModifiedAttributes,
}

/// A number that rcn cannot have.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ResultContentError {
    /// Not allowed with the operation.
    #[error("{number} is not allowed on {}; allowed are {}", .operation.as_str(), allowed_numbers(*.operation))]
    NotAllowed {
        /// The operation.
        operation: Operation,
        /// rcn.
        number: u32,
    },
    /// Allowed, and asks for child resources, of which there are none.
    #[error("{0} asks for child resources, which are not implemented: ask for 1 (attributes)")]
    ChildResources(u32),
}

impl ResultContent {
    /// The value of rcn for an operation; `None` stands for what the operation gives if nothing is said.
    ///
    /// # Errors
    /// If the operation does not allow the number, or it asks for what does not exist.
    pub fn for_operation(
        operation: Operation,
        number: Option<u32>,
    ) -> Result<Self, ResultContentError> {
        let Some(number) = number else {
            return Ok(match operation {
                Operation::Create | Operation::Retrieve | Operation::Update => Self::Attributes,
                Operation::Delete => Self::Nothing,
            });
        };
        let found = allowed(operation)
            .iter()
            .find(|allowed| allowed.number() == number);
        match (found, operation, number) {
            (Some(found), _, _) => Ok(*found),
            (None, Operation::Retrieve | Operation::Delete, 4..=6 | 8) => {
                Err(ResultContentError::ChildResources(number))
            }
            (None, _, _) => Err(ResultContentError::NotAllowed { operation, number }),
        }
    }

    /// The number of rcn.
    pub const fn number(self) -> u32 {
        match self {
            Self::Nothing => 0,
            Self::Attributes => 1,
            Self::HierarchicalAddress => 2,
            Self::HierarchicalAddressAndAttributes => 3,
            Self::ModifiedAttributes => 9,
        }
    }
}

/// TS-0004 table 7.5.2-1.
const fn allowed(operation: Operation) -> &'static [ResultContent] {
    match operation {
        Operation::Create => &[
            ResultContent::Nothing,
            ResultContent::Attributes,
            ResultContent::HierarchicalAddress,
            ResultContent::HierarchicalAddressAndAttributes,
            ResultContent::ModifiedAttributes,
        ],
        Operation::Retrieve => &[ResultContent::Attributes],
        Operation::Update => &[
            ResultContent::Nothing,
            ResultContent::Attributes,
            ResultContent::ModifiedAttributes,
        ],
        Operation::Delete => &[ResultContent::Nothing, ResultContent::Attributes],
    }
}

fn allowed_numbers(operation: Operation) -> String {
    let numbers: Vec<String> = allowed(operation)
        .iter()
        .map(|allowed| allowed.number().to_string())
        .collect();
    numbers.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_operation_allows_its_result_contents() {
        for (operation, numbers) in [
            (Operation::Create, &[0, 1, 2, 3, 9][..]),
            (Operation::Retrieve, &[1]),
            (Operation::Update, &[0, 1, 9]),
            (Operation::Delete, &[0, 1]),
        ] {
            let allowed: Vec<u32> = (0..100)
                .filter(|number| ResultContent::for_operation(operation, Some(*number)).is_ok())
                .collect();
            assert_eq!(allowed, numbers, "{operation:?}");
        }
        assert_eq!(
            ResultContent::for_operation(Operation::Delete, None),
            Ok(ResultContent::Nothing)
        );
    }

    #[test]
    fn wrong_result_contents_are_told_from_those_of_children() {
        let error =
            |number| ResultContent::for_operation(Operation::Retrieve, Some(number)).unwrap_err();
        assert_eq!(error(4), ResultContentError::ChildResources(4));
        assert_eq!(
            error(0).to_string(),
            "0 is not allowed on Retrieve; allowed are 1"
        );
    }
}
