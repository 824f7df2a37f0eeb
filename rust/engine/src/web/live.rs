//! What an open page is told while it is open (server-sent events), and nothing when no page is open.
//!
//! One task looks at the daemon once a second as long as somebody watches, whoever many they are, and keeps what it
//! saw on a board where every row knows when it changed. A watcher is told what has changed since it was told last:
//! one that reads slowly gets more at a time, and nothing queues up for it.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Serialize;
use supervisor_core::effect::Channel;
use supervisor_core::state::Mood;
use tokio::sync::{mpsc, watch};

use super::row::Row;
use super::usage::{Sampler, Usages};
use super::view::StatusPage;
use crate::http::Backend;

/// How often the daemon is looked at.
const INTERVAL: Duration = Duration::from_secs(1);

/// After so many looks without news a watcher is sent something all the same, so that dead connections are found.
const SILENT_LOOKS: u64 = 15;

/// Most pages that are told at the same time; more have to ask.
const WATCHERS: usize = 100;

/// Messages that wait for one watcher.
const WAITING: usize = 4;

/// Names of vanished processes that are remembered for slow watchers.
const GONE: usize = 1000;

/// How much of a log a watcher is sent at first.
const LOG_HEAD: u64 = 64 * 1024;

/// What pages are told, and who is told.
pub struct Live {
    backend: Rc<dyn Backend>,
    sampler: Sampler,
    board: RefCell<Board>,
    /// Counts looks that watchers should hear of.
    beat: watch::Sender<u64>,
    watchers: Cell<usize>,
    is_looking: Cell<bool>,
}

/// A log that a watcher follows.
pub enum Log {
    /// The main log.
    Main,
    /// A stream of a process, by the name clients use.
    Process(String, Channel),
}

impl Log {
    /// The name of its events.
    fn event(&self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Process(_, channel) => channel.name(),
        }
    }

    fn path(&self, backend: &dyn Backend) -> Option<PathBuf> {
        match self {
            Self::Main => backend.main_log(),
            Self::Process(name, channel) => backend.log_path(name, *channel).ok(),
        }
    }
}

impl Live {
    /// Nobody watches yet.
    #[must_use]
    pub fn new(backend: Rc<dyn Backend>) -> Rc<Self> {
        Rc::new(Self {
            backend,
            sampler: Sampler::default(),
            board: RefCell::default(),
            beat: watch::Sender::new(0),
            watchers: Cell::new(0),
            is_looking: Cell::new(false),
        })
    }

    /// What processes use now.
    pub async fn usages(&self) -> Usages {
        self.sampler.sample().await
    }

    /// Everything an open page knows, for pages that ask again and again; as [`Self::watch`] tells it at first.
    pub async fn snapshot(&self) -> String {
        self.look().await;
        self.board.borrow().frame(0).unwrap_or_default()
    }

    /// Begins to tell: events of what has changed, and of what is added to some logs, until the receiver is dropped.
    /// `None` when too many watch. Must be called within a `LocalSet`.
    pub fn watch(self: &Rc<Self>, logs: Vec<Log>) -> Option<mpsc::Receiver<Bytes>> {
        if self.watchers.get() >= WATCHERS {
            return None;
        }
        let was_looking = self.is_looking.replace(true);
        let watcher = Watcher::new(Rc::clone(self));
        let (sender, receiver) = mpsc::channel(WAITING);
        let mut logs = logs.into_iter().map(|log| Following { log, pieces: None });
        let logs = [logs.next(), logs.next()];
        tokio::task::spawn_local(async move { watcher.tell(logs, &sender, was_looking).await });
        if !was_looking {
            tokio::task::spawn_local(Rc::clone(self).look_on());
        }
        Some(receiver)
    }

    /// Looks once a second until nobody watches.
    async fn look_on(self: Rc<Self>) {
        // Whoever came first waits for the first look.
        let mut silent = SILENT_LOOKS;
        while self.watchers.get() > 0 {
            if self.look().await || silent >= SILENT_LOOKS {
                silent = 0;
                self.beat.send_modify(|beat| *beat += 1);
            }
            silent += 1;
            self.sampler.sample_after(INTERVAL).await;
        }
        self.is_looking.set(false);
    }

