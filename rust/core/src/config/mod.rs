//! Typed settings, their defaults, and the errors of a bad configuration in the original's words.
//!
//! [`read`](read()) turns a file into [`Settings`], [`read_client`] into [`ClientSettings`]. What an
//! option is called, takes and defaults to stands in one table, [`options`]. Everything outside the
//! text is asked of a [`System`]. [`check`](mod@check) reads a file the same way and tells all that is
//! wrong with it.

pub mod check;
mod client;
mod daemon;
pub mod datatypes;
pub mod diff;
mod error;
mod fcgi;
mod findings;
mod listeners;
pub mod options;
mod overrides;
pub mod paths;
mod plugins;
mod programs;
mod read;
mod servers;
pub mod settings;
mod system;
mod values;

pub use client::{ClientSettings, CtlPluginSettings, read_client};
pub use error::ConfigError;
pub use findings::Severity;
pub use overrides::{Overrides, check};
pub use read::{ROOT_SEARCH_WARNING, find_among, find_config, read, read_section, search_paths};
pub use settings::{
    Autorestart, DaemonSettings, EnvironmentVariables, FcgiAddress, FcgiSocketSettings, GroupSettings,
    HttpAddress, HttpServerSettings, ListenerSettings, LogLevel, LogTarget, OutputSettings, ProgramSettings,
    RpcInterfaceSettings, Settings,
};
pub use system::{System, User};
