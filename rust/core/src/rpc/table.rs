//! The method table: from it methods are dispatched, listed, explained and documented ([`super::document`]).

use crate::core::Core;
use crate::effect::{Channel, LogReadMode};
use crate::rpc::FaultCode::{
    self, AbnormalTermination, AlreadyAdded, AlreadyStarted, BadArguments, BadName, BadSignal, CantReread,
    Failed, IncorrectParameters, NoFile, NotExecutable, NotRunning, ShutdownState, SignatureUnsupported,
    SpawnError, StillRunning,
};
use crate::rpc::{Handler, STANDARD, SYSTEM, daemon, groups, info, logs, multicall, operate, system, talk};

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

/// The method of a namespace and name.
pub(crate) fn find(namespace: &str, name: &str) -> Option<&'static Method> {
    METHODS.iter().find(|method| method.namespace == namespace && method.name == name)
}

const fn parameter(name: &'static str, kind: ParameterKind, meaning: &'static str) -> Parameter {
    Parameter { name, kind, meaning, is_optional: false }
}

const NAME: Parameter =
    parameter("name", ParameterKind::String, "name of the process (`name` or `group:name`)");
const NAME_OR_GROUP: Parameter = parameter(
    "name",
    ParameterKind::String,
    "name of the process (`name`, `group:name`, or `group:*` for all)",
);
const GROUP: Parameter = parameter("name", ParameterKind::String, "name of the group");
const SIGNAL: Parameter =
    parameter("signal", ParameterKind::String, "the signal by name (`HUP`) or number (`1`)");
const METHOD_NAME: Parameter =
    parameter("name", ParameterKind::String, "the method with its namespace, as listMethods shows it");
const OFFSET: Parameter =
    parameter("offset", ParameterKind::Int, "where to begin, in bytes; negative to count from the end");
const LENGTH: Parameter = parameter("length", ParameterKind::Int, "how many bytes; 0 for all that follows");
const TAIL_OFFSET: Parameter =
    parameter("offset", ParameterKind::Int, "the offset that the last answer told, 0 at first");
const TAIL_LENGTH: Parameter = parameter("length", ParameterKind::Int, "at most this many bytes");

const CALLS: Parameter =
    parameter("calls", ParameterKind::Array, "structs of string methodName and array params");

const fn wait(meaning: &'static str) -> Parameter {
    Parameter { name: "wait", kind: ParameterKind::Boolean, meaning, is_optional: true }
}
const WAIT_STARTED: Parameter = wait("answer when it is RUNNING (the default), not as soon as it is spawned");
const WAIT_STOPPED: Parameter = wait("answer when it is gone (the default), not as soon as it was told");

const TRUE: (&str, &str) = ("boolean", "true unless there is a fault");
const RESULTS: (&str, &str) = ("array", "a struct of name, group, status and description for each process");
const LOG_TEXT: (&str, &str) = ("string", "the text");
const TAIL: (&str, &str) =
    ("array", "the text, the offset to ask for next, and whether something was left out before the text");

