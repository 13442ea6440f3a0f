use std::collections::VecDeque;

use crate::record::Coordinates;
use crate::time::Timestamp;

/// Dead letters that a process remembers for people.
pub const DEAD_LETTERS_SHOWN_MAX: usize = 20;

/// Characters of the explanation of a dead letter that are remembered.
const ERROR_CHARS_MAX: usize = 400;

/// A record that went to the dead letters.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DeadLetter {
    /// Where the record stands.
    pub source: Coordinates,
    /// The bounded label.
    pub reason: &'static str,
    /// For people; may name a device and a CommandKey. Cut.
    pub error: Box<str>,
}

/// A dead letter, and when the commit stood that it came with.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NotedDeadLetter {
    /// When it stood in Kafka.
    pub at: Timestamp,
    /// Which one.
    pub letter: DeadLetter,
}

/// The newest of a kind, the oldest first, at most [`DEAD_LETTERS_SHOWN_MAX`].
#[derive(Debug)]
pub(super) struct Newest<T>(VecDeque<T>);

impl<T> Default for Newest<T> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<T> Newest<T> {
    /// Takes one more in; the oldest one gives way.
    pub(super) fn push(&mut self, one: T) {
        if self.0.len() == DEAD_LETTERS_SHOWN_MAX {
            self.0.pop_front();
        }
        self.0.push_back(one);
    }

    /// The oldest first.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.0.iter()
    }
}

/// The newest dead letters of a transaction.
#[derive(Debug, Default)]
pub(in crate::runtime) struct NewestDeadLetters(Newest<DeadLetter>);

impl NewestDeadLetters {
    pub(in crate::runtime) fn push(
        &mut self,
        source: &Coordinates,
        reason: &'static str,
        error: &str,
    ) {
        let end = error.char_indices().nth(ERROR_CHARS_MAX);
        let error = end.map_or_else(|| error.into(), |(end, _)| format!("{}..", &error[..end]));
        self.0.push(DeadLetter {
            source: source.clone(),
            reason,
            error: error.into(),
        });
    }

    pub(in crate::runtime) fn is_empty(&self) -> bool {
        self.0.0.is_empty()
    }
}

impl IntoIterator for NewestDeadLetters {
    type Item = DeadLetter;
    type IntoIter = std::collections::vec_deque::IntoIter<DeadLetter>;

    /// The oldest first.
    fn into_iter(self) -> Self::IntoIter {
        self.0.0.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_kept_and_long_texts_are_cut() {
        let mut newest = NewestDeadLetters::default();
        let mut source = Coordinates {
            topic: "t".into(),
            partition: 0,
            offset: 0,
        };
        for offset in 0..50 {
            source.offset = offset;
            newest.push(&source, "too_large", &"ä".repeat(1000));
        }
        let kept: Vec<DeadLetter> = newest.into_iter().collect();
        assert_eq!(kept.len(), DEAD_LETTERS_SHOWN_MAX);
        assert_eq!(kept[0].source.offset, 30);
        assert_eq!(kept[19].source.offset, 49);
        assert_eq!(kept[0].error.chars().count(), ERROR_CHARS_MAX + 2);
    }
}
