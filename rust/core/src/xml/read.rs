//! Reads a method call in the dialect that the original's server understands (parity 4).
//!
//! What it accepts beyond the specification: no `<params>`, text without a type, an unknown type (its text is the
//! value), any root element, elements that it does not know. What it refuses: text that is not well-formed XML or
//! not UTF-8, control characters, entities other than the five of XML (a DTD is never expanded), calls nested
//! deeper than [`MAX_DEPTH`]. Elements lie on a stack of this module's own: no input makes it recurse.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::events::attributes::AttrError;
use quick_xml::events::{BytesRef, BytesStart, Event};
use thiserror::Error;

use super::value::Value;
use super::{base64, characters};

/// How deep elements may be nested: 200 arrays in each other, three elements each, and the call around them.
pub const MAX_DEPTH: usize = 610;

/// Most attributes of an element.
pub const MAX_ATTRIBUTES: usize = 100;

/// A call as a client sent it.
#[derive(Debug, Clone, PartialEq)]
pub struct MethodCall {
    /// Name of the method, unchanged; never empty.
    pub method: String,
    /// Its arguments; none where `<params>` is missing.
    pub params: Vec<Value>,
}

/// Why a call could not be read; the server answers all of them with status 400.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum XmlError {
    /// The bytes are not UTF-8.
    #[error("not UTF-8")]
    NotUtf8,
    /// Not well-formed XML; the text says in which way.
    #[error("not well-formed: {0}")]
    Malformed(String),
    /// A character that XML does not allow, as itself or as a reference.
    #[error("illegal character U+{0:04X}")]
    IllegalCharacter(u32),
    /// Elements are nested deeper than [`MAX_DEPTH`].
    #[error("nested too deep")]
    TooDeep,
    /// An element lacks what its type needs, or its text is no value of its type.
    #[error("not a value of type {0}")]
    BadValue(&'static str),
    /// Well-formed, but there is no `<methodName>` or it is empty.
    #[error("no method name")]
    NoMethodName,
}

/// Reads a method call from the body of a request.
///
/// Base64 that holds UTF-8 becomes a string, because the original hands its methods nothing else; other bytes
/// become [`Value::Bytes`].
///
/// # Errors
/// See [`XmlError`].
pub fn parse_call(body: &[u8]) -> Result<MethodCall, XmlError> {
    let text = std::str::from_utf8(body).map_err(|_| XmlError::NotUtf8)?;
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    if let Some(illegal) = characters::first_illegal(text) {
        return Err(XmlError::IllegalCharacter(illegal.into()));
    }
    let text = with_line_feeds(text);
    let mut reader = Reader::from_str(&text);
    reader.config_mut().check_comments = true;
    let mut call = CallBuilder::default();
    loop {
        let start = reader.buffer_position();
        match reader.read_event()? {
            Event::Start(tag) => call.open(&tag)?,
            Event::Empty(tag) => {
                call.open(&tag)?;
                call.close()?;
            }
            Event::End(_) => call.close()?,
            Event::Text(text) => {
                if text.contains("]]>") {
                    return Err(malformed("`]]>` in text"));
                }
                call.text(text.into_inner())?;
            }
            Event::CData(text) => {
                call.refuse_outside()?;
                call.text(text.into_inner())?;
            }
            Event::GeneralRef(reference) => {
                call.refuse_outside()?;
                call.text(resolve(&reference)?.to_string().into())?;
            }
            Event::Decl(_) if start != 0 => return Err(malformed("declaration not at the start")),
            Event::DocType(_) if call.root_seen => return Err(malformed("DOCTYPE after the start")),
            Event::Comment(_) | Event::PI(_) | Event::Decl(_) | Event::DocType(_) => {}
            Event::Eof => return call.finish(),
        }
    }
}

fn malformed(reason: &str) -> XmlError {
    XmlError::Malformed(reason.to_owned())
}

impl From<quick_xml::Error> for XmlError {
    fn from(error: quick_xml::Error) -> Self {
        Self::Malformed(error.to_string())
    }
}

impl From<AttrError> for XmlError {
    fn from(error: AttrError) -> Self {
        Self::Malformed(error.to_string())
    }
}

/// Every end of a line as XML wants it read: one line feed.
fn with_line_feeds(text: &str) -> Cow<'_, str> {
    if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n").into() } else { text.into() }
}

