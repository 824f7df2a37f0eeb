//! The pages as HTML: askama fills in the templates, and escapes everything that comes from outside. No page needs
//! a script, and the policy that is sent along lets none run but our own.

use std::collections::BTreeMap;

use askama::Template;
use supervisor_core::config::diff::GroupDiff;
use supervisor_core::process::Moment;
use supervisor_core::signal::Signal;
use supervisor_core::state::{Mood, ProcessState};
use supervisor_core::text::{local_time, uptime};
use supervisor_core::xml::Value;

use super::assets;
use super::choice::{Choice, Sort};
use super::row::{Row, bytes, visible};
use super::usage::Usages;
use super::view::{AboutPage, ProcessPage, StatusPage};

/// What a page may load, and who may show it in a frame: only what comes from here, and nobody.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; \
     img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// States in the order in which they are counted: those that want attention first.
const STATES: [ProcessState; 8] = [
    ProcessState::Fatal,
    ProcessState::Backoff,
    ProcessState::Unknown,
    ProcessState::Exited,
    ProcessState::Stopping,
    ProcessState::Starting,
    ProcessState::Running,
    ProcessState::Stopped,
];

#[expect(unreachable_pub, reason = "askama makes a filter of it, which is public")]
mod filters {
    use std::fmt::Display;

    /// See [`visible`](super::visible).
    #[askama::filter_fn]
    pub(super) fn visible<T: Display>(text: T, _: &dyn askama::Values) -> askama::Result<String> {
        Ok(super::visible(&text.to_string()))
    }
}

/// What is around every page.
#[derive(Debug, Clone)]
pub struct Shell {
    /// Name of this daemon.
    pub identifier: String,
    /// The version as clients see it.
    pub version: String,
    /// What forms have to send back.
    pub token: String,
    /// What is to be read above everything, if anything.
    pub banner: &'static str,
    /// The result of an action.
    pub message: Option<String>,
    /// Which page of the navigation it is.
    pub place: &'static str,
    /// See [`assets::digest`].
    pub digest: &'static str,
}

impl Shell {
    /// The frame of a page that the navigation does not name.
    #[must_use]
    pub fn new(page: &StatusPage, token: &str, message: Option<&str>) -> Self {
        Self {
            identifier: page.identifier.clone(),
            version: page.version.clone(),
            token: token.to_owned(),
            banner: match page.mood {
                Mood::Shutdown => "supervisord is shutting down.",
                Mood::Restarting => "supervisord is restarting.",
                Mood::Running | Mood::Fatal => "",
            },
            message: message.map(visible),
            place: "",
            digest: assets::digest(),
        }
    }

    /// The same for a page of the navigation.
    #[must_use]
    pub fn at(self, place: &'static str) -> Self {
        Self { place, ..self }
    }
}

#[derive(Template)]
#[template(path = "status.html")]
struct StatusTemplate {
    shell: Shell,
    pending: String,
    counts: Vec<Count>,
    choice: Choice,
    states: Vec<String>,
    sorts: Vec<(&'static str, &'static str)>,
    sections: Vec<Section>,
    total: usize,
    shown: usize,
}

/// How many processes are in a state.
struct Count {
    state: String,
    number: usize,
    is_chosen: bool,
}

/// The rows of a group, or of all programs that are alone in theirs.
struct Section {
    group: String,
    label: String,
    is_group: bool,
    running: usize,
    rows: Vec<Row>,
}

/// The status page.
///
/// # Errors
/// When the template cannot be filled in, which nothing in it can bring about.
pub fn status(
    shell: Shell,
    page: StatusPage,
    staged: &GroupDiff,
    usages: &Usages,
    choice: Choice,
) -> Result<String, askama::Error> {
    let mut rows: Vec<Row> = page.rows.into_iter().map(|row| Row::new(row, usages)).collect();
    rows.sort_by(|a, b| (&a.group, &a.id).cmp(&(&b.group, &b.id)));
    let total = rows.len();
    let counts = counts(&rows, &choice);
    rows.retain(|row| choice.fits(row));
    choice.sort(&mut rows);
    let shown = rows.len();
    StatusTemplate {
        shell,
        pending: difference(staged),
        counts,
        states: STATES.iter().map(|state| state.name().to_lowercase()).collect(),
        sorts: Sort::ALL.iter().map(|&(_, word, label)| (word, label)).collect(),
        sections: sections(rows),
        choice,
        total,
        shown,
    }
    .render()
}

