//! A pretend machine: scripted children, a clock that jumps from one thing that happens to the next.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, unreachable_pub)]

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::PathBuf;
use std::time::Duration;

use supervisor_core::config::{
    Autorestart, DaemonSettings, GroupSettings, ListenerSettings, LogLevel, LogTarget, OutputSettings,
    ProgramSettings, RpcInterfaceSettings, Settings,
};
use supervisor_core::core::Core;
use supervisor_core::effect::{Effect, ProcessId, RequestId, SpawnPlan, StdinError, StdinPurpose};
use supervisor_core::event::{Event, ProcessStateEvent};
use supervisor_core::input::{ExitStatus, Input, Now, SpawnError};
use supervisor_core::process::Process;
use supervisor_core::rpc::{Fault, STANDARD_FACTORY};
use supervisor_core::signal::Signal;
use supervisor_core::state::{Mood, ProcessState};
use supervisor_core::xml::{MethodCall, Value, parse_call};

/// What a child does once it is spawned.
#[derive(Debug, Clone)]
pub struct Script {
    /// It cannot be spawned.
    pub spawn_error: Option<SpawnError>,
    /// It ends by itself after this time.
    pub ends: Option<(Duration, ExitStatus)>,
    /// How long after a stop signal it ends; `None` when only SIGKILL ends it.
    pub dies_after: Option<Duration>,
    /// Sending it a signal fails with this error number.
    pub kill_error: Option<i32>,
    /// Only this signal fails, where one is named.
    pub kill_error_of: Option<Signal>,
    /// Not even SIGKILL ends it: it hangs in the kernel.
    pub is_immortal: bool,
}

impl Script {
    /// It runs until it is told to stop.
    pub fn steady() -> Self {
        Self {
            spawn_error: None,
            ends: None,
            dies_after: Some(Duration::ZERO),
            kill_error: None,
            kill_error_of: None,
            is_immortal: false,
        }
    }

    /// It ends by itself.
    pub fn ends(after: Duration, code: i32) -> Self {
        Self { ends: Some((after, ExitStatus::Code(code))), ..Self::steady() }
    }

    /// It ignores every signal but SIGKILL.
    pub fn stubborn() -> Self {
        Self { dies_after: None, ..Self::steady() }
    }

    /// Its program is missing.
    pub fn missing() -> Self {
        let filename = "/no/such/program".to_owned();
        Self { spawn_error: Some(SpawnError::NotFound { filename }), ..Self::steady() }
    }
}

#[derive(Debug)]
struct Child {
    process: ProcessId,
    script: Script,
    end: Option<(Duration, ExitStatus)>,
}

/// The core with a machine around it.
#[derive(Debug)]
pub struct Machine {
    pub core: Core,
    pub clock: Duration,
    /// What is added to the wall clock, to show that it does not matter.
    pub wall_jump: i64,
    /// Scripts by process name, one a start; the last one is used again.
    scripts: BTreeMap<String, VecDeque<Script>>,
    children: BTreeMap<i32, Child>,
    /// When children end by themselves, in order.
    ends: BTreeSet<(Duration, i32)>,
    /// The living children of each process.
    pids: BTreeMap<ProcessId, BTreeSet<i32>>,
    next_pid: i32,
    next_request: u64,
    pub log: Vec<(LogLevel, String)>,
    pub events: Vec<Event>,
    /// Every answer with the time it was given at.
    /// The method of every request.
    pub asked: BTreeMap<RequestId, String>,
    pub replies: Vec<(RequestId, Duration, Result<Value, Fault>)>,
    /// Signals sent: process name, signal, whole group, time.
    pub signals: Vec<(String, Signal, bool, Duration)>,
    /// Starts: process name and time.
    pub spawns: Vec<(String, Duration)>,
    pub ended: Option<Mood>,
    pub overridden_spawns: Vec<ProcessId>,
    /// When replaced transitions were called.
    pub transition_calls: Vec<Duration>,
    /// What a `result_handler` is to judge: its name, the event, the result. The test feeds the verdict.
    pub judged: Vec<(String, Event, Vec<u8>)>,
    /// The plans of all starts.
    pub plans: Vec<SpawnPlan>,
    /// What the configuration says when it is read again.
    pub configuration: Result<Settings, String>,
    /// Keep readings of the configuration open until `finish_readings`.
    pub holds_readings: bool,
    readings: Vec<RequestId>,
    /// What was written to the standard input of each process.
    pub stdin: BTreeMap<ProcessId, Vec<u8>>,
    /// The same, write by write.
    pub written: Vec<(ProcessId, String)>,
    /// Why nothing can be written to any standard input.
    pub stdin_error: Option<StdinError>,
    /// Check all processes after every step, not only the one it was about.
    pub is_thorough: bool,
}