/// The character that a reference stands for.
fn resolve(reference: &BytesRef<'_>) -> Result<char, XmlError> {
    if let Some(character) = reference.resolve_char_ref()? {
        return if characters::is_legal(character) {
            Ok(character)
        } else {
            Err(XmlError::IllegalCharacter(character.into()))
        };
    }
    match &**reference {
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "amp" => Ok('&'),
        "apos" => Ok('\''),
        "quot" => Ok('"'),
        name => Err(malformed(&format!("undefined entity {name}"))),
    }
}

/// The elements that mean something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    MethodName,
    Params,
    Param,
    Value,
    Int,
    Boolean,
    String,
    Double,
    DateTime,
    Base64,
    Nil,
    Array,
    Data,
    Struct,
    Member,
    Name,
    Other,
}

impl Kind {
    fn of(name: &str) -> Self {
        match name {
            "methodName" => Self::MethodName,
            "params" => Self::Params,
            "param" => Self::Param,
            "value" => Self::Value,
            "int" | "i4" | "i8" => Self::Int,
            "boolean" => Self::Boolean,
            "string" => Self::String,
            "double" => Self::Double,
            "dateTime.iso8601" => Self::DateTime,
            "base64" => Self::Base64,
            "nil" => Self::Nil,
            "array" => Self::Array,
            "data" => Self::Data,
            "struct" => Self::Struct,
            "member" => Self::Member,
            "name" => Self::Name,
            _ => Self::Other,
        }
    }
}

/// An element that is not closed yet.
#[derive(Debug)]
struct Frame<'a> {
    kind: Kind,
    /// Text before the first child; text after it means nothing.
    text: Cow<'a, str>,
    children: Vec<Item>,
}

/// A closed element: what it stands for, and for `<member>` its parts.
#[derive(Debug)]
struct Item {
    kind: Kind,
    value: Value,
    parts: Vec<Item>,
}

#[derive(Debug, Default)]
struct CallBuilder<'a> {
    stack: Vec<Frame<'a>>,
    root_seen: bool,
    method: Option<String>,
    params: Option<Vec<Value>>,
}

impl<'a> CallBuilder<'a> {
    fn open(&mut self, tag: &BytesStart<'_>) -> Result<(), XmlError> {
        if self.stack.is_empty() && self.root_seen {
            return Err(malformed("more than one root element"));
        }
        if self.stack.len() >= MAX_DEPTH {
            return Err(XmlError::TooDeep);
        }
        let name = tag.name().into_inner();
        if !name.starts_with(|first: char| first.is_alphabetic() || matches!(first, '_' | ':')) {
            return Err(malformed("bad element name"));
        }
        // Attributes mean nothing, but a document with broken ones is not XML. Each is compared with all before
        // it, hence the limit.
        for (index, attribute) in tag.attributes().enumerate() {
            if index == MAX_ATTRIBUTES {
                return Err(malformed("too many attributes"));
            }
            if attribute?.value.contains('<') {
                return Err(malformed("`<` in an attribute"));
            }
        }
        self.root_seen = true;
        self.stack.push(Frame { kind: Kind::of(name), text: Cow::default(), children: Vec::new() });
        Ok(())
    }

    fn refuse_outside(&self) -> Result<(), XmlError> {
        if self.stack.is_empty() { Err(malformed("text outside the root element")) } else { Ok(()) }
    }

