//! Noticing a disk that does not answer, and reading in its stead the pipes whose logs are on it.
//!
//! The logs of each file system are written by a thread of its own ([`super::lane`]), which one call of the system
//! may hold up for as long as the disk likes. The watch is one more thread: it looks once a second, as long as
//! anything is written at all, whether a call has lasted for a second. Where one has, the file system counts as
//! stuck; the watch then reads its pipes into a bounded memory and counts what finds no room there, so that the
//! programs go on. When the call returns, the lane writes what was kept and goes on as ever.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, poll};
use supervisor_core::config::LogLevel;

use super::intake::{Buffer, Intake, new_buffer};
use super::lane::Lane;
use super::main_thread::MainLines;

/// A call that lasts so long is stuck, and how often the watch looks.
const LOOK: Duration = Duration::from_secs(1);

/// How soon the watch notices that a stuck call has returned, in milliseconds.
const RETURN: u8 = 20;

/// Bytes kept for all pipes of a stuck file system together.
const KEPT: usize = 4 * 1024 * 1024;

/// Stack of the watch.
const STACK: usize = 256 * 1024;

/// What others than its own thread know about the logs of one file system.
#[derive(Debug)]
pub(crate) struct Health {
    /// A log on it, for messages.
    example: PathBuf,
    /// Counted up at the begin and at the end of each call that may take long: odd during one.
    calls: AtomicU64,
    is_stuck: AtomicBool,
    /// Bytes in memory instead of in a log.
    kept: AtomicUsize,
    /// Bytes that found no room there.
    lost: AtomicU64,
    pipes: Mutex<Vec<Weak<Intake>>>,
    alarm: Arc<Alarm>,
}

impl Health {
    /// Does what may take long. Only for the thread that writes these logs, and not within itself.
    pub(crate) fn during<T>(&self, work: impl FnOnce() -> T) -> T {
        self.calls.fetch_add(1, Ordering::SeqCst);
        self.alarm.ring();
        let result = work();
        self.calls.fetch_add(1, Ordering::SeqCst);
        result
    }

    /// Whether its thread is held up.
    pub(crate) fn is_stuck(&self) -> bool {
        self.is_stuck.load(Ordering::Relaxed)
    }

    /// Has a pipe read by the watch when the file system is stuck.
    pub(crate) fn add(&self, pipe: &Arc<Intake>) {
        let mut pipes = self.pipes.lock().unwrap_or_else(PoisonError::into_inner);
        pipes.retain(|pipe| pipe.strong_count() > 0);
        pipes.push(Arc::downgrade(pipe));
    }

    /// Of `count` bytes just read, how many of the first `wanted` there is room to keep. The others are lost.
    pub(crate) fn keep(&self, wanted: usize, count: usize) -> usize {
        let kept = wanted.min(KEPT.saturating_sub(self.kept.load(Ordering::Relaxed)));
        self.kept.fetch_add(kept, Ordering::Relaxed);
        self.lost.fetch_add((count - kept) as u64, Ordering::Relaxed);
        kept
    }

    /// Bytes found no room.
    pub(crate) fn lose(&self, count: usize) {
        self.lost.fetch_add(count as u64, Ordering::Relaxed);
    }

    /// Bytes that were kept are on their way to their log.
    pub(crate) fn release(&self, count: usize) {
        self.kept.fetch_sub(count, Ordering::Relaxed);
    }

    fn pipes(&self) -> Vec<Arc<Intake>> {
        let pipes = self.pipes.lock().unwrap_or_else(PoisonError::into_inner);
        pipes.iter().filter_map(Weak::upgrade).collect()
    }

    /// What is said when the end of the daemon does not wait for its thread.
    pub(crate) fn loss_at_the_end(&self) -> Option<String> {
        let lost = self.lost.load(Ordering::Relaxed) + self.kept.load(Ordering::Relaxed) as u64;
        (lost > 0).then(|| {
            format!(
                "the file system of log {} does not answer, {lost} bytes were lost",
                self.example.display()
            )
        })
    }
}

/// Wakes the watch when it sleeps.
#[derive(Debug, Default)]
struct Alarm {
    is_asleep: AtomicBool,
    thread: OnceLock<Thread>,
}

impl Alarm {
    fn ring(&self) {
        if self.is_asleep.load(Ordering::SeqCst) {
            self.wake();
        }
    }

    fn wake(&self) {
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }
}

/// The watch over all file systems that hold logs.
#[derive(Debug)]
pub(crate) struct Watch {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    lanes: Mutex<Vec<Lane>>,
    alarm: Arc<Alarm>,
    is_over: AtomicBool,
}

impl Watch {
    /// Starts the thread, which says in the main log what it notices.
    ///
    /// # Errors
    /// The system's, when there can be no thread.
    pub(crate) fn start(lines: MainLines) -> io::Result<Self> {
        let shared = Arc::<Shared>::default();
        let own = Arc::clone(&shared);
        let thread = thread::Builder::new().name("logs-watch".to_owned()).stack_size(STACK);
        let thread = thread.spawn(move || watch(&own, &lines))?;
        let _ = shared.alarm.thread.set(thread.thread().clone());
        Ok(Self { shared })
    }

