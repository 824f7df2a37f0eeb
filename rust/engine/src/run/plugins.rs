//! The loop's half of the plug-in host: when Python code is called, and what is done with what it says.

use std::sync::Arc;
use std::time::Duration;

use supervisor_core::config::LogLevel;
use supervisor_core::effect::{ProcessId, RequestId};
use supervisor_core::input::Input;
use supervisor_core::plugin::PluginInput;
use supervisor_core::rpc::{Fault, FaultCode};
use supervisor_core::signal::Signal;
use supervisor_core::xml::Value;
use tokio::sync::mpsc;

use crate::http::{Answer, Asked, Said};
use crate::logs::{RedirectedLine, TakeLine};
use crate::plugins::{PluginAnswer, PluginHost};
use crate::run::Message;
use crate::run::control::Control;
use crate::run::message::Room;
use crate::run::tap::PluginOutput;

/// A plug-in that wants its answer asked for at once, again and again, is asked a thousand times a second.
const SHORTEST_DELAY: Duration = Duration::from_millis(1);

impl Control {
    /// Has the host call Python code that can only fail; the failure is said in the main log.
    pub(crate) fn with_host(
        &mut self,
        host: &mut Option<Box<dyn PluginHost>>,
        call: impl FnOnce(&mut dyn PluginHost) -> Option<String>,
    ) {
        if let Some(host) = host.as_deref_mut() {
            if let Some(trouble) = call(host) {
                self.logs.line(LogLevel::Error, &trouble);
            }
            self.note_changes(host);
        }
    }

    /// Looks what plug-ins replaced while they were loaded.
    pub(crate) fn note_overrides(&mut self, host: &mut Option<Box<dyn PluginHost>>) {
        self.with_host(host, |_| None);
    }

    /// A plug-in may replace methods whenever its code runs. Where that cannot be told, it is as it was; said once.
    fn note_changes(&mut self, host: &mut dyn PluginHost) {
        let (overrides, trouble) = host.overrides();
        if trouble != self.overrides_trouble {
            if let Some(trouble) = &trouble {
                self.logs.line(LogLevel::Error, trouble);
            }
            self.overrides_trouble = trouble;
        }
        if overrides.hooks != self.overrides.hooks {
            self.handle.step(Input::Plugin(PluginInput::Hooks(overrides.hooks.clone())));
        }
        if overrides.http != self.overrides.http {
            self.foreign.replace(overrides.http.clone());
        }
        if overrides.main_log != self.overrides.main_log {
            let messages = self.messages.clone();
            let take = overrides
                .main_log
                .then(|| -> TakeLine { Arc::new(move |line| drop(messages.send(Message::Line(line)))) });
            self.logs.redirect(take);
        }
        self.overrides = overrides;
    }

    /// Gives a line of the main log to the handlers of a plug-in.
    pub(crate) fn give_line(&mut self, line: &RedirectedLine, host: &mut Option<Box<dyn PluginHost>>) {
        let Some(host) = host else {
            self.logs.write(line.level, &line.message);
            return;
        };
        if let Some(trouble) = host.main_log(line.level, &line.message) {
            // Not for those who just failed.
            self.logs.write(LogLevel::Error, &trouble);
        }
        self.note_changes(host.as_mut());
    }

    /// The end: gives away the lines that were said last. Returns the signals that nobody has heard.
    pub(crate) fn finish(
        &mut self,
        inbox: &mut mpsc::UnboundedReceiver<Message>,
        host: &mut Option<Box<dyn PluginHost>>,
    ) -> Vec<Signal> {
        let mut unheard = Vec::new();
        while let Ok(message) = inbox.try_recv() {
            match message {
                Message::Signal(signal) => unheard.push(signal),
                Message::Line(line) => self.give_line(&line, host),
                Message::Log(level, message) => self.logs.write(level, &message),
                _ => {}
            }
        }
        self.logs.redirect(None);
        unheard
    }

    /// Gives output to a plug-in that looks after it, and has logged what it wants logged.
    pub(crate) fn give_output(
        &mut self,
        output: &PluginOutput,
        room: Option<&Room>,
        host: &mut Option<Box<dyn PluginHost>>,
    ) {
        let Some(host) = host else {
            output.log(output.data.clone(), room.cloned());
            return;
        };
        let (logged, trouble) = host.output(output.process, output.channel, &output.data);
        for data in logged {
            output.log(data, room.cloned());
        }
        if let Some(trouble) = trouble {
            self.logs.line(LogLevel::Error, &trouble);
        }
        self.note_changes(host.as_mut());
    }

