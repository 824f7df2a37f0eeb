//! The engine's host of plug-ins: passes everything on to `supervisor._host`, in Python.

use std::time::Duration;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyTuple};
use supervisor_core::config::Settings;
use supervisor_core::effect::ProcessId;
use supervisor_core::event::Event;
use supervisor_core::listener::protocol::Verdict;
use supervisor_core::rpc::Fault;
use supervisor_core::xml::Value;
use supervisor_engine::plugins::{Handle, LoadError, Namespace, PluginAnswer, PluginHost};

use crate::facade::Daemon;
use crate::values::{from_python, to_python};

/// The host, before and after its `supervisor._host.Host` is made.
#[derive(Default)]
pub(crate) struct PythonHost {
    host: Option<Py<PyAny>>,
}

/// What `Host.call` and `Host.poll` return: what it is, and what belongs to it.
#[derive(FromPyObject)]
enum Returned<'py> {
    Fault(i32, String),
    Deferred(u64, f64),
    Value((Bound<'py, PyAny>,)),
}

impl PythonHost {
    /// Calls a method of the Python host; `None` where there is none.
    fn with_host<T>(
        &self,
        call: impl for<'py> FnOnce(Python<'py>, &Bound<'py, PyAny>) -> PyResult<T>,
    ) -> Option<PyResult<T>> {
        let host = self.host.as_ref()?;
        Some(Python::attach(|py| call(py, host.bind(py)).map_err(|error| with_traceback(py, error))))
    }

    fn answer(
        &self,
        call: impl for<'py> FnOnce(Python<'py>, &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>>,
    ) -> PluginAnswer {
        let answer = self.with_host(|py, host| {
            Ok(match call(py, host)?.extract::<Returned<'_>>()? {
                Returned::Fault(code, text) => PluginAnswer::Fault(Fault { code, text }),
                Returned::Deferred(id, delay) => PluginAnswer::Deferred {
                    id,
                    delay: Duration::try_from_secs_f64(delay).unwrap_or(Duration::ZERO),
                },
                Returned::Value((value,)) => PluginAnswer::Value(from_python(&value)?),
            })
        });
        match answer {
            Some(Ok(answer)) => answer,
            Some(Err(error)) => PluginAnswer::Error(error.to_string()),
            None => PluginAnswer::Error("there are no plug-ins".to_owned()),
        }
    }
}

/// The same error with its traceback as its text.
fn with_traceback(py: Python<'_>, error: PyErr) -> PyErr {
    let text = py
        .import("traceback")
        .and_then(|module| {
            module
                .call_method1("format_exception", (error.get_type(py), error.value(py), error.traceback(py)))
        })
        .and_then(|lines| lines.extract::<Vec<String>>());
    match text {
        Ok(lines) => pyo3::exceptions::PyRuntimeError::new_err(lines.concat()),
        Err(_) => error,
    }
}

/// The text of an error made by [`with_traceback`].
fn text_of(error: &PyErr) -> String {
    Python::attach(|py| error.value(py).to_string())
}

impl PluginHost for PythonHost {
    fn load(&mut self, handle: Handle) -> Result<Vec<Namespace>, LoadError> {
        let settings = handle.core().settings().clone();
        if settings.python_code().is_none() {
            return Ok(Vec::new());
        }
        let servers = settings.http_servers.len();
        let loaded = Python::attach(|py| -> PyResult<_> {
            let sections = settings.foreign_interfaces().map(|interface| {
                (interface.name.clone(), interface.factory.clone(), interface.options.clone())
            });
            let sections = sections.collect::<Vec<_>>().into_pyobject(py)?;
            let host = py
                .import("supervisor._host")?
                .getattr("Host")?
                .call1((Py::new(py, Daemon::new(handle))?,))?;
            let loaded = host.call_method1("load", (sections, handlers_of(&settings), servers))?;
            Ok((host.unbind(), loaded.extract::<Loaded>()?))
        });
        match loaded {
            Ok((host, Loaded::Namespaces(namespaces))) => {
                self.host = Some(host);
                let namespaces = namespaces.into_iter().map(|(name, methods)| Namespace { name, methods });
                Ok(namespaces.collect())
            }
            Ok((_, Loaded::Refused(message, traceback))) => Err(LoadError { message, traceback }),
            Err(error) => {
                let traceback = Python::attach(|py| text_of(&with_traceback(py, error)));
                Err(LoadError {
                    message: "the plug-in host could not be started".to_owned(),
                    traceback: Some(traceback),
                })
            }
        }
    }

