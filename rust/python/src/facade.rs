//! What the Python classes that plug-ins see look things up by, and what they change things by.
//!
//! Reads lock the core for one look-up. What changes something is one step of the core and in force at once; what
//! that wants done (a signal, a child, an event) is done when the plug-in's code has returned to the loop. Threads
//! of plug-ins may use it at any time. No Python object is made while the core is locked: making one may run a
//! plug-in's code, which may come back here.

use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use pyo3::exceptions::{PyAttributeError, PyKeyError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::MutexExt;
use pyo3::types::{PyDict, PyString};
use supervisor_core::config::{GroupSettings, LogTarget};
use supervisor_core::core::Core;
use supervisor_core::effect::{Channel, ProcessId};
use supervisor_core::event::Event;
use supervisor_core::input::{ExitStatus, Input, Now};
use supervisor_core::plugin::{Assigned, PluginInput};
use supervisor_core::process::{Moment, Process};
use supervisor_core::rpc::info::describe;
use supervisor_core::rpc::{METHODS, Method};
use supervisor_core::signal::Signal;
use supervisor_core::state::{Mood, ProcessState};
use supervisor_engine::plugins::{Called, Handle};

use crate::configuration::{self, LEVELS};
use crate::programs;
use crate::values::{from_python, to_python};

/// The running daemon.
#[pyclass(frozen, module = "supervisor._engine")]
pub(crate) struct Daemon {
    handle: Handle,
}

impl Daemon {
    pub(crate) fn new(handle: Handle) -> Self {
        Self { handle }
    }

    /// The core's lock, waited for without keeping the interpreter from others.
    fn core(&self, py: Python<'_>) -> MutexGuard<'_, Core> {
        self.handle.mutex().lock_py_attached(py).unwrap_or_else(PoisonError::into_inner)
    }

    fn with_process<T>(&self, py: Python<'_>, id: u64, look: impl FnOnce(&Process) -> T) -> PyResult<T> {
        let core = self.core(py);
        core.process(ProcessId(id)).map(look).ok_or_else(|| PyKeyError::new_err(id))
    }

    fn act(&self, py: Python<'_>, input: PluginInput) {
        self.handle.step_locked(&mut self.core(py), input);
    }

    fn returned(&self, py: Python<'_>, answer: Answered) -> PyResult<Returned> {
        Ok(match answer {
            Ok(value) => Returned::Value((to_python(py, value)?,)),
            Err(fault) => Returned::Fault(fault.code, fault.text),
        })
    }
}

type Answered = Result<supervisor_core::xml::Value, supervisor_core::rpc::Fault>;

/// An answer of one of the engine's own methods: a value alone in a tuple, code and text of a fault, or the
/// number of one that comes later.
#[derive(IntoPyObject)]
enum Returned {
    Value((Py<PyAny>,)),
    Fault(i32, String),
    Later(u64),
}

/// An attribute of a process, copied out of the core.
#[derive(IntoPyObject)]
enum Attribute {
    Number(i64),
    Seconds(f64),
    Text(Option<String>),
    Code(Option<i32>),
    Truth(bool),
}

#[pymethods]
impl Daemon {
    /// The state of the daemon as a number.
    fn mood(&self, py: Python<'_>) -> i32 {
        self.core(py).mood().code()
    }

    /// Changes the state of the daemon: −1 shuts it down, 0 restarts it, 1 changes nothing.
    fn set_mood(&self, py: Python<'_>, mood: i32) -> PyResult<()> {
        let known = [Mood::Shutdown, Mood::Restarting, Mood::Running];
        let mood = known.into_iter().find(|known| known.code() == mood);
        let mood = mood.ok_or_else(|| PyValueError::new_err("no such state of the daemon"))?;
        py.detach(|| self.handle.step(Input::SetMood(mood)));
        Ok(())
    }

    /// The names of the groups.
    fn groups(&self, py: Python<'_>) -> Vec<String> {
        self.core(py).groups().map(|group| group.name.clone()).collect()
    }

    /// Whether there is a group of that name.
    fn has_group(&self, py: Python<'_>, name: &str) -> bool {
        self.core(py).group(name).is_some()
    }

    /// A group in use, by its options: `name`, `priority`, `processes`, `listener`.
    fn group<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyDict>> {
        let settings = {
            let core = self.core(py);
            let group = core.group(name).ok_or_else(|| PyKeyError::new_err(name.to_owned()))?;
            GroupSettings {
                name: group.name.clone(),
                priority: group.priority,
                processes: core.members(name).map(|process| process.config.clone()).collect(),
                listener: group.listener.clone(),
            }
        };
        configuration::group(py, &settings)
    }

    /// The groups of the configuration, as it was read last.
    fn staged<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyDict>>> {
        let groups = self.core(py).settings().groups.clone();
        groups.iter().map(|settings| configuration::group(py, settings)).collect()
    }

    /// The HTTP servers.
    fn servers<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyDict>>> {
        let servers = self.core(py).settings().http_servers.clone();
        servers.iter().map(|settings| configuration::server(py, settings)).collect()
    }

    /// The processes of a group: identity and name.
    fn members(&self, py: Python<'_>, group: &str) -> Vec<(u64, String)> {
        let core = self.core(py);
        core.members(group).map(|process| (process.id.0, process.config.name.clone())).collect()
    }

    /// The process of that name in a group; what is no text is no name.
    fn find(&self, py: Python<'_>, group: &str, name: &Bound<'_, PyAny>) -> Option<u64> {
        let name = name.cast::<PyString>().ok()?.to_cow().ok()?;
        self.core(py).find(group, &name).map(|process| process.id.0)
    }

    /// Whether a process is there, and in that group.
    fn is_member(&self, py: Python<'_>, id: u64, group: &str) -> bool {
        self.core(py).process(ProcessId(id)).is_some_and(|process| process.group == group)
    }

    /// An attribute of a process, by the original's name for it.
    fn attribute(&self, py: Python<'_>, id: u64, name: &str) -> PyResult<Attribute> {
        let found = self.with_process(py, id, |process| {
            Some(match name {
                "pid" => Attribute::Number(process.pid.into()),
                "state" => Attribute::Number(process.state.code().into()),
                "backoff" => Attribute::Number(process.backoff),
                "laststart" => Attribute::Seconds(seconds(process.started)),
                "laststop" => Attribute::Seconds(seconds(process.stopped)),
                "spawnerr" => Attribute::Text(process.spawnerr.clone()),
                "exitstatus" => Attribute::Code(process.exitstatus),
                "killing" => Attribute::Truth(process.state == ProcessState::Stopping),
                _ => return None,
            })
        })?;
        found.ok_or_else(|| PyAttributeError::new_err(name.to_owned()))
    }

    /// Assigns an attribute of a process.
    fn assign(&self, py: Python<'_>, id: u64, name: &str, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let assigned = match name {
            "state" => Assigned::State(state(value.extract()?)?),
            "backoff" => Assigned::Backoff(value.extract()?),
            "laststart" => Assigned::Started(value.extract()?),
            "laststop" => Assigned::Stopped(value.extract()?),
            "spawnerr" => Assigned::SpawnError(value.extract()?),
            "exitstatus" => Assigned::ExitStatus(value.extract()?),
            _ => return Err(PyAttributeError::new_err(format!("{name} belongs to the engine"))),
        };
        self.act(py, PluginInput::Assign(ProcessId(id), assigned));
        Ok(())
    }

    /// The log file of a process' stream, `stdout` or `stderr`; None while it has no file.
    fn log_file(&self, py: Python<'_>, id: u64, stream: &str) -> PyResult<Option<String>> {
        let channel = if stream == "stdout" { Channel::Stdout } else { Channel::Stderr };
        self.with_process(py, id, |process| match &process.config.output(channel).logfile {
            LogTarget::File(path) => Some(path.display().to_string()),
            _ => None,
        })
    }

    /// Changes what the configuration says of a process in use.
    fn configure(&self, py: Python<'_>, id: u64, params: &Bound<'_, PyDict>) -> PyResult<()> {
        let config = Box::new(programs::program(params)?);
        self.act(py, PluginInput::Configure(ProcessId(id), config));
        Ok(())
    }

    /// `[supervisord]`, by the names of its options.
    fn settings<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let settings = self.core(py).settings().daemon.clone();
        configuration::daemon(py, &settings)
    }

    /// Starts a process in the engine's own way.
    fn spawn(&self, py: Python<'_>, id: u64) {
        let mut core = self.core(py);
        self.handle.step_locked_input(&mut core, Input::SpawnNow(ProcessId(id)));
    }

    /// Sends a signal that is to end a process.
    fn kill(&self, py: Python<'_>, id: u64, signal: i32) {
        self.act(py, PluginInput::Kill(ProcessId(id), Signal(signal)));
    }

    /// Sends a signal.
    fn send_signal(&self, py: Python<'_>, id: u64, signal: i32) {
        self.act(py, PluginInput::Signal(ProcessId(id), Signal(signal)));
    }

    /// Writes to the standard input of a process.
    fn write(&self, py: Python<'_>, id: u64, data: Vec<u8>) {
        self.act(py, PluginInput::Write(ProcessId(id), data));
    }

    /// Lets a process do what is due.
    fn settle(&self, py: Python<'_>, id: u64) {
        self.act(py, PluginInput::Settle(ProcessId(id)));
    }

    /// Takes in the end of a process; the status is that of `os.waitpid`.
    fn finish(&self, py: Python<'_>, id: u64, status: i32) {
        self.act(py, PluginInput::Finish(ProcessId(id), exit_status(status)));
    }

    /// Has a process go to a state, with the event.
    fn change_state(&self, py: Python<'_>, id: u64, new: i32, expected: bool) -> PyResult<()> {
        let change = PluginInput::ChangeState { process: ProcessId(id), state: state(new)?, expected };
        self.act(py, change);
        Ok(())
    }

    /// Gives up starting a process.
    fn give_up(&self, py: Python<'_>, id: u64) {
        self.act(py, PluginInput::GiveUp(ProcessId(id)));
    }

    /// Adds a process to a group in use; returns its identity, None where the group has one of that name.
    fn add_process(&self, py: Python<'_>, group: &str, params: &Bound<'_, PyDict>) -> PyResult<Option<u64>> {
        let config = Box::new(programs::program(params)?);
        let name = config.name.clone();
        let mut core = self.core(py);
        if core.find(group, &name).is_some() {
            return Ok(None);
        }
        self.handle.step_locked(&mut core, PluginInput::AddProcess(group.to_owned(), config));
        Ok(core.find(group, &name).map(|process| process.id.0))
    }

    /// Takes a process out of its group.
    fn remove_process(&self, py: Python<'_>, id: u64) {
        self.act(py, PluginInput::RemoveProcess(ProcessId(id)));
    }

    /// Takes a group into use; false where there is one of that name.
    fn add_group(&self, py: Python<'_>, params: &Bound<'_, PyDict>) -> PyResult<bool> {
        let group = Box::new(programs::group(params)?);
        let mut core = self.core(py);
        if core.group(&group.name).is_some() {
            return Ok(false);
        }
        self.handle.step_locked(&mut core, PluginInput::AddGroup(group));
        Ok(true)
    }

    /// Lets go of a group; false where one of its processes runs.
    fn remove_group(&self, py: Python<'_>, name: &str) -> bool {
        let mut core = self.core(py);
        self.handle.step_locked(&mut core, PluginInput::RemoveGroup(name.to_owned()));
        core.group(name).is_none()
    }

    /// Replaces the groups that the configuration is said to have.
    fn stage(&self, py: Python<'_>, groups: Vec<Bound<'_, PyDict>>) -> PyResult<()> {
        let groups = groups.into_iter().map(|group| programs::group(&group)).collect::<PyResult<Vec<_>>>()?;
        self.act(py, PluginInput::Stage(groups));
        Ok(())
    }

    /// Tells listeners of an event: names of its types, its own first, and its payload.
    fn emit(&self, py: Python<'_>, types: Vec<String>, payload: String) {
        self.act(py, PluginInput::Emit(Event::Custom { types, payload }));
    }

    /// Calls a method of the standard namespace.
    fn call(&self, py: Python<'_>, method: &str, params: &Bound<'_, PyAny>) -> PyResult<Returned> {
        let params = params.try_iter()?.map(|value| from_python(&value?)).collect::<PyResult<Vec<_>>>()?;
        match py.detach(|| self.handle.call(method, params)) {
            Called::Answered(answer) => self.returned(py, answer),
            Called::Later(number) => Ok(Returned::Later(number)),
        }
    }

    /// The answer of a call that came later, once; None while it is not there.
    fn answer(&self, py: Python<'_>, number: u64) -> PyResult<Option<Returned>> {
        self.handle.answer(number).map(|answer| self.returned(py, answer)).transpose()
    }

    /// Nobody will ask for the answer of a call any more.
    fn forget(&self, number: u64) {
        self.handle.forget(number);
    }

    /// Has the loop look at what was replaced.
    fn wake(&self) {
        self.handle.wake();
    }

    /// Has the loop call a dispatcher of `supervisord.get_process_map`.
    fn ready(&self, descriptor: i32, writable: bool) {
        self.handle.ready(descriptor, writable);
    }

    /// Shuts the HTTP servers down: ends all connections and refuses new ones, at once.
    fn close_servers(&self, py: Python<'_>) {
        py.detach(|| self.handle.sockets().shut_down());
    }

    /// Has the loop look at a request of HTTP that a plug-in had kept, by its number.
    fn answered(&self, number: u64) {
        self.handle.answered(number);
    }

    /// Writes a line to the main log; the level by its number in `supervisor.loggers`.
    fn log(&self, level: i32, message: String) -> PyResult<()> {
        let known = LEVELS.iter().find(|(_, number)| *number == level);
        let (level, _) = known.ok_or_else(|| PyValueError::new_err("no such log level"))?;
        self.handle.log(*level, message);
        Ok(())
    }
}

