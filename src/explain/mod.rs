//! The subcommand `explain`: one installation, told from Kafka alone.
//!
//! Nothing is known beforehand but one record, or the device and the CommandKey. What is keyed by device is read in the
//! partition of that device only, from shortly before the request on; what an output names as its cause is read at its
//! offset.

mod entry;
mod examine;
mod gather;
mod locate;
mod scope;
mod story;
mod subject;
mod telling;

use std::io::Write;
use std::time::Duration;

use crate::config::Config;
use crate::cwmp::{CommandKey, DeviceId};
use crate::record::Coordinates;
use crate::runtime::Clock;
use crate::runtime::reader::Reader;
use crate::time::Timestamp;

use gather::Gatherer;
use locate::Located;
use story::Story;

/// What `credbridge explain` is asked to do.
#[derive(Clone, Debug, PartialEq, clap::Args)]
pub struct ExplainOptions {
    /// Any record of the installation, as topic/partition/offset: its request, an event, a command, a response, a dead
    /// letter.
    #[arg(
        value_name = "RECORD",
        required_unless_present = "device",
        conflicts_with = "device"
    )]
    pub record: Option<Coordinates>,
    /// The device key; without a CommandKey its installations are listed, and the only one is explained.
    #[arg(long, value_name = "DEVICE_KEY", value_parser = DeviceId::from_key)]
    pub device: Option<DeviceId>,
    /// The CommandKey, the bridge's or the ACS's.
    #[arg(long, value_name = "KEY", requires = "device", value_parser = command_key)]
    pub command_key: Option<CommandKey>,
    /// Read nothing that is older.
    #[arg(long, value_parser = humantime::parse_duration, value_name = "DURATION")]
    pub since: Option<Duration>,
    /// Read all partitions of the CPE events, though they seem to be keyed by device.
    #[arg(long)]
    pub all_partitions: bool,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

fn command_key(text: &str) -> Result<CommandKey, String> {
    CommandKey::try_from(text).map_err(|error| error.to_string())
}

/// Tells everything about one installation on `out`: each input, decision and output with its place. Returns whether
/// there is one, and only one, that is meant; several are listed.
///
/// # Errors
/// If the cluster fails, or the record that is named belongs to no installation.
pub fn explain(
    config: &Config,
    options: &ExplainOptions,
    out: &mut impl Write,
) -> anyhow::Result<bool> {
    let since = options.since.map(|ago| {
        let ago = u64::try_from(ago.as_millis()).unwrap_or(u64::MAX);
        Timestamp::from_millis(Clock::new().now().as_millis().saturating_sub(ago))
    });
    let reader = Reader::open(config)?;
    let mut gatherer = Gatherer::new(config, &reader, since);
    let subject = match locate::locate(&gatherer, options)? {
        Located::One(subject) => subject,
        Located::Several(device, found) => {
            story::list(&device, &found, options.json, out)?;
            return Ok(false);
        }
    };
    gatherer.gather(subject, options.all_partitions)?;
    let story = Story::of(gatherer);
    if options.json {
        story.write_json(out)?;
    } else {
        story.write_text(out)?;
    }
    Ok(!story.is_empty())
}
