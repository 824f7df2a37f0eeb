//! Accepting connections, counting them, and ending them all.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use supervisor_core::config::{HttpAddress, LogLevel};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::sync::{Notify, watch};
use tokio::task::{AbortHandle, JoinHandle, spawn_local};
use tokio::time::{sleep, timeout};

use super::auth::Credentials;
use super::backend::Backend;
use super::bind::{BindError, Listener, Socket, bind_unix};
use super::connection::{self, Activity, Ending};
use super::foreign::Foreign;
use super::limits;
use super::pages::Pages;
use super::route::{self, Site};
use super::sockets::Sockets;
use super::stream::{Stream, watch_socket};
use super::vanished;
use crate::unix_path::{Found, OwnPath};

/// Running servers. Dropping this ends them as well, but nobody knows when, and the sockets' paths stay behind: use
/// [`Servers::shutdown`].
pub struct Servers {
    accepting: Rc<RefCell<Vec<Server>>>,
    connections: Rc<Connections>,
    ending: watch::Sender<bool>,
    recheck: Rc<Notify>,
    watching: Option<AbortHandle>,
}

/// One server: the task that accepts its connections, and what it takes to begin anew.
pub(super) struct Server {
    accepting: Accepting,
    address: HttpAddress,
    path: Option<OwnPath>,
    site: Rc<Site>,
    connections: Rc<Connections>,
}

impl Server {
    /// The path of a unix socket that is not there any more.
    pub(super) fn vanished(&self) -> Option<&Path> {
        self.path.as_ref().filter(|path| path.look() == Found::Nothing).map(OwnPath::path)
    }

    /// The path of a unix socket.
    pub(super) fn path(&self) -> Option<&Path> {
        self.path.as_ref().map(OwnPath::path)
    }

    /// Makes the unix socket anew and accepts there; connections that are open stay.
    pub(super) fn bind_again(&mut self) -> Result<(), BindError> {
        let HttpAddress::Unix { path, mode, owner } = &self.address else { return Ok(()) };
        let (listener, path) = bind_unix(path, *mode, *owner)?;
        self.accepting = accept_on(Socket::Unix(listener), &self.connections, &self.site)?;
        self.path = Some(path);
        Ok(())
    }
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
    pub fn start(
        listeners: Vec<Listener>,
        backend: &Rc<dyn Backend>,
        foreign: &Rc<Foreign>,
    ) -> io::Result<Self> {
        let (ending, shutdown) = watch::channel(false);
        let connections = Rc::new(Connections::new(limits::max_connections(), foreign.sockets().clone()));
        let pages = Pages::new(backend);
        let mut servers = Vec::new();
        let mut failure = None;
        for (number, listener) in listeners.into_iter().enumerate() {
            // Those after a failure are closed with it.
            if failure.is_some() {
                listener.close();
                continue;
            }
            let Listener { section: _, credentials, allow_get_actions, socket, path, address } = listener;
            let credentials = credentials.map(|(user, password)| Credentials::new(&user, &password));
            let site = Rc::new(Site {
                number,
                backend: Rc::clone(backend),
                credentials,
                allow_get_actions,
                pages: Rc::clone(&pages),
                foreign: Rc::clone(foreign),
                shutdown: shutdown.clone(),
            });
            match accept_on(socket, &connections, &site) {
                Ok(accepting) => {
                    let connections = Rc::clone(&connections);
                    servers.push(Server { accepting, address, path, site, connections });
                }
                Err(error) => {
                    path.iter().for_each(OwnPath::remove);
                    failure = Some(error);
                }
            }
        }
        if let Some(error) = failure {
            servers.iter().filter_map(|server| server.path.as_ref()).for_each(OwnPath::remove);
            return Err(error);
        }
        let accepting = Rc::new(RefCell::new(servers));
        Ok(Self { accepting, connections, ending, recheck: Rc::default(), watching: None })
    }

    /// From now on, unix sockets whose paths vanish are bound again, at once where the system tells of it, else when
    /// the returned handle is notified. Lines for the main log are given to `say`.
    pub fn bind_vanished_again(&mut self, say: impl Fn(LogLevel, &str) + 'static) -> Rc<Notify> {
        let watching =
            spawn_local(vanished::watch(Rc::clone(&self.accepting), Rc::clone(&self.recheck), say));
        if let Some(before) = self.watching.replace(watching.abort_handle()) {
            before.abort();
        }
        Rc::clone(&self.recheck)
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
        let Self { accepting, connections, ending, watching, .. } = self;
        if let Some(watching) = watching {
            watching.abort();
        }
        let servers = std::mem::take(&mut *accepting.borrow_mut());
        for server in servers {
            server.accepting.end().await;
            server.path.iter().for_each(OwnPath::remove);
        }
        // Nobody listens when no answer is endless.
        let _ = ending.send(true);
        connections.end_all();
        if timeout(grace, connections.all_closed()).await.is_err() {
            connections.abort_all();
            connections.all_closed().await;
        }
    }
}

/// Begins to accept on a socket.
fn accept_on(socket: Socket, connections: &Rc<Connections>, site: &Rc<Site>) -> io::Result<Accepting> {
    let (connections, site) = (Rc::clone(connections), Rc::clone(site));
    socket.prepare()?;
    let socket = Arc::new(socket);
    connections.sockets.listen(&socket);
    let socket = watch_socket(socket, Interest::READABLE)?;
    let mut closing = connections.sockets.closing();
    Ok(Accepting(spawn_local(async move {
        tokio::select! {
            biased;
            _ = closing.wait_for(|&closing| closing) => {}
            () = accept(&connections, &site, &socket) => {}
        }
    })))
}

async fn accept(connections: &Rc<Connections>, site: &Rc<Site>, socket: &AsyncFd<Arc<Socket>>) {
    loop {
        match socket.async_io(Interest::READABLE, |socket| socket.accept()).await {
            Ok((client, peer)) => connections.begin(Stream::new(client), peer, site),
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
    sockets: Sockets,
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
        self.connections.sockets.disconnect(self.number);
        self.connections.closed.notify_waiters();
    }
}

impl Connections {
    fn new(most: usize, sockets: Sockets) -> Self {
        Self { open: RefCell::default(), next: Cell::new(0), most, closed: Notify::new(), sockets }
    }

    fn begin(self: &Rc<Self>, stream: Stream, peer: Option<SocketAddr>, site: &Rc<Site>) {
        if self.open.borrow().len() >= self.most && !self.evict_one() {
            // Everybody is busy: the newcomer has to come again.
            return;
        }
        let number = self.next.replace(self.next.get() + 1);
        let activity = Activity::new();
        let entry = Entry { connections: Rc::clone(self), number };
        self.sockets.connect(number, stream.socket());
        self.open.borrow_mut().insert(number, Connection { activity: Rc::clone(&activity), task: None });
        let site = Rc::clone(site);
        let task = spawn_local(async move {
            let _entry = entry;
            connection::serve(stream, activity, |request, in_flight| {
                route::handle(Rc::clone(&site), peer, request, in_flight)
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
        longest.end(Ending::AtOnce);
        true
    }

    /// Asks all to end when their answers in flight are handed over.
    fn end_all(&self) {
        self.open.borrow().values().for_each(|connection| connection.activity.end(Ending::Gracefully));
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
