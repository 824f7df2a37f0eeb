//! The engine's host of plug-ins: passes everything on to `supervisor._host`, in Python.

use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyTuple};
use supervisor_core::config::{LogLevel, Settings};
use supervisor_core::effect::{Channel, ProcessId};
use supervisor_core::event::{Event, EventType, TickPeriod};
use supervisor_core::input::ExitStatus;
use supervisor_core::listener::protocol::Verdict;
use supervisor_core::plugin::Hooks;
use supervisor_core::rpc::Fault;
use supervisor_core::signal::Signal;
use supervisor_core::xml::Value;
use supervisor_engine::http::{self, ForeignRequest, Kind, Said};
use supervisor_engine::plugins::{Handle, LoadError, Namespace, Overrides, PluginAnswer, PluginHost};
use supervisor_engine::spawn::{DescriptorStep, PipeNumbers};

use crate::configuration::{self, LEVELS};
use crate::facade::{Daemon, wait_status};
use crate::programs;
use crate::requests::{Told, arguments};
use crate::values::{from_python, to_python};

/// The host, before and after its `supervisor._host.Host` is made.
#[derive(Default)]
pub(crate) struct PythonHost {
    host: Option<Py<PyAny>>,
    /// There was one, in this life of the daemon or an earlier one.
    has_loaded: bool,
    overrides: Overrides,
}

/// What `Host.replaced` returns where something changed: methods by their names alone, methods of the standard
/// namespace with their help texts, the periods of wanted ticks, and what HTTP servers have of plug-ins: names of pages,
/// and what stands for the handlers of each.
#[derive(FromPyObject)]
struct Replaced {
    #[pyo3(item(0))]
    hooks: Vec<String>,
    #[pyo3(item(1))]
    methods: Vec<(String, String)>,
    #[pyo3(item(2))]
    ticks: Vec<u64>,
    #[pyo3(item(3))]
    http: Option<(Vec<String>, Vec<Vec<String>>)>,
}

