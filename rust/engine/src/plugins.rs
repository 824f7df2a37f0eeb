//! The seam to the plug-in host: what the engine asks of it, and what it may ask of the engine (design 4).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use supervisor_core::config::{LogLevel, Settings};
use supervisor_core::core::Core;
use supervisor_core::effect::ProcessId;
use supervisor_core::event::Event;
use supervisor_core::input::Input;
use supervisor_core::listener::protocol::Verdict;
use supervisor_core::rpc::Fault;
use supervisor_core::xml::Value;
use tokio::sync::mpsc;

use crate::run::Message;

/// A way to the core, for the host and for threads of plug-ins. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Handle {
    core: Arc<Mutex<Core>>,
    messages: mpsc::UnboundedSender<Message>,
}

impl Handle {
    pub(crate) fn new(core: Arc<Mutex<Core>>, messages: mpsc::UnboundedSender<Message>) -> Self {
        Self { core, messages }
    }

    /// The core's lock, for a host that has its own way of waiting for it.
    #[must_use]
    pub fn mutex(&self) -> &Mutex<Core> {
        &self.core
    }

    /// The core, to be looked at. The loop holds the lock only while it takes one step.
    pub fn core(&self) -> MutexGuard<'_, Core> {
        // A step that panicked is reported elsewhere; what it left is still the only state there is.
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes a line to the main log.
    pub fn log(&self, level: LogLevel, message: String) {
        let _ = self.messages.send(Message::Log(level, message));
    }

    /// Passes an input to the core, after those that already wait. Does nothing once the daemon ended.
    pub fn send(&self, input: Input) {
        let _ = self.messages.send(Message::Input(input));
    }
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

    /// Makes sure that the `result_handler` of every pool of a configuration is there.
    ///
    /// # Errors
    /// One is not; the text is for whoever wants the configuration read.
    fn resolve_handlers(&mut self, settings: &Settings) -> Result<(), String>;

    /// Calls a `result_handler`, by its `module:attribute`, with what a listener answered to an event. Besides its
    /// verdict, text for the main log when it failed.
    fn judge(&mut self, handler: &str, event: &Event, result: &[u8]) -> (Verdict, Option<String>);

    /// Whether a plug-in replaced the way processes are spawned.
    fn overrides_spawn(&self) -> bool;

    /// Calls what replaced it. Text for the main log, when it failed.
    fn spawn(&mut self, process: ProcessId) -> Option<String>;

    /// Everything of this life of the daemon ends: let go of it.
    fn unload(&mut self);
}
