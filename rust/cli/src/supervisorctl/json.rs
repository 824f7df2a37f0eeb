//! Answers of the server as JSON.

use dxr::Value;
use serde_json::json;

/// A list of answers as JSON text: what XML-RPC calls a struct is an object with the same members.
///
/// # Errors
///
/// A number that JSON cannot say.
pub(super) fn text(values: &[&Value]) -> serde_json::Result<String> {
    let list: Vec<serde_json::Value> = values.iter().map(|value| converted(value)).collect();
    serde_json::to_string_pretty(&list)
}

fn converted(value: &Value) -> serde_json::Value {
    match value {
        Value::Integer(number) => json!(number),
        Value::Long(number) => json!(number),
        Value::Boolean(truth) => json!(truth),
        Value::Double(number) => json!(number),
        Value::String(text) => json!(text),
        Value::Base64(bytes) => json!(String::from_utf8_lossy(bytes)),
        Value::DateTime(time) => json!(time.to_string()),
        Value::Array(items) => items.iter().map(converted).collect(),
        Value::Struct(members) => {
            members.iter().map(|(name, value)| (name.clone(), converted(value))).collect()
        }
        // Nil, and what XML-RPC may learn one day.
        _ => serde_json::Value::Null,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn a_struct_becomes_an_object_with_its_members() {
        let members = [
            ("name".to_owned(), Value::String("a \"b\"".to_owned())),
            ("pid".to_owned(), Value::Integer(7)),
            ("list".to_owned(), Value::Array(vec![Value::Boolean(true), Value::Long(1 << 40), Value::Nil])),
        ];
        let value = Value::Struct(members.into_iter().collect());
        let read: serde_json::Value = serde_json::from_str(&text(&[&value]).unwrap()).unwrap();
        assert_eq!(read, json!([{"name": "a \"b\"", "pid": 7, "list": [true, 1_099_511_627_776_i64, null]}]));
    }
}
