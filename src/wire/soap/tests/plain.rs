//! What the plain reader reads is what the strict one reads.

use std::fs;
use std::path::Path;

use fastrand::Rng;

use crate::wire::cpe_event::Reading;

use super::super::plain::Plain;
use super::super::read_document;
use super::super::xml::Xml;
use super::envelope;

fn plain(document: &str) -> Option<Reading> {
    read_document(Plain::new(document)?).ok()
}

/// Whether the plain reader read it, and then as the strict one.
fn is_plain(document: &str) -> bool {
    let Some(reading) = plain(document) else {
        return false;
    };
    let strict = Xml::new(document).and_then(read_document);
    assert_eq!(strict, Ok(reading), "{document:?}");
    true
}

/// The envelopes of the corpus that are UTF-8.
fn corpus() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/cwmp");
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|file| file.extension().is_some_and(|end| end == "xml"))
        .collect();
    files.sort();
    files
        .iter()
        .filter_map(|file| fs::read_to_string(file).ok())
        .collect()
}

const PIECES: [&str; 44] = [
    "<",
    ">",
    "/",
    "</",
    "/>",
    "<a>",
    "</a>",
    "<a/>",
    "<a >",
    "</a >",
    "<cwmp:a xmlns:cwmp='x'/>",
    " xmlns:cwmp='x'",
    " xmlns='x'",
    " xmlns:=''",
    " xmlns:a:b='x'",
    " a='1'",
    " a='1' a='2'",
    " a=\"'\"",
    " a='>'",
    " a='&lt;'",
    " a=1",
    " a = '1'",
    " xml:a='1'",
    " xsi:type='xsd:string'",
    "p:",
    ":",
    "-",
    "1",
    "é",
    "\r",
    "\n",
    "\t",
    " ",
    "\u{1}",
    "\u{7F}",
    "\u{FFFE}",
    "]",
    "]]>",
    "&amp;",
    "<!-- c -->",
    "<![CDATA[c]]>",
    "<?xml version=\"1.0\"?>",
    "<Status>1</Status>",
    "",
];

fn mutated(document: &str, rng: &mut Rng) -> String {
    let mut document = document.to_owned();
    for _ in 0..rng.usize(1..4) {
        let places: Vec<usize> = document.char_indices().map(|(at, _)| at).collect();
        let from = rng.usize(..places.len());
        let to = (from + rng.usize(..3)).min(places.len() - 1);
        document.replace_range(places[from]..places[to], PIECES[rng.usize(..PIECES.len())]);
    }
    document
}

#[test]
fn most_envelopes_of_the_corpus_are_plain() {
    let corpus = corpus();
    let plain = corpus.iter().filter(|document| is_plain(document)).count();
    assert!(plain * 10 > corpus.len() * 8, "{plain} of {}", corpus.len());
}

#[test]
fn changed_envelopes_are_read_as_by_the_strict_reader() {
    let mut rng = Rng::with_seed(7);
    let body = "<cwmp:TransferComplete><CommandKey>k 1</CommandKey><FaultStruct><FaultCode>0</FaultCode>\
                <FaultString/></FaultStruct><StartTime>\r\n x \r\n</StartTime></cwmp:TransferComplete>";
    let values = "<cwmp:GetParameterValuesResponse><ParameterList s:arrayType='x'><ParameterValueStruct>\
                  <Name>b</Name><Value xsi:type='xsd:string'>1</Value></ParameterValueStruct></ParameterList>\
                  </cwmp:GetParameterValuesResponse>";
    let own = [
        envelope(body),
        envelope(values),
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}",
            envelope(body)
        ),
        envelope("<cwmp:DownloadResponse><Status>1</Status></cwmp:DownloadResponse>\r\n"),
    ];
    assert!(own.iter().all(|document| is_plain(document)));
    let mut plain = 0;
    for document in own.iter().cycle().take(40_000) {
        plain += usize::from(is_plain(&mutated(document, &mut rng)));
    }
    assert!(plain > 1_000, "{plain}");
    for document in corpus() {
        for _ in 0..50 {
            is_plain(&mutated(&document, &mut rng));
        }
    }
}

#[test]
fn what_the_plain_reader_leaves_is_read() {
    let status =
        "<cwmp:SetParameterValuesResponse><Status>0</Status></cwmp:SetParameterValuesResponse>";
    for body in [
        status.replace('0', "&#48;"),
        status.replace('0', "<![CDATA[0]]>"),
        status.replace("<Status>", "<!-- c --><Status>"),
        status.replace("</Status>", "</Status >"),
        status.replace("<Status>", "<é/><Status>"),
        status.replace("<Status>", "<a b = '1'/><Status>"),
    ] {
        let document = envelope(&body);
        assert!(plain(&document).is_none(), "{document}");
        let strict = Xml::new(&document).and_then(read_document);
        let expected = Xml::new(&envelope(status)).and_then(read_document);
        assert_eq!(strict, expected, "{document}");
    }
}
