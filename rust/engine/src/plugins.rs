//! The seam to the plug-in host: what the engine asks of it, and what it may ask of the engine (design 4).

use std::collections::{HashMap, VecDeque};
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use supervisor_core::config::{LogLevel, Settings};
use supervisor_core::core::Core;
use supervisor_core::effect::{Channel, Effect, ProcessId, RequestId};
use supervisor_core::event::Event;
use supervisor_core::input::{ExitStatus, Input};
use supervisor_core::listener::protocol::Verdict;
use supervisor_core::plugin::{Hooks, PluginInput};
use supervisor_core::rpc::Fault;
use supervisor_core::signal::Signal;
use supervisor_core::xml::Value;
use tokio::sync::mpsc;

use crate::http::{ForeignRequest, Replaced, Said, Sockets};
use crate::logs;
use crate::run::{Clock, Message};
use crate::spawn::{DescriptorStep, PipeNumbers, resolve};

/// A way to the core, for the host and for threads of plug-ins. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Handle {
    core: Arc<Mutex<Core>>,
    /// What steps want done, in the order of the steps. Locked after the core, never the other way round.
    effects: Arc<Mutex<VecDeque<Effect>>>,
    calls: Arc<Mutex<Calls>>,
    clock: Clock,
    messages: mpsc::UnboundedSender<Message>,
    sockets: Sockets,
}

/// Requests of plug-ins have this bit; those of clients are counted from 1.
const OWN: u64 = 1 << 62;

/// Calls that plug-ins made of the engine's own methods.
#[derive(Debug, Default)]
struct Calls {
    made: u64,
    /// Those that are not answered yet, and those whose answer nobody has asked for yet.
    open: HashMap<u64, Option<Result<Value, Fault>>>,
}

/// What the call of one of the engine's own methods came to.
#[derive(Debug, Clone, PartialEq)]
pub enum Called {
    /// The answer.
    Answered(Result<Value, Fault>),
    /// It comes later: ask for it by this number, with [`Handle::answer`].
    Later(u64),
}

impl Handle {
    pub(crate) fn new(core: Core, clock: Clock, messages: mpsc::UnboundedSender<Message>) -> Self {
        let core = Arc::new(Mutex::new(core));
        let (effects, calls, sockets) = <(_, _, _)>::default();
        Self { core, effects, calls, clock, messages, sockets }
    }

    /// Takes one step of the core. What it wants done is done when the loop has its turn.
    pub fn step(&self, input: Input) {
        self.step_with(&mut self.core(), input, |_| ());
        self.wake();
    }

    /// Has a plug-in do something, now, with a core that is locked already.
    pub fn step_locked(&self, core: &mut Core, input: PluginInput) {
        self.step_locked_input(core, Input::Plugin(input));
    }

    /// Takes one step with a core that is locked already.
    pub fn step_locked_input(&self, core: &mut Core, input: Input) {
        self.step_with(core, input, |_| ());
        self.wake();
    }

    /// One step, with a look at what it wants done.
    pub(crate) fn step_with<T>(&self, core: &mut Core, input: Input, look: impl FnOnce(&[Effect]) -> T) -> T {
        let mut effects = Vec::new();
        core.step(self.clock.now(), input, &mut effects);
        let seen = look(&effects);
        lock(&self.effects).extend(effects);
        seen
    }

