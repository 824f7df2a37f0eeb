//! The extension module `supervisor._engine`: the programs with an interpreter around them, and the plug-in host.
//!
//! | module | what it is |
//! |---|---|
//! | `configuration` | command lines and configurations, for `supervisor.options` |
//! | `control` | the built-in commands of `supervisorctl`, for `supervisor.supervisorctl` |
//! | `facade` | what the Python classes that plug-ins see look things up by |
//! | `plugins` | the engine's host of plug-ins, which calls `supervisor._host` |
//! | `programs` | what a plug-in says of processes and groups, as the core's settings |
//! | `requests` | requests of HTTP that plug-ins answer, and their answers |
//! | `surroundings` | what a configuration that Python reads depends on |
//! | `values` | XML-RPC values as Python objects and back |

mod configuration;
mod control;
mod facade;
mod plugins;
mod programs;
mod requests;
mod surroundings;
mod values;

use std::ffi::OsString;

use pyo3::prelude::*;
use supervisor_cli::arguments::words;
use supervisor_engine::plugins::PluginHost;

/// The native part of the package `supervisor`.
#[pymodule]
mod _engine {
    #[pymodule_export]
    use super::configuration::{
        command_line_options, find_configuration, read_client_arguments, read_client_configuration,
        read_daemon_arguments, read_daemon_configuration, read_program_section, search_paths,
    };
    #[pymodule_export]
    use super::control::{check_control_server, control_commands, run_control_command, word_control_result};
    #[pymodule_export]
    use super::facade::{Daemon, describe_process, standard_methods};
    /// What is said when root leaves the choice of the configuration to the default places.
    #[pymodule_export]
    const ROOT_SEARCH_WARNING: &str = supervisor_core::config::ROOT_SEARCH_WARNING;
    #[pymodule_export]
    use super::requests::check_authorization;
    #[pymodule_export]
    use super::{run_pidproxy, run_supervisorctl, run_supervisord, sample_configuration};
}

/// Runs the daemon with a command line (the program's name first); returns its exit code.
///
/// The interpreter is let go of while the daemon waits, so that threads of plug-ins run freely.
#[pyfunction]
fn run_supervisord(py: Python<'_>, argv: Vec<OsString>) -> i32 {
    py.detach(move || supervisor_cli::supervisord::run(&words(argv), Some(python_host)))
}

fn python_host() -> Box<dyn PluginHost> {
    Box::new(plugins::PythonHost::default())
}

/// Runs the control program with a command line (the program's name first); returns its exit code.
#[pyfunction]
fn run_supervisorctl(py: Python<'_>, argv: Vec<OsString>) -> i32 {
    py.detach(move || supervisor_cli::supervisorctl::main(&words(argv)))
}

/// The sample configuration.
#[pyfunction]
fn sample_configuration() -> String {
    supervisor_core::config::options::sample::sample_configuration()
}

/// Runs a command and passes signals on to it through its pid file; returns the exit code.
#[pyfunction]
fn run_pidproxy(py: Python<'_>, argv: Vec<OsString>) -> i32 {
    py.detach(move || supervisor_cli::pidproxy::run(&argv, &mut std::io::stdout()))
}
