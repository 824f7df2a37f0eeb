//! The sample configuration that `echo_supervisord_conf` prints, made from the option table.

use std::fmt::Write as _;

use super::{OptionSpec, SECTIONS, Sample, SectionSpec, ValueType};

/// What stands above the first section.
const PREFACE: &[&str] = &[
    "Sample supervisor config file, for supervisord and supervisorctl.",
    "",
    "- A line that begins with ; is a comment, and so is what follows a ; behind a space: a command that",
    "  needs \" ;\" is better put into a script of its own.",
    "- Values are taken as they are, without quotes; only environment= lists need them.",
    "- %(ENV_HOME)s stands for a variable of the environment, %(here)s for the folder of this file, and",
    "  %% for a percent sign. There is no other shell expansion.",
    "- The paths below are in /tmp because it is there everywhere. Choose others for a real machine:",
    "  some systems empty /tmp now and then, and the socket would go with it.",
];

/// Column at which the explanations begin.
const COLUMN: usize = 38;

/// What stands above the options that the original does not have.
const NEW_PREFACE: &[&str] = &[
    "Options that the original Supervisor does not know and ignores. Each belongs into a section of the",
    "kind that is named above it.",
];

/// The sample configuration: all options with their meanings, the ones in force as the original has
/// them, so that a daemon can be started with it at once.
#[must_use]
pub fn sample_configuration() -> String {
    sample_of(&SECTIONS)
}

/// A sample of these sections: what the original has too comes first, in the order that people know, then
/// what is new.
fn sample_of(sections: &[SectionSpec]) -> String {
    let mut text = String::new();
    comment(&mut text, PREFACE);
    for section in sections.iter().filter(|section| section.sample != Sample::Hidden) {
        text.push('\n');
        comment(&mut text, section.introduction);
        text.push('\n');
        write_section(&mut text, section);
    }
    let new = |section: &SectionSpec| section.own_options.iter().any(|option| option.is_new);
    if sections.iter().any(new) {
        text.push('\n');
        comment(&mut text, NEW_PREFACE);
    }
    for section in sections.iter().filter(|section| new(section)) {
        // A comment, for a section must not be in force only because it has something new.
        let _ = writeln!(text, "\n;[{}]", section.shown_name());
        section
            .own_options
            .iter()
            .filter(|option| option.is_new)
            .for_each(|option| write_option(&mut text, option));
    }
    text
}

fn comment(text: &mut String, lines: &[&str]) {
    for line in lines {
        text.push_str(format!("; {line}").trim_end());
        text.push('\n');
    }
}

fn write_section(text: &mut String, section: &SectionSpec) {
    let in_force = matches!(section.sample, Sample::Active(_));
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{}[{}]", if in_force { "" } else { ";" }, section.shown_name());
    for option in section.options().into_iter().filter(|option| !option.is_new) {
        write_option(text, option);
    }
}

fn write_option(text: &mut String, option: &OptionSpec) {
    let (mark, value) = match option.sample {
        Sample::Hidden => return,
        Sample::Commented(value) => (";", value),
        Sample::Active(value) => ("", value),
    };
    // Scripts edit the sample by its lines: these two kinds have always had spaces around the sign.
    let sign =
        if matches!(option.value_type, ValueType::ImportSpec | ValueType::Patterns) { " = " } else { "=" };
    let setting = format!("{mark}{}{sign}{value}", option.name);
    let _ = writeln!(text, "{setting:COLUMN$} ; {}", option.meaning);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::super::{Default, OptionSpec, SectionKind};
    use super::{SECTIONS, SectionSpec, ValueType, sample_of};

    const NEW: OptionSpec = OptionSpec {
        is_new: true,
        ..OptionSpec::new("fresh", ValueType::Boolean, Default::Text("false"), "Something new.")
            .commented("false")
    };

    #[test]
    fn new_options_stand_at_the_end_and_not_among_the_old_ones() {
        let group = SectionSpec { own_options: &[NEW], ..*SectionSpec::of(SectionKind::Group) };
        let sample = sample_of(&[group, *SectionSpec::of(SectionKind::Include)]);
        let (old, new) = sample.split_once("; Options that the original Supervisor does not know").unwrap();
        assert!(old.contains(";[group:mygroup]\n") && old.contains(";[include]") && !old.contains("fresh"));
        assert!(new.contains("\n;[group:mygroup]\n;fresh=false"));
    }

    #[test]
    fn without_new_options_nothing_is_said_about_them() {
        let old: Vec<SectionSpec> = SECTIONS
            .iter()
            .filter(|section| section.own_options.iter().all(|option| !option.is_new))
            .copied()
            .collect();
        assert!(!sample_of(&old).contains("does not know"));
    }
}
