use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

/// How log lines look.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub enum LogFormat {
    /// One JSON object a line, for machines.
    Json,
    /// One line of text, for people.
    Text,
}

/// Why logging cannot start.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The filter is not understood.
    #[error(
        "the log filter `{filter}` is not of the form `info` or `warn,credbridge=debug`: {source}"
    )]
    Filter {
        /// What was given.
        filter: String,
        /// What is wrong with it.
        source: tracing_subscriber::filter::ParseError,
    },
    /// Logging was started before.
    #[error("logging was started before: {0}")]
    Started(#[from] tracing_subscriber::util::TryInitError),
}

impl LogFormat {
    /// Text where a person looks on, JSON otherwise.
    pub fn for_standard_error() -> Self {
        match std::io::stderr().is_terminal() {
            true => Self::Text,
            false => Self::Json,
        }
    }

    /// Sends the log of the whole process to standard error from here on.
    ///
    /// # Errors
    /// If `filter` is malformed, or it was called before.
    pub fn start(self, filter: &str) -> Result<(), LogError> {
        use tracing_subscriber::util::SubscriberInitExt as _;

        let parsed = EnvFilter::try_new(filter).map_err(|source| LogError::Filter {
            filter: filter.to_owned(),
            source,
        })?;
        let subscriber = tracing_subscriber::fmt()
            .with_env_filter(parsed)
            .with_writer(std::io::stderr)
            .with_ansi(std::io::stderr().is_terminal());
        match self {
            Self::Json => subscriber.json().flatten_event(true).finish().try_init()?,
            Self::Text => subscriber.finish().try_init()?,
        }
        Ok(())
    }
}
