//! Documents that are no XML, or want to hurt.

use crate::wire::DecodeReason;

use super::{envelope, read, reason};

#[test]
fn what_is_not_well_formed_is_refused_with_its_place() {
    for document in [
        "",
        "<a>",
        "<a></b>",
        "<a/><b/>",
        "<a/>text",
        "text<a/>",
        "<a/><![CDATA[]]>",
        "<p:a/>",
        "<a p:b='1'/>",
        "<a xmlns:p='x'/><p:b/>",
        "<a><b xmlns:p='x'/><p:c/></a>",
        "<a b='1' b='2'/>",
        "<a b=1/>",
        "<a b='<'/>",
        "<a b='&c;'/>",
        "<a>&b;</a>",
        "<a>a & b</a>",
        "<a>&#0;</a>",
        "<a>&#1;</a>",
        "<a>\u{1}</a>",
        "<a>]]></a>",
        "<a><!-- -- --></a>",
        "<1a/>",
        "<a:b:c/>",
        "\n<?xml version='1.0'?><a/>",
        "<?xml encoding='UTF-8'?><a/>",
        "<a><?xml version='1.0'?></a>",
    ] {
        let document = document
            .replace("<a", "<Envelope")
            .replace("</a", "</Envelope");
        let error = read(document.as_bytes(), None).unwrap_err();
        assert_eq!(error.reason, DecodeReason::MalformedXml, "{document:?}");
        assert!(
            error
                .detail
                .starts_with("the XML is not well-formed at line "),
            "{document:?}: {error}"
        );
    }
}

#[test]
fn entities_are_neither_expanded_nor_fetched() {
    for document in [
        "<!DOCTYPE a [<!ENTITY b \"cc\"><!ENTITY d \"&b;&b;\">]><a>&d;</a>",
        "<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>",
        "<!DOCTYPE a [<!ENTITY b SYSTEM \"http://127.0.0.1/\">]><a>&b;</a>",
        "<!DOCTYPE a><a/>",
    ] {
        assert_eq!(
            reason(document.as_bytes()),
            Some(DecodeReason::MalformedXml),
            "{document}"
        );
    }
}

#[test]
fn depth_attributes_and_prefixes_are_limited() {
    let deep = envelope(&"<a>".repeat(100_000));
    assert_eq!(reason(deep.as_bytes()), Some(DecodeReason::TooLarge));
    let prefixes = envelope(
        &(0..20)
            .map(|n| format!("<a xmlns:p{n}a='x' xmlns:p{n}b='x' xmlns:p{n}c='x' xmlns:p{n}d='x'>"))
            .collect::<String>(),
    );
    assert_eq!(reason(prefixes.as_bytes()), Some(DecodeReason::TooLarge));
    let attributes: String = (0..100_000).map(|n| format!(" a{n}='1'")).collect();
    let wide = envelope(&format!("<a{attributes}/>"));
    assert_eq!(reason(wide.as_bytes()), Some(DecodeReason::TooLarge));
}

#[test]
fn truncated_documents_are_refused() {
    let whole = envelope(
        "<cwmp:TransferComplete><CommandKey>k&amp;1</CommandKey><!-- c --><FaultStruct>0</FaultStruct>\
         </cwmp:TransferComplete>",
    );
    assert!(read(whole.as_bytes(), None).is_ok());
    for end in 0..whole.len() {
        assert_eq!(
            reason(&whole.as_bytes()[..end]),
            Some(DecodeReason::MalformedXml),
            "{end}"
        );
    }
}