fn counts(rows: &[Row], choice: &Choice) -> Vec<Count> {
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    for row in rows {
        *numbers.entry(&row.state).or_default() += 1;
    }
    let count = |state: &ProcessState| {
        let state = state.name().to_lowercase();
        let number = numbers.get(state.as_str()).copied()?;
        Some(Count { is_chosen: choice.state == state, state, number })
    };
    STATES.iter().filter_map(count).collect()
}

/// Groups in the order of their first rows; programs that are alone in theirs stand together.
fn sections(rows: Vec<Row>) -> Vec<Section> {
    let mut members: BTreeMap<String, usize> = BTreeMap::new();
    for row in &rows {
        *members.entry(row.group.clone()).or_default() += 1;
    }
    let mut sections: Vec<Section> = Vec::new();
    let mut places: BTreeMap<Option<String>, usize> = BTreeMap::new();
    for row in rows {
        let is_alone = row.is_single() && members.get(&row.group) == Some(&1);
        let key = Some(row.group.clone()).filter(|_| !is_alone);
        let place = *places.entry(key).or_insert_with(|| {
            let (group, label) = if is_alone {
                (String::new(), "Programs".to_owned())
            } else {
                (row.group.clone(), visible(&row.group))
            };
            sections.push(Section { group, label, is_group: !is_alone, running: 0, rows: Vec::new() });
            sections.len() - 1
        });
        if let Some(section) = sections.get_mut(place) {
            section.running += usize::from(row.started != 0);
            section.rows.push(row);
        }
    }
    sections
}

/// The groups that differ, for people; empty where none does.
#[must_use]
pub fn difference(diff: &GroupDiff) -> String {
    let parts = [("added", &diff.added), ("changed", &diff.changed), ("removed", &diff.removed)];
    let parts = parts.iter().filter(|(_, names)| !names.is_empty());
    let parts: Vec<String> = parts.map(|(word, names)| format!("{word} {}", names.join(", "))).collect();
    visible(&parts.join("; "))
}

#[derive(Template)]
#[template(path = "process.html")]
struct ProcessTemplate {
    shell: Shell,
    row: Row,
    signals: Vec<&'static str>,
    takes_lines: bool,
    panes: Vec<Pane>,
    changes: Vec<ChangeRow>,
    ends: Vec<EndRow>,
    info: Vec<(String, String)>,
    config: Vec<(String, String)>,
}

/// A log on a page.
#[derive(Debug, Clone)]
pub struct Pane {
    /// The name of its events.
    pub event: &'static str,
    /// Its heading.
    pub title: String,
    /// Where the whole log is.
    pub download: String,
    /// Its end, as far as it is shown without scripts.
    pub text: String,
}

struct ChangeRow {
    at: String,
    from: String,
    to: String,
    pid: String,
}

struct EndRow {
    at: String,
    how: String,
    after: String,
    pid: i32,
}

/// The page of a process.
///
/// # Errors
/// As [`status`].
pub fn process(
    shell: Shell,
    page: ProcessPage,
    panes: Vec<Pane>,
    usages: &Usages,
) -> Result<String, askama::Error> {
    let changes = page.changes.iter().map(|change| ChangeRow {
        at: moment(&change.at),
        from: change.from.name().to_lowercase(),
        to: change.to.name().to_lowercase(),
        pid: if change.pid == 0 { String::new() } else { change.pid.to_string() },
    });
    let ends = page.ends.iter().map(|end| EndRow {
        at: moment(&end.at),
        how: end.status.to_string(),
        after: uptime(end.after.as_secs()),
        pid: end.pid,
    });
    ProcessTemplate {
        shell,
        row: Row::new(page.row, usages),
        signals: Signal::all().collect(),
        takes_lines: page.takes_lines,
        panes,
        changes: changes.collect(),
        ends: ends.collect(),
        info: page.info.into_iter().map(told).collect(),
        config: page.config.into_iter().map(told).collect(),
    }
    .render()
}

