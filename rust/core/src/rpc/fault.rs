//! Faults of the XML-RPC interface (parity 4).

use serde::{Deserialize, Serialize};

/// Fault codes; the numbers and names are those clients see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the name is all there is to say, it is what clients see")]
pub enum FaultCode {
    UnknownMethod = 1,
    IncorrectParameters = 2,
    BadArguments = 3,
    SignatureUnsupported = 4,
    ShutdownState = 6,
    BadName = 10,
    BadSignal = 11,
    NoFile = 20,
    NotExecutable = 21,
    Failed = 30,
    AbnormalTermination = 40,
    SpawnError = 50,
    AlreadyStarted = 60,
    NotRunning = 70,
    Success = 80,
    AlreadyAdded = 90,
    StillRunning = 91,
    CantReread = 92,
}

impl FaultCode {
    /// All of them, by their numbers.
    pub const ALL: [Self; 18] = [
        Self::UnknownMethod,
        Self::IncorrectParameters,
        Self::BadArguments,
        Self::SignatureUnsupported,
        Self::ShutdownState,
        Self::BadName,
        Self::BadSignal,
        Self::NoFile,
        Self::NotExecutable,
        Self::Failed,
        Self::AbnormalTermination,
        Self::SpawnError,
        Self::AlreadyStarted,
        Self::NotRunning,
        Self::Success,
        Self::AlreadyAdded,
        Self::StillRunning,
        Self::CantReread,
    ];

    /// What it says, in words for the page of the interface.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::UnknownMethod => "there is no such method",
            Self::IncorrectParameters => "number or types of the arguments are not the method's",
            Self::BadArguments => "offset and length do not go together",
            Self::SignatureUnsupported => "nothing is known of that method",
            Self::ShutdownState => "everything is stopping",
            Self::BadName => "there is no process or group of that name",
            Self::BadSignal => "there is no such signal",
            Self::NoFile => "a file is not there: the command, the log, or an open standard input",
            Self::NotExecutable => "the command cannot be executed",
            Self::Failed => "something else went wrong, the text says what",
            Self::AbnormalTermination => "the process ended before it counted as started",
            Self::SpawnError => "the process could not be started, or ended too quickly",
            Self::AlreadyStarted => "the process runs already",
            Self::NotRunning => "the process does not run",
            Self::Success => "no fault: the status of a process in a list of results",
            Self::AlreadyAdded => "the group is in use already",
            Self::StillRunning => "a process of the group still runs",
            Self::CantReread => "the configuration cannot be read, the text says why",
        }
    }

    /// The name clients see.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::UnknownMethod => "UNKNOWN_METHOD",
            Self::IncorrectParameters => "INCORRECT_PARAMETERS",
            Self::BadArguments => "BAD_ARGUMENTS",
            Self::SignatureUnsupported => "SIGNATURE_UNSUPPORTED",
            Self::ShutdownState => "SHUTDOWN_STATE",
            Self::BadName => "BAD_NAME",
            Self::BadSignal => "BAD_SIGNAL",
            Self::NoFile => "NO_FILE",
            Self::NotExecutable => "NOT_EXECUTABLE",
            Self::Failed => "FAILED",
            Self::AbnormalTermination => "ABNORMAL_TERMINATION",
            Self::SpawnError => "SPAWN_ERROR",
            Self::AlreadyStarted => "ALREADY_STARTED",
            Self::NotRunning => "NOT_RUNNING",
            Self::Success => "SUCCESS",
            Self::AlreadyAdded => "ALREADY_ADDED",
            Self::StillRunning => "STILL_RUNNING",
            Self::CantReread => "CANT_REREAD",
        }
    }
}

/// A fault as a client receives it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// `faultCode`; a plug-in may use numbers of its own.
    pub code: i32,
    /// `faultString`.
    pub text: String,
}

impl Fault {
    /// A fault whose text is the code's name alone.
    #[must_use]
    pub fn new(code: FaultCode) -> Self {
        Self { code: code as i32, text: code.name().to_owned() }
    }

    /// A fault whose text is `NAME: extra`.
    #[must_use]
    pub fn with(code: FaultCode, extra: &str) -> Self {
        Self { code: code as i32, text: format!("{}: {extra}", code.name()) }
    }
}
