//! Groups at run time: reading the configuration again, adding and removing groups (parity 4 and 9).
//!
//! Two lists of groups are kept apart. The groups of [`Core::settings`] are what the configuration said when it
//! was read last: staged, for clients to look at (`getAllConfigInfo`) and to take into use. [`Core::groups`] are
//! those in use, with the settings they were added with. Reading again replaces the first list and nothing else
//! but the few values of `[supervisord]` that are looked at when they are needed, as in the original; its answer
//! is the difference between the two. `addProcessGroup` takes a staged group into use, `removeProcessGroup` lets
//! go of a stopped one: its processes are forgotten, whoever still waits for one is answered, and its automatic
//! logs stay for people to look at until the next start of the daemon removes them.

use std::path::PathBuf;

use crate::config::diff::{ActiveGroup, GroupDiff};
use crate::config::{DaemonSettings, GroupSettings, LogTarget, ProgramSettings, Settings};
use crate::core::Core;
use crate::effect::{Channel, Effect, ProcessId, RequestId};
use crate::event::Event;
use crate::group::Group;
use crate::listener::Pool;
use crate::outbox::Outbox;
use crate::process::Process;
use crate::rpc::{Fault, FaultCode};
use crate::xml::Value;

impl Core {
    /// Takes all groups of the configuration into use, when the daemon starts.
    pub(crate) fn add_all_groups(&mut self, outbox: &mut Outbox) {
        for group in self.settings.groups.clone() {
            self.add_group(group, outbox);
        }
    }

    /// Takes a staged group into use: `BAD_NAME` where there is none, `ALREADY_ADDED` where it is in use.
    pub(crate) fn add_staged_group(&mut self, name: &str, outbox: &mut Outbox) -> Result<(), Fault> {
        let staged = self.settings.groups.iter().find(|group| group.name == name);
        let staged = staged.ok_or_else(|| Fault::with(FaultCode::BadName, name))?.clone();
        if self.add_group(staged, outbox) { Ok(()) } else { Err(Fault::with(FaultCode::AlreadyAdded, name)) }
    }

    /// Adds a group and its processes; a group of that name must not be there. False where it is.
    pub(crate) fn add_group(&mut self, settings: GroupSettings, outbox: &mut Outbox) -> bool {
        let GroupSettings { name, priority, processes: programs, listener } = settings;
        if self.groups.contains_key(&name) {
            return false;
        }
        let mut processes = Vec::with_capacity(programs.len());
        for program in programs {
            processes.push(self.add_process(&name, program, outbox));
        }
        // What happened before is not for a pool that was not there; its own coming is.
        self.hand_out_events(outbox);
        if let Some(listener) = listener.clone() {
            self.pools.insert(name.clone(), Pool::new(&name, listener, processes.iter().copied()));
            self.note_wanted_ticks();
        }
        let group = Group { name: name.clone(), priority, processes, listener, is_as_staged: true };
        self.groups.insert(name.clone(), group);
        outbox.effects.push(Effect::Emit(Event::GroupAdded(name)));
        self.hand_out_events(outbox);
        true
    }

    /// Makes a process of a group; the caller puts it there.
    fn add_process(&mut self, group: &str, program: ProgramSettings, outbox: &mut Outbox) -> ProcessId {
        let id = ProcessId(self.next_process);
        self.next_process += 1;
        for (channel, output) in [(Channel::Stdout, &program.stdout), (Channel::Stderr, &program.stderr)] {
            if output.logfile == LogTarget::Automatic {
                let identifier = &self.settings.daemon.identifier;
                outbox.effects.push(Effect::CreateAutomaticLog {
                    process: id,
                    channel,
                    prefix: format!("{}-{}---{identifier}-", program.name, channel.name()),
                });
            }
        }
        self.processes.insert(id, Process::new(id, group, program));
        self.touch(id);
        id
    }

    /// Adds a process to a group that is there, behind the others; one of the same name must not be there.
    pub(crate) fn add_member(&mut self, group: &str, program: ProgramSettings, outbox: &mut Outbox) {
        if !self.groups.contains_key(group) || self.find(group, &program.name).is_some() {
            return;
        }
        let id = self.add_process(group, program, outbox);
        if let Some(pool) = self.pools.get_mut(group) {
            pool.adopt(id);
        }
        if let Some(group) = self.groups.get_mut(group) {
            group.processes.push(id);
            group.is_as_staged = false;
        }
    }

