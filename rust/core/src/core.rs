//! The one owner of all state.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use indexmap::{IndexMap, IndexSet};
use serde::{Deserialize, Serialize};

use crate::config::{LogLevel, LogTarget, Settings};
use crate::effect::{Effect, ProcessId, StdinPurpose};
use crate::event::Event;
use crate::expand;
use crate::group::{Group, Namespec};
use crate::history::Change;
use crate::input::{ExitStatus, Input, Now};
use crate::listener::{Pool, Ticks};
use crate::outbox::Outbox;
use crate::plugin::Hooks;
use crate::process::{Circumstances, Moment, Process};
use crate::rpc::{Parts, Requests};
use crate::schedule::Schedule;
use crate::shutdown::Shutdown;
use crate::signal::Signal;
use crate::state::Mood;

/// How often replaced transitions are called: as often as the original's loop turns at least.
const TRANSITION_INTERVAL: Duration = Duration::from_secs(1);

/// All state of the daemon, and every decision on it. See the crate's page for the contract.
#[derive(Debug, Serialize, Deserialize)]
pub struct Core {
    /// What the configuration said when it was read last: [`crate::staging`] says what of it is in use.
    pub(crate) settings: Settings,
    mood: Mood,
    pub(crate) pid: u32,
    /// What clients are told the version is.
    pub(crate) version: String,
    pub(crate) groups: IndexMap<String, Group>,
    pub(crate) processes: BTreeMap<ProcessId, Process>,
    pub(crate) next_process: u64,
    /// The groups of listeners, by their names, in the order they were added.
    pub(crate) pools: IndexMap<String, Pool>,
    /// The serial of the next event that some pool wants.
    pub(crate) event_serial: u64,
    pub(crate) ticks: Ticks,
    schedule: Schedule,
    /// Processes that this step changed or that are due: they are settled before it ends.
    #[serde(skip)]
    touched: IndexSet<ProcessId>,
    pub(crate) requests: Requests,
    pub(crate) parts: Parts,
    shutdown: Shutdown,
    /// Namespaces that plug-ins answer, with their methods and help texts.
    pub(crate) plugin_namespaces: BTreeMap<String, BTreeMap<String, String>>,
    pub(crate) hooks: Hooks,
    /// When the replaced transitions are called next.
    next_transitions: Option<Duration>,
    /// When `Input::Start` came: since then processes may start.
    started: Option<Moment>,
}

impl Core {
    /// A core with the given settings and nothing loaded yet; `version` is what clients are told.
    #[must_use]
    pub fn new(settings: Settings, version: &str) -> Self {
        Self {
            settings,
            mood: Mood::Running,
            pid: 0,
            version: version.to_owned(),
            groups: IndexMap::new(),
            processes: BTreeMap::new(),
            next_process: 1,
            pools: IndexMap::new(),
            event_serial: 0,
            ticks: Ticks::default(),
            schedule: Schedule::default(),
            touched: IndexSet::new(),
            requests: Requests::default(),
            parts: Parts::default(),
            shutdown: Shutdown::default(),
            plugin_namespaces: BTreeMap::new(),
            hooks: Hooks::default(),
            next_transitions: None,
            started: None,
        }
    }

    /// Goes on counting events where an earlier life of the daemon left off.
    pub fn continue_events(&mut self, serial: u64) {
        self.event_serial = serial;
    }

    /// The serial of the next event, for the next life.
    #[must_use]
    pub fn event_serial(&self) -> u64 {
        self.event_serial
    }

    /// What the configuration said when it was read last. Its groups may differ from those in use.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// When processes began to start; `None` before.
    #[must_use]
    pub fn started(&self) -> Option<Moment> {
        self.started
    }

    /// The daemon's pid, 0 before it started.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// State of the daemon.
    #[must_use]
    pub fn mood(&self) -> Mood {
        self.mood
    }

