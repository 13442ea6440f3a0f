//! Work in steps that ends in time, even if a call of the Kafka client does not.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use super::RuntimeError;

/// A part of the work.
#[derive(Debug)]
struct Step {
    /// What is done, as in "no answer within 30 s while ..".
    doing: String,
    /// How long it may take.
    limit: Duration,
}

/// Where the work says what it does.
#[derive(Debug)]
pub(super) struct Steps(Sender<Step>);

impl Steps {
    /// Ends the step before, and begins one that may take so long.
    pub(super) fn begin(&self, limit: Duration, doing: impl Into<String>) {
        let doing = doing.into();
        // Nobody listens to work that was given up.
        drop(self.0.send(Step { doing, limit }));
    }
}

/// Does `work` in a thread of its own, and gives it up when a step of it takes too long. The thread of work that was given up
/// stays until the process ends.
///
/// # Errors
/// Those of the work; or which step took too long, and `mend`.
pub(super) fn in_steps<T: Send + 'static>(
    mend: &str,
    work: impl FnOnce(&Steps) -> Result<T, RuntimeError> + Send + 'static,
) -> Result<T, RuntimeError> {
    let (sender, begun) = mpsc::channel();
    let thread = thread::Builder::new()
        .name("steps".to_owned())
        .spawn(move || work(&Steps(sender)))
        .map_err(|error| RuntimeError::Failed(format!("starting a thread: {error}")))?;
    // The first step begins at once, or the work is over.
    let mut current = begun.recv().ok();
    while let Some(step) = &current {
        match begun.recv_timeout(step.limit) {
            Ok(next) => current = Some(next),
            Err(RecvTimeoutError::Disconnected) => current = None,
            Err(RecvTimeoutError::Timeout) => {
                return Err(RuntimeError::Failed(format!(
                    "no answer within {:?} while {}; {mend}",
                    step.limit, step.doing
                )));
            }
        }
    }
    let panicked = |_| RuntimeError::Failed("a thread panicked".to_owned());
    thread.join().map_err(panicked)?
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_millis(50);
    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn work_that_ends_gives_its_result() {
        let done = in_steps("mend it", |steps| {
            steps.begin(LONG, "counting");
            steps.begin(LONG, "telling");
            Ok(2)
        });
        assert_eq!(done.unwrap(), 2);
        let failed = in_steps::<()>("mend it", |_| Err(RuntimeError::Failed("no".to_owned())));
        assert_eq!(failed.unwrap_err().to_string(), "no");
    }

    #[test]
    fn a_step_without_end_is_given_up_by_name_with_the_mend() {
        let given_up = in_steps::<()>("mend it", |steps| {
            steps.begin(LONG, "counting");
            steps.begin(SHORT, "waiting for ever");
            loop {
                thread::park();
            }
        });
        assert_eq!(
            given_up.unwrap_err().to_string(),
            "no answer within 50ms while waiting for ever; mend it"
        );
    }
}
