//! Event listeners: processes that are told of events (parity 5).
//!
//! `protocol` is what one listener says, byte by byte; `pool` is a group of listeners with the events that wait
//! for them; `tick` is the clock that a pool, or a plug-in, may subscribe to. The core hands every event of a step to the pools
//! in the order in which they were added, and at the end of the step each pool gives what waits to the listeners
//! that are READY.
//!
//! The default handler, which accepts `OK`, judges results here. Another `result_handler` is Python code and judges
//! outside of the core: the listener stays BUSY, and what it says meanwhile waits, until the verdict is there.

mod pool;
pub mod protocol;
mod tick;

pub(crate) use pool::Pool;
pub(crate) use tick::Ticks;

/// What judges the results of a listener unless the configuration says otherwise.
pub const DEFAULT_RESULT_HANDLER: &str = "supervisor.dispatchers:default_handler";

use crate::core::Core;
use crate::effect::{Effect, ProcessId, StdinError};
use crate::event::{Event, OutputEvent};
use crate::input::Now;
use crate::listener::protocol::Verdict;
use crate::outbox::Outbox;
use crate::process::Process;

impl Core {
    /// Gives the events of this step that no pool has seen yet to the pools that want them.
    pub(crate) fn hand_out_events(&mut self, outbox: &mut Outbox) {
        let mut lines = Outbox::default();
        let mut place = outbox.handed_out;
        while let Some(effect) = outbox.effects.get(place) {
            if let Effect::Emit(event) = effect {
                let mut serial = None;
                for pool in self.pools.values_mut() {
                    pool.accept(event, &mut serial, &mut self.event_serial, &mut lines);
                }
            }
            place += 1;
        }
        outbox.effects.append(&mut lines.effects);
        outbox.handed_out = outbox.effects.len();
    }

    /// Sends what waits to the listeners that are READY.
    pub(crate) fn dispatch_events(&self, pools: &mut indexmap::IndexMap<String, Pool>, outbox: &mut Outbox) {
        let identifier = &self.settings.daemon.identifier;
        for (name, pool) in pools {
            pool.dispatch(name, identifier, |id| self.process(id), outbox);
        }
    }

    /// The pool of a process, if it is a listener.
    fn pool_of(&mut self, id: ProcessId) -> Option<(&mut Pool, &Process)> {
        let process = self.processes.get(&id)?;
        Some((self.pools.get_mut(&process.group)?, process))
    }

    /// A process, if it is a listener that works at an event or is about to.
    pub(crate) fn listener_at_work(&self, id: ProcessId) -> Option<&Process> {
        let process = self.process(id).filter(|process| process.is_running())?;
        self.pools.get(&process.group)?.is_at_work(id).then_some(process)
    }

    /// A listener was started: it begins anew.
    pub(crate) fn on_listener_spawned(&mut self, id: ProcessId) {
        if let Some((pool, _)) = self.pool_of(id) {
            pool.on_spawned(id);
        }
    }

    /// A listener wrote to its standard output.
    pub(crate) fn on_listener_output(&mut self, id: ProcessId, data: &[u8], outbox: &mut Outbox) {
        if let Some((pool, process)) = self.pool_of(id) {
            pool.on_output((id, &process.config.name), data, outbox);
        }
    }

    /// A pool's own handler judged what a listener answered.
    pub(crate) fn on_judged(&mut self, id: ProcessId, verdict: Verdict, outbox: &mut Outbox) {
        if let Some((pool, process)) = self.pool_of(id) {
            pool.on_judged((id, &process.config.name), verdict, outbox);
        }
    }

    /// An event could not be written to a listener.
    pub(crate) fn on_event_not_written(&mut self, id: ProcessId, error: StdinError, outbox: &mut Outbox) {
        if let Some((pool, process)) = self.pool_of(id) {
            pool.on_not_written((id, &process.config.name), error, outbox);
        }
    }

    /// A listener ended: the event it was busy with goes to another one, or waits for its next life.
    pub(crate) fn on_listener_ended(&mut self, id: ProcessId, outbox: &mut Outbox) {
        self.hand_out_events(outbox);
        if let Some((pool, _)) = self.pool_of(id) {
            pool.on_ended(id, outbox);
        }
    }

    /// An event about output of a process, if the process is still there.
    pub(crate) fn output_event(
        &self,
        id: ProcessId,
        channel: crate::effect::Channel,
        data: Vec<u8>,
    ) -> Option<OutputEvent> {
        let process = self.process(id)?;
        let (name, group) = (process.config.name.clone(), process.group.clone());
        Some(OutputEvent { process: id, name, group, pid: process.pid, channel, data })
    }

    /// Emits the ticks whose moment has come, and notes when the next one is due.
    pub(crate) fn tick(&mut self, now: Now, outbox: &mut Outbox) {
        let events: Vec<Event> = self.ticks.proceed(now);
        outbox.effects.extend(events.into_iter().map(Effect::Emit));
    }

    /// The pools changed, or what plug-ins subscribe to: other ticks may be wanted.
    pub(crate) fn note_wanted_ticks(&mut self) {
        let (pools, plugins) = (&self.pools, &self.hooks.ticks);
        self.ticks.want(|period| {
            plugins.contains(&period) || pools.values().any(|pool| pool.wants(period.event_name()))
        });
    }
}
