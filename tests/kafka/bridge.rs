//! The binary as a process: start it, look at it, signal it.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use super::broker::free_port;
use super::{process, wait_for};

/// The binary under test.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_credbridge");

/// How long a start may take: the bridge joins its group, which waits for a killed member's session to end, and
/// restores its shards.
pub(crate) const READY_LIMIT: Duration = Duration::from_secs(60);

/// How long an orderly stop may take.
pub(crate) const STOP_LIMIT: Duration = Duration::from_secs(10);

/// `credbridge run`; it is killed when the value is dropped or this process ends.
pub(crate) struct Bridge {
    child: Child,
    started: Instant,
    admin: SocketAddr,
    directory: PathBuf,
}

impl Bridge {
    /// Starts the bridge with `config`, in which the admin port is filled in.
    pub(crate) fn start(config: &Value) -> Self {
        Self::start_with(config, &[])
    }

    /// The same with further arguments of the command line.
    pub(crate) fn start_with(config: &Value, arguments: &[&str]) -> Self {
        Self::spawn(config, BINARY, |command, file| {
            command.args(["run", "--config"]).arg(file).args(arguments)
        })
    }

    /// Starts the bridge by another program, which gets the file of the configuration and the binary as its last
    /// arguments and becomes the bridge.
    pub(crate) fn start_within(config: &Value, program: &[&str], binary: &str) -> Self {
        Self::spawn(config, program[0], |command, file| {
            command.args(&program[1..]).arg(file).arg(binary)
        })
    }

    fn spawn(
        config: &Value,
        program: &str,
        arguments: impl FnOnce(&mut Command, PathBuf) -> &mut Command,
    ) -> Self {
        let directory = process::scratch("bridge");
        let admin = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
        let config = merged(config, &json!({"admin": {"listen": admin.to_string()}}));
        let file = write_config(&directory, &config);
        let log = File::create(directory.join("log")).expect("the directory is ours");
        let child = process::spawn(program, |command| {
            arguments(command, file)
                .current_dir(&directory)
                .stdout(Stdio::from(
                    log.try_clone().expect("a file can be opened twice"),
                ))
                .stderr(Stdio::from(log))
        });
        Self {
            child,
            started: Instant::now(),
            admin,
            directory,
        }
    }

    /// Waits until the bridge says that it is ready, and tells how long after its start that was.
    ///
    /// # Panics
    /// If it ends, or is not ready in time.
    pub(crate) fn wait_until_ready(&mut self) -> Duration {
        let name = format!("readiness of the bridge with {}", self.log_path().display());
        wait_for(&name, READY_LIMIT, || {
            if let Some(code) = self.ended() {
                panic!("the bridge ended with {code} before it was ready");
            }
            self.is_ready().then(|| self.started.elapsed())
        })
    }

    /// Whether `/readyz` answers 200.
    pub(crate) fn is_ready(&self) -> bool {
        self.http_status("/readyz") == Some(200)
    }

    /// The status of a GET on the admin port; `None` if nobody answers.
    pub(crate) fn http_status(&self, path: &str) -> Option<u16> {
        // `HTTP/1.1 200 OK`
        self.http_get(path)?.split(' ').nth(1)?.parse().ok()
    }

    /// The answer to a GET on the admin port, with its head; `None` if nobody answers.
    pub(crate) fn http_get(&self, path: &str) -> Option<String> {
        self.http(&format!("GET {path}"), "", "")
    }

    /// The answer to a request with these header lines, each ended, and this body; `None` if nobody answers.
    pub(crate) fn http(&self, request: &str, headers: &str, body: &str) -> Option<String> {
        let second = Duration::from_secs(1);
        let mut stream = TcpStream::connect_timeout(&self.admin, second).ok()?;
        stream.set_read_timeout(Some(second)).ok()?;
        write!(
            stream,
            "{request} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n{body}",
            self.admin,
            body.len()
        )
        .ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        Some(answer)
    }

    /// The value of a metric without labels; `None` if nobody answers.
    pub(crate) fn metric(&self, name: &str) -> Option<usize> {
        let text = self.http_get("/metrics")?;
        let mut lines = text.lines();
        lines.find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
    }

    /// Where probes and metrics are.
    pub(crate) fn admin(&self) -> SocketAddr {
        self.admin
    }

    /// The id of the process.
    pub(crate) fn process_id(&self) -> i32 {
        i32::try_from(self.child.id()).expect("a process id fits")
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.process_id()), signal).expect("the child was not waited for");
    }

    /// Puts another configuration in place, and has the bridge read it.
    pub(crate) fn reconfigure(&self, config: &Value) {
        let config = merged(
            config,
            &json!({"admin": {"listen": self.admin.to_string()}}),
        );
        write_config(&self.directory, &config);
        self.signal(Signal::SIGHUP);
    }

    /// Has the bridge end as a program does that is broken, and tells whether the system wrote down its memory.
    pub(crate) fn abort(mut self) -> bool {
        self.signal(Signal::SIGABRT);
        let status = self.child.wait().expect("it is our child");
        assert_eq!(status.signal(), Some(Signal::SIGABRT as i32), "{status}");
        status.core_dumped()
    }

    /// Kills the bridge at once.
    pub(crate) fn kill(mut self) {
        self.signal(Signal::SIGKILL);
        self.child.wait().expect("it is our child");
    }

    /// Asks the bridge to stop, and tells how long that took.
    ///
    /// # Panics
    /// If it does not end with exit code 0 within [`STOP_LIMIT`].
    pub(crate) fn stop(mut self) -> Duration {
        self.signal(Signal::SIGTERM);
        let begin = Instant::now();
        let code = self.exit_code(STOP_LIMIT);
        assert_eq!(code, 0, "exit code after SIGTERM");
        begin.elapsed()
    }

    /// Waits until the bridge ends by itself; the number of the signal, negative, if one killed it.
    pub(crate) fn exit_code(&mut self, limit: Duration) -> i32 {
        wait_for("the end of the bridge", limit, || self.ended())
    }

    /// The exit code if the bridge has ended; the number of the signal, negative, if one killed it.
    pub(crate) fn ended(&mut self) -> Option<i32> {
        let status = self.child.try_wait().expect("it is our child")?;
        status.code().or_else(|| status.signal().map(|s| -s))
    }

    /// What the bridge wrote so far.
    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.log_path()).expect("the log is ours")).into_owned()
    }

    fn log_path(&self) -> PathBuf {
        self.directory.join("log")
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        if self.ended().is_none() {
            self.signal(Signal::SIGKILL);
            self.child.wait().expect("it is our child");
        }
        if std::thread::panicking() {
            println!(
                "-- the end of the bridge's log:\n{}\n--",
                process::tail(&self.log_path(), 60)
            );
        }
    }
}

/// Writes the configuration; JSON is YAML.
pub(crate) fn write_config(directory: &Path, config: &Value) -> PathBuf {
    let file = directory.join("config.yaml");
    fs::write(&file, format!("{config:#}\n")).expect("the directory is ours");
    file
}

/// `base` with the members of `over` put over it, objects member by member.
pub(crate) fn merged(base: &Value, over: &Value) -> Value {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            let mut all = base.clone();
            for (name, value) in over {
                let value = base
                    .get(name)
                    .map_or_else(|| value.clone(), |b| merged(b, value));
                all.insert(name.clone(), value);
            }
            Value::Object(all)
        }
        _ => over.clone(),
    }
}
