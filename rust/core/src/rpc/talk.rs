//! Methods that talk to processes: through their standard input, and through events.

use crate::core::Core;
use crate::effect::{Effect, ProcessId, RequestId, StdinError, StdinPurpose};
use crate::event::Event;
use crate::expand::repr;
use crate::outbox::Outbox;
use crate::rpc::arguments::Arguments;
use crate::rpc::requests::Open;
use crate::rpc::{Answer, Call, Fault, FaultCode};
use crate::state::ProcessState;
use crate::text::decoded;
use crate::xml::Value;

pub(crate) fn send_process_stdin(
    core: &mut Core,
    call: Call,
    arguments: &Arguments,
    outbox: &mut Outbox,
) -> Result<Answer, Fault> {
    let bytes = match arguments.value(1)? {
        Value::String(text) => text.clone().into_bytes(),
        Value::Bytes(bytes) => bytes.clone(),
        other => return Err(Fault::with(FaultCode::IncorrectParameters, &python_text(other))),
    };
    let name = arguments.text(0)?;
    let process = core.target_process(name)?;
    if process.pid == 0 || process.state == ProcessState::Stopping {
        return Err(Fault::with(FaultCode::NotRunning, name));
    }
    let (process, purpose) = (process.id, StdinPurpose::Request(call.request));
    core.requests.open(call.request, Open::Stdin(name.to_owned()));
    outbox.effects.push(Effect::WriteStdin { process, bytes, purpose });
    Ok(Answer::Later)
}

pub(crate) fn send_remote_comm_event(
    _: &mut Core,
    _: Call,
    arguments: &Arguments,
    outbox: &mut Outbox,
) -> Result<Answer, Fault> {
    let (kind, data) = (python_text(arguments.value(0)?), python_text(arguments.value(1)?));
    outbox.effects.push(Effect::Emit(Event::Remote { kind, data }));
    Ok(Answer::Now(true.into()))
}

impl Core {
    /// Text of a client was written to a process, or could not be.
    pub(crate) fn on_stdin_written(
        &mut self,
        request: RequestId,
        process: ProcessId,
        error: Option<StdinError>,
        outbox: &mut Outbox,
    ) {
        let Some(Open::Stdin(name)) = self.requests.close(request) else { return };
        let answer = match error {
            None => Ok(true.into()),
            Some(StdinError::Closed) => Err(Fault::with(FaultCode::NoFile, &name)),
            Some(StdinError::Full) => {
                let process = self.process(process).map_or("", |process| &process.config.name);
                let extra = format!("{process} has not read what was sent to it before");
                Err(Fault::with(FaultCode::Failed, &extra))
            }
        };
        self.reply(request, answer, outbox);
    }
}

/// A value as Python's `str()` shows it: what clients send that is no text is not refused.
fn python_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bytes(bytes) => decoded(bytes),
        other => python_repr(other),
    }
}

fn python_repr(value: &Value) -> String {
    let list = |items: Vec<String>| items.join(", ");
    match value {
        Value::String(text) => repr(text),
        Value::Bytes(bytes) => repr(&decoded(bytes)),
        Value::Int(number) => number.to_string(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Double(number) => format!("{number:?}"),
        Value::DateTime(text) | Value::Written(text) => text.clone(),
        Value::Nil => "None".to_owned(),
        Value::Array(items) => format!("[{}]", list(items.iter().map(python_repr).collect())),
        Value::Struct(members) => {
            let members =
                members.iter().map(|(name, value)| format!("{}: {}", repr(name), python_repr(value)));
            format!("{{{}}}", list(members.collect()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_are_no_text_are_shown_as_python_shows_them() {
        for (value, text) in [
            (Value::String("ä'".to_owned()), "ä'"),
            (Value::Int(5), "5"),
            (Value::Bool(true), "True"),
            (Value::Double(1.5), "1.5"),
            (Value::Array(vec![Value::Int(1), Value::String("a".to_owned())]), "[1, 'a']"),
            (Value::Struct(vec![("k".to_owned(), Value::Nil)]), "{'k': None}"),
            (Value::Bytes(b"ab".to_vec()), "ab"),
        ] {
            assert_eq!(python_text(&value), text);
        }
    }
}
