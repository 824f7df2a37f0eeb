//! What a configuration says, after parsing, expansion and defaults: plain data.
//!
//! One field per option; the option's meaning, default and errors stand in the option table.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::options::{SectionKind, SectionSpec};
use crate::effect::Channel;
use crate::listener::DEFAULT_RESULT_HANDLER;
use crate::rpc::STANDARD_FACTORY;
use crate::signal::Signal;

/// Environment variables in the order they were written; a later one of the same name wins.
pub type EnvironmentVariables = Vec<(String, String)>;

/// Everything one configuration (main file, included files, command line) says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// `[supervisord]`, with the command line's values over it.
    pub daemon: DaemonSettings,
    /// The files that `[include]` brought in, in the order they were read.
    #[serde(default)]
    pub included: Vec<PathBuf>,
    /// `[unix_http_server]` and `[inet_http_server]` sections, in the original's order: inet first.
    pub http_servers: Vec<HttpServerSettings>,
    /// Groups by ascending priority, equal priorities by name.
    pub groups: Vec<GroupSettings>,
    /// `[rpcinterface:x]` sections, in the order of the file.
    pub rpc_interfaces: Vec<RpcInterfaceSettings>,
    /// What is to be said once the main log is open, such as `Included extra file …`.
    pub messages: Vec<(LogLevel, String)>,
}

impl Settings {
    /// Namespaces that are not the engine's own.
    pub fn foreign_interfaces(&self) -> impl Iterator<Item = &RpcInterfaceSettings> {
        self.rpc_interfaces.iter().filter(|interface| !interface.is_standard())
    }

    /// Result handlers that are not the default one: the pool's name, and what the handler is called.
    pub fn foreign_handlers(&self) -> impl Iterator<Item = (&str, &str)> {
        let pools = self.groups.iter().filter_map(|group| Some((group, group.listener.as_ref()?)));
        pools.filter_map(|(group, listener)| Some((group.name.as_str(), listener.foreign_handler()?)))
    }

    /// The first Python code that is named: `module:attribute`, and the section that names it.
    #[must_use]
    pub fn python_code(&self) -> Option<(String, String)> {
        let prefix = |kind| SectionSpec::of(kind).prefix;
        let mut factories = self.foreign_interfaces().map(|interface| {
            (interface.factory.clone(), format!("{}{}", prefix(SectionKind::RpcInterface), interface.name))
        });
        let mut handlers = self.foreign_handlers().map(|(pool, handler)| {
            (handler.to_owned(), format!("{}{pool}", prefix(SectionKind::EventListener)))
        });
        factories.next().or_else(|| handlers.next())
    }
}

/// `[supervisord]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DaemonSettings {
    /// The main configuration file, absolute.
    pub config_file: PathBuf,
    /// Main log.
    pub logfile: LogTarget,
    /// Size in bytes at which the main log is rotated, 0 for never.
    pub logfile_maxbytes: u64,
    /// How many rotated main logs are kept.
    pub logfile_backups: u32,
    /// Least severe level that is written.
    pub loglevel: LogLevel,
    /// Where the pid is written, absolute.
    pub pidfile: PathBuf,
    /// Mask of the daemon itself, applied when it daemonises.
    pub umask: u32,
    /// Stay in the foreground.
    pub nodaemon: bool,
    /// In the foreground, do not copy the main log to standard output.
    pub silent: bool,
    /// Least soft limit of open files.
    pub minfds: u64,
    /// Least soft limit of processes.
    pub minprocs: u64,
    /// Keep automatic child logs of earlier runs.
    pub nocleanup: bool,
    /// Folder of automatic child logs.
    pub childlogdir: PathBuf,
    /// User to become at start.
    pub user: Option<u32>,
    /// Folder to change to when daemonising.
    pub directory: Option<PathBuf>,
    /// Strip escape sequences from child logs.
    pub strip_ansi: bool,
    /// Variables for every child.
    pub environment: EnvironmentVariables,
    /// Name of this daemon in RPC answers, events and automatic log names.
    pub identifier: String,
}

/// Severity of a main log line, most severe first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum LogLevel {
    /// `CRIT`
    Critical,
    /// `ERRO`
    Error,
    /// `WARN`
    Warn,
    /// `INFO`
    Info,
    /// `DEBG`
    Debug,
    /// `TRAC`
    Trace,
    /// `BLAT`
    Blather,
}

impl LogLevel {
    /// The four letters of a main log line (parity 10).
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Critical => "CRIT",
            Self::Error => "ERRO",
            Self::Warn => "WARN",
            Self::Info => "INFO",
            Self::Debug => "DEBG",
            Self::Trace => "TRAC",
            Self::Blather => "BLAT",
        }
    }
}

/// Where log text goes (value type "log file" of parity 1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum LogTarget {
    /// Nowhere: `NONE` or `OFF`.
    None,
    /// `AUTO`: a file of its own in `childlogdir`, named when the process first starts.
    Automatic,
    /// The system log.
    Syslog,
    /// A file.
    File(PathBuf),
}

/// One HTTP server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HttpServerSettings {
    /// Name of its section.
    pub section: String,
    /// Where it listens.
    pub address: HttpAddress,
    /// User name and password (clear, or `{SHA}` and the hexadecimal SHA-1), if any are asked for.
    pub credentials: Option<(String, String)>,
    /// Pages take actions by GET from browsers too, as the original does.
    #[serde(default)]
    pub allow_get_actions: bool,
}

