//! What a process needs to be spawned: its socket, its logs, and what plug-ins have to say.

use std::os::fd::AsFd;
use std::path::PathBuf;
use std::time::Duration;

use supervisor_core::config::{LogLevel, LogTarget, OutputSettings};
use supervisor_core::effect::{Channel, ProcessId, SpawnPlan};
use supervisor_core::input::{Input, SpawnError};
use tokio::task::spawn_local;
use tokio::time::timeout;

use super::children::OpenLogs;
use super::control::Control;
use super::message::Message;
use crate::fcgi;
use crate::logs::{Logs, OpenLog};
use crate::plugins::{Overrides, PluginHost};

/// How long a start waits for its logs to be opened.
const OPEN_LOG: Duration = Duration::from_secs(10);

/// How long everybody waits for an automatic log to be made.
const AUTOMATIC_LOG: Duration = Duration::from_millis(500);

impl Control {
    /// Makes what a process needs before it is spawned: its socket, then its logs.
    pub(super) fn prepare_spawn(&mut self, plan: Box<SpawnPlan>) {
        let process = plan.process;
        if let Some(socket) = &plan.socket {
            let say = |line: &str| self.logs.line(LogLevel::Info, line);
            if let Err(reason) = self.sockets.acquire(process, socket, &say) {
                let error = SpawnError::Socket { url: fcgi::url(&socket.address), reason };
                self.inputs.push_back(Input::SpawnFailed { process, error });
                return;
            }
        }
        self.open_logs(plan);
    }

    /// Spawns a process, with the descriptors that a plug-in arranges for it, if one does.
    pub(super) fn spawn(
        &mut self,
        plan: &SpawnPlan,
        logs: OpenLogs,
        host: &mut Option<Box<dyn PluginHost>>,
    ) -> Result<i32, SpawnError> {
        let socket = self.sockets.of(plan.process).map(AsFd::as_fd);
        let Overrides { output, descriptors, .. } = self.overrides;
        let mut asked = None;
        let spawned = self.children.spawn(plan, logs, socket, output, |pipes| {
            let host = host.as_deref_mut().filter(|_| descriptors)?;
            let (steps, trouble) = host.arrange_descriptors(plan.process, pipes);
            asked = Some(trouble);
            steps
        });
        if let Some(trouble) = asked {
            self.with_host(host, |_| trouble);
        }
        spawned
    }

    /// Lets go of the socket of a process, if it has one.
    pub(super) fn release_socket(&mut self, process: ProcessId) {
        self.sockets.release(process, &|line| self.logs.line(LogLevel::Info, line));
    }

    /// Opens the logs of a process; the process follows when they are open.
    fn open_logs(&self, plan: Box<SpawnPlan>) {
        let logs = self.logs.clone();
        let messages = self.messages.clone();
        spawn_local(async move {
            let opened = async {
                let stdout = open_log(&logs, &plan.stdout).await?;
                let stderr = match plan.redirect_stderr {
                    true => None,
                    false => Some(open_log(&logs, &plan.stderr).await?),
                };
                Ok(OpenLogs { stdout, stderr })
            }
            .await;
            let _ = messages.send(Message::LogsOpened(plan, opened));
        });
    }

    /// Has an automatic log made, and waits for it, so that a start that is asked for next finds it; but a disk that
    /// does not answer is waited for only once, and from then on elsewhere.
    pub(super) async fn create_automatic_log(
        &mut self,
        process: ProcessId,
        channel: Channel,
        prefix: String,
    ) {
        let folder = self.handle.core().settings().daemon.childlogdir.clone();
        let logs = self.logs.clone();
        let mut creating = spawn_local(async move {
            let created = timeout(OPEN_LOG, logs.create_automatic(prefix, folder)).await;
            let reason = match created {
                Ok(Ok(path)) => return Some(path),
                Ok(Err(error)) => error.to_string(),
                Err(_) => "its disk does not answer".to_owned(),
            };
            logs.line(LogLevel::Error, &format!("no automatic log could be made: {reason}"));
            None
        });
        let patience = if self.disk_is_slow { Duration::ZERO } else { AUTOMATIC_LOG };
        let input = move |path| Input::AutomaticLogCreated { process, channel, path };
        if let Ok(path) = timeout(patience, &mut creating).await {
            self.inputs.push_back(input(path.ok().flatten()));
            return;
        }
        self.disk_is_slow = true;
        let messages = self.messages.clone();
        spawn_local(async move {
            let path = creating.await.ok().flatten();
            let _ = messages.send(Message::Input(input(path)));
        });
    }
}

async fn open_log(logs: &Logs, output: &OutputSettings) -> Result<OpenLog, SpawnError> {
    let opened = timeout(OPEN_LOG, logs.open(output)).await;
    let errno = match opened {
        Ok(Ok(log)) => return Ok(log),
        Ok(Err(errno)) => errno,
        Err(_) => libc::ETIMEDOUT,
    };
    let path = match &output.logfile {
        LogTarget::File(path) => path.clone(),
        LogTarget::None | LogTarget::Automatic | LogTarget::Syslog => PathBuf::new(),
    };
    Err(SpawnError::Log { path, errno })
}