    /// What clients are told the version is.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The groups in the order they were added.
    pub fn groups(&self) -> impl Iterator<Item = &Group> {
        self.groups.values()
    }

    /// A group by its name.
    #[must_use]
    pub fn group(&self, name: &str) -> Option<&Group> {
        self.groups.get(name)
    }

    /// How many requests wait for their answer.
    #[must_use]
    pub fn open_requests(&self) -> usize {
        self.requests.len()
    }

    /// All processes, in no particular order.
    pub fn processes(&self) -> impl Iterator<Item = &Process> {
        self.processes.values()
    }

    /// A process by its identity.
    #[must_use]
    pub fn process(&self, id: ProcessId) -> Option<&Process> {
        self.processes.get(&id)
    }

    /// A process by its names.
    #[must_use]
    pub fn find(&self, group: &str, name: &str) -> Option<&Process> {
        self.members(group).find(|process| process.config.name == name)
    }

    /// A process by the name a client uses; none for a whole group.
    #[must_use]
    pub fn find_namespec(&self, name: &str) -> Option<&Process> {
        let namespec = Namespec::parse(name);
        self.find(namespec.group, namespec.process?)
    }

    /// Whether processes may start.
    pub(crate) fn is_started(&self) -> bool {
        self.started.is_some()
    }

    /// The processes of a group in the order of the configuration; none for a name without a group.
    pub fn members(&self, group: &str) -> impl Iterator<Item = &Process> {
        self.groups
            .get(group)
            .into_iter()
            .flat_map(|group| &group.processes)
            .filter_map(|id| self.process(*id))
    }

