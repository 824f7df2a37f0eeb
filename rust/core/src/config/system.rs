//! What a configuration asks of the machine it is read on.

use crate::input::SpawnError;

/// A user of the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct User {
    /// Number of the user.
    pub uid: u32,
    /// Number of the user's own group.
    pub gid: u32,
}

/// Everything outside the text of a configuration that its meaning depends on.
///
/// The engine implements it with the real system, tests with a pretended one; this crate itself opens
/// no file. Paths are text, as they are in a configuration.
pub trait System {
    /// Whether something of any kind is there, links followed.
    fn exists(&self, path: &str) -> bool;

    /// Whether it is a directory, links followed.
    fn is_directory(&self, path: &str) -> bool;

    /// The bytes of a file; `None` when it cannot be read.
    fn read_file(&self, path: &str) -> Option<Vec<u8>>;

    /// Paths that match a pattern by the rules of Python's `glob.glob`, sorted.
    fn glob(&self, pattern: &str) -> Vec<String>;

    /// The current directory, absolute.
    fn current_directory(&self) -> String;

    /// The folder for temporary files, as Python's `tempfile.gettempdir()` finds it.
    fn temporary_directory(&self) -> String;

    /// The environment in its order; bytes that are not UTF-8 are replaced.
    fn environment(&self) -> Vec<(String, String)>;

    /// The name of this machine (`uname -n`).
    fn host_name(&self) -> String;

    /// The number of the (real) user that runs this.
    fn uid(&self) -> u32;

    /// The home folder of a user; of the current one (`$HOME` first) without a name.
    fn home_directory(&self, user: Option<&str>) -> Option<String>;

    /// The user of a name.
    fn user_by_name(&self, name: &str) -> Option<User>;

    /// The user of a number.
    fn user_by_id(&self, uid: u32) -> Option<User>;

    /// The number of a group of a name.
    fn group_by_name(&self, name: &str) -> Option<u32>;

    /// Whether a program could be started: what [`SpawnError`] a start would meet with its file. A name
    /// without a slash is looked up in `path`, or in the daemon's own `PATH` without one.
    ///
    /// # Errors
    /// The file is missing or cannot be executed.
    fn find_program(&self, program: &str, path: Option<&str>) -> Result<(), SpawnError>;

    /// Whether a group of this number exists.
    fn group_exists(&self, gid: u32) -> bool;
}