const fn method(
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

impl Method {
    /// The same method, not refused while everything stops.
    const fn even_in_shutdown(mut self) -> Self {
        self.works_in_shutdown = true;
        self
    }
}

/// A log of a process is read.
const READ_STDOUT: Handler = |core, call, arguments, outbox| {
    core.read_process(call, arguments, Channel::Stdout, LogReadMode::Read, outbox)
};
const READ_STDERR: Handler = |core, call, arguments, outbox| {
    core.read_process(call, arguments, Channel::Stderr, LogReadMode::Read, outbox)
};
const TAIL_STDOUT: Handler = |core, call, arguments, outbox| {
    core.read_process(call, arguments, Channel::Stdout, LogReadMode::Tail, outbox)
};
const TAIL_STDERR: Handler = |core, call, arguments, outbox| {
    core.read_process(call, arguments, Channel::Stderr, LogReadMode::Tail, outbox)
};

const START: &[FaultCode] =
    &[BadName, NoFile, NotExecutable, AlreadyStarted, Failed, SpawnError, AbnormalTermination];
const READ: &[FaultCode] = &[BadName, NoFile, BadArguments, Failed];

/// Every method, by namespace and subject.
pub const METHODS: &[Method] = &[
    method(
        STANDARD,
        "getAPIVersion",
        "Tells the version of this interface.",
        &[],
        ("string", "the version"),
        &[],
        daemon::get_api_version,
    ),
    method(
        STANDARD,
        "getVersion",
        "Tells the version of this interface, under its old name.",
        &[],
        ("string", "the version"),
        &[],
        daemon::get_api_version,
    ),
    method(
        STANDARD,
        "getSupervisorVersion",
        "Tells which Supervisor answers, and its version.",
        &[],
        ("string", "the version"),
        &[],
        daemon::get_supervisor_version,
    ),
    method(
        STANDARD,
        "getIdentification",
        "Tells the identifier that the configuration gives this daemon.",
        &[],
        ("string", "the identifier"),
        &[],
        daemon::get_identification,
    ),
    method(
        STANDARD,
        "getState",
        "Tells the state of the daemon.",
        &[],
        ("struct", "int statecode and string statename"),
        &[],
        daemon::get_state,
    ),
    method(STANDARD, "getPID", "Tells the daemon's pid.", &[], ("int", "the pid"), &[], daemon::get_pid),
    method(
        STANDARD,
        "readLog",
        "Reads a part of the main log.",
        &[OFFSET, LENGTH],
        LOG_TEXT,
        &[NoFile, BadArguments, Failed],
        logs::read_log,
    ),
    method(
        STANDARD,
        "readMainLog",
        "Reads a part of the main log, under its old name.",
        &[OFFSET, LENGTH],
        LOG_TEXT,
        &[NoFile, BadArguments, Failed],
        logs::read_log,
    ),
    method(STANDARD, "shutdown", "Stops all processes, then the daemon.", &[], TRUE, &[], daemon::shutdown),
    method(
        STANDARD,
        "restart",
        "Stops all processes, reads the configuration again and starts anew in the same process.",
        &[],
        TRUE,
        &[],
        daemon::restart,
    ),
    method(
        STANDARD,
        "reloadConfig",
        "Reads the configuration again and tells what differs from the groups in use; applies nothing.",
        &[],
        ("array", "one array of three: names of added, of changed and of removed groups"),
        &[CantReread],
        groups::reload_config,
    ),
    method(
        STANDARD,
        "addProcessGroup",
        "Takes a group of the configuration, as it was read last, into use.",
        &[GROUP],
        TRUE,
        &[BadName, AlreadyAdded],
        |core, _, arguments, outbox| groups::change(core, arguments, Core::add_staged_group, outbox),
    ),
    method(
        STANDARD,
        "removeProcessGroup",
        "Lets go of a group whose processes are all stopped.",
        &[GROUP],
        TRUE,
        &[BadName, StillRunning],
        |core, _, arguments, outbox| groups::change(core, arguments, Core::remove_group, outbox),
    ),
    method(
        STANDARD,
        "startProcess",
        "Starts a process.",
        &[NAME_OR_GROUP, WAIT_STARTED],
        TRUE,
        START,
        operate::start_process,
    ),
    method(
        STANDARD,
        "startProcessGroup",
        "Starts all processes of a group that are not running, in the order of their priorities.",
        &[GROUP, WAIT_STARTED],
        RESULTS,
        &[BadName],
        operate::start_process_group,
    ),
    method(
        STANDARD,
        "startAllProcesses",
        "Starts all processes that are not running, in the order of their priorities.",
        &[WAIT_STARTED],
        RESULTS,
        &[],
        operate::start_all_processes,
    ),
    method(
        STANDARD,
        "stopProcess",
        "Stops a process.",
        &[NAME_OR_GROUP, WAIT_STOPPED],
        TRUE,
        &[BadName, NotRunning, Failed],
        operate::stop_process,
    ),
    method(
        STANDARD,
        "stopProcessGroup",
        "Stops all running processes of a group.",
        &[GROUP, WAIT_STOPPED],
        RESULTS,
        &[BadName],
        operate::stop_process_group,
    ),
    method(
        STANDARD,
        "stopAllProcesses",
        "Stops all running processes.",
        &[WAIT_STOPPED],
        RESULTS,
        &[],
        operate::stop_all_processes,
    ),
    method(
        STANDARD,
        "signalProcess",
        "Sends a signal to a process.",
        &[NAME_OR_GROUP, SIGNAL],
        TRUE,
        &[BadName, BadSignal, NotRunning, Failed],
        operate::signal_process,
    ),
    method(
        STANDARD,
        "signalProcessGroup",
        "Sends a signal to all processes of a group.",
        &[GROUP, SIGNAL],
        RESULTS,
        &[BadName],
        operate::signal_process_group,
    ),
    method(
        STANDARD,
        "signalAllProcesses",
        "Sends a signal to all processes.",
        &[SIGNAL],
        RESULTS,
        &[],
        operate::signal_all_processes,
    ),
    method(
        STANDARD,
        "getAllConfigInfo",
        "Tells what the configuration, as it was read last, says of every process.",
        &[],
        ("array", "a struct of options for each process, by name, with its group and whether that is in use"),
        &[],
        groups::get_all_config_info,
    ),
    method(
        STANDARD,
        "getProcessInfo",
        "Tells about a process.",
        &[NAME],
        ("struct", "name, group, state, times, pid, logs and what went wrong last"),
        &[BadName],
        info::get_process_info,
    ),
    method(
        STANDARD,
        "getAllProcessInfo",
        "Tells about all processes, by group and name.",
        &[],
        ("array", "a struct as getProcessInfo returns it for each process"),
        &[],
        info::get_all_process_info,
    ),
    method(
        STANDARD,
        "readProcessStdoutLog",
        "Reads a part of a process' standard output log.",
        &[NAME, OFFSET, LENGTH],
        LOG_TEXT,
        READ,
        READ_STDOUT,
    ),
    method(
        STANDARD,
        "readProcessLog",
        "Reads a part of a process' standard output log, under its old name.",
        &[NAME, OFFSET, LENGTH],
        LOG_TEXT,
        READ,
        READ_STDOUT,
    ),
    method(
        STANDARD,
        "readProcessStderrLog",
        "Reads a part of a process' standard error log.",
        &[NAME, OFFSET, LENGTH],
        LOG_TEXT,
        READ,
        READ_STDERR,
    ),
    method(
        STANDARD,
        "tailProcessStdoutLog",
        "Reads the end of a process' standard output log, to be called again and again.",
        &[NAME, TAIL_OFFSET, TAIL_LENGTH],
        TAIL,
        &[BadName],
        TAIL_STDOUT,
    ),
    method(
        STANDARD,
        "tailProcessLog",
        "Reads the end of a process' standard output log, under its old name.",
        &[NAME, TAIL_OFFSET, TAIL_LENGTH],
        TAIL,
        &[BadName],
        TAIL_STDOUT,
    ),
    method(
        STANDARD,
        "tailProcessStderrLog",
        "Reads the end of a process' standard error log, to be called again and again.",
        &[NAME, TAIL_OFFSET, TAIL_LENGTH],
        TAIL,
        &[BadName],
        TAIL_STDERR,
    ),
    method(STANDARD, "clearLog", "Empties the main log.", &[], TRUE, &[NoFile, Failed], logs::clear_log),
    method(
        STANDARD,
        "clearProcessLogs",
        "Empties the logs of a process' output, if it runs.",
        &[NAME],
        TRUE,
        &[BadName, Failed],
        logs::clear_process_logs,
    ),
    method(
        STANDARD,
        "clearProcessLog",
        "Empties the logs of a process' output, if it runs, under its old name.",
        &[NAME],
        TRUE,
        &[BadName, Failed],
        logs::clear_process_logs,
    ),
    method(
        STANDARD,
        "clearAllProcessLogs",
        "Empties the logs of all running processes.",
        &[],
        RESULTS,
        &[],
        logs::clear_all_process_logs,
    ),
    method(
        STANDARD,
        "sendProcessStdin",
        "Writes a text, as UTF-8, to the standard input of a process.",
        &[NAME, parameter("chars", ParameterKind::String, "the text")],
        TRUE,
        &[BadName, NotRunning, NoFile, Failed],
        talk::send_process_stdin,
    ),
    method(
        STANDARD,
        "sendRemoteCommEvent",
        "Sends a message to the event listeners that subscribe to REMOTE_COMMUNICATION.",
        &[
            parameter("type", ParameterKind::String, "what kind of message it is"),
            parameter("data", ParameterKind::String, "the message"),
        ],
        TRUE,
        &[],
        talk::send_remote_comm_event,
    )
    .even_in_shutdown(),
    method(
        SYSTEM,
        "listMethods",
        "Lists the methods that can be called.",
        &[],
        ("array", "their names, sorted"),
        &[],
        system::list_methods,
    )
    .even_in_shutdown(),
    method(
        SYSTEM,
        "methodHelp",
        "Explains a method.",
        &[METHOD_NAME],
        ("string", "its help text"),
        &[SignatureUnsupported],
        system::method_help,
    )
    .even_in_shutdown(),
    method(
        SYSTEM,
        "methodSignature",
        "Tells the types of a method: what it returns, then what it takes.",
        &[METHOD_NAME],
        ("array", "the types' names"),
        &[SignatureUnsupported],
        system::method_signature,
    )
    .even_in_shutdown(),
    method(
        SYSTEM,
        "multicall",
        "Makes several calls, one after the other, each when the one before is answered.",
        &[CALLS],
        ("array", "the answer of each call: its value, or a struct of int faultCode and string faultString"),
        &[],
        multicall::multicall,
    )
    .even_in_shutdown(),
];