/// What `Host.prepare_child_fds` returns for each step: what is done, and the descriptors it is done with.
type Step = (String, i32, i32);

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

    /// Calls a method whose value is of no interest; what it raised, as text.
    fn trouble(
        &self,
        call: impl for<'py> FnOnce(&Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>>,
    ) -> Option<String> {
        self.with_host(|_, host| call(host).map(drop))?.err().map(|error| text_of(&error))
    }

    fn said(
        &self,
        call: impl for<'py> FnOnce(Python<'py>, &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>>,
    ) -> Said {
        match self.with_host(|py, host| call(py, host)?.extract::<Option<Told>>()) {
            Some(Ok(Some(told))) => told.into(),
            Some(Ok(None)) | None => Said::Native,
            Some(Err(error)) => Said::Failed(text_of(&error)),
        }
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
            let loaded =
                host.call_method1("load", (sections, handlers_of(&settings), types_of(&settings), servers))?;
            Ok((host.unbind(), loaded.extract::<Loaded>()?))
        });
        match loaded {
            Ok((host, Loaded::Namespaces(namespaces))) => {
                self.host = Some(host);
                self.has_loaded = true;
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
        self.trouble(|host| host.call_method1("notify", (event.name(), details(host.py(), event)?)))
    }

    fn reread(&mut self, settings: &mut Settings) -> Result<(), String> {
        if !self.has_loaded {
            return Ok(());
        }
        let reread = Python::attach(|py| -> PyResult<_> {
            let groups = settings.groups.iter().map(|group| configuration::group(py, group));
            let groups = groups.collect::<PyResult<Vec<_>>>()?;
            let environment = settings.daemon.environment.iter().cloned().collect::<HashMap<_, _>>();
            let arguments = (&self.host, settings.daemon.config_file.as_os_str(), groups, environment);
            let reread = py.import("supervisor._host")?.call_method1("reread", arguments)?;
            Ok(match reread.extract::<Option<Reread<'_>>>()? {
                None => Ok(None),
                Some(Reread::Refused(reason)) => Err(reason),
                Some(Reread::Groups(groups)) => {
                    Ok(Some(groups.iter().map(programs::group).collect::<PyResult<Vec<_>>>()?))
                }
            })
        });
        let reread = reread.map_err(|error| Python::attach(|py| text_of(&with_traceback(py, error))))?;
        if let Some(groups) = reread? {
            settings.groups = groups;
        }
        Ok(())
    }

    fn resolve_handlers(&mut self, settings: &Settings) -> Result<(), String> {
        let resolved = self.with_host(|_, host| {
            host.call_method1("resolve_handlers", (handlers_of(settings), types_of(settings)))?
                .extract::<Option<String>>()
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
            host.call_method1("judge", (handler, result, type_name(event), details(py, event)?))?.extract()
        });
        match judged {
            Some(Ok(true)) => (Verdict::Accepted, None),
            Some(Ok(false)) => (Verdict::Rejected, None),
            Some(Err(error)) => (Verdict::Failed, Some(text_of(&error))),
            None => (Verdict::Failed, None),
        }
    }

    fn overrides(&mut self) -> (Overrides, Option<String>) {
        let replaced = self.with_host(|_, host| host.call_method0("replaced")?.extract::<Option<Replaced>>());
        if let Some(Err(error)) = &replaced {
            return (self.overrides.clone(), Some(text_of(error)));
        }
        if let Some(Ok(Some(Replaced { hooks, methods, ticks, http }))) = replaced {
            let has = |name: &str| hooks.iter().any(|hook| hook == name);
            let (signal, output) = (has("get_signal"), has("_log"));
            let (descriptors, main_log) = (has("_prepare_child_fds"), has("logger"));
            let hooks = Hooks {
                spawn: has("spawn") || has("_spawn_as_child"),
                transition: has("transition"),
                finish: has("finish"),
                methods: methods.into_iter().collect(),
                ticks: TickPeriod::ALL
                    .into_iter()
                    .filter(|period| ticks.contains(&period.seconds()))
                    .collect(),
            };
            let http = http.map(|(pages, servers)| {
                let kinds = |names: Vec<String>| names.iter().map(|name| Kind::of(name)).collect();
                let servers = servers.into_iter().map(kinds).collect();
                Rc::new(http::Replaced { pages: pages.into_iter().collect(), servers })
            });
            self.overrides = Overrides { hooks, signal, output, main_log, descriptors, http };
        }
        (self.overrides.clone(), None)
    }

    fn spawn(&mut self, process: ProcessId) -> Option<String> {
        self.trouble(|host| host.call_method1("spawn", (process.0,)))
    }

    fn transitions(&mut self) -> Option<String> {
        self.trouble(|host| host.call_method0("transitions"))
    }

    fn finish(&mut self, process: ProcessId, pid: i32, status: ExitStatus) -> Option<String> {
        self.trouble(|host| host.call_method1("finish", (process.0, pid, wait_status(status))))
    }

    fn output(
        &mut self,
        process: ProcessId,
        channel: Channel,
        data: &[u8],
    ) -> (Vec<Vec<u8>>, Option<String>) {
        let logged = self.with_host(|py, host| {
            host.call_method1("output", (process.0, channel.name(), PyBytes::new(py, data)))?
                .extract::<(Vec<Vec<u8>>, Option<String>)>()
        });
        match logged {
            Some(Ok(logged)) => logged,
            Some(Err(error)) => (vec![data.to_vec()], Some(text_of(&error))),
            None => (vec![data.to_vec()], None),
        }
    }

    fn main_log(&mut self, level: LogLevel, message: &str) -> Option<String> {
        let number = LEVELS.iter().find(|(known, _)| *known == level).map(|(_, number)| *number);
        self.trouble(|host| host.call_method1("main_log", (number, message)))
    }

    fn arrange_descriptors(
        &mut self,
        process: ProcessId,
        pipes: &PipeNumbers,
    ) -> (Option<Vec<DescriptorStep>>, Option<String>) {
        let asked = self.with_host(|_, host| {
            let pipes: HashMap<_, _> = pipes.by_name.into_iter().collect();
            let (steps, trouble) =
                host.call_method1("prepare_child_fds", (process.0, pipes))?
                    .extract::<(Vec<Step>, Option<String>)>()?;
            Ok((steps.iter().map(step).collect(), trouble))
        });
        match asked {
            Some(Ok((steps, trouble))) => (Some(steps), trouble),
            Some(Err(error)) => (Some(vec![DescriptorStep::GiveUp]), Some(text_of(&error))),
            None => (None, None),
        }
    }

    fn signal(&mut self, signal: Signal) -> (Option<Signal>, Option<String>) {
        let said =
            self.with_host(|_, host| host.call_method1("signal", (signal.0,))?.extract::<Option<i32>>());
        match said {
            Some(Ok(heeded)) => (heeded.map(Signal), None),
            Some(Err(error)) => (None, Some(text_of(&error))),
            None => (Some(signal), None),
        }
    }

    fn ready(&mut self, descriptor: i32, writable: bool) -> Option<String> {
        self.trouble(|host| host.call_method1("ready", (descriptor, writable)))
    }

    fn respond(&mut self, request: ForeignRequest) -> Said {
        self.said(|py, host| host.call_method1("respond", arguments(py, &request)?))
    }

    fn go_on(&mut self, number: u64) -> Said {
        self.said(|_, host| host.call_method1("go_on", (number,)))
    }

    fn let_go(&mut self, number: u64) {
        // It only forgets.
        let _ = self.with_host(|_, host| host.call_method1("let_go", (number,)).map(drop));
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

/// What a plug-in has a child do, by the names of `supervisor._child_fds`.
fn step((what, first, second): &Step) -> DescriptorStep {
    match what.as_str() {
        "usual" => DescriptorStep::Usual,
        "dup2" => DescriptorStep::Duplicate { from: *first, to: *second },
        "close" => DescriptorStep::Close { first: *first, last: *second },
        _ => DescriptorStep::GiveUp,
    }
}

/// The result handlers that are Python code: the pool's name, and what the handler is called.
fn handlers_of(settings: &Settings) -> Vec<(&str, &str)> {
    settings.foreign_handlers().collect()
}

/// Types of events that only a plug-in can know: the pool's name, and the type.
fn types_of(settings: &Settings) -> Vec<(&str, &str)> {
    let pools =
        settings.groups.iter().filter_map(|group| Some((group.name.as_str(), group.listener.as_ref()?)));
    pools
        .flat_map(|(name, listener)| listener.events.iter().map(move |event| (name, event.as_str())))
        .filter(|(_, event)| EventType::of(event).is_none())
        .collect()
}

/// The name of an event's type; of a plug-in's own event the class is not known here.
fn type_name(event: &Event) -> &str {
    if matches!(event, Event::Custom { .. }) { "" } else { event.name() }
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
        Event::Custom { payload, .. } => (payload,).into_pyobject(py),
    }
}

/// What `reread` returns where the processes of sections are made by a plug-in: the groups, or why not.
#[derive(FromPyObject)]
enum Reread<'py> {
    Refused(String),
    Groups(Vec<Bound<'py, PyDict>>),
}

/// What `Host.load` returns: the namespaces, or why there are none.
#[derive(FromPyObject)]
enum Loaded {
    Refused(String, Option<String>),
    Namespaces(Vec<(String, Vec<(String, String)>)>),
}
