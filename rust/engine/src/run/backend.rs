//! The daemon as the HTTP servers see it.

use std::fmt;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use supervisor_core::config::{LogLevel, LogTarget};
use supervisor_core::effect::Channel;
use supervisor_core::rpc::info::description;
use supervisor_core::xml::MethodCall;
use tokio::sync::{mpsc, oneshot};

use crate::http::{Answer, Backend, LogLookupError, StatusPage, StatusRow};
use crate::logs::Logs;
use crate::plugins::Handle;
use crate::run::Message;
use crate::run::clock::Clock;

/// Looks things up in the core, and hands calls and log requests to those who do them.
pub(crate) struct Daemon {
    pub(crate) handle: Handle,
    pub(crate) messages: mpsc::UnboundedSender<Message>,
    pub(crate) logs: Logs,
    pub(crate) clock: Clock,
}

impl Backend for Daemon {
    fn call(&self, call: MethodCall) -> oneshot::Receiver<Answer> {
        let (reply, answer) = oneshot::channel();
        // Once the loop has ended the reply is dropped with the message, which says so.
        let _ = self.messages.send(Message::Call { call, reply });
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

    fn follow(&self, path: &Path) -> mpsc::Receiver<Bytes> {
        self.logs.follow(path)
    }

    fn status(&self) -> StatusPage {
        let now = self.clock.now();
        let core = self.handle.core();
        let rows = core.processes().map(|process| StatusRow {
            name: process.config.name.clone(),
            group: process.group.clone(),
            state: process.state,
            description: description(process, &now),
        });
        StatusPage {
            identifier: core.settings().daemon.identifier.clone(),
            version: core.version().to_owned(),
            rows: rows.collect(),
        }
    }

    fn log(&self, level: LogLevel, message: fmt::Arguments<'_>) {
        if level <= self.logs.level() {
            self.logs.line(level, &message.to_string());
        }
    }
}
