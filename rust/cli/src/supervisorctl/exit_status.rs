//! Exit codes (parity 3): those of an LSB init script.

/// Done.
pub(super) const SUCCESS: i32 = 0;
/// Any failure without a code of its own.
pub(super) const GENERIC: i32 = 1;
/// Arguments are missing or name an unknown group.
pub(super) const INVALID_ARGUMENTS: i32 = 2;
/// The server has no `supervisor` namespace.
pub(super) const UNIMPLEMENTED: i32 = 3;
/// The connection was refused.
pub(super) const REFUSED: i32 = 4;
/// The server's interface has another version.
pub(super) const NOT_INSTALLED: i32 = 5;
/// The socket does not exist, or a process does not run.
pub(super) const NOT_RUNNING: i32 = 7;

/// Ctrl-C ended a command that asked for something: what a shell shows for a process that SIGINT ended.
pub(super) const INTERRUPTED: i32 = 128 + libc::SIGINT;

/// `status`: something shown is stopped.
pub(super) const STATUS_NOT_RUNNING: i32 = 3;
/// `status`: a name is unknown, or the server cannot be asked.
pub(super) const STATUS_UNKNOWN: i32 = 4;

/// All of them, for the documentation.
pub(super) const MEANINGS: [(i32, &str); 8] = [
    (SUCCESS, "Done; also: already started, not running when it is stopped."),
    (GENERIC, "Any other failure, such as an unknown process, or a `wait` whose time is over."),
    (
        INVALID_ARGUMENTS,
        "`start` without a name or with an unknown group; wrong arguments of `wait`; a wrong option, or a mistake in the configuration.",
    ),
    (
        UNIMPLEMENTED,
        "The server has no `supervisor` namespace. `status`: something shown is STOPPED, EXITED, FATAL or UNKNOWN.",
    ),
    (REFUSED, "The connection is refused. `status`: the server cannot be asked, or a name is unknown."),
    (NOT_INSTALLED, "The server's interface has another version."),
    (NOT_RUNNING, "The socket is not there; a process does not run, or failed to start."),
    (INTERRUPTED, "Ctrl-C while something was asked for."),
];
