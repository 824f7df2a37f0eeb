//! How the check of a configuration is shown: for people with the lines at fault, and as JSON.

use std::fmt::Write as _;

use supervisor_core::config::Severity;
use supervisor_core::config::check::{Problem, Report};

use crate::arguments::Ending;

/// Exit status when the daemon would not start, as that of the daemon itself.
const REFUSED: u8 = 2;

/// Line that stands for the file as a whole, for readers that expect a number.
const FIRST_LINE: usize = 1;

/// The end of the program with a report on standard output.
pub(crate) fn report(report: &Report, as_json: bool) -> Ending {
    let stdout = if as_json { json(report) } else { text(report) };
    let status = if report.starts { 0 } else { REFUSED };
    Ending { stdout, stderr: String::new(), status }
}

fn json(report: &Report) -> String {
    // A report is made of texts and numbers; there is nothing in it that JSON cannot hold.
    serde_json::to_string_pretty(report).map(|json| format!("{json}\n")).unwrap_or_default()
}

fn text(report: &Report) -> String {
    let mut text = String::new();
    for problem in &report.problems {
        write_problem(&mut text, problem);
    }
    let found = match (report.count(Severity::Error), report.count(Severity::Warning)) {
        (0, 0) => "no problems".to_owned(),
        (errors, 0) => counted(errors, "error"),
        (0, warnings) => counted(warnings, "warning"),
        (errors, warnings) => format!("{}, {}", counted(errors, "error"), counted(warnings, "warning")),
    };
    let would = if report.starts { "would start" } else { "would not start" };
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{}: {found}; supervisord {would}", report.file);
    text
}

fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// The message, the line with carets under what is at fault, and what helps.
fn write_problem(text: &mut String, problem: &Problem) {
    let severity = match problem.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let line = problem.line.unwrap_or(FIRST_LINE);
    let _ = writeln!(text, "{}:{line}: {severity}: {}", problem.file, problem.message);
    if let (Some(source), Some(column), Some(length)) = (&problem.source, problem.column, problem.length) {
        let number = line.to_string();
        // Tabs stay tabs, so that the carets stand below what they point at.
        let before: String = source
            .chars()
            .take(column - 1)
            .map(|character| if character == '\t' { '\t' } else { ' ' })
            .collect();
        let carets = "^".repeat(length);
        let _ = writeln!(text, "  {number} | {source}\n  {:>1$} | {before}{carets}", "", number.len());
    }
    if let Some(help) = &problem.help {
        let _ = writeln!(text, "  help: {help}");
    }
}

#[cfg(test)]
mod tests {
    use super::{Problem, Report, Severity, report};

    fn problem() -> Problem {
        Problem {
            severity: Severity::Error,
            message: "wrong".to_owned(),
            help: Some("do it right".to_owned()),
            file: "a.conf".to_owned(),
            line: Some(12),
            column: Some(5),
            length: Some(2),
            source: Some("\tx= no".to_owned()),
            section: None,
            option: Some("x".to_owned()),
        }
    }

    #[test]
    fn a_problem_is_shown_with_its_line_and_carets() {
        let ending =
            report(&Report { file: "a.conf".to_owned(), starts: false, problems: vec![problem()] }, false);
        let expected = "a.conf:12: error: wrong\n  12 | \tx= no\n     | \t   ^^\n  help: do it right\n\
                        a.conf: 1 error; supervisord would not start\n";
        assert_eq!((ending.stdout.as_str(), ending.status), (expected, 2));
    }

    #[test]
    fn a_problem_without_a_line_has_the_first_and_warnings_are_no_failure() {
        let warning =
            Problem { severity: Severity::Warning, line: None, source: None, help: None, ..problem() };
        let found =
            Report { file: "a.conf".to_owned(), starts: true, problems: vec![warning.clone(), warning] };
        let ending = report(&found, false);
        assert!(ending.stdout.starts_with("a.conf:1: warning: wrong\na.conf:1: warning"));
        assert!(ending.stdout.ends_with("a.conf: 2 warnings; supervisord would start\n"));
        assert_eq!(ending.status, 0);
    }

    #[test]
    fn the_report_for_machines_has_the_same_fields() {
        let found = Report { file: "a.conf".to_owned(), starts: false, problems: vec![problem()] };
        let ending = report(&found, true);
        assert!(ending.stdout.contains("\"severity\": \"error\""));
        assert!(ending.stdout.contains("\"line\": 12"));
        assert_eq!(ending.status, 2);
    }
}