impl Machine {
    /// A machine with groups of programs; nothing runs yet.
    pub fn new(groups: Vec<GroupSettings>) -> Self {
        let settings = settings(groups);
        Self {
            configuration: Ok(settings.clone()),
            holds_readings: false,
            readings: Vec::new(),
            stdin: BTreeMap::new(),
            written: Vec::new(),
            stdin_error: None,
            is_thorough: true,
            ends: BTreeSet::new(),
            pids: BTreeMap::new(),
            core: Core::new(settings, "0"),
            clock: Duration::from_secs(1000),
            wall_jump: 0,
            scripts: BTreeMap::new(),
            children: BTreeMap::new(),
            next_pid: 100,
            next_request: 1,
            log: Vec::new(),
            events: Vec::new(),
            asked: BTreeMap::new(),
            replies: Vec::new(),
            signals: Vec::new(),
            spawns: Vec::new(),
            ended: None,
            overridden_spawns: Vec::new(),
            transition_calls: Vec::new(),
            judged: Vec::new(),
            plans: Vec::new(),
        }
    }

    /// One group of one program each.
    pub fn with(programs: Vec<ProgramSettings>) -> Self {
        Self::new(
            programs.into_iter().map(|program| group(&program.name.clone(), 999, vec![program])).collect(),
        )
    }

    /// Says what the children of a process do, one script a start.
    pub fn script(&mut self, name: &str, scripts: impl IntoIterator<Item = Script>) {
        self.scripts.insert(name.to_owned(), scripts.into_iter().collect());
    }

    /// Begins work, as the engine does.
    pub fn start(&mut self) {
        self.feed(Input::Load);
        self.feed(Input::Start { pid: 1 });
    }

    pub fn now(&self) -> Now {
        let wall = 1_700_000_000_i64 + i64::try_from(self.clock.as_secs()).unwrap() + self.wall_jump;
        Now {
            monotonic: self.clock,
            wall: Duration::from_secs(u64::try_from(wall).unwrap_or(0)),
            utc_offset: 0,
        }
    }

