//! From the text of a configuration, and the files it includes, to [`Settings`].

use std::path::PathBuf;

use super::daemon::{read_daemon, read_user};
use super::error::ConfigError;
use super::findings::{Finding, Findings, Severity};
use super::options::{SectionKind, SectionSpec, Sees};
use super::overrides::Overrides;
use super::paths;
use super::plugins::read_plugins;
use super::programs::ProgramReader;
use super::servers::read_servers;
use super::settings::{LogLevel, ProgramSettings, RpcInterfaceSettings, Settings};
use super::system::System;
use super::values::Names;
use crate::ini::IniFile;

/// Folder and file names of the default places below the installation's own folder, then absolute.
const DEFAULT_PLACES: [&str; 4] =
    ["supervisord.conf", "etc/supervisord.conf", "/etc/supervisord.conf", "/etc/supervisor/supervisord.conf"];

/// What the original says, through Python's warnings, when root leaves the choice of the file to the
/// default places.
pub const ROOT_SEARCH_WARNING: &str = "Supervisord is running as root and it is searching for its \
    configuration file in default locations (including its current working directory); you probably want to \
    specify a \"-c\" argument specifying an absolute path to a configuration file for improved security.";

/// The default places of a configuration, for a program of this path (parity 1).
#[must_use]
pub fn search_paths(program: &str) -> Vec<String> {
    let installation = paths::dirname(paths::dirname(program));
    let beside = ["etc/supervisord.conf", "supervisord.conf"].map(|place| paths::join(installation, place));
    beside.into_iter().chain(DEFAULT_PLACES.map(str::to_owned)).collect()
}

/// The first of the default places at which there is something.
///
/// # Errors
/// There is nothing at any of them.
pub fn find_config(system: &dyn System, program: &str) -> Result<String, ConfigError> {
    find_among(system, search_paths(program))
}

/// The first of some places at which there is something.
///
/// # Errors
/// There is nothing at any of them.
pub fn find_among(system: &dyn System, places: Vec<String>) -> Result<String, ConfigError> {
    let shown = places.join(", ");
    places.into_iter().find(|path| system.exists(path)).ok_or_else(|| {
        ConfigError::new(format!(
            "No config file found at default paths ({shown}); use the -c option to specify a config file at a \
             different path"
        ))
    })
}

/// Reads a configuration for the daemon: the file, its includes, and the values of the command line
/// over it.
///
/// `path` is spelled as the user named it; messages show it so.
///
/// # Errors
/// Everything the original refuses with exit status 2; of several mistakes the one it finds first.
pub fn read(system: &dyn System, path: &str, overrides: &Overrides) -> Result<Settings, ConfigError> {
    read_noting(system, path, overrides, &mut IniFile::default(), Findings::default())
}

/// The same with a notebook: mistakes are noted where the rest can still be read, and options that are
/// refused have their defaults. `ini` keeps the text.
pub(super) fn read_noting(
    system: &dyn System,
    path: &str,
    overrides: &Overrides,
    ini: &mut IniFile,
    findings: Findings,
) -> Result<Settings, ConfigError> {
    let here = paths::abspath(system, paths::dirname(path));
    let mut names = Names { findings, ..Names::new(system, &here) };
    read_file(system, ini, path, &names.findings)?;
    let mut messages = Vec::new();
    let included = read_includes(system, ini, path, &here, &names, &mut messages);
    let included = names.findings.pass(included)?.unwrap_or_default();
    let ini = &*ini;
    if !ini.has_section(SectionSpec::of(SectionKind::Supervisord).prefix) {
        return Err(ConfigError::in_file(".ini file does not include supervisord section", path));
    }

    let daemon = read_daemon(ini, &mut names, system, path, overrides)?;
    let rpc_interfaces = read_plugins(ini, &names, SectionKind::RpcInterface)?;
    let plugins_may_add_events = !rpc_interfaces.iter().all(RpcInterfaceSettings::is_standard);
    let mut programs =
        ProgramReader { ini, names, system, config_file: path, messages, plugins_may_add_events };
    let groups = programs.read_groups()?;
    let ProgramReader { names, messages, .. } = programs;
    let http_servers = read_servers(ini, &names, system)?;
    let user = names.findings.pass(read_user(ini, &names, system, overrides))?.flatten();

    let mut settings =
        Settings { daemon, included, http_servers, groups, rpc_interfaces, messages: by_severity(messages) };
    settings.daemon.user = user;
    for program in settings.groups.iter_mut().flat_map(|group| &mut group.processes) {
        let own = std::mem::replace(&mut program.environment, settings.daemon.environment.clone());
        for (name, value) in own {
            match program.environment.iter_mut().find(|(known, _)| *known == name) {
                Some((_, old)) => *old = value,
                None => program.environment.push((name, value)),
            }
        }
    }
    Ok(settings)
}

