//! Sections and options that nothing reads, with the known names that were perhaps meant.

use super::super::error::ConfigError;
use super::super::findings::{Finding, Findings, Severity};
use super::super::options::{SECTIONS, SectionSpec};
use crate::ini::IniFile;

/// Notes every unknown name. They stay legal: plug-ins read keys of their own (traps 2.15).
pub(super) fn check(ini: &IniFile, findings: &Findings) {
    for section in ini.sections() {
        match SectionSpec::named(section) {
            None => findings.note(unknown_section(ini, section)),
            Some(spec) if spec.takes_any_option() => {}
            Some(spec) => {
                for option in ini.own_options(section).filter(|option| spec.option(option).is_none()) {
                    findings.note(unknown_option(ini, section, option, spec));
                }
            }
        }
    }
}

fn unknown_section(ini: &IniFile, section: &str) -> Finding {
    let message = format!("unknown section [{section}] is ignored");
    let (kind, name) = section.split_once([':', ' ']).unwrap_or((section, ""));
    let known = SECTIONS.iter().map(|spec| spec.prefix.trim_end_matches(':'));
    let help = closest(kind, known).map(|kind| {
        let named = SECTIONS.iter().any(|spec| spec.has_names() && spec.prefix.trim_end_matches(':') == kind);
        let name = if name.is_empty() { "name" } else { name };
        if named { format!("did you mean [{kind}:{name}]?") } else { format!("did you mean [{kind}]?") }
    });
    let error = ConfigError::in_section(message, section, ini.section_origin(section));
    Finding { severity: Severity::Warning, error, help }
}

fn unknown_option(ini: &IniFile, section: &str, option: &str, spec: &SectionSpec) -> Finding {
    let message = format!("unknown option {option} in [{section}] is ignored");
    let error = ConfigError {
        option: Some(option.into()),
        ..ConfigError::in_section(message, section, ini.origin(section, option))
    };
    let elsewhere = || {
        let other = SECTIONS.iter().find(|other| other.option(option).is_some())?;
        Some(format!("{option} is an option of [{}]", other.prefix.trim_end_matches(':')))
    };
    let similar = || {
        let known = spec.options().into_iter().map(|known| known.name);
        closest(option, known).map(|known| format!("did you mean {known}?"))
    };
    Finding { severity: Severity::Warning, error, help: elsewhere().or_else(similar) }
}

/// The known name that a name is a slip of, if it is near enough to one.
fn closest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_lowercase();
    known
        .map(|known| (distance(&name, known), known))
        .filter(|(distance, known)| *distance <= 1 + known.len() / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// How many slips of the finger lie between two names: a character too many, missing, wrong, or two in the
/// wrong order (optimal string alignment).
fn distance(one: &str, other: &str) -> usize {
    let one: Vec<char> = one.chars().collect();
    let other: Vec<char> = other.chars().collect();
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for row in 1..=one.len() {
        let mut current = vec![row];
        for column in 1..=other.len() {
            let same = one[row - 1] == other[column - 1];
            let mut best =
                (last[column - 1] + usize::from(!same)).min(last[column] + 1).min(current[column - 1] + 1);
            let swapped = row > 1
                && column > 1
                && one[row - 1] == other[column - 2]
                && one[row - 2] == other[column - 1];
            if swapped {
                best = best.min(before_last[column - 2] + 1);
            }
            current.push(best);
        }
        before_last = std::mem::replace(&mut last, current);
    }
    last[other.len()]
}

#[cfg(test)]
mod tests {
    use super::{closest, distance};

    #[test]
    fn slips_are_counted() {
        assert_eq!(distance("comand", "command"), 1);
        assert_eq!(distance("autosatrt", "autostart"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("autorestart", "autostart"), 2);
    }

    #[test]
    fn only_near_names_are_suggested() {
        let known = ["command", "user", "umask", "numprocs"];
        assert_eq!(closest("Comand", known.into_iter()), Some("command"));
        assert_eq!(closest("num_procs", known.into_iter()), Some("numprocs"));
        assert_eq!(closest("depends_on", known.into_iter()), None);
    }
}
