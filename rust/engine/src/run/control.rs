//! The loop of the control thread: inputs in, effects out (design 2 and 3).

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::rc::Rc;

use supervisor_core::config::{LogLevel, Settings};
use supervisor_core::effect::{Effect, ProcessId, RequestId, StdinPurpose};
use supervisor_core::event::Event;
use supervisor_core::input::Input;
use supervisor_core::listener::protocol::Verdict;
use supervisor_core::signal::Signal;
use supervisor_core::state::Mood;
use supervisor_core::xml::MethodCall;
use tokio::sync::{Notify, mpsc, oneshot};

use super::ReadSettings;
use super::children::Children;
use super::clock::Clock;
use super::message::Message;
use crate::fcgi::FcgiSockets;
use crate::http::{Answer, Asked, Foreign, Said};
use crate::logs::Logs;
use crate::plugins::{Handle, Overrides, PluginHost, check_command, is_own};

/// How many messages are taken in before the loop looks at its deadline again.
const BATCH: usize = 256;

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
    pub(super) children: Children,
    /// What FastCGI programs have for their standard input.
    pub(super) sockets: FcgiSockets,
    /// Processes that ended: their sockets are let go of when what that brought about is done.
    released: Vec<ProcessId>,
    pub(crate) overrides: Overrides,
    /// What the servers know of plug-ins.
    pub(crate) foreign: Rc<Foreign>,
    /// Who waits for what plug-ins answer when they like.
    pub(crate) kept: HashMap<u64, oneshot::Sender<Said>>,
    /// A plug-in did something since it was looked what plug-ins replaced.
    is_woken: bool,
    /// Why it cannot be told what plug-ins replaced, as it was said last.
    pub(crate) overrides_trouble: Option<String>,
    /// An automatic log took too long to be made; no other is waited for.
    pub(super) disk_is_slow: bool,
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
        let children = Children::new(logs.clone(), messages.clone());
        let foreign = {
            let messages = messages.clone();
            let sockets = handle.sockets().clone();
            Foreign::new(move |asked| drop(messages.send(Message::Asked(asked))), sockets)
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
            children,
            sockets: FcgiSockets::default(),
            released: Vec::new(),
            overrides: Overrides::default(),
            foreign,
            kept: HashMap::new(),
            is_woken: false,
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
                    if std::mem::take(&mut self.is_woken) {
                        // Perhaps by a thread that replaced a method.
                        self.note_overrides(host);
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
                let error = self.children.kill(process, pid, whole_group, signal);
                self.inputs.push_back(Input::Killed { process, signal, purpose, error });
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
                let error = self.children.write(process, &bytes);
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
                let result = result.and_then(|mut settings| {
                    if let Some(host) = host.as_deref_mut() {
                        host.reread(&mut settings)?;
                    }
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
            Message::Line(line) => self.give_line(&line, host),
            Message::Log(level, message) => self.logs.write(level, &message),
            Message::Wake => self.is_woken = true,
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
            Message::Asked(asked) => self.ask_plugin(asked, host),
            Message::Answered(number) => {
                if let Some(reply) = self.kept.remove(&number) {
                    self.ask_plugin(Asked::GoOn(number, reply), host);
                }
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
        if signal == Signal(libc::SIGCHLD) {
            let orphans = self.children.reap();
            self.inputs.extend(orphans);
        }
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

async fn sleep_until(deadline: Option<tokio::time::Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