    /// Passes one input and carries out everything that follows from it, at this moment.
    pub fn feed(&mut self, input: Input) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            let mut effects = Vec::new();
            self.core.step(self.now(), input, &mut effects);
            for effect in effects {
                self.carry_out(effect, &mut inputs);
            }
            if self.is_thorough {
                self.check_invariants();
            }
        }
    }

    /// Says what the configuration says from now on.
    pub fn configure(&mut self, groups: Vec<GroupSettings>) {
        self.configuration = Ok(settings(groups));
    }

    /// Reads the configuration for all who asked for it meanwhile.
    pub fn finish_readings(&mut self) {
        for request in std::mem::take(&mut self.readings) {
            let result = self.configuration.clone().map(Box::new);
            self.feed(Input::ConfigurationRead { request, result });
        }
    }

    fn carry_out(&mut self, effect: Effect, inputs: &mut VecDeque<Input>) {
        match effect {
            Effect::Log { level, message } if self.is_thorough => self.log.push((level, message)),
            Effect::Log { .. } => {}
            Effect::Emit(event) => self.events.push(event),
            Effect::Reply { request, answer } => {
                self.replies.push((request, self.clock, answer.map(as_tree)));
            }
            Effect::End(mood) => {
                assert_eq!(self.ended, None, "the end comes once");
                self.ended = Some(mood);
            }
            Effect::Spawn(plan) => {
                self.spawns.push((plan.name.clone(), self.clock));
                if self.is_thorough {
                    self.plans.push((*plan).clone());
                }
                let script = self.next_script(&plan.name);
                match script.spawn_error.clone() {
                    Some(error) => inputs.push_back(Input::SpawnFailed { process: plan.process, error }),
                    None => {
                        let pid = self.next_pid;
                        self.next_pid += 1;
                        let end = script.ends.map(|(after, status)| (self.clock + after, status));
                        self.ends.extend(end.map(|(at, _)| (at, pid)));
                        let living = self.pids.entry(plan.process).or_default();
                        assert!(living.insert(pid) && living.len() == 1, "{} runs twice", plan.name);
                        self.children.insert(pid, Child { process: plan.process, script, end });
                        inputs.push_back(Input::Spawned { process: plan.process, pid });
                    }
                }
            }
            Effect::CheckCommand { request, process, .. } => {
                let name = self.core.process(process).unwrap().config.name.clone();
                let error = self.scripts.get(&name).and_then(|scripts| scripts.front()?.spawn_error.clone());
                inputs.push_back(Input::CommandChecked { request, process, error });
            }
            Effect::Kill { process, pid, whole_group, signal, purpose } => {
                let name = self.core.process(process).unwrap().config.name.clone();
                self.signals.push((name, signal, whole_group, self.clock));
                let error =
                    match self.children.get_mut(&pid) {
                        None => Some(libc::ESRCH),
                        Some(Child {
                            script: Script { kill_error: Some(error), kill_error_of, .. }, ..
                        }) if kill_error_of.is_none_or(|of| of == signal) => Some(*error),
                        Some(child) => {
                            let delay = match signal {
                                _ if child.script.is_immortal => None,
                                Signal::KILL => Some(Duration::ZERO),
                                Signal::TERM | Signal::INT | Signal::QUIT => child.script.dies_after,
                                _ => None,
                            };
                            if let Some(delay) = delay {
                                self.ends.extend(Some((self.clock + delay, pid)));
                                if let Some((before, _)) =
                                    child.end.replace((self.clock + delay, ExitStatus::Signal(signal, false)))
                                    && before != self.clock + delay
                                {
                                    self.ends.remove(&(before, pid));
                                }
                            }
                            None
                        }
                    };
                inputs.push_back(Input::Killed { process, signal, purpose, error });
            }
            Effect::CreateAutomaticLog { process, channel, prefix } => {
                let path = Some(PathBuf::from(format!("/logs/{prefix}x.log")));
                inputs.push_back(Input::AutomaticLogCreated { process, channel, path });
            }
            Effect::ReadLog { .. } | Effect::ClearLogs { .. } | Effect::CallPlugin { .. } => {}
            Effect::CallSpawnOverride { process } => self.overridden_spawns.push(process),
            Effect::CallTransitions => self.transition_calls.push(self.clock),
            Effect::CallFinish { .. } => {}
            Effect::Judge { handler, event, result, .. } => self.judged.push((handler, event, result)),
            Effect::ReadConfiguration { request } => {
                if self.holds_readings {
                    self.readings.push(request);
                } else {
                    let result = self.configuration.clone().map(Box::new);
                    inputs.push_back(Input::ConfigurationRead { request, result });
                }
            }
            Effect::WriteStdin { process, bytes, purpose } => {
                let error = self.stdin_error;
                if error.is_none() {
                    self.stdin.entry(process).or_default().extend(&bytes);
                    self.written.push((process, String::from_utf8_lossy(&bytes).into_owned()));
                }
                if error.is_some() || purpose != StdinPurpose::Event {
                    inputs.push_back(Input::StdinWritten { process, purpose, error });
                }
            }
            Effect::ReopenLogs => {}
        }
    }

    fn next_script(&mut self, name: &str) -> Script {
        match self.scripts.get_mut(name) {
            Some(scripts) if scripts.len() > 1 => scripts.pop_front().unwrap(),
            Some(scripts) => scripts.front().cloned().unwrap_or_else(Script::steady),
            None => Script::steady(),
        }
    }

    /// Lets this much time pass, one event after the other.
    pub fn pass(&mut self, time: Duration) {
        let until = self.clock + time;
        let mut here = (Duration::ZERO, 0);
        loop {
            let end = self.ends.first().copied();
            let deadline = self.core.next_deadline();
            let next = [end.map(|(at, _)| at), deadline].into_iter().flatten().min();
            let Some(next) = next.filter(|next| *next <= until) else { break };
            self.clock = self.clock.max(next);
            here = if here.0 == self.clock { (here.0, here.1 + 1) } else { (self.clock, 0) };
            assert!(here.1 < 10_000 + 10 * self.children.len(), "the machine does not come to rest");
            match end {
                Some((at, pid)) if at <= self.clock => self.end_child(pid),
                _ => self.feed(Input::Timer),
            }
        }
        self.clock = until;
    }

    fn end_child(&mut self, pid: i32) {
        let child = self.children.remove(&pid).unwrap();
        let (at, status) = child.end.unwrap();
        self.ends.remove(&(at, pid));
        self.pids.entry(child.process).or_default().remove(&pid);
        self.feed(Input::Exited { process: child.process, status });
    }

    /// Ends the living child of a process at this moment.
    pub fn end(&mut self, name: &str, status: ExitStatus) {
        let id = self.process(name).id;
        let pid = *self.pids[&id].first().expect("a living child");
        let child = self.children.get_mut(&pid).unwrap();
        if let Some((before, _)) = child.end.replace((self.clock, status)) {
            self.ends.remove(&(before, pid));
        }
        self.end_child(pid);
    }

    pub fn seconds(&mut self, seconds: u64) {
        self.pass(Duration::from_secs(seconds));
    }

    /// Calls a method, without waiting. What can be answered without a step is answered so by a step.
    pub fn call(&mut self, method: &str, params: Vec<Value>) -> RequestId {
        let call = MethodCall { method: method.to_owned(), params: params.clone() };
        let looked = self.core.look(self.now(), call).ok();
        let request = RequestId(self.next_request);
        self.next_request += 1;
        self.asked.insert(request, method.to_owned());
        self.feed(Input::Request { request, method: method.to_owned(), params });
        if let Some(looked) = looked {
            assert_eq!(self.answer(request), Some(looked.map(as_tree)), "{method}");
        }
        request
    }

    /// The answer to a request, if it was given.
    pub fn answer(&self, request: RequestId) -> Option<Result<Value, Fault>> {
        let mut answers = self.replies.iter().filter(|(id, ..)| *id == request);
        let answer = answers.next().map(|(_, _, answer)| answer.clone());
        assert!(answers.next().is_none(), "a request is answered once");
        answer
    }

    /// Calls a method and expects its answer at once.
    pub fn ask(&mut self, method: &str, params: Vec<Value>) -> Result<Value, Fault> {
        let request = self.call(method, params);
        self.answer(request).expect("an answer at once")
    }

    pub fn process(&self, name: &str) -> &Process {
        self.core.processes().find(|process| process.config.name == name).unwrap()
    }

    pub fn state(&self, name: &str) -> ProcessState {
        self.process(name).state
    }

    /// A listener writes something to its standard output.
    pub fn says(&mut self, name: &str, text: &str) {
        let process = self.process(name).id;
        self.feed(Input::ListenerOutput { process, data: text.as_bytes().to_vec() });
    }

    /// A client says something to listeners.
    pub fn remote(&mut self, data: &str) {
        let answer = self.ask("supervisor.sendRemoteCommEvent", vec!["t".into(), data.into()]);
        assert_eq!(answer, Ok(true.into()));
    }

    /// What was written to the standard input of a process since the last time.
    pub fn heard(&mut self, name: &str) -> String {
        let process = self.process(name).id;
        String::from_utf8(self.stdin.remove(&process).unwrap_or_default()).unwrap()
    }

    /// How many children of a process are alive.
    pub fn living(&self, name: &str) -> usize {
        let id = self.process(name).id;
        self.children.values().filter(|child| child.process == id).count()
    }

    pub fn living_children(&self) -> usize {
        self.children.len()
    }

    /// States a process went to, in order.
    pub fn states_of(&self, name: &str) -> Vec<ProcessState> {
        self.transitions().filter(|change| change.name == name).map(|change| change.to).collect()
    }

    pub fn transitions(&self) -> impl Iterator<Item = &ProcessStateEvent> {
        self.events.iter().filter_map(|event| match event {
            Event::ProcessState(change) => Some(change),
            _ => None,
        })
    }

    /// The lines of a level that tell of something, in order.
    pub fn lines_about(&self, text: &str) -> Vec<&str> {
        self.log.iter().map(|(_, line)| line.as_str()).filter(|line| line.contains(text)).collect()
    }

    /// Calls a method that has to end in a fault at once; its text.
    pub fn refused(&mut self, method: &str, params: Vec<Value>) -> String {
        self.ask(method, params).unwrap_err().text
    }

    /// A member of what `getProcessInfo` tells.
    pub fn told(&mut self, name: &str, key: &str) -> Value {
        member(&self.ask("supervisor.getProcessInfo", vec![name.into()]).unwrap(), key)
    }

    pub fn logged(&self, text: &str) -> bool {
        self.log.iter().any(|(_, message)| message == text)
    }

    /// What holds after every step.
    pub fn check_invariants(&self) {
        for process in self.core.processes() {
            let name = &process.config.name;
            let none = BTreeSet::new();
            let alive = self.pids.get(&process.id).unwrap_or(&none);
            match process.state {
                ProcessState::Running => assert_ne!(process.pid, 0, "{name} is RUNNING without a pid"),
                ProcessState::Stopped
                | ProcessState::Exited
                | ProcessState::Fatal
                | ProcessState::Backoff => {
                    assert_eq!(process.pid, 0, "{name} is {:?}", process.state);
                    assert!(alive.is_empty(), "{name} is {:?} and has a child", process.state);
                }
                ProcessState::Starting | ProcessState::Stopping | ProcessState::Unknown => {}
            }
            assert!(process.pid == 0 || alive.contains(&process.pid), "{name} has a pid of nobody");
            let group = self.core.group(&process.group).expect("the group of a process");
            assert!(group.processes.contains(&process.id), "{name} is in its group");
        }
        let members: usize = self.core.groups().map(|group| group.processes.len()).sum();
        assert_eq!(members, self.core.processes().count(), "nothing is left of removed groups");
    }
}

