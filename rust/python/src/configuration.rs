//! Command lines and configurations as Python dictionaries, by the names of options, for `supervisor.options`.
//!
//! Nothing is decided here: the readers are the core's, the same that the native programs use.

use std::ffi::OsString;
use std::path::Path;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use supervisor_cli::arguments::{Ending, parse_supervisorctl, parse_supervisord, program_path, words};
use supervisor_core::config::options::command_line::Program;
use supervisor_core::config::options::{OptionSpec, SectionKind, SectionSpec};
use supervisor_core::config::settings::EnvironmentVariables;
use supervisor_core::config::{
    Autorestart, ClientSettings, ConfigError, DaemonSettings, FcgiAddress, FcgiSocketSettings, GroupSettings,
    HttpAddress, HttpServerSettings, LogLevel, LogTarget, Overrides, ProgramSettings, RpcInterfaceSettings,
    Settings,
};
use supervisor_core::ini::IniFile;
use supervisor_core::version::VERSION;
use supervisor_engine::files::RealSystem;

use crate::surroundings::Surroundings;

/// Reads the command line of `supervisord`.
///
/// `program` is how it was called. Returns `config_file`, `overrides` (texts by option) and `ending`: standard
/// output, standard error and exit status of a run that ends here, or None.
#[pyfunction]
pub(crate) fn read_daemon_arguments<'py>(
    py: Python<'py>,
    program: &str,
    arguments: Vec<OsString>,
) -> PyResult<Bound<'py, PyDict>> {
    let program = program_path(&RealSystem, program);
    let read = PyDict::new(py);
    match parse_supervisord(&RealSystem, &program, VERSION, &words(arguments)) {
        Ok(said) => {
            let overrides = texts(py, &said.overrides, SectionKind::Supervisord)?;
            told(&read, said.config_file, overrides)?;
        }
        Err(ending) => ended(&read, ending)?,
    }
    Ok(read)
}

/// Reads the command line of `supervisorctl`: as [`read_daemon_arguments`], and `interactive` and `action`.
#[pyfunction]
pub(crate) fn read_client_arguments<'py>(
    py: Python<'py>,
    program: &str,
    arguments: Vec<OsString>,
) -> PyResult<Bound<'py, PyDict>> {
    let program = program_path(&RealSystem, program);
    let read = PyDict::new(py);
    match parse_supervisorctl(&RealSystem, &program, &words(arguments)) {
        Ok(said) => {
            let overrides = texts(py, &said.overrides, SectionKind::Supervisorctl)?;
            told(&read, said.config_file, overrides)?;
            read.set_item("interactive", said.interactive)?;
            read.set_item("action", said.action)?;
        }
        Err(ending) => ended(&read, ending)?,
    }
    Ok(read)
}

fn told(read: &Bound<'_, PyDict>, file: Option<String>, overrides: Bound<'_, PyDict>) -> PyResult<()> {
    read.set_item("ending", read.py().None())?;
    read.set_item("config_file", file)?;
    read.set_item("overrides", overrides)
}

fn ended(read: &Bound<'_, PyDict>, ending: Ending) -> PyResult<()> {
    read.set_item("ending", (ending.stdout, ending.stderr, ending.status))
}

/// What may stand on the command line of a program, as Python's `getopt` wants to know it: the letters, each with a
/// colon behind it where a value follows, and the words, with an equals sign.
#[pyfunction]
pub(crate) fn command_line_options(is_daemon: bool) -> (Vec<String>, Vec<String>) {
    let program = if is_daemon { Program::Supervisord } else { Program::Supervisorctl };
    let (mut letters, mut words) = (Vec::new(), Vec::new());
    for option in program.options() {
        let takes_value = option.switch.argument.is_some();
        letters.extend(option.switch.short.map(|it| if takes_value { format!("{it}:") } else { it.into() }));
        words.extend(option.switch.long.map(|it| if takes_value { format!("{it}=") } else { it.into() }));
    }
    (letters, words)
}

/// The default places of a configuration, for a program that was called so.
#[pyfunction]
pub(crate) fn search_paths(program: &str) -> Vec<String> {
    supervisor_core::config::search_paths(&program_path(&RealSystem, program))
}

/// The first of the places at which there is something; raises ValueError when there is nothing.
#[pyfunction]
pub(crate) fn find_configuration(places: Vec<String>) -> PyResult<String> {
    supervisor_core::config::find_among(&RealSystem, places).map_err(|error| refused(&error))
}

