//! Methods that read logs and empty them.

use crate::config::LogTarget;
use crate::core::Core;
use crate::effect::{
    Channel, Effect, LogClearError, LogRange, LogReadError, LogReadMode, LogText, LogsToClear, ProcessId,
    RequestId,
};
use crate::group::Namespec;
use crate::outbox::Outbox;
use crate::rpc::arguments::Arguments;
use crate::rpc::requests::{Clearing, ItemResult, Open};
use crate::rpc::{Answer, Call, Fault, FaultCode};
use crate::xml::Value;

pub(crate) fn read_log(
    core: &mut Core,
    call: Call,
    arguments: &Arguments,
    outbox: &mut Outbox,
) -> Result<Answer, Fault> {
    let log = core.settings.daemon.logfile.clone();
    core.read(call, log, LogReadMode::Read, (arguments.integer(0)?, arguments.integer(1)?), outbox)
}

pub(crate) fn clear_log(
    core: &mut Core,
    call: Call,
    _: &Arguments,
    outbox: &mut Outbox,
) -> Result<Answer, Fault> {
    Ok(core.clear(call, Clearing::Main, LogsToClear::Main, outbox))
}

pub(crate) fn clear_process_logs(
    core: &mut Core,
    call: Call,
    arguments: &Arguments,
    outbox: &mut Outbox,
) -> Result<Answer, Fault> {
    let name = arguments.text(0)?.to_owned();
    let process = core.target_process(&name)?.id;
    Ok(core.clear(call, Clearing::Process(name), LogsToClear::Processes(vec![process]), outbox))
}

pub(crate) fn clear_all_process_logs(
    core: &mut Core,
    call: Call,
    _: &Arguments,
    outbox: &mut Outbox,
) -> Result<Answer, Fault> {
    let (processes, names): (Vec<ProcessId>, Vec<_>) = core
        .by_priority()
        .into_iter()
        .filter_map(|id| core.process(id))
        .map(|process| (process.id, (process.group.clone(), process.config.name.clone())))
        .unzip();
    Ok(core.clear(call, Clearing::All(names), LogsToClear::Processes(processes), outbox))
}

impl Core {
    fn clear(&mut self, call: Call, clearing: Clearing, logs: LogsToClear, outbox: &mut Outbox) -> Answer {
        self.requests.open(call.request, Open::Clear(clearing));
        outbox.effects.push(Effect::ClearLogs { request: call.request, logs });
        Answer::Later
    }

    /// The engine emptied logs, or could not.
    pub(crate) fn on_logs_cleared(
        &mut self,
        request: RequestId,
        results: &[Result<(), LogClearError>],
        outbox: &mut Outbox,
    ) {
        let Some(Open::Clear(clearing)) = self.requests.close(request) else { return };
        let single = |extra: Option<&str>| match results.first() {
            Some(Err(error)) => Err(clear_fault(*error, extra)),
            _ => Ok(Value::Bool(true)),
        };
        let answer = match clearing {
            Clearing::Main => single(None),
            Clearing::Process(name) => single(Some(&name)),
            Clearing::All(names) => {
                let item = |((group, name), result): ((String, String), &Result<(), LogClearError>)| {
                    let namespec = Namespec::join(&group, &name);
                    let fault = result.err().map(|error| clear_fault(error, Some(&namespec)));
                    ItemResult { name, group, fault }.into_value()
                };
                Ok(Value::Array(names.into_iter().zip(results).map(item).collect()))
            }
        };
        self.reply(request, answer, outbox);
    }

    /// Reads a log of a process, whichever and in whichever way.
    pub(crate) fn read_process(
        &mut self,
        call: Call,
        arguments: &Arguments,
        channel: Channel,
        mode: LogReadMode,
        outbox: &mut Outbox,
    ) -> Result<Answer, Fault> {
        let log = self.target_process(arguments.text(0)?)?.config.output(channel).logfile.clone();
        self.read(call, log, mode, (arguments.integer(1)?, arguments.integer(2)?), outbox)
    }

    fn read(
        &mut self,
        call: Call,
        log: LogTarget,
        mode: LogReadMode,
        (offset, length): (i64, i64),
        outbox: &mut Outbox,
    ) -> Result<Answer, Fault> {
        let range = LogRange { log, offset, length, mode };
        if Self::log_file(&range.log).is_none() {
            return log_answer(&range, Err(LogReadError::NoFile)).map(Answer::Now);
        }
        self.requests.open(call.request, Open::Log(range.clone()));
        outbox.effects.push(Effect::ReadLog { request: call.request, range });
        Ok(Answer::Later)
    }

