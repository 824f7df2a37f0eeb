//! What a plug-in says of processes and groups, as the core's settings: the way back from `configuration`.

use std::path::PathBuf;

use pyo3::exceptions::{PyKeyError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use supervisor_core::config::{
    Autorestart, FcgiAddress, FcgiSocketSettings, GroupSettings, ListenerSettings, LogTarget, OutputSettings,
    ProgramSettings,
};
use supervisor_core::signal::Signal;

/// The value of a name; `KeyError` where it is missing.
fn required<'py>(params: &Bound<'py, PyDict>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    params.get_item(name)?.ok_or_else(|| PyKeyError::new_err(name.to_owned()))
}

/// A process by the names of its options, as `supervisor.options.ProcessConfig` has them.
///
/// # Errors
/// `KeyError` for a name that is missing, `TypeError`, `ValueError` or `OverflowError` for a value that is none.
pub(crate) fn program(params: &Bound<'_, PyDict>) -> PyResult<ProgramSettings> {
    let get = |name| required(params, name);
    let environment: Option<Vec<(String, String)>> = match get("environment")?.cast::<PyDict>() {
        Ok(variables) => Some(
            variables
                .iter()
                .map(|(name, value)| Ok((name.extract()?, value.str()?.to_string())))
                .collect::<PyResult<_>>()?,
        ),
        Err(_) => None,
    };
    Ok(ProgramSettings {
        name: get("name")?.extract()?,
        command: get("command")?.extract()?,
        directory: get("directory")?.extract()?,
        umask: get("umask")?.extract()?,
        priority: get("priority")?.extract()?,
        autostart: get("autostart")?.is_truthy()?,
        autorestart: autorestart(&get("autorestart")?)?,
        startsecs: get("startsecs")?.extract()?,
        startretries: get("startretries")?.extract()?,
        user: get("uid")?.extract()?,
        stopsignal: Signal(get("stopsignal")?.extract()?),
        stopwaitsecs: get("stopwaitsecs")?.extract()?,
        stopasgroup: get("stopasgroup")?.is_truthy()?,
        killasgroup: get("killasgroup")?.is_truthy()?,
        exitcodes: get("exitcodes")?.extract()?,
        redirect_stderr: get("redirect_stderr")?.is_truthy()?,
        environment: environment.unwrap_or_default(),
        serverurl: get("serverurl")?.extract()?,
        stdout: output(params, "stdout")?,
        stderr: output(params, "stderr")?,
        fcgi_socket: params
            .get_item("socket_config")?
            .filter(|socket| !socket.is_none())
            .map(|socket| fcgi_socket(&socket))
            .transpose()?,
    })
}

fn output(params: &Bound<'_, PyDict>, stream: &str) -> PyResult<OutputSettings> {
    let get = |name: &str| required(params, &format!("{stream}_{name}"));
    Ok(OutputSettings {
        logfile: log_target(&get("logfile")?)?,
        maxbytes: get("logfile_maxbytes")?.extract()?,
        backups: get("logfile_backups")?.extract()?,
        capture_maxbytes: get("capture_maxbytes")?.extract()?,
        events_enabled: get("events_enabled")?.is_truthy()?,
        syslog: get("syslog")?.is_truthy()?,
    })
}

/// A class of `supervisor.datatypes` stands for what is no path.
fn log_target(target: &Bound<'_, PyAny>) -> PyResult<LogTarget> {
    if target.is_none() {
        return Ok(LogTarget::None);
    }
    let types = target.py().import("supervisor.datatypes")?;
    if target.is(&types.getattr("Automatic")?) {
        return Ok(LogTarget::Automatic);
    }
    if target.is(&types.getattr("Syslog")?) {
        return Ok(LogTarget::Syslog);
    }
    let path: PathBuf = target.extract()?;
    Ok(if path.as_os_str() == "syslog" { LogTarget::Syslog } else { LogTarget::File(path) })
}

fn autorestart(when: &Bound<'_, PyAny>) -> PyResult<Autorestart> {
    let types = when.py().import("supervisor.datatypes")?;
    if !when.is_truthy()? {
        Ok(Autorestart::Never)
    } else if when.is(&types.getattr("RestartUnconditionally")?) {
        Ok(Autorestart::Always)
    } else {
        // As in the original, whatever else is true.
        Ok(Autorestart::Unexpected)
    }
}

fn fcgi_socket(socket: &Bound<'_, PyAny>) -> PyResult<FcgiSocketSettings> {
    let backlog = socket.call_method0("get_backlog")?.extract()?;
    let address = if socket.hasattr("path")? {
        FcgiAddress::Unix {
            path: socket.getattr("path")?.extract()?,
            owner: socket.call_method0("get_owner")?.extract()?,
            mode: socket.call_method0("get_mode")?.extract::<Option<u32>>()?.unwrap_or(0o700),
        }
    } else {
        FcgiAddress::Tcp {
            host: socket.getattr("host")?.extract()?,
            port: socket.getattr("port")?.extract()?,
        }
    };
    Ok(FcgiSocketSettings { address, backlog })
}

/// A group: `name`, `priority`, `processes`, and for a pool of listeners `listener` with names of events,
/// `buffer_size` and `result_handler`.
///
/// # Errors
/// As [`program`]; `ValueError` for a pool with nothing to hear.
pub(crate) fn group(params: &Bound<'_, PyDict>) -> PyResult<GroupSettings> {
    let processes = required(params, "processes")?.extract::<Vec<Bound<'_, PyDict>>>()?;
    let listener = required(params, "listener")?;
    let listener = match listener.cast::<PyDict>() {
        Ok(listener) => Some(pool(listener)?),
        Err(_) => None,
    };
    Ok(GroupSettings {
        name: required(params, "name")?.extract()?,
        priority: required(params, "priority")?.extract()?,
        processes: processes.iter().map(program).collect::<PyResult<_>>()?,
        listener,
    })
}

fn pool(params: &Bound<'_, PyDict>) -> PyResult<ListenerSettings> {
    let events: Vec<String> = required(params, "events")?.extract()?;
    if events.is_empty() {
        return Err(PyValueError::new_err("a pool of listeners needs events"));
    }
    Ok(ListenerSettings {
        events,
        buffer_size: required(params, "buffer_size")?.extract()?,
        result_handler: required(params, "result_handler")?.extract()?,
    })
}
