//! The XML-RPC interface: method table, arguments, faults, deferred answers (parity 4).
//!
//! A method answers at once, or keeps its request open: then an [`Operation`](crate::operation::Operation) waits
//! on a process, or an effect is under way, and the transition or the effect's outcome answers it. Every request
//! is answered once.

mod arguments;
mod daemon;
pub mod document;
pub mod fault;
pub mod groups;
pub mod info;
mod logs;
mod multicall;
mod operate;
mod requests;
mod system;
pub mod table;
mod talk;

pub use daemon::API_VERSION;
pub use fault::{Fault, FaultCode};
pub(crate) use multicall::Parts;
pub(crate) use requests::Requests;
pub use table::{METHODS, Method, Parameter, ParameterKind};

use crate::core::Core;
use crate::effect::{Effect, RequestId};
use crate::input::Now;
use crate::outbox::Outbox;
use crate::xml::Value;
use arguments::Arguments;

/// The namespace whose methods this crate implements, whatever the configuration calls it.
pub(crate) const STANDARD: &str = "supervisor";
/// The namespace of the server itself.
pub(crate) const SYSTEM: &str = "system";
/// Factory of the standard namespace in `[rpcinterface:supervisor]`.
pub const STANDARD_FACTORY: &str = "supervisor.rpcinterface:make_main_rpcinterface";

/// What a method's code needs to know of its call.
#[derive(Clone, Copy)]
pub(crate) struct Call {
    pub(crate) now: Now,
    pub(crate) request: RequestId,
    /// A plug-in wants the engine's own method, whatever replaced it.
    pub(crate) is_native: bool,
}

/// What a method's code says.
pub(crate) enum Answer {
    /// The value.
    Now(Value),
    /// The request is kept open.
    Later,
}

/// A method's code.
pub(crate) type Handler = fn(&mut Core, Call, &Arguments, &mut Outbox) -> Result<Answer, Fault>;

impl Core {
    /// A client calls a method.
    pub(crate) fn on_request(
        &mut self,
        now: Now,
        request: RequestId,
        method: &str,
        params: Vec<Value>,
        outbox: &mut Outbox,
    ) {
        self.answer(Call { now, request, is_native: false }, method, params, outbox);
    }

    /// The daemon's own pages call a method of the standard interface, whatever the configuration calls that.
    pub(crate) fn on_command(
        &mut self,
        now: Now,
        request: RequestId,
        method: &str,
        params: Vec<Value>,
        outbox: &mut Outbox,
    ) {
        let call = Call { now, request, is_native: true };
        let answer = self.call_standard(call, (STANDARD, method), params, outbox);
        self.conclude(request, answer, outbox);
    }

    /// Calls a method and answers, unless the answer comes later.
    pub(crate) fn answer(&mut self, call: Call, method: &str, params: Vec<Value>, outbox: &mut Outbox) {
        let answer = self.call(call, method, params, outbox);
        self.conclude(call.request, answer, outbox);
    }

    /// Answers a request unless it stays open.
    fn conclude(&mut self, request: RequestId, answer: Result<Answer, Fault>, outbox: &mut Outbox) {
        match answer {
            Ok(Answer::Now(value)) => self.reply(request, Ok(value), outbox),
            Ok(Answer::Later) => {}
            Err(fault) => self.reply(request, Err(fault), outbox),
        }
    }

    fn call(
        &mut self,
        call: Call,
        method: &str,
        params: Vec<Value>,
        outbox: &mut Outbox,
    ) -> Result<Answer, Fault> {
        let unknown = || Fault::new(FaultCode::UnknownMethod);
        let (namespace, name) = method.split_once('.').ok_or_else(unknown)?;
        if name.contains('.') || name.starts_with('_') {
            return Err(unknown());
        }
        let is_foreign = self.plugin_namespaces.contains_key(namespace);
        let is_replaced = self.standard_namespace(namespace) == Some(STANDARD)
            && self.hooks.methods.contains_key(name)
            && !call.is_native;
        if is_foreign || is_replaced {
            let (request, namespace, method) = (call.request, namespace.to_owned(), name.to_owned());
            outbox.effects.push(Effect::CallPlugin { request, namespace, method, params });
            return Ok(Answer::Later);
        }
        let namespace = self.standard_namespace(namespace).ok_or_else(unknown)?;
        self.call_standard(call, (namespace, name), params, outbox)
    }

    fn call_standard(
        &mut self,
        call: Call,
        (namespace, name): (&str, &str),
        params: Vec<Value>,
        outbox: &mut Outbox,
    ) -> Result<Answer, Fault> {
        let entry = table::find(namespace, name).ok_or_else(|| Fault::new(FaultCode::UnknownMethod))?;
        let arguments = Arguments::of(entry, params)?;
        if !entry.works_in_shutdown && !self.mood().allows_starts() {
            return Err(Fault::new(FaultCode::ShutdownState));
        }
        (entry.handler)(self, call, &arguments, outbox)
    }

    /// `supervisor` or `system` for the namespaces this crate answers.
    fn standard_namespace(&self, name: &str) -> Option<&'static str> {
        let is_standard = || {
            let mut interfaces = self.settings.rpc_interfaces.iter();
            interfaces.any(|interface| interface.name == name && interface.is_standard())
        };
        if name == SYSTEM {
            Some(SYSTEM)
        } else if is_standard() {
            Some(STANDARD)
        } else {
            None
        }
    }

    /// Answers a request, which ends it; the answer of a part goes to the request it belongs to.
    pub(crate) fn reply(&mut self, request: RequestId, answer: Result<Value, Fault>, outbox: &mut Outbox) {
        self.requests.close(request);
        if !request.is_part() {
            outbox.effects.push(Effect::Reply { request, answer });
        } else if let Some(parent) = self.parts.end(request) {
            self.keep_answer(parent, answer);
            outbox.continued.push(parent);
        }
    }
}
