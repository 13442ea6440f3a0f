//! Tables out of what the workers tell.

use maud::{Markup, html};

use crate::runtime::insight::{
    DEAD_LETTERS_SHOWN_MAX, InstallationView, NotedDeadLetter, ShardView, WorkerView,
    open_for_longest,
};
use crate::time::Timestamp;

use super::text::{grouped, shown, span, utc};

/// Shards that are shown; of more the page says how many.
const SHARDS_SHOWN_MAX: usize = 128;

pub(super) fn shards(workers: &[Option<WorkerView>]) -> Markup {
    let silent = workers
        .iter()
        .enumerate()
        .filter(|(_, view)| view.is_none());
    let mut shards: Vec<(usize, &ShardView)> = workers
        .iter()
        .flatten()
        .flat_map(|view| view.shards.iter().map(|shard| (view.worker, shard)))
        .collect();
    shards.sort_by_key(|(_, shard)| shard.number);
    let more = shards.len().saturating_sub(SHARDS_SHOWN_MAX);
    shards.truncate(SHARDS_SHOWN_MAX);
    let names = [
        "open",
        "remembered",
        "wait for a node",
        "events in",
        "applied",
        "repeated",
        "parked",
        "set aside",
        "foreign",
    ];
    html! {
        h2 { "Shards" }
        @for (number, _) in silent {
            p .bad { "worker " (number) " does not answer: it has no session with the cluster, or is busy" }
        }
        @if shards.is_empty() {
            p .soft { "None is here." }
        } @else {
            div .scroll {
                table {
                    thead { tr {
                        th .number scope="col" { "shard" }
                        th .number scope="col" { "worker" }
                        th scope="col" { "state" }
                        @for name in names { th .number scope="col" { (name) } }
                    } }
                    tbody { @for (worker, shard) in shards { (row(worker, shard)) } }
                }
            }
            p .soft {
                "Events of a shard are counted from its beginning, whoever owned it then."
                @if more > 0 { " " (more) " more shards are not shown." }
            }
        }
    }
}

fn row(worker: usize, shard: &ShardView) -> Markup {
    let ledger = &shard.ledger;
    let numbers = [
        count(shard.open),
        count(shard.ended),
        count(shard.waiting),
        ledger.events,
        ledger.applied,
        ledger.repeated,
        ledger.parked,
        ledger.set_aside,
        ledger.foreign,
    ];
    html! {
        tr {
            td .number { (shard.number) }
            td .number { (worker) }
            td {
                (shard.phase)
                @if !ledger.balanced() { span .bad { ", " (ledger.imbalance()) " not accounted for" } }
            }
            @for number in numbers { td .number { (whole(number)) } }
        }
    }
}

pub(super) fn dead_letters(letters: &[NotedDeadLetter], shows_devices: bool) -> Markup {
    html! {
        h2 { "Newest dead letters" }
        @if letters.is_empty() {
            p .soft { "This process has written none." }
        } @else {
            div .scroll {
                table {
                    thead { tr {
                        th scope="col" { "written" }
                        th scope="col" { "reason" }
                        th scope="col" { "record" }
                        @if shows_devices { th scope="col" { "explanation" } }
                    } }
                    tbody {
                        @for NotedDeadLetter { at, letter } in letters {
                            tr {
                                td { time { (utc(*at)) } }
                                td { (letter.reason) }
                                td .key { (shown(&letter.source.to_string())) }
                                @if shows_devices { td { (shown(&letter.error)) } }
                            }
                        }
                    }
                }
            }
            p .soft {
                "At most " (DEAD_LETTERS_SHOWN_MAX) " are remembered. "
                @if !shows_devices { "Explanations may name devices: " code { "admin.show_devices" } " shows them." }
            }
        }
    }
}

pub(super) fn oldest(
    workers: &[Option<WorkerView>],
    now: Timestamp,
    shows_devices: bool,
) -> Markup {
    let views = workers.iter().flatten();
    let oldest = open_for_longest(views.flat_map(|view| &view.oldest));
    html! {
        h2 { "Open for longest" }
        @if oldest.is_empty() {
            p .soft { "No installation is open." }
        } @else {
            div .scroll {
                table {
                    thead { tr {
                        th .number scope="col" { "age" }
                        th scope="col" { "step" }
                        th scope="col" { "waits for" }
                        th scope="col" { "until" }
                        th .number scope="col" { "attempts" }
                        th scope="col" { "request" }
                        @if shows_devices { th scope="col" { "device" } th scope="col" { "CommandKey" } }
                    } }
                    tbody { @for one in oldest { (installation(one, now, shows_devices)) } }
                }
            }
        }
    }
}

fn installation(one: &InstallationView, now: Timestamp, shows_devices: bool) -> Markup {
    html! {
        tr {
            td .number { @if let Some(since) = one.since { (span(now.since(since))) } }
            td { (one.step.replace('_', " ")) }
            td { (one.waits_for) }
            td { @if let Some(deadline) = one.deadline { time { (utc(deadline)) } } }
            td .number { (one.attempts) }
            td .key { @if let Some(request) = &one.request { (shown(request)) } }
            @if shows_devices {
                td .key { (shown(&one.device)) }
                td .key { (shown(&one.command_key)) }
            }
        }
    }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).expect("a usize fits into u64")
}

#[expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
fn whole(number: u64) -> String {
    grouped(number as f64)
}
