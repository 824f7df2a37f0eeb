//! Waking those who follow a log: when its own thread has written to it, and when somebody else has.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::{Rc, Weak};
use std::time::Duration;

use tokio::sync::Notify;

use super::shared::Shared;

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) use notified::Watches;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) use unnotified::Watches;

/// How often a follower looks at a log of whose changes the system does not tell.
const LOOK: Duration = Duration::from_secs(1);

/// All who follow logs, by path.
#[derive(Debug, Default)]
pub(crate) struct Followers {
    by_path: RefCell<HashMap<PathBuf, Vec<Weak<Notify>>>>,
    watches: RefCell<Watches>,
}

impl Followers {
    /// Wakes the followers of a log.
    pub(crate) fn wake(&self, path: &Path) {
        let by_path = self.by_path.borrow();
        for notify in by_path.get(path).into_iter().flatten().filter_map(Weak::upgrade) {
            notify.notify_one();
        }
    }

    #[cfg_attr(not(any(target_os = "linux", target_os = "android")), expect(dead_code))]
    fn wake_all(&self) {
        let by_path = self.by_path.borrow();
        for notify in by_path.values().flatten().filter_map(Weak::upgrade) {
            notify.notify_one();
        }
    }

    fn add(&self, path: &Path, notify: &Rc<Notify>) {
        self.by_path.borrow_mut().entry(path.to_owned()).or_default().push(Rc::downgrade(notify));
    }

    /// Forgets a follower; the last one of a path takes its watches along.
    fn remove(&self, path: &Path, notify: &Rc<Notify>) {
        let mut by_path = self.by_path.borrow_mut();
        let Some(followers) = by_path.get_mut(path) else { return };
        followers.retain(|follower| !std::ptr::eq(follower.as_ptr(), Rc::as_ptr(notify)));
        if followers.is_empty() {
            by_path.remove(path);
            self.watches.borrow_mut().forget(path);
        }
    }
}

/// One follower, until it is dropped.
pub(crate) struct Following {
    shared: Rc<Shared>,
    path: PathBuf,
    notify: Rc<Notify>,
    is_watched: Cell<bool>,
}

impl Following {
    /// Begins to follow the log at `path`.
    pub(crate) fn begin(shared: &Rc<Shared>, path: &Path) -> Self {
        let notify = Rc::new(Notify::new());
        shared.followers.add(path, &notify);
        let mut following =
            Self { shared: Rc::clone(shared), path: path.to_owned(), notify, is_watched: Cell::new(false) };
        following.renew();
        following
    }

    /// Watches the file that has the log's name now.
    pub(crate) fn renew(&mut self) {
        let is_watched = self.shared.followers.watches.borrow_mut().watch(&self.shared, &self.path);
        self.is_watched.set(is_watched);
    }

    /// Waits until it is worth another look.
    pub(crate) async fn woken(&self) {
        let woken = self.notify.notified();
        if self.is_watched.get() {
            woken.await;
        } else {
            // Woken or not, it is time to look.
            let _ = tokio::time::timeout(LOOK, woken).await;
        }
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        self.shared.followers.remove(&self.path, &self.notify);
    }
}

/// Where the system tells: one inotify instance for all followers, made with the first of them.
#[cfg(any(target_os = "linux", target_os = "android"))]
mod notified {
    use std::collections::HashMap;
    use std::ffi::OsStr;
    use std::io::{self, ErrorKind};
    use std::os::fd::AsFd;
    use std::path::{Path, PathBuf};
    use std::rc::{Rc, Weak};

    use std::os::unix::ffi::OsStrExt;

