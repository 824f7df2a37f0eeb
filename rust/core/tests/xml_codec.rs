//! The XML-RPC reader and writer against their oracles: the original's reader and Python's writer (as corpora,
//! see `xml/make_corpus.py`) and the crate dxr.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::Value as Json;
use supervisor_core::xml::{
    Value, XmlError, characters, parse_call, write_call, write_fault, write_response,
};

fn corpus(text: &str) -> Json {
    serde_json::from_str(text).unwrap()
}

/// The value that the corpus writes as `{"type": content}`.
fn untagged(json: &Json) -> Value {
    let (tag, content) = json.as_object().unwrap().iter().next().unwrap();
    let list = || content.as_array().unwrap().iter();
    match tag.as_str() {
        "nil" => Value::Nil,
        "bool" => Value::Bool(content.as_bool().unwrap()),
        "int" => Value::Int(content.as_i64().unwrap()),
        "double" => Value::Double(content.as_str().unwrap().parse().unwrap()),
        "string" => Value::String(content.as_str().unwrap().to_owned()),
        "bytes" => Value::Bytes(list().map(|byte| u8::try_from(byte.as_u64().unwrap()).unwrap()).collect()),
        "date" => Value::DateTime(content.as_str().unwrap().to_owned()),
        "array" => Value::Array(list().map(untagged).collect()),
        "struct" => Value::Struct(
            list().map(|pair| (pair[0].as_str().unwrap().to_owned(), untagged(&pair[1]))).collect(),
        ),
        other => panic!("unknown tag {other}"),
    }
}

fn params_of(inner: &str) -> Result<Vec<Value>, XmlError> {
    let body =
        format!("<methodCall><methodName>m</methodName><params><param>{inner}</param></params></methodCall>");
    parse_call(body.as_bytes()).map(|call| call.params)
}

#[test]
fn answers_and_faults_are_written_byte_for_byte_as_python_writes_them() {
    let corpus = corpus(include_str!("xml/answers.json"));
    for row in corpus["values"].as_array().unwrap() {
        assert_eq!(write_response(untagged(&row[0])), row[1].as_str().unwrap(), "{}", row[0]);
    }
    for row in corpus["faults"].as_array().unwrap() {
        let code = i32::try_from(row[0].as_i64().unwrap()).unwrap();
        assert_eq!(write_fault(code, row[1].as_str().unwrap()), row[2].as_str().unwrap());
    }
    for row in corpus["calls"].as_array().unwrap() {
        let params: Vec<Value> = row[1].as_array().unwrap().iter().map(untagged).collect();
        assert_eq!(write_call(row[0].as_str().unwrap(), &params), row[2].as_str().unwrap());
    }
}