    /// Takes one step whose effects the caller looks after.
    pub(crate) fn effects_of(&self, input: Input) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.core().step(self.clock.now(), input, &mut effects);
        effects
    }

    /// Has these done before whatever else is to be done.
    pub(crate) fn put_back(&self, effects: Vec<Effect>) {
        let mut waiting = lock(&self.effects);
        for effect in effects.into_iter().rev() {
            waiting.push_front(effect);
        }
    }

    /// The next thing to be done.
    pub(crate) fn next_effect(&self) -> Option<Effect> {
        lock(&self.effects).pop_front()
    }

    /// Has the loop look at what is to be done, and at what plug-ins replaced. The message before may still wait; one
    /// more does no harm.
    pub fn wake(&self) {
        let _ = self.messages.send(Message::Wake);
    }

    /// Calls a method of the standard namespace, the engine's own, whatever replaced it.
    ///
    /// What needs nothing but a look at the disk is done at once. The rest is answered when the loop had its turn.
    pub fn call(&self, method: &str, params: Vec<Value>) -> Called {
        let number = {
            let mut calls = lock(&self.calls);
            calls.made += 1;
            calls.made
        };
        let request = RequestId(OWN | number);
        let mut inputs =
            VecDeque::from([Input::Plugin(PluginInput::Call { request, method: method.to_owned(), params })]);
        let mut answered = None;
        let mut core = self.core();
        while let Some(input) = inputs.pop_front() {
            let mut effects = Vec::new();
            core.step(self.clock.now(), input, &mut effects);
            let mut rest = VecDeque::with_capacity(effects.len());
            for effect in effects {
                match effect {
                    Effect::Reply { request: replied, answer } if replied == request => {
                        answered = Some(answer);
                    }
                    Effect::CheckCommand { request: asked, process, argv, path } if asked == request => {
                        inputs.push_back(check_command(request, process, &argv, path.as_deref()));
                    }
                    Effect::ReadLog { request: asked, range } if asked == request => {
                        inputs.push_back(Input::LogRead { request, result: logs::read_now(&range) });
                    }
                    other => rest.push_back(other),
                }
            }
            lock(&self.effects).append(&mut rest);
        }
        // Before the core is let go of, so that the loop cannot answer a call that is not noted yet.
        if answered.is_none() {
            lock(&self.calls).open.insert(number, None);
        }
        drop(core);
        self.wake();
        answered.map_or(Called::Later(number), Called::Answered)
    }

    /// The answer of a call, once: `None` while it is not there.
    #[must_use]
    pub fn answer(&self, number: u64) -> Option<Result<Value, Fault>> {
        let mut calls = lock(&self.calls);
        let answer = calls.open.get_mut(&number)?.take()?;
        calls.open.remove(&number);
        Some(answer)
    }

    /// Nobody will ask for the answer of a call any more.
    pub fn forget(&self, number: u64) {
        lock(&self.calls).open.remove(&number);
    }

    /// Keeps an answer for the plug-in that made the call; gives back what is for somebody else.
    pub(crate) fn keep_answer(&self, request: RequestId, answer: Result<Value, Fault>) {
        if let Some(open) = lock(&self.calls).open.get_mut(&(request.0 & !OWN)) {
            *open = Some(answer);
        }
    }

    /// The core's lock, for a host that has its own way of waiting for it.
    #[must_use]
    pub fn mutex(&self) -> &Mutex<Core> {
        &self.core
    }

    /// The core, to be looked at. The loop holds the lock only while it takes one step.
    pub fn core(&self) -> MutexGuard<'_, Core> {
        lock(&self.core)
    }

    /// Writes a line to the main log.
    pub fn log(&self, level: LogLevel, message: String) {
        let _ = self.messages.send(Message::Log(level, message));
    }

    /// The sockets of the HTTP servers.
    #[must_use]
    pub fn sockets(&self) -> &Sockets {
        &self.sockets
    }

    /// A request of HTTP that a plug-in had kept is answered: has the loop call [`PluginHost::go_on`].
    pub fn answered(&self, number: u64) {
        let _ = self.messages.send(Message::Answered(number));
    }

    /// Has the loop call [`PluginHost::ready`].
    pub fn ready(&self, descriptor: i32, writable: bool) {
        let _ = self.messages.send(Message::Ready(descriptor, writable));
    }
}

/// What a step that panicked left behind is still the only state there is; the panic is reported elsewhere.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether a request was made by a plug-in.
pub(crate) fn is_own(request: RequestId) -> bool {
    !request.is_part() && request.0 & OWN != 0
}

/// Looks whether a command could be started.
pub(crate) fn check_command(
    request: RequestId,
    process: ProcessId,
    argv: &[String],
    path: Option<&str>,
) -> Input {
    let error = resolve(argv.first().map_or("", String::as_str), path).err();
    Input::CommandChecked { request, process, error }
}

/// What a call of a plug-in's method came to.
#[derive(Debug, Clone, PartialEq)]
pub enum PluginAnswer {
    /// Its value.
    Value(Value),
    /// It raised a fault.
    Fault(Fault),
    /// It raised something else; the text is for the main log.
    Error(String),
    /// It is not done yet: ask again by [`PluginHost::poll`].
    Deferred {
        /// Names the deferred answer.
        id: u64,
        /// When to ask again.
        delay: Duration,
    },
}

/// What a plug-in brought with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Namespace {
    /// Its name, before the dot.
    pub name: String,
    /// Its methods with their help texts.
    pub methods: Vec<(String, String)>,
}

/// Why the plug-ins could not be loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadError {
    /// What whoever started the daemon gets to read.
    pub message: String,
    /// The plug-in's own failure, for the main log.
    pub traceback: Option<String>,
}