/// Reads a configuration for the daemon, with texts that win over those of `[supervisord]`.
///
/// Where `text` is given, that is what is in the file, and where `environment` is given, it is used for the real one.
/// Plug-ins are named, not imported. Raises ValueError with the
/// message of a bad configuration.
#[pyfunction]
#[pyo3(signature = (path, overrides, text = None, environment = None))]
pub(crate) fn read_daemon_configuration<'py>(
    py: Python<'py>,
    path: &str,
    overrides: &Bound<'py, PyDict>,
    text: Option<&[u8]>,
    environment: Option<Vec<(String, String)>>,
) -> PyResult<Bound<'py, PyDict>> {
    let overrides = winning(overrides, SectionKind::Supervisord)?;
    let system = Surroundings { path, text, environment };
    let settings =
        supervisor_core::config::read(&system, path, &overrides).map_err(|error| refused(&error))?;
    whole(py, &settings)
}

/// Reads a configuration for the client, with texts that win over those of `[supervisorctl]`; without a path
/// defaults alone.
///
/// `text` and `environment` are as of [`read_daemon_configuration`]. Plug-ins are named, not imported. Raises ValueError with the message
/// of a bad configuration.
#[pyfunction]
#[pyo3(signature = (path, overrides, text = None, environment = None))]
pub(crate) fn read_client_configuration<'py>(
    py: Python<'py>,
    path: Option<&str>,
    overrides: &Bound<'py, PyDict>,
    text: Option<&[u8]>,
    environment: Option<Vec<(String, String)>>,
) -> PyResult<Bound<'py, PyDict>> {
    let overrides = winning(overrides, SectionKind::Supervisorctl)?;
    let system = Surroundings { path: path.unwrap_or_default(), text, environment };
    let settings =
        supervisor_core::config::read_client(&system, path, &overrides).map_err(|error| refused(&error))?;
    client(py, settings)
}

/// Reads one section of a program, of whatever kind, as processes of a group. `options` are the section's own and
/// inherited ones, `path` is the file that errors name, `environment` is what `%(ENV_x)s` stands for.
///
/// Raises ValueError with the message of a bad configuration.
#[pyfunction]
pub(crate) fn read_program_section<'py>(
    py: Python<'py>,
    path: &str,
    section: &str,
    options: Vec<(String, String)>,
    group: &str,
    environment: Vec<(String, String)>,
) -> PyResult<Vec<Bound<'py, PyDict>>> {
    let mut ini = IniFile::default();
    for (option, value) in options {
        ini.set(path, section, &option, &value);
    }
    let system = Surroundings { environment: Some(environment), ..Surroundings::default() };
    let programs = supervisor_core::config::read_section(&system, path, &ini, section, group);
    programs.map_err(|error| refused(&error))?.iter().map(|settings| program(py, settings)).collect()
}

fn refused(error: &ConfigError) -> PyErr {
    PyValueError::new_err(error.to_string())
}

fn options_of(kind: SectionKind) -> impl Iterator<Item = &'static OptionSpec> {
    SectionSpec::of(kind).own_options.iter()
}

fn texts<'py>(py: Python<'py>, overrides: &Overrides, kind: SectionKind) -> PyResult<Bound<'py, PyDict>> {
    let found = PyDict::new(py);
    for option in options_of(kind) {
        if let Some(text) = overrides.get(option.name) {
            found.set_item(option.name, text)?;
        }
    }
    Ok(found)
}

fn winning(texts: &Bound<'_, PyDict>, kind: SectionKind) -> PyResult<Overrides> {
    let mut overrides = Overrides::default();
    for (name, text) in texts {
        let name: String = name.extract()?;
        let option = options_of(kind).find(|option| option.name == name);
        let option = option.ok_or_else(|| PyValueError::new_err(format!("no such option: {name}")))?;
        overrides.set(option, text.extract::<String>()?);
    }
    Ok(overrides)
}

fn whole<'py>(py: Python<'py>, settings: &Settings) -> PyResult<Bound<'py, PyDict>> {
    let found = PyDict::new(py);
    found.set_item("supervisord", daemon(py, &settings.daemon)?)?;
    let groups = settings.groups.iter().map(|settings| group(py, settings));
    found.set_item("groups", groups.collect::<PyResult<Vec<_>>>()?)?;
    let servers = settings.http_servers.iter().map(|settings| server(py, settings));
    found.set_item("servers", servers.collect::<PyResult<Vec<_>>>()?)?;
    found.set_item("plugins", plugins(py, settings.rpc_interfaces.clone())?)?;
    let messages = settings.messages.iter().map(|(level, text)| (level_number(*level), text));
    found.set_item("messages", PyList::new(py, messages)?)?;
    Ok(found)
}

