//! XML-RPC values as Python objects, the way the original hands them to methods and takes them back.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyByteArray, PyBytes, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};
use supervisor_core::xml::Value;

/// How deep what a plug-in returns may be nested.
const DEPTH: usize = 200;

/// A value as an argument of a plug-in's method: base64 arrives as text, as in the original.
pub(crate) fn to_python(py: Python<'_>, value: Value) -> PyResult<Py<PyAny>> {
    Ok(match value {
        Value::Int(number) => number.into_pyobject(py)?.into_any().unbind(),
        Value::Bool(truth) => PyBool::new(py, truth).to_owned().into_any().unbind(),
        Value::String(text) => PyString::new(py, &text).into_any().unbind(),
        Value::Double(number) => PyFloat::new(py, number).into_any().unbind(),
        Value::DateTime(text) => date_time(py, &text)?,
        Value::Bytes(bytes) => PyString::new(py, &String::from_utf8_lossy(&bytes)).into_any().unbind(),
        Value::Nil => py.None(),
        Value::Array(items) => {
            let items = items.into_iter().map(|item| to_python(py, item)).collect::<PyResult<Vec<_>>>()?;
            PyList::new(py, items)?.into_any().unbind()
        }
        Value::Struct(members) => {
            let dict = PyDict::new(py);
            for (name, value) in members {
                dict.set_item(name, to_python(py, value)?)?;
            }
            dict.into_any().unbind()
        }
        Value::Written(xml) => {
            let params = format!("<params><param>{xml}</param></params>");
            let read = py.import("xmlrpc.client")?.call_method1("loads", (params,))?;
            read.get_item(0)?.get_item(0)?.unbind()
        }
    })
}

fn date_time(py: Python<'_>, text: &str) -> PyResult<Py<PyAny>> {
    let class = py.import("datetime")?.getattr("datetime")?;
    Ok(class.call_method1("strptime", (text, "%Y%m%dT%H:%M:%S"))?.unbind())
}

/// What a plug-in's method returned, as a value.
///
/// # Errors
/// `TypeError` for an object that XML-RPC has no type for, `OverflowError` for an integer beyond 64 bits.
pub(crate) fn from_python(object: &Bound<'_, PyAny>) -> PyResult<Value> {
    convert(object, 0)
}

fn convert(object: &Bound<'_, PyAny>, depth: usize) -> PyResult<Value> {
    if depth > DEPTH {
        return Err(PyTypeError::new_err("cannot marshal objects that are nested so deep"));
    }
    if object.is_none() {
        return Ok(Value::Nil);
    }
    // A truth value is an integer, too, and has to be asked for first.
    if let Ok(truth) = object.cast::<PyBool>() {
        return Ok(Value::Bool(truth.is_true()));
    }
    if object.is_instance_of::<PyInt>() {
        return Ok(Value::Int(object.extract()?));
    }
    if let Ok(text) = object.cast::<PyString>() {
        return Ok(Value::String(text.to_string_lossy().into_owned()));
    }
    if object.is_instance_of::<PyFloat>() {
        return Ok(Value::Double(object.extract()?));
    }
    if object.is_instance_of::<PyBytes>() || object.is_instance_of::<PyByteArray>() {
        return Ok(Value::Bytes(object.extract()?));
    }
    if object.is_instance_of::<PyList>() || object.is_instance_of::<PyTuple>() {
        let items = object.try_iter()?.map(|item| convert(&item?, depth + 1));
        return Ok(Value::Array(items.collect::<PyResult<_>>()?));
    }
    if let Ok(dict) = object.cast::<PyDict>() {
        let mut members = Vec::with_capacity(dict.len());
        for (name, value) in dict {
            let name = name
                .cast::<PyString>()
                .map_err(|_| PyTypeError::new_err("dictionary key must be string"))?
                .to_string_lossy()
                .into_owned();
            members.push((name, convert(&value, depth + 1)?));
        }
        return Ok(Value::Struct(members));
    }
    special(object)
}

/// Times, and the wrappers of `xmlrpc.client`.
fn special(object: &Bound<'_, PyAny>) -> PyResult<Value> {
    let py = object.py();
    let client = py.import("xmlrpc.client")?;
    if object.is_instance(&client.getattr("DateTime")?)? {
        return Ok(Value::DateTime(object.getattr("value")?.extract()?));
    }
    if object.is_instance(&client.getattr("Binary")?)? {
        return Ok(Value::Bytes(object.getattr("data")?.extract()?));
    }
    if object.is_instance(&py.import("datetime")?.getattr("datetime")?)? {
        return Ok(Value::DateTime(object.call_method1("strftime", ("%Y%m%dT%H:%M:%S",))?.extract()?));
    }
    let class = object.get_type().to_string();
    Err(PyTypeError::new_err(format!("cannot marshal {class} objects")))
}
