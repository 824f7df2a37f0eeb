//! Methods that start, stop and signal processes.

use crate::config::LogTarget;
use crate::core::Core;
use crate::effect::{Effect, ProcessId, RequestId};
use crate::group::Namespec;
use crate::input::{Now, SpawnError};
use crate::operation::{Operation, OperationKind};
use crate::outbox::Outbox;
use crate::process::Process;
use crate::rpc::arguments::Arguments;
use crate::rpc::requests::{ItemResult, Open};
use crate::rpc::{Answer, Call, Fault, FaultCode};
use crate::signal::Signal;
use crate::spawning::configured_path;
use crate::state::ProcessState;
use crate::xml::Value;

/// What is asked of one or several processes.
#[derive(Clone)]
enum Wish {
    Start {
        wait: bool,
    },
    Stop {
        wait: bool,
    },
    /// The signal as the client wrote it.
    Signal(String),
}

impl Wish {
    /// Which processes a request for several asks it of.
    fn concerns(&self, state: ProcessState) -> bool {
        match self {
            Self::Start { .. } => !state.is_running(),
            Self::Stop { .. } => state.is_running(),
            Self::Signal(_) => state.can_be_signalled(),
        }
    }
}

/// What a name in a call means.
pub(crate) enum Target {
    Process(ProcessId),
    Group(String),
}

pub(crate) fn start_process(
    core: &mut Core,
    call: Call,
    arguments: &Arguments,
    outbox: &mut Outbox,
) -> Result<Answer, Fault> {
    core.one(call, arguments, &Wish::Start { wait: arguments.truth(1) }, outbox)
}

pub(crate) fn start_process_group(
    core: &mut Core,
    call: Call,
    arguments: &Arguments,
    outbox: &mut Outbox,
) -> Result<Answer, Fault> {
    core.group_of(call, arguments.text(0)?, &Wish::Start { wait: arguments.truth(1) }, outbox)
}

pub(crate) fn start_all_processes(
    core: &mut Core,
    call: Call,
    arguments: &Arguments,
    outbox: &mut Outbox,
) -> Result<Answer, Fault> {
    core.all(call, &Wish::Start { wait: arguments.truth(0) }, outbox)
}

pub(crate) fn stop_process(
    core: &mut Core,
    call: Call,
    arguments: &Arguments,
    outbox: &mut Outbox,
) -> Result<Answer, Fault> {
    core.one(call, arguments, &Wish::Stop { wait: arguments.truth(1) }, outbox)
}

pub(crate) fn stop_process_group(
    core: &mut Core,
    call: Call,
    arguments: &Arguments,
    outbox: &mut Outbox,
) -> Result<Answer, Fault> {
    core.group_of(call, arguments.text(0)?, &Wish::Stop { wait: arguments.truth(1) }, outbox)
}

pub(crate) fn stop_all_processes(
    core: &mut Core,
    call: Call,
    arguments: &Arguments,
    outbox: &mut Outbox,
) -> Result<Answer, Fault> {
    core.all(call, &Wish::Stop { wait: arguments.truth(0) }, outbox)
}

pub(crate) fn signal_process(
    core: &mut Core,
    call: Call,
    arguments: &Arguments,
    outbox: &mut Outbox,
) -> Result<Answer, Fault> {
    core.one(call, arguments, &Wish::Signal(arguments.text_or_number(1)?), outbox)
}

pub(crate) fn signal_process_group(
    core: &mut Core,
    call: Call,
    arguments: &Arguments,
    outbox: &mut Outbox,
) -> Result<Answer, Fault> {
    core.group_of(call, arguments.text(0)?, &Wish::Signal(arguments.text_or_number(1)?), outbox)
}

pub(crate) fn signal_all_processes(
    core: &mut Core,
    call: Call,
    arguments: &Arguments,
    outbox: &mut Outbox,
) -> Result<Answer, Fault> {
    core.all(call, &Wish::Signal(arguments.text_or_number(0)?), outbox)
}

impl Core {
    /// What a name means; `BAD_NAME` for nothing.
    pub(crate) fn target(&self, name: &str) -> Result<Target, Fault> {
        let bad_name = || Fault::with(FaultCode::BadName, name);
        let namespec = Namespec::parse(name);
        let group = self.groups.get(namespec.group).ok_or_else(bad_name)?;
        match namespec.process {
            None => Ok(Target::Group(group.name.clone())),
            Some(process) => {
                let process = self.find(&group.name, process).ok_or_else(bad_name)?;
                Ok(Target::Process(process.id))
            }
        }
    }

