use super::*;

fn parameter(name: &str, value: &str) -> ParameterValue {
    ParameterValue {
        name: format!("{CERTIFICATE_TABLE}{name}").into(),
        value: value.into(),
    }
}

fn row(row: &str, serial_number: &str, issuer: &str) -> [ParameterValue; 3] {
    [
        parameter(&format!("{row}.Enable"), "1"),
        parameter(&format!("{row}.SerialNumber"), serial_number),
        parameter(&format!("{row}.Issuer"), issuer),
    ]
}

fn certificate() -> Certificate {
    Certificate::named(&[0x0A, 0xBC], "CN=Root,O=Acme")
}

#[test]
fn event_path_goes_before_request_paths() {
    let paths = ["Device.Security.Certificate.4".into()];
    let known = known_row(Some("Device.Security.Certificate.3"), &paths);
    assert_eq!(
        known.path.as_deref(),
        Some("Device.Security.Certificate.3.")
    );
    let known = known_row(None, &paths);
    assert_eq!(
        known.path.as_deref(),
        Some("Device.Security.Certificate.4.")
    );
    assert_eq!(&*known.remark, "");
}

#[test]
fn bad_event_path_is_remarked_on_and_passed_over() {
    let known = known_row(
        Some("Device.Foo.1."),
        &["Device.Security.Certificate.[a-1].".into()],
    );
    assert_eq!(
        known.path.as_deref(),
        Some("Device.Security.Certificate.[a-1].")
    );
    assert!(known.remark.contains("\"Device.Foo.1.\""));
}

#[test]
fn several_request_paths_name_no_row() {
    let paths = [3, 4].map(|row| format!("Device.Security.Certificate.{row}.").into());
    assert_eq!(known_row(None, &paths).path, None);
}

#[test]
fn other_paths_are_no_rows() {
    for path in [
        "",
        "Device.Security.Certificate.",
        "Device.Security.Certificate..",
        "Device.Security.Certificate.0.",
        "Device.Security.Certificate.{i}.",
        "Device.Security.Certificate.3.Enable",
        "Device.Security.Certificate.[].",
        "device.security.certificate.3.",
    ] {
        assert_eq!(row_path(path), None, "{path}");
    }
}

#[test]
fn spelling_of_serial_number_and_issuer_does_not_matter() {
    for serial_number in ["0abc", "ABC", "0x0ABC", "0A:BC", "00 0a bc"] {
        let parameters = row("7", serial_number, "/O=acme/CN=Root");
        assert_eq!(
            find_row(&parameters, Some(&certificate()), None).as_deref(),
            Ok("Device.Security.Certificate.7."),
            "{serial_number}"
        );
    }
}

#[test]
fn one_row_of_several_matches() {
    let parameters = [
        row("1", "0ABC", "CN=Other"),
        row("2", "0ABD", "CN=Root,O=Acme"),
        row("10", "0ABC", "CN=Root,O=Acme"),
    ]
    .concat();
    assert_eq!(
        find_row(&parameters, Some(&certificate()), None).as_deref(),
        Ok("Device.Security.Certificate.10.")
    );
}

#[test]
fn none_and_several_tell_what_was_seen() {
    let none = find_row(&row("1", "FF", "CN=x"), Some(&certificate()), None).unwrap_err();
    assert!(none.contains("0 of 1 rows") && none.contains("1: serial number \"FF\""));
    let twice = [
        row("1", "ABC", "CN=Root,O=Acme"),
        row("2", "ABC", "CN=Root,O=Acme"),
    ]
    .concat();
    let several = find_row(&twice, Some(&certificate()), None).unwrap_err();
    assert!(several.contains("2 of 2 rows"));
    assert!(
        find_row(&[], Some(&certificate()), None)
            .unwrap_err()
            .contains("no row")
    );
}

#[test]
fn hidden_certificate_needs_a_single_row() {
    assert_eq!(
        find_row(&row("1", "", ""), None, None).as_deref(),
        Ok("Device.Security.Certificate.1.")
    );
    let two = [row("1", "1", "CN=a"), row("2", "2", "CN=b")].concat();
    assert!(find_row(&two, None, None).unwrap_err().contains("it has 2"));
    assert!(find_row(&[], None, None).is_err());
}

#[test]
fn rows_without_key_match_nothing() {
    let nameless = Certificate {
        serial_number: Box::default(),
        issuer: [].into(),
    };
    assert!(find_row(&row("1", "", ""), Some(&nameless), None).is_err());
}

#[test]
fn the_one_new_row_is_that_of_a_certificate_that_cannot_be_told() {
    let table = |rows: &[(&str, &str, &str)]| -> Vec<ParameterValue> {
        let rows = rows.iter();
        rows.flat_map(|(name, number, issuer)| row(name, number, issuer))
            .collect()
    };
    let found = |rows: &[(&str, &str, &str)], certificate, before: &[&str]| {
        find_row(&table(rows), certificate, Some(before)).ok()
    };
    let path = |row| Some(format!("{CERTIFICATE_TABLE}{row}.").into());
    let (old, new) = (("1", "01", "CN=x"), ("2", "", ""));
    let certificate = certificate();
    assert_eq!(found(&[old, new], None, &["1"]), path("2"));
    assert_eq!(found(&[old, new], Some(&certificate), &["1"]), path("2"));
    // Two are new, or none is; the only row there is may have been there before.
    assert_eq!(found(&[old, new, ("3", "", "")], None, &["1"]), None);
    assert_eq!(found(&[old, new], None, &["1", "2"]), None);
    assert_eq!(found(&[new], None, &["2"]), path("2"));
    // Serial number and issuer tell more.
    let same = (
        "1",
        &*hexadecimal(&certificate.serial_number),
        &*certificate.issuer_text(),
    );
    assert_eq!(found(&[same, new], Some(&certificate), &["1"]), path("1"));
    let twice = [same, ("4", same.1, same.2), ("5", "", "")];
    assert_eq!(found(&twice, Some(&certificate), &["1"]), path("4"));
    let error = find_row(&table(&[old]), Some(&certificate), Some(&["1"])).unwrap_err();
    assert!(error.contains("0 are new since"), "{error}");
    assert_eq!(row_names(&table(&[old, new])).unwrap().len(), 2);
    let many: Vec<_> = (1..=257)
        .flat_map(|n| row(&n.to_string(), "1", ""))
        .collect();
    assert_eq!(row_names(&many), None);
}

#[test]
fn a_row_is_named_by_what_stands_for_i() {
    for (path, name) in [
        ("Device.Security.Certificate.7.", Some("7")),
        ("Device.Security.Certificate.[a-1].", Some("[a-1]")),
        ("Device.Security.Certificate.7", None),
        ("Device.Foo.7.", None),
    ] {
        assert_eq!(row_name(path), name, "{path}");
    }
}

#[test]
fn rows_are_shown_up_to_their_number_and_the_others_counted() {
    for (count, more) in [
        (SHOWN_ROWS_MAX, None),
        (SHOWN_ROWS_MAX + 1, Some("and 1 more")),
    ] {
        let rows: Vec<_> = (1..=count)
            .flat_map(|number| row(&number.to_string(), "FF", "CN=x"))
            .collect();
        let said = find_row(&rows, Some(&certificate()), None).unwrap_err();
        assert_eq!(
            said.matches("serial number \"FF\"").count(),
            SHOWN_ROWS_MAX,
            "{said}"
        );
        let is_counted = said.contains(" more");
        assert_eq!(is_counted, more.is_some(), "{said}");
        assert!(more.is_none_or(|more| said.contains(more)), "{said}");
    }
}