    fn call(&mut self, namespace: &str, method: &str, params: Vec<Value>) -> PluginAnswer {
        self.answer(|py, host| {
            let params =
                params.into_iter().map(|value| to_python(py, value)).collect::<PyResult<Vec<_>>>()?;
            host.call_method1("call", (namespace, method, PyList::new(py, params)?))
        })
    }

    fn poll(&mut self, id: u64) -> PluginAnswer {
        self.answer(|_, host| host.call_method1("poll", (id,)))
    }

    fn wants_events(&self) -> bool {
        let wanted = self.with_host(|_, host| host.call_method0("wants_events")?.extract());
        matches!(wanted, Some(Ok(true)))
    }

    fn notify(&mut self, event: &Event) -> Option<String> {
        let notified = self
            .with_host(|py, host| host.call_method1("notify", (event.name(), details(py, event)?)).map(drop));
        notified?.err().map(|error| text_of(&error))
    }

    fn resolve_handlers(&mut self, settings: &Settings) -> Result<(), String> {
        let resolved = self.with_host(|_, host| {
            host.call_method1("resolve_handlers", (handlers_of(settings),))?.extract::<Option<String>>()
        });
        match resolved {
            Some(Ok(None)) => Ok(()),
            Some(Ok(Some(refusal))) => Err(refusal),
            Some(Err(error)) => Err(text_of(&error)),
            None => Err("there are no plug-ins".to_owned()),
        }
    }

    fn judge(&mut self, handler: &str, event: &Event, result: &[u8]) -> (Verdict, Option<String>) {
        let judged = self.with_host(|py, host| {
            let result = PyBytes::new(py, result);
            host.call_method1("judge", (handler, result, event.name(), details(py, event)?))?.extract()
        });
        match judged {
            Some(Ok(true)) => (Verdict::Accepted, None),
            Some(Ok(false)) => (Verdict::Rejected, None),
            Some(Err(error)) => (Verdict::Failed, Some(text_of(&error))),
            None => (Verdict::Failed, None),
        }
    }

    fn overrides_spawn(&self) -> bool {
        let overridden = self.with_host(|_, host| host.call_method0("overrides_spawn")?.extract());
        matches!(overridden, Some(Ok(true)))
    }

    fn spawn(&mut self, process: ProcessId) -> Option<String> {
        let spawned = self.with_host(|_, host| host.call_method1("spawn", (process.0,)).map(drop));
        spawned?.err().map(|error| text_of(&error))
    }

    fn unload(&mut self) {
        if let Some(host) = self.host.take() {
            Python::attach(|py| {
                // The next life begins without it, whatever it says.
                let _ = host.bind(py).call_method0("unload");
                drop(host);
            });
        }
    }
}

/// The result handlers that are Python code: the pool's name, and what the handler is called.
fn handlers_of(settings: &Settings) -> Vec<(&str, &str)> {
    settings.foreign_handlers().collect()
}

/// What an event tells besides its name: the arguments of one of the functions that make events in
/// `supervisor._host`.
fn details<'py>(py: Python<'py>, event: &Event) -> PyResult<Bound<'py, PyTuple>> {
    match event {
        Event::ProcessState(change) => {
            let process = (change.process.0, change.group.as_str(), change.name.as_str());
            let (from, to) = (change.from.code(), change.to.code());
            (process, from, to, change.pid, change.tries, change.expected).into_pyobject(py)
        }
        Event::GroupAdded(group) | Event::GroupRemoved(group) => (group,).into_pyobject(py),
        Event::Communication(output) | Event::Log(output) => {
            let process = (output.process.0, output.group.as_str(), output.name.as_str());
            (process, output.pid, PyBytes::new(py, &output.data)).into_pyobject(py)
        }
        Event::Remote { kind, data } => (kind, data).into_pyobject(py),
        Event::Tick { when, .. } => (*when,).into_pyobject(py),
        Event::SupervisorRunning | Event::SupervisorStopping => Ok(PyTuple::empty(py)),
    }
}

/// What `Host.load` returns: the namespaces, or why there are none.
#[derive(FromPyObject)]
enum Loaded {
    Refused(String, Option<String>),
    Namespaces(Vec<(String, Vec<(String, String)>)>),
}
