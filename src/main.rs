//! Arguments, logging, the subcommand, and errors to exit codes.

mod attendant;
mod cli;
mod reload;

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{CommandFactory as _, Parser as _};
use credbridge::config::{Config, ConfigError};
use credbridge::load::Verdict;
use credbridge::mapping::RULES_VERSION;
use credbridge::record::Header;
use credbridge::runtime::{self, Clock, Health, Insight, Stop};
use credbridge::telemetry::{Admin, LogFilter, LogFormat, Metrics, Subject, log_panic};
use credbridge::time::Timestamp;

use reload::Reload;

use cli::{
    AclArgs, CheckArgs, Cli, Command, ConfigArgs, DecodeArgs, DemoArgs, ExplainArgs, LoadArgs,
    ManArgs, Replay, ReplayArgs, RunArgs,
};

/// The bridge makes and frees small blocks on several threads, and librdkafka frees on one what was made on another; of
/// the C library's allocator that takes a third of all its time. The feature `override` gives it to librdkafka as well.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let format = cli.log_format;
    let format = format.unwrap_or_else(LogFormat::for_standard_error);
    let log = format.start(&cli.log).unwrap_or_else(|error| {
        let kind = clap::error::ErrorKind::InvalidValue;
        Cli::command().error(kind, error).exit()
    });
    end_on_panic();
    keep_memory_private();
    let done = match cli.command {
        Command::Run(args) => run(&args, log),
        Command::Demo(args) => demo(&args),
        Command::Load(args) => load(&args),
        Command::Check(args) => check(&args),
        Command::Decode(args) => decode(&args),
        Command::Replay(args) => replay(args),
        Command::Explain(args) => explain(&args),
        Command::Acls(args) => acls(&args),
        Command::Completions(args) => completions(args.shell),
        Command::Man(args) => man(&args),
    };
    done.unwrap_or_else(|error| {
        tracing::error!(error = %format_args!("{error:#}"), "ended");
        attendant::exit_code(&error)
    })
}

/// A panic in any thread means a broken invariant: nothing can be trusted any more, so the process ends. What was not
/// committed is read again after the restart.
fn end_on_panic() {
    std::panic::set_hook(Box::new(|panic| {
        log_panic(panic);
        std::process::exit(1);
    }));
}

/// Keeps the memory, which holds passwords and certificate files, out of core dumps and from other processes of the same user.
fn keep_memory_private() {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};
    if let Err(error) = set_dumpable_behavior(DumpableBehavior::NotDumpable) {
        tracing::warn!(%error, "a core dump would hold secrets; set its size to 0");
    }
}

fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().map(|(name, value)| {
        let text = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
        (text(name), text(value))
    })
}

fn read(args: &ConfigArgs) -> anyhow::Result<Config> {
    Ok(Config::read(args.config.as_deref(), environment())?)
}

/// Says what is allowed and unwise.
fn warn(config: &Config) {
    for caution in config.cautions() {
        tracing::warn!(caution, "the configuration is right, but unwise");
    }
}

/// Lets nobody else read the files that are made from here on: those in a folder of `staging.store` may hold private keys.
fn keep_files_private() {
    use rustix::fs::Mode;
    use rustix::process::umask;
    let before = umask(Mode::RWXO);
    umask(before | Mode::RWXO);
}

fn run(args: &RunArgs, log: LogFilter) -> anyhow::Result<ExitCode> {
    keep_files_private();
    let mut config = read(&args.config)?;
    warn(&config);
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        configuration = config.to_yaml(),
        "starting"
    );
    let stop = Stop::default();
    let health = Health::new(config.workers, now());
    let metrics = Metrics::new(RULES_VERSION);
    let insight = Insight::default();
    let admin = Admin::new(Subject {
        instance_id: config.instance_id.clone(),
        options: config.admin.clone(),
        health: health.clone(),
        insight: insight.clone(),
        metrics: metrics.clone(),
        rules: RULES_VERSION,
        log,
        now: Box::new(now),
    });
    let reload = Reload::new(args.config.config.clone(), stop.clone(), config.clone());
    let address = attendant::start(&stop, &health, admin, &reload)?;
    tracing::info!(
        %address,
        "admin port open"
    );
    loop {
        runtime::run(&config, &stop, &health, &metrics, &insight)?;
        if !stop.resume() {
            break;
        }
        config = reload.take().unwrap_or(config);
    }
    tracing::info!("stopped on request");
    Ok(ExitCode::SUCCESS)
}

