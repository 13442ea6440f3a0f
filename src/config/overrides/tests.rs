use std::io::Write as _;
use std::time::Duration;

use crate::cwmp::DeviceId;

use super::*;

const THREE: &str = "overrides:\n- match: {oui: 00256D}\n  download: {file_type: X 00256D Cert}\n  timeouts: {accept: 1h}\n\
    - match: {product_class: Set-Top}\n  set: {parameter: X_EXAMPLE_SUIDs}\n\
    - match: {oui: 00256D, product_class: Set-Top}\n  timeouts: {accept: 2h, set: 3h}\n";

fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn read(yaml: &str) -> Result<Config, Vec<String>> {
    let file = file(yaml);
    let shown = format!("{}:", file.path().display());
    Config::read(Some(file.path()), std::iter::empty()).map_err(|error| {
        let mistakes = error.mistakes.iter();
        mistakes
            .map(|mistake| mistake.to_string().replace(&shown, ""))
            .collect()
    })
}

#[test]
fn each_value_is_that_of_the_most_specific_entry_that_gives_it() {
    let config = read(THREE).unwrap();
    let (limits, rules, encoder) = (config.limits(1), config.rules(), config.encoder());
    for (oui, class, accept, set, parameter, file_type) in [
        (
            "00256E",
            "IGD",
            15,
            15,
            "SUIDs",
            "X 00256D Device Certificate",
        ),
        ("00256D", "IGD", 60, 15, "SUIDs", "X 00256D Cert"),
        ("00256D", "", 60, 15, "SUIDs", "X 00256D Cert"),
        (
            "00256E",
            "Set-Top",
            15,
            15,
            "X_EXAMPLE_SUIDs",
            "X 00256D Device Certificate",
        ),
        (
            "00256D",
            "Set-Top",
            120,
            180,
            "X_EXAMPLE_SUIDs",
            "X 00256D Cert",
        ),
    ] {
        let device = &DeviceId::new(oui, class, "1").unwrap();
        assert_eq!(
            *limits.accept_timeout.of(device),
            Duration::from_mins(accept)
        );
        assert_eq!(*limits.set_timeout.of(device), Duration::from_mins(set));
        assert_eq!(rules.suids_parameter.of(device), parameter);
        assert_eq!(encoder.file_type.of(device), file_type);
    }
}

#[test]
fn entries_in_force_read_back_as_themselves() {
    let config = read(THREE).unwrap();
    assert_eq!(config.overrides.len(), 3);
    assert_eq!(read(&config.to_yaml()), Ok(config));
}

#[test]
fn entries_may_stand_in_a_variable() {
    let text = r#"[{"match":{"oui":"00256D"},"timeouts":{"set":"soon"}}]"#;
    let variable = ("CREDBRIDGE__OVERRIDES".to_owned(), text.to_owned());
    let error = Config::read(None, [variable].into_iter()).unwrap_err();
    assert_eq!(
        error.mistakes[0].to_string(),
        "environment variable CREDBRIDGE__OVERRIDES: overrides[0].timeouts.set: \
         `soon` is not a duration such as `90s` or `15m`: expected number at 0"
    );
}

#[test]
fn wrong_entries_are_told_with_their_places() {
    for (entry, part) in [
        (
            "timeouts: {set: 1h}",
            "2:3: overrides[0]: says not for which devices",
        ),
        ("match: {}", "2:3: overrides[0]: says not for which devices"),
        (
            "match: {oui: 00256D}",
            "2:3: overrides[0]: overrides nothing",
        ),
        (
            "match: {oui: 00256d}\n  timeouts: {set: 1h}",
            "2:16: overrides[0].match.oui: `00256d` is no OUI",
        ),
        ("match: {oui: 12E045}\n  timeouts: {set: 1h}", "is no OUI"),
        (
            "match: {product_class: ''}\n  timeouts: {set: 1h}",
            "2:26: overrides[0].match.product_class: ",
        ),
        (
            "match: {oui: 00256D}\n  timeouts: {set: 1M}",
            "3:19: overrides[0].timeouts.set: ",
        ),
        (
            "match: {oui: 00256D}\n  timeouts: {hold_max: 1h}",
            "3:24: overrides[0].timeouts.hold_max: is the same for all devices",
        ),
        (
            "match: {oui: 00256D}\n  download: {typ: 1}",
            "3:19: overrides[0].download.typ: unknown key",
        ),
        (
            "match: {serial: 1, oui: 00256D}\n  timeouts: {set: 1h}",
            "unknown key",
        ),
        (
            "match: {oui: [00256D]}\n  timeouts: {set: 1h}",
            "must not be a list",
        ),
        (
            "match: {oui: 00256D}\n  download: {url: ftp://x}",
            "http://",
        ),
        (
            "match: {oui: 00256D}\n  download: {file_type: ''}",
            "has 0 characters",
        ),
        (
            "match: {oui: 00256D}\n  set: {parameter: a..b}",
            "no parameter name",
        ),
    ] {
        let mistakes = read(&format!("overrides:\n- {entry}\n")).unwrap_err();
        assert!(mistakes[0].contains(part), "{entry}: {mistakes:?}");
    }
    assert!(read("overrides: {oui: 1}\n").unwrap_err()[0].contains("must be a list of entries"));
    assert!(read("overrides: [1]\n").unwrap_err()[0].contains("overrides[0]: must be a map"));
}

#[test]
fn ties_are_mistakes_unless_an_entry_with_both_decides() {
    let oui = "- match: {oui: 00256D}\n  timeouts: {set: 1h, accept: 1h}\n";
    let class = "- match: {product_class: IGD}\n  timeouts: {set: 2h}\n";
    let both = "- match: {oui: 00256D, product_class: IGD}\n  timeouts: {set: 3h}\n";
    let mistakes = read(&format!("overrides:\n{oui}{class}")).unwrap_err();
    assert_eq!(mistakes.len(), 1, "{mistakes:?}");
    let start = "5:19: overrides[1].timeouts.set: overrides[0] says `1h` for the same devices";
    assert!(mistakes[0].starts_with(start), "{mistakes:?}");
    assert!(read(&format!("overrides:\n{oui}{class}{both}")).is_ok());
    let again = "- match: {oui: 00256D}\n  timeouts: {accept: 2h}\n";
    let mistakes = read(&format!("overrides:\n{oui}{again}")).unwrap_err();
    assert!(
        mistakes[0].contains("overrides[1].timeouts.accept"),
        "{mistakes:?}"
    );
    let other = "- match: {oui: 00256D}\n  timeouts: {lookup: 2h}\n";
    assert!(read(&format!("overrides:\n{oui}{other}")).is_ok());
}

#[test]
fn there_are_not_too_many() {
    let entry =
        |number: usize| format!("- match: {{oui: '{number:06}'}}\n  timeouts: {{set: 1h}}\n");
    let entries = |count| (0..count).map(entry).collect::<String>();
    assert!(read(&format!("overrides:\n{}", entries(OVERRIDES_MAX))).is_ok());
    let mistakes = read(&format!("overrides:\n{}", entries(OVERRIDES_MAX + 1))).unwrap_err();
    assert!(mistakes[0].contains("holds 201 entries"), "{mistakes:?}");
}

#[test]
fn urls_must_tell_installations_apart_for_every_device() {
    let yaml = "download: {content: none}\noverrides:\n- match: {oui: 00256D}\n  download: {url: 'https://h/f'}\n";
    let mistakes = read(yaml).unwrap_err();
    assert!(
        mistakes[0].contains("must contain {command_key}"),
        "{mistakes:?}"
    );
}
