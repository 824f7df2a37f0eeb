//! What the core asks of the engine, as data.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::config::{EnvironmentVariables, FcgiSocketSettings, LogLevel, LogTarget, OutputSettings};
use crate::event::Event;
use crate::input::ExitStatus;
use crate::rpc::Fault;
use crate::signal::Signal;
use crate::state::Mood;
use crate::xml::Value;

/// Names one process for as long as the daemon lives; never used again for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ProcessId(pub u64);

/// Names one request of a client until it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RequestId(pub u64);

impl RequestId {
    /// For what is asked without anybody waiting for the answer.
    pub const NOBODY: Self = Self(0);
}

/// An output stream of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Channel {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

impl Channel {
    /// `stdout` or `stderr`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }
}

/// Everything needed to start one process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SpawnPlan {
    /// Whose start it is.
    pub process: ProcessId,
    /// Name of the process.
    pub name: String,
    /// Name of its group.
    pub group: String,
    /// Words of the command; never empty.
    pub argv: Vec<String>,
    /// Value of `PATH` to look the first word up in, when the configuration sets one.
    pub path: Option<String>,
    /// Variables to set over the daemon's own environment, in this order, later ones winning (parity 6).
    pub environment: EnvironmentVariables,
    /// Folder to change to in the child, after the change of user.
    pub directory: Option<PathBuf>,
    /// Mask of the child.
    pub umask: Option<u32>,
    /// User to become, with its groups.
    pub user: Option<u32>,
    /// The socket that is its standard input, in place of a pipe, for a FastCGI program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub socket: Option<FcgiSocketSettings>,
    /// Join standard error to standard output: one pipe for both.
    pub redirect_stderr: bool,
    /// Standard output; an automatic log name is already a file here.
    pub stdout: OutputSettings,
    /// Standard error, unused with `redirect_stderr`.
    pub stderr: OutputSettings,
    /// Strip escape sequences from both.
    pub strip_ansi: bool,
    /// It is a listener: what it writes to its standard output comes back as `Input::ListenerOutput`.
    pub is_listener: bool,
}

/// A part of a log that a client wants to read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogRange {
    /// The log; [`LogTarget::File`] or nothing to be read.
    pub log: LogTarget,
    /// See [`LogReadMode`].
    pub offset: i64,
    /// See [`LogReadMode`].
    pub length: i64,
    /// How offset and length are meant.
    pub mode: LogReadMode,
}

/// How offset and length of a log read are meant (parity 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LogReadMode {
    /// `readLog` and its kin: `length` bytes from `offset`; length 0 for all that follows; a negative offset
    /// with length 0 for the last bytes. Other negative values are `BAD_ARGUMENTS`.
    Read,
    /// `tailProcessLog` and its kin: at most `length` bytes up to the end, told with the offset of the end and
    /// whether bytes after `offset` were left out.
    Tail,
}

/// What a log read found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogText {
    /// The bytes read.
    pub bytes: Vec<u8>,
    /// Size of the log, the next offset to ask for.
    pub offset: u64,
    /// More was written since the asked offset than `length` allowed to answer.
    pub overflow: bool,
}

/// Why a log could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LogReadError {
    /// There is no such file, or it cannot be read from any offset (a pipe, a terminal).
    NoFile,
    /// Offset and length do not go together.
    BadArguments,
    /// The file is there and reading failed.
    Failed,
}

/// Which logs a client wants emptied: removed and made anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum LogsToClear {
    /// The main log.
    Main,
    /// The logs of these processes' output, as far as they run.
    Processes(Vec<ProcessId>),
}

/// Why a log could not be emptied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LogClearError {
    /// There is no such file.
    NoFile,
    /// It cannot be removed, or not be made anew.
    Failed,
}

/// Why a signal is sent, told back with the outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum KillPurpose {
    /// The process is to end.
    Stop,
    /// A client asked for this signal.
    Request(RequestId),
}

/// Why something is written to the standard input of a process, told back with the outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum StdinPurpose {
    /// An event for a listener. Only a failure is told back.
    Event,
    /// A client wants it.
    Request(RequestId),
}

