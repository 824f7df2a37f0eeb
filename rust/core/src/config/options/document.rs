//! `docs/options.md`, made from the option table.

use std::fmt::Write as _;

use super::{Default, OptionSpec, SECTIONS, SectionSpec};

const PREFACE: &str = "\
# Options of `supervisord.conf`

All options of all sections, as the programs themselves know them: this page is made from the table in
`rust/core/src/config/options`, and a test compares it. To write it anew:
`UPDATE_OPTIONS_PAGE=1 cargo test -p supervisor-core --test config_options`.

A value may use `%(name)s` for the names in the column \"may use\": `ENV_X` is the variable `X` of
supervisord's environment or of its `environment=`, `here` the folder of the file. A percent sign is
written `%%`. Unknown sections and options are ignored.
";

/// The whole page.
#[must_use]
pub fn options_document() -> String {
    let mut page = PREFACE.to_owned();
    for section in &SECTIONS {
        write_section(&mut page, section);
    }
    page
}

fn write_section(page: &mut String, section: &SectionSpec) {
    // Writing to a string cannot fail.
    let _ = writeln!(page, "\n## `[{}]`\n\n{}\n", section.shown_name(), section.introduction.join("\n"));
    if let Some(base) = section.base {
        let base = SectionSpec::of(base).shown_name();
        let _ = writeln!(page, "It has all options of `[{base}]` and these, which are added or differ:\n");
    }
    page.push_str(
        "| option | value | default | command line | may use | meaning |\n|---|---|---|---|---|---|\n",
    );
    for option in section.own_options {
        let _ = writeln!(
            page,
            "| `{}` | {} | {} | {} | {} | {} |",
            option.name,
            option.value_type.title(),
            default(option),
            command_line(option),
            option.sees.title(),
            option.meaning.replace('|', "\\|"),
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