/// Reads one section of a program, of whatever kind, as processes of a group; for plug-ins that make processes.
/// What a process gets from `[supervisord]` is not among it.
///
/// # Errors
/// The first mistake in the section.
pub fn read_section(
    system: &dyn System,
    path: &str,
    ini: &IniFile,
    section: &str,
    group: &str,
) -> Result<Vec<ProgramSettings>, ConfigError> {
    let here = paths::abspath(system, paths::dirname(path));
    let names = Names::new(system, &here);
    let mut programs = ProgramReader {
        ini,
        names,
        system,
        config_file: path,
        messages: Vec::new(),
        plugins_may_add_events: true,
    };
    programs.read_program(section, group)
}

/// The original logs warnings before notes.
fn by_severity(mut messages: Vec<(LogLevel, String)>) -> Vec<(LogLevel, String)> {
    messages.sort_by_key(|(level, _)| *level);
    messages
}

/// Reads the main file into `ini`.
pub(super) fn read_file(
    system: &dyn System,
    ini: &mut IniFile,
    path: &str,
    findings: &Findings,
) -> Result<(), ConfigError> {
    if !system.exists(path) {
        return Err(ConfigError::in_file(format!("could not find config file {path}"), path));
    }
    let bytes = system
        .read_file(path)
        .ok_or_else(|| ConfigError::in_file(format!("could not read config file {path}"), path))?;
    findings.pass_lines(ini.read_all(path, decode(&bytes, path)?))
}

/// Reads the files that `[include]` names, sorted pattern by pattern, and tells which; one level only.
fn read_includes(
    system: &dyn System,
    ini: &mut IniFile,
    path: &str,
    here: &str,
    names: &Names,
    messages: &mut Vec<(LogLevel, String)>,
) -> Result<Vec<PathBuf>, ConfigError> {
    let mut included = Vec::new();
    let section = SectionSpec::of(SectionKind::Include).prefix;
    if !ini.has_section(section) {
        return Ok(included);
    }
    ini.replace_here(here);
    let error = |ini: &IniFile, message: String| {
        let origin = ini.origin(section, "files").or_else(|| ini.section_origin(section));
        ConfigError { option: Some("files".into()), ..ConfigError::in_section(message, section, origin) }
    };
    let files = ini
        .get(section, "files")
        .ok_or_else(|| error(ini, ".ini file has [include] section, but no files setting".to_owned()))?;
    let files = names.expand(files, Sees::Host, "include.files").map_err(|message| error(ini, message))?;
    let base = paths::dirname(&paths::abspath(system, path)).to_owned();
    for written in files.split(crate::expand::is_space).filter(|pattern| !pattern.is_empty()) {
        let pattern = paths::join(&base, written);
        let found = system.glob(&pattern);
        if found.is_empty() {
            let message = format!("No file matches via include \"{pattern}\"");
            let origin = ini.origin(section, "files");
            names.findings.note(Finding {
                severity: Severity::Warning,
                error: ConfigError {
                    option: Some("files".into()),
                    value: Some(written.into()),
                    ..ConfigError::in_section(message.clone(), section, origin)
                },
                help: None,
            });
            messages.push((LogLevel::Warn, message));
        }
        for file in found {
            messages.push((LogLevel::Info, format!("Included extra file \"{file}\" during parsing")));
            // A file that cannot be opened is passed over, as in the original.
            if let Some(bytes) = system.read_file(&file)
                && let Some(text) = names.findings.pass(decode(&bytes, &file))?
            {
                names.findings.pass_lines(ini.read_all(&file, text))?;
            }
            ini.replace_here(paths::dirname(&paths::abspath(system, &file)));
            included.push(file.into());
        }
    }
    Ok(included)
}

/// The text of a file, or the error with which Python refuses its bytes.
fn decode<'a>(bytes: &'a [u8], file: &str) -> Result<&'a str, ConfigError> {
    std::str::from_utf8(bytes).map_err(|error| {
        let start = error.valid_up_to();
        let end = start + error.error_len().unwrap_or(bytes.len() - start);
        let first = bytes.get(start).copied().unwrap_or_default();
        let reason = match error.error_len() {
            None => "unexpected end of data",
            Some(_) if (0xc2..=0xf4).contains(&first) => "invalid continuation byte",
            Some(_) => "invalid start byte",
        };
        let place = if end - start == 1 {
            format!("byte 0x{first:02x} in position {start}")
        } else {
            format!("bytes in position {start}-{}", end - 1)
        };
        let line = bytes[..start].iter().filter(|&&byte| byte == b'\n').count() + 1;
        let message = format!("'utf-8' codec can't decode {place}: {reason}");
        ConfigError { line: Some(line), ..ConfigError::in_file(message, file) }
    })
}