/// A member of a struct.
pub fn member(value: &Value, name: &str) -> Value {
    let Value::Struct(members) = value else { panic!("{value:?} is no struct") };
    members.iter().find(|(known, _)| known == name).unwrap().1.clone()
}

/// A program that does not start by itself.
pub fn idle(name: &str) -> ProgramSettings {
    ProgramSettings { autostart: false, ..program(name) }
}

/// Settings with these groups and defaults for the rest.
pub fn settings(groups: Vec<GroupSettings>) -> Settings {
    let mut groups = groups;
    groups.sort_by_key(|group| group.priority);
    Settings {
        included: Vec::new(),
        daemon: DaemonSettings {
            config_file: PathBuf::from("/etc/supervisord.conf"),
            logfile: LogTarget::None,
            logfile_maxbytes: 0,
            logfile_backups: 0,
            loglevel: LogLevel::Debug,
            pidfile: PathBuf::from("/run/supervisord.pid"),
            umask: 0o22,
            nodaemon: true,
            silent: false,
            minfds: 1024,
            minprocs: 200,
            nocleanup: false,
            childlogdir: PathBuf::from("/tmp"),
            user: None,
            directory: None,
            strip_ansi: false,
            environment: Vec::new(),
            identifier: "supervisor".to_owned(),
        },
        http_servers: Vec::new(),
        groups,
        rpc_interfaces: vec![RpcInterfaceSettings {
            name: "supervisor".to_owned(),
            factory: STANDARD_FACTORY.to_owned(),
            options: Vec::new(),
        }],
        messages: Vec::new(),
    }
}

