//! The pages for people: at present the table of processes, to look at only (parity 8).
//!
//! Everything that comes from outside is escaped by the template; the pages need no script, and their policy
//! allows none.

use askama::Template;
use supervisor_core::state::ProcessState;

use crate::http::{StatusPage, StatusRow};

/// Path of the style sheet, without its leading slash.
pub const STYLESHEET_PATH: &str = "stylesheets/supervisor.css";

/// The style sheet.
pub const STYLESHEET: &str = include_str!("../../templates/supervisor.css");

/// What a page may load: nothing but the style sheet.
pub const CONTENT_SECURITY_POLICY: &str =
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

#[derive(Template)]
#[template(path = "status.html")]
struct StatusTemplate {
    identifier: String,
    version: String,
    rows: Vec<Row>,
}

struct Row {
    /// How the process is called: its name alone where its group has the same name.
    namespec: String,
    state: String,
    /// Class of the state's colour, named as in the original.
    class: &'static str,
    description: String,
}

impl From<StatusRow> for Row {
    fn from(row: StatusRow) -> Self {
        let namespec = if row.group == row.name { row.name } else { format!("{}:{}", row.group, row.name) };
        Self {
            namespec,
            state: row.state.name().to_lowercase(),
            class: match row.state {
                ProcessState::Running => "statusrunning",
                ProcessState::Fatal | ProcessState::Unknown | ProcessState::Backoff => "statuserror",
                ProcessState::Stopped
                | ProcessState::Starting
                | ProcessState::Stopping
                | ProcessState::Exited => "statusnominal",
            },
            description: row.description,
        }
    }
}

/// The status page as HTML.
///
/// # Errors
/// When the template cannot be filled in, which nothing in it can bring about.
pub fn status_page(mut page: StatusPage) -> Result<String, askama::Error> {
    page.rows.sort_by(|left, right| (&left.group, &left.name).cmp(&(&right.group, &right.name)));
    let rows = page.rows.into_iter().map(Row::from).collect();
    StatusTemplate { identifier: page.identifier, version: page.version, rows }.render()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    fn row(group: &str, name: &str, state: ProcessState) -> StatusRow {
        StatusRow { name: name.into(), group: group.into(), state, description: "pid 1, <b>up</b>".into() }
    }

    fn render(rows: Vec<StatusRow>) -> String {
        status_page(StatusPage { identifier: "a&b".into(), version: "4.3.0".into(), rows }).unwrap()
    }

    #[test]
    fn everything_from_outside_is_escaped() {
        let html = render(vec![row("g", "<script>\"'", ProcessState::Running)]);
        assert!(!html.contains("<script") && !html.contains("<b>"), "{html}");
        assert!(html.contains("g:&#60;script&#62;"), "{html}");
        assert!(html.contains("logtail/g%3A%3Cscript%3E%22%27/stderr"), "{html}");
        assert!(html.contains("a&#38;b"), "{html}");
    }

    #[test]
    fn rows_are_sorted_and_named_as_supervisorctl_does() {
        let html = render(vec![
            row("web", "two", ProcessState::Fatal),
            row("cat", "cat", ProcessState::Stopped),
            row("web", "one", ProcessState::Running),
        ]);
        let at = |text: &str| html.find(text).unwrap_or_else(|| panic!("{text} is not in {html}"));
        assert!(at(">cat<") < at(">web:one<") && at(">web:one<") < at(">web:two<"));
        assert!(at("class=\"statusnominal\">stopped<") < at("class=\"statusrunning\">running<"));
        at("class=\"statuserror\">fatal<");
        at("logtail/cat\"");
        assert!(!html.contains("No programs to manage"));
    }

    #[test]
    fn an_empty_table_says_so_and_no_page_has_scripts() {
        let html = render(Vec::new());
        assert!(html.contains("No programs to manage") && html.contains("4.3.0"), "{html}");
        assert!(!html.contains("<script") && !html.contains("style="), "{html}");
    }
}