    fn text(&mut self, text: Cow<'a, str>) -> Result<(), XmlError> {
        match self.stack.last_mut() {
            Some(frame) if frame.children.is_empty() => frame.text += text,
            Some(_) => {}
            None if text.chars().all(|character| matches!(character, ' ' | '\t' | '\n' | '\r')) => {}
            None => return self.refuse_outside(),
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), XmlError> {
        let Some(Frame { kind, text, children }) = self.stack.pop() else {
            return Err(malformed("unexpected end tag"));
        };
        let mut parts = Vec::new();
        let value = match kind {
            Kind::Value => children
                .into_iter()
                .next()
                .map_or_else(|| Value::String(text.into_owned()), |child| child.value),
            Kind::Int => Value::Int(parse_number(&text).ok_or(XmlError::BadValue("int"))?),
            Kind::Double => Value::Double(parse_number(&text).ok_or(XmlError::BadValue("double"))?),
            Kind::Boolean => Value::Bool(text == "1"),
            Kind::String => Value::String(text.into_owned()),
            Kind::DateTime if is_date_time(&text) => Value::DateTime(text.into_owned()),
            Kind::DateTime => return Err(XmlError::BadValue("dateTime.iso8601")),
            Kind::Base64 => {
                let bytes = base64::decode(&text).ok_or(XmlError::BadValue("base64"))?;
                String::from_utf8(bytes).map_or_else(|error| Value::Bytes(error.into_bytes()), Value::String)
            }
            Kind::Nil => Value::Nil,
            Kind::Array => first_child(children).ok_or(XmlError::BadValue("array"))?,
            Kind::Param => first_child(children).ok_or(XmlError::BadValue("param"))?,
            Kind::Data => Value::Array(values(children)),
            Kind::Struct => read_struct(children)?,
            Kind::Member => {
                parts = children;
                Value::Nil
            }
            Kind::MethodName => {
                self.method = Some(text.into_owned());
                Value::Nil
            }
            Kind::Params => {
                self.params = Some(values(children));
                Value::Nil
            }
            // An empty element has no text at all, which is nothing rather than an empty string.
            Kind::Name | Kind::Other if text.is_empty() => Value::Nil,
            Kind::Name | Kind::Other => Value::String(text.into_owned()),
        };
        if let Some(parent) = self.stack.last_mut() {
            parent.children.push(Item { kind, value, parts });
        }
        Ok(())
    }

    fn finish(self) -> Result<MethodCall, XmlError> {
        if !self.stack.is_empty() {
            return Err(malformed("end of text inside an element"));
        }
        if !self.root_seen {
            return Err(malformed("no element"));
        }
        match self.method {
            Some(method) if !method.is_empty() => {
                Ok(MethodCall { method, params: self.params.unwrap_or_default() })
            }
            _ => Err(XmlError::NoMethodName),
        }
    }
}

fn values(items: Vec<Item>) -> Vec<Value> {
    items.into_iter().map(|item| item.value).collect()
}

fn first_child(children: Vec<Item>) -> Option<Value> {
    children.into_iter().next().map(|child| child.value)
}

/// Members by name, the later of two equal names winning in the place of the first, as in a Python dictionary.
fn read_struct(children: Vec<Item>) -> Result<Value, XmlError> {
    let mut members: indexmap::IndexMap<String, Value> = indexmap::IndexMap::with_capacity(children.len());
    for child in children {
        let mut parts = child.parts.into_iter();
        let (Some(first), Some(second), None) = (parts.next(), parts.next(), parts.next()) else {
            return Err(XmlError::BadValue("struct"));
        };
        let (name, value) = if first.kind == Kind::Name { (first, second) } else { (second, first) };
        if name.kind != Kind::Name {
            return Err(XmlError::BadValue("struct"));
        }
        let name = if let Value::String(name) = name.value { name } else { String::new() };
        members.insert(name, value.value);
    }
    Ok(Value::Struct(members.into_iter().collect()))
}

/// A number as Python's `int()` and `float()` read it: white space around, `_` between digits.
fn parse_number<T: std::str::FromStr>(text: &str) -> Option<T> {
    let text = text.trim();
    if !text.contains('_') {
        return text.parse().ok();
    }
    let bytes = text.as_bytes();
    let digit =
        |index: Option<usize>| index.and_then(|index| bytes.get(index)).is_some_and(u8::is_ascii_digit);
    let between = |index: usize| digit(index.checked_sub(1)) && digit(index.checked_add(1));
    if bytes.iter().enumerate().any(|(index, byte)| *byte == b'_' && !between(index)) {
        return None;
    }
    text.replace('_', "").parse().ok()
}

/// Whether `text` is `YYYYMMDDTHH:MM:SS` with every part in its range.
fn is_date_time(text: &str) -> bool {
    const PATTERN: &[u8; 17] = b"00000000T00:00:00";
    let bytes = text.as_bytes();
    let shaped = bytes.len() == PATTERN.len()
        && bytes.iter().zip(PATTERN).all(|(byte, wanted)| match wanted {
            b'0' => byte.is_ascii_digit(),
            _ => byte == wanted,
        });
    let part = |from: usize, to: usize| text.get(from..to).and_then(|digits| digits.parse::<u32>().ok());
    let within =
        |from, to, least, most| part(from, to).is_some_and(|number| (least..=most).contains(&number));
    if !shaped || !within(0, 4, 1, 9999) || !within(4, 6, 1, 12) || !within(6, 8, 1, 31) {
        return false;
    }
    let year = part(0, 4).unwrap_or(1);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match part(4, 6) {
        Some(4 | 6 | 9 | 11) => 30,
        Some(2) if leap => 29,
        Some(2) => 28,
        _ => 31,
    };
    within(6, 8, 1, days) && within(9, 11, 0, 23) && within(12, 14, 0, 59) && within(15, 17, 0, 59)
}
