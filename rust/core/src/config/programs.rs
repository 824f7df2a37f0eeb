//! `[program:x]` sections, the `[group:x]` sections that gather them, and what `[eventlistener:x]` and
//! `[fcgi-program:x]` sections have in common with them.

use std::collections::HashSet;

use super::daemon::backups;
use super::datatypes;
use super::error::ConfigError;
use super::options::{SectionKind, SectionSpec, Sees, ValueType};
use super::settings::{GroupSettings, LogLevel, LogTarget, OutputSettings, ProgramSettings};
use super::system::System;
use super::values::{Names, Values};
use crate::expand::{Term, repr};
use crate::ini::IniFile;

/// What a reader of programs needs to know, and the place for what it has to say.
pub(super) struct ProgramReader<'a> {
    pub(super) ini: &'a IniFile,
    pub(super) names: Names,
    pub(super) system: &'a dyn System,
    /// The main file as the user named it, for errors.
    pub(super) config_file: &'a str,
    pub(super) messages: Vec<(LogLevel, String)>,
    /// Whether a plug-in may add types of events; only it then knows which are unknown.
    pub(super) plugins_may_add_events: bool,
}

impl ProgramReader<'_> {
    /// All groups, lower priorities first and equal ones by name.
    pub(super) fn read_groups(&mut self) -> Result<Vec<GroupSettings>, ConfigError> {
        let ini = self.ini;
        let mut groups = Vec::new();
        let mut grouped = HashSet::new();
        for section in sections(ini, SectionKind::Group) {
            let group = self.read_group(section, &mut grouped);
            groups.extend(self.names.findings.pass(group)?);
        }
        for section in sections(ini, SectionKind::Program).filter(|section| !grouped.contains(*section)) {
            let group = self.read_own_group(section);
            groups.extend(self.names.findings.pass(group)?);
        }
        for section in sections(ini, SectionKind::EventListener) {
            let group = self.read_listener(section);
            groups.extend(self.names.findings.pass(group)?);
        }
        for section in sections(ini, SectionKind::FcgiProgram).filter(|section| !grouped.contains(*section)) {
            let group = self.read_fcgi_group(section);
            groups.extend(self.names.findings.pass(group)?);
        }
        groups.sort_by(|a, b| a.priority.cmp(&b.priority).then_with(|| a.name.cmp(&b.name)));
        Ok(groups)
    }

    /// The group that a program makes which no other has.
    fn read_own_group(&mut self, section: &str) -> Result<GroupSettings, ConfigError> {
        let name = self.name_of(section)?;
        let priority = self.group_values(section).integer("priority")?;
        let processes = self.read_program(section, &name)?;
        Ok(GroupSettings { name, priority, processes, listener: None })
    }

    /// The options that a group has; a program's own group reads its priority like one.
    pub(super) fn group_values<'s>(&'s self, section: &'s str) -> Values<'s> {
        Values::new(self.ini, section, SectionKind::Group, &self.names, self.system)
    }

    pub(super) fn name_of(&self, section: &str) -> Result<String, ConfigError> {
        let name = section.split_once(':').map_or("", |(_, name)| name);
        datatypes::process_or_group_name(name)
            .map_err(|message| ConfigError::in_section(message, section, self.ini.section_origin(section)))
    }

    fn read_group(
        &mut self,
        section: &str,
        grouped: &mut HashSet<String>,
    ) -> Result<GroupSettings, ConfigError> {
        let ini = self.ini;
        let name = self.name_of(section)?;
        let programs = self.group_values(section).list_of_strings("programs")?;
        let priority = self.group_values(section).integer("priority")?;
        let mut processes = Vec::new();
        // The original shows the section of the previous program in an error; scripts see that text.
        let mut shown = section.to_owned();
        for program in programs {
            let as_program = format!("{}{program}", SectionSpec::of(SectionKind::Program).prefix);
            let as_fcgi = format!("{}{program}", SectionSpec::of(SectionKind::FcgiProgram).prefix);
            let findings = self.names.findings.clone();
            let refuse = |message| {
                findings.refuse(ConfigError {
                    option: Some("programs".into()),
                    value: Some(program.as_str().into()),
                    ..ConfigError::in_section(message, section, ini.origin(section, "programs"))
                })
            };
            match (ini.has_section(&as_program), ini.has_section(&as_fcgi)) {
                (false, false) => {
                    refuse(format!("[{shown}] names unknown program or fcgi-program {program}"))?;
                }
                (true, true) => {
                    refuse(format!(
                        "[{shown}] name {program} is ambiguous (exists as program and fcgi-program)"
                    ))?;
                }
                (true, false) => {
                    processes.extend(self.read_program(&as_program, &name)?);
                    shown.clone_from(&as_program);
                    grouped.insert(as_program);
                }
                (false, true) => {
                    processes.extend(self.read_fcgi_program(&as_fcgi, &name)?);
                    shown.clone_from(&as_fcgi);
                    grouped.insert(as_fcgi);
                }
            }
        }
        Ok(GroupSettings { name, priority, processes, listener: None })
    }

    /// The processes of a section of any kind, by name; errors tell the section and its file.
    pub(super) fn read_program(
        &mut self,
        section: &str,
        group: &str,
    ) -> Result<Vec<ProgramSettings>, ConfigError> {
        self.read_processes(section, group).map_err(|error| {
            let file = self.ini.section_origin(section).map_or(self.config_file, |origin| &origin.file);
            let message = format!("{} in section {} (file: {})", error.message, repr(section), repr(file));
            ConfigError { message, ..error }
        })
    }

    fn read_processes(&mut self, section: &str, group: &str) -> Result<Vec<ProgramSettings>, ConfigError> {
        let program = self.name_of(section)?;
        self.names.enter_program(&program, group);
        let shared = self.read_shared(section)?;

        let mut processes = Vec::new();
        for number in shared.first..shared.first.saturating_add(shared.count) {
            let process = self.read_process(section, &shared, number);
            if let Some(process) = self.names.findings.pass(process)? {
                self.names.findings.came_from(group, &process.name, section);
                processes.push(process);
            }
        }
        processes.sort_by(|a: &ProgramSettings, b| a.name.cmp(&b.name));
        Ok(processes)
    }

    /// The options that are read once for all processes, in the original's order.
    fn read_shared(&self, section: &str) -> Result<Shared, ConfigError> {
        let values = self.program_values(section);
        let priority = values.integer("priority")?;
        let autostart = values.boolean("autostart")?;
        let autorestart = values.autorestart("autorestart")?;
        let startsecs = values.integer("startsecs")?;
        let startretries = values.integer("startretries")?;
        let stopsignal = values.signal("stopsignal")?;
        let stopwaitsecs = values.integer("stopwaitsecs")?;
        let stopasgroup = values.boolean("stopasgroup")?;
        let killasgroup = values.boolean("killasgroup")?;
        let exitcodes = values.exit_codes("exitcodes")?;
        let redirect_stderr = values.boolean("redirect_stderr")?;
        let count = values.integer("numprocs")?;
        let first = values.integer("numprocs_start")?;
        let stdout = values.output("stdout")?;
        let stderr = values.output("stderr")?;
        let serverurl = values
            .text("serverurl")?
            .filter(|url| !url.is_empty() && !crate::expand::strip(url).eq_ignore_ascii_case("auto"));
        let user = values.user("user")?;
        let umask = values.octal("umask")?;
        let findings = &self.names.findings;
        let process_name = datatypes::process_or_group_name(&values.raw("process_name", ValueType::Name))
            .map_err(|message| values.error("process_name", message));
        let process_name = findings.pass(process_name)?.unwrap_or_default();
        if count > 1 && !process_name.contains("%(process_num)") {
            findings.refuse(values.error(
                "process_name",
                "%(process_num) must be present within process_name when numprocs > 1",
            ))?;
        }
        if stopasgroup && !killasgroup {
            let message = "Cannot set stopasgroup=true and killasgroup=false";
            findings.refuse(values.error("killasgroup", message))?;
        }
        let template = ProgramSettings {
            name: String::new(),
            command: String::new(),
            directory: None,
            umask,
            priority,
            autostart,
            autorestart,
            startsecs,
            startretries,
            user,
            stopsignal,
            stopwaitsecs,
            stopasgroup,
            killasgroup,
            exitcodes,
            redirect_stderr,
            environment: Vec::new(),
            serverurl,
            stdout,
            stderr,
            fcgi_socket: None,
        };
        Ok(Shared { first, count, process_name, template })
    }

    /// One process: the options that are read for each process number.
    fn read_process(
        &mut self,
        section: &str,
        shared: &Shared,
        number: i64,
    ) -> Result<ProgramSettings, ConfigError> {
        self.enter_process(number, shared.count);
        let environment = self.program_values(section).environment("environment")?;
        self.names.add_process_environment(&environment);

        let values = self.program_values(section);
        let mut messages = Vec::new();
        let directory = values.text("directory")?.map(Into::into);
        let mut process = ProgramSettings { directory, environment, ..shared.template.clone() };
        values.read_log("stdout", section, &mut process.stdout, &mut messages)?;
        values.read_log("stderr", section, &mut process.stderr, &mut messages)?;
        if process.redirect_stderr {
            if matches!(process.stderr.logfile, LogTarget::File(_)) {
                let text = format!(
                    "For [{section}], redirect_stderr=true but stderr_logfile has also been set to a \
                     filename, the filename has been ignored"
                );
                values.message("stderr_logfile", text, &mut messages);
            }
            process.stderr.logfile = LogTarget::None;
        }
        process.command = values.text("command")?.ok_or_else(|| {
            values.error("command", format!("program section {section} does not specify a command"))
        })?;
        process.name = self
            .names
            .expand(&shared.process_name, Sees::Process, "process_name")
            .map_err(|message| values.error("process_name", message))?;
        self.messages.append(&mut messages);
        Ok(process)
    }

    /// Makes the names of one process visible. What only the environment of an earlier process of the
    /// section defined stays visible, as in the original.
    fn enter_process(&mut self, number: i64, count: i64) {
        let Names { environment, process, .. } = &mut self.names;
        process.retain(|name, _| !environment.contains_key(name));
        process.insert("process_num".to_owned(), Term::Number(number));
        process.insert("numprocs".to_owned(), Term::Number(count));
    }

    fn program_values<'s>(&'s self, section: &'s str) -> Values<'s> {
        Values::new(self.ini, section, SectionKind::Program, &self.names, self.system)
    }
}

