//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use credbridge::telemetry::LogFormat;
use credbridge::wire::Input;

/// Brings device certificates from oneM2M [myCertFileCred] to CPEs over TR-069, by way of Kafka, exactly once.
#[derive(Debug, Parser)]
#[command(
    version,
    propagate_version = true,
    arg_required_else_help = true,
    after_help = "Example:\n  credbridge demo\n  credbridge check --config credbridge.yaml --connect\n  \
                  credbridge run --config credbridge.yaml"
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Form of the log on standard error; by default text on a terminal, JSON otherwise.
    #[arg(long, global = true, value_enum, value_name = "FORMAT")]
    pub(crate) log_format: Option<LogFormat>,
    /// What is logged, e.g. `warn,credbridge=debug`.
    #[arg(
        long,
        global = true,
        env = "CREDBRIDGE_LOG",
        default_value = "info",
        value_name = "FILTER"
    )]
    pub(crate) log: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the bridge until SIGTERM or SIGINT.
    #[command(after_help = "Example:\n  credbridge run --config credbridge.yaml")]
    Run(RunArgs),
    /// Show the bridge at work: embedded broker, bridge and simulated fleet in one process.
    #[command(after_help = "Example:\n  credbridge demo\n  credbridge demo --json")]
    Demo(DemoArgs),
    /// Play CSE, ACS and CPEs against a running bridge, and judge every answer.
    #[command(
        after_help = "Example:\n  credbridge load --config credbridge.yaml --installations 10000 --seed 7"
    )]
    Load(LoadArgs),
    /// Check the configuration: all mistakes at once, with their place. The README lists all keys.
    #[command(
        after_help = "Example:\n  credbridge check --config credbridge.yaml\n  credbridge check --config credbridge.yaml --connect"
    )]
    Check(CheckArgs),
    /// Show what the bridge reads in files, one JSON object a line.
    #[command(
        after_help = "Example:\n  credbridge decode --topic cpe_events transfer-complete.xml\n  \
                      credbridge decode --topic requests --header content-type=application/json create.json"
    )]
    Decode(DecodeArgs),
    /// Play recorded records to the bridge in memory, or write dead letters back into their topics.
    #[command(
        after_help = "Example:\n  credbridge replay records monday.jsonl > before.jsonl\n  \
                      credbridge replay dead-letters --reason unknown_command_key --dry-run"
    )]
    Replay(ReplayArgs),
    /// Tell everything about one installation from Kafka alone: each input, decision and output with its place.
    #[command(
        after_help = "Example:\n  credbridge explain --config credbridge.yaml cwmp.commands/3/8812\n  \
                      credbridge explain --device 00256D-IGD-1 --command-key k1 --json"
    )]
    Explain(ExplainArgs),
    /// Print exactly the access that the bridge needs.
    #[command(
        after_help = "Example:\n  credbridge acls --config credbridge.yaml --principal User:credbridge\n  \
                      credbridge acls --config credbridge.yaml --form strimzi"
    )]
    Acls(AclArgs),
    /// Print completions for a shell.
    #[command(
        after_help = "Example:\n  credbridge completions bash > /etc/bash_completion.d/credbridge"
    )]
    Completions(CompletionsArgs),
    /// Write manual pages, one for each subcommand.
    #[command(after_help = "Example:\n  credbridge man /usr/local/share/man/man1")]
    Man(ManArgs),
}

/// Where the configuration is.
#[derive(Args, Debug)]
pub(crate) struct ConfigArgs {
    /// Configuration file (YAML); variables CREDBRIDGE__SECTION__KEY override it.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
}

#[derive(Args, Debug)]
pub(crate) struct DemoArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    #[command(flatten)]
    pub(crate) options: credbridge::demo::DemoOptions,
}

#[derive(Args, Debug)]
pub(crate) struct LoadArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    #[command(flatten)]
    pub(crate) options: credbridge::load::LoadOptions,
}

#[derive(Args, Debug)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// Check topics, partition counts, compaction, access rights and clocks on the cluster, too.
    #[arg(long)]
    pub(crate) connect: bool,
    /// Print the configuration that is in force, without secrets.
    #[arg(long)]
    pub(crate) print: bool,
    /// Print the JSON Schema of the configuration, and look at nothing.
    #[arg(long, conflicts_with_all = ["connect", "print"])]
    pub(crate) schema: bool,
}