/// A member of an answer, for people.
fn told((name, value): (String, Value)) -> (String, String) {
    let text = match value {
        Value::Int(size) if name.ends_with("_maxbytes") => match u64::try_from(size) {
            Ok(size) if size >= 1024 => format!("{size} ({})", bytes(size)),
            _ => size.to_string(),
        },
        Value::Int(number) if name == "stopsignal" => match i32::try_from(number) {
            Ok(signal) => format!("{number} ({})", Signal(signal).name()),
            Err(_) => number.to_string(),
        },
        Value::Int(number) => number.to_string(),
        Value::Bool(truth) => truth.to_string(),
        Value::String(text) | Value::DateTime(text) | Value::Written(text) => text,
        Value::Double(number) => number.to_string(),
        Value::Bytes(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Value::Nil => String::new(),
        Value::Array(items) => {
            let items = items.into_iter().map(|item| told((String::new(), item)).1);
            items.collect::<Vec<_>>().join(", ")
        }
        Value::Struct(members) => {
            let members = members.into_iter().map(told).map(|(name, text)| format!("{name}: {text}"));
            members.collect::<Vec<_>>().join(", ")
        }
    };
    (name, text)
}

/// A moment for people, to the second.
fn moment(at: &Moment) -> String {
    let seconds = i64::try_from(at.wall.as_secs()).unwrap_or(i64::MAX);
    let zone = jiff::tz::Offset::from_seconds(at.utc_offset).unwrap_or(jiff::tz::Offset::UTC);
    match jiff::Timestamp::from_second(seconds) {
        Ok(timestamp) => zone.to_datetime(timestamp).strftime("%b %d %H:%M:%S").to_string(),
        Err(_) => local_time(at),
    }
}

#[derive(Template)]
#[template(path = "log.html")]
struct LogTemplate {
    shell: Shell,
    pane: Option<Pane>,
}

/// The page of the main log.
///
/// # Errors
/// As [`status`].
pub fn main_log(shell: Shell, pane: Option<Pane>) -> Result<String, askama::Error> {
    LogTemplate { shell, pane }.render()
}

#[derive(Template)]
#[template(path = "about.html")]
struct AboutTemplate {
    shell: Shell,
    facts: Vec<(&'static str, Vec<String>)>,
}

/// The page about the daemon.
///
/// # Errors
/// As [`status`].
pub fn about(shell: Shell, page: AboutPage) -> Result<String, askama::Error> {
    let path = |path: std::path::PathBuf| path.display().to_string();
    let since = page.started.map_or_else(String::new, |started| {
        let up = page.now.monotonic.saturating_sub(started.monotonic).as_secs();
        format!("{} ({} ago)", moment(&started), uptime(up))
    });
    let facts = vec![
        ("Identifier", vec![page.identifier]),
        ("Version", vec![page.version]),
        ("State", vec![page.mood.name().to_lowercase()]),
        ("Pid", vec![page.pid.to_string()]),
        ("Running since", vec![since]),
        ("Programs", vec![format!("{} processes in {} groups", page.processes, page.groups)]),
        ("Configuration", page.files.into_iter().map(path).collect()),
        ("Main log", vec![page.main_log.map_or_else(|| "no file".to_owned(), path)]),
        ("Pid file", vec![path(page.pidfile)]),
        ("Listens on", page.servers),
    ];
    AboutTemplate { shell, facts }.render()
}

#[derive(Template)]
#[template(path = "confirm.html")]
struct ConfirmTemplate<'a> {
    shell: Shell,
    question: String,
    fields: Vec<(&'a str, &'a str)>,
}

/// The page that asks whether something is to be done; its form sends the same fields again.
///
/// # Errors
/// As [`status`].
pub fn confirm<'a>(
    shell: Shell,
    question: String,
    fields: impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<String, askama::Error> {
    let fields = fields.filter(|(name, _)| !matches!(*name, "token" | "confirmed"));
    ConfirmTemplate { shell, question, fields: fields.collect() }.render()
}

#[derive(Template)]
#[template(path = "tail.html")]
struct TailTemplate<'a> {
    shell: Shell,
    name: &'a str,
    limit: u64,
    text: String,
}

/// The original's page of the end of a log.
///
/// # Errors
/// As [`status`].
pub fn tail(shell: Shell, name: &str, limit: u64, text: String) -> Result<String, askama::Error> {
    TailTemplate { shell, name, limit, text }.render()
}
