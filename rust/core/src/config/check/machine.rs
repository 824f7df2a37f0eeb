//! Facts of the machine that a configuration relies on: commands, folders of sockets, users.

use std::path::Path;

use super::super::findings::{Finding, Findings};
use super::super::options::{SectionKind, SectionSpec};
use super::super::paths;
use super::super::settings::{FcgiAddress, HttpAddress, ProgramSettings, Settings};
use super::super::system::System;
use super::quirks::warning;
use crate::ini::IniFile;
use crate::spawning::{configured_path, words};

/// Notes what the machine lacks.
pub(super) fn check(ini: &IniFile, settings: &Settings, system: &dyn System, findings: &Findings) {
    let machine = Machine { ini, system, findings };
    let daemon = SectionSpec::of(SectionKind::Supervisord).prefix;
    machine.user(daemon, settings.daemon.user);
    for server in &settings.http_servers {
        if let HttpAddress::Unix { path, .. } = &server.address {
            machine.socket(&server.section, "file", path);
        }
    }
    for group in &settings.groups {
        for process in &group.processes {
            if let Some(section) = findings.section_of(&group.name, &process.name) {
                machine.program(&section, process);
            }
        }
    }
}

struct Machine<'a> {
    ini: &'a IniFile,
    system: &'a dyn System,
    findings: &'a Findings,
}

impl Machine<'_> {
    fn program(&self, section: &str, process: &ProgramSettings) {
        self.command(section, process);
        self.user(section, process.user);
        if let Some(directory) = &process.directory {
            let directory = directory.to_string_lossy();
            if !self.system.is_directory(&directory) {
                self.warn(section, "directory", format!("the folder {directory} does not exist"), "");
            }
        }
        if let Some(FcgiAddress::Unix { path, .. }) =
            process.fcgi_socket.as_ref().map(|socket| &socket.address)
        {
            self.socket(section, "socket", path);
        }
    }

    /// A command that would not start. The daemon starts all the same, and gives the program up.
    fn command(&self, section: &str, process: &ProgramSettings) {
        let message = match words(&process.command) {
            Err(message) => message,
            Ok(words) => {
                let path = configured_path(&process.environment);
                match self.system.find_program(&words[0], path.as_deref()) {
                    Ok(()) => return,
                    Err(error) => error.message(&process.name),
                }
            }
        };
        let first = self.ini.get(section, "command").and_then(|text| text.split_whitespace().next());
        self.findings.note(warning(self.ini, section, "command", first, message, ""));
    }

    /// The folder of a unix socket must be there: the daemon opens the socket when it starts.
    fn socket(&self, section: &str, option: &str, path: &Path) {
        let path = path.to_string_lossy();
        let folder = paths::dirname(&path);
        if self.system.is_directory(folder) {
            return;
        }
        let message = format!("the folder {folder} of the socket does not exist");
        let Finding { error, .. } = warning(self.ini, section, option, None, message, "");
        self.findings.error(error);
    }

    fn user(&self, section: &str, user: Option<u32>) {
        let own = self.system.uid();
        if own != 0 && user.is_some_and(|user| user != own) {
            let message = "only root can run something as another user".to_owned();
            self.warn(section, "user", message, "right when root starts supervisord");
        }
    }

    fn warn(&self, section: &str, option: &str, message: String, help: &str) {
        self.findings.note(warning(self.ini, section, option, None, message, help));
    }
}
