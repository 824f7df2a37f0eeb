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
pub mod method;
mod multicall;
mod operate;
mod requests;
mod system;
pub mod table;
mod talk;

pub use daemon::API_VERSION;
pub use fault::{Fault, FaultCode};
pub use method::{Method, Parameter, ParameterKind};
pub(crate) use multicall::Parts;
pub(crate) use requests::Requests;
pub use table::METHODS;

use crate::core::Core;
use crate::effect::{Effect, RequestId};
use crate::input::Now;
use crate::outbox::Outbox;
use crate::xml::{MethodCall, Value};
use arguments::Arguments;
use method::Handler;

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

/// Who answers a call.
enum Callee<'a> {
    /// This crate.
    Own(&'static Method),
    /// A plug-in, by namespace and method.
    Plugin(&'a str, &'a str),
}

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
        let answer = table::find(STANDARD, method)
            .ok_or_else(|| Fault::new(FaultCode::UnknownMethod))
            .and_then(|method| self.call_own(call, method, params, outbox));
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

    /// Answers a call that only looks, which is no step of the core. Any other call is given back.
    ///
    /// # Errors
    /// The call, where its method may do more or a plug-in answers it.
    pub fn look(&self, now: Now, call: MethodCall) -> Result<Result<Value, Fault>, MethodCall> {
        match self.callee(&call.method, false) {
            Ok(Callee::Own(method @ Method { handler: Handler::Look(look), .. })) => {
                Ok(self.admit(method, call.params).and_then(|arguments| look(self, now, &arguments)))
            }
            _ => Err(call),
        }
    }

    fn call(
        &mut self,
        call: Call,
        method: &str,
        params: Vec<Value>,
        outbox: &mut Outbox,
    ) -> Result<Answer, Fault> {
        match self.callee(method, call.is_native)? {
            Callee::Own(method) => self.call_own(call, method, params, outbox),
            Callee::Plugin(namespace, method) => {
                let (request, namespace, method) = (call.request, namespace.to_owned(), method.to_owned());
                outbox.effects.push(Effect::CallPlugin { request, namespace, method, params });
                Ok(Answer::Later)
            }
        }
    }

    fn call_own(
        &mut self,
        call: Call,
        method: &Method,
        params: Vec<Value>,
        outbox: &mut Outbox,
    ) -> Result<Answer, Fault> {
        let arguments = self.admit(method, params)?;
        match method.handler {
            Handler::Look(look) => look(self, call.now, &arguments).map(Answer::Now),
            Handler::Act(act) => act(self, call, &arguments, outbox),
        }
    }

    /// The arguments of a call, if they are the method's and it is not refused.
    fn admit(&self, method: &Method, params: Vec<Value>) -> Result<Arguments, Fault> {
        let arguments = Arguments::of(method, params)?;
        if !method.works_in_shutdown && !self.mood().allows_starts() {
            return Err(Fault::new(FaultCode::ShutdownState));
        }
        Ok(arguments)
    }

    /// Who answers a call of a method; its own of the standard interface count as they are where `is_native`.
    fn callee<'a>(&self, method: &'a str, is_native: bool) -> Result<Callee<'a>, Fault> {
        let unknown = || Fault::new(FaultCode::UnknownMethod);
        let (namespace, name) = method.split_once('.').ok_or_else(unknown)?;
        if name.contains('.') || name.starts_with('_') {
            return Err(unknown());
        }
        if self.plugin_namespaces.contains_key(namespace) {
            return Ok(Callee::Plugin(namespace, name));
        }
        let standard = self.standard_namespace(namespace).ok_or_else(unknown)?;
        if standard == STANDARD && !is_native && self.hooks.methods.contains_key(name) {
            return Ok(Callee::Plugin(namespace, name));
        }
        table::find(standard, name).map(Callee::Own).ok_or_else(unknown)
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
