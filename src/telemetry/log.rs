use std::fmt;
use std::io::IsTerminal as _;
use std::panic::PanicHookInfo;
use std::sync::{Arc, Mutex, MutexGuard};

use tracing::Dispatch;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::reload;

/// How log lines look.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub enum LogFormat {
    /// One JSON object a line, for machines.
    Json,
    /// One line of text, for people.
    Text,
}

/// Most parts of a filter: each of them costs something wherever a line is logged.
const DIRECTIVES_MAX: usize = 64;

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
    /// The filter has too many parts.
    #[error("the log filter has {0} parts, at most {DIRECTIVES_MAX} are taken")]
    TooLong(usize),
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

        let (log, filter) = self.log(filter, std::io::stderr, std::io::stderr().is_terminal())?;
        log.try_init()?;
        Ok(filter)
    }

    /// A log that goes to `writer`, with colours if `is_coloured`.
    fn log<W>(
        self,
        filter: &str,
        writer: W,
        is_coloured: bool,
    ) -> Result<(Dispatch, LogFilter), LogError>
    where
        W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
    {
        let parsed = parsed(filter)?;
        let subscriber = tracing_subscriber::fmt()
            .with_writer(writer)
            .with_ansi(is_coloured);
        match self {
            Self::Json => {
                let subscriber = subscriber.json().flatten_event(true);
                let subscriber = subscriber.with_env_filter(parsed).with_filter_reloading();
                let handle = subscriber.reload_handle();
                let filter = LogFilter::new(filter, move |fresh| handle.reload(fresh));
                Ok((subscriber.finish().into(), filter))
            }
            Self::Text => {
                let subscriber = subscriber.with_env_filter(parsed).with_filter_reloading();
                let handle = subscriber.reload_handle();
                let filter = LogFilter::new(filter, move |fresh| handle.reload(fresh));
                Ok((subscriber.finish().into(), filter))
            }
        }
    }
}

/// Logs a panic, with what led to it: one line of JSON, where the log is JSON. Its text is as the panic has it, so no
/// panic may be given what was read from records.
pub fn log_panic(panic: &PanicHookInfo<'_>) {
    let backtrace = std::backtrace::Backtrace::force_capture();
    tracing::error!(%panic, %backtrace, "an invariant is broken, ending");
}

/// Values of fields are texts and no regular expressions: of those a few bytes make an automaton that fills all memory.
fn parsed(filter: &str) -> Result<EnvFilter, LogError> {
    let count = filter.split(',').count();
    if count > DIRECTIVES_MAX {
        return Err(LogError::TooLong(count));
    }
    let parsed = EnvFilter::builder().with_regex(false).parse(filter);
    parsed.map_err(|source| LogError::Filter {
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

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::io;
    use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
    use std::sync::PoisonError;

    use crate::config::Config;

    use super::*;

    /// What a log has written so far.
    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let mut written = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            written.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What the log of such a panic holds, at its finest.
    fn logged(format: LogFormat, panics: impl Fn()) -> String {
        /// There is one hook for all threads.
        static HOOK: Mutex<()> = Mutex::new(());
        let _alone = HOOK.lock().unwrap();
        let written = Written::default();
        let writer = written.clone();
        let log = format.log("trace", move || writer.clone(), false);
        let (log, _filter) = log.unwrap();
        let (here, before) = (std::thread::current().id(), take_hook());
        // Other tests may panic meanwhile.
        set_hook(Box::new(move |panic| {
            match std::thread::current().id() == here {
                true => log_panic(panic),
                false => before(panic),
            }
        }));
        let ended =
            tracing::dispatcher::with_default(&log, || catch_unwind(AssertUnwindSafe(panics)));
        assert!(ended.is_err());
        let written = written.0.lock().unwrap().clone();
        String::from_utf8(written).unwrap()
    }

    /// A configuration with a secret in each place for one, and these secrets.
    fn with_secrets() -> (Config, Vec<String>, tempfile::TempDir) {
        let directory = tempfile::tempdir().unwrap();
        let places = [
            "ADMIN__CHANGE_TOKEN_FILE",
            "ADMIN__READ_TOKEN_FILE",
            "CORRELATION__COMMAND_KEY_SECRET_FILE",
            "DOWNLOAD__PASSWORD_FILE",
            "STAGING__SECRET_FILE",
        ];
        let (mut secrets, mut variables) = (Vec::new(), Vec::new());
        for (number, place) in places.into_iter().enumerate() {
            let secret = format!("planted-secret-of-enough-characters-{number}");
            let file = directory.path().join(number.to_string());
            std::fs::write(&file, &secret).unwrap();
            variables.push((place, file.display().to_string()));
            secrets.push(secret);
        }
        variables.push((
            "KAFKA__PROPERTIES",
            "{sasl.password: planted-password}".to_owned(),
        ));
        secrets.push("planted-password".to_owned());
        let variables = variables
            .into_iter()
            .map(|(name, value)| (format!("CREDBRIDGE__{name}"), value));
        let config = Config::read(None, variables).unwrap();
        (config, secrets, directory)
    }

    #[test]
    fn a_panic_shows_no_secret_even_if_it_shows_the_whole_configuration() {
        let (config, secrets, _directory) = with_secrets();
        for format in [LogFormat::Json, LogFormat::Text] {
            let told = logged(format, || {
                panic!("a configuration that is no error: {config:?}");
            });
            assert!(told.contains("a configuration that is no error"), "{told}");
            assert!(told.contains("command_key_secret: Some(***)"), "{told}");
            for secret in &secrets {
                assert!(!told.contains(&**secret), "{secret}: {told}");
            }
        }
    }

    /// As a regular expression each of these would have 2^30 states.
    #[test]
    fn a_filter_is_no_regular_expression_and_has_few_parts() {
        let expression = format!("(a|b)*a{}", "(a|b)".repeat(30));
        for filter in [
            format!("[{{x={expression}}}]=trace"),
            vec!["a=info"; DIRECTIVES_MAX].join(","),
        ] {
            parsed(&filter).unwrap();
        }
        let error = parsed(&vec!["a=info"; DIRECTIVES_MAX + 1].join(",")).unwrap_err();
        assert!(error.to_string().contains("at most 64"), "{error}");
    }

    #[test]
    fn a_panic_is_one_line_of_json_whatever_its_text_holds() {
        let mut text = "two\nlines, \"quoted\" \u{9b}31m".to_owned();
        for control in '\0'..' ' {
            write!(text, "{control}").unwrap();
        }
        let told = logged(LogFormat::Json, || panic!("{text}"));
        let line = told.strip_suffix('\n').unwrap();
        assert!(!line.bytes().any(|byte| byte < b' '), "{line:?}");
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["level"], "ERROR");
        assert_eq!(line["message"], "an invariant is broken, ending");
        assert!(line["panic"].as_str().unwrap().ends_with(&text), "{line}");
        assert!(line["backtrace"].is_string(), "{line}");
    }
}
