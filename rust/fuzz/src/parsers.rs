//! Our parsers, with results in the form in which the oracle gives Python's.

use std::sync::LazyLock;

use serde_json::{Value, json};
use supervisor_core::expand::{Expansions, Term, expand, key_value_list, repr, split};
use supervisor_core::ini::IniFile;
use supervisor_core::xml::{parse_call, write_call};

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Files.
    Ini,
    /// The words of a command.
    Words,
    /// Python's `%` formatting.
    Expand,
    /// Lists of variables.
    Environment,
    /// XML-RPC calls: what was read, written again.
    Call,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Ini, Self::Words, Self::Expand, Self::Environment, Self::Call];

    /// The oracle's name of it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ini => "ini",
            Self::Words => "words",
            Self::Expand => "expand",
            Self::Environment => "environment",
            Self::Call => "call",
        }
    }

    /// The corpus with inputs of the kind.
    pub fn corpus(self) -> &'static str {
        match self {
            Self::Ini => "compat-tests/corpus/ini.json",
            Self::Words => "compat-tests/corpus/words.json",
            Self::Expand => "compat-tests/corpus/expand.json",
            Self::Environment => "compat-tests/corpus/lists.json",
            Self::Call => "rust/core/tests/xml/requests.json",
        }
    }
}

/// The option that errors of an expansion name.
const OPTION: &str = "x.y";

/// The oracle's names.
static NAMES: LazyLock<Expansions> = LazyLock::new(|| {
    let text = |text: &str| Term::Text(text.to_owned());
    [
        ("here", text("/etc")),
        ("ENV_X", text("va%lue")),
        ("é", text("ü'")),
        ("a(b)", text("nested")),
        ("process_num", Term::Number(7)),
        ("minus", Term::Number(-42)),
    ]
    .into_iter()
    .map(|(name, term)| (name.to_owned(), term))
    .collect()
});

/// What our parser makes of a text.
pub fn ours(kind: Kind, text: &str) -> Value {
    let result: Result<Value, String> = match kind {
        Kind::Ini => {
            let mut ini = IniFile::default();
            let read = ini.read("fuzz.conf", text).map_err(|error| error.to_string());
            read.map(|()| {
                let section = |name: &str| {
                    let options: Vec<Value> = ini
                        .options(name)
                        .iter()
                        .map(|option| json!([option, ini.get(name, option)]))
                        .collect();
                    json!([name, options])
                };
                ini.sections().map(section).collect()
            })
        }
        Kind::Words => split(text).map(Value::from).map_err(|error| error.to_string()),
        Kind::Expand => expand(text, &[&NAMES], OPTION).map(Value::from),
        Kind::Environment => key_value_list(text)
            .map(|pairs| pairs.into_iter().map(|(key, value)| json!([key, value])).collect()),
        Kind::Call => parse_call(text.as_bytes())
            .map(|call| json!([call.method, write_call("m", &call.params)]))
            .map_err(|error| error.to_string()),
    };
    match result {
        Ok(value) => json!({ "ok": value }),
        Err(error) => json!({ "error": error }),
    }
}

/// Python's result with the text that the original puts around Python's errors.
pub fn comparable(kind: Kind, text: &str, theirs: &Value) -> Value {
    let Some(error) = theirs.get("error").and_then(Value::as_str) else {
        return theirs.clone();
    };
    let error = match kind {
        Kind::Ini | Kind::Words | Kind::Call => error.to_owned(),
        Kind::Expand => match error.strip_prefix("unknown name ") {
            Some(name) => {
                let mut known: Vec<&str> = NAMES.keys().map(String::as_str).collect();
                known.sort_unstable();
                format!(
                    "Format string {} for '{OPTION}' contains names ({}) which cannot be expanded. Available \
                     names: {}",
                    repr(text),
                    repr(name),
                    known.join(", ")
                )
            }
            None => format!("Format string {} for '{OPTION}' is badly formatted: {error}", repr(text)),
        },
        Kind::Environment if error == "not a list of pairs" => {
            format!("Unexpected end of key/value pairs in value '{text}'")
        }
        Kind::Environment => error.to_owned(),
    };
    json!({ "error": error })
}
