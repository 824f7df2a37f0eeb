//! The sample configuration that `echo_supervisord_conf` prints, made from the option table.

use std::fmt::Write as _;

use super::{OptionSpec, SECTIONS, Sample, SectionSpec, ValueType};

/// What stands above the first section.
const PREFACE: &[&str] = &[
    "Sample configuration of supervisord.",
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

/// The sample configuration: all options with their meanings, the ones in force as the original has
/// them, so that a daemon can be started with it at once.
#[must_use]
pub fn sample_configuration() -> String {
    let mut text = String::new();
    comment(&mut text, PREFACE);
    for section in SECTIONS.iter().filter(|section| section.sample != Sample::Hidden) {
        text.push('\n');
        comment(&mut text, section.introduction);
        text.push('\n');
        write_section(&mut text, section);
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
    for option in section.options() {
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
