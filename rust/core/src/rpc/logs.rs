//! Methods that read logs.

use crate::config::LogTarget;
use crate::core::Core;
use crate::effect::{Channel, Effect, LogRange, LogReadError, LogReadMode, LogText, RequestId};
use crate::outbox::Outbox;
use crate::rpc::arguments::Arguments;
use crate::rpc::requests::Open;
use crate::rpc::{Answer, Call, Fault, FaultCode};
use crate::xml::Value;

pub(crate) fn read_log(
    core: &mut Core,
    call: Call,
    arguments: &Arguments,
    outbox: &mut Outbox,
) -> Result<Answer, Fault> {
    core.refuse_in_shutdown()?;
    let log = core.settings.daemon.logfile.clone();
    core.read(call, log, LogReadMode::Read, (arguments.integer(0)?, arguments.integer(1)?), outbox)
}

pub(crate) fn read_process_stdout_log(
    core: &mut Core,
    call: Call,
    arguments: &Arguments,
    outbox: &mut Outbox,
) -> Result<Answer, Fault> {
    core.read_process(call, arguments, Channel::Stdout, LogReadMode::Read, outbox)
}

pub(crate) fn read_process_stderr_log(
    core: &mut Core,
    call: Call,
    arguments: &Arguments,
    outbox: &mut Outbox,
) -> Result<Answer, Fault> {
    core.read_process(call, arguments, Channel::Stderr, LogReadMode::Read, outbox)
}

pub(crate) fn tail_process_stdout_log(
    core: &mut Core,
    call: Call,
    arguments: &Arguments,
    outbox: &mut Outbox,
) -> Result<Answer, Fault> {
    core.read_process(call, arguments, Channel::Stdout, LogReadMode::Tail, outbox)
}

pub(crate) fn tail_process_stderr_log(
    core: &mut Core,
    call: Call,
    arguments: &Arguments,
    outbox: &mut Outbox,
) -> Result<Answer, Fault> {
    core.read_process(call, arguments, Channel::Stderr, LogReadMode::Tail, outbox)
}

impl Core {
    fn read_process(
        &mut self,
        call: Call,
        arguments: &Arguments,
        channel: Channel,
        mode: LogReadMode,
        outbox: &mut Outbox,
    ) -> Result<Answer, Fault> {
        self.refuse_in_shutdown()?;
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
