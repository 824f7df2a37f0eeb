//! Typed settings, their defaults, and the errors of a bad configuration in the original's words.

pub mod settings;

pub use settings::{
    Autorestart, DaemonSettings, EnvironmentVariables, GroupSettings, HttpAddress, HttpServerSettings,
    LogLevel, LogTarget, OutputSettings, ProgramSettings, RpcInterfaceSettings, Settings,
};
