//! The program `supervisord` (parity 3).

use std::sync::Arc;

use supervisor_core::config::check::check_configuration;
use supervisor_core::config::paths::abspath;
use supervisor_core::config::{ROOT_SEARCH_WARNING, find_config, read};
use supervisor_core::version::VERSION;
use supervisor_engine::files::RealSystem;
use supervisor_engine::plugins::PluginHost;
use supervisor_engine::run::{Start, run as run_daemon};

use crate::arguments::{Ending, parse_supervisord, program_path};
use crate::check::report;
use crate::hand_over::hand_over;

/// Makes the host of plug-ins, where there is an interpreter.
pub type MakeHost = fn() -> Box<dyn PluginHost>;

/// Runs the daemon with a command line, the program's name first, until it ends. Returns the exit code.
///
/// Without a host, a configuration that names Python code makes this process become the Python program of the
/// same environment, which comes back here with one.
pub fn run(argv: &[String], make_host: Option<MakeHost>) -> i32 {
    match start(argv, make_host) {
        Ok(()) => 0,
        Err(ending) => ending.print(),
    }
}

fn start(argv: &[String], make_host: Option<MakeHost>) -> Result<(), Ending> {
    let system = RealSystem;
    let (called, arguments) = argv.split_first().map_or(("supervisord", argv), |(first, rest)| (first, rest));
    let program = program_path(&system, called);
    let usage = |message: String| Ending::usage(&program, &message);

    let said = parse_supervisord(&system, &program, VERSION, arguments)?;
    let config_file = match said.config_file {
        Some(file) => file,
        None => {
            if nix::unistd::getuid().is_root() {
                eprintln!("{program}: UserWarning: {ROOT_SEARCH_WARNING}");
            }
            find_config(&system, &program).map_err(|error| usage(error.to_string()))?
        }
    };
    if said.check {
        return Err(report(&check_configuration(&system, &config_file, &said.overrides), said.json));
    }
    let overrides = said.overrides;
    let read = move |path: &str| read(&RealSystem, path, &overrides).map_err(|error| error.to_string());
    let settings = read(&config_file).map_err(usage)?;
    let become_python = || hand_over("supervisor.supervisord", &program, arguments);
    if make_host.is_none() && settings.python_code().is_some() {
        return Err(usage(become_python()));
    }
    let absolute = settings.daemon.config_file.display().to_string();
    let read_settings = move || {
        // Errors show the path as it was spelled, but a relative one means another file once the daemon has gone
        // to its directory.
        let is_same = abspath(&RealSystem, &config_file) == absolute;
        let path = if is_same { &config_file } else { &absolute };
        read(path)
    };
    run_daemon(Start {
        version: VERSION,
        settings,
        read_settings: Arc::new(read_settings),
        host: make_host.map(|make| make()),
        become_python: &become_python,
    })
    .map_err(|error| usage(error.0))
}