fn client(py: Python<'_>, settings: ClientSettings) -> PyResult<Bound<'_, PyDict>> {
    let found = PyDict::new(py);
    found.set_item("serverurl", settings.server_url)?;
    found.set_item("username", settings.username)?;
    found.set_item("password", settings.password)?;
    found.set_item("prompt", settings.prompt)?;
    found.set_item("history_file", settings.history_file)?;
    found.set_item("plugins", plugins(py, settings.plugins)?)?;
    Ok(found)
}

/// Name, factory and arguments of each.
fn plugins(
    py: Python<'_>,
    plugins: Vec<RpcInterfaceSettings>,
) -> PyResult<Vec<(String, String, Bound<'_, PyDict>)>> {
    let named = plugins.into_iter().map(|plugin| {
        let options = PyDict::new(py);
        for (name, text) in plugin.options {
            options.set_item(name, text)?;
        }
        Ok((plugin.name, plugin.factory, options))
    });
    named.collect()
}

/// `[supervisord]`, by the names of its options; `uid` is the user's number.
pub(crate) fn daemon<'py>(py: Python<'py>, settings: &DaemonSettings) -> PyResult<Bound<'py, PyDict>> {
    let found = PyDict::new(py);
    found.set_item("configfile", text(&settings.config_file))?;
    found.set_item("logfile", log_target(py, &settings.logfile)?)?;
    found.set_item("logfile_maxbytes", settings.logfile_maxbytes)?;
    found.set_item("logfile_backups", settings.logfile_backups)?;
    found.set_item("loglevel", level_number(settings.loglevel))?;
    found.set_item("pidfile", text(&settings.pidfile))?;
    found.set_item("umask", settings.umask)?;
    found.set_item("nodaemon", settings.nodaemon)?;
    found.set_item("silent", settings.silent)?;
    found.set_item("minfds", settings.minfds)?;
    found.set_item("minprocs", settings.minprocs)?;
    found.set_item("nocleanup", settings.nocleanup)?;
    found.set_item("childlogdir", text(&settings.childlogdir))?;
    found.set_item("uid", settings.user)?;
    found.set_item("directory", settings.directory.as_deref().map(text))?;
    found.set_item("strip_ansi", settings.strip_ansi)?;
    found.set_item("environment", environment(py, &settings.environment)?)?;
    found.set_item("identifier", &settings.identifier)?;
    Ok(found)
}

/// `name`, `priority`, `processes`, and for a pool of listeners `listener`: its own options.
pub(crate) fn group<'py>(py: Python<'py>, settings: &GroupSettings) -> PyResult<Bound<'py, PyDict>> {
    let found = PyDict::new(py);
    found.set_item("name", &settings.name)?;
    found.set_item("priority", settings.priority)?;
    let processes = settings.processes.iter().map(|settings| program(py, settings));
    found.set_item("processes", processes.collect::<PyResult<Vec<_>>>()?)?;
    let listener = settings.listener.as_ref().map(|settings| {
        let listener = PyDict::new(py);
        listener.set_item("buffer_size", settings.buffer_size)?;
        listener.set_item("events", &settings.events)?;
        listener.set_item("result_handler", &settings.result_handler)?;
        PyResult::Ok(listener)
    });
    found.set_item("listener", listener.transpose()?)?;
    Ok(found)
}

pub(crate) fn server<'py>(py: Python<'py>, settings: &HttpServerSettings) -> PyResult<Bound<'py, PyDict>> {
    let found = PyDict::new(py);
    found.set_item("name", settings.section.split_once(':').map(|(_, name)| name))?;
    found.set_item("section", &settings.section)?;
    let credentials = settings.credentials.as_ref();
    found.set_item("username", credentials.map(|(username, _)| username))?;
    found.set_item("password", credentials.map(|(_, password)| password))?;
    match &settings.address {
        HttpAddress::Inet { host, port } => {
            found.set_item("family", libc::AF_INET)?;
            found.set_item("host", host)?;
            found.set_item("port", port)?;
        }
        HttpAddress::Unix { path, mode, owner } => {
            found.set_item("family", libc::AF_UNIX)?;
            found.set_item("file", text(path))?;
            found.set_item("chmod", mode)?;
            found.set_item("chown", owner.map_or((-1, -1), |(user, group)| (id(user), id(group))))?;
        }
    }
    Ok(found)
}

/// A user or group for `chown`, which leaves −1 as it is.
fn id(number: u32) -> i64 {
    if number == u32::MAX { -1 } else { number.into() }
}

