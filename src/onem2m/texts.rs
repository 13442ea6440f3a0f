use std::fmt;

/// `N` texts in one allocation: a process holds those of millions of requests.
#[derive(Clone, Eq, PartialEq)]
pub struct Texts<const N: usize> {
    /// One after the other.
    all: Box<str>,
    /// Where each ends, in bytes.
    ends: [u32; N],
}

impl<const N: usize> Texts<N> {
    /// Holds these.
    ///
    /// # Panics
    /// If they have more than 4 GiB together; a record has at most 1 MiB.
    pub fn new(texts: [&str; N]) -> Self {
        let mut end = 0;
        let ends = texts.map(|text| {
            end += text.len();
            u32::try_from(end).expect("texts of one record are far shorter than 4 GiB")
        });
        Self {
            all: texts.concat().into(),
            ends,
        }
    }

    /// The text with this number, counted from 0.
    ///
    /// # Panics
    /// If there are not as many.
    pub fn text(&self, number: usize) -> &str {
        let end = |number: usize| self.ends[number] as usize;
        let start = if number == 0 { 0 } else { end(number - 1) };
        &self.all[start..end(number)]
    }
}

impl<const N: usize> Default for Texts<N> {
    fn default() -> Self {
        Self {
            all: Box::default(),
            ends: [0; N],
        }
    }
}

impl<const N: usize> fmt::Debug for Texts<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries((0..N).map(|number| self.text(number)))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_comes_out_as_it_went_in() {
        let texts = Texts::new(["", "ä", "", "to"]);
        assert_eq!(
            [0, 1, 2, 3].map(|number| texts.text(number)),
            ["", "ä", "", "to"]
        );
        assert_eq!(format!("{texts:?}"), r#"["", "ä", "", "to"]"#);
    }

    #[test]
    fn the_same_bytes_cut_elsewhere_are_other_texts() {
        assert_ne!(Texts::new(["ab", "c"]), Texts::new(["a", "bc"]));
        assert_eq!(Texts::<2>::default(), Texts::new(["", ""]));
    }
}
