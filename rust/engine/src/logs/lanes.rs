//! Which lane writes which log: one for each file system, made when it is first needed.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use supervisor_core::config::LogLevel;
use supervisor_core::effect::ProcessId;

use super::Output;
use super::lane::{Command, Lane};
use super::main_thread::MainLines;
use super::stall::Watch;

/// All lanes.
#[derive(Debug)]
pub(crate) struct Lanes {
    lines: MainLines,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Made with the first lane.
    watch: Option<Watch>,
    /// By file system; `None` is for output that goes to no disk.
    by_device: HashMap<Option<u64>, (Lane, JoinHandle<()>)>,
    /// The lanes that read the pipes of a process.
    by_process: HashMap<ProcessId, Vec<Lane>>,
    is_over: bool,
}

impl Lanes {
    pub(crate) fn new(lines: MainLines) -> Self {
        Self { lines, state: Mutex::default() }
    }

    /// The lane for the logs of a file system, `example` among them.
    ///
    /// # Errors
    /// The system's, when there can be no thread for it; that there will be none any more, after the end.
    pub(crate) fn of(&self, device: Option<u64>, example: &Path) -> io::Result<Lane> {
        let mut state = self.state();
        if state.is_over {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        if let Some((lane, _)) = state.by_device.get(&device) {
            return Ok(lane.clone());
        }
        let watch = match state.watch.take() {
            Some(watch) => watch,
            None => Watch::start(self.lines.clone())?,
        };
        let started = Lane::start(example, &watch, self.lines.clone());
        state.watch = Some(watch);
        let (lane, thread) = started?;
        state.by_device.insert(device, (lane.clone(), thread));
        Ok(lane)
    }

    /// Has an output stream read and logged to its end.
    pub(crate) fn attach(&self, output: Output) {
        let lane = output.log.lane.clone();
        let mut state = self.state();
        let lanes = state.by_process.entry(output.process).or_default();
        if !lanes.iter().any(|other| other.is(&lane)) {
            lanes.push(lane.clone());
        }
        drop(state);
        lane.tell(Command::Attach(output));
    }

    /// The lanes that read the pipes of a process.
    pub(crate) fn having(&self, process: ProcessId) -> Vec<Lane> {
        self.state().by_process.get(&process).cloned().unwrap_or_default()
    }

    /// The same, for the last time: it has ended.
    pub(crate) fn leave(&self, process: ProcessId) -> Vec<Lane> {
        self.state().by_process.remove(&process).unwrap_or_default()
    }

    /// Opens all logs again.
    pub(crate) fn reopen(&self) {
        for (lane, _) in self.state().by_device.values() {
            lane.tell(Command::Reopen);
        }
    }

    /// Ends all lanes, and waits until they have ended or it is `deadline`. One whose disk does not answer is not
    /// waited for; what is lost thereby is said.
    pub(crate) fn stop(&self, deadline: Instant) {
        let (lanes, watch) = {
            let mut state = self.state();
            state.is_over = true;
            state.by_process.clear();
            (std::mem::take(&mut state.by_device), state.watch.take())
        };
        let ending: Vec<_> = lanes
            .into_values()
            .map(|(lane, thread)| {
                let (done, finished) = std::sync::mpsc::channel();
                lane.tell(Command::Stop(done));
                (lane, thread, finished)
            })
            .collect();
        for (lane, thread, finished) in ending {
            let left = deadline.saturating_duration_since(Instant::now());
            if !lane.health.is_stuck() && finished.recv_timeout(left).is_ok() {
                // It has nothing left to do but return; if it panicked, it has ended as well.
                let _ = thread.join();
            } else if let Some(loss) = lane.health.loss_at_the_end() {
                self.lines.line(LogLevel::Warn, &loss);
            }
        }
        drop(watch);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
