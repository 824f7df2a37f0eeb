//! The built-in commands of `supervisorctl` for the Python `Controller`: the same code as the native program's,
//! with the connection and the streams of a `supervisor._control.Surroundings`.

use std::cell::RefCell;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::rc::Rc;

use pyo3::conversion::FromPyObjectOwned;
use pyo3::exceptions::{
    PyBaseException, PyEOFError, PyKeyError, PyKeyboardInterrupt, PyOSError, PyOverflowError, PyValueError,
};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use supervisor_cli::client::remote::Remote;
use supervisor_cli::client::{ClientError, Endpoint};
use supervisor_cli::supervisorctl::Session;
use supervisor_cli::supervisorctl::command::{self, COMMANDS, Completes, Flow};
use supervisor_cli::supervisorctl::embedded::{self, Checked, Done, Host, Part};
use supervisor_cli::supervisorctl::failure::Failure;

/// The built-in commands: name, help text, what a shell completes behind it (`commands`, `groups`, `processes` or
/// None), and whether `help` lists it: those of the original.
#[pyfunction]
pub(crate) fn control_commands() -> Vec<(&'static str, String, Option<&'static str>, bool)> {
    let told = COMMANDS.iter().map(|command| {
        let completes = match command.completes {
            Completes::Nothing => None,
            Completes::Commands => Some("commands"),
            Completes::Groups => Some("groups"),
            Completes::Processes => Some("processes"),
        };
        (command.name, command.help.join("\n"), completes, command.listed)
    });
    told.collect()
}

/// Runs a built-in command with the rest of its line. Returns whether a shell ends, and the exit code.
///
/// Raises what a call raised that the command has no words for, and KeyError for a name that is none.
#[pyfunction]
pub(crate) fn run_control_command(
    py: Python<'_>,
    name: &str,
    argument: &str,
    surroundings: Py<PyAny>,
) -> PyResult<(bool, i32)> {
    if command::find(name).is_none() {
        return Err(PyKeyError::new_err(name.to_owned()));
    }
    with(py, surroundings, |session, around| {
        let Done { outcome, exit_status } = embedded::run(session, name, argument, around)?;
        Ok((outcome.map(|flow| flow == Flow::Leave), exit_status))
    })
}

/// The line of a built-in command (`start`, `stop`, `signal`, `clear`) for what became of a process: its group and
/// name, 80 or the code of a fault, and the text of the fault.
///
/// Raises ValueError for a code without words, and KeyError for another command.
#[pyfunction]
pub(crate) fn word_control_result(
    command: &str,
    group: &str,
    process: &str,
    status: i64,
    description: &str,
) -> PyResult<String> {
    let line = embedded::line(command, &Part { group, process, status, description });
    let line = line.map_err(|failure| exception(failure, None))?;
    line.ok_or_else(|| PyKeyError::new_err(command.to_owned()))
}

/// Checks the server as commands do, in their words. Returns whether it is there, and the exit code.
///
/// Raises what the call raised that there are no words for.
#[pyfunction]
pub(crate) fn check_control_server(py: Python<'_>, surroundings: Py<PyAny>) -> PyResult<(bool, i32)> {
    with(py, surroundings, |session, around| {
        let Checked { outcome, exit_status } = embedded::check_server(session, around)?;
        Ok((outcome, exit_status))
    })
}

