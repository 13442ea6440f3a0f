use std::fmt;
use std::io::IsTerminal as _;
use std::sync::{Arc, Mutex, MutexGuard};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::reload;

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
    /// The log has ended.
    #[error("the log takes no other filter: {0}")]
    Gone(#[from] reload::Error),
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
    pub fn start(self, filter: &str) -> Result<LogFilter, LogError> {
        use tracing_subscriber::util::SubscriberInitExt as _;

        let parsed = parsed(filter)?;
        let subscriber = tracing_subscriber::fmt()
            .with_writer(std::io::stderr)
            .with_ansi(std::io::stderr().is_terminal());
        match self {
            Self::Json => {
                let subscriber = subscriber.json().flatten_event(true);
                let subscriber = subscriber.with_env_filter(parsed).with_filter_reloading();
                let handle = subscriber.reload_handle();
                subscriber.finish().try_init()?;
                Ok(LogFilter::new(filter, move |fresh| handle.reload(fresh)))
            }
            Self::Text => {
                let subscriber = subscriber.with_env_filter(parsed).with_filter_reloading();
                let handle = subscriber.reload_handle();
                subscriber.finish().try_init()?;
                Ok(LogFilter::new(filter, move |fresh| handle.reload(fresh)))
            }
        }
    }
}

fn parsed(filter: &str) -> Result<EnvFilter, LogError> {
    EnvFilter::try_new(filter).map_err(|source| LogError::Filter {
        filter: filter.to_owned(),
        source,
    })
}

/// What is logged, to be read and changed while the process runs; clones share it.
#[derive(Clone)]
pub struct LogFilter(Arc<Inner>);

struct Inner {
    text: Mutex<String>,
    apply: Box<dyn Fn(EnvFilter) -> Result<(), reload::Error> + Send + Sync>,
}

impl LogFilter {
    fn new(
        text: &str,
        apply: impl Fn(EnvFilter) -> Result<(), reload::Error> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(Inner {
            text: Mutex::new(text.to_owned()),
            apply: Box::new(apply),
        }))
    }

    /// The filter in force, e.g. `warn,credbridge=debug`.
    pub fn text(&self) -> String {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, String> {
        self.0.text.lock().expect("nobody panics while holding it")
    }

    /// Puts another filter in force.
    ///
    /// # Errors
    /// If it is malformed; the one before stays then.
    pub fn change(&self, filter: &str) -> Result<(), LogError> {
        let fresh = parsed(filter)?;
        let mut text = self.lock();
        (self.0.apply)(fresh)?;
        filter.clone_into(&mut text);
        Ok(())
    }
}

impl fmt::Debug for LogFilter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("LogFilter")
            .field(&self.text())
            .finish()
    }
}

#[cfg(test)]
impl LogFilter {
    /// A filter that nothing listens to.
    pub(super) fn idle(text: &str) -> Self {
        Self::new(text, |_| Ok(()))
    }
}
