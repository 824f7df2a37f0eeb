//! Fault codes of the `supervisor` namespace (parity 4). `SUCCESS` and, in lists of results, any other
//! code also stand in the `status` of one process.

/// No such method, or no such namespace.
pub const UNKNOWN_METHOD: i32 = 1;
/// The daemon is shutting down.
pub const SHUTDOWN_STATE: i32 = 6;
/// No such process or group.
pub const BAD_NAME: i32 = 10;
/// No such signal.
pub const BAD_SIGNAL: i32 = 11;
/// No such file: the command, or a log.
pub const NO_FILE: i32 = 20;
/// The command cannot be executed.
pub const NOT_EXECUTABLE: i32 = 21;
/// Any other failure.
pub const FAILED: i32 = 30;
/// It ended before it was up.
pub const ABNORMAL_TERMINATION: i32 = 40;
/// It could not be started.
pub const SPAWN_ERROR: i32 = 50;
/// It runs already.
pub const ALREADY_STARTED: i32 = 60;
/// It does not run.
pub const NOT_RUNNING: i32 = 70;
/// Done.
pub const SUCCESS: i32 = 80;
/// The group is active already.
pub const ALREADY_ADDED: i32 = 90;
/// The group has running processes.
pub const STILL_RUNNING: i32 = 91;
/// The configuration cannot be read.
pub const CANT_REREAD: i32 = 92;
