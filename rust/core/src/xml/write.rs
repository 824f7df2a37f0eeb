//! Writes calls and answers, byte for byte as Python's `xmlrpc.client.dumps` does.
//!
//! Python refuses what the specification lacks; here an integer beyond 32 bits becomes `<i8>`, nothing becomes
//! `<nil/>`, and a character that XML does not allow becomes U+FFFD, so that every answer can be read.

use std::fmt::Write as _;

use super::value::Value;
use super::{base64, characters};

const DECLARATION: &str = "<?xml version='1.0'?>\n";

/// An answer that carries `value`, as text to be sent in UTF-8.
#[must_use]
pub fn write_response(value: &Value) -> String {
    let mut out = String::with_capacity(512);
    out.push_str(DECLARATION);
    out.push_str("<methodResponse>\n<params>\n<param>\n");
    write_value(&mut out, value);
    out.push_str("</param>\n</params>\n</methodResponse>\n");
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

fn write_value(out: &mut String, value: &Value) {
    match value {
        Value::Int(number) => {
            let tag = if i32::try_from(*number).is_ok() { "int" } else { "i8" };
            // Writing to a String cannot fail.
            let _ = writeln!(out, "<value><{tag}>{number}</{tag}></value>");
        }
        Value::Bool(truth) => {
            out.push_str(if *truth {
                "<value><boolean>1</boolean></value>\n"
            } else {
                "<value><boolean>0</boolean></value>\n"
            });
        }
        Value::String(text) => {
            out.push_str("<value><string>");
            write_text(out, text);
            out.push_str("</string></value>\n");
        }
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