fn now() -> Timestamp {
    Clock::new().now()
}

fn demo(args: &DemoArgs) -> anyhow::Result<ExitCode> {
    let config = read(&args.config)?;
    let verdict = credbridge::demo::run(config, &args.options, &mut std::io::stdout())?;
    Ok(judged(&verdict))
}

fn load(args: &LoadArgs) -> anyhow::Result<ExitCode> {
    let config = read(&args.config)?;
    let verdict = credbridge::load::run(&config, &args.options, &mut std::io::stdout())?;
    Ok(judged(&verdict))
}

/// 1 if anything was lost, doubled, wrong or unbalanced.
fn judged(verdict: &Verdict) -> ExitCode {
    if verdict.is_good() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn check(args: &CheckArgs) -> anyhow::Result<ExitCode> {
    if args.schema {
        return print(format!("{:#}\n", credbridge::config::json_schema()).as_bytes());
    }
    let config = match read(&args.config) {
        Ok(config) => config,
        Err(error) => return print_mistakes(error),
    };
    warn(&config);
    if args.connect {
        let mistakes = runtime::check(&config)?;
        for mistake in &mistakes {
            print(format!("{mistake}\n").as_bytes())?;
        }
        if !mistakes.is_empty() {
            let text = format!("the surroundings do not fit: {} mistakes", mistakes.len());
            return Err(runtime::RuntimeError::Configuration(text).into());
        }
    }
    let text = match args.print {
        true => config.to_yaml(),
        false => "the configuration is right\n".to_owned(),
    };
    print(text.as_bytes())
}

/// The mistakes are the result of `check`: one a line.
fn print_mistakes(error: anyhow::Error) -> anyhow::Result<ExitCode> {
    let mistakes = error
        .downcast_ref::<ConfigError>()
        .map(|error| &error.mistakes);
    for mistake in mistakes.into_iter().flatten() {
        print(format!("{mistake}\n").as_bytes())?;
    }
    Err(error)
}

fn decode(args: &DecodeArgs) -> anyhow::Result<ExitCode> {
    let config = read(&args.config)?;
    let headers: Vec<Header<'_>> = args
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
        .collect();
    let key = args.key.as_deref().map(str::as_bytes);
    let mut out = std::io::stdout().lock();
    let all = credbridge::decode::decode(
        &config.decoder(),
        args.topic.into(),
        &headers,
        key,
        &args.files,
        &mut out,
    )
    .context("cannot write to standard output")?;
    Ok(if all {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn replay(args: ReplayArgs) -> anyhow::Result<ExitCode> {
    let config = read(&ConfigArgs {
        config: args.config,
    })?;
    let mut out = std::io::stdout().lock();
    let as_expected = match &args.what {
        Replay::DeadLetters(options) => {
            credbridge::replay::dead_letters(&config, options, &mut out)?;
            true
        }
        Replay::Records(options) => credbridge::replay::records(&config, options, &mut out)?,
    };
    Ok(if as_expected {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn explain(args: &ExplainArgs) -> anyhow::Result<ExitCode> {
    let config = read(&args.config)?;
    let mut out = std::io::stdout().lock();
    let is_told = credbridge::explain::explain(&config, &args.options, &mut out)?;
    Ok(if is_told {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn acls(args: &AclArgs) -> anyhow::Result<ExitCode> {
    let config = read(&args.config)?;
    credbridge::acls::acls(&config, &args.options, &mut std::io::stdout().lock())?;
    Ok(ExitCode::SUCCESS)
}

fn completions(shell: clap_complete::Shell) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "credbridge", &mut script);
    print(&script)
}

fn man(args: &ManArgs) -> anyhow::Result<ExitCode> {
    let directory = &args.directory;
    clap_mangen::generate_to(Cli::command(), directory)
        .with_context(|| format!("cannot write manual pages to {}", directory.display()))?;
    Ok(ExitCode::SUCCESS)
}

fn print(bytes: &[u8]) -> anyhow::Result<ExitCode> {
    let mut out = std::io::stdout().lock();
    out.write_all(bytes)
        .and_then(|()| out.flush())
        .context("cannot write to standard output")?;
    Ok(ExitCode::SUCCESS)
}
