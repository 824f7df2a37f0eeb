//! A pool: listeners of one group, and the events that wait until one of them is READY.

use std::collections::VecDeque;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::protocol::{Heard, Listener, ListenerState, Verdict, judge_by_default};
use crate::config::{ListenerSettings, LogLevel};
use crate::effect::{Effect, ProcessId, StdinError, StdinPurpose};
use crate::event::{Event, EventType};
use crate::outbox::Outbox;
use crate::process::Process;

/// An event with its numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Pending {
    /// Its number among all events of the daemon that some pool wanted.
    serial: u64,
    /// Its number among the events of this pool.
    pool_serial: u64,
    event: Event,
}

/// One process of a pool.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Member {
    listener: Listener,
    /// It asked for events since it was started.
    is_willing: bool,
    /// What it is BUSY with.
    event: Option<Pending>,
    /// The pool's own handler has its result and has not judged it yet.
    is_judged: bool,
    /// Why nothing can be sent to it: it closed its standard input, which holds until it is started again, or too
    /// much of what it was sent is unread, which holds until it says something.
    deaf: Option<StdinError>,
}

impl Member {
    /// Its result is judged: it has done with its event, which is returned unless it was processed.
    fn judge(&mut self, name: &str, verdict: Verdict, outbox: &mut Outbox) -> Option<Pending> {
        let event = self.event.take();
        match verdict {
            Verdict::Accepted => outbox.debug(format_args!("{name}: event was processed")),
            Verdict::Rejected => outbox.warn(format!("{name}: event was rejected")),
            Verdict::Failed => outbox.warn(format!("{name}: event caused an error")),
        }
        let heard = self.listener.judge(verdict);
        say(name, &heard, outbox);
        event.filter(|_| verdict != Verdict::Accepted)
    }
}

/// A group of listeners.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Pool {
    name: String,
    settings: ListenerSettings,
    members: IndexMap<ProcessId, Member>,
    /// Events that wait, the oldest first.
    waiting: VecDeque<Pending>,
    next_serial: u64,
    /// Events discarded since the buffer overflowed; none while it has not.
    discarded: Option<u64>,
    /// Somebody became READY or an event came: there may be something to send.
    is_stirred: bool,
}

impl Pool {
    /// A pool that no event has reached yet.
    pub(crate) fn new(
        name: &str,
        settings: ListenerSettings,
        members: impl IntoIterator<Item = ProcessId>,
    ) -> Self {
        Self {
            name: name.to_owned(),
            settings,
            members: members.into_iter().map(|id| (id, Member::default())).collect(),
            waiting: VecDeque::new(),
            next_serial: 0,
            discarded: None,
            is_stirred: false,
        }
    }

    /// Whether it subscribes to events of this type.
    pub(crate) fn wants(&self, name: &str) -> bool {
        EventType::of(name)
            .is_some_and(|found| self.settings.events.iter().any(|wanted| found.is_within(wanted)))
    }

    /// A process was added to it.
    pub(crate) fn adopt(&mut self, id: ProcessId) {
        self.members.insert(id, Member::default());
    }

    /// A process was taken from it.
    pub(crate) fn release(&mut self, id: ProcessId) {
        self.members.shift_remove(&id);
    }

    /// Takes in an event if it wants it. The first pool that does gives it its serial.
    pub(crate) fn accept(
        &mut self,
        event: &Event,
        serial: &mut Option<u64>,
        next_serial: &mut u64,
        outbox: &mut Outbox,
    ) {
        // One for each of its subscriptions that includes it, as in the original.
        let copies = self.settings.events.iter().filter(|wanted| event.is_within(wanted)).count();
        if copies == 0 {
            return;
        }
        let serial = *serial.get_or_insert_with(|| {
            let serial = *next_serial;
            *next_serial += 1;
            serial
        });
        let pending = Pending { serial, pool_serial: self.next_serial, event: event.clone() };
        self.next_serial += 1;
        for _ in 0..copies {
            self.make_room(outbox);
            self.waiting.push_back(pending.clone());
        }
        self.is_stirred = true;
    }