/// Where an HTTP server listens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum HttpAddress {
    /// A unix socket.
    Unix {
        /// Path of the socket.
        path: PathBuf,
        /// Permission bits.
        mode: u32,
        /// Owner and group, each `u32::MAX` for unchanged; `None` leaves both.
        owner: Option<(u32, u32)>,
    },
    /// A TCP port.
    Inet {
        /// Host name or address; empty for all addresses.
        host: String,
        /// Port, 1 to 65535.
        port: u16,
    },
}

/// `[rpcinterface:x]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RpcInterfaceSettings {
    /// The namespace, `x`.
    pub name: String,
    /// `module:attribute` of the factory.
    pub factory: String,
    /// All other options of the section, as text.
    pub options: Vec<(String, String)>,
}

impl RpcInterfaceSettings {
    /// Whether the engine itself answers this namespace.
    #[must_use]
    pub fn is_standard(&self) -> bool {
        self.factory == STANDARD_FACTORY
    }
}

/// A group of processes: a `[group:x]`, or the group that every other program section makes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupSettings {
    /// Name of the group.
    pub name: String,
    /// Lower starts first and stops last.
    pub priority: i64,
    /// Its processes: sections in the order in which a `[group:x]` names them, processes of a section by name.
    pub processes: Vec<ProgramSettings>,
    /// What makes it a pool of event listeners, if it is one.
    pub listener: Option<ListenerSettings>,
}

/// What an `[eventlistener:x]` says beyond a program.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ListenerSettings {
    /// Types of events it wants, upper-cased, in the order they were written.
    pub events: Vec<String>,
    /// Events kept while every listener is busy.
    pub buffer_size: usize,
    /// `module:attribute` of what judges its answers.
    pub result_handler: String,
}

impl ListenerSettings {
    /// What judges its answers, unless that is the default handler, which the core knows.
    #[must_use]
    pub fn foreign_handler(&self) -> Option<&str> {
        Some(self.result_handler.as_str()).filter(|handler| *handler != DEFAULT_RESULT_HANDLER)
    }
}

/// The socket of an `[fcgi-program:x]`: bound before the first process of the group starts, its standard input,
/// shared by all processes of the group that come from the same section.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FcgiSocketSettings {
    /// Where it listens.
    pub address: FcgiAddress,
    /// Connections that may wait; `None` for the system's limit.
    pub backlog: Option<i32>,
}

/// Where a FastCGI socket listens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum FcgiAddress {
    /// `tcp://host:port`
    Tcp {
        /// Host name or address.
        host: String,
        /// Port, 1 to 65535.
        port: u16,
    },
    /// `unix:///path`
    Unix {
        /// Path of the socket.
        path: PathBuf,
        /// Owner and group; `None` leaves the daemon's own.
        owner: Option<(u32, u32)>,
        /// Permission bits.
        mode: u32,
    },
}

/// When an exited process is started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Autorestart {
    /// `false`
    Never,
    /// `unexpected`: when the exit code is not among `exitcodes`.
    Unexpected,
    /// `true`
    Always,
}

/// One process of a program section, after expansion for its process number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProgramSettings {
    /// Name of the process.
    pub name: String,
    /// Command line, not yet split into words.
    pub command: String,
    /// Folder to start in.
    pub directory: Option<PathBuf>,
    /// Mask of the child.
    pub umask: Option<u32>,
    /// Lower starts first and stops last.
    pub priority: i64,
    /// Start with the daemon.
    pub autostart: bool,
    /// Start again after an exit.
    pub autorestart: Autorestart,
    /// Seconds it must stay up to count as started; may be negative.
    pub startsecs: i64,
    /// Failed starts before it is given up.
    pub startretries: i64,
    /// User to become.
    pub user: Option<u32>,
    /// Signal that asks it to stop.
    pub stopsignal: Signal,
    /// Seconds from there to SIGKILL.
    pub stopwaitsecs: i64,
    /// Send the stop signal to the whole process group.
    pub stopasgroup: bool,
    /// Send SIGKILL to the whole process group.
    pub killasgroup: bool,
    /// Exit codes that are expected.
    pub exitcodes: Vec<i32>,
    /// Join standard error to standard output.
    pub redirect_stderr: bool,
    /// Variables over those of `[supervisord]` (already merged: `[supervisord] environment` first).
    pub environment: EnvironmentVariables,
    /// Overrides `SUPERVISOR_SERVER_URL`; `None` for automatic.
    pub serverurl: Option<String>,
    /// Standard output.
    pub stdout: OutputSettings,
    /// Standard error.
    pub stderr: OutputSettings,
    /// The socket that is its standard input, for an `[fcgi-program:x]`.
    pub fcgi_socket: Option<FcgiSocketSettings>,
}

impl ProgramSettings {
    /// What is said of an output stream.
    #[must_use]
    pub fn output(&self, channel: Channel) -> &OutputSettings {
        match channel {
            Channel::Stdout => &self.stdout,
            Channel::Stderr => &self.stderr,
        }
    }

    /// What is said of an output stream, to be changed.
    pub fn output_mut(&mut self, channel: Channel) -> &mut OutputSettings {
        match channel {
            Channel::Stdout => &mut self.stdout,
            Channel::Stderr => &mut self.stderr,
        }
    }
}

/// One output stream of a process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OutputSettings {
    /// Where it is logged.
    pub logfile: LogTarget,
    /// Size in bytes at which the log is rotated, 0 for never.
    pub maxbytes: u64,
    /// How many rotated logs are kept.
    pub backups: u32,
    /// Newest bytes kept of captured text, 0 for no capture mode.
    pub capture_maxbytes: u64,
    /// Emit PROCESS_LOG events.
    pub events_enabled: bool,
    /// Copy lines to the system log too.
    pub syslog: bool,
}