pub fn group(name: &str, priority: i64, processes: Vec<ProgramSettings>) -> GroupSettings {
    GroupSettings { name: name.to_owned(), priority, processes, listener: None }
}

/// A pool of listeners of these names.
pub fn pool(name: &str, events: &[&str], buffer_size: usize, members: &[&str]) -> GroupSettings {
    let programs = members.iter().map(|member| ProgramSettings { startsecs: 0, ..program(member) }).collect();
    let listener = ListenerSettings {
        events: events.iter().map(ToString::to_string).collect(),
        buffer_size,
        result_handler: "supervisor.dispatchers:default_handler".to_owned(),
    };
    GroupSettings { listener: Some(listener), ..group(name, -1, programs) }
}

/// A program with the original's defaults.
pub fn program(name: &str) -> ProgramSettings {
    let output = OutputSettings {
        logfile: LogTarget::None,
        maxbytes: 0,
        backups: 0,
        capture_maxbytes: 0,
        events_enabled: false,
        syslog: false,
    };
    ProgramSettings {
        name: name.to_owned(),
        command: "/bin/program".to_owned(),
        directory: None,
        umask: None,
        priority: 999,
        autostart: true,
        autorestart: Autorestart::Unexpected,
        startsecs: 1,
        startretries: 3,
        user: None,
        stopsignal: Signal::TERM,
        stopwaitsecs: 10,
        stopasgroup: false,
        killasgroup: false,
        exitcodes: vec![0],
        redirect_stderr: false,
        environment: Vec::new(),
        serverurl: None,
        stdout: output.clone(),
        stderr: output,
        fcgi_socket: None,
    }
}

/// A value with what is written already read back.
fn as_tree(value: Value) -> Value {
    match value {
        Value::Written(xml) => {
            let call = format!("<c><methodName>m</methodName><params><param>{xml}</param></params></c>");
            parse_call(call.as_bytes()).unwrap().params.remove(0)
        }
        Value::Array(items) => Value::Array(items.into_iter().map(as_tree).collect()),
        other => other,
    }
}