    /// Health of a file system with logs, of which one is `example`.
    pub(crate) fn health(&self, example: &Path) -> Health {
        Health {
            example: example.to_owned(),
            calls: AtomicU64::new(0),
            is_stuck: AtomicBool::new(false),
            kept: AtomicUsize::new(0),
            lost: AtomicU64::new(0),
            pipes: Mutex::default(),
            alarm: Arc::clone(&self.shared.alarm),
        }
    }

    /// Watches over one more.
    pub(crate) fn add(&self, lane: Lane) {
        self.shared.lanes.lock().unwrap_or_else(PoisonError::into_inner).push(lane);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::SeqCst);
        self.shared.alarm.wake();
    }
}

/// What the last look at a lane found.
#[derive(Clone, Copy)]
struct Look {
    calls: u64,
    /// When this number was first seen.
    since: Instant,
}

impl Look {
    fn is_in_a_call(self) -> bool {
        self.calls % 2 == 1
    }
}

fn watch(shared: &Shared, lines: &MainLines) {
    let mut looks: Vec<Look> = Vec::new();
    let mut buffer = new_buffer();
    while !shared.is_over.load(Ordering::SeqCst) {
        let lanes = shared.lanes.lock().unwrap_or_else(PoisonError::into_inner).clone();
        looks.resize(lanes.len(), Look { calls: 0, since: Instant::now() });
        let mut is_quiet = true;
        for (lane, look) in lanes.iter().zip(&mut looks) {
            let calls = lane.health.calls.load(Ordering::SeqCst);
            if calls != look.calls {
                *look = Look { calls, since: Instant::now() };
                is_quiet = false;
            }
            is_quiet &= !look.is_in_a_call();
            let is_stuck = look.is_in_a_call() && look.since.elapsed() >= LOOK;
            note(lane, is_stuck, lines);
        }
        let stuck: Vec<_> = lanes.iter().zip(&looks).filter(|(lane, _)| lane.health.is_stuck()).collect();
        if !stuck.is_empty() {
            read_instead(&stuck, &mut buffer);
        } else if is_quiet {
            sleep(shared, &looks);
        } else {
            thread::park_timeout(LOOK);
        }
    }
}

/// Says what has changed, and has a lane that is held up no more take over what was kept.
fn note(lane: &Lane, is_stuck: bool, lines: &MainLines) {
    let health = &lane.health;
    match (health.is_stuck.swap(is_stuck, Ordering::Relaxed), is_stuck) {
        (false, true) => {
            let log = health.example.display();
            lines.line(LogLevel::Error, &format!("the file system of log {log} does not answer"));
        }
        (true, false) => {
            let (log, lost) = (health.example.display(), health.lost.swap(0, Ordering::Relaxed));
            lines.line(
                LogLevel::Warn,
                &format!("the file system of log {log} answers again, {lost} bytes were lost"),
            );
            lane.take_over();
        }
        _ => {}
    }
}

/// Waits until something is written again.
fn sleep(shared: &Shared, looks: &[Look]) {
    let alarm = &shared.alarm;
    alarm.is_asleep.store(true, Ordering::SeqCst);
    // Whoever began something before that is noticed here, whoever does so later rings.
    let is_as_seen = {
        let lanes = shared.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        lanes.iter().zip(looks).all(|(lane, look)| lane.health.calls.load(Ordering::SeqCst) == look.calls)
    };
    if is_as_seen && !shared.is_over.load(Ordering::SeqCst) {
        thread::park();
    }
    alarm.is_asleep.store(false, Ordering::SeqCst);
}

/// Reads the pipes of stuck lanes, until one of them moves or it is time for a look at all.
fn read_instead(stuck: &[(&Lane, &Look)], buffer: &mut Buffer) {
    let until = Instant::now() + LOOK;
    let has_moved = |(lane, look): &(&Lane, &Look)| lane.health.calls.load(Ordering::SeqCst) != look.calls;
    while !stuck.iter().any(has_moved) && Instant::now() < until {
        let intakes: Vec<Arc<Intake>> = stuck.iter().flat_map(|(lane, _)| lane.health.pipes()).collect();
        // Locked as long as they are waited for; should a lane return meanwhile, it waits just as long.
        let mut pipes: Vec<_> =
            intakes.iter().map(|intake| (intake, intake.lock())).filter(|(_, pipe)| pipe.goes_on()).collect();
        let ready: Vec<bool> = {
            let mut waited_for: Vec<PollFd<'_>> = pipes
                .iter()
                .filter_map(|(_, pipe)| pipe.descriptor().ok())
                .map(|pipe| PollFd::new(pipe, PollFlags::POLLIN))
                .collect();
            // Interrupted, or no memory: then nothing is ready.
            let _ = poll(&mut waited_for, RETURN);
            waited_for.iter().map(|pipe| pipe.any() == Some(true)).collect()
        };
        for ((intake, pipe), _) in pipes.iter_mut().zip(ready).filter(|(_, is_ready)| *is_ready) {
            intake.keep(pipe, buffer);
        }
    }
}