    async fn look(&self) -> bool {
        let usages = self.sampler.sample().await;
        self.board.borrow_mut().update(self.backend.status(), &usages)
    }
}

/// One who is told; stops counting when dropped.
struct Watcher(Rc<Live>);

impl Watcher {
    fn new(live: Rc<Live>) -> Self {
        live.watchers.set(live.watchers.get() + 1);
        Self(live)
    }

    async fn tell(
        self,
        [mut first, mut second]: [Option<Following>; 2],
        sender: &mpsc::Sender<Bytes>,
        is_board_fresh: bool,
    ) {
        let live = &self.0;
        let mut beats = live.beat.subscribe();
        let mut told = 0;
        if is_board_fresh {
            beats.mark_changed();
        }
        loop {
            let message = tokio::select! {
                () = sender.closed() => return,
                piece = Following::next(&mut first) => piece,
                piece = Following::next(&mut second) => piece,
                beat = beats.changed() => {
                    if beat.is_err() {
                        return;
                    }
                    for log in [&mut first, &mut second].into_iter().flatten() {
                        log.begin(&*live.backend);
                    }
                    let board = live.board.borrow();
                    let frame = board.frame(told);
                    told = board.revision;
                    frame.map_or_else(|| ":\n\n".to_owned(), |frame| format!("data: {frame}\n\n"))
                }
            };
            if sender.send(Bytes::from(message)).await.is_err() {
                return;
            }
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.0.watchers.set(self.0.watchers.get().saturating_sub(1));
    }
}

/// A log on its way to a watcher.
struct Following {
    log: Log,
    /// None while there is no such file.
    pieces: Option<mpsc::Receiver<Bytes>>,
}

impl Following {
    /// Begins to follow, unless it does: a log may appear later.
    fn begin(&mut self, backend: &dyn Backend) {
        if self.pieces.is_none() {
            self.pieces = self.log.path(backend).map(|path| backend.follow(&path, LOG_HEAD));
        }
    }

    /// The next piece as an event; its bytes are in base64, for they may be anything.
    async fn next(following: &mut Option<Self>) -> String {
        if let Some(Self { log, pieces }) = following {
            if let Some(receiver) = pieces
                && let Some(piece) = receiver.recv().await
            {
                return format!("event: {}\ndata: {}\n\n", log.event(), STANDARD.encode(&piece));
            }
            *pieces = None;
        }
        std::future::pending().await
    }
}

/// What was seen last, and when each part of it changed.
#[derive(Default)]
struct Board {
    /// Grows with every change; 0 before the first look.
    revision: u64,
    mood: Option<(Mood, u64)>,
    now: u64,
    rows: BTreeMap<String, (Row, u64)>,
    /// Vanished processes and when they vanished, oldest first.
    gone: VecDeque<(u64, String)>,
    /// Who was told before this revision has to be told everything.
    forgotten: u64,
}

/// A message to a page.
#[derive(Serialize)]
struct Frame<'a> {
    /// The page forgets what it knew before.
    full: bool,
    mood: &'a str,
    /// The wall clock, in seconds since 1970: pages count with their own clock from there.
    now: u64,
    rows: Vec<&'a Row>,
    gone: Vec<&'a str>,
}

impl Board {
    /// Takes in a look; whether anything has changed.
    fn update(&mut self, page: StatusPage, usages: &Usages) -> bool {
        let next = self.revision + 1;
        let mut has_changed = self.mood.is_none_or(|(mood, _)| mood != page.mood);
        if has_changed {
            self.mood = Some((page.mood, next));
        }
        self.now = page.now;
        let mut old = std::mem::take(&mut self.rows);
        for row in page.rows {
            let row = Row::new(row, usages);
            let known = old.remove(&row.id).filter(|(known, _)| known.is_same(&row));
            has_changed |= known.is_none();
            let since = known.map_or(next, |(_, since)| since);
            self.rows.insert(row.id.clone(), (row, since));
        }
        has_changed |= !old.is_empty();
        self.gone.extend(old.into_keys().map(|id| (next, id)));
        while self.gone.len() > GONE {
            self.forgotten = self.gone.pop_front().map_or(self.forgotten, |(revision, _)| revision);
        }
        if has_changed {
            self.revision = next;
        }
        has_changed
    }

