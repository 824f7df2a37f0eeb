//! The loop of the control thread: inputs in, effects out (design 2 and 3).

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::os::fd::{AsFd, OwnedFd};
use std::rc::Rc;
use std::time::Duration;

use nix::sys::signal::kill;
use nix::unistd::Pid;
use supervisor_core::config::{LogLevel, LogTarget, OutputSettings, Settings};
use supervisor_core::effect::{
    Channel, Effect, KillPurpose, ProcessId, RequestId, SpawnPlan, StdinError, StdinPurpose,
};
use supervisor_core::event::Event;
use supervisor_core::input::{Input, SpawnError};
use supervisor_core::listener::protocol::Verdict;
use supervisor_core::signal::Signal;
use supervisor_core::state::Mood;
use supervisor_core::xml::{MethodCall, Value};
use tokio::sync::{Notify, mpsc, oneshot};

use crate::fcgi::{self, FcgiSockets};
use crate::http::Answer;
use crate::logs::{Logs, OpenLog, Output, PluginOutput, Room, Tap, ToCore, Told};
use crate::pipes;
use crate::plugins::{Handle, Overrides, PluginHost, check_command, is_own};
use crate::reap::reap;
use crate::run::ReadSettings;
use crate::run::clock::Clock;
use crate::run::listener::Listening;
use crate::run::stdin::Stdin;
use crate::spawn::{resolve, spawn};

/// How long a start waits for its logs to be opened.
const OPEN_LOG: Duration = Duration::from_secs(10);

/// How long everybody waits for an automatic log to be made.
const AUTOMATIC_LOG: Duration = Duration::from_millis(500);

/// How many messages are taken in before the loop looks at its deadline again.
const BATCH: usize = 256;

/// What reaches the loop from elsewhere. The queue has no bound of its own: a call belongs to a connection, the
/// rest to a process, and those are bounded.
#[derive(Debug)]
pub(crate) enum Message {
    /// For the core.
    Input(Input),
    /// A signal has come.
    Signal(Signal),
    /// Output of a process, for the core. Room for more is free when it is taken in.
    Output(Input, Option<Room>),
    /// Output of a process whose stream a plug-in looks after. Room for more is free when it is logged.
    PluginOutput(PluginOutput, Option<Room>),
    /// For the main log, from a plug-in.
    Log(LogLevel, String),
    /// A client calls a method.
    Call {
        /// The method and its arguments.
        call: MethodCall,
        /// Who waits.
        reply: oneshot::Sender<Answer>,
    },
    /// A page calls a method of the standard interface by its name alone.
    Command {
        /// The method.
        method: &'static str,
        /// Its arguments.
        params: Vec<Value>,
        /// Who waits.
        reply: oneshot::Sender<Answer>,
    },
    /// The logs of a process are open (or not): it can be spawned.
    LogsOpened(Box<SpawnPlan>, Result<OpenLogs, SpawnError>),
    /// A deferred answer of a plug-in is due to be asked for again.
    Poll(RequestId, u64),
    /// A plug-in wants something done: see [`Handle::next_effect`].
    Wake,
    /// A plug-in can read from its descriptor, or write to it.
    Ready(i32, bool),
}

/// The logs of a process about to be spawned.
#[derive(Debug)]
pub(crate) struct OpenLogs {
    stdout: OpenLog,
    /// None with `redirect_stderr`.
    stderr: Option<OpenLog>,
}

/// Everything the loop owns.
pub(crate) struct Control {
    pub(crate) handle: Handle,
    pub(crate) messages: mpsc::UnboundedSender<Message>,
    pub(crate) logs: Logs,
    pub(crate) clock: Clock,
    read_settings: ReadSettings,
    /// Has the paths of unix sockets looked at; nobody listens until the servers run.
    pub(crate) recheck_sockets: Rc<Notify>,
    pub(crate) inputs: VecDeque<Input>,
    replies: BTreeMap<RequestId, oneshot::Sender<Answer>>,
    next_request: u64,
    /// Living children. A pid leaves when it is reaped, so that no signal can reach a stranger.
    children: HashMap<i32, ProcessId>,
    /// The writing ends of the children's standard input.
    stdins: HashMap<ProcessId, Stdin>,
    /// Living listeners.
    listening: HashMap<ProcessId, Listening>,
    /// The log threads' way to the core.
    to_core: ToCore,
    /// What FastCGI programs have instead.
    sockets: FcgiSockets,
    /// Processes that ended: their sockets are let go of when what that brought about is done.
    released: Vec<ProcessId>,
    pub(crate) overrides: Overrides,
    /// Why it cannot be told what plug-ins replaced, as it was said last.
    pub(crate) overrides_trouble: Option<String>,
    /// An automatic log took too long to be made; no other is waited for.
    disk_is_slow: bool,
    ended: Option<Mood>,
}