/// Runs work in the surroundings, without keeping the interpreter from other threads.
fn with(
    py: Python<'_>,
    surroundings: Py<PyAny>,
    work: impl FnOnce(Session, embedded::Surroundings<'_>) -> io::Result<(Result<bool, Failure>, i32)> + Send,
) -> PyResult<(bool, i32)> {
    let python = surroundings.bind(py).clone();
    let (server_url, username, password) = python.call_method0("endpoint")?.extract()?;
    let session = Session {
        endpoint: Endpoint { server_url, username, password },
        interactive: python.getattr("interactive")?.extract()?,
        ..Session::default()
    };
    let exit_status = python.getattr("exit_status")?.extract()?;
    let on_terminal: bool = python.getattr("on_terminal")?.extract()?;
    let (signals, told) = UnixStream::pair()?;
    told.set_nonblocking(true)?;
    // Only the main thread hears of signals.
    let hears: bool = python.call_method1("hear_signals", (told.as_raw_fd(),))?.extract()?;
    let done = py.detach(move || -> PyResult<_> {
        let mut host = Around { python: surroundings, raised: Rc::default() };
        let mut output = host.stream("write");
        let mut errors = host.stream("write_error");
        let raised = Rc::clone(&host.raised);
        let around = embedded::Surroundings {
            remote: Box::new(host.share()),
            input: (!on_terminal).then(|| host.input()),
            host: &mut host,
            signals: hears.then_some(signals),
            output: &mut output,
            errors: &mut errors,
            exit_status,
        };
        let (outcome, exit_status) = work(session, around)?;
        match outcome {
            Ok(said) => Ok((said, exit_status)),
            Err(failure) => Err(exception(failure, raised.take())),
        }
    });
    python.call_method0("hear_signals_no_more")?;
    // Ctrl-C that ended a log stream has had its effect.
    match py.check_signals() {
        Err(error) if done.is_err() || !error.is_instance_of::<PyKeyboardInterrupt>(py) => Err(error),
        _ => done,
    }
}

/// What a failure is in Python: what a call raised, where it was that.
fn exception(failure: Failure, raised: Option<PyErr>) -> PyErr {
    match (failure, raised) {
        (Failure::Client(_) | Failure::Interrupted, Some(raised)) => raised,
        (Failure::Client(ClientError::Malformed(text)), None) => response_error(text),
        (Failure::Client(error), None) => PyOSError::new_err(error.to_string()),
        (Failure::Interrupted, None) => PyKeyboardInterrupt::new_err(()),
        (Failure::UnknownResult(code, name), _) => {
            PyValueError::new_err(format!("Unknown result code {code} for {name}"))
        }
        (Failure::Overflow, _) => PyOverflowError::new_err("int exceeds XML-RPC limits"),
        (Failure::EndOfInput(sentence), _) => PyEOFError::new_err(sentence),
    }
}

/// What Python's client raises for an answer that cannot be understood.
fn response_error(text: String) -> PyErr {
    Python::attach(|py| match py.import("xmlrpc.client").and_then(|module| module.getattr("ResponseError")) {
        Ok(class) => class.call1((text,)).map_or_else(|error| error, PyErr::from_value),
        Err(error) => error,
    })
}

/// The Python program around the commands.
struct Around {
    python: Py<PyAny>,
    /// What the last call raised.
    raised: Rc<RefCell<Option<PyErr>>>,
}

impl Around {
    fn clone_python(&self) -> Py<PyAny> {
        Python::attach(|py| self.python.clone_ref(py))
    }

    fn share(&self) -> Self {
        Self { python: self.clone_python(), raised: Rc::clone(&self.raised) }
    }

    fn input(&self) -> Box<dyn BufRead + Send> {
        Box::new(BufReader::new(Input { python: self.clone_python(), rest: Vec::new() }))
    }

    fn stream(&self, method: &'static str) -> Stream {
        Stream { python: self.clone_python(), method }
    }

    /// Calls a method, and keeps what it raised.
    fn call<T>(
        &self,
        call: impl for<'py> FnOnce(&Bound<'py, PyAny>) -> PyResult<T>,
    ) -> Result<T, ClientError> {
        let outcome = Python::attach(|py| {
            call(self.python.bind(py)).map_err(|raised| (client_error(py, &raised), raised))
        });
        match outcome {
            Ok(value) => {
                self.raised.take();
                Ok(value)
            }
            Err((error, raised)) => {
                self.raised.replace(Some(raised));
                Err(error)
            }
        }
    }
}

/// What an exception of Python's client means to a command.
fn client_error(py: Python<'_>, raised: &PyErr) -> ClientError {
    let value = raised.value(py);
    if raised.is_instance_of::<PyKeyboardInterrupt>(py) {
        return ClientError::Interrupted;
    }
    if let (Ok(code), Ok(text)) = (number(value, "faultCode"), text(value, "faultString")) {
        return ClientError::Fault { code, text };
    }
    if let (Ok(status), Ok(reason)) = (number(value, "errcode"), text(value, "errmsg")) {
        return ClientError::Http { status, reason };
    }
    if raised.is_instance_of::<PyOSError>(py) {
        // The number may be there alone.
        let arguments = value.getattr("args").and_then(|arguments| arguments.get_item(0));
        if let Ok(number) = arguments.and_then(|number| number.extract()) {
            return ClientError::Io(io::Error::from_raw_os_error(number));
        }
    }
    ClientError::Malformed(raised.to_string())
}

fn number<'py, T: FromPyObjectOwned<'py>>(value: &Bound<'py, PyBaseException>, name: &str) -> PyResult<T> {
    value.getattr(name)?.extract().map_err(Into::into)
}

fn text(value: &Bound<'_, PyBaseException>, name: &str) -> PyResult<String> {
    Ok(value.getattr(name)?.str()?.to_string_lossy().into_owned())
}

impl Remote for Around {
    fn exchange(&mut self, request: &str) -> Result<String, ClientError> {
        self.call(|python| python.call_method1("exchange", (request,))?.extract())
    }
}

impl Host for Around {
    fn check_server(&mut self) -> Result<(bool, i32), ClientError> {
        self.call(|python| python.call_method0("check_server")?.extract())
    }

    fn ask(&mut self, prompt: &str) -> Result<Option<String>, ClientError> {
        self.call(|python| python.call_method1("ask", (prompt,))?.extract())
    }

    fn reword(&mut self, command: &str, result: &Part<'_>) -> Result<Option<String>, ClientError> {
        let Part { group, process, status, description } = result;
        self.call(|python| {
            python.call_method1("reword", (command, group, process, status, description))?.extract()
        })
    }

    fn set_server_url(&mut self, url: &str) -> Result<(), ClientError> {
        self.call(|python| python.call_method1("set_server_url", (url,)).map(drop))
    }
}

/// A stream of the program's: a method that takes bytes.
struct Stream {
    python: Py<PyAny>,
    method: &'static str,
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Python::attach(|py| {
            self.python.bind(py).call_method1(self.method, (PyBytes::new(py, bytes),))?;
            Ok(bytes.len())
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Python::attach(|py| Ok(self.python.bind(py).call_method0("flush").map(drop)?))
    }
}

/// The program's standard input, a line at a time.
struct Input {
    python: Py<PyAny>,
    /// What was read and not yet taken.
    rest: Vec<u8>,
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.rest.is_empty() {
            self.rest =
                Python::attach(|py| self.python.bind(py).call_method0("readline")?.extract::<Vec<u8>>())?;
        }
        let length = self.rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&self.rest[..length]);
        self.rest.drain(..length);
        Ok(length)
    }
}
