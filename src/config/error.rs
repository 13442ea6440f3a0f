use std::fmt;
use std::path::PathBuf;

/// Everything that is wrong with a configuration, all at once; never empty.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ConfigError {
    /// The mistakes, file first, in the order in which they were found.
    pub mistakes: Vec<Mistake>,
}

/// One mistake in a configuration.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Mistake {
    /// Where it was said.
    pub place: Place,
    /// Dotted path of the key; empty if it is about the whole.
    pub path: String,
    /// What is wrong, and how to mend it.
    pub problem: String,
}

/// Where a value of the configuration was said.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Place {
    /// Nowhere: it is the default.
    Default,
    /// In a variable of the environment.
    Environment(String),
    /// In the file as a whole, e.g. because it cannot be read.
    File(PathBuf),
    /// In the file, at line and column, both from 1.
    Line(PathBuf, u64, u64),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Environment(name) => write!(f, "environment variable {name}"),
            Self::File(file) => write!(f, "{}", file.display()),
            Self::Line(file, line, column) => write!(f, "{}:{line}:{column}", file.display()),
        }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.place)?;
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.problem)
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.mistakes.as_slice() {
            [one] => write!(f, "the configuration has a mistake: {one}"),
            many => {
                write!(f, "the configuration has {} mistakes:", many.len())?;
                many.iter()
                    .try_for_each(|mistake| write!(f, "\n  {mistake}"))
            }
        }
    }
}

impl std::error::Error for ConfigError {}