    use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify, WatchDescriptor};
    use tokio::net::unix::pipe::Receiver;
    use tokio::task::{AbortHandle, spawn_local};

    use super::Shared;

    /// Bytes of events read at a time; more than one with the longest name.
    const EVENTS: usize = 4096;

    /// What is watched: followed logs, and their folders for new files of their names.
    #[derive(Debug, Default)]
    pub(crate) struct Watches {
        instance: Option<(Rc<Inotify>, AbortHandle)>,
        files: HashMap<WatchDescriptor, Vec<PathBuf>>,
        folders: HashMap<WatchDescriptor, Vec<PathBuf>>,
    }

    impl Watches {
        /// Watches the file that has this name now, in place of one that had it. Returns whether that works.
        pub(crate) fn watch(&mut self, shared: &Rc<Shared>, path: &Path) -> bool {
            self.try_watch(shared, path).is_ok()
        }

        fn try_watch(&mut self, shared: &Rc<Shared>, path: &Path) -> io::Result<()> {
            let file_changes =
                AddWatchFlags::IN_MODIFY | AddWatchFlags::IN_ATTRIB | AddWatchFlags::IN_MOVE_SELF;
            let new_files = AddWatchFlags::IN_CREATE | AddWatchFlags::IN_MOVED_TO | AddWatchFlags::IN_ONLYDIR;
            let instance = self.instance(shared)?;
            let inotify = &*instance;
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            // What is watched already keeps its descriptor.
            let folder = inotify.add_watch(folder.unwrap_or(Path::new(".")), new_files)?;
            replace(&mut self.folders, inotify, path, Some(folder));
            let file = inotify.add_watch(path, file_changes)?;
            replace(&mut self.files, inotify, path, Some(file));
            Ok(())
        }

        /// The instance; the first call makes it.
        fn instance(&mut self, shared: &Rc<Shared>) -> io::Result<Rc<Inotify>> {
            if let Some((instance, _)) = &self.instance {
                return Ok(Rc::clone(instance));
            }
            let inotify = Inotify::init(InitFlags::IN_NONBLOCK | InitFlags::IN_CLOEXEC)?;
            // Unchecked: it is no pipe, but it is waited for and read like one.
            let events = Receiver::from_owned_fd_unchecked(inotify.as_fd().try_clone_to_owned()?)?;
            let task = spawn_local(listen(events, Rc::downgrade(shared)));
            let inotify = Rc::new(inotify);
            self.instance = Some((Rc::clone(&inotify), task.abort_handle()));
            Ok(inotify)
        }

        /// Watches nothing for this path any more.
        pub(crate) fn forget(&mut self, path: &Path) {
            let Some((instance, _)) = &self.instance else { return };
            for watches in [&mut self.files, &mut self.folders] {
                replace(watches, instance, path, None);
            }
            if self.files.is_empty()
                && self.folders.is_empty()
                && let Some((_, task)) = self.instance.take()
            {
                task.abort();
            }
        }

        /// The logs that an event is about.
        fn concerned(&self, event: &Event<'_>) -> Vec<PathBuf> {
            let of = |watches: &HashMap<WatchDescriptor, Vec<PathBuf>>| -> Vec<PathBuf> {
                let found = watches.iter().find(|(descriptor, _)| descriptor.as_raw() == event.watch);
                found.map(|(_, paths)| paths.clone()).unwrap_or_default()
            };
            let mut concerned = of(&self.files);
            concerned
                .extend(of(&self.folders).into_iter().filter(|path| path.file_name() == Some(event.name)));
            concerned
        }
    }

    /// One event as the system writes it: watch, mask, cookie and length of the name, then the name, with zeros
    /// behind it.
    struct Event<'a> {
        watch: i32,
        mask: u32,
        name: &'a OsStr,
    }

    impl<'a> Event<'a> {
        /// Takes the first event off `bytes`.
        fn take(bytes: &mut &'a [u8]) -> Option<Self> {
            let mut rest = *bytes;
            let mut word = || -> Option<[u8; 4]> {
                let (word, behind) = rest.split_first_chunk()?;
                rest = behind;
                Some(*word)
            };
            let (watch, mask, _, length) = (word()?, word()?, word()?, word()?);
            let length = usize::try_from(u32::from_ne_bytes(length)).ok()?;
            let (name, behind) = rest.split_at_checked(length)?;
            *bytes = behind;
            let name = name.split(|&byte| byte == 0).next().unwrap_or_default();
            let (watch, mask) = (i32::from_ne_bytes(watch), u32::from_ne_bytes(mask));
            Some(Self { watch, mask, name: OsStr::from_bytes(name) })
        }
    }

    /// Lets a path be watched by this descriptor and no other.
    fn replace(
        watches: &mut HashMap<WatchDescriptor, Vec<PathBuf>>,
        inotify: &Inotify,
        path: &Path,
        descriptor: Option<WatchDescriptor>,
    ) {
        if let Some(descriptor) = descriptor {
            let paths = watches.entry(descriptor).or_default();
            if !paths.iter().any(|watched| watched == path) {
                paths.push(path.to_owned());
            }
        }
        watches.retain(|&other, paths| {
            if Some(other) != descriptor {
                paths.retain(|watched| watched != path);
            }
            if paths.is_empty() {
                // The system may have ended it already, with the file.
                let _ = inotify.rm_watch(other);
            }
            !paths.is_empty()
        });
    }

    /// Wakes followers for as long as there are any.
    async fn listen(events: Receiver, shared: Weak<Shared>) {
        let mut buffer = [0; EVENTS];
        while events.readable().await.is_ok() {
            let Some(shared) = shared.upgrade() else { return };
            match events.try_read(&mut buffer) {
                Ok(count) => wake(&shared, buffer.get(..count).unwrap_or_default()),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
                Err(_) => return,
            }
            // A log that is written to all the time must not keep the others waiting.
            tokio::task::yield_now().await;
        }
    }

    fn wake(shared: &Shared, mut events: &[u8]) {
        while let Some(event) = Event::take(&mut events) {
            if event.mask & AddWatchFlags::IN_Q_OVERFLOW.bits() != 0 {
                shared.followers.wake_all();
            }
            let concerned = shared.followers.watches.borrow().concerned(&event);
            for path in concerned {
                shared.followers.wake(&path);
            }
        }
    }
}

/// Where it does not.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod unnotified {
    use std::path::Path;
    use std::rc::Rc;

    use super::Shared;

    #[derive(Debug, Default)]
    pub(crate) struct Watches;

    impl Watches {
        pub(crate) fn watch(&mut self, _: &Rc<Shared>, _: &Path) -> bool {
            false
        }

        pub(crate) fn forget(&mut self, _: &Path) {}
    }
}
