//! Fault codes of the `supervisor` namespace (parity 4). `SUCCESS` and, in lists of results, any other
//! code also stand in the `status` of one process. The numbers are the core's; here they can be patterns.

use supervisor_core::rpc::FaultCode;

/// No such method, or no such namespace.
pub const UNKNOWN_METHOD: i32 = FaultCode::UnknownMethod as i32;
/// The daemon is shutting down.
pub const SHUTDOWN_STATE: i32 = FaultCode::ShutdownState as i32;
/// No such process or group.
pub const BAD_NAME: i32 = FaultCode::BadName as i32;
/// No such signal.
pub const BAD_SIGNAL: i32 = FaultCode::BadSignal as i32;
/// No such file: the command, or a log.
pub const NO_FILE: i32 = FaultCode::NoFile as i32;
/// The command cannot be executed.
pub const NOT_EXECUTABLE: i32 = FaultCode::NotExecutable as i32;
/// Any other failure.
pub const FAILED: i32 = FaultCode::Failed as i32;
/// It ended before it was up.
pub const ABNORMAL_TERMINATION: i32 = FaultCode::AbnormalTermination as i32;
/// It could not be started.
pub const SPAWN_ERROR: i32 = FaultCode::SpawnError as i32;
/// It runs already.
pub const ALREADY_STARTED: i32 = FaultCode::AlreadyStarted as i32;
/// It does not run.
pub const NOT_RUNNING: i32 = FaultCode::NotRunning as i32;
/// Done.
pub const SUCCESS: i32 = FaultCode::Success as i32;
/// The group is active already.
pub const ALREADY_ADDED: i32 = FaultCode::AlreadyAdded as i32;
/// The group has running processes.
pub const STILL_RUNNING: i32 = FaultCode::StillRunning as i32;
/// The configuration cannot be read.
pub const CANT_REREAD: i32 = FaultCode::CantReread as i32;
