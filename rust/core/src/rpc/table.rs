//! The method table: from it methods are dispatched, listed, explained and documented ([`super::document`]).

use crate::core::Core;
use crate::effect::{Channel, LogReadMode};
use crate::rpc::FaultCode::{
    self, AbnormalTermination, AlreadyAdded, AlreadyStarted, BadArguments, BadName, BadSignal, CantReread,
    Failed, NoFile, NotExecutable, NotRunning, SignatureUnsupported, SpawnError, StillRunning,
};
use crate::rpc::method::Handler::{self, Act, Look};
use crate::rpc::method::{Method, Parameter, ParameterKind, method, parameter};
use crate::rpc::{STANDARD, SYSTEM, daemon, groups, info, logs, multicall, operate, system, talk};

/// The method of a namespace and name.
pub(crate) fn find(namespace: &str, name: &str) -> Option<&'static Method> {
    METHODS.iter().find(|method| method.namespace == namespace && method.name == name)
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

/// A log of a process is read.
const READ_STDOUT: Handler = Act(|core, call, arguments, outbox| {
    core.read_process(call, arguments, Channel::Stdout, LogReadMode::Read, outbox)
});
const READ_STDERR: Handler = Act(|core, call, arguments, outbox| {
    core.read_process(call, arguments, Channel::Stderr, LogReadMode::Read, outbox)
});
const TAIL_STDOUT: Handler = Act(|core, call, arguments, outbox| {
    core.read_process(call, arguments, Channel::Stdout, LogReadMode::Tail, outbox)
});
const TAIL_STDERR: Handler = Act(|core, call, arguments, outbox| {
    core.read_process(call, arguments, Channel::Stderr, LogReadMode::Tail, outbox)
});

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
        Look(daemon::get_api_version),
    ),
    method(
        STANDARD,
        "getVersion",
        "Tells the version of this interface, under its old name.",
        &[],
        ("string", "the version"),
        &[],
        Look(daemon::get_api_version),
    ),
    method(
        STANDARD,
        "getSupervisorVersion",
        "Tells which Supervisor answers, and its version.",
        &[],
        ("string", "the version"),
        &[],
        Look(daemon::get_supervisor_version),
    ),
    method(
        STANDARD,
        "getIdentification",
        "Tells the identifier that the configuration gives this daemon.",
        &[],
        ("string", "the identifier"),
        &[],
        Look(daemon::get_identification),
    ),
    method(
        STANDARD,
        "getState",
        "Tells the state of the daemon.",
        &[],
        ("struct", "int statecode and string statename"),
        &[],
        Look(daemon::get_state),
    ),
    method(
        STANDARD,
        "getPID",
        "Tells the daemon's pid.",
        &[],
        ("int", "the pid"),
        &[],
        Look(daemon::get_pid),
    ),
    method(
        STANDARD,
        "readLog",
        "Reads a part of the main log.",
        &[OFFSET, LENGTH],
        LOG_TEXT,
        &[NoFile, BadArguments, Failed],
        Act(logs::read_log),
    ),
    method(
        STANDARD,
        "readMainLog",
        "Reads a part of the main log, under its old name.",
        &[OFFSET, LENGTH],
        LOG_TEXT,
        &[NoFile, BadArguments, Failed],
        Act(logs::read_log),
    ),
    method(
        STANDARD,
        "shutdown",
        "Stops all processes, then the daemon.",
        &[],
        TRUE,
        &[],
        Act(daemon::shutdown),
    ),
    method(
        STANDARD,
        "restart",
        "Stops all processes, reads the configuration again and starts anew in the same process.",
        &[],
        TRUE,
        &[],
        Act(daemon::restart),
    ),
    method(
        STANDARD,
        "reloadConfig",
        "Reads the configuration again and tells what differs from the groups in use; applies nothing.",
        &[],
        ("array", "one array of three: names of added, of changed and of removed groups"),
        &[CantReread],
        Act(groups::reload_config),
    ),
    method(
        STANDARD,
        "addProcessGroup",
        "Takes a group of the configuration, as it was read last, into use.",
        &[GROUP],
        TRUE,
        &[BadName, AlreadyAdded],
        Act(|core, _, arguments, outbox| groups::change(core, arguments, Core::add_staged_group, outbox)),
    ),
    method(
        STANDARD,
        "removeProcessGroup",
        "Lets go of a group whose processes are all stopped.",
        &[GROUP],
        TRUE,
        &[BadName, StillRunning],
        Act(|core, _, arguments, outbox| groups::change(core, arguments, Core::remove_group, outbox)),
    ),
    method(
        STANDARD,
        "startProcess",
        "Starts a process.",
        &[NAME_OR_GROUP, WAIT_STARTED],
        TRUE,
        START,
        Act(operate::start_process),
    ),
    method(
        STANDARD,
        "startProcessGroup",
        "Starts all processes of a group that are not running, in the order of their priorities.",
        &[GROUP, WAIT_STARTED],
        RESULTS,
        &[BadName],
        Act(operate::start_process_group),
    ),
    method(
        STANDARD,
        "startAllProcesses",
        "Starts all processes that are not running, in the order of their priorities.",
        &[WAIT_STARTED],
        RESULTS,
        &[],
        Act(operate::start_all_processes),
    ),
    method(
        STANDARD,
        "stopProcess",
        "Stops a process.",
        &[NAME_OR_GROUP, WAIT_STOPPED],
        TRUE,
        &[BadName, NotRunning, Failed],
        Act(operate::stop_process),
    ),
    method(
        STANDARD,
        "stopProcessGroup",
        "Stops all running processes of a group.",
        &[GROUP, WAIT_STOPPED],
        RESULTS,
        &[BadName],
        Act(operate::stop_process_group),
    ),
    method(
        STANDARD,
        "stopAllProcesses",
        "Stops all running processes.",
        &[WAIT_STOPPED],
        RESULTS,
        &[],
        Act(operate::stop_all_processes),
    ),
    method(
        STANDARD,
        "signalProcess",
        "Sends a signal to a process.",
        &[NAME_OR_GROUP, SIGNAL],
        TRUE,
        &[BadName, BadSignal, NotRunning, Failed],
        Act(operate::signal_process),
    ),
    method(
        STANDARD,
        "signalProcessGroup",
        "Sends a signal to all processes of a group.",
        &[GROUP, SIGNAL],
        RESULTS,
        &[BadName],
        Act(operate::signal_process_group),
    ),
    method(
        STANDARD,
        "signalAllProcesses",
        "Sends a signal to all processes.",
        &[SIGNAL],
        RESULTS,
        &[],
        Act(operate::signal_all_processes),
    ),
    method(
        STANDARD,
        "getAllConfigInfo",
        "Tells what the configuration, as it was read last, says of every process.",
        &[],
        ("array", "a struct of options for each process, by name, with its group and whether that is in use"),
        &[],
        Look(groups::get_all_config_info),
    ),
    method(
        STANDARD,
        "getProcessInfo",
        "Tells about a process.",
        &[NAME],
        ("struct", "name, group, state, times, pid, logs and what went wrong last"),
        &[BadName],
        Look(info::get_process_info),
    ),
    method(
        STANDARD,
        "getAllProcessInfo",
        "Tells about all processes, by group and name.",
        &[],
        ("array", "a struct as getProcessInfo returns it for each process"),
        &[],
        Look(info::get_all_process_info),
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
    method(STANDARD, "clearLog", "Empties the main log.", &[], TRUE, &[NoFile, Failed], Act(logs::clear_log)),
    method(
        STANDARD,
        "clearProcessLogs",
        "Empties the logs of a process' output, if it runs.",
        &[NAME],
        TRUE,
        &[BadName, Failed],
        Act(logs::clear_process_logs),
    ),
    method(
        STANDARD,
        "clearProcessLog",
        "Empties the logs of a process' output, if it runs, under its old name.",
        &[NAME],
        TRUE,
        &[BadName, Failed],
        Act(logs::clear_process_logs),
    ),
    method(
        STANDARD,
        "clearAllProcessLogs",
        "Empties the logs of all running processes.",
        &[],
        RESULTS,
        &[],
        Act(logs::clear_all_process_logs),
    ),
    method(
        STANDARD,
        "sendProcessStdin",
        "Writes a text, as UTF-8, to the standard input of a process.",
        &[NAME, parameter("chars", ParameterKind::String, "the text")],
        TRUE,
        &[BadName, NotRunning, NoFile, Failed],
        Act(talk::send_process_stdin),
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
        Act(talk::send_remote_comm_event),
    )
    .even_in_shutdown(),
    method(
        SYSTEM,
        "listMethods",
        "Lists the methods that can be called.",
        &[],
        ("array", "their names, sorted"),
        &[],
        Look(system::list_methods),
    )
    .even_in_shutdown(),
    method(
        SYSTEM,
        "methodHelp",
        "Explains a method.",
        &[METHOD_NAME],
        ("string", "its help text"),
        &[SignatureUnsupported],
        Look(system::method_help),
    )
    .even_in_shutdown(),
    method(
        SYSTEM,
        "methodSignature",
        "Tells the types of a method: what it returns, then what it takes.",
        &[METHOD_NAME],
        ("array", "the types' names"),
        &[SignatureUnsupported],
        Look(system::method_signature),
    )
    .even_in_shutdown(),
    method(
        SYSTEM,
        "multicall",
        "Makes several calls, one after the other, each when the one before is answered.",
        &[CALLS],
        ("array", "the answer of each call: its value, or a struct of int faultCode and string faultString"),
        &[],
        Act(multicall::multicall),
    )
    .even_in_shutdown(),
];
