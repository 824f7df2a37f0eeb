//! What more can be said when there is no talking to a server, for a person: the sentences that scripts know
//! are said before, on standard output.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::Pid;
use supervisor_core::config::{HttpAddress, Overrides, Settings, read};
use supervisor_engine::files::RealSystem;

use crate::client::{ClientError, Endpoint, ServerAddress};

/// What is wrong, as far as it can be found out; `None` when the error says it all.
///
/// `config_file` is where the daemon of this machine is configured, if it is known.
pub(super) fn explain(error: &ClientError, endpoint: &Endpoint, config_file: Option<&str>) -> Option<String> {
    let url = &endpoint.server_url;
    match error {
        ClientError::Http { status: 401, .. } | ClientError::Fault { .. } => None,
        ClientError::Http { .. } | ClientError::Malformed(_) => {
            Some(format!("{url} answers, but not as supervisord does: is it another server?"))
        }
        ClientError::Io(_) => {
            let Ok(ServerAddress::Unix(path)) = endpoint.address() else { return None };
            if error.is_forbidden() {
                return Some(forbidden(&path));
            }
            let pid = running_daemon(config_file?, &path)?;
            if error.is_missing() {
                Some(format!(
                    "supervisord runs (pid {pid}), but its socket {} is gone: kill -USR2 {pid} has it made again, \
                     unless the original runs, which has to be started again",
                    path.display()
                ))
            } else if error.is_refused() {
                Some(format!(
                    "supervisord runs (pid {pid}), but does not listen on {}: it may be starting or ending",
                    path.display()
                ))
            } else {
                None
            }
        }
        ClientError::Address(_)
        | ClientError::Resolve { .. }
        | ClientError::Disconnected
        | ClientError::Interrupted => None,
    }
}

/// Who may use a socket.
fn forbidden(path: &Path) -> String {
    let Ok(metadata) = fs::metadata(path) else {
        return format!("this user may not look into the folder of {}", path.display());
    };
    format!(
        "this user may not use the socket {} (owner {}, group {}, mode {:04o}): see chmod and chown in \
         [unix_http_server], or use sudo",
        path.display(),
        metadata.uid(),
        metadata.gid(),
        metadata.mode() & 0o7777
    )
}

/// The pid of the daemon that is configured to listen on this socket, if it runs.
fn running_daemon(config_file: &str, socket: &Path) -> Option<i32> {
    let settings = read(&RealSystem, config_file, &Overrides::default()).ok()?;
    if !listens_on(&settings, socket) {
        return None;
    }
    let pid =
        fs::read_to_string(&settings.daemon.pidfile).ok()?.trim().parse().ok().filter(|pid| *pid > 0)?;
    let is_there = matches!(kill(Pid::from_raw(pid), None), Ok(()) | Err(Errno::EPERM));
    is_there.then_some(pid)
}

fn listens_on(settings: &Settings, socket: &Path) -> bool {
    settings
        .http_servers
        .iter()
        .any(|server| matches!(&server.address, HttpAddress::Unix { path, .. } if Path::new(path) == socket))
}
