//! What the Python classes that plug-ins see look things up by.
//!
//! Reads lock the core for one look-up; what changes something becomes an input and happens after the plug-in's
//! code has returned to the loop. Threads of plug-ins may use it at any time.

use std::sync::{MutexGuard, PoisonError};

use pyo3::exceptions::{PyKeyError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::MutexExt;
use pyo3::types::PyDict;
use supervisor_core::core::Core;
use supervisor_core::effect::ProcessId;
use supervisor_core::input::Input;
use supervisor_core::process::{Moment, Process};
use supervisor_core::state::Mood;
use supervisor_engine::plugins::Handle;

use crate::configuration::{self, LEVELS};

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

    fn with_process<T>(
        &self,
        py: Python<'_>,
        id: u64,
        look: impl FnOnce(&Process) -> PyResult<T>,
    ) -> PyResult<T> {
        let core = self.core(py);
        let process = core.process(ProcessId(id)).ok_or_else(|| PyKeyError::new_err(id))?;
        look(process)
    }
}

#[pymethods]
impl Daemon {
    /// The state of the daemon as a number.
    fn mood(&self, py: Python<'_>) -> i32 {
        self.core(py).mood().code()
    }

    /// Changes the state of the daemon: −1 shuts it down, 0 restarts it, 1 changes nothing.
    fn set_mood(&self, mood: i32) -> PyResult<()> {
        let known = [Mood::Shutdown, Mood::Restarting, Mood::Running];
        let mood = known.into_iter().find(|known| known.code() == mood);
        let mood = mood.ok_or_else(|| PyValueError::new_err("no such state of the daemon"))?;
        self.handle.send(Input::SetMood(mood));
        Ok(())
    }

    /// The groups: name and priority.
    fn groups(&self, py: Python<'_>) -> Vec<(String, i64)> {
        self.core(py).groups().map(|group| (group.name.clone(), group.priority)).collect()
    }

    /// The processes of a group: identity and name.
    fn members(&self, py: Python<'_>, group: &str) -> Vec<(u64, String)> {
        let core = self.core(py);
        core.members(group).map(|process| (process.id.0, process.config.name.clone())).collect()
    }

    /// Where a process stands, by the original's names of attributes.
    fn process(&self, py: Python<'_>, id: u64) -> PyResult<Py<PyDict>> {
        self.with_process(py, id, |process| {
            let found = PyDict::new(py);
            found.set_item("pid", process.pid)?;
            found.set_item("state", process.state.code())?;
            found.set_item("backoff", process.backoff)?;
            found.set_item("laststart", seconds(process.started))?;
            found.set_item("laststop", seconds(process.stopped))?;
            found.set_item("spawnerr", process.spawnerr.as_deref())?;
            found.set_item("exitstatus", process.exitstatus)?;
            Ok(found.unbind())
        })
    }

    /// What the configuration says of a process, by the names of its options.
    fn program(&self, py: Python<'_>, id: u64) -> PyResult<Py<PyDict>> {
        self.with_process(py, id, |process| configuration::program(py, &process.config).map(Bound::unbind))
    }

    /// `[supervisord]`, by the names of its options.
    fn settings(&self, py: Python<'_>) -> PyResult<Py<PyDict>> {
        configuration::daemon(py, &self.core(py).settings().daemon).map(Bound::unbind)
    }

    /// Starts a process in the engine's own way.
    fn spawn(&self, id: u64) {
        self.handle.send(Input::SpawnNow(ProcessId(id)));
    }

    /// Writes a line to the main log; the level by its number in `supervisor.loggers`.
    fn log(&self, level: i32, message: String) -> PyResult<()> {
        let known = LEVELS.iter().find(|(_, number)| *number == level);
        let (level, _) = known.ok_or_else(|| PyValueError::new_err("no such log level"))?;
        self.handle.log(*level, message);
        Ok(())
    }
}

/// Seconds since 1970, 0 for never.
fn seconds(moment: Option<Moment>) -> f64 {
    moment.map_or(0.0, |moment| moment.wall.as_secs_f64())
}