    /// The process that a name means; `BAD_NAME` for nothing, and for a whole group.
    pub(crate) fn target_process(&self, name: &str) -> Result<&Process, Fault> {
        match self.target(name)? {
            Target::Process(id) => self.process(id).ok_or_else(|| Fault::with(FaultCode::BadName, name)),
            Target::Group(_) => Err(Fault::with(FaultCode::BadName, name)),
        }
    }

    fn one(
        &mut self,
        call: Call,
        arguments: &Arguments,
        wish: &Wish,
        outbox: &mut Outbox,
    ) -> Result<Answer, Fault> {
        let name = arguments.text(0)?.to_owned();
        match self.target(&name)? {
            Target::Group(group) => self.group_of(call, &group, wish, outbox),
            Target::Process(process) => {
                self.requests.open(call.request, Open::One);
                self.begin(call, process, (&name, 0), wish, outbox)?;
                Ok(Answer::Later)
            }
        }
    }

    fn group_of(
        &mut self,
        call: Call,
        group: &str,
        wish: &Wish,
        outbox: &mut Outbox,
    ) -> Result<Answer, Fault> {
        if !self.groups.contains_key(group) {
            return Err(Fault::with(FaultCode::BadName, group));
        }
        let mut members: Vec<&Process> = self.members(group).collect();
        members.sort_by_key(|process| process.config.priority);
        let members = members.into_iter().map(|process| process.id).collect();
        Ok(self.many(call, members, wish, outbox))
    }

    fn all(&mut self, call: Call, wish: &Wish, outbox: &mut Outbox) -> Result<Answer, Fault> {
        let members = self.by_priority();
        Ok(self.many(call, members, wish, outbox))
    }

    /// All processes, groups by their priority and processes in a group by theirs.
    pub(crate) fn by_priority(&self) -> Vec<ProcessId> {
        let mut groups: Vec<_> = self.groups().collect();
        groups.sort_by_key(|group| group.priority);
        let mut members = Vec::new();
        for group in groups {
            let mut processes: Vec<&Process> = self.members(&group.name).collect();
            processes.sort_by_key(|process| process.config.priority);
            members.extend(processes.into_iter().map(|process| process.id));
        }
        members
    }

    /// Asks it of every process it concerns; answered when all of them are done.
    fn many(&mut self, call: Call, members: Vec<ProcessId>, wish: &Wish, outbox: &mut Outbox) -> Answer {
        let concerned: Vec<(ProcessId, String, String)> = members
            .into_iter()
            .filter_map(|id| self.process(id))
            .filter(|process| wish.concerns(process.state))
            .map(|process| (process.id, process.group.clone(), process.config.name.clone()))
            .collect();
        if concerned.is_empty() {
            return Answer::Now(Value::Array(Vec::new()));
        }
        self.requests.open(call.request, Open::Many { results: Vec::new(), outstanding: concerned.len() });
        for (order, (process, group, name)) in concerned.into_iter().enumerate() {
            let target = Namespec::join(&group, &name);
            if let Err(fault) = self.begin(call, process, (&target, order), wish, outbox) {
                self.finish_item(call.request, ItemResult { name, group, fault: Some(fault) }, outbox);
            }
        }
        Answer::Later
    }

    /// Begins what is asked of one process. A fault says that it was refused; otherwise its operation is
    /// completed by a transition.
    fn begin(
        &mut self,
        call: Call,
        id: ProcessId,
        (target, order): (&str, usize),
        wish: &Wish,
        outbox: &mut Outbox,
    ) -> Result<(), Fault> {
        let Some(process) = self.process(id) else {
            return Err(Fault::with(FaultCode::BadName, target));
        };
        let operation = |kind| Operation { request: call.request, target: target.to_owned(), kind, order };
        match wish {
            Wish::Start { wait } => {
                let argv =
                    self.words_of(process).map_err(|why| Fault::with(FaultCode::NotExecutable, &why))?;
                let path = configured_path(&process.config.environment);
                let operation = operation(OperationKind::Start { wait: *wait });
                outbox.effects.push(Effect::CheckCommand { request: call.request, process: id, argv, path });
                self.with(id, |process| process.wait_for_check(operation));
            }
            Wish::Stop { wait } => {
                if !process.state.is_running() {
                    return Err(Fault::with(FaultCode::NotRunning, target));
                }
                let operation = operation(OperationKind::Stop { wait: *wait });
                self.with(id, |process| {
                    process.wait_for(operation);
                    process.stop(call.now, outbox);
                });
            }
            Wish::Signal(name) => {
                let signal = parse_signal(name).ok_or_else(|| Fault::with(FaultCode::BadSignal, name))?;
                if !process.state.can_be_signalled() || process.pid == 0 {
                    return Err(Fault::with(FaultCode::NotRunning, target));
                }
                let operation = operation(OperationKind::Signal);
                self.with(id, |process| process.signal(signal, operation, outbox));
            }
        }
        Ok(())
    }

