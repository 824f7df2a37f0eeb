//! Accepting connections, counting them, and ending them all.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use nix::sys::socket::{setsockopt, sockopt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixListener};
use tokio::sync::{Notify, watch};
use tokio::task::{AbortHandle, JoinHandle, spawn_local};
use tokio::time::{sleep, timeout};

use super::auth::Credentials;
use super::backend::Backend;
use super::bind::{Listener, Socket};
use super::connection::{self, Activity};
use super::limits;
use super::route::{self, Site};
use crate::unix_path::OwnPath;

/// Running servers. Dropping this ends them as well, but nobody knows when, and the sockets' paths stay behind: use
/// [`Servers::shutdown`].
pub struct Servers {
    accepting: Vec<Accepting>,
    paths: Vec<OwnPath>,
    connections: Rc<Connections>,
    ending: watch::Sender<bool>,
}

/// A task that accepts connections; it ends with this.
struct Accepting(JoinHandle<()>);

impl Accepting {
    /// Ends the task and waits until its socket is closed, so that another can listen in its place.
    async fn end(mut self) {
        self.0.abort();
        // However it ended, it is over.
        let _ = (&mut self.0).await;
    }
}

impl Drop for Accepting {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Servers {
    /// Begins to answer on all listeners. Must be called within a tokio runtime with timers and inside a
    /// `LocalSet`; everything runs on that thread.
    ///
    /// # Errors
    /// When a listener cannot be handed to the runtime.
    pub fn start(listeners: Vec<Listener>, backend: &Rc<dyn Backend>) -> io::Result<Self> {
        let (ending, shutdown) = watch::channel(false);
        let connections = Rc::new(Connections::new(limits::max_connections()));
        let mut servers = Self { accepting: Vec::new(), paths: Vec::new(), connections, ending };
        for mut listener in listeners {
            servers.paths.extend(listener.path.take());
            if let Err(error) = servers.add(listener, backend, &shutdown) {
                servers.paths.iter().for_each(OwnPath::remove);
                return Err(error);
            }
        }
        Ok(servers)
    }

    fn add(
        &mut self,
        listener: Listener,
        backend: &Rc<dyn Backend>,
        shutdown: &watch::Receiver<bool>,
    ) -> io::Result<()> {
        let credentials =
            listener.credentials.as_ref().map(|(user, password)| Credentials::new(user, password));
        let site = Rc::new(Site { backend: Rc::clone(backend), credentials, shutdown: shutdown.clone() });
        let connections = Rc::clone(&self.connections);
        let task = match listener.socket {
            Socket::Unix(socket) => {
                socket.set_nonblocking(true)?;
                let socket = UnixListener::from_std(socket)?;
                spawn_local(async move {
                    accept(&connections, &site, async || Ok(socket.accept().await?.0)).await;
                })
            }
            Socket::Tcp(socket) => {
                socket.set_nonblocking(true)?;
                let socket = TcpListener::from_std(socket)?;
                spawn_local(async move {
                    accept(&connections, &site, async || Ok(prepared(socket.accept().await?.0))).await;
                })
            }
        };
        self.accepting.push(Accepting(task));
        Ok(())
    }

    /// How many connections are open.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.connections.open.borrow().len()
    }

    /// Ends all servers: stops accepting and removes the sockets' paths, closes idle connections, ends endless
    /// answers, and waits until the others in flight have reached their clients, at most for `grace`. What is
    /// left then is closed. Answers that nobody will give any more should have been dropped before
    /// ([`Backend::call`]), or they use the whole time up.
    pub async fn shutdown(self, grace: Duration) {
        let Self { accepting, paths, connections, ending } = self;
        for task in accepting {
            task.end().await;
        }
        paths.iter().for_each(OwnPath::remove);
        // Nobody listens when no connection is open.
        let _ = ending.send(true);
        if timeout(grace, connections.all_closed()).await.is_err() {
            connections.abort_all();
            connections.all_closed().await;
        }
    }
}

/// Clients that vanish without a word are found out by the system; small answers go at once.
fn prepared(stream: TcpStream) -> TcpStream {
    // A connection without these options works as well.
    let _ = stream.set_nodelay(true);
    let _ = setsockopt(&stream, sockopt::KeepAlive, &true);
    stream
}

async fn accept<S, F>(connections: &Rc<Connections>, site: &Rc<Site>, mut next: impl FnMut() -> F)
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
    F: Future<Output = io::Result<S>>,
{
    loop {
        match next().await {
            Ok(stream) => connections.begin(stream, site),
            // The client left again before it was accepted.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            // Out of descriptors or memory: the connection stays in the queue, so asking again at once would
            // only turn in circles.
            Err(_) => sleep(limits::ACCEPT_PAUSE).await,
        }
    }
}

/// All open connections of all servers.
struct Connections {
    open: RefCell<BTreeMap<u64, Connection>>,
    next: Cell<u64>,
    most: usize,
    closed: Notify,
}

struct Connection {
    activity: Rc<Activity>,
    task: Option<AbortHandle>,
}

/// Takes a connection off the list when its task ends, in whatever way.
struct Entry {
    connections: Rc<Connections>,
    number: u64,
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.connections.open.borrow_mut().remove(&self.number);
        self.connections.closed.notify_waiters();
    }
}

impl Connections {
    fn new(most: usize) -> Self {
        Self { open: RefCell::default(), next: Cell::new(0), most, closed: Notify::new() }
    }

    fn begin<S>(self: &Rc<Self>, stream: S, site: &Rc<Site>)
    where
        S: AsyncRead + AsyncWrite + Unpin + 'static,
    {
        if self.open.borrow().len() >= self.most && !self.evict_one() {
            // Everybody is busy: the newcomer has to come again.
            return;
        }
        let number = self.next.replace(self.next.get() + 1);
        let activity = Activity::new();
        let entry = Entry { connections: Rc::clone(self), number };
        self.open.borrow_mut().insert(number, Connection { activity: Rc::clone(&activity), task: None });
        let site = Rc::clone(site);
        let task = spawn_local(async move {
            let _entry = entry;
            let shutdown = site.shutdown.clone();
            connection::serve(stream, activity, shutdown, |request, in_flight| {
                route::handle(Rc::clone(&site), request, in_flight)
            })
            .await;
        });
        if let Some(connection) = self.open.borrow_mut().get_mut(&number) {
            connection.task = Some(task.abort_handle());
        }
    }

    /// Closes the connection that has been idle for longest, if there is one.
    fn evict_one(&self) -> bool {
        let open = self.open.borrow();
        let idle = open.values().filter_map(|connection| {
            connection.activity.evictable_since().map(|since| (since, &connection.activity))
        });
        let Some((_, longest)) = idle.min_by_key(|(since, _)| *since) else { return false };
        longest.evict();
        true
    }

    async fn all_closed(&self) {
        loop {
            let closed = self.closed.notified();
            if self.open.borrow().is_empty() {
                return;
            }
            closed.await;
        }
    }

    fn abort_all(&self) {
        for connection in self.open.borrow().values() {
            if let Some(task) = &connection.task {
                task.abort();
            }
        }
    }
}
