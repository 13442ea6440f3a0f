use proptest::prelude::*;

use super::attribute::pack;
use super::*;

const TABLE: &[Attribute] = &[
    attribute("a", "Text", Kind::Text),
    attribute("n", "Number", Kind::Number),
    attribute("t", "Time", Kind::Time),
    attribute("l", "List", Kind::TextList),
    attribute("x", "Forbidden", Kind::NotPermitted),
];

fn faults(text: &str) -> Vec<String> {
    Members::read(text, TABLE).unwrap().faults().collect()
}

#[test]
fn members_are_found_in_any_order_and_escaped() {
    let members = Members::read(r#"{"n": 7 ,"\u0061":"\u00e9","t":5,"q":null}"#, TABLE).unwrap();
    assert_eq!(members.text("a").as_deref(), Some("é"));
    assert_eq!(members.number("n"), Some(7));
    assert_eq!(members.time("t").as_deref(), Some("5"));
    assert_eq!(members.unknown().collect::<Vec<_>>(), ["q"]);
    assert_eq!(members.faults().count(), 0);
}

#[test]
fn every_wrong_type_is_told() {
    assert_eq!(
        faults(r#"{"a":1,"n":-1,"t":null,"l":["a",1],"x":{}}"#),
        [
            "a (Text) must be a text",
            "n (Number) must be a number from 0 to 4294967295",
            "t (Time) must be a text or a number of milliseconds",
            "l (List) must be a list of texts",
            "x (Forbidden) is not permitted here: leave it out",
        ]
    );
    assert_eq!(faults(r#"{"a":"\ud800"}"#), ["a (Text) must be a text"]);
}

#[test]
fn first_of_repeated_members_is_kept_and_all_are_told() {
    let text = r#"{"a":"1","a":"2","q":1,"q":1}"#;
    assert_eq!(
        faults(text),
        [
            "a (Text) comes more than once: send it once",
            "\"q\" comes more than once: send it once"
        ]
    );
    let members = Members::read(text, TABLE).unwrap();
    assert_eq!(members.text("a").as_deref(), Some("1"));
}

#[test]
fn what_is_no_object_is_an_error() {
    for text in ["", "[]", "1", "{", "{}x", "{\"a\":}", "{1:2}", "\"a\""] {
        assert!(Members::read(text, TABLE).is_err(), "{text}");
    }
}

static INNER: [Attribute; 3] = [
    attribute("a", "Text", Kind::Text),
    attribute("n", "Number", Kind::Number),
    attribute("o", "Object", Kind::Members(TABLE)),
];

static OUTER: [Attribute; 4] = [
    attribute("a", "Text", Kind::Text),
    attribute("o", "Object", Kind::Members(&INNER)),
    attribute("s", "Something", Kind::Any),
    attribute("x", "Forbidden", Kind::NotPermitted),
];

/// Values of JSON as a requester may write them, some of them broken in ways that only a text can be.
fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null"),
        Just("true"),
        Just("7"),
        Just("-1.5"),
        Just("1e999"),
        Just("\"t\""),
        Just("\"a\\nb \\u00e9 é\""),
        Just("\"\\ud800\""),
        Just("[]"),
        Just("[1,{\"a\":[2]}]"),
    ];
    leaf.prop_map(str::to_owned)
        .prop_recursive(3, 24, 6, |inner| {
            let name = prop_oneof![
                Just("a"),
                Just("n"),
                Just("o"),
                Just("s"),
                Just("x"),
                Just("q"),
                Just("\\u0061"),
                Just("\\udc00"),
                Just("sixteen or more bytes"),
            ];
            proptest::collection::vec((name, inner), 0..6).prop_map(|members| {
                let members = members
                    .iter()
                    .map(|(name, value)| format!("\"{name}\": {value}"));
                format!("{{{}}}", members.collect::<Vec<_>>().join(" ,"))
            })
        })
}

/// All that can be told of members, and of those in them.
fn told(members: &Members<'_>) -> String {
    let mut text = format!(
        "{:?} {:?}",
        members.faults().collect::<Vec<_>>(),
        members.unknown().collect::<Vec<_>>()
    );
    for attribute in members.table {
        let short = attribute.short;
        text += &format!(" {short}: {}", members.has(short));
        text += &match attribute.kind {
            Kind::Text => format!(" {:?}", members.text(short)),
            Kind::Number => format!(" {:?}", members.number(short)),
            Kind::Members(table) => match members.members(short, table) {
                Ok(inner) => format!(" {:?}", inner.map(|inner| told(&inner))),
                Err(_) => " broken".to_owned(),
            },
            Kind::Any
            | Kind::NotPermitted
            | Kind::NumberList
            | Kind::Object
            | Kind::TextList
            | Kind::Time => format!(" {:?}", members.json(short)),
        };
    }
    text
}

proptest! {
    #[test]
    fn what_is_read_in_place_is_what_is_read_layer_by_layer(text in value()) {
        let layers = Members::read_as(&text, &OUTER, false);
        let in_place = Members::read_as(&text, &OUTER, true);
        if let Ok(in_place) = &in_place {
            prop_assert_eq!(Some(told(in_place)), layers.as_ref().ok().map(told));
        }
        let read = Members::read(&text, &OUTER);
        prop_assert_eq!(read.ok().as_ref().map(told), layers.ok().as_ref().map(told));
    }
}

#[test]
fn names_are_packed_apart() {
    let names = [
        "a",
        "aa",
        "\0",
        "a\0",
        "ab",
        "ba",
        "dcfg:nycfc",
        "m2m:nycfc",
        "fifteen bytes..",
    ];
    for (index, name) in names.iter().enumerate() {
        for other in &names[index + 1..] {
            assert_ne!(pack(name), pack(other), "{name:?} {other:?}");
        }
    }
    assert_eq!(pack("sixteen bytes..."), 0);
}

#[test]
fn members_are_told_by_another_table_with_the_same_names() {
    static OTHER: [Attribute; 2] = [
        attribute("n", "Number", Kind::NotPermitted),
        attribute("a", "Text", Kind::Text),
    ];
    static SAME: [Attribute; 2] = [
        attribute("a", "Text", Kind::Text),
        attribute("n", "Number", Kind::Number),
    ];
    static HOLDER: [Attribute; 1] = [attribute("o", "Object", Kind::Members(&SAME))];
    let members = Members::read(r#"{"o":{"n":1,"a":"t","q":2}}"#, &HOLDER).unwrap();
    let other = members.members("o", &OTHER).unwrap().unwrap();
    assert_eq!(other.text("a").as_deref(), Some("t"));
    assert_eq!(other.unknown().collect::<Vec<_>>(), ["q"]);
    assert_eq!(
        other.faults().collect::<Vec<_>>(),
        ["n (Number) is not permitted here: leave it out"]
    );
}