    /// The engine looked at a command: now the process may be started, or not.
    pub(crate) fn on_command_checked(
        &mut self,
        now: Now,
        request: RequestId,
        id: ProcessId,
        error: Option<&SpawnError>,
        outbox: &mut Outbox,
    ) {
        let around = self.circumstances(now);
        self.with(id, |process| {
            let Some(operation) = process.take_checked(request) else { return };
            let OperationKind::Start { wait } = operation.kind else { return };
            let target = operation.target.clone();
            let is_stopping = process.state == ProcessState::Stopping;
            let refused = match error {
                Some(error) => {
                    let code =
                        if error.is_missing_file() { FaultCode::NoFile } else { FaultCode::NotExecutable };
                    Some(Fault::with(code, &error.message(&process.config.name)))
                }
                None if process.state.is_running() => Some(Fault::with(FaultCode::AlreadyStarted, &target)),
                None if process.state == ProcessState::Unknown => {
                    let extra = format!("{target} is in an unknown process state");
                    Some(Fault::with(FaultCode::Failed, &extra))
                }
                // Everything stops: nothing is started any more.
                None if !around.mood.allows_starts() => Some(Fault::new(FaultCode::ShutdownState)),
                None => None,
            };
            process.wait_for(operation);
            if let Some(fault) = refused {
                process.complete_request(request, &Err(fault), outbox);
                return;
            }
            process.spawn(around, outbox);
            if is_stopping {
                // Nothing was started. As in the original, only who wants to see it RUNNING is told so.
                let abnormal = || Fault::with(FaultCode::AbnormalTermination, &target);
                let outcome = if wait { Err(abnormal()) } else { Ok(()) };
                process.complete_request(request, &outcome, outbox);
            }
        });
    }

    /// Looks after the requests whose operations ended in this step.
    pub(crate) fn answer_completed(&mut self, outbox: &mut Outbox) {
        outbox.completed.sort_by_key(|completed| completed.operation.order);
        for completed in std::mem::take(&mut outbox.completed) {
            let request = completed.operation.request;
            match self.requests.get_mut(request) {
                Some(Open::One) => {
                    self.reply(request, completed.outcome.map(|()| Value::Bool(true)), outbox);
                }
                Some(Open::Many { .. }) => {
                    let (name, group) = (completed.name, completed.group);
                    self.finish_item(
                        request,
                        ItemResult { name, group, fault: completed.outcome.err() },
                        outbox,
                    );
                }
                Some(
                    Open::Log(_) | Open::Clear(_) | Open::Stdin(_) | Open::Configuration | Open::Multicall(_),
                )
                | None => {}
            }
        }
    }

    /// One process of a request for several is done; the last one answers the request.
    fn finish_item(&mut self, request: RequestId, item: ItemResult, outbox: &mut Outbox) {
        let Some(Open::Many { results, outstanding }) = self.requests.get_mut(request) else { return };
        results.push(item);
        *outstanding -= 1;
        if *outstanding == 0 {
            let values = std::mem::take(results).into_iter().map(ItemResult::into_value).collect();
            self.reply(request, Ok(Value::Array(values)), outbox);
        }
    }

    /// The log file of a process' stream, none when it is not a file.
    pub(crate) fn log_file(target: &LogTarget) -> Option<&std::path::Path> {
        match target {
            LogTarget::File(path) => Some(path),
            LogTarget::None | LogTarget::Automatic | LogTarget::Syslog => None,
        }
    }
}

/// A signal by number or by name with or without `SIG`.
fn parse_signal(text: &str) -> Option<Signal> {
    match text.trim().parse() {
        Ok(number) => Some(Signal(number)).filter(|signal| signal.is_known()),
        Err(_) => Signal::from_name(text.trim()),
    }
}
