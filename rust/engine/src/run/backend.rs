//! The daemon as the HTTP servers see it.

use std::fmt;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use supervisor_core::config::diff::GroupDiff;
use supervisor_core::config::{HttpAddress, HttpServerSettings, LogLevel, LogTarget};
use supervisor_core::effect::Channel;
use supervisor_core::input::Now;
use supervisor_core::process::Process;
use supervisor_core::rpc::groups::config_info;
use supervisor_core::rpc::info::{Members, description, tell_info};
use supervisor_core::state::ProcessState;
use supervisor_core::xml::{MethodCall, Value};
use tokio::sync::{mpsc, oneshot};

use crate::http::{Answer, Backend, LogLookupError};
use crate::logs::Logs;
use crate::plugins::Handle;
use crate::run::clock::Clock;
use crate::run::{Message, ReadSettings};
use crate::web::view::{AboutPage, ProcessPage, StatusPage, StatusRow};

/// Looks things up in the core, and hands calls and log requests to those who do them.
pub(crate) struct Daemon {
    pub(crate) handle: Handle,
    pub(crate) messages: mpsc::UnboundedSender<Message>,
    pub(crate) logs: Logs,
    pub(crate) clock: Clock,
    pub(crate) read_settings: ReadSettings,
}

impl Backend for Daemon {
    fn look(&self, call: MethodCall) -> Result<Answer, MethodCall> {
        self.handle.core().look(self.clock.now(), call).map(Answer::from)
    }

    fn call(&self, call: MethodCall) -> oneshot::Receiver<Answer> {
        let (reply, answer) = oneshot::channel();
        // Once the loop has ended the reply is dropped with the message, which says so.
        let _ = self.messages.send(Message::Call { call, reply });
        answer
    }

    fn command(&self, method: &'static str, params: Vec<Value>) -> oneshot::Receiver<Answer> {
        let (reply, answer) = oneshot::channel();
        let _ = self.messages.send(Message::Command { method, params, reply });
        answer
    }

    fn log_path(&self, name: &str, channel: Channel) -> Result<PathBuf, LogLookupError> {
        let core = self.handle.core();
        let process = core.find_namespec(name).ok_or(LogLookupError::NoSuchProcess)?;
        let output = match channel {
            Channel::Stdout => &process.config.stdout,
            Channel::Stderr => &process.config.stderr,
        };
        match &output.logfile {
            LogTarget::File(path) => Ok(path.clone()),
            LogTarget::None | LogTarget::Automatic | LogTarget::Syslog => Err(LogLookupError::NoLog),
        }
    }

    fn main_log(&self) -> Option<PathBuf> {
        self.handle.core().main_log()
    }

    fn follow(&self, path: &Path, head: u64) -> mpsc::Receiver<Bytes> {
        self.logs.follow(path, head)
    }

    fn status(&self) -> StatusPage {
        let now = self.clock.now();
        let core = self.handle.core();
        StatusPage {
            identifier: core.settings().daemon.identifier.clone(),
            version: core.version().to_owned(),
            mood: core.mood(),
            now: now.wall.as_secs(),
            rows: core.processes().map(|process| row(process, &now)).collect(),
        }
    }

    fn process(&self, name: &str) -> Option<ProcessPage> {
        let now = self.clock.now();
        let core = self.handle.core();
        let process = core.find_namespec(name)?;
        let group = core.group(&process.group)?;
        let is_logged = |channel: &Channel| {
            matches!(process.config.output(*channel).logfile, LogTarget::File(_))
                && !(*channel == Channel::Stderr && process.config.redirect_stderr)
        };
        let mut info = InfoMembers::default();
        tell_info(&mut info, process, now);
        Some(ProcessPage {
            row: row(process, &now),
            info: info.0,
            config: members(config_info((&group.name, group.priority), &process.config, true)),
            changes: process.history.changes().rev().copied().collect(),
            ends: process.history.ends().rev().copied().collect(),
            takes_lines: group.listener.is_none() && process.config.fcgi_socket.is_none(),
            logs: [Channel::Stdout, Channel::Stderr].into_iter().filter(is_logged).collect(),
        })
    }

    fn about(&self) -> AboutPage {
        let core = self.handle.core();
        let settings = core.settings();
        let files = std::iter::once(&settings.daemon.config_file).chain(&settings.included);
        AboutPage {
            identifier: settings.daemon.identifier.clone(),
            version: core.version().to_owned(),
            mood: core.mood(),
            pid: core.pid(),
            started: core.started(),
            now: self.clock.now(),
            files: files.cloned().collect(),
            main_log: core.main_log(),
            pidfile: settings.daemon.pidfile.clone(),
            groups: core.groups().count(),
            processes: core.processes().count(),
            servers: settings.http_servers.iter().map(address).collect(),
        }
    }

    fn staged(&self) -> GroupDiff {
        self.handle.core().diff()
    }

    fn pending(&self) -> oneshot::Receiver<Result<GroupDiff, String>> {
        let (reply, answer) = oneshot::channel();
        let (read, handle) = (ReadSettings::clone(&self.read_settings), self.handle.clone());
        tokio::task::spawn_blocking(move || {
            let diff = read().map(|settings| handle.core().diff_to(&settings.groups));
            // Whoever asked may be gone.
            let _ = reply.send(diff);
        });
        answer
    }

    fn log(&self, level: LogLevel, message: fmt::Arguments<'_>) {
        if level <= self.logs.level() {
            self.logs.line(level, &message.to_string());
        }
    }
}

fn row(process: &Process, now: &Now) -> StatusRow {
    let running = process.started.filter(|_| process.state == ProcessState::Running);
    StatusRow {
        name: process.config.name.clone(),
        group: process.group.clone(),
        state: process.state,
        description: description(process, now),
        pid: process.pid,
        up: running.map(|start| now.monotonic.saturating_sub(start.monotonic).as_secs()),
        started: process.started.map_or(0, |start| start.wall.as_secs()),
        restarts: process.history.restarts(),
    }
}

/// The members of `getProcessInfo` as a page shows them.
#[derive(Default)]
struct InfoMembers(Vec<(String, Value)>);

impl Members for InfoMembers {
    fn text(&mut self, name: &str, text: &str) {
        self.0.push((name.to_owned(), text.into()));
    }

    fn int(&mut self, name: &str, number: i32) {
        self.0.push((name.to_owned(), number.into()));
    }
}

fn members(value: Value) -> Vec<(String, Value)> {
    match value {
        Value::Struct(members) => members,
        _ => Vec::new(),
    }
}

/// Where a server listens, for people.
fn address(server: &HttpServerSettings) -> String {
    match &server.address {
        HttpAddress::Unix { path, .. } => format!("unix://{}", path.display()),
        HttpAddress::Inet { host, port } if host.contains(':') => format!("http://[{host}]:{port}"),
        HttpAddress::Inet { host, port } if host.is_empty() => format!("http://*:{port}"),
        HttpAddress::Inet { host, port } => format!("http://{host}:{port}"),
    }
}