/// Why something could not be written to the standard input of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum StdinError {
    /// Nobody reads it: the process closed it, or has none of its own.
    Closed,
    /// What was written before is not read yet, and there is no room for more.
    Full,
}

/// One thing for the engine to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Write a line to the main log.
    Log {
        /// Its severity.
        level: LogLevel,
        /// The text after the level.
        message: String,
    },
    /// Start a process; answered by `Input::Spawned` or `Input::SpawnFailed`.
    Spawn(Box<SpawnPlan>),
    /// A plug-in replaced the way processes are spawned: call it. What it starts comes back as
    /// `Input::SpawnNow`; if nothing comes back, the process stays as it is.
    CallSpawnOverride {
        /// Whose start it is.
        process: ProcessId,
    },
    /// A plug-in replaced what a process does each turn of the loop: call it for every process. For those that it
    /// leaves alone `PluginInput::Settle` comes back.
    CallTransitions,
    /// A plug-in replaced what is done when a process ended: call it. `PluginInput::Finish` comes back unless the
    /// plug-in does without.
    CallFinish {
        /// Which process.
        process: ProcessId,
        /// The pid it had.
        pid: i32,
        /// How it ended.
        status: ExitStatus,
    },
    /// See whether the command of a process could be started; answered by `Input::CommandChecked`.
    CheckCommand {
        /// Who wants to know.
        request: RequestId,
        /// Whose command it is.
        process: ProcessId,
        /// Words of the command; never empty.
        argv: Vec<String>,
        /// Value of `PATH` to look the first word up in, when the configuration sets one.
        path: Option<String>,
    },
    /// Send a signal; answered by `Input::Killed`.
    Kill {
        /// Whose signal it is.
        process: ProcessId,
        /// The process, its own group's leader.
        pid: i32,
        /// Send it to the whole process group.
        whole_group: bool,
        /// Which signal.
        signal: Signal,
        /// What for.
        purpose: KillPurpose,
    },
    /// Write to the standard input of a process, all or nothing, without waiting for it to be read; answered by
    /// `Input::StdinWritten`.
    WriteStdin {
        /// Whose input it is.
        process: ProcessId,
        /// What to write.
        bytes: Vec<u8>,
        /// What for.
        purpose: StdinPurpose,
    },
    /// Make a file for an automatic log; answered by `Input::AutomaticLogCreated`.
    CreateAutomaticLog {
        /// Whose log it is.
        process: ProcessId,
        /// Of which stream.
        channel: Channel,
        /// Beginning of the file's name: `<process>-<channel>---<identifier>-`.
        prefix: String,
    },
    /// Read a part of a log; answered by `Input::LogRead`.
    ReadLog {
        /// Who wants to know.
        request: RequestId,
        /// What is wanted.
        range: LogRange,
    },
    /// Empty logs; answered by `Input::LogsCleared`.
    ClearLogs {
        /// Who wants it.
        request: RequestId,
        /// Which logs.
        logs: LogsToClear,
    },
    /// Close and open again the main log and all child logs (SIGUSR2).
    ReopenLogs,
    /// Have a pool's own `result_handler` judge the result of a listener; answered by `Input::Judged`.
    Judge {
        /// The listener.
        process: ProcessId,
        /// `module:attribute` of the handler.
        handler: String,
        /// The event that the listener was busy with.
        event: Event,
        /// What it answered.
        result: Vec<u8>,
    },
    /// Read the configuration again; answered by `Input::ConfigurationRead`.
    ReadConfiguration {
        /// Who wants it.
        request: RequestId,
    },
    /// An event happened: for listeners and subscribers.
    Emit(Event),
    /// Answer a request.
    Reply {
        /// Which one.
        request: RequestId,
        /// The value, or the fault.
        answer: Result<Value, Fault>,
    },
    /// A method of a plug-in's namespace is wanted; the engine answers the request itself.
    CallPlugin {
        /// Which request.
        request: RequestId,
        /// Namespace of the plug-in.
        namespace: String,
        /// Method without the namespace.
        method: String,
        /// Its arguments.
        params: Vec<Value>,
    },
    /// Everything is stopped: end the daemon, or read the configuration and begin again.
    End(Mood),
}
