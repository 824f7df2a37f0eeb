//! What the engine tells the core, as data.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::config::Settings;
use crate::effect::{
    Channel, KillPurpose, LogClearError, LogReadError, LogText, ProcessId, RequestId, StdinError,
    StdinPurpose,
};
use crate::listener::protocol::Verdict;
use crate::plugin::PluginInput;
use crate::rpc::Fault;
use crate::signal::Signal;
use crate::state::Mood;
use crate::xml::Value;

/// The time of one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Now {
    /// Since an arbitrary moment; never goes back. Every delay is counted in it.
    pub monotonic: Duration,
    /// Since 1970, for display and for ticks only.
    pub wall: Duration,
    /// Seconds east of UTC of the local time at `wall`, for display only.
    pub utc_offset: i32,
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExitStatus {
    /// By itself, with this code.
    Code(i32),
    /// By a signal; the flag says whether it left a core file.
    Signal(Signal, bool),
}

/// Why a process could not be started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum SpawnError {
    /// No such file.
    NotFound {
        /// The file as looked for.
        filename: String,
    },
    /// The file is a folder.
    IsDirectory {
        /// The file as looked for.
        filename: String,
    },
    /// The file has no execute permission for anybody.
    NotExecutable {
        /// The file as looked for.
        filename: String,
    },
    /// The file may not be executed by the daemon's user.
    NoPermission {
        /// The file as looked for.
        filename: String,
    },
    /// Its FastCGI socket could not be made.
    Socket {
        /// The socket, as the configuration writes it.
        url: String,
        /// Why.
        reason: String,
    },
    /// Pipes could not be made.
    Pipes {
        /// The system's error number.
        errno: i32,
    },
    /// A log could not be opened.
    Log {
        /// Which file.
        path: PathBuf,
        /// The system's error number.
        errno: i32,
    },
    /// The process could not be made.
    Fork {
        /// The system's error number.
        errno: i32,
    },
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// The log is open: add the groups of the configuration.
    Load,
    /// Servers listen and plug-ins are loaded: start what starts by itself.
    Start {
        /// Pid of the daemon.
        pid: u32,
    },
    /// Time passed: see what is due.
    Timer,
    /// `Effect::Spawn` worked.
    Spawned {
        /// Which process.
        process: ProcessId,
        /// Its pid.
        pid: i32,
    },
    /// `Effect::Spawn` did not work.
    SpawnFailed {
        /// Which process.
        process: ProcessId,
        /// Why.
        error: SpawnError,
    },
    /// A process ended and its output has been read.
    Exited {
        /// Which process.
        process: ProcessId,
        /// How it ended.
        status: ExitStatus,
    },
    /// A child ended that is no process of ours: an orphan that the system gave to pid 1.
    OrphanExited {
        /// Its pid.
        pid: i32,
        /// How it ended.
        status: ExitStatus,
    },
    /// The outcome of `Effect::Kill`: an error number, or nothing.
    Killed {
        /// Which process.
        process: ProcessId,
        /// Which signal.
        signal: Signal,
        /// What for.
        purpose: KillPurpose,
        /// The system's error number, if it failed.
        error: Option<i32>,
    },
    /// The outcome of `Effect::WriteStdin`; that of an event only where it failed.
    StdinWritten {
        /// Whose input it is.
        process: ProcessId,
        /// What for.
        purpose: StdinPurpose,
        /// Why it could not be written, if so.
        error: Option<StdinError>,
    },
    /// A listener wrote to its standard output.
    ListenerOutput {
        /// Which process.
        process: ProcessId,
        /// What it wrote.
        data: Vec<u8>,
    },
    /// The outcome of `Effect::Judge`.
    Judged {
        /// The listener.
        process: ProcessId,
        /// What the handler says of its result.
        verdict: Verdict,
    },
    /// A process wrote something between the tokens of capture mode.
    Captured {
        /// Which process.
        process: ProcessId,
        /// To which stream.
        channel: Channel,
        /// What it wrote.
        data: Vec<u8>,
    },
    /// A process with PROCESS_LOG events wrote something.
    Output {
        /// Which process.
        process: ProcessId,
        /// To which stream.
        channel: Channel,
        /// What it wrote.
        data: Vec<u8>,
    },
    /// The outcome of `Effect::CheckCommand`.
    CommandChecked {
        /// Who wanted to know.
        request: RequestId,
        /// Whose command it is.
        process: ProcessId,
        /// Why it could not be started, if so.
        error: Option<SpawnError>,
    },
    /// The outcome of `Effect::CreateAutomaticLog`; no path where it failed.
    AutomaticLogCreated {
        /// Whose log it is.
        process: ProcessId,
        /// Of which stream.
        channel: Channel,
        /// The file.
        path: Option<PathBuf>,
    },
    /// The outcome of `Effect::ReadLog`.
    LogRead {
        /// Who wanted to know.
        request: RequestId,
        /// What was found.
        result: Result<LogText, LogReadError>,
    },
    /// The outcome of `Effect::ClearLogs`.
    LogsCleared {
        /// Who wanted it.
        request: RequestId,
        /// For the main log one outcome, else one for each process in the order they were named.
        results: Vec<Result<(), LogClearError>>,
    },
    /// The outcome of `Effect::ReadConfiguration`.
    ConfigurationRead {
        /// Who wanted it.
        request: RequestId,
        /// What it says, or the text of what is wrong with it.
        result: Result<Box<Settings>, String>,
    },
    /// A client calls a method.
    Request {
        /// To answer it by.
        request: RequestId,
        /// `namespace.method`.
        method: String,
        /// Its arguments.
        params: Vec<Value>,
    },
    /// The daemon's own pages call a method of the standard interface, which answers them even where no section of
    /// the configuration gives it a name.
    Command {
        /// To answer it by.
        request: RequestId,
        /// The method's name alone.
        method: &'static str,
        /// Its arguments.
        params: Vec<Value>,
    },
    /// A plug-in answered a call that is a part of a request (see [`RequestId::is_part`]); other answers of
    /// plug-ins the engine gives to the client itself.
    PluginAnswered {
        /// Which call.
        request: RequestId,
        /// The value, or the fault.
        answer: Result<Value, Fault>,
    },
    /// The daemon received a signal.
    Signal(Signal),
    /// A plug-in assigned the daemon's mood.
    SetMood(Mood),
    /// A plug-in wants something else.
    Plugin(PluginInput),
    /// A plug-in asks for a process to be spawned now, whatever replaced the ordinary way.
    SpawnNow(ProcessId),
    /// The plug-in that replaced the way processes are spawned has been called for this one.
    SpawnOverrideReturned(ProcessId),
    /// A plug-in answers a namespace of the XML-RPC interface.
    RegisterNamespace {
        /// Its name, before the dot.
        name: String,
        /// Its methods with their help texts.
        methods: Vec<(String, String)>,
    },
}