    /// The engine read a log, or could not.
    pub(crate) fn on_log_read(
        &mut self,
        request: RequestId,
        result: Result<LogText, LogReadError>,
        outbox: &mut Outbox,
    ) {
        if let Some(Open::Log(range)) = self.requests.close(request) {
            self.reply(request, log_answer(&range, result), outbox);
        }
    }
}

fn clear_fault(error: LogClearError, extra: Option<&str>) -> Fault {
    let code = match error {
        LogClearError::NoFile => FaultCode::NoFile,
        LogClearError::Failed => FaultCode::Failed,
    };
    extra.map_or_else(|| Fault::new(code), |extra| Fault::with(code, extra))
}

/// What a client is told of a log read (parity 4): `Read` faults where `Tail` answers with nothing.
fn log_answer(range: &LogRange, result: Result<LogText, LogReadError>) -> Result<Value, Fault> {
    let tail = |text: String, offset: i64, overflow: bool| {
        Ok(Value::Array(vec![text.into(), offset.into(), overflow.into()]))
    };
    match (range.mode, result) {
        (LogReadMode::Read, Ok(found)) => Ok(whole_characters(&found.bytes).into()),
        (LogReadMode::Tail, Ok(found)) => {
            let offset = i64::try_from(found.offset).unwrap_or(i64::MAX);
            tail(whole_characters(&found.bytes), offset, found.overflow)
        }
        (LogReadMode::Tail, Err(LogReadError::NoFile)) => tail(String::new(), 0, false),
        (LogReadMode::Tail, Err(_)) => tail(String::new(), range.offset, false),
        (LogReadMode::Read, Err(LogReadError::NoFile)) => Err(match Core::log_file(&range.log) {
            Some(path) => Fault::with(FaultCode::NoFile, &path.display().to_string()),
            // The original takes the word of the main log's setting for the name of a file.
            None if range.log == LogTarget::Syslog => Fault::with(FaultCode::NoFile, "syslog"),
            None => Fault::new(FaultCode::NoFile),
        }),
        (LogReadMode::Read, Err(LogReadError::BadArguments)) => Err(Fault::new(FaultCode::BadArguments)),
        (LogReadMode::Read, Err(LogReadError::Failed)) => Err(Fault::new(FaultCode::Failed)),
    }
}

/// The text of a piece of a log that may begin and end inside a character: those pieces are left out, other
/// bytes that are no UTF-8 become U+FFFD.
fn whole_characters(bytes: &[u8]) -> String {
    let is_continuation = |byte: &u8| byte & 0b1100_0000 == 0b1000_0000;
    let cut_off = bytes.iter().take(3).take_while(|byte| is_continuation(byte)).count();
    let bytes = bytes.get(cut_off..).unwrap_or_default();
    let mut chunks = bytes.utf8_chunks().peekable();
    let mut text = String::with_capacity(bytes.len());
    while let Some(chunk) = chunks.next() {
        text.push_str(chunk.valid());
        let is_cut = chunks.peek().is_none() && is_beginning_of_character(chunk.invalid());
        if !chunk.invalid().is_empty() && !is_cut {
            text.push(char::REPLACEMENT_CHARACTER);
        }
    }
    text
}

/// Whether these bytes, which no valid text follows, could be the first bytes of one longer character.
fn is_beginning_of_character(bytes: &[u8]) -> bool {
    let length = match bytes.first() {
        Some(0xc2..=0xdf) => 2,
        Some(0xe0..=0xef) => 3,
        Some(0xf0..=0xf4) => 4,
        _ => return false,
    };
    bytes.len() < length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_fall_between_characters_and_other_bytes_are_replaced() {
        let text = "é€😀".as_bytes();
        assert_eq!(whole_characters(text), "é€😀");
        assert_eq!(whole_characters(&text[1..]), "€😀");
        assert_eq!(whole_characters(&text[..text.len() - 1]), "é€");
        assert_eq!(whole_characters(b"a\xffb"), "a\u{fffd}b");
        assert_eq!(whole_characters(b""), "");
    }
}