#[test]
fn requests_are_read_as_the_original_reads_them() {
    let corpus = corpus(include_str!("xml/requests.json"));
    let mut different = Vec::new();
    for row in corpus.as_array().unwrap() {
        let body = row[0].as_str().unwrap();
        let expected = row[1].as_array().map(|call| {
            let params: Vec<Value> = call[1].as_array().unwrap().iter().map(untagged).collect();
            (call[0].as_str().unwrap().to_owned(), params)
        });
        let found = parse_call(body.as_bytes());
        if found.clone().ok().map(|call| (call.method, call.params)) != expected {
            different.push(format!("{body:?}\n  original {expected:?}\n  here     {found:?}"));
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}

#[test]
fn an_i8_is_a_number_and_swapped_members_are_put_right() {
    assert_eq!(
        params_of("<value><i8>9007199254740993</i8></value>"),
        Ok(vec![Value::Int(9_007_199_254_740_993)])
    );
    let swapped =
        "<value><struct><member><value><int>1</int></value><name>k</name></member></struct></value>";
    assert_eq!(params_of(swapped), Ok(vec![Value::Struct(vec![("k".to_owned(), Value::Int(1))])]));
}

#[test]
fn base64_that_is_not_text_stays_bytes() {
    assert_eq!(params_of("<value><base64>/wA=</base64></value>"), Ok(vec![Value::Bytes(vec![0xFF, 0])]));
}

#[test]
fn integers_beyond_64_bits_are_refused() {
    assert_eq!(params_of("<value><int>9223372036854775808</int></value>"), Err(XmlError::BadValue("int")));
}

#[test]
fn entities_of_a_dtd_are_never_expanded() {
    let bomb =
        b"<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><m><methodName>&b;</methodName></m>";
    assert!(matches!(parse_call(bomb), Err(XmlError::Malformed(_))));
}

#[test]
fn an_element_with_a_hundred_thousand_attributes_costs_nothing() {
    let attributes: String = (0..100_000).map(|number| format!(" a{number}=''")).collect();
    let body = format!("<m{attributes}><methodName>x</methodName></m>");
    assert_eq!(parse_call(body.as_bytes()), Err(XmlError::Malformed("too many attributes".to_owned())));
}

#[test]
fn the_ways_to_be_wrong_are_told_apart() {
    assert_eq!(parse_call(b"<m>\xff</m>"), Err(XmlError::NotUtf8));
    assert_eq!(parse_call(b"<m>\x1b</m>"), Err(XmlError::IllegalCharacter(0x1B)));
    assert_eq!(parse_call(b"<m>&#27;</m>"), Err(XmlError::IllegalCharacter(0x1B)));
    assert_eq!(parse_call(b"<m/>"), Err(XmlError::NoMethodName));
    assert_eq!(parse_call(b"<m><methodName></methodName></m>"), Err(XmlError::NoMethodName));
}

#[test]
fn two_hundred_nested_arrays_are_read_and_many_more_are_refused_without_harm() {
    let nested = |depth: usize| {
        format!(
            "{}<value>x</value>{}",
            "<value><array><data>".repeat(depth),
            "</data></array></value>".repeat(depth)
        )
    };
    let mut value = &params_of(&nested(200)).unwrap()[0];
    let mut depth = 0;
    while let Value::Array(inner) = value {
        value = &inner[0];
        depth += 1;
    }
    assert_eq!((depth, value), (200, &Value::from("x")));
    assert_eq!(params_of(&nested(204)), Err(XmlError::TooDeep));
    assert_eq!(params_of(&nested(100_000)), Err(XmlError::TooDeep));
    assert_eq!(parse_call("<a>".repeat(1_000_000).as_bytes()), Err(XmlError::TooDeep));
}

#[test]
fn what_xml_cannot_carry_becomes_a_replacement_character() {
    let text = write_response(Value::from("a\u{0}\u{1b}[1m\u{ffff}b"));
    assert!(text.contains("<string>a\u{fffd}\u{fffd}[1m\u{fffd}b</string>"), "{text}");
    let method = Value::Struct(vec![("\u{1}".to_owned(), Value::Nil)]);
    assert!(write_response(method).contains("<name>\u{fffd}</name>"));
}

#[test]
fn integers_beyond_32_bits_are_written_as_i8() {
    assert!(write_response(Value::Int(2_147_483_648)).contains("<value><i8>2147483648</i8></value>\n"));
    assert!(write_response(Value::Int(-2_147_483_649)).contains("<value><i8>-2147483649</i8></value>\n"));
}

fn text() -> impl Strategy<Value = String> {
    // Control characters and the like are in, so that replacing them is tried as well.
    prop_oneof!["[a-z<>&\"' \\]]{0,12}", any::<String>()]
}

fn value() -> impl Strategy<Value = Value> {
    let date =
        (1..=9999u32, 1..=12u32, 1..=28u32, 0..24u32, 0..60u32, 0..60u32).prop_map(|(y, mo, d, h, mi, s)| {
            Value::DateTime(format!("{y:04}{mo:02}{d:02}T{h:02}:{mi:02}:{s:02}"))
        });
    let leaf = prop_oneof![
        any::<i64>().prop_map(Value::Int),
        any::<i32>().prop_map(Value::from),
        any::<bool>().prop_map(Value::Bool),
        text().prop_map(Value::String),
        any::<f64>().prop_filter("comparable", |number| number.is_finite()).prop_map(Value::Double),
        date,
        prop::collection::vec(any::<u8>(), 0..200).prop_map(Value::Bytes),
        Just(Value::Nil),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            // Sorted and free of doubles, as dxr keeps its members.
            prop::collection::btree_map("[a-zA-Z_<&]{1,8}", inner, 0..6)
                .prop_map(|members| Value::Struct(members.into_iter().collect())),
        ]
    })
}

