//! `system.multicall`: several calls in one request, made one after the other (parity 4).
//!
//! Each call is a request of its own, with a number that no client's request has. A call that is answered later
//! holds up those behind it; its answer lets them go on. The request's answer is the array of all answers, values as
//! they are and faults as structs.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use crate::core::Core;
use crate::effect::RequestId;
use crate::input::Now;
use crate::outbox::Outbox;
use crate::rpc::arguments::Arguments;
use crate::rpc::requests::Open;
use crate::rpc::{Answer, Call, Fault, FaultCode};
use crate::xml::Value;

/// Requests of the core itself have this bit; those of clients are counted from 1.
const PART: u64 = 1 << 63;

impl RequestId {
    /// Whether it is a call within a `system.multicall`, which no client waits for: its answer, where the engine
    /// makes it, belongs to the core.
    #[must_use]
    pub fn is_part(self) -> bool {
        self.0 & PART != 0
    }
}

/// A `system.multicall` under way.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Multicall {
    /// Calls not made yet: method and arguments, or what is wrong with the call.
    calls: VecDeque<Result<(String, Vec<Value>), Fault>>,
    answers: Vec<Value>,
}

/// The calls that have not been answered, with the requests they belong to.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Parts {
    parents: BTreeMap<RequestId, RequestId>,
    last: u64,
}

impl Parts {
    fn begin(&mut self, parent: RequestId) -> RequestId {
        self.last += 1;
        let part = RequestId(PART | self.last);
        self.parents.insert(part, parent);
        part
    }

    /// Ends a call; the request it belongs to.
    pub(crate) fn end(&mut self, part: RequestId) -> Option<RequestId> {
        self.parents.remove(&part)
    }
}

pub(crate) fn multicall(
    core: &mut Core,
    call: Call,
    arguments: &Arguments,
    outbox: &mut Outbox,
) -> Result<Answer, Fault> {
    let calls = arguments.array(0)?.iter().map(read_call).collect();
    core.requests.open(call.request, Open::Multicall(Multicall { calls, answers: Vec::new() }));
    core.proceed_multicall(call.now, call.request, outbox);
    Ok(Answer::Later)
}

fn read_call(call: &Value) -> Result<(String, Vec<Value>), Fault> {
    let incorrect = |extra: &str| Fault::with(FaultCode::IncorrectParameters, extra);
    let Value::Struct(members) = call else { return Err(incorrect("No methodName")) };
    // The last of several members of one name wins, as in Python.
    let member = |name: &str| members.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value);
    let Some(Value::String(method)) = member("methodName") else { return Err(incorrect("No methodName")) };
    if method == "system.multicall" {
        return Err(incorrect("Recursive system.multicall forbidden"));
    }
    let params = match member("params") {
        None => Vec::new(),
        Some(Value::Array(params)) => params.clone(),
        Some(_) => return Err(Fault::new(FaultCode::IncorrectParameters)),
    };
    Ok((method.clone(), params))
}

impl Core {
    /// Makes calls until one is answered later, or answers the request.
    pub(crate) fn proceed_multicall(&mut self, now: Now, request: RequestId, outbox: &mut Outbox) {
        loop {
            let Some(Open::Multicall(multicall)) = self.requests.get_mut(request) else { return };
            let Some(call) = multicall.calls.pop_front() else {
                let answers = std::mem::take(&mut multicall.answers);
                self.reply(request, Ok(Value::Array(answers)), outbox);
                return;
            };
            let answer = call.and_then(|(method, params)| {
                let part = self.parts.begin(request);
                let answer =
                    self.call(Call { now, request: part, is_native: false }, &method, params, outbox);
                if !matches!(answer, Ok(Answer::Later)) {
                    self.requests.close(part);
                    self.parts.end(part);
                }
                answer
            });
            match answer {
                Ok(Answer::Later) => return,
                Ok(Answer::Now(value)) => self.keep_answer(request, Ok(value)),
                Err(fault) => self.keep_answer(request, Err(fault)),
            }
        }
    }

    /// Keeps the answer of a call for the request that it belongs to.
    pub(crate) fn keep_answer(&mut self, request: RequestId, answer: Result<Value, Fault>) {
        if let Some(Open::Multicall(multicall)) = self.requests.get_mut(request) {
            multicall.answers.push(answer.unwrap_or_else(fault_value));
        }
    }
}

fn fault_value(fault: Fault) -> Value {
    Value::Struct(vec![
        ("faultCode".to_owned(), fault.code.into()),
        ("faultString".to_owned(), fault.text.into()),
    ])
}
