//! `docs/configuration.md`, made from the option table.

use std::fmt::Write as _;

use super::super::datatypes;
use super::{Default, OptionSpec, SECTIONS, SectionSpec, ValueType};

const PREFACE: &str = "\
# Configuration

All sections of `supervisord.conf` and all their options, as the programs themselves know them. This page is
made from the table in `rust/core/src/config/options`, and a test compares it. To write it anew:
`UPDATE_CONFIGURATION_PAGE=1 cargo test -p supervisor-core --test config_options`.

`supervisord --check -c FILE` reads a file without starting anything and prints every problem with its line:
what the daemon would refuse, names that it does not know, and quirks that may surprise. Its exit status is 0
when the daemon would start and 2 when not; with `--json` the report is JSON.

## Rules of the file

- A section begins with `[name]`, an option is `name = value` or `name: value`. Names of options may be written
  in any case. Lines that are indented deeper than the option continue its value.
- A line that begins with `;` or `#` is a comment, and so is what follows a `;` or `#` behind white space.
- A section that is written twice is one section; of an option that is written twice the last counts.
  Options of `[DEFAULT]` count in every section.
- A value may use `%(name)s` for the names in the column \"may use\", with all of Python's `%` formatting:
  `ENV_X` is the variable `X` of supervisord's environment or of its `environment=`, `here` the folder of the
  file. A percent sign is written `%%`; in the names of child logs, which are expanded twice, `%%%%`. An
  unknown name and a malformed directive are refused.
- Unknown sections and options are ignored. What is refused ends the program with exit status 2 and a message,
  to which `in section 'program:x' (file: '…')` is added where a program is at fault.
";

/// The whole page.
#[must_use]
pub fn configuration_document() -> String {
    let mut page = PREFACE.to_owned();
    write_value_types(&mut page);
    for section in &SECTIONS {
        write_section(&mut page, section);
    }
    page
}

fn write_value_types(page: &mut String) {
    page.push_str("\n## Values\n\n| value | accepted | refused, for example |\n|---|---|---|\n");
    let mut shown: Vec<ValueType> = Vec::new();
    for option in SECTIONS.iter().flat_map(|section| section.own_options) {
        let value_type = option.value_type;
        if shown.contains(&value_type) {
            continue;
        }
        shown.push(value_type);
        // Writing to a string cannot fail.
        let _ = writeln!(
            page,
            "| {} | {} | {} |",
            value_type.title(),
            value_type.accepts(),
            refusal(value_type).unwrap_or_default()
        );
    }
}

/// What is said to a wrong value, in the reader's own words.
fn refusal(value_type: ValueType) -> Option<String> {
    let (example, message) = match value_type {
        ValueType::Integer => ("ten", datatypes::integer("ten").err()),
        ValueType::Boolean => ("maybe", datatypes::boolean("maybe").err()),
        ValueType::ByteSize => ("5TB", datatypes::byte_size("5TB").err()),
        ValueType::Octal => ("089", datatypes::octal("089").err()),
        ValueType::LogLevel => ("loud", datatypes::log_level("loud").err()),
        ValueType::Signal => ("SIGSTART", datatypes::signal("SIGSTART").err()),
        ValueType::ExitCodes => ("0,256", datatypes::exit_codes("0,256").err()),
        ValueType::InetAddress => ("localhost", datatypes::inet_address("localhost").err()),
        ValueType::KeyValueList => ("A=1,B", crate::expand::key_value_list("A=1,B").err()),
        ValueType::Url => ("server", datatypes::url("server").err()),
        ValueType::Autorestart => ("never", datatypes::autorestart("never").err()),
        ValueType::Name => ("a:b", datatypes::process_or_group_name("a:b").err()),
        ValueType::ExistingDirectory
        | ValueType::ExistingDirectoryPath
        | ValueType::LogTarget
        | ValueType::User
        | ValueType::UserAndGroup
        | ValueType::Text
        | ValueType::Path
        | ValueType::ListOfStrings
        | ValueType::Patterns
        | ValueType::ImportSpec
        | ValueType::FcgiSocket => return value_type.refuses().map(str::to_owned),
    };
    message.map(|message| format!("`{example}`: `{}`", message.trim_end()))
}

fn write_section(page: &mut String, section: &SectionSpec) {
    let _ = writeln!(page, "\n## `[{}]`\n\n{}\n", section.shown_name(), section.introduction.join("\n"));
    if let Some(base) = section.base {
        let base = SectionSpec::of(base).shown_name();
        let _ = writeln!(page, "It has all options of `[{base}]` and these, which are added or differ:\n");
    }
    page.push_str(
        "| option | value | default | command line | may use | meaning | refused |\n\
         |---|---|---|---|---|---|---|\n",
    );
    for option in section.own_options {
        let _ = writeln!(
            page,
            "| `{}` | {} | {} | {} | {} | {} | {} |",
            option.name,
            option.value_type.title(),
            default(option),
            command_line(option),
            option.sees.title(),
            option.meaning.replace('|', "\\|"),
            option.refused,
        );
    }
}

fn default(option: &OptionSpec) -> String {
    match option.default {
        Default::Required => "required".to_owned(),
        Default::Unset => "none".to_owned(),
        Default::Text("") => "empty".to_owned(),
        Default::Text(text) => format!("`{text}`"),
        Default::TemporaryDirectory => "the temporary folder".to_owned(),
        Default::SameAs(other) => format!("the value of `{other}`"),
    }
}

fn command_line(option: &OptionSpec) -> String {
    let Some(switch) = option.switch else {
        return String::new();
    };
    let short = switch.short.map(|letter| format!("`-{letter}`"));
    let long = switch.long.map(|name| format!("`--{name}`"));
    Vec::from_iter(short.into_iter().chain(long)).join(", ")
}
