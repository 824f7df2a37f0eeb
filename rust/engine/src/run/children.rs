//! The living children: how they are spawned, told something, and taken leave of.

use std::collections::HashMap;
use std::os::fd::{BorrowedFd, OwnedFd};

use nix::sys::signal::kill;
use nix::unistd::Pid;
use supervisor_core::config::{LogLevel, LogTarget};
use supervisor_core::effect::{Channel, ProcessId, SpawnPlan, StdinError};
use supervisor_core::input::{Input, SpawnError};
use supervisor_core::signal::Signal;
use tokio::sync::mpsc;
use tokio::task::spawn_local;

use super::listener::Listening;
use super::message::Message;
use super::stdin::Stdin;
use crate::logs::{Logs, OpenLog, Output, Tap, ToCore, Told};
use crate::pipes;
use crate::reap::reap;
use crate::spawn::{DescriptorStep, PipeNumbers, resolve, spawn};

/// The logs of a process about to be spawned.
#[derive(Debug)]
pub(crate) struct OpenLogs {
    pub(crate) stdout: OpenLog,
    /// None with `redirect_stderr`.
    pub(crate) stderr: Option<OpenLog>,
}

/// All that the loop has of its living children.
pub(crate) struct Children {
    logs: Logs,
    messages: mpsc::UnboundedSender<Message>,
    /// A pid leaves when it is reaped, so that no signal can reach a stranger.
    by_pid: HashMap<i32, ProcessId>,
    /// The writing ends of their standard input.
    stdins: HashMap<ProcessId, Stdin>,
    /// Those that are listeners.
    listening: HashMap<ProcessId, Listening>,
    /// The log threads' way to the core.
    to_core: ToCore,
}

impl Children {
    /// None yet.
    pub(crate) fn new(logs: Logs, messages: mpsc::UnboundedSender<Message>) -> Self {
        let to_core = {
            let messages = messages.clone();
            ToCore::new(move |told, room| {
                let message = match told {
                    Told::Core(input) => Message::Output(input, room),
                    Told::Plugin(output) => Message::PluginOutput(output, room),
                };
                drop(messages.send(message));
            })
        };
        Self {
            logs,
            messages,
            by_pid: HashMap::new(),
            stdins: HashMap::new(),
            listening: HashMap::new(),
            to_core,
        }
    }

    /// Spawns one, with its logs and the socket that a FastCGI program has for its standard input; its pid. With
    /// `has_plugin` its output is given to a plug-in; `arrange` says what it does with its descriptors, see [`spawn`].
    ///
    /// # Errors
    /// Why it cannot be spawned.
    pub(crate) fn spawn(
        &mut self,
        plan: &SpawnPlan,
        logs: OpenLogs,
        socket: Option<BorrowedFd<'_>>,
        has_plugin: bool,
        arrange: impl FnOnce(&PipeNumbers) -> Option<Vec<DescriptorStep>>,
    ) -> Result<i32, SpawnError> {
        let program = plan.argv.first().map_or("", String::as_str);
        let resolved = resolve(program, plan.path.as_deref())?;
        // A listener's output that neither a log nor the main log shows needs no copy.
        let is_shown = plan.stdout.logfile != LogTarget::None || self.logs.level() >= LogLevel::Debug;
        let copy = (plan.is_listener && is_shown).then(copy_pipe).transpose()?;
        let child = spawn(plan, &resolved, socket, arrange)?;
        self.by_pid.insert(child.pid, plan.process);
        if let Some(stdin) = child.stdin {
            self.stdins.insert(plan.process, Stdin::new(stdin));
        }
        let stdout = if plan.is_listener {
            let (read, write) = copy.unzip();
            self.listen(plan, child.stdout, write);
            read
        } else {
            Some(child.stdout)
        };
        let tap = |channel| {
            let settings = match channel {
                // What a listener says on its standard output is the protocol.
                Channel::Stdout if plan.is_listener => return None,
                Channel::Stdout => &plan.stdout,
                Channel::Stderr => &plan.stderr,
            };
            Tap::of(plan.process, channel, settings, &self.to_core, has_plugin)
        };
        let output = |channel, pipe, log| Output {
            process: plan.process,
            name: plan.name.clone(),
            channel,
            pipe,
            log,
            strip_ansi: plan.strip_ansi,
            tap: tap(channel),
        };
        if let Some(pipe) = stdout {
            self.logs.attach(output(Channel::Stdout, pipe, logs.stdout));
        }
        if let (Some(pipe), Some(log)) = (child.stderr, logs.stderr) {
            self.logs.attach(output(Channel::Stderr, pipe, log));
        }
        Ok(child.pid)
    }

    fn listen(&mut self, plan: &SpawnPlan, stdout: OwnedFd, copy: Option<OwnedFd>) {
        match Listening::start(plan.process, stdout, copy, self.messages.clone()) {
            Ok(listening) => drop(self.listening.insert(plan.process, listening)),
            Err(error) => {
                self.logs.line(LogLevel::Error, &format!("listener {} cannot be heard: {error}", plan.name));
            }
        }
    }

    /// Signals one, or its whole process group; the system's error number, if that fails.
    pub(crate) fn kill(
        &self,
        process: ProcessId,
        pid: i32,
        whole_group: bool,
        signal: Signal,
    ) -> Option<i32> {
        if self.by_pid.get(&pid) == Some(&process) {
            send_signal(if whole_group { -pid } else { pid }, signal).err()
        } else {
            // It is reaped already, its pid may be somebody else's by now.
            Some(libc::ESRCH)
        }
    }

    /// Writes to the standard input of one; why that cannot be done, if so.
    pub(crate) fn write(&self, process: ProcessId, bytes: &[u8]) -> Option<StdinError> {
        match self.stdins.get(&process) {
            Some(stdin) => stdin.write(bytes).err(),
            None => Some(StdinError::Closed),
        }
    }

    /// Reaps those that ended, and has the core told of each when its output is read. Returns what is to be told of
    /// others' children, which pid 1 inherits.
    pub(crate) fn reap(&mut self) -> Vec<Input> {
        let mut orphans = Vec::new();
        for (pid, status) in reap() {
            let Some(process) = self.by_pid.remove(&pid) else {
                orphans.push(Input::OrphanExited { pid, status });
                continue;
            };
            self.stdins.remove(&process);
            if let Some(listening) = self.listening.remove(&process) {
                listening.finish();
            }
            let drained = self.logs.drained(process);
            let messages = self.messages.clone();
            spawn_local(async move {
                drained.await;
                let _ = messages.send(Message::Input(Input::Exited { process, status }));
            });
        }
        orphans
    }
}

/// A pipe for the copy of what a listener says: its reading end and its writing end.
fn copy_pipe() -> Result<(OwnedFd, OwnedFd), SpawnError> {
    let ends = pipes::pipe().and_then(|(read, write)| {
        pipes::set_nonblocking(&read)?;
        pipes::set_nonblocking(&write)?;
        Ok((read, write))
    });
    ends.map_err(|error| SpawnError::Pipes { errno: error.raw_os_error().unwrap_or(libc::EIO) })
}

/// Sends a signal to a process, or to a process group with its number negated.
fn send_signal(target: i32, signal: Signal) -> Result<(), i32> {
    let signal = match signal.0 {
        0 => None,
        number => Some(nix::sys::signal::Signal::try_from(number).map_err(|errno| errno as i32)?),
    };
    kill(Pid::from_raw(target), signal).map_err(|errno| errno as i32)
}