/// A process by the names of its options, values as the original's `ProcessConfig` has them; `socket` is that of
/// a FastCGI program.
pub(crate) fn program<'py>(py: Python<'py>, config: &ProgramSettings) -> PyResult<Bound<'py, PyDict>> {
    let found = PyDict::new(py);
    found.set_item("name", &config.name)?;
    found.set_item("command", &config.command)?;
    found.set_item("directory", config.directory.as_deref().map(text))?;
    found.set_item("umask", config.umask)?;
    found.set_item("priority", config.priority)?;
    found.set_item("autostart", config.autostart)?;
    found.set_item("autorestart", autorestart(py, config.autorestart)?)?;
    found.set_item("startsecs", config.startsecs)?;
    found.set_item("startretries", config.startretries)?;
    found.set_item("uid", config.user)?;
    found.set_item("stopsignal", config.stopsignal.0)?;
    found.set_item("stopwaitsecs", config.stopwaitsecs)?;
    found.set_item("stopasgroup", config.stopasgroup)?;
    found.set_item("killasgroup", config.killasgroup)?;
    found.set_item("exitcodes", config.exitcodes.clone())?;
    found.set_item("redirect_stderr", config.redirect_stderr)?;
    found.set_item("environment", environment(py, &config.environment)?)?;
    found.set_item("serverurl", config.serverurl.as_deref())?;
    for (stream, output) in [("stdout", &config.stdout), ("stderr", &config.stderr)] {
        found.set_item(format!("{stream}_logfile"), log_target(py, &output.logfile)?)?;
        found.set_item(format!("{stream}_logfile_maxbytes"), output.maxbytes)?;
        found.set_item(format!("{stream}_logfile_backups"), output.backups)?;
        found.set_item(format!("{stream}_capture_maxbytes"), output.capture_maxbytes)?;
        found.set_item(format!("{stream}_events_enabled"), output.events_enabled)?;
        found.set_item(format!("{stream}_syslog"), output.syslog)?;
    }
    let socket = config.fcgi_socket.as_ref().map(|settings| fcgi_socket(py, settings));
    found.set_item("socket", socket.transpose()?)?;
    Ok(found)
}

/// The socket of a FastCGI program as one of the classes of `supervisor.datatypes`.
fn fcgi_socket<'py>(py: Python<'py>, settings: &FcgiSocketSettings) -> PyResult<Bound<'py, PyAny>> {
    let options = PyDict::new(py);
    options.set_item("backlog", settings.backlog)?;
    match &settings.address {
        FcgiAddress::Tcp { host, port } => {
            datatype(py, "InetStreamSocketConfig")?.call((host, port), Some(&options))
        }
        FcgiAddress::Unix { path, owner, mode } => {
            options.set_item("owner", owner)?;
            options.set_item("mode", mode)?;
            datatype(py, "UnixStreamSocketConfig")?.call((text(path),), Some(&options))
        }
    }
}

fn datatype<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    py.import("supervisor.datatypes")?.getattr(name)
}

fn autorestart(py: Python<'_>, when: Autorestart) -> PyResult<Bound<'_, PyAny>> {
    match when {
        Autorestart::Never => Ok(false.into_pyobject(py)?.to_owned().into_any()),
        Autorestart::Unexpected => datatype(py, "RestartWhenExitUnexpected"),
        Autorestart::Always => datatype(py, "RestartUnconditionally"),
    }
}

fn environment<'py>(py: Python<'py>, variables: &EnvironmentVariables) -> PyResult<Bound<'py, PyDict>> {
    let found = PyDict::new(py);
    for (name, value) in variables {
        found.set_item(name, value)?;
    }
    Ok(found)
}

/// A path; a class of `supervisor.datatypes` for a name still to be made up; `syslog`; None.
fn log_target<'py>(py: Python<'py>, target: &LogTarget) -> PyResult<Option<Bound<'py, PyAny>>> {
    Ok(match target {
        LogTarget::File(path) => Some(text(path).into_pyobject(py)?.into_any()),
        LogTarget::Syslog => Some("syslog".into_pyobject(py)?.into_any()),
        LogTarget::Automatic => Some(datatype(py, "Automatic")?),
        LogTarget::None => None,
    })
}

/// A path as text; configurations are UTF-8.
fn text(path: &Path) -> String {
    path.display().to_string()
}

/// Log levels by the numbers of `supervisor.loggers.LevelsByName`.
pub(crate) const LEVELS: [(LogLevel, i32); 7] = [
    (LogLevel::Critical, 50),
    (LogLevel::Error, 40),
    (LogLevel::Warn, 30),
    (LogLevel::Info, 20),
    (LogLevel::Debug, 10),
    (LogLevel::Trace, 5),
    (LogLevel::Blather, 3),
];

fn level_number(level: LogLevel) -> Option<i32> {
    LEVELS.iter().find(|(known, _)| *known == level).map(|(_, number)| *number)
}
