//! Unix sockets whose paths somebody removes: a cleaner of temporary folders, for one (traps 3).
//!
//! On Linux the system tells when a name leaves a folder, so that nothing is looked at meanwhile. Elsewhere, and for
//! a folder that was removed as a whole and made anew, the paths are looked at when the logs are reopened (SIGUSR2).

use std::cell::RefCell;
use std::rc::Rc;

use supervisor_core::config::LogLevel;
use tokio::sync::Notify;

use super::server::Server;

/// Binds sockets again whenever their paths are gone; never returns.
pub(super) async fn watch(
    servers: Rc<RefCell<Vec<Server>>>,
    recheck: Rc<Notify>,
    say: impl Fn(LogLevel, &str),
) {
    let folders = folders::Folders::new();
    loop {
        // Watched first, looked at then: what vanishes in between is seen either way.
        for path in servers.borrow().iter().filter_map(Server::path) {
            folders.watch(path);
        }
        bind_again(&mut servers.borrow_mut(), &say);
        tokio::select! {
            () = folders.name_left() => {}
            () = recheck.notified() => {}
        }
    }
}

fn bind_again(servers: &mut [Server], say: &impl Fn(LogLevel, &str)) {
    for server in servers {
        let Some(path) = server.vanished().map(|path| path.display().to_string()) else { continue };
        match server.bind_again() {
            Ok(()) => say(LogLevel::Warn, &format!("unix socket {path} was removed, bound it again")),
            Err(error) => {
                say(
                    LogLevel::Error,
                    &format!("unix socket {path} was removed and cannot be bound again: {error}"),
                );
            }
        }
    }
}

#[cfg(target_os = "linux")]
mod folders {
    use std::io;
    use std::os::fd::AsFd;
    use std::path::Path;

    use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
    use tokio::net::unix::pipe::Receiver;

    /// Bytes read at once: some dozens of events.
    const BUFFER: usize = 4096;

    /// The folders of the sockets. Without inotify, or without a watch left, nothing is told.
    pub(super) struct Folders(Option<(Inotify, Receiver)>);

    impl Folders {
        pub(super) fn new() -> Self {
            let made = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK);
            Self(made.map_err(io::Error::from).and_then(readable).ok())
        }

        /// Watches the folder of a path; once more does no harm.
        pub(super) fn watch(&self, path: &Path) {
            let Some((inotify, _)) = &self.0 else { return };
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            let flags = AddWatchFlags::IN_DELETE | AddWatchFlags::IN_MOVED_FROM;
            // A folder that is gone cannot be watched; see the module's page.
            let _ = inotify.add_watch(folder.unwrap_or(Path::new(".")), flags);
        }

        /// Waits until some names have left a watched folder. Which ones is not looked at: seeing whether a socket
        /// is there costs no more.
        pub(super) async fn name_left(&self) {
            let Some((_, events)) = &self.0 else { return std::future::pending().await };
            let mut is_told = false;
            while !is_told {
                if events.readable().await.is_err() {
                    return std::future::pending().await;
                }
                while events.try_read(&mut [0; BUFFER]).is_ok_and(|length| length > 0) {
                    is_told = true;
                }
            }
        }
    }

    /// What is read from inotify comes like bytes from a pipe.
    fn readable(inotify: Inotify) -> io::Result<(Inotify, Receiver)> {
        let receiver = Receiver::from_owned_fd_unchecked(inotify.as_fd().try_clone_to_owned()?)?;
        Ok((inotify, receiver))
    }
}

#[cfg(not(target_os = "linux"))]
mod folders {
    use std::path::Path;

    /// Nothing is told here.
    pub(super) struct Folders;

    impl Folders {
        pub(super) fn new() -> Self {
            Self
        }

        pub(super) fn watch(&self, _path: &Path) {}

        pub(super) async fn name_left(&self) {
            std::future::pending().await
        }
    }
}