/// What a reader of XML makes of `text`: illegal characters replaced, line ends normalised.
fn as_read(text: &str) -> String {
    let legal = |c| if characters::is_legal(c) { c } else { characters::REPLACEMENT };
    text.chars().map(legal).collect::<String>().replace("\r\n", "\n").replace('\r', "\n")
}

/// What reading back gives for a written value.
fn read_back(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(as_read(text)),
        Value::Bytes(bytes) => String::from_utf8(bytes.clone()).map_or_else(|_| value.clone(), Value::String),
        Value::Array(values) => Value::Array(values.iter().map(read_back).collect()),
        Value::Struct(members) => {
            Value::Struct(members.iter().map(|(name, value)| (name.clone(), read_back(value))).collect())
        }
        other => other.clone(),
    }
}

fn to_dxr(value: &Value) -> dxr::Value {
    match value {
        Value::Int(number) => i32::try_from(*number).map_or(dxr::Value::Long(*number), dxr::Value::Integer),
        Value::Bool(truth) => dxr::Value::Boolean(*truth),
        Value::String(text) => dxr::Value::String(text.clone()),
        Value::Double(number) => dxr::Value::Double(*number),
        Value::DateTime(text) => dxr::Value::DateTime(text.parse().unwrap()),
        Value::Bytes(bytes) => dxr::Value::Base64(bytes.clone()),
        Value::Nil => dxr::Value::Nil,
        Value::Array(values) => dxr::Value::Array(values.iter().map(to_dxr).collect()),
        Value::Struct(members) => {
            let members: BTreeMap<_, _> = members.iter().map(|(name, v)| (name.clone(), to_dxr(v))).collect();
            dxr::Value::Struct(members)
        }
        Value::Written(_) => panic!("a value that was read is a tree"),
    }
}

/// `value` with all text legal and without carriage returns, so that both sides mean the same text; no base64
/// over several lines, which dxr does not read.
fn for_dxr(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(as_read(&text)),
        Value::Bytes(mut bytes) => {
            bytes.truncate(57);
            Value::Bytes(bytes)
        }
        Value::Array(values) => Value::Array(values.into_iter().map(for_dxr).collect()),
        Value::Struct(members) => {
            Value::Struct(members.into_iter().map(|(name, value)| (name, for_dxr(value))).collect())
        }
        other => other,
    }
}

proptest! {
    #[test]
    fn what_is_written_as_a_call_is_read_back(method in "[a-z]{1,9}\\.[a-zA-Z]{1,9}", params in prop::collection::vec(value(), 0..4)) {
        let call = parse_call(write_call(&method, &params).as_bytes()).unwrap();
        prop_assert_eq!(call.method, method);
        prop_assert_eq!(call.params, params.iter().map(read_back).collect::<Vec<_>>());
    }

    #[test]
    fn dxr_reads_every_answer_and_means_the_same(value in value()) {
        let value = for_dxr(value);
        let answer = dxr::MethodResponse::from_xml(&write_response(value.clone())).unwrap();
        prop_assert_eq!(answer.value, to_dxr(&value));
    }

    #[test]
    fn dxr_reads_every_fault(code in any::<i32>(), text in "[ -~]{0,30}") {
        let answer = dxr::FaultResponse::from_xml(&write_fault(code, &text)).unwrap();
        prop_assert_eq!(answer.fault.code(), code);
        prop_assert_eq!(answer.fault.string(), text);
    }

    #[test]
    fn every_call_of_dxr_is_read(params in prop::collection::vec(value(), 0..4)) {
        let params: Vec<Value> = params.into_iter().map(for_dxr).collect();
        let theirs = dxr::MethodCall { name: "a.b".into(), params: params.iter().map(to_dxr).collect() };
        let call = parse_call(theirs.to_xml().unwrap().as_bytes()).unwrap();
        prop_assert_eq!(call.params, params.iter().map(read_back).collect::<Vec<_>>());
    }

    #[test]
    fn no_bytes_make_the_reader_panic(body in prop::collection::vec(any::<u8>(), 0..300), markup in "[<>/a&;#x\\[\\]!?'\"= -]{0,60}") {
        let _ = parse_call(&body);
        let _ = parse_call(markup.as_bytes());
    }
}
