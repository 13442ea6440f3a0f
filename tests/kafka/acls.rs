//! Access control lists, written over the wire: the client library of the tests cannot.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

/// One operation that is allowed on one resource.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Acl {
    /// As `kafka-acls` calls it: `--topic`, `--group` or `--transactional-id`.
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) is_prefix: bool,
    pub(crate) operation: String,
}

impl Acl {
    /// The lists that commands of `kafka-acls` add.
    ///
    /// # Panics
    /// If they are no such commands.
    pub(crate) fn of_commands(text: &str) -> Vec<Self> {
        let mut all = Vec::new();
        for line in text.lines() {
            let words: Vec<&str> = line.split(' ').collect();
            let after = |option: &str| {
                let at = words.iter().position(|word| *word == option)?;
                words.get(at + 1).copied()
            };
            assert_eq!(words[0], "kafka-acls.sh", "{line}");
            let kinds = ["--topic", "--group", "--transactional-id"];
            let kind = kinds.into_iter().find(|kind| after(kind).is_some());
            let kind = kind.expect("a resource");
            for (at, _) in words
                .iter()
                .enumerate()
                .filter(|(_, word)| **word == "--operation")
            {
                all.push(Self {
                    kind: kind.to_owned(),
                    name: after(kind).expect("its name").to_owned(),
                    is_prefix: after("--resource-pattern-type") == Some("prefixed"),
                    operation: words[at + 1].to_owned(),
                });
            }
        }
        all
    }

    fn kind_number(&self) -> u8 {
        match self.kind.as_str() {
            "--topic" => 2,
            "--group" => 3,
            "--transactional-id" => 5,
            other => panic!("{other} is no resource"),
        }
    }

    fn operation_number(&self) -> u8 {
        match self.operation.as_str() {
            "Read" => 3,
            "Write" => 4,
            "Create" => 5,
            "Describe" => 8,
            "DescribeConfigs" => 10,
            other => panic!("{other} is no operation"),
        }
    }

    /// As one element of `CreateAcls` and `DeleteAcls`, version 1.
    fn element(&self, principal: &str) -> Vec<u8> {
        const ALLOW: u8 = 3;
        let mut bytes = vec![self.kind_number()];
        text(&self.name, &mut bytes);
        bytes.push(if self.is_prefix { 4 } else { 3 });
        text(principal, &mut bytes);
        text("*", &mut bytes);
        bytes.push(self.operation_number());
        bytes.push(ALLOW);
        bytes
    }
}

fn text(text: &str, bytes: &mut Vec<u8>) {
    let length = i16::try_from(text.len()).expect("short texts");
    bytes.extend(length.to_be_bytes());
    bytes.extend(text.as_bytes());
}

/// Adds these lists.
///
/// # Panics
/// If the cluster refuses.
pub(crate) fn allow(address: &str, principal: &str, acls: &[Acl]) {
    const CREATE_ACLS: i16 = 30;
    call(address, CREATE_ACLS, principal, acls);
}

/// Takes these lists away.
///
/// # Panics
/// If the cluster refuses.
pub(crate) fn forbid(address: &str, principal: &str, acls: &[Acl]) {
    const DELETE_ACLS: i16 = 31;
    call(address, DELETE_ACLS, principal, acls);
}

fn call(address: &str, api: i16, principal: &str, acls: &[Acl]) {
    let mut request = Vec::new();
    request.extend(api.to_be_bytes());
    request.extend(1_i16.to_be_bytes());
    request.extend(7_i32.to_be_bytes());
    text("tests", &mut request);
    let count = i32::try_from(acls.len()).expect("few");
    request.extend(count.to_be_bytes());
    for acl in acls {
        request.extend(acl.element(principal));
    }
    let mut stream = TcpStream::connect(address).expect("the cluster runs");
    let length = i32::try_from(request.len()).expect("short");
    stream
        .write_all(&length.to_be_bytes())
        .expect("the cluster reads");
    stream.write_all(&request).expect("the cluster reads");
    let mut length = [0; 4];
    stream.read_exact(&mut length).expect("the cluster answers");
    let mut answer = vec![0; usize::try_from(i32::from_be_bytes(length)).expect("a length")];
    stream.read_exact(&mut answer).expect("the cluster answers");
    // Correlation id, throttle time, number of results; each begins with its error code.
    assert_eq!(answer[8..12], count.to_be_bytes(), "{answer:?}");
    assert_eq!(answer[12..14], [0, 0], "{answer:?}");
}
