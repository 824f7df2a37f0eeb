//! The Python process that says what Python makes of texts.

use std::io::{BufRead, BufReader, Error, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::parsers::Kind;

/// The running process; it ends when this is dropped.
pub struct Oracle {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    /// Python's version.
    pub version: String,
}

impl Oracle {
    /// Starts the Python that the variable `PYTHON` names, or `python3`.
    pub fn start() -> std::io::Result<Self> {
        let python = std::env::var_os("PYTHON").unwrap_or_else(|| "python3".into());
        let mut child = Command::new(python)
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/oracle.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let input = child.stdin.take();
        let output = child.stdout.take().ok_or_else(|| Error::other("no pipe"))?;
        let mut oracle = Self { child, input, output: BufReader::new(output), version: String::new() };
        oracle.version = oracle.line()?.as_str().unwrap_or_default().to_owned();
        Ok(oracle)
    }

    fn line(&mut self) -> std::io::Result<Value> {
        let mut line = String::new();
        if self.output.read_line(&mut line)? == 0 {
            return Err(Error::other("Python has ended"));
        }
        Ok(serde_json::from_str(&line)?)
    }

    /// What Python makes of each text.
    pub fn ask(&mut self, kind: Kind, texts: &[String]) -> std::io::Result<Vec<Value>> {
        if let Some(input) = &mut self.input {
            writeln!(input, "{}", json!([kind.name(), texts]))?;
            input.flush()?;
        }
        match self.line()? {
            Value::Array(results) if results.len() == texts.len() => Ok(results),
            other => Err(Error::other(format!("not the results of {} texts: {other}", texts.len()))),
        }
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        // The end of its input ends it.
        self.input = None;
        let _ = self.child.wait();
    }
}
