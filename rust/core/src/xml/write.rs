//! Writes calls and answers, byte for byte as Python's `xmlrpc.client.dumps` does.
//!
//! Python refuses what the specification lacks; here an integer beyond 32 bits becomes `<i8>`, nothing becomes
//! `<nil/>`, and a character that XML does not allow becomes U+FFFD, so that every answer can be read.

use std::fmt::Write as _;

use super::value::Value;
use super::{base64, characters};

const DECLARATION: &str = "<?xml version='1.0'?>\n";
const BEFORE_RESULT: &str = "<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n";
const AFTER_RESULT: &str = "</param>\n</params>\n</methodResponse>\n";

/// An answer that carries `value`, as text to be sent in UTF-8.
#[must_use]
pub fn write_response(value: Value) -> String {
    let mut out = match value {
        // Moved within its own buffer, for it is the large one.
        Value::Written(mut xml) => {
            xml.insert_str(0, BEFORE_RESULT);
            xml
        }
        value => {
            let mut out = String::with_capacity(512);
            out.push_str(BEFORE_RESULT);
            write_value(&mut out, &value);
            out
        }
    };
    out.push_str(AFTER_RESULT);
    out
}

/// An answer that carries a fault: its number and its text.
#[must_use]
pub fn write_fault(code: i32, text: &str) -> String {
    let mut out = String::with_capacity(512);
    out.push_str(DECLARATION);
    out.push_str("<methodResponse>\n<fault>\n");
    let members =
        [("faultCode".to_owned(), Value::from(code)), ("faultString".to_owned(), Value::from(text))];
    write_struct(&mut out, &members);
    out.push_str("</fault>\n</methodResponse>\n");
    out
}

/// A call of `method` with `params`.
#[must_use]
pub fn write_call(method: &str, params: &[Value]) -> String {
    let mut out = String::with_capacity(512);
    out.push_str(DECLARATION);
    out.push_str("<methodCall>\n<methodName>");
    write_text(&mut out, method);
    out.push_str("</methodName>\n<params>\n");
    for value in params {
        out.push_str("<param>\n");
        write_value(&mut out, value);
        out.push_str("</param>\n");
    }
    out.push_str("</params>\n</methodCall>\n");
    out
}

/// Writes values as they are told, where a tree of [`Value`]s would cost more than what is written.
#[derive(Debug, Default)]
pub(crate) struct Writer(String);

impl Writer {
    /// With room for that many bytes.
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self(String::with_capacity(bytes))
    }

    /// An array; `items` writes what is in it.
    pub(crate) fn array(&mut self, items: impl FnOnce(&mut Self)) {
        self.0.push_str("<value><array><data>\n");
        items(self);
        self.0.push_str("</data></array></value>\n");
    }

    /// A struct; `members` writes what is in it.
    pub(crate) fn structure(&mut self, members: impl FnOnce(&mut Self)) {
        self.0.push_str("<value><struct>\n");
        members(self);
        self.0.push_str("</struct></value>\n");
    }

    /// A member of a struct that is text.
    pub(crate) fn text(&mut self, name: &str, text: &str) {
        self.member(name, |out| write_string(out, text));
    }

    /// A member of a struct that is a number.
    pub(crate) fn int(&mut self, name: &str, number: impl Into<i64>) {
        self.member(name, |out| write_int(out, number.into()));
    }

    fn member(&mut self, name: &str, value: impl FnOnce(&mut String)) {
        self.0.push_str("<member>\n<name>");
        write_text(&mut self.0, name);
        self.0.push_str("</name>\n");
        value(&mut self.0);
        self.0.push_str("</member>\n");
    }

    /// What was written, as one value.
    pub(crate) fn finish(self) -> Value {
        Value::Written(self.0)
    }
}

fn write_int(out: &mut String, number: i64) {
    let (before, after) = match i32::try_from(number) {
        Ok(_) => ("<value><int>", "</int></value>\n"),
        Err(_) => ("<value><i8>", "</i8></value>\n"),
    };
    out.push_str(before);
    out.push_str(itoa::Buffer::new().format(number));
    out.push_str(after);
}

fn write_string(out: &mut String, text: &str) {
    out.push_str("<value><string>");
    write_text(out, text);
    out.push_str("</string></value>\n");
}

fn write_value(out: &mut String, value: &Value) {
    match value {
        Value::Written(xml) => out.push_str(xml),
        Value::Int(number) => write_int(out, *number),
        Value::Bool(truth) => {
            out.push_str(if *truth {
                "<value><boolean>1</boolean></value>\n"
            } else {
                "<value><boolean>0</boolean></value>\n"
            });
        }
        Value::String(text) => write_string(out, text),
        Value::Double(number) => {
            out.push_str("<value><double>");
            write_double(out, *number);
            out.push_str("</double></value>\n");
        }
        Value::DateTime(text) => {
            out.push_str("<value><dateTime.iso8601>");
            write_text(out, text);
            out.push_str("</dateTime.iso8601></value>\n");
        }
        Value::Bytes(bytes) => {
            out.push_str("<value><base64>\n");
            base64::encode_lines(bytes, out);
            out.push_str("</base64></value>\n");
        }
        // Without a line break, unlike all others: so does Python.
        Value::Nil => out.push_str("<value><nil/></value>"),
        Value::Array(values) => {
            out.push_str("<value><array><data>\n");
            for value in values {
                write_value(out, value);
            }
            out.push_str("</data></array></value>\n");
        }
        Value::Struct(members) => write_struct(out, members),
    }
}

fn write_struct(out: &mut String, members: &[(String, Value)]) {
    out.push_str("<value><struct>\n");
    for (name, value) in members {
        out.push_str("<member>\n<name>");
        write_text(out, name);
        out.push_str("</name>\n");
        write_value(out, value);
        out.push_str("</member>\n");
    }
    out.push_str("</struct></value>\n");
}

/// Escapes the three characters that Python escapes; long runs of others are copied at once.
fn write_text(out: &mut String, text: &str) {
    // Bytes that may begin what is not copied: U+FFFE and U+FFFF begin with 0xEF.
    if !text.bytes().any(|byte| byte < b' ' || matches!(byte, b'&' | b'<' | b'>' | 0xEF)) {
        out.push_str(text);
        return;
    }
    let mut copied = 0;
    for (index, character) in text.char_indices() {
        let instead = match character {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            _ if characters::is_legal(character) => continue,
            _ => "\u{FFFD}",
        };
        out.push_str(&text[copied..index]);
        out.push_str(instead);
        copied = index + character.len_utf8();
    }
    out.push_str(&text[copied..]);
}

/// Python's `repr` of a float: the shortest digits that read back the same, with an exponent below 1e-4 and
/// from 1e16 on.
fn write_double(out: &mut String, number: f64) {
    if number.is_nan() {
        out.push_str("nan");
        return;
    }
    if number.is_infinite() {
        out.push_str(if number > 0.0 { "inf" } else { "-inf" });
        return;
    }
    let magnitude = number.abs();
    if magnitude != 0.0 && !(1e-4..1e16).contains(&magnitude) {
        let scientific = format!("{number:e}");
        let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
        let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |rest| ('-', rest));
        let _ = write!(out, "{digits}e{sign}{exponent:0>2}");
    } else {
        // `{:?}` keeps the `.0` of whole numbers; in this range it never uses an exponent.
        let _ = write!(out, "{number:?}");
    }
}