    pub(crate) fn call_spawn_override(&mut self, process: ProcessId, host: &mut Option<Box<dyn PluginHost>>) {
        if host.is_none() {
            self.inputs.push_back(Input::SpawnNow(process));
            return;
        }
        self.with_host(host, |host| host.spawn(process));
        self.handle.step(Input::SpawnOverrideReturned(process));
    }

    pub(crate) fn call_plugin(
        &mut self,
        request: RequestId,
        (namespace, method): (&str, &str),
        params: Vec<Value>,
        host: &mut Option<Box<dyn PluginHost>>,
    ) {
        let Some(host) = host else {
            self.reply(request, Answer::InternalError("there is no plug-in host".to_owned()));
            return;
        };
        let answer = host.call(namespace, method, params);
        self.note_changes(host.as_mut());
        self.on_plugin_answer(request, answer);
    }

    /// Asks for a deferred answer again.
    pub(crate) fn poll_plugin(
        &mut self,
        request: RequestId,
        id: u64,
        host: &mut Option<Box<dyn PluginHost>>,
    ) {
        if let Some(host) = host {
            let answer = host.poll(id);
            self.note_changes(host.as_mut());
            self.on_plugin_answer(request, answer);
        }
    }

    /// Has a plug-in answer a request of HTTP, or go on with it.
    pub(crate) fn ask_plugin(&mut self, asked: Asked, host: &mut Option<Box<dyn PluginHost>>) {
        let Some(host) = host else { return };
        let (said, reply, goes_on) = match asked {
            Asked::Begin(request, reply) => (host.respond(*request), reply, false),
            Asked::GoOn(number, reply) => (host.go_on(number), reply, true),
            Asked::LetGo(number) => {
                self.kept.remove(&number);
                host.let_go(number);
                return;
            }
        };
        self.note_changes(host.as_mut());
        match said {
            Said::Later(number, None) if goes_on => drop(self.kept.insert(number, reply)),
            said => {
                let said = match said {
                    Said::Later(number, Some(delay)) => Said::Later(number, Some(delay.max(SHORTEST_DELAY))),
                    said => said,
                };
                // Where the client is gone, nobody asks again.
                if let Err(Some(number)) = reply.send(said).map_err(|said| said.number()) {
                    host.let_go(number);
                }
            }
        }
    }

    /// A plug-in says which signals are heeded: this one, another one, or none. Where it fails, this one.
    pub(crate) fn ask_about_signal(
        &mut self,
        signal: Signal,
        host: &mut Option<Box<dyn PluginHost>>,
    ) -> Option<Signal> {
        let mut heeded = Some(signal);
        self.with_host(host, |host| {
            let (said, trouble) = host.signal(signal);
            if trouble.is_none() {
                heeded = said;
            }
            trouble
        });
        heeded
    }

    fn on_plugin_answer(&mut self, request: RequestId, answer: PluginAnswer) {
        match answer {
            PluginAnswer::Value(value) if request.is_part() => {
                self.inputs.push_back(Input::PluginAnswered { request, answer: Ok(value) });
            }
            PluginAnswer::Fault(fault) if request.is_part() => {
                self.inputs.push_back(Input::PluginAnswered { request, answer: Err(fault) });
            }
            PluginAnswer::Error(traceback) if request.is_part() => {
                // The client learns what was raised, the log from where.
                let raised = traceback.trim_end().lines().last().unwrap_or_default().to_owned();
                self.logs.line(LogLevel::Error, &traceback);
                let answer = Err(Fault::with(FaultCode::Failed, &raised));
                self.inputs.push_back(Input::PluginAnswered { request, answer });
            }
            PluginAnswer::Value(value) => self.reply(request, Answer::Value(value)),
            PluginAnswer::Fault(Fault { code, text }) => {
                self.reply(request, Answer::Fault(Fault { code, text }));
            }
            PluginAnswer::Error(traceback) => self.reply(request, Answer::InternalError(traceback)),
            PluginAnswer::Deferred { id, delay } => {
                let messages = self.messages.clone();
                tokio::task::spawn_local(async move {
                    tokio::time::sleep(delay.max(SHORTEST_DELAY)).await;
                    let _ = messages.send(Message::Poll(request, id));
                });
            }
        }
    }
}