#[derive(Args, Debug)]
pub(crate) struct DecodeArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// Which topic the files stand for.
    #[arg(long, value_enum)]
    pub(crate) topic: Topic,
    /// A header of every record; may be repeated.
    #[arg(long = "header", value_name = "NAME=VALUE", value_parser = header)]
    pub(crate) headers: Vec<(String, String)>,
    /// The key of every record.
    #[arg(long)]
    pub(crate) key: Option<String>,
    /// Files that hold one value each.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct ReplayArgs {
    /// Configuration file (YAML); variables CREDBRIDGE__SECTION__KEY override it.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) what: Replay,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Replay {
    /// Print what the bridge would write for recorded records, on a virtual clock: the same bytes each time.
    ///
    /// A recording holds one JSON object a line, in the order in which the bridge reads the records:
    /// {"topic":"cwmp.events","partition":0,"offset":7,"timestamp":1763892000000,"key":"00256D-IGD-1",
    /// "headers":[["content-type","text/xml"]],"value":"<soap:Envelope .."}. Keys and values that are not UTF-8 are
    /// written {"base64":".."}; the timestamp is in milliseconds since 1970. The result has the same form.
    #[command(
        after_help = "Example:\n  credbridge replay records monday.jsonl --run-on 2h > before.jsonl\n  \
                      credbridge-next replay records monday.jsonl --run-on 2h --compare before.jsonl"
    )]
    Records(credbridge::replay::RecordOptions),
    /// Write dead letters back into the topics that they came from, as they were.
    #[command(
        after_help = "Example:\n  credbridge replay dead-letters --config credbridge.yaml --reason unknown_command_key \
                      --since 2h --dry-run\n  credbridge replay dead-letters --config credbridge.yaml --key 00256D-IGD-1 --rate 20"
    )]
    DeadLetters(credbridge::replay::DeadLetterOptions),
}

#[derive(Args, Debug)]
pub(crate) struct ExplainArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    #[command(flatten)]
    pub(crate) options: credbridge::explain::ExplainOptions,
}

#[derive(Args, Debug)]
pub(crate) struct AclArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    #[command(flatten)]
    pub(crate) options: credbridge::acls::AclOptions,
}

#[derive(Args, Debug)]
pub(crate) struct CompletionsArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// The shell.
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Args, Debug)]
pub(crate) struct ManArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// Existing directory that gets the pages.
    #[arg(value_name = "DIRECTORY")]
    pub(crate) directory: PathBuf,
}

/// A topic of the input, as the command line names it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum Topic {
    /// oneM2M create requests.
    Requests,
    /// CPE events.
    CpeEvents,
}

impl From<Topic> for Input {
    fn from(topic: Topic) -> Self {
        match topic {
            Topic::CpeEvents => Self::CpeEvents,
            Topic::Requests => Self::Requests,
        }
    }
}

fn header(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        Some(_) | None => Err("not of the form NAME=VALUE".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_subcommand_has_an_example_and_takes_a_configuration() {
        let command = Cli::command();
        let help = command.get_after_help().map(ToString::to_string);
        assert!(help.is_some_and(|help| help.contains("\n  credbridge run --config")));
        let mut names = Vec::new();
        for subcommand in command.get_subcommands() {
            let name = subcommand.get_name();
            let help = subcommand.get_after_help().map(ToString::to_string);
            assert!(
                help.is_some_and(|help| help.contains(&format!("credbridge {name}"))),
                "{name}"
            );
            assert!(
                subcommand
                    .get_arguments()
                    .any(|arg| arg.get_id() == "config"),
                "{name}"
            );
            names.push(name);
        }
        assert_eq!(
            names,
            [
                "run",
                "demo",
                "load",
                "check",
                "decode",
                "replay",
                "explain",
                "acls",
                "completions",
                "man"
            ]
        );
    }

    #[test]
    fn headers_are_name_and_value() {
        assert_eq!(header("a=b=c"), Ok(("a".to_owned(), "b=c".to_owned())));
        assert_eq!(header("a="), Ok(("a".to_owned(), String::new())));
        assert!(header("=b").is_err());
        assert!(header("a").is_err());
    }

    #[test]
    fn topics_are_named_as_in_the_configuration() {
        let arguments = ["credbridge", "decode", "--topic", "cpe_events", "a.xml"];
        let cli = Cli::try_parse_from(arguments).unwrap();
        let Command::Decode(decode) = cli.command else {
            panic!("decode");
        };
        assert_eq!(Input::from(decode.topic), Input::CpeEvents);
    }
}
