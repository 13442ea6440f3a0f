//! Another configuration while the process runs: read, judged, and handed over to the bridge.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};

use credbridge::config::Config;
use credbridge::runtime::Stop;

/// The configuration in force, and the one that is to follow it; clones share them.
#[derive(Clone)]
pub(crate) struct Reload(Arc<Inner>);

struct Inner {
    file: Option<PathBuf>,
    stop: Stop,
    configs: Mutex<Configs>,
}

struct Configs {
    in_force: Config,
    next: Option<Config>,
}

impl Reload {
    pub(crate) fn new(file: Option<PathBuf>, stop: Stop, in_force: Config) -> Self {
        let configs = Configs {
            in_force,
            next: None,
        };
        Self(Arc::new(Inner {
            file,
            stop,
            configs: Mutex::new(configs),
        }))
    }

    /// Reads the file and its secrets again. What is wrong, or needs a restart, is said, and changes nothing; what is
    /// right has the bridge pause, so that it can go on with it.
    pub(crate) fn read_again(&self) {
        let fresh = match Config::read(self.0.file.as_deref(), crate::environment()) {
            Ok(fresh) => fresh,
            Err(error) => {
                tracing::error!(%error, "the new configuration is wrong; the one before stays in force");
                return;
            }
        };
        let mut configs = self.configs();
        if let Some(name) = configs.in_force.needs_restart(&fresh) {
            tracing::error!(
                key = name,
                "the new configuration differs in what only a restart can change; the one before stays in force"
            );
        } else if configs.in_force == fresh {
            tracing::info!("the configuration has not changed");
        } else {
            tracing::info!(
                configuration = fresh.to_yaml(),
                "going on with another configuration"
            );
            configs.next = Some(fresh);
            self.0.stop.request_pause();
        }
    }

    /// The configuration that is to follow, which is in force from here on; `None`: there is none.
    pub(crate) fn take(&self) -> Option<Config> {
        let mut configs = self.configs();
        let next = configs.next.take()?;
        configs.in_force = next.clone();
        Some(next)
    }

    fn configs(&self) -> MutexGuard<'_, Configs> {
        self.0
            .configs
            .lock()
            .expect("nobody panics while holding it")
    }
}
