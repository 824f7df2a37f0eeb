//! The living children: how they are spawned, told something, and taken leave of.

use std::collections::HashMap;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::rc::Rc;

use nix::sys::signal::kill;
use nix::unistd::Pid;
use supervisor_core::config::LogLevel;
use supervisor_core::effect::{Channel, ProcessId, SpawnPlan, StdinError};
use supervisor_core::expand::repr;
use supervisor_core::input::{Input, SpawnError};
use supervisor_core::signal::Signal;
use tokio::sync::mpsc;
use tokio::task::spawn_local;

use super::hearing::{Common, Hearing, Meaning, Stream};
use super::message::Message;
use super::stdin::Stdin;
use super::tap::Tap;
use crate::logs::{Logs, OpenLog, Output, Source, reason};
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
    /// Their streams that are read here.
    hearing: HashMap<ProcessId, Vec<Hearing>>,
    common: Rc<Common>,
}

impl Children {
    /// None yet.
    pub(crate) fn new(logs: Logs, messages: mpsc::UnboundedSender<Message>) -> Self {
        Self {
            logs,
            messages,
            by_pid: HashMap::new(),
            stdins: HashMap::new(),
            hearing: HashMap::new(),
            common: Rc::default(),
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
        let child = spawn(plan, &resolved, socket, arrange)?;
        self.by_pid.insert(child.pid, plan.process);
        if let Some(stdin) = child.stdin {
            self.stdins.insert(plan.process, Stdin::new(stdin));
        }
        if plan.is_listener {
            // What it says there is the protocol, of which only a file gets a copy.
            let log = logs.stdout.without_syslog();
            self.hear(plan, Channel::Stdout, child.stdout, log, Meaning::Protocol);
        } else {
            let tap = Tap::of(&plan.stdout, plan.strip_ansi, has_plugin);
            self.attach(plan, Channel::Stdout, child.stdout, logs.stdout, tap);
        }
        if let (Some(pipe), Some(log)) = (child.stderr, logs.stderr) {
            let tap = Tap::of(&plan.stderr, plan.strip_ansi, has_plugin);
            self.attach(plan, Channel::Stderr, pipe, log, tap);
        }
        Ok(child.pid)
    }

    /// Has an output stream of a program read: here if somebody wants something of it, else by the log threads.
    fn attach(&mut self, plan: &SpawnPlan, channel: Channel, pipe: OwnedFd, log: OpenLog, tap: Option<Tap>) {
        if let Some(tap) = tap {
            self.hear(plan, channel, pipe, log, Meaning::Output(tap));
        } else {
            let source = Source::Pipe { pipe, strip_ansi: plan.strip_ansi };
            let (process, name) = (plan.process, plan.name.clone());
            self.logs.attach(Output { process, name, channel, source, log });
        }
    }

    fn hear(&mut self, plan: &SpawnPlan, channel: Channel, pipe: OwnedFd, log: OpenLog, meaning: Meaning) {
        let SpawnPlan { process, name, .. } = plan;
        let log = log.is_written().then(|| self.logs.hand_over(*process, name, channel, log));
        let stream = Stream {
            process: *process,
            name: name.clone(),
            channel,
            meaning,
            log,
            logs: self.logs.clone(),
            messages: self.messages.clone(),
            common: Rc::clone(&self.common),
        };
        match stream.hear(pipe) {
            Ok(hearing) => self.hearing.entry(*process).or_default().push(hearing),
            Err(error) => {
                let message = format!("cannot read {} of {}: {}", channel.name(), repr(name), reason(&error));
                self.logs.line(LogLevel::Error, &message);
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
            let heard: Vec<_> = self.hearing.remove(&process).unwrap_or_default();
            let heard: Vec<_> = heard.into_iter().map(Hearing::finish).collect();
            let drained = self.logs.drained(process, async {
                for stream in heard {
                    // One that panicked is at its end, too.
                    let _ = stream.await;
                }
            });
            let messages = self.messages.clone();
            spawn_local(async move {
                drained.await;
                let _ = messages.send(Message::Input(Input::Exited { process, status }));
            });
        }
        orphans
    }
}

/// Sends a signal to a process, or to a process group with its number negated.
fn send_signal(target: i32, signal: Signal) -> Result<(), i32> {
    let signal = match signal.0 {
        0 => None,
        number => Some(nix::sys::signal::Signal::try_from(number).map_err(|errno| errno as i32)?),
    };
    kill(Pid::from_raw(target), signal).map_err(|errno| errno as i32)
}
