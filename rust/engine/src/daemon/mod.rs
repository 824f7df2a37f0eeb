//! The daemon as a process of the system: its user, limits, pid file, and its way into the background.
//!
//! The original's order at start is: [`user::become_user`], [`limits::raise_limits`], the main log, the servers,
//! [`background::daemonise`], [`pidfile::PidFile::write`]. All but the last must come before any thread exists.

pub mod background;
pub mod limits;
pub mod pidfile;
pub mod signals;
pub mod user;