/// A parameter: its name, and whether it may be left out.
type Named = (&'static str, bool);

/// The methods of the standard namespace: name, help text, and name and whether it may be left out of each
/// parameter.
#[pyfunction]
pub(crate) fn standard_methods() -> Vec<(&'static str, String, Vec<Named>)> {
    let standard = METHODS.iter().filter(|method| method.namespace == "supervisor");
    let parameters = |method: &Method| {
        method.parameters.iter().map(|parameter| (parameter.name, parameter.is_optional)).collect()
    };
    standard.map(|method| (method.name, method.help(), parameters(method))).collect()
}

/// The text behind the state in `status`, by what it is made of: seconds since the start, what went wrong last, and
/// the last end (seconds since 1970 and local time's offset from UTC then), None for what was never started.
#[pyfunction]
pub(crate) fn describe_process(
    state: i32,
    name: &str,
    pid: i64,
    up: u64,
    spawnerr: &str,
    stopped: Option<(u64, i32)>,
) -> String {
    let stopped = stopped.map(|(wall, utc_offset)| {
        let wall = Duration::from_secs(wall);
        Now { monotonic: wall, wall, utc_offset }
    });
    // As in the original, there is nothing to say of a state that is none.
    ProcessState::of(state)
        .map_or_else(String::new, |state| describe(state, name, pid, up, spawnerr, stopped))
}

/// Seconds since 1970, 0 for never.
fn seconds(moment: Option<Moment>) -> f64 {
    moment.map_or(0.0, |moment| moment.wall.as_secs_f64())
}

fn state(code: i32) -> PyResult<ProcessState> {
    ProcessState::of(code).ok_or_else(|| PyValueError::new_err(format!("no such state: {code}")))
}

/// What `os.waitpid` says, as the core has it.
fn exit_status(status: i32) -> ExitStatus {
    if libc::WIFSIGNALED(status) {
        ExitStatus::Signal(Signal(libc::WTERMSIG(status)), libc::WCOREDUMP(status))
    } else {
        ExitStatus::Code(libc::WEXITSTATUS(status))
    }
}

/// What the core has, as `os.waitpid` says it.
pub(crate) fn wait_status(status: ExitStatus) -> i32 {
    match status {
        ExitStatus::Code(code) => (code & 0xff) << 8,
        ExitStatus::Signal(signal, dumped) => signal.0 | if dumped { 0x80 } else { 0 },
    }
}