/// What plug-ins replaced.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// What the core has to know of.
    pub hooks: Hooks,
    /// `ServerOptions.get_signal`.
    pub signal: bool,
    /// `POutputDispatcher._log`.
    pub output: bool,
    /// The handlers of the main log, or all of it.
    pub main_log: bool,
    /// `Subprocess._prepare_child_fds`.
    pub descriptors: bool,
    /// Pages and handlers of the HTTP servers; `None` where all of them are the engine's own.
    pub http: Option<Rc<Replaced>>,
}

/// The host of plug-ins. Every method is called on the control thread while no lock is held, and may take as
/// long as the plug-in takes.
pub trait PluginHost {
    /// Makes the objects that plug-ins see and loads the plug-ins that the configuration names.
    ///
    /// # Errors
    /// The configuration names something that does not exist, or a plug-in failed.
    fn load(&mut self, handle: Handle) -> Result<Vec<Namespace>, LoadError>;

    /// Calls a method.
    fn call(&mut self, namespace: &str, method: &str, params: Vec<Value>) -> PluginAnswer;

    /// Asks for a deferred answer again.
    fn poll(&mut self, id: u64) -> PluginAnswer;

    /// Whether a plug-in subscribed to events; where none did, [`Self::notify`] is not called.
    fn wants_events(&self) -> bool;

    /// Tells subscribers of an event. Text for the main log, when one of them failed.
    fn notify(&mut self, event: &Event) -> Option<String>;

    /// Which methods plug-ins replaced by now. Text for the main log, when that cannot be told: then it is what it was
    /// before.
    fn overrides(&mut self) -> (Overrides, Option<String>);

    /// Has what replaced `ServerOptions._processes_from_section` make the processes of a configuration that was read
    /// again, for this life or the next.
    ///
    /// # Errors
    /// It refuses a section; the text is for whoever wants the configuration read.
    fn reread(&mut self, settings: &mut Settings) -> Result<(), String>;

    /// Makes sure that the `result_handler` of every pool of a configuration is there.
    ///
    /// # Errors
    /// One is not; the text is for whoever wants the configuration read.
    fn resolve_handlers(&mut self, settings: &Settings) -> Result<(), String>;

    /// Calls a `result_handler`, by its `module:attribute`, with what a listener answered to an event. Besides its
    /// verdict, text for the main log when it failed.
    fn judge(&mut self, handler: &str, event: &Event, result: &[u8]) -> (Verdict, Option<String>);

    /// Calls what replaced `Subprocess.spawn`. Text for the main log, when it failed.
    fn spawn(&mut self, process: ProcessId) -> Option<String>;

    /// Calls what replaced `Subprocess.transition`, for every process. Text for the main log, when one failed.
    fn transitions(&mut self) -> Option<String>;

    /// Calls what replaced `Subprocess.finish`. Text for the main log, when it failed.
    fn finish(&mut self, process: ProcessId, pid: i32, status: ExitStatus) -> Option<String>;

    /// Calls what replaced `POutputDispatcher._log` with output of a process. Returns what of it, or in its place, is to
    /// be logged, and text for the main log, when it failed.
    fn output(&mut self, process: ProcessId, channel: Channel, data: &[u8])
    -> (Vec<Vec<u8>>, Option<String>);

    /// Gives a line of the main log to the handlers that a plug-in put there; the main log itself is written by the
    /// handler that stands for it. Text for the main log, when they failed.
    fn main_log(&mut self, level: LogLevel, message: &str) -> Option<String>;

    /// Calls what replaced `Subprocess._prepare_child_fds`, for a process that is about to be started. Returns what the
    /// child is to do, `None` for the usual, and text for the main log, when it failed.
    fn arrange_descriptors(
        &mut self,
        process: ProcessId,
        pipes: &PipeNumbers,
    ) -> (Option<Vec<DescriptorStep>>, Option<String>);

    /// Calls what replaced `ServerOptions.get_signal` with a signal that has arrived. Returns the signal that is to
    /// be heeded, if any, and text for the main log, when it failed.
    fn signal(&mut self, signal: Signal) -> (Option<Signal>, Option<String>);

    /// Has a plug-in read from, or write to, one of its descriptors. Text for the main log, when it failed.
    fn ready(&mut self, descriptor: i32, writable: bool) -> Option<String>;

    /// Has a plug-in answer a request of HTTP.
    fn respond(&mut self, request: ForeignRequest) -> Said;

    /// Asks for more about a request that is not finished, by its number.
    fn go_on(&mut self, number: u64) -> Said;

    /// Nobody waits for more about a request.
    fn let_go(&mut self, number: u64);

    /// Everything of this life of the daemon ends: let go of it.
    fn unload(&mut self);
}
