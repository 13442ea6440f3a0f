use crate::onem2m::ResponseStatusCode;

use super::line::bounded_line;

/// Mistakes that are told in one answer.
const REFUSALS_SHOWN_MAX: usize = 8;

/// Longest text of one answer in bytes; what it quotes is bounded, and some quote much.
const TEXT_BYTES_MAX: usize = 4096;

/// The answer to a request that is refused for what it says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Refusal {
    /// The answer.
    pub code: ResponseStatusCode,
    /// Which attribute is wrong, and how to mend it.
    pub text: String,
}

impl Refusal {
    pub(super) fn bad(text: impl Into<String>) -> Self {
        Self {
            code: ResponseStatusCode::BadRequest,
            text: text.into(),
        }
    }

    /// One answer for all mistakes: the code of the one that goes deepest, the texts of all.
    pub(super) fn together(refusals: &[Self]) -> Option<Self> {
        let depth = |refusal: &&Self| {
            [
                ResponseStatusCode::OperationNotAllowed,
                ResponseStatusCode::ReleaseVersionNotSupported,
                ResponseStatusCode::BadRequest,
            ]
            .iter()
            .position(|code| *code == refusal.code)
            .unwrap_or(usize::MAX)
        };
        let code = refusals.iter().min_by_key(depth)?.code;
        let shown = refusals.iter().take(REFUSALS_SHOWN_MAX);
        let mut text = shown
            .map(|refusal| &*refusal.text)
            .collect::<Vec<_>>()
            .join("; ");
        if refusals.len() > REFUSALS_SHOWN_MAX {
            text += &format!("; and {} more", refusals.len() - REFUSALS_SHOWN_MAX);
        }
        Some(Self {
            code,
            text: bounded_line(&text, TEXT_BYTES_MAX),
        })
    }
}
