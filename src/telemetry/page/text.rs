use std::time::Duration;

use maud::{Markup, html};

use crate::time::Timestamp;

/// A text from outside on one line, in which what does not show is spelled out.
pub(super) fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' | '\'' | '\\' => shown.push(character),
            _ => shown.extend(character.escape_debug()),
        }
    }
    shown
}

/// A time of day in UTC, to the second.
pub(super) fn utc(time: Timestamp) -> String {
    let millis = i64::try_from(time.as_millis()).ok();
    match millis.and_then(|millis| jiff::Timestamp::from_millisecond(millis).ok()) {
        Some(time) => format!("{time:.0}"),
        None => "never".to_owned(),
    }
}

/// `3m 12s`: the two greatest units.
pub(super) fn span(span: Duration) -> String {
    let text = humantime::format_duration(Duration::from_secs(span.as_secs())).to_string();
    text.split(' ').take(2).collect::<Vec<_>>().join(" ")
}

/// A value of a metric; the attributes hold it as it is, and where it is from.
pub(super) fn metric(value: f64, series: &str) -> Markup {
    html! { data value=(value) data-metric=(shown(series)) { (grouped(value)) } }
}

/// A number with thin spaces between thousands, and at most two digits behind the point.
pub(super) fn grouped(value: f64) -> String {
    let text = match value.fract() == 0.0 {
        true => format!("{value:.0}"),
        false => format!("{value:.2}"),
    };
    let (whole, rest) = text
        .split_once('.')
        .map_or((&*text, None), |(whole, rest)| (whole, Some(rest)));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        let left = whole.len() - index;
        if left % 3 == 0 && index > 0 && grouped != "-" {
            grouped.push('\u{202f}');
        }
        grouped.push(digit);
    }
    if let Some(rest) = rest {
        grouped.push('.');
        grouped.push_str(rest);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_show_is_spelled_out() {
        assert_eq!(
            shown("a\tb\u{202e}c\u{7f}\"d'\\"),
            "a\\tb\\u{202e}c\\u{7f}\"d'\\"
        );
        assert_eq!(shown("Grüße 日本"), "Grüße 日本");
    }

    #[test]
    fn numbers_are_grouped_and_spans_are_short() {
        for (value, text) in [
            (0.0, "0"),
            (999.0, "999"),
            (1000.0, "1\u{202f}000"),
            (-123_456.0, "-123\u{202f}456"),
            (1_234_567.891, "1\u{202f}234\u{202f}567.89"),
        ] {
            assert_eq!(grouped(value), text);
        }
        assert_eq!(span(Duration::from_secs(3 * 3600 + 120 + 5)), "3h 2m");
        assert_eq!(span(Duration::from_millis(1500)), "1s");
    }
}
