//! What a method is: its description and its code.

use crate::core::Core;
use crate::input::Now;
use crate::outbox::Outbox;
use crate::rpc::FaultCode::{self, IncorrectParameters, ShutdownState};
use crate::rpc::arguments::Arguments;
use crate::rpc::{Answer, Call, Fault};
use crate::xml::Value;

/// A method's code.
#[derive(Clone, Copy)]
pub(crate) enum Handler {
    /// It only looks: what it answers takes no step of the core.
    Look(fn(&Core, Now, &Arguments) -> Result<Value, Fault>),
    /// It may change something, and may answer later.
    Act(fn(&mut Core, Call, &Arguments, &mut Outbox) -> Result<Answer, Fault>),
}

/// A method of the XML-RPC interface.
pub struct Method {
    /// `supervisor` or `system`.
    pub namespace: &'static str,
    /// Its name behind the dot.
    pub name: &'static str,
    /// What it does, one sentence.
    pub summary: &'static str,
    /// What it takes.
    pub parameters: &'static [Parameter],
    /// What it returns: an XML-RPC type, and words for it.
    pub returns: (&'static str, &'static str),
    /// Its own faults; those that any call may be answered with ([`Self::faults`]) come on top.
    pub own_faults: &'static [FaultCode],
    /// It is not refused while everything stops.
    pub works_in_shutdown: bool,
    pub(crate) handler: Handler,
}

/// A parameter of a method.
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub kind: ParameterKind,
    /// What it is.
    pub meaning: &'static str,
    /// It may be left out.
    pub is_optional: bool,
}

/// Type of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterKind {
    /// Text.
    String,
    /// A whole number.
    Int,
    /// A truth value.
    Boolean,
    /// A list of values.
    Array,
}

impl ParameterKind {
    /// The XML-RPC type's name as `methodSignature` answers it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Int => "int",
            Self::Boolean => "boolean",
            Self::Array => "array",
        }
    }
}

impl Method {
    /// Every fault that a call of it can be answered with.
    pub fn faults(&self) -> impl Iterator<Item = FaultCode> {
        let refused = if self.works_in_shutdown { None } else { Some(ShutdownState) };
        std::iter::once(IncorrectParameters).chain(refused).chain(self.own_faults.iter().copied())
    }

    /// The same method, not refused while everything stops.
    pub(crate) const fn even_in_shutdown(mut self) -> Self {
        self.works_in_shutdown = true;
        self
    }

    /// Its help text: the summary, then a `@param` line for each parameter and a `@return` line.
    #[must_use]
    pub fn help(&self) -> String {
        let mut help = format!(" {}\n\n", self.summary);
        for parameter in self.parameters {
            let Parameter { name, meaning, .. } = parameter;
            help.push_str(&format!("@param {} {name} {meaning}\n", parameter.kind.name()));
        }
        let (kind, meaning) = self.returns;
        help.push_str(&format!("@return {kind} {meaning}\n"));
        help
    }
}

/// A parameter that must be given.
pub(crate) const fn parameter(name: &'static str, kind: ParameterKind, meaning: &'static str) -> Parameter {
    Parameter { name, kind, meaning, is_optional: false }
}

/// A method that is refused while everything stops.
pub(crate) const fn method(
    namespace: &'static str,
    name: &'static str,
    summary: &'static str,
    parameters: &'static [Parameter],
    returns: (&'static str, &'static str),
    own_faults: &'static [FaultCode],
    handler: Handler,
) -> Method {
    let works_in_shutdown = false;
    Method { namespace, name, summary, parameters, returns, own_faults, works_in_shutdown, handler }
}
