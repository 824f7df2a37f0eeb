//! `[supervisord]`, with the values of the command line over it.

use super::datatypes::{self, clamp};
use super::error::ConfigError;
use super::options::{SectionKind, SectionSpec, ValueType};
use super::overrides::Overrides;
use super::paths;
use super::settings::{DaemonSettings, LogTarget};
use super::system::System;
use super::values::{Names, Values};
use crate::ini::IniFile;

/// The special name of the main log that stands for the system log.
const SYSLOG: &str = "syslog";

/// Reads the section in the order in which the original does, so that of several mistakes the same
/// one is reported; only the user is left to [`read_user`]. The section's `environment` becomes visible
/// to all sections read afterwards.
pub(super) fn read_daemon(
    ini: &IniFile,
    names: &mut Names,
    system: &dyn System,
    path: &str,
    overrides: &Overrides,
) -> Result<DaemonSettings, ConfigError> {
    let values = section(ini, names, system, overrides);
    let minfds = values.integer("minfds")?;
    let minprocs = values.integer("minprocs")?;
    let directory = values.existing_directory("directory")?;
    values.text_of("user", ValueType::User)?;
    let umask = values.octal("umask")?.unwrap_or_default();
    let logfile = values.existing_directory_path("logfile")?;
    let logfile_maxbytes = values.byte_size("logfile_maxbytes")?;
    let logfile_backups = values.integer("logfile_backups")?;
    let loglevel = values.log_level("loglevel")?;
    let pidfile = values.existing_directory_path("pidfile")?;
    let identifier = values.text("identifier")?.unwrap_or_default();
    let nodaemon = values.boolean("nodaemon")?;
    let silent = values.boolean("silent")?;
    let childlogdir = values.existing_directory("childlogdir")?.unwrap_or_default();
    let nocleanup = values.boolean("nocleanup")?;
    let strip_ansi = values.boolean("strip_ansi")?;
    let environment = values.environment("environment")?;

    names.add_environment(environment.iter().cloned());
    Ok(DaemonSettings {
        config_file: paths::abspath(system, path).into(),
        logfile: match logfile.as_str() {
            SYSLOG => LogTarget::Syslog,
            file => LogTarget::File(paths::normalize(system, file).into()),
        },
        logfile_maxbytes,
        logfile_backups: backups(logfile_backups),
        loglevel,
        pidfile: paths::normalize(system, &pidfile).into(),
        umask,
        nodaemon,
        silent,
        minfds: clamp(minfds.into(), 0, u64::MAX),
        minprocs: clamp(minprocs.into(), 0, u64::MAX),
        nocleanup,
        childlogdir: childlogdir.into(),
        user: None,
        directory: directory.map(Into::into),
        strip_ansi,
        environment,
        identifier,
    })
}

/// Looks up the user to become, which the original does when all else has been read.
pub(super) fn read_user(
    ini: &IniFile,
    names: &Names,
    system: &dyn System,
    overrides: &Overrides,
) -> Result<Option<u32>, ConfigError> {
    let values = section(ini, names, system, overrides);
    let name = values.text_of("user", ValueType::User)?;
    name.map(|name| datatypes::user(&name, system).map_err(|message| values.error("user", message)))
        .transpose()
}

fn section<'a>(
    ini: &'a IniFile,
    names: &'a Names,
    system: &'a dyn System,
    overrides: &'a Overrides,
) -> Values<'a> {
    let name = SectionSpec::of(SectionKind::Supervisord).prefix;
    Values::new(ini, name, SectionKind::Supervisord, names, system).with(overrides)
}

/// A number of backups; a negative one keeps none.
pub(super) fn backups(number: i64) -> u32 {
    clamp(number.into(), 0, u32::MAX)
}