    /// What has changed since a revision, as JSON; `None` where nothing has.
    fn frame(&self, since: u64) -> Option<String> {
        let (mood, _) = self.mood.filter(|_| since < self.revision)?;
        let full = since == 0 || since < self.forgotten;
        let rows = self.rows.values().filter(|(_, changed)| full || *changed > since);
        let gone = self.gone.iter().filter(|(revision, _)| !full && *revision > since);
        let frame = Frame {
            full,
            mood: mood.name(),
            now: self.now,
            rows: rows.map(|(row, _)| row).collect(),
            gone: gone.map(|(_, id)| id.as_str()).filter(|id| !self.rows.contains_key(*id)).collect(),
        };
        serde_json::to_string(&frame).ok()
    }
}

impl Row {
    /// Whether a page that shows the other shows this one too: it counts uptime by itself.
    fn is_same(&self, other: &Self) -> bool {
        Self { uptime: String::new(), ..self.clone() } == Self { uptime: String::new(), ..other.clone() }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::HashMap;

    use supervisor_core::state::ProcessState;

    use super::*;
    use crate::web::view::StatusRow;

    fn look(board: &mut Board, rows: &[(&str, ProcessState, u64)]) -> bool {
        let rows = rows.iter().map(|&(name, state, up)| StatusRow {
            name: name.into(),
            group: name.into(),
            state,
            description: String::new(),
            pid: 0,
            up: Some(up),
            started: 100,
            restarts: 0,
        });
        let page = StatusPage {
            identifier: String::new(),
            version: String::new(),
            mood: Mood::Running,
            now: 200,
            rows: rows.collect(),
        };
        board.update(page, &Rc::new(HashMap::new()))
    }

    fn told(board: &Board, since: u64) -> (bool, Vec<String>, Vec<String>) {
        let frame: serde_json::Value = serde_json::from_str(&board.frame(since).unwrap()).unwrap();
        let texts = |list: &serde_json::Value, key: &str| {
            let list = list.as_array().unwrap().iter();
            list.map(|item| item.get(key).unwrap_or(item).as_str().unwrap().to_owned()).collect()
        };
        (frame["full"].as_bool().unwrap(), texts(&frame["rows"], "id"), texts(&frame["gone"], ""))
    }

    #[test]
    fn a_watcher_is_told_what_changed_since_it_was_told_last() {
        use ProcessState::{Running, Stopped};
        let mut board = Board::default();
        assert_eq!(board.frame(0), None);
        assert!(look(&mut board, &[("a", Running, 1), ("b", Running, 1)]));
        let first = board.revision;
        assert_eq!(told(&board, 0), (true, vec!["a".into(), "b".into()], vec![]));
        // A page counts the time by itself.
        assert!(!look(&mut board, &[("a", Running, 2), ("b", Running, 2)]));
        assert_eq!(board.frame(first), None);
        assert!(look(&mut board, &[("a", Stopped, 0), ("b", Running, 3)]));
        assert!(look(&mut board, &[("a", Stopped, 0)]));
        assert_eq!(told(&board, first), (false, vec!["a".into()], vec!["b".into()]));
        assert_eq!(told(&board, 0), (true, vec!["a".into()], vec![]));
        assert!(look(&mut board, &[("a", Stopped, 0), ("b", Running, 1)]));
        assert_eq!(told(&board, first), (false, vec!["a".into(), "b".into()], vec![]));
    }

    #[test]
    fn what_is_remembered_of_vanished_processes_is_bounded() {
        let mut board = Board::default();
        look(&mut board, &[("a", ProcessState::Running, 1)]);
        let first = board.revision;
        for number in 0..GONE + 10 {
            look(&mut board, &[(&number.to_string(), ProcessState::Running, 1)]);
        }
        assert_eq!(board.gone.len(), GONE);
        assert!(told(&board, first).0, "everything");
    }
}
