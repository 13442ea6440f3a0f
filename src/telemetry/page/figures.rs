//! Figures out of metrics.

use maud::{Markup, html};

use super::rates::RATED;
use super::samples::Samples;
use super::text::{grouped, metric, shown};

/// Gauges that have a tile: for people, the series, and its unit.
const TILES: [(&str, &str, &str); 8] = [
    ("Open installations", "credbridge_installations_open", ""),
    ("Oldest open", "credbridge_oldest_open_age_seconds", " s"),
    (
        "Lag of requests",
        "credbridge_consumer_lag_records{topic=\"requests\"}",
        "",
    ),
    (
        "Lag of CPE events",
        "credbridge_consumer_lag_records{topic=\"cpe_events\"}",
        "",
    ),
    (
        "Lag of forwarded",
        "credbridge_consumer_lag_records{topic=\"routed\"}",
        "",
    ),
    (
        "Time-outs run behind",
        "credbridge_watermark_age_seconds",
        " s",
    ),
    ("Shards", "credbridge_shards_owned", ""),
    (
        "Left to restore",
        "credbridge_restore_remaining_records",
        "",
    ),
];

/// Steps of all installations: for people, and the series that counts them.
const STEPS: [(&str, &[&str]); 5] = [
    (
        "Requests read",
        &["credbridge_records_in_total{topic=\"requests\"}"],
    ),
    (
        "Download accepted",
        &["credbridge_installation_progress_seconds_count{milestone=\"accepted\"}"],
    ),
    (
        "File transferred",
        &["credbridge_installation_progress_seconds_count{milestone=\"transferred\"}"],
    ),
    (
        "SUIDs sent",
        &["credbridge_installation_progress_seconds_count{milestone=\"set\"}"],
    ),
    (
        "Answered",
        &[
            "credbridge_installation_progress_seconds_count{milestone=\"installed\"}",
            "credbridge_installation_progress_seconds_count{milestone=\"failed\"}",
        ],
    ),
];

pub(super) fn tiles(samples: &Samples<'_>, rates: Option<[f64; RATED.len()]>) -> Markup {
    html! {
        dl .tiles {
            @for (name, series, unit) in TILES {
                div {
                    dt { (name) }
                    dd { (value(samples, series)) (unit) }
                }
            }
        }
        h2 { "Rates of the last minute" }
        dl .tiles {
            @for (index, (name, _)) in RATED.into_iter().enumerate() {
                div {
                    dt { (name) }
                    dd {
                        @match rates {
                            Some(rates) => { (grouped((rates[index] * 10.0).round() / 10.0)) span .soft { " /s" } },
                            None => span .soft { "not yet" },
                        }
                    }
                }
            }
        }
    }
}

pub(super) fn funnel(samples: &Samples<'_>) -> Markup {
    let counts = STEPS.map(|(name, series)| {
        let values = series.iter().filter_map(|series| samples.value(series));
        (name, series.join(" + "), values.sum::<f64>())
    });
    let most = counts
        .iter()
        .fold(1.0_f64, |most, (.., count)| most.max(*count));
    html! {
        h2 { "From request to answer" }
        div .scroll {
            table .funnel {
                thead { tr { th scope="col" { "step" } th .number scope="col" { "reached" } th scope="col" { "share" } } }
                tbody {
                    @for (name, series, count) in &counts {
                        tr {
                            td { (name) }
                            td .number { (metric(*count, series)) }
                            td { meter min="0" max=(most) value=(count) { (grouped(*count)) } }
                        }
                    }
                }
            }
        }
        (outcomes(samples))
    }
}

/// How installations ended, by product class.
fn outcomes(samples: &Samples<'_>) -> Markup {
    const METRIC: &str = "credbridge_installations_total";
    let ended = || samples.of_metric(METRIC).filter(|(_, count)| *count > 0.0);
    html! {
        h2 { "How installations ended" }
        @if ended().next().is_none() {
            p .soft { "None has ended since the start." }
        } @else {
            div .scroll {
                table {
                    thead { tr { th scope="col" { "product class" } th scope="col" { "outcome" } th .number scope="col" { "count" } } }
                    tbody {
                        @for (labels, count) in ended() {
                            @let (class, outcome) = class_and_outcome(labels);
                            tr {
                                td .key { (shown(class)) }
                                td { (shown(outcome)) }
                                td .number { (metric(count, &format!("{METRIC}{{{labels}}}"))) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Takes `product_class="..",outcome=".."` apart.
fn class_and_outcome(labels: &str) -> (&str, &str) {
    let (class, outcome) = labels.rsplit_once(",outcome=").unwrap_or((labels, ""));
    let class = class.strip_prefix("product_class=").unwrap_or(class);
    (class.trim_matches('"'), outcome.trim_matches('"'))
}

pub(super) fn events(samples: &Samples<'_>) -> Markup {
    let imbalance = samples
        .value("credbridge_ledger_imbalance_events")
        .unwrap_or_default();
    html! {
        h2 { "Ledger" }
        p {
            @match imbalance == 0.0 {
                true => span .good { "Every event is accounted for." },
                false => span .bad { (grouped(imbalance)) " events are not accounted for: a defect of the bridge." },
            }
        }
        dl .tiles {
            @for (labels, count) in samples.of_metric("credbridge_events_total") {
                div {
                    dt { (labels.trim_start_matches("fate=").trim_matches('"').replace('_', " ")) }
                    dd { (metric(count, &format!("credbridge_events_total{{{labels}}}"))) }
                }
            }
            div { dt { "waiting for a request" } dd { (value(samples, "credbridge_events_parked")) } }
        }
    }
}

fn value(samples: &Samples<'_>, series: &str) -> Markup {
    match samples.value(series) {
        Some(value) => metric(value, series),
        None => html! { span .soft { "none" } },
    }
}