    /// When the core wants to be woken by `Input::Timer`, in monotonic time; `None` to sleep until an input.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Duration> {
        // Replaced transitions look at the time themselves, once a second.
        let processes = if self.hooks.transition { self.next_transitions } else { self.schedule.next() };
        let deadlines = [processes, self.shutdown.next_deadline(), self.ticks.next_deadline()];
        deadlines.into_iter().flatten().min()
    }

    /// Takes in one input and appends what is to be done, in order, to `effects`.
    pub fn step(&mut self, now: Now, input: Input, effects: &mut Vec<Effect>) {
        let shows_debug = self.settings.daemon.loglevel >= LogLevel::Debug;
        let mut outbox = Outbox { shows_debug, ..Outbox::default() };
        self.take_in(now, input, &mut outbox);
        self.settle(now, &mut outbox);
        self.remember(now, &outbox.effects);
        effects.append(&mut outbox.effects);
    }

    /// Keeps the changes of state among the effects of a step in the histories of their processes.
    fn remember(&mut self, now: Now, effects: &[Effect]) {
        for effect in effects {
            let Effect::Emit(Event::ProcessState(event)) = effect else { continue };
            if let Some(process) = self.processes.get_mut(&event.process) {
                let change = Change { at: now, from: event.from, to: event.to, pid: event.pid };
                process.history.changed(change);
            }
        }
    }

    /// Applies the input itself; what follows from it is left to [`Self::settle`].
    fn take_in(&mut self, now: Now, input: Input, outbox: &mut Outbox) {
        match input {
            Input::Load => self.add_all_groups(outbox),
            Input::Start { pid } => {
                self.pid = pid;
                self.started = Some(now);
                outbox.effects.push(Effect::Emit(Event::SupervisorRunning));
                self.touch_all();
            }
            Input::Timer => {}
            Input::Spawned { process, pid } => {
                self.on_listener_spawned(process);
                self.with(process, |process| process.on_spawned(pid, now, outbox));
            }
            Input::SpawnFailed { process, error } => {
                self.with(process, |process| process.on_spawn_failed(&error, now, outbox));
            }
            Input::Exited { process, status } => match self.processes.get(&process) {
                Some(Process { pid, .. }) if self.hooks.finish => {
                    outbox.effects.push(Effect::CallFinish { process, pid: *pid, status });
                }
                _ => self.finish(now, process, status, outbox),
            },
            Input::OrphanExited { pid, status } => {
                outbox.info(format!("reaped unknown pid {pid} ({status})"));
            }
            Input::Killed { process, signal, purpose, error } => {
                self.with(process, |process| process.on_killed(signal, purpose, error, now, outbox));
            }
            Input::StdinWritten { process, purpose: StdinPurpose::Event, error } => {
                if let Some(error) = error {
                    self.on_event_not_written(process, error, outbox);
                }
            }
            Input::StdinWritten { process, purpose: StdinPurpose::Request(request), error } => {
                self.on_stdin_written(request, process, error, outbox);
            }
            Input::ListenerOutput { process, data } => self.on_listener_output(process, &data, outbox),
            Input::Judged { process, verdict } => self.on_judged(process, verdict, outbox),
            Input::Captured { process, channel, data } => {
                if let Some(output) = self.output_event(process, channel, data) {
                    let emitted = outbox.shows_debug.then(|| expand::repr(&output.name));
                    outbox.effects.push(Effect::Emit(Event::Communication(output)));
                    if let Some(name) = emitted {
                        outbox.debug(format_args!("{name} {} emitted a comm event", channel.name()));
                    }
                }
            }
            Input::Output { process, channel, data } => {
                let output = self.output_event(process, channel, data);
                outbox.effects.extend(output.map(|output| Effect::Emit(Event::Log(output))));
            }
            Input::CommandChecked { request, process, error } => {
                self.on_command_checked(now, request, process, error.as_ref(), outbox);
            }
            Input::AutomaticLogCreated { process, channel, path } => {
                self.on_automatic_log(process, channel, path);
            }
            Input::LogsCleared { request, results } => self.on_logs_cleared(request, &results, outbox),
            Input::LogRead { request, result } => self.on_log_read(request, result, outbox),
            Input::ConfigurationRead { request, result } => {
                self.on_configuration_read(request, result, outbox);
            }
            Input::Request { request, method, params } => {
                self.on_request(now, request, &method, params, outbox);
            }
            Input::Command { request, method, params } => {
                self.on_command(now, request, method, params, outbox);
            }
            Input::PluginAnswered { request, answer } => self.reply(request, answer, outbox),
            Input::Signal(signal) => self.on_signal(signal, outbox),
            Input::SetMood(mood) => self.set_mood(mood),
            Input::SpawnNow(process) => self.with(process, |process| process.spawn_now(now, outbox)),
            Input::SpawnOverrideReturned(process) => {
                self.with(process, |process| process.on_spawn_override_returned(outbox));
            }
            Input::RegisterNamespace { name, methods } => {
                self.plugin_namespaces.insert(name, methods.into_iter().collect());
            }
            Input::Plugin(input) => self.on_plugin(now, input, outbox),
        }
    }

    /// A process ended and its output has been read.
    pub(crate) fn finish(&mut self, now: Now, id: ProcessId, status: ExitStatus, outbox: &mut Outbox) {
        self.with(id, |process| process.on_exited(status, now, outbox));
        self.on_listener_ended(id, outbox);
    }

    /// Changes a process, if it is still there, and has it settled before the step ends: the only way to one.
    pub(crate) fn with(&mut self, id: ProcessId, change: impl FnOnce(&mut Process)) {
        if let Some(process) = self.processes.get_mut(&id) {
            self.touched.insert(id);
            change(process);
        }
    }

    /// Has a process settled before the step ends.
    pub(crate) fn touch(&mut self, id: ProcessId) {
        self.touched.insert(id);
    }

    /// Has all processes settled, in the order of the groups.
    pub(crate) fn touch_all(&mut self) {
        self.touched.extend(self.groups.values().flat_map(|group| &group.processes));
    }

    /// Changes the state of the daemon, on which depends what every process may do.
    pub(crate) fn set_mood(&mut self, mood: Mood) {
        if self.mood != mood {
            self.mood = mood;
            self.touch_all();
        }
    }

    /// Lets everything that is due happen, until nothing more is.
    fn settle(&mut self, now: Now, outbox: &mut Outbox) {
        self.touched.extend(self.schedule.due(now.monotonic));
        if self.hooks.transition && self.next_transitions.is_none_or(|due| now.monotonic >= due) {
            self.next_transitions = Some(now.monotonic + TRANSITION_INTERVAL);
            outbox.effects.push(Effect::CallTransitions);
        }
        loop {
            self.settle_touched(now, outbox);
            // An answer may let a request go on with its next call, which may change everything again.
            if outbox.continued.is_empty() {
                break;
            }
            for request in std::mem::take(&mut outbox.continued) {
                self.proceed_multicall(now, request, outbox);
            }
        }
        self.reschedule();
    }

    fn settle_touched(&mut self, now: Now, outbox: &mut Outbox) {
        if self.is_started() && !self.hooks.transition {
            let around = self.circumstances(now);
            for id in &self.touched {
                if let Some(process) = self.processes.get_mut(id) {
                    process.settle(around, outbox);
                }
            }
        }
        self.plan_spawns(now, outbox);
        if !self.mood.allows_starts() && self.is_started() {
            let mut shutdown = std::mem::take(&mut self.shutdown);
            shutdown.proceed(self, now, outbox);
            self.shutdown = shutdown;
        }
        if self.is_started() {
            self.tick(now, outbox);
        }
        self.tell_listeners(outbox);
        self.answer_completed(outbox);
    }

    /// Hands the events of this step to the pools, and sends what waits to the listeners that are READY.
    fn tell_listeners(&mut self, outbox: &mut Outbox) {
        self.hand_out_events(outbox);
        if self.pools.is_empty() {
            return;
        }
        for id in &self.touched {
            let group = self.processes.get(id).map(|process| process.group.as_str());
            if let Some(pool) = group.and_then(|group| self.pools.get_mut(group)) {
                // It may have become RUNNING.
                pool.stir();
            }
        }
        let mut pools = std::mem::take(&mut self.pools);
        self.dispatch_events(&mut pools, outbox);
        self.pools = pools;
    }

    /// Notes the deadlines of the processes that this step changed.
    fn reschedule(&mut self) {
        for id in self.touched.drain(..) {
            let process = self.processes.get(&id);
            self.schedule.set(id, process.and_then(|process| process.next_deadline(self.mood)));
        }
    }

    pub(crate) fn circumstances(&self, now: Now) -> Circumstances {
        Circumstances { now, mood: self.mood, spawn_is_overridden: self.hooks.spawn }
    }

    fn on_signal(&mut self, signal: Signal, outbox: &mut Outbox) {
        let name = signal.name();
        match signal {
            Signal::TERM | Signal::INT | Signal::QUIT => {
                outbox.warn(format!("received {name} indicating exit request"));
                self.set_mood(Mood::Shutdown);
            }
            Signal::HUP if self.mood == Mood::Shutdown => {
                outbox.warn(format!("ignored {name} indicating restart request (shutdown in progress)"));
            }
            Signal::HUP => {
                outbox.warn(format!("received {name} indicating restart request"));
                self.set_mood(Mood::Restarting);
            }
            Signal(libc::SIGCHLD) => outbox.debug(format_args!("received {name} indicating a child quit")),
            Signal::USR2 => {
                outbox.info(format!("received {name} indicating log reopen request"));
                outbox.info("supervisord logreopen".to_owned());
                outbox.effects.push(Effect::ReopenLogs);
            }
            _ => outbox.log(LogLevel::Blather, format!("received {name} indicating nothing")),
        }
    }

    /// The main log's file, if it is one.
    #[must_use]
    pub fn main_log(&self) -> Option<PathBuf> {
        match &self.settings.daemon.logfile {
            LogTarget::File(path) => Some(path.clone()),
            _ => None,
        }
    }
}
