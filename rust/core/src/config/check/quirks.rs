//! Behaviour of the original that files depend on and that surprises whoever does not know it (traps 3).

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::rc::Rc;

use super::super::error::ConfigError;
use super::super::findings::{Finding, Findings, Severity};
use super::super::options::{SectionKind, SectionSpec, ValueType};
use super::super::paths;
use super::super::settings::{GroupSettings, LogTarget, Settings};
use super::super::system::System;
use crate::ini::IniFile;

/// Beginnings of paths that lead to a stream: it cannot be rotated, and two may write to it.
const STREAMS: [&str; 6] =
    ["/dev/std", "/dev/fd/", "/proc/self/fd/", "/dev/tty", "/dev/pts/", "/dev/console"];

/// A warning about an option; it points at `value`, or at the section when the option is not written.
pub(super) fn warning(
    ini: &IniFile,
    section: &str,
    option: &str,
    value: Option<&str>,
    message: String,
    help: &str,
) -> Finding {
    let origin = ini.origin(section, option).or_else(|| ini.section_origin(section));
    Finding {
        severity: Severity::Warning,
        error: ConfigError {
            option: Some(option.into()),
            value: value.or_else(|| ini.get(section, option)).map(Into::into),
            ..ConfigError::in_section(message, section, origin)
        },
        help: Some(help.to_owned()).filter(|help| !help.is_empty()),
    }
}

/// Notes what can be seen from the texts of the values alone.
pub(super) fn check_texts(ini: &IniFile, findings: &Findings) {
    for section in ini.sections() {
        let Some(spec) = SectionSpec::named(section) else {
            continue;
        };
        for option in ini.own_options(section) {
            let Some(text) = ini.get(section, option).filter(|text| text.contains('%')) else {
                continue;
            };
            if findings.has(section, option) {
                continue;
            }
            if let Some(directive) = unnamed_directives(text).next() {
                findings.note(warning(
                    ini,
                    section,
                    option,
                    Some(directive),
                    format!("{directive} is taken for a directive and replaced by all names at once"),
                    WRITE_TWO_PERCENTS,
                ));
            } else if spec.option(option).is_some_and(|spec| spec.value_type == ValueType::LogTarget)
                && is_expanded_twice(text)
            {
                findings.note(warning(
                    ini,
                    section,
                    option,
                    None,
                    format!("{option} is expanded twice: what is left behind the first time counts again"),
                    WRITE_FOUR_PERCENTS,
                ));
            }
        }
    }
}

const WRITE_TWO_PERCENTS: &str = "write %% for a percent sign";
const WRITE_FOUR_PERCENTS: &str =
    "names of log files are expanded twice: write %%%% for one percent sign in them";
const COMMENTS: &str = "a ; or # behind white space begins a comment and cut the value here";

/// What helps with an error, where a quirk is the likely reason.
pub(super) fn help(ini: &IniFile, error: &ConfigError) -> Option<String> {
    let (section, option) = (error.section.as_deref()?, error.option.as_deref()?);
    let text = ini.get(section, option)?;
    if unnamed_directives(text).next().is_some() {
        return Some(WRITE_TWO_PERCENTS.to_owned());
    }
    let spec = SectionSpec::named(section)?.option(option)?;
    if spec.value_type == ValueType::LogTarget && is_expanded_twice(text) {
        return Some(WRITE_FOUR_PERCENTS.to_owned());
    }
    let origin = ini.origin(section, option)?;
    let line = crate::ini::lines(ini.source(&origin.file)?).nth(origin.line.checked_sub(1)?)?;
    let cut = crate::ini::comment_start(&line)? > 0;
    (cut && text.matches(['\'', '"']).count() % 2 == 1).then(|| COMMENTS.to_owned())
}

/// Directives of a text that begin with a percent sign and no name.
fn unnamed_directives(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            let percent = rest.find('%')?;
            let directive = &rest[percent..];
            let next = directive[1..].chars().next();
            let length = 1 + next.map_or(0, char::len_utf8);
            rest = &directive[length..];
            if !matches!(next, Some('%' | '(')) {
                return Some(&directive[..length]);
            }
        }
    })
}

/// Whether a percent sign is left that means something when the text is expanded again.
fn is_expanded_twice(text: &str) -> bool {
    // Four in a row are one in the end, which is the way to write it.
    text.replace("%%%%", "").contains("%%")
}

/// Notes what follows from the values together.
pub(super) fn check_settings(ini: &IniFile, settings: &Settings, system: &dyn System, findings: &Findings) {
    check_groups(ini, settings, findings);
    let mut writers = Writers { ini, system, findings, known: BTreeMap::new(), told: HashSet::new() };
    let daemon = SectionSpec::of(SectionKind::Supervisord).prefix;
    let main_log = (&settings.daemon.logfile, settings.daemon.logfile_maxbytes);
    writers.add(main_log, daemon, "logfile", "supervisord itself");
    for group in &settings.groups {
        for process in &group.processes {
            let Some(section) = findings.section_of(&group.name, &process.name) else {
                continue;
            };
            let name = format!("{}:{}", group.name, process.name);
            let (stdout, stderr) = (&process.stdout, &process.stderr);
            writers.add((&stdout.logfile, stdout.maxbytes), &section, "stdout_logfile", &name);
            writers.add((&stderr.logfile, stderr.maxbytes), &section, "stderr_logfile", &name);
        }
    }
}