    /// Discards the oldest event if the buffer is full. That is said once until there is room again.
    fn make_room(&mut self, outbox: &mut Outbox) {
        if self.waiting.len() < self.settings.buffer_size {
            return;
        }
        if let Some(oldest) = self.waiting.pop_front() {
            if self.discarded.is_none() {
                let message =
                    format!("pool {} event buffer overflowed, discarding event {}", self.name, oldest.serial);
                outbox.log(LogLevel::Error, message);
            }
            *self.discarded.get_or_insert(0) += 1;
        }
    }

    /// Says how many events were lost, once half of the buffer is free.
    fn tell_recovery(&mut self, outbox: &mut Outbox) {
        if self.waiting.len() * 2 <= self.settings.buffer_size
            && let Some(discarded) = self.discarded.take()
        {
            let message =
                format!("pool {} event buffer has room again, {discarded} events were discarded", self.name);
            outbox.log(LogLevel::Error, message);
        }
    }

    /// An event that was not processed goes back to the head, with its numbers.
    fn put_back(&mut self, pending: Pending, outbox: &mut Outbox) {
        outbox.debug(format_args!(
            "rebuffering event {} for pool {} (buf size={}, max={})",
            pending.serial,
            self.name,
            self.waiting.len(),
            self.settings.buffer_size
        ));
        self.make_room(outbox);
        self.waiting.push_front(pending);
        self.is_stirred = true;
    }