impl Control {
    /// A loop that has seen nothing yet.
    pub(crate) fn new(
        handle: Handle,
        messages: mpsc::UnboundedSender<Message>,
        logs: Logs,
        (clock, read_settings): (Clock, ReadSettings),
    ) -> Self {
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
            handle,
            messages,
            logs,
            clock,
            read_settings,
            recheck_sockets: Rc::default(),
            inputs: VecDeque::new(),
            replies: BTreeMap::new(),
            next_request: 1,
            children: HashMap::new(),
            stdins: HashMap::new(),
            listening: HashMap::new(),
            to_core,
            sockets: FcgiSockets::default(),
            released: Vec::new(),
            overrides: Overrides::default(),
            overrides_trouble: None,
            disk_is_slow: false,
            ended: None,
        }
    }

    /// Works until everything is stopped; says what is to follow.
    pub(crate) async fn work(
        &mut self,
        inbox: &mut mpsc::UnboundedReceiver<Message>,
        host: &mut Option<Box<dyn PluginHost>>,
    ) -> Mood {
        self.inputs.push_back(Input::Start { pid: std::process::id() });
        loop {
            self.take_in_all(host).await;
            if let Some(mood) = self.ended {
                return mood;
            }
            let deadline = self.handle.core().next_deadline().map(|due| self.clock.instant(due));
            tokio::select! {
                message = inbox.recv() => {
                    let mut message = message;
                    for _ in 0..BATCH {
                        let Some(next) = message else { break };
                        self.on_message(next, host);
                        message = inbox.try_recv().ok();
                    }
                    if let Some(last) = message {
                        self.on_message(last, host);
                    }
                }
                () = sleep_until(deadline), if deadline.is_some() => self.inputs.push_back(Input::Timer),
            }
        }
    }

    /// Steps the core through all inputs that wait, and carries out what it wants.
    pub(crate) async fn take_in_all(&mut self, host: &mut Option<Box<dyn PluginHost>>) {
        loop {
            while let Some(effect) = self.handle.next_effect() {
                self.carry_out(effect, host).await;
            }
            for process in std::mem::take(&mut self.released) {
                self.release_socket(process);
            }
            let Some(input) = self.inputs.pop_front() else { break };
            let ended = match &input {
                Input::Exited { process, .. } => Some(*process),
                _ => None,
            };
            // Behind what is said about its end; a start takes a socket anew by itself.
            let released = self.handle.step_with(&mut self.handle.core(), input, |effects| {
                let restarts = |process| {
                    effects
                        .iter()
                        .any(|effect| matches!(effect, Effect::Spawn(plan) if plan.process == process))
                };
                ended.filter(|&process| !restarts(process))
            });
            self.released.extend(released);
        }
    }

    /// Carries out one effect.
    pub(crate) async fn carry_out(&mut self, effect: Effect, host: &mut Option<Box<dyn PluginHost>>) {
        match effect {
            Effect::Log { level, message } => self.logs.line(level, &message),
            Effect::Spawn(plan) => self.prepare_spawn(plan),
            Effect::CallSpawnOverride { process } => self.call_spawn_override(process, host),
            Effect::CallTransitions => self.with_host(host, |host| host.transitions()),
            Effect::CallFinish { process, pid, status } => {
                self.with_host(host, |host| host.finish(process, pid, status));
            }
            Effect::CheckCommand { request, process, argv, path } => {
                self.inputs.push_back(check_command(request, process, &argv, path.as_deref()));
            }
            Effect::Kill { process, pid, whole_group, signal, purpose } => {
                self.kill(process, pid, whole_group, signal, purpose);
            }
            Effect::CreateAutomaticLog { process, channel, prefix } => {
                self.create_automatic_log(process, channel, prefix).await;
            }
            Effect::ReadLog { request, range } => {
                let read = self.logs.read(range);
                let messages = self.messages.clone();
                tokio::task::spawn_local(async move {
                    let result = read.await;
                    let _ = messages.send(Message::Input(Input::LogRead { request, result }));
                });
            }
            Effect::ClearLogs { request, logs } => {
                let cleared = self.logs.clear(logs);
                let messages = self.messages.clone();
                tokio::task::spawn_local(async move {
                    let results = cleared.await;
                    let _ = messages.send(Message::Input(Input::LogsCleared { request, results }));
                });
            }
            Effect::WriteStdin { process, bytes, purpose } => {
                let error = match self.stdins.get(&process) {
                    Some(stdin) => stdin.write(&bytes).err(),
                    None => Some(StdinError::Closed),
                };
                if error.is_some() || purpose != StdinPurpose::Event {
                    self.inputs.push_back(Input::StdinWritten { process, purpose, error });
                }
            }
            Effect::ReadConfiguration { request } => self.read_configuration(request),
            Effect::ReopenLogs => {
                self.logs.reopen();
                self.recheck_sockets.notify_one();
            }
            Effect::Emit(event) => {
                let is_known = matches!(event, Event::Custom { .. });
                if !is_known && host.as_ref().is_some_and(|host| host.wants_events()) {
                    self.with_host(host, |host| host.notify(&event));
                }
            }
            Effect::Reply { request, answer } if is_own(request) => self.handle.keep_answer(request, answer),
            Effect::Judge { process, handler, event, result } => {
                let judged = host.as_mut().map(|host| host.judge(&handler, &event, &result));
                let (verdict, trouble) = judged.unwrap_or((Verdict::Failed, None));
                if let Some(trouble) = trouble {
                    self.logs.line(LogLevel::Error, &trouble);
                }
                // Before whatever else the listener did, so that the verdict meets the event it is about.
                self.inputs.push_front(Input::Judged { process, verdict });
            }
            Effect::Reply { request, answer } => self.reply(request, answer.into()),
            Effect::CallPlugin { request, namespace, method, params } => {
                self.call_plugin(request, (&namespace, &method), params, host);
            }
            Effect::End(mood) => self.ended = Some(mood),
        }
    }

    fn on_message(&mut self, message: Message, host: &mut Option<Box<dyn PluginHost>>) {
        match message {
            Message::Input(Input::ConfigurationRead { request, result }) => {
                let result = result.and_then(|settings| {
                    resolve_handlers(&settings, host.as_deref_mut())?;
                    Ok(settings)
                });
                self.inputs.push_back(Input::ConfigurationRead { request, result });
            }
            Message::Input(input) => self.inputs.push_back(input),
            Message::Output(input, room) => {
                self.inputs.push_back(input);
                drop(room);
            }
            Message::PluginOutput(output, room) => self.give_output(&output, room.as_ref(), host),
            Message::Signal(signal) => self.on_signal(signal, host),
            Message::Log(level, message) => self.logs.line(level, &message),
            // Perhaps by a thread that replaced a method, too.
            Message::Wake => self.note_overrides(host),
            Message::Ready(descriptor, writable) => {
                self.with_host(host, |host| host.ready(descriptor, writable));
            }
            Message::Call { call, reply } => {
                let request = self.open_request(reply);
                let MethodCall { method, params } = call;
                self.inputs.push_back(Input::Request { request, method, params });
            }
            Message::Command { method, params, reply } => {
                let request = self.open_request(reply);
                self.inputs.push_back(Input::Command { request, method, params });
            }
            Message::LogsOpened(plan, logs) => {
                let process = plan.process;
                let spawned = logs.and_then(|logs| self.spawn(&plan, logs, host));
                let input = match spawned {
                    Ok(pid) => Input::Spawned { process, pid },
                    Err(error) => {
                        self.release_socket(process);
                        Input::SpawnFailed { process, error }
                    }
                };
                self.inputs.push_back(input);
            }
            Message::Poll(request, id) => {
                self.poll_plugin(request, id, host);
            }
        }
    }

    fn open_request(&mut self, reply: oneshot::Sender<Answer>) -> RequestId {
        let request = RequestId(self.next_request);
        self.next_request += 1;
        self.replies.insert(request, reply);
        request
    }

    fn on_signal(&mut self, signal: Signal, host: &mut Option<Box<dyn PluginHost>>) {
        let heeded = if self.overrides.signal { self.ask_about_signal(signal, host) } else { Some(signal) };
        self.inputs.extend(heeded.map(Input::Signal));
        if signal != Signal(libc::SIGCHLD) {
            return;
        }
        for (pid, status) in reap() {
            let Some(process) = self.children.remove(&pid) else {
                self.inputs.push_back(Input::OrphanExited { pid, status });
                continue;
            };
            self.stdins.remove(&process);
            if let Some(listening) = self.listening.remove(&process) {
                listening.finish();
            }
            let drained = self.logs.drained(process);
            let messages = self.messages.clone();
            tokio::task::spawn_local(async move {
                drained.await;
                let _ = messages.send(Message::Input(Input::Exited { process, status }));
            });
        }
    }

    /// Makes what a process needs before it is spawned: its socket, then its logs.
    fn prepare_spawn(&mut self, plan: Box<SpawnPlan>) {
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

    fn release_socket(&mut self, process: ProcessId) {
        self.sockets.release(process, &|line| self.logs.line(LogLevel::Info, line));
    }

    /// Opens the logs of a process; the process follows when they are open.
    fn open_logs(&self, plan: Box<SpawnPlan>) {
        let logs = self.logs.clone();
        let messages = self.messages.clone();
        tokio::task::spawn_local(async move {
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

    fn spawn(
        &mut self,
        plan: &SpawnPlan,
        logs: OpenLogs,
        host: &mut Option<Box<dyn PluginHost>>,
    ) -> Result<i32, SpawnError> {
        let program = plan.argv.first().map_or("", String::as_str);
        let resolved = resolve(program, plan.path.as_deref())?;
        // A listener's output that neither a log nor the main log shows needs no copy.
        let is_shown = plan.stdout.logfile != LogTarget::None || self.logs.level() >= LogLevel::Debug;
        let copy = (plan.is_listener && is_shown).then(copy_pipe).transpose()?;
        let socket = self.sockets.of(plan.process).map(AsFd::as_fd);
        let mut asked = None;
        let arranges = self.overrides.descriptors;
        let spawned = spawn(plan, &resolved, socket, |pipes| {
            let host = host.as_deref_mut().filter(|_| arranges)?;
            let (steps, trouble) = host.arrange_descriptors(plan.process, pipes);
            asked = Some(trouble);
            steps
        });
        if let Some(trouble) = asked {
            self.with_host(host, |_| trouble);
        }
        let child = spawned?;
        self.children.insert(child.pid, plan.process);
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
            Tap::of(plan.process, channel, settings, &self.to_core, self.overrides.output)
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

    fn kill(
        &mut self,
        process: ProcessId,
        pid: i32,
        whole_group: bool,
        signal: Signal,
        purpose: KillPurpose,
    ) {
        let error = if self.children.get(&pid) == Some(&process) {
            send_signal(if whole_group { -pid } else { pid }, signal).err()
        } else {
            // It is reaped already, its pid may be somebody else's by now.
            Some(libc::ESRCH)
        };
        self.inputs.push_back(Input::Killed { process, signal, purpose, error });
    }

    /// Has an automatic log made, and waits for it, so that a start that is asked for next finds it; but a disk that
    /// does not answer is waited for only once, and from then on elsewhere.
    async fn create_automatic_log(&mut self, process: ProcessId, channel: Channel, prefix: String) {
        let folder = self.handle.core().settings().daemon.childlogdir.clone();
        let logs = self.logs.clone();
        let mut creating = tokio::task::spawn_local(async move {
            let created = tokio::time::timeout(OPEN_LOG, logs.create_automatic(prefix, folder)).await;
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
        if let Ok(path) = tokio::time::timeout(patience, &mut creating).await {
            self.inputs.push_back(input(path.ok().flatten()));
            return;
        }
        self.disk_is_slow = true;
        let messages = self.messages.clone();
        tokio::task::spawn_local(async move {
            let path = creating.await.ok().flatten();
            let _ = messages.send(Message::Input(input(path)));
        });
    }

    /// Reads the configuration on a thread of its own: files may be many, and a disk may be stuck.
    fn read_configuration(&mut self, request: RequestId) {
        let read = std::sync::Arc::clone(&self.read_settings);
        let messages = self.messages.clone();
        let thread = std::thread::Builder::new().name("configuration".to_owned()).spawn(move || {
            let result = read().map(Box::new);
            let _ = messages.send(Message::Input(Input::ConfigurationRead { request, result }));
        });
        if let Err(error) = thread {
            let result = Err(format!("could not read the configuration: {error}"));
            self.inputs.push_back(Input::ConfigurationRead { request, result });
        }
    }

    pub(crate) fn reply(&mut self, request: RequestId, answer: Answer) {
        if let Some(reply) = self.replies.remove(&request) {
            // The client may be gone; then nobody misses the answer.
            let _ = reply.send(answer);
        }
    }
}

/// Makes sure that the result handlers of a configuration that was read again can be called.
fn resolve_handlers(
    settings: &Settings,
    host: Option<&mut (dyn PluginHost + 'static)>,
) -> Result<(), String> {
    match (settings.foreign_handlers().next(), host) {
        (None, _) => Ok(()),
        (Some(_), Some(host)) => host.resolve_handlers(settings),
        (Some((pool, handler)), None) => Err(format!(
            "{handler} cannot be resolved within [eventlistener:{pool}]: this daemon runs without Python until it \
             is reloaded"
        )),
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

async fn open_log(logs: &Logs, output: &OutputSettings) -> Result<OpenLog, SpawnError> {
    let opened = tokio::time::timeout(OPEN_LOG, logs.open(output)).await;
    let errno = match opened {
        Ok(Ok(log)) => return Ok(log),
        Ok(Err(errno)) => errno,
        Err(_) => libc::ETIMEDOUT,
    };
    let path = match &output.logfile {
        LogTarget::File(path) => path.clone(),
        LogTarget::None | LogTarget::Automatic | LogTarget::Syslog => std::path::PathBuf::new(),
    };
    Err(SpawnError::Log { path, errno })
}

async fn sleep_until(deadline: Option<tokio::time::Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
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
