//! The values of XML-RPC.

use serde::{Deserialize, Serialize};

/// A value in a call or an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Value {
    /// `<int>` within 32 bits, `<i8>` beyond; integers beyond 64 bits do not exist here.
    Int(i64),
    /// `<boolean>`
    Bool(bool),
    /// `<string>`
    String(String),
    /// `<double>`
    Double(f64),
    /// `<dateTime.iso8601>`, its text unchanged.
    DateTime(String),
    /// `<base64>`, decoded.
    Bytes(Vec<u8>),
    /// `<nil/>`
    Nil,
    /// `<array>`
    Array(Vec<Value>),
    /// `<struct>`, members in the order they are written.
    Struct(Vec<(String, Value)>),
    /// A value as it is written in an answer, in the place of its tree; never read from a call.
    Written(String),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<i32> for Value {
    fn from(number: i32) -> Self {
        Self::Int(number.into())
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}
