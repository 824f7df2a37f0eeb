//! The method table: from it methods are dispatched, listed, explained and documented.

use crate::rpc::{Handler, STANDARD, SYSTEM, daemon, groups, info, logs, multicall, operate, system};

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
    handler: Handler,
) -> Method {
    Method { namespace, name, summary, parameters, returns, handler }
}

/// Every method, by namespace and subject.
pub const METHODS: &[Method] = &[
    method(
        STANDARD,
        "getAPIVersion",
        "Tells the version of this interface.",
        &[],
        ("string", "the version"),
        daemon::get_api_version,
    ),
    method(
        STANDARD,
        "getVersion",
        "Tells the version of this interface, under its old name.",
        &[],
        ("string", "the version"),
        daemon::get_api_version,
    ),
    method(
        STANDARD,
        "getSupervisorVersion",
        "Tells which Supervisor answers, and its version.",
        &[],
        ("string", "the version"),
        daemon::get_supervisor_version,
    ),
    method(
        STANDARD,
        "getIdentification",
        "Tells the identifier that the configuration gives this daemon.",
        &[],
        ("string", "the identifier"),
        daemon::get_identification,
    ),
    method(
        STANDARD,
        "getState",
        "Tells the state of the daemon.",
        &[],
        ("struct", "int statecode and string statename"),
        daemon::get_state,
    ),
    method(STANDARD, "getPID", "Tells the daemon's pid.", &[], ("int", "the pid"), daemon::get_pid),
    method(STANDARD, "readLog", "Reads a part of the main log.", &[OFFSET, LENGTH], LOG_TEXT, logs::read_log),
    method(
        STANDARD,
        "readMainLog",
        "Reads a part of the main log, under its old name.",
        &[OFFSET, LENGTH],
        LOG_TEXT,
        logs::read_log,
    ),
    method(STANDARD, "shutdown", "Stops all processes, then the daemon.", &[], TRUE, daemon::shutdown),
    method(
        STANDARD,
        "restart",
        "Stops all processes, reads the configuration again and starts anew in the same process.",
        &[],
        TRUE,
        daemon::restart,
    ),
    method(
        STANDARD,
        "reloadConfig",
        "Reads the configuration again and tells what differs from the groups in use, without applying it.",
        &[],
        ("array", "one array of three: names of added, of changed and of removed groups"),
        groups::reload_config,
    ),
    method(
        STANDARD,
        "addProcessGroup",
        "Takes a group of the configuration, as it was read last, into use.",
        &[GROUP],
        TRUE,
        groups::add_process_group,
    ),
    method(
        STANDARD,
        "removeProcessGroup",
        "Lets go of a group whose processes are all stopped.",
        &[GROUP],
        TRUE,
        groups::remove_process_group,
    ),
    method(
        STANDARD,
        "startProcess",
        "Starts a process.",
        &[NAME_OR_GROUP, WAIT_STARTED],
        TRUE,
        operate::start_process,
    ),
    method(
        STANDARD,
        "startProcessGroup",
        "Starts all processes of a group that are not running, in the order of their priorities.",
        &[GROUP, WAIT_STARTED],
        RESULTS,
        operate::start_process_group,
    ),
    method(
        STANDARD,
        "startAllProcesses",
        "Starts all processes that are not running, in the order of their priorities.",
        &[WAIT_STARTED],
        RESULTS,
        operate::start_all_processes,
    ),
    method(
        STANDARD,
        "stopProcess",
        "Stops a process.",
        &[NAME_OR_GROUP, WAIT_STOPPED],
        TRUE,
        operate::stop_process,
    ),
    method(
        STANDARD,
        "stopProcessGroup",
        "Stops all running processes of a group.",
        &[GROUP, WAIT_STOPPED],
        RESULTS,
        operate::stop_process_group,
    ),
    method(
        STANDARD,
        "stopAllProcesses",
        "Stops all running processes.",
        &[WAIT_STOPPED],
        RESULTS,
        operate::stop_all_processes,
    ),
    method(
        STANDARD,
        "signalProcess",
        "Sends a signal to a process.",
        &[NAME_OR_GROUP, SIGNAL],
        TRUE,
        operate::signal_process,
    ),
    method(
        STANDARD,
        "signalProcessGroup",
        "Sends a signal to all processes of a group.",
        &[GROUP, SIGNAL],
        RESULTS,
        operate::signal_process_group,
    ),
    method(
        STANDARD,
        "signalAllProcesses",
        "Sends a signal to all processes.",
        &[SIGNAL],
        RESULTS,
        operate::signal_all_processes,
    ),
    method(
        STANDARD,
        "getAllConfigInfo",
        "Tells what the configuration, as it was read last, says of every process.",
        &[],
        ("array", "a struct of options for each process, by name, with its group and whether that is in use"),
        groups::get_all_config_info,
    ),
    method(
        STANDARD,
        "getProcessInfo",
        "Tells about a process.",
        &[NAME],
        ("struct", "name, group, state, times, pid, logs and what went wrong last"),
        info::get_process_info,
    ),
    method(
        STANDARD,
        "getAllProcessInfo",
        "Tells about all processes, by group and name.",
        &[],
        ("array", "a struct as getProcessInfo returns it for each process"),
        info::get_all_process_info,
    ),
    method(
        STANDARD,
        "readProcessStdoutLog",
        "Reads a part of a process' standard output log.",
        &[NAME, OFFSET, LENGTH],
        LOG_TEXT,
        logs::read_process_stdout_log,
    ),
    method(
        STANDARD,
        "readProcessLog",
        "Reads a part of a process' standard output log, under its old name.",
        &[NAME, OFFSET, LENGTH],
        LOG_TEXT,
        logs::read_process_stdout_log,
    ),
    method(
        STANDARD,
        "readProcessStderrLog",
        "Reads a part of a process' standard error log.",
        &[NAME, OFFSET, LENGTH],
        LOG_TEXT,
        logs::read_process_stderr_log,
    ),
    method(
        STANDARD,
        "tailProcessStdoutLog",
        "Reads the end of a process' standard output log, to be called again and again.",
        &[NAME, TAIL_OFFSET, TAIL_LENGTH],
        TAIL,
        logs::tail_process_stdout_log,
    ),
    method(
        STANDARD,
        "tailProcessLog",
        "Reads the end of a process' standard output log, under its old name.",
        &[NAME, TAIL_OFFSET, TAIL_LENGTH],
        TAIL,
        logs::tail_process_stdout_log,
    ),
    method(
        STANDARD,
        "tailProcessStderrLog",
        "Reads the end of a process' standard error log, to be called again and again.",
        &[NAME, TAIL_OFFSET, TAIL_LENGTH],
        TAIL,
        logs::tail_process_stderr_log,
    ),
    method(
        SYSTEM,
        "listMethods",
        "Lists the methods that can be called.",
        &[],
        ("array", "their names, sorted"),
        system::list_methods,
    ),
    method(
        SYSTEM,
        "methodHelp",
        "Explains a method.",
        &[METHOD_NAME],
        ("string", "its help text"),
        system::method_help,
    ),
    method(
        SYSTEM,
        "methodSignature",
        "Tells the types of a method: what it returns, then what it takes.",
        &[METHOD_NAME],
        ("array", "the types' names"),
        system::method_signature,
    ),
    method(
        SYSTEM,
        "multicall",
        "Makes several calls, one after the other, each when the one before is answered.",
        &[CALLS],
        ("array", "the answer of each call: its value, or a struct of int faultCode and string faultString"),
        multicall::multicall,
    ),
];