    /// Takes a process from its group and forgets it.
    pub(crate) fn remove_member(&mut self, id: ProcessId, outbox: &mut Outbox) {
        let Some(name) = self.process(id).map(|process| process.group.clone()) else { return };
        if let Some(pool) = self.pools.get_mut(&name) {
            pool.release(id);
        }
        if let Some(group) = self.groups.get_mut(&name) {
            group.processes.retain(|member| *member != id);
            group.is_as_staged = false;
        }
        self.with(id, |process| process.dismiss(outbox));
        self.processes.remove(&id);
    }

    /// An automatic log was made, or could not be. The staged settings that the process came from take over its
    /// name, so that it is used again when the group is removed and added without a new reading.
    pub(crate) fn on_automatic_log(&mut self, id: ProcessId, channel: Channel, path: Option<PathBuf>) {
        let Some(process) = self.processes.get(&id) else { return };
        let logfile = path.map_or(LogTarget::None, LogTarget::File);
        if let Some(group) = self.groups.get(&process.group)
            && group.is_as_staged
            && let Some(index) = group.processes.iter().position(|member| *member == id)
            && let Some(staged) = self.settings.groups.iter_mut().find(|staged| staged.name == group.name)
            && let Some(program) = staged.processes.get_mut(index)
        {
            program.output_mut(channel).logfile = logfile.clone();
        }
        self.with(id, |process| process.config.output_mut(channel).logfile = logfile);
    }

    /// Lets go of a group: `BAD_NAME` where there is none, `STILL_RUNNING` where one of its processes runs.
    pub(crate) fn remove_group(&mut self, name: &str, outbox: &mut Outbox) -> Result<(), Fault> {
        let group = self.groups.get(name).ok_or_else(|| Fault::with(FaultCode::BadName, name))?;
        if group
            .processes
            .iter()
            .filter_map(|id| self.process(*id))
            .any(|process| !process.state.is_stopped())
        {
            return Err(Fault::with(FaultCode::StillRunning, name));
        }
        self.hand_out_events(outbox);
        self.pools.shift_remove(name);
        self.note_wanted_ticks();
        for id in self.groups.shift_remove(name).map(|group| group.processes).unwrap_or_default() {
            self.with(id, |process| process.dismiss(outbox));
            self.processes.remove(&id);
        }
        outbox.effects.push(Effect::Emit(Event::GroupRemoved(name.to_owned())));
        Ok(())
    }

    /// The configuration was read again, or could not be.
    pub(crate) fn on_configuration_read(
        &mut self,
        request: RequestId,
        result: Result<Box<Settings>, String>,
        outbox: &mut Outbox,
    ) {
        if self.requests.close(request).is_none() {
            return;
        }
        let answer = match result {
            Ok(settings) => {
                self.stage(*settings);
                Ok(diff_value(self.diff()))
            }
            Err(message) => Err(Fault::with(FaultCode::CantReread, &message)),
        };
        self.reply(request, answer, outbox);
    }

    /// Keeps a new reading of the configuration, without applying it to any group.
    fn stage(&mut self, new: Settings) {
        self.settings.included = new.included;
        self.stage_groups(new.groups);
        // The original asks its options for these each time, so a new value counts from now on.
        let DaemonSettings { identifier, strip_ansi, childlogdir, .. } = new.daemon;
        let daemon = &mut self.settings.daemon;
        daemon.identifier = identifier;
        daemon.strip_ansi = strip_ansi;
        daemon.childlogdir = childlogdir;
    }

    /// Replaces the staged groups.
    pub(crate) fn stage_groups(&mut self, groups: Vec<GroupSettings>) {
        self.settings.groups = groups;
        for group in self.groups.values_mut() {
            group.is_as_staged = false;
        }
    }

    /// How the staged groups differ from those in use.
    #[must_use]
    pub fn diff(&self) -> GroupDiff {
        self.diff_to(&self.settings.groups)
    }

    /// How groups of another reading of the configuration differ from those in use.
    #[must_use]
    pub fn diff_to(&self, groups: &[GroupSettings]) -> GroupDiff {
        let active: Vec<ActiveGroup<'_>> = self
            .groups()
            .map(|group| ActiveGroup {
                name: &group.name,
                priority: group.priority,
                processes: self.members(&group.name).map(|process| &process.config).collect(),
                listener: group.listener.as_ref(),
            })
            .collect();
        GroupDiff::between(&active, groups)
    }
}

/// `[[added, changed, removed]]`.
fn diff_value(diff: GroupDiff) -> Value {
    let GroupDiff { added, changed, removed } = diff;
    let names = |names: Vec<String>| Value::Array(names.into_iter().map(Value::String).collect());
    Value::Array(vec![Value::Array(vec![names(added), names(changed), names(removed)])])
}
