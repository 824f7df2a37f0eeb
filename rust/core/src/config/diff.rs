//! What a new reading of the configuration would change: the diff of `reread` and `update` (parity 9).
//!
//! A group has changed when its priority, the list of its processes or, of a pool of event listeners, what makes it
//! a pool has changed; a process when any of its options has. Not compared, as in the original: the name of an
//! automatic log, on either side; the order of environment variables and of event types; owner, mode and backlog
//! of a FastCGI socket, of which only the address counts.

use super::settings::{
    EnvironmentVariables, FcgiAddress, FcgiSocketSettings, GroupSettings, ListenerSettings, LogTarget,
    OutputSettings, ProgramSettings,
};

/// Names of groups that differ between those in use and a new configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupDiff {
    /// Groups that are new, in the order of the new configuration.
    pub added: Vec<String>,
    /// Groups that are in both and not the same, in the order of the new configuration.
    pub changed: Vec<String>,
    /// Groups that are gone, in the order in which they are in use.
    pub removed: Vec<String>,
}

/// A group in use, as far as the diff looks at it.
#[derive(Debug, Clone)]
pub struct ActiveGroup<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its priority.
    pub priority: i64,
    /// What its processes were started with.
    pub processes: Vec<&'a ProgramSettings>,
    /// What makes it a pool of event listeners.
    pub listener: Option<&'a ListenerSettings>,
}

impl GroupDiff {
    /// Compares the groups in use with those of a new configuration.
    #[must_use]
    pub fn between(active: &[ActiveGroup<'_>], new: &[GroupSettings]) -> Self {
        let in_use: std::collections::BTreeMap<&str, &ActiveGroup<'_>> =
            active.iter().map(|group| (group.name, group)).collect();
        let is_new: std::collections::BTreeSet<&str> = new.iter().map(|group| group.name.as_str()).collect();
        let mut diff = Self::default();
        for group in new {
            match in_use.get(group.name.as_str()) {
                None => diff.added.push(group.name.clone()),
                Some(old) if !same_group(old, group) => diff.changed.push(group.name.clone()),
                Some(_) => {}
            }
        }
        let removed = active.iter().filter(|group| !is_new.contains(group.name));
        diff.removed = removed.map(|group| group.name.to_owned()).collect();
        diff
    }
}

fn same_group(old: &ActiveGroup<'_>, new: &GroupSettings) -> bool {
    old.priority == new.priority
        && old.processes.len() == new.processes.len()
        && old.processes.iter().zip(&new.processes).all(|(old, new)| same_program(old, new))
        && same_listener(old.listener, new.listener.as_ref())
}

fn same_listener(old: Option<&ListenerSettings>, new: Option<&ListenerSettings>) -> bool {
    let (Some(old), Some(new)) = (old, new) else { return old.is_none() == new.is_none() };
    // Taken apart, so that a new field is not forgotten here.
    let ListenerSettings { events, buffer_size, result_handler } = old;
    same_set(events, &new.events) && *buffer_size == new.buffer_size && *result_handler == new.result_handler
}

fn same_set(old: &[String], new: &[String]) -> bool {
    old.iter().all(|item| new.contains(item)) && new.iter().all(|item| old.contains(item))
}

fn same_program(old: &ProgramSettings, new: &ProgramSettings) -> bool {
    let ProgramSettings {
        name,
        command,
        directory,
        umask,
        priority,
        autostart,
        autorestart,
        startsecs,
        startretries,
        user,
        stopsignal,
        stopwaitsecs,
        stopasgroup,
        killasgroup,
        exitcodes,
        redirect_stderr,
        environment,
        serverurl,
        stdout,
        stderr,
        fcgi_socket,
    } = old;
    *name == new.name
        && *command == new.command
        && *directory == new.directory
        && *umask == new.umask
        && *priority == new.priority
        && *autostart == new.autostart
        && *autorestart == new.autorestart
        && *startsecs == new.startsecs
        && *startretries == new.startretries
        && *user == new.user
        && *stopsignal == new.stopsignal
        && *stopwaitsecs == new.stopwaitsecs
        && *stopasgroup == new.stopasgroup
        && *killasgroup == new.killasgroup
        && *exitcodes == new.exitcodes
        && *redirect_stderr == new.redirect_stderr
        && same_environment(environment, &new.environment)
        && *serverurl == new.serverurl
        && same_output(stdout, &new.stdout)
        && same_output(stderr, &new.stderr)
        && same_socket(fcgi_socket.as_ref(), new.fcgi_socket.as_ref())
}

fn same_environment(old: &EnvironmentVariables, new: &EnvironmentVariables) -> bool {
    // The last of several variables of one name wins.
    let by_name = |variables: &EnvironmentVariables| -> std::collections::BTreeMap<String, String> {
        variables.iter().cloned().collect()
    };
    old == new || by_name(old) == by_name(new)
}

fn same_output(old: &OutputSettings, new: &OutputSettings) -> bool {
    let OutputSettings { logfile, maxbytes, backups, capture_maxbytes, events_enabled, syslog } = old;
    let is_automatic = [logfile, &new.logfile].contains(&&LogTarget::Automatic);
    (is_automatic || *logfile == new.logfile)
        && *maxbytes == new.maxbytes
        && *backups == new.backups
        && *capture_maxbytes == new.capture_maxbytes
        && *events_enabled == new.events_enabled
        && *syslog == new.syslog
}

fn same_socket(old: Option<&FcgiSocketSettings>, new: Option<&FcgiSocketSettings>) -> bool {
    match (old.map(|socket| &socket.address), new.map(|socket| &socket.address)) {
        (Some(FcgiAddress::Unix { path: old, .. }), Some(FcgiAddress::Unix { path: new, .. })) => old == new,
        (old, new) => old == new,
    }
}