/// Programs that are in two groups, and groups that another one of their name hides.
fn check_groups(ini: &IniFile, settings: &Settings, findings: &Findings) {
    let mut group_of: HashMap<Rc<str>, &str> = HashMap::new();
    let section_of = |group: &GroupSettings, index: usize| {
        findings.section_of(&group.name, &group.processes.get(index)?.name)
    };
    let prefix = SectionSpec::of(SectionKind::Group).prefix;
    for group in &settings.groups {
        let mut sections: Vec<Rc<str>> = Vec::new();
        for section in (0..group.processes.len()).filter_map(|index| section_of(group, index)) {
            if !sections.contains(&section) {
                sections.push(section);
            }
        }
        for section in sections {
            let first = *group_of.entry(section.clone()).or_insert(&group.name);
            if first != group.name {
                let of_group = format!("{prefix}{}", group.name);
                let name = section.split_once(':').map(|(_, name)| name);
                let message = format!("[{section}] is in [{prefix}{first}] too and runs twice");
                findings.note(warning(ini, &of_group, "programs", name, message, ""));
            }
        }
    }

    let mut seen: HashSet<&str> = HashSet::new();
    let twice: HashSet<&str> =
        settings.groups.iter().map(|group| group.name.as_str()).filter(|name| !seen.insert(name)).collect();
    for name in twice {
        // A member of another group has left its own.
        let is_own = |section: &String| group_of.get(section.as_str()).is_none_or(|group| *group == name);
        let same: Vec<String> =
            [SectionKind::Group, SectionKind::Program, SectionKind::EventListener, SectionKind::FcgiProgram]
                .into_iter()
                .map(|kind| format!("{}{name}", SectionSpec::of(kind).prefix))
                .filter(|section| ini.has_section(section) && is_own(section))
                .collect();
        let Some((first, others)) = same.split_first() else {
            continue;
        };
        for section in others {
            let message = format!("[{section}] has the name of [{first}]: only one of the two is run");
            let error = ConfigError::in_section(message, section, ini.section_origin(section));
            let help = "of two groups of one name the one with the lower priority hides the other; \
                        rename one or make the program a member";
            findings.note(Finding { severity: Severity::Warning, error, help: Some(help.to_owned()) });
        }
    }
}

/// Who writes which file.
struct Writers<'a> {
    ini: &'a IniFile,
    system: &'a dyn System,
    findings: &'a Findings,
    known: BTreeMap<String, String>,
    /// Sections and options about which it is said: all processes of a section have the same.
    told: HashSet<(String, String)>,
}

impl Writers<'_> {
    /// Notes a log that cannot be rotated, or that somebody else writes too.
    fn add(&mut self, (target, maxbytes): (&LogTarget, u64), section: &str, option: &str, who: &str) {
        let LogTarget::File(path) = target else {
            return;
        };
        let path = paths::abspath(self.system, &path.to_string_lossy());
        let is_stream = STREAMS.iter().any(|stream| path.starts_with(stream));
        if is_stream && maxbytes > 0 {
            self.findings.note(warning(
                self.ini,
                section,
                option,
                None,
                format!("{path} is never rotated; the original Supervisor fails when it tries to"),
                &format!("set {option}_maxbytes=0"),
            ));
        }
        let is_device = is_stream || Path::new(&path).starts_with("/dev");
        if is_device {
            return;
        }
        let what = format!("{who} ({option})");
        if let Some(other) = self.known.get(&path) {
            if !self.told.insert((section.to_owned(), option.to_owned())) {
                return;
            }
            self.findings.note(warning(
                self.ini,
                section,
                option,
                None,
                format!("{path} is written by {other} and by {what}"),
                "two writers of one file rotate it away from each other; give each its own, or use \
                 redirect_stderr=true for both streams of one program",
            ));
            return;
        }
        self.known.insert(path, what);
    }
}

#[cfg(test)]
mod tests {
    use super::{is_expanded_twice, unnamed_directives};

    #[test]
    fn percent_signs_without_a_name_are_found() {
        let found = |text| Vec::from_iter(unnamed_directives(text));
        assert_eq!(found("date +%s %(here)s %% %é%"), ["%s", "%é", "%"]);
        assert_eq!(found("%%%(x)d"), [""; 0]);
    }

    #[test]
    fn four_percent_signs_are_the_way_to_write_one_in_a_log_name() {
        assert!(!is_expanded_twice("/tmp/a%%%%b%(here)s"));
        assert!(is_expanded_twice("/tmp/%%(here)s"));
        assert!(is_expanded_twice("/tmp/%%%%%%"));
    }
}
