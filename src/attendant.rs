//! The thread that serves people and the system while the bridge works: signals and the admin port.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use crate::reload::Reload;
use anyhow::Context as _;
use credbridge::runtime::{Health, Stop, WATCHDOG_INTERVAL, Watchdog};
use credbridge::telemetry::{Admin, Bound};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// How long a stop may take before the process ends anyway: below the 30 s that Kubernetes gives a pod by default. What
/// was not committed by then is done again by the next owner.
const STOP_MAX: Duration = Duration::from_secs(25);

/// How often the files that the configuration names are looked at; a change is taken up at the second look.
const FILES_INTERVAL: Duration = Duration::from_secs(2);

/// A restart may mend it (`EX_TEMPFAIL` of sysexits.h).
const RESTART: u8 = 75;

/// Starts the thread; it lives as long as the process. Gives back the address of the admin port.
///
/// The first SIGTERM or SIGINT requests the stop, the second ends the process at once with exit code 1, and so does a stop
/// that takes longer than [`STOP_MAX`]. SIGHUP has the configuration read again, and
/// so has a change of a file that it names. A worker that hangs ends the process with exit code 75.
///
/// # Errors
/// If the port or the signals cannot be had.
pub(crate) fn start(
    stop: &Stop,
    health: &Health,
    admin: Admin,
    reload: &Reload,
) -> anyhow::Result<SocketAddr> {
    let (stop, health, reload) = (stop.clone(), health.clone(), reload.clone());
    let (sender, receiver) = std::sync::mpsc::sync_channel(1);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the thread for signals and the admin port")?;
    let serve = async move {
        let (bound, signals) = match open(admin.clone()).await {
            Ok(opened) => opened,
            Err(error) => return report(&sender, Err(error)),
        };
        report(&sender, Ok(bound.address));
        tokio::join!(
            bound.serve(),
            wait_for_signals(signals, &stop, &admin, &reload),
            watch(&health, &stop),
            watch_files(&reload),
        );
    };
    std::thread::Builder::new()
        .name("attendant".to_owned())
        .spawn(move || runtime.block_on(serve))
        .context("cannot start the thread for signals and the admin port")?;
    receiver
        .recv()
        .context("the thread for signals and the admin port ended early")?
}

type Started = anyhow::Result<SocketAddr>;

fn report(sender: &std::sync::mpsc::SyncSender<Started>, started: Started) {
    sender.send(started).expect("the caller waits");
}

async fn open(admin: Admin) -> anyhow::Result<(Bound, [Signal; 3])> {
    let signals = [
        signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?,
        signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?,
        signal(SignalKind::hangup()).context("cannot listen for SIGHUP")?,
    ];
    Ok((admin.bind().await?, signals))
}

async fn wait_for_signals(
    [mut terminate, mut interrupt, mut hang_up]: [Signal; 3],
    stop: &Stop,
    admin: &Admin,
    reload: &Reload,
) {
    loop {
        let name = tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
            _ = hang_up.recv() => {
                reload.read_again();
                continue;
            }
        };
        if stop.is_final() {
            tracing::warn!(signal = name, "second signal, ending at once");
            std::process::exit(1);
        }
        tracing::info!(signal = name, "stopping; a second signal ends at once");
        admin.stopping();
        stop.request();
    }
}

async fn watch_files(reload: &Reload) {
    let mut last = reload.files();
    loop {
        tokio::time::sleep(FILES_INTERVAL).await;
        let reload = reload.clone();
        // A file may lie on a network that does not answer.
        let look = tokio::task::spawn_blocking(move || reload.look_at_files(&last));
        last = look.await.expect("a panic ends the process");
    }
}

async fn watch(health: &Health, stop: &Stop) {
    let mut watchdog = Watchdog::default();
    loop {
        tokio::time::sleep(WATCHDOG_INTERVAL).await;
        if let Some(word) = watchdog.look(health) {
            tracing::error!(error = word, "ended");
            std::process::exit(RESTART.into());
        }
        if stop.requested_for().is_some_and(|since| since > STOP_MAX) {
            tracing::error!(
                seconds = STOP_MAX.as_secs(),
                "the stop takes too long, ending at once; what was not committed is done again by the next owner"
            );
            std::process::exit(1);
        }
    }
}

/// The exit code for an error that ended the process.
pub(crate) fn exit_code(error: &anyhow::Error) -> ExitCode {
    use credbridge::config::ConfigError;
    use credbridge::runtime::RuntimeError;

    /// A configuration that is wrong, or does not fit the cluster (`EX_CONFIG` of sysexits.h).
    const CONFIGURATION: u8 = 78;
    if error.is::<ConfigError>() {
        return ExitCode::from(CONFIGURATION);
    }
    match error.downcast_ref::<RuntimeError>() {
        Some(RuntimeError::Configuration(_) | RuntimeError::Forbidden(_)) => {
            ExitCode::from(CONFIGURATION)
        }
        Some(RuntimeError::Restart(_)) => ExitCode::from(RESTART),
        Some(RuntimeError::Failed(_)) | None => ExitCode::FAILURE,
    }
}

#[cfg(test)]
mod tests {
    use credbridge::config::ConfigError;
    use credbridge::runtime::RuntimeError;

    use super::*;

    #[test]
    fn each_kind_of_error_has_its_exit_code() {
        let text = || "x".to_owned();
        let mistakes = Vec::new();
        for (error, code) in [
            (ConfigError { mistakes }.into(), 78),
            (RuntimeError::Configuration(text()).into(), 78),
            (RuntimeError::Forbidden(text()).into(), 78),
            (RuntimeError::Restart(text()).into(), 75),
            (RuntimeError::Failed(text()).into(), 1),
            (anyhow::anyhow!("anything else"), 1),
        ] {
            // Exit codes have no equality, but a text form.
            let got = format!("{:?}", exit_code(&error));
            assert_eq!(got, format!("{:?}", ExitCode::from(code)), "{error}");
        }
    }

    #[test]
    fn an_error_keeps_its_exit_code_under_a_context() {
        let error = RuntimeError::Restart("fenced".to_owned());
        let error = anyhow::Error::from(error).context("worker 3 failed");
        let got = format!("{:?}", exit_code(&error));
        assert_eq!(got, format!("{:?}", ExitCode::from(75)));
    }
}
