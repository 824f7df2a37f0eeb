//! The engine's host of plug-ins: passes everything on to `supervisor._host`, in Python.

use std::time::Duration;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};
use supervisor_core::effect::ProcessId;
use supervisor_core::event::Event;
use supervisor_core::rpc::{Fault, STANDARD_FACTORY};
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
        let (interfaces, servers) = {
            let core = handle.core();
            (core.settings().rpc_interfaces.clone(), core.settings().http_servers.len())
        };
        let foreign: Vec<_> =
            interfaces.into_iter().filter(|interface| interface.factory != STANDARD_FACTORY).collect();
        if foreign.is_empty() {
            return Ok(Vec::new());
        }
        let loaded = Python::attach(|py| -> PyResult<_> {
            let sections =
                foreign.into_iter().map(|interface| (interface.name, interface.factory, interface.options));
            let sections = sections.collect::<Vec<_>>().into_pyobject(py)?;
            let host = py
                .import("supervisor._host")?
                .getattr("Host")?
                .call1((Py::new(py, Daemon::new(handle))?,))?;
            let loaded = host.call_method1("load", (sections, servers))?;
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
        let notified = self.with_host(|py, host| {
            match event {
                Event::ProcessState(change) => {
                    let (from, to) = (change.from.code(), change.to.code());
                    let process = (change.process.0, change.group.as_str());
                    host.call_method1(
                        "notify_state",
                        (process, from, to, change.pid, change.tries, change.expected),
                    )
                }
                Event::GroupAdded(group) | Event::GroupRemoved(group) => {
                    host.call_method1("notify_named", (event.name(), group))
                }
                Event::Communication(output) | Event::Log(output) => {
                    let process = (output.process.0, output.group.as_str());
                    let data = PyBytes::new(py, &output.data);
                    host.call_method1("notify_output", (event.name(), process, output.pid, data))
                }
                Event::Remote { kind, data } => host.call_method1("notify_remote", (kind, data)),
                Event::Tick { when, .. } => host.call_method1("notify_tick", (event.name(), *when)),
                Event::SupervisorRunning | Event::SupervisorStopping => {
                    host.call_method1("notify_plain", (event.name(),))
                }
            }
            .map(drop)
        });
        notified?.err().map(|error| text_of(&error))
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

/// What `Host.load` returns: the namespaces, or why there are none.
#[derive(FromPyObject)]
enum Loaded {
    Refused(String, Option<String>),
    Namespaces(Vec<(String, Vec<(String, String)>)>),
}