/// What the processes of a section have in common.
struct Shared {
    first: i64,
    count: i64,
    process_name: String,
    template: ProgramSettings,
}

/// Sections of a kind whose name has a part of its own, in the order of the file.
fn sections(ini: &IniFile, kind: SectionKind) -> impl Iterator<Item = &str> {
    let prefix = SectionSpec::of(kind).prefix;
    ini.sections().filter(move |section| section.starts_with(prefix))
}

impl Values<'_> {
    /// The options of an output stream that are read once; the rest is filled in by [`Self::read_log`].
    fn output(&self, channel: &str) -> Result<OutputSettings, ConfigError> {
        Ok(OutputSettings {
            logfile: LogTarget::Automatic,
            maxbytes: 0,
            backups: 0,
            capture_maxbytes: self.byte_size(&format!("{channel}_capture_maxbytes"))?,
            events_enabled: self.boolean(&format!("{channel}_events_enabled"))?,
            syslog: false,
        })
    }

    /// The options of an output stream's log, which are read for each process.
    fn read_log(
        &self,
        channel: &str,
        section: &str,
        output: &mut OutputSettings,
        messages: &mut Vec<(LogLevel, String)>,
    ) -> Result<(), ConfigError> {
        let logfile = format!("{channel}_logfile");
        let syslog = format!("{channel}_syslog");
        output.logfile = self.log_target(&logfile)?;
        output.backups = backups(self.integer(&format!("{channel}_logfile_backups"))?);
        output.maxbytes = self.byte_size(&format!("{channel}_logfile_maxbytes"))?;
        output.syslog = self.boolean(&syslog)?;
        if output.logfile == LogTarget::Syslog {
            let text = format!(
                "For [{section}], {logfile}=syslog but this is deprecated and will be removed.  Use \
                 {syslog}=true to enable syslog instead."
            );
            self.message(&logfile, text, messages);
            output.logfile = LogTarget::None;
            output.syslog = true;
        }
        if output.logfile == LogTarget::Automatic && output.maxbytes == 0 {
            let text = format!(
                "For [{section}], AUTO logging used for {logfile} without rollover, set maxbytes > 0 to \
                 avoid filling up filesystem unintentionally"
            );
            self.message(&logfile, text, messages);
        }
        Ok(())
    }
}
