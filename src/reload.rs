//! Another configuration while the process runs: read, judged, and handed over to the bridge.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};

use credbridge::config::{Config, Files};
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
    /// The files as they were when they were read last.
    files: Files,
}

impl Reload {
    pub(crate) fn new(file: Option<PathBuf>, stop: Stop, in_force: Config) -> Self {
        let configs = Configs {
            files: in_force.files.clone(),
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
        configs.files = fresh.files.clone();
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
            crate::warn(&fresh);
            configs.next = Some(fresh);
            self.0.stop.request_pause();
        }
    }

    /// Looks at the files that the configuration names, and reads everything again if one of them is another than before,
    /// and has come to rest: the same as at the look before, which is `last`. Returns what it saw.
    pub(crate) fn look_at_files(&self, last: &Files) -> Files {
        let before = self.files();
        let files = before.look_again();
        if files != before && files == *last {
            tracing::info!("a file that the configuration names has changed");
            self.configs().files = files.clone();
            self.read_again();
        }
        files
    }

    /// The files as they were when they were read last.
    pub(crate) fn files(&self) -> Files {
        self.configs().files.clone()
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
