//! What the engine needs to know to spawn a process.

use crate::config::HttpAddress;
use crate::core::Core;
use crate::effect::{Effect, SpawnPlan};
use crate::expand;
use crate::input::Now;
use crate::outbox::Outbox;
use crate::process::Process;

impl Core {
    /// Turns processes that just became STARTING into plans for the engine.
    pub(crate) fn plan_spawns(&mut self, now: Now, outbox: &mut Outbox) {
        // A plan that fails makes its process wait for the next try, so this ends.
        while let Some(id) = outbox.spawn_wanted.pop_front() {
            let Some(process) = self.processes.get(&id) else { continue };
            match self.words_of(process) {
                Ok(argv) => {
                    let plan = self.spawn_plan(process, argv);
                    outbox.effects.push(Effect::Spawn(Box::new(plan)));
                }
                Err(message) => {
                    let around = self.circumstances(now);
                    self.with(id, |process| {
                        process.fail_to_spawn(message, now, outbox);
                        process.settle(around, outbox);
                    });
                }
            }
        }
    }

    /// The words of a process' command, or what is wrong with it.
    pub(crate) fn words_of(&self, process: &Process) -> Result<Vec<String>, String> {
        words(&process.config.command)
    }

    fn spawn_plan(&self, process: &Process, argv: Vec<String>) -> SpawnPlan {
        let config = &process.config;
        let mut environment = vec![("SUPERVISOR_ENABLED".to_owned(), "1".to_owned())];
        if let Some(url) = config.serverurl.clone().or_else(|| self.server_url()) {
            environment.push(("SUPERVISOR_SERVER_URL".to_owned(), url));
        }
        environment.push(("SUPERVISOR_PROCESS_NAME".to_owned(), config.name.clone()));
        environment.push(("SUPERVISOR_GROUP_NAME".to_owned(), process.group.clone()));
        environment.extend(config.environment.iter().cloned());
        SpawnPlan {
            process: process.id,
            name: config.name.clone(),
            group: process.group.clone(),
            argv,
            path: configured_path(&config.environment),
            environment,
            directory: config.directory.clone(),
            umask: config.umask,
            user: config.user,
            socket: config.fcgi_socket.clone(),
            redirect_stderr: config.redirect_stderr,
            stdout: config.stdout.clone(),
            stderr: config.stderr.clone(),
            strip_ansi: self.settings.daemon.strip_ansi,
            is_listener: self.pools.contains_key(&process.group),
        }
    }

    /// `SUPERVISOR_SERVER_URL`: the first unix server, else the last inet server (parity 6).
    fn server_url(&self) -> Option<String> {
        let servers = &self.settings.http_servers;
        let unix = servers.iter().find_map(|server| match &server.address {
            HttpAddress::Unix { path, .. } => Some(format!("unix://{}", path.display())),
            HttpAddress::Inet { .. } => None,
        });
        unix.or_else(|| {
            servers.iter().rev().find_map(|server| match &server.address {
                HttpAddress::Inet { host, port } => {
                    let host = if host.is_empty() { "localhost" } else { host };
                    Some(format!("http://{host}:{port}"))
                }
                HttpAddress::Unix { .. } => None,
            })
        })
    }
}

/// The words of a command, at least one, or what is wrong with it.
pub(crate) fn words(command: &str) -> Result<Vec<String>, String> {
    let words = expand::split(command)
        .map_err(|error| format!("can't parse command {}: {error}", expand::repr(command)))?;
    if words.is_empty() { Err("command is empty".to_owned()) } else { Ok(words) }
}

/// `PATH` as a program's configuration sets it; the last one wins.
pub(crate) fn configured_path(environment: &[(String, String)]) -> Option<String> {
    environment.iter().rev().find(|(name, _)| name == "PATH").map(|(_, value)| value.clone())
}