    /// Sends what waits to those who are READY.
    pub(crate) fn dispatch<'processes>(
        &mut self,
        name: &str,
        identifier: &str,
        process_of: impl Fn(ProcessId) -> Option<&'processes Process>,
        outbox: &mut Outbox,
    ) {
        if !std::mem::take(&mut self.is_stirred) {
            return;
        }
        let mut able = self.members.iter_mut().filter_map(|(id, member)| {
            let process = process_of(*id).filter(|process| process.is_running())?;
            let is_able = member.listener.state() == ListenerState::Ready && member.deaf.is_none();
            is_able.then_some((process, member))
        });
        while !self.waiting.is_empty()
            && let Some((process, member)) = able.next()
            && let Some(pending) = self.waiting.pop_front()
        {
            let payload = pending.event.payload();
            // Characters and not bytes, as the original counts, whose listeners read text.
            let length = payload.chars().count();
            let envelope = format!(
                "ver:3.0 server:{identifier} serial:{} pool:{name} poolserial:{} eventname:{} len:{length}\n{payload}",
                pending.serial,
                pending.pool_serial,
                pending.event.name(),
            );
            outbox.effects.push(Effect::WriteStdin {
                process: process.id,
                bytes: envelope.into_bytes(),
                purpose: StdinPurpose::Event,
            });
            // Should that fail, the lines that follow say so.
            outbox.debug(format_args!("event {} sent to listener {}", pending.serial, process.config.name));
            member.listener.send();
            member.event = Some(pending);
        }
        drop(able);
        self.tell_recovery(outbox);
    }

    /// Whether a member works at an event, or will get one that waits when it is READY again.
    pub(crate) fn is_at_work(&self, id: ProcessId) -> bool {
        let has_events = |member: &Member| match member.listener.state() {
            ListenerState::Busy => true,
            ListenerState::Ready | ListenerState::Acknowledged => !self.waiting.is_empty(),
            ListenerState::Unknown => false,
        };
        let able = self.members.get(&id).filter(|member| member.is_willing && member.deaf.is_none());
        able.is_some_and(has_events)
    }

    /// Something about a member changed that may allow to send.
    pub(crate) fn stir(&mut self) {
        self.is_stirred = true;
    }

    /// A listener was started.
    pub(crate) fn on_spawned(&mut self, id: ProcessId) {
        if let Some(member) = self.members.get_mut(&id) {
            member.listener = Listener::default();
            member.is_willing = false;
            member.is_judged = false;
            member.deaf = None;
        }
    }

    /// A listener wrote something.
    pub(crate) fn on_output(&mut self, (id, name): (ProcessId, &str), data: &[u8], outbox: &mut Outbox) {
        let Some(member) = self.members.get_mut(&id) else { return };
        member.listener.hear(data);
        member.deaf = member.deaf.filter(|why| *why == StdinError::Closed);
        self.listen((id, name), outbox);
    }

    /// The pool's own handler judged what a listener answered. Nothing, if the listener has ended in between.
    pub(crate) fn on_judged(&mut self, (id, name): (ProcessId, &str), verdict: Verdict, outbox: &mut Outbox) {
        let Some(member) = self.members.get_mut(&id) else { return };
        if std::mem::take(&mut member.is_judged) {
            let returned = member.judge(name, verdict, outbox);
            self.put_back_all(returned, outbox);
            self.listen((id, name), outbox);
        }
    }

    /// Takes in what a listener said, as far as it goes without the verdict of somebody else.
    fn listen(&mut self, (id, name): (ProcessId, &str), outbox: &mut Outbox) {
        let Some(member) = self.members.get_mut(&id) else { return };
        let mut returned = Vec::new();
        while !member.is_judged
            && let Some(heard) = member.listener.next_heard()
        {
            match heard {
                Heard::Went(from, to) => {
                    member.is_willing |= to == ListenerState::Ready;
                    say_state(name, from, to, outbox);
                }
                Heard::BadResultLine(line) => {
                    outbox.warn(format!("{name}: bad result line: '{line}'"));
                    let heard = member.listener.violate();
                    say(name, &heard, outbox);
                    returned.extend(member.event.take());
                }
                Heard::Result(result) => match (self.settings.foreign_handler(), &member.event) {
                    (Some(handler), Some(pending)) => {
                        member.is_judged = true;
                        let (handler, event) = (handler.to_owned(), pending.event.clone());
                        outbox.effects.push(Effect::Judge { process: id, handler, event, result });
                    }
                    _ => returned.extend(member.judge(name, judge_by_default(&result), outbox)),
                },
            }
        }
        self.put_back_all(returned, outbox);
        self.is_stirred = true;
    }

    fn put_back_all(&mut self, returned: impl IntoIterator<Item = Pending>, outbox: &mut Outbox) {
        for pending in returned {
            self.put_back(pending, outbox);
        }
    }

    /// An event could not be written to a listener: another one gets it, or it waits.
    pub(crate) fn on_not_written(
        &mut self,
        (id, name): (ProcessId, &str),
        error: StdinError,
        outbox: &mut Outbox,
    ) {
        let Some(member) = self.members.get_mut(&id) else { return };
        let Some(pending) = member.event.take() else { return };
        member.listener.take_back();
        member.deaf = Some(error);
        let serial = pending.serial;
        match error {
            StdinError::Closed => outbox.debug(format_args!(
                "epipe occurred while sending event {serial} to listener {name}, listener state unchanged"
            )),
            StdinError::Full => outbox
                .debug(format_args!("event {serial} cannot be sent to listener {name}, which reads nothing")),
        }
        self.put_back(pending, outbox);
    }

    /// A listener ended.
    pub(crate) fn on_ended(&mut self, id: ProcessId, outbox: &mut Outbox) {
        if let Some(member) = self.members.get_mut(&id) {
            member.listener = Listener::default();
            member.is_judged = false;
            if let Some(pending) = member.event.take() {
                self.put_back(pending, outbox);
            }
        }
    }
}

fn say(name: &str, heard: &Heard, outbox: &mut Outbox) {
    if let Heard::Went(from, to) = heard {
        say_state(name, *from, *to, outbox);
    }
}

fn say_state(name: &str, from: ListenerState, to: ListenerState, outbox: &mut Outbox) {
    outbox.debug(format_args!("{name}: {from} -> {to}"));
    if to == ListenerState::Unknown {
        outbox.warn(format!(
            "{name}: has entered the UNKNOWN state and will no longer receive events, this usually indicates \
             the process violated the eventlistener protocol"
        ));
    }
}
