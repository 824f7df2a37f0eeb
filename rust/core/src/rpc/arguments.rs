//! The arguments of a call, checked against the method's parameters.

use crate::rpc::{Fault, FaultCode, Method};
use crate::xml::Value;

/// As many values as the method has parameters; missing optional ones are [`None`].
pub(crate) struct Arguments(Vec<Option<Value>>);

impl Arguments {
    /// Checks the number of arguments, as Python's call does.
    pub(crate) fn of(method: &Method, given: Vec<Value>) -> Result<Self, Fault> {
        let required = method.parameters.iter().filter(|parameter| !parameter.is_optional).count();
        if given.len() < required || given.len() > method.parameters.len() {
            return Err(Self::incorrect());
        }
        let mut values: Vec<Option<Value>> = given.into_iter().map(Some).collect();
        values.resize(method.parameters.len(), None);
        Ok(Self(values))
    }

    fn incorrect() -> Fault {
        Fault::new(FaultCode::IncorrectParameters)
    }

    /// Text; anything else is refused.
    pub(crate) fn text(&self, index: usize) -> Result<&str, Fault> {
        match self.0.get(index) {
            Some(Some(Value::String(text))) => Ok(text),
            _ => Err(Self::incorrect()),
        }
    }

    /// An integer, or text that Python's `int()` takes.
    pub(crate) fn integer(&self, index: usize) -> Result<i64, Fault> {
        match self.0.get(index) {
            Some(Some(Value::Int(number))) => Ok(*number),
            Some(Some(Value::Bool(truth))) => Ok((*truth).into()),
            Some(Some(Value::String(text))) => text.trim().parse().map_err(|_| Self::incorrect()),
            _ => Err(Self::incorrect()),
        }
    }

    /// Text or a number, as text: signals are named either way.
    pub(crate) fn text_or_number(&self, index: usize) -> Result<String, Fault> {
        match self.0.get(index) {
            Some(Some(Value::Int(number))) => Ok(number.to_string()),
            _ => self.text(index).map(str::to_owned),
        }
    }

    /// Anything.
    pub(crate) fn value(&self, index: usize) -> Result<&Value, Fault> {
        self.0.get(index).and_then(Option::as_ref).ok_or_else(Self::incorrect)
    }

    /// An array; anything else is refused.
    pub(crate) fn array(&self, index: usize) -> Result<&[Value], Fault> {
        match self.0.get(index) {
            Some(Some(Value::Array(items))) => Ok(items),
            _ => Err(Self::incorrect()),
        }
    }

    /// Python's truth of any value; a missing one is true, which is what `wait` defaults to.
    pub(crate) fn truth(&self, index: usize) -> bool {
        match self.0.get(index) {
            Some(Some(value)) => is_true(value),
            _ => true,
        }
    }
}

fn is_true(value: &Value) -> bool {
    match value {
        Value::Int(number) => *number != 0,
        Value::Bool(truth) => *truth,
        Value::String(text) => !text.is_empty(),
        Value::Double(number) => *number != 0.0,
        Value::DateTime(_) => true,
        Value::Bytes(bytes) => !bytes.is_empty(),
        Value::Nil => false,
        Value::Array(items) => !items.is_empty(),
        Value::Struct(members) => !members.is_empty(),
        Value::Written(_) => true,
    }
}
