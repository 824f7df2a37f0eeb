//! A server on a thread of its own with a pretended daemon behind it, and a client that works on raw bytes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(dead_code, unreachable_pub, reason = "every test file uses its own part of this")]

use std::cell::RefCell;
use std::fmt;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::{Arc, Condvar, Mutex, mpsc as channel};
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use supervisor_core::config::diff::GroupDiff;
use supervisor_core::config::{HttpAddress, HttpServerSettings, LogLevel};
use supervisor_core::effect::Channel;
use supervisor_core::input::Now;
use supervisor_core::rpc::{Fault, FaultCode};
use supervisor_core::state::{Mood, ProcessState};
use supervisor_core::xml::{MethodCall, Value, write_call};
use supervisor_engine::http::{
    Answer, Asked, Backend, Foreign, ForeignAnswer, ForeignBody, ForeignRequest, Listener, LogLookupError,
    Replaced, Said, Servers, Sockets, bind_all,
};
use supervisor_engine::web::view::{AboutPage, ProcessPage, StatusPage, StatusRow};
use tokio::sync::{mpsc, oneshot};

/// Longest time that a test waits for anything.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// What the tests see of the pretended daemon; waiting for a state instead of a time.
#[derive(Default)]
pub struct Shared {
    state: Mutex<Seen>,
    changed: Condvar,
    /// Those of the servers.
    pub sockets: Sockets,
}

#[derive(Debug, Default, Clone)]
pub struct Seen {
    /// Methods called.
    pub methods: Vec<String>,
    /// Lines logged.
    pub lines: Vec<String>,
    /// Pieces that a followed log has handed over.
    pub pieces: usize,
    /// Followed logs that nobody reads any more.
    pub left: usize,
    /// How often the pretended plug-in was asked to go on.
    pub asked_again: usize,
    /// Requests that the pretended plug-in was told to forget.
    pub forgotten: Vec<u64>,
}

impl Shared {
    pub fn change(&self, how: impl FnOnce(&mut Seen)) {
        how(&mut self.state.lock().unwrap());
        self.changed.notify_all();
    }

    pub fn now(&self) -> Seen {
        self.state.lock().unwrap().clone()
    }

    pub fn wait_for(&self, wanted: impl Fn(&Seen) -> bool) -> Seen {
        let state = self.state.lock().unwrap();
        let (state, timeout) =
            self.changed.wait_timeout_while(state, PATIENCE, |seen| !wanted(seen)).unwrap();
        assert!(!timeout.timed_out(), "never seen: {state:?}");
        state.clone()
    }
}

/// The pretended daemon. Its methods: `look` (answered at once), `echo` (its argument), `fault`, `internal`, `drop` (no answer), `wait` (answered
/// by `release`), `shutdown` (ends the servers), everything else `true`.
struct Daemon {
    folder: PathBuf,
    shared: Arc<Shared>,
    waiting: RefCell<Vec<oneshot::Sender<Answer>>>,
    stop: RefCell<Option<oneshot::Sender<Duration>>>,
}

impl Backend for Daemon {
    fn look(&self, call: MethodCall) -> Result<Answer, MethodCall> {
        if call.method == "look" { Ok(Answer::Value(Value::from("seen"))) } else { Err(call) }
    }

    fn call(&self, call: MethodCall) -> oneshot::Receiver<Answer> {
        let (sender, receiver) = oneshot::channel();
        let mut sender = Some(sender);
        let answer = match call.method.as_str() {
            "echo" => Answer::Value(call.params.into_iter().next().unwrap_or(Value::Nil)),
            "fault" => Answer::Fault(Fault::with(FaultCode::BadName, "x")),
            "internal" => Answer::InternalError("it broke".to_owned()),
            "drop" => {
                sender = None;
                Answer::InternalError("it broke".to_owned())
            }
            "wait" => {
                self.waiting.borrow_mut().extend(sender.take());
                Answer::InternalError("it broke".to_owned())
            }
            "release" => {
                for waiting in self.waiting.borrow_mut().drain(..) {
                    let _ = waiting.send(Answer::Value(Value::from("released")));
                }
                Answer::Value(Value::Bool(true))
            }
            "shutdown" => {
                if let Some(stop) = self.stop.borrow_mut().take() {
                    let _ = stop.send(PATIENCE);
                }
                Answer::Value(Value::Bool(true))
            }
            _ => Answer::Value(Value::Bool(true)),
        };
        if let Some(sender) = sender {
            let _ = sender.send(answer);
        }
        self.shared.change(|seen| seen.methods.push(call.method));
        receiver
    }

    fn command(&self, method: &'static str, params: Vec<Value>) -> oneshot::Receiver<Answer> {
        self.call(MethodCall { method: method.to_owned(), params })
    }

    fn process(&self, name: &str) -> Option<ProcessPage> {
        let row = self.status().rows.into_iter().find(|row| row.namespec() == name)?;
        Some(ProcessPage {
            row,
            info: vec![("pid".into(), Value::Int(7))],
            config: vec![("command".into(), Value::from("<b>"))],
            changes: Vec::new(),
            ends: Vec::new(),
            takes_lines: true,
            logs: vec![Channel::Stdout],
        })
    }

    fn about(&self) -> AboutPage {
        let now = Now { monotonic: Duration::ZERO, wall: Duration::ZERO, utc_offset: 0 };
        AboutPage {
            identifier: "supervisor".into(),
            version: "4.3.0+rs.0.1.0".into(),
            mood: Mood::Running,
            pid: 1,
            started: Some(now),
            now,
            files: vec!["/etc/supervisord.conf".into()],
            main_log: None,
            pidfile: "/run/supervisord.pid".into(),
            groups: 2,
            processes: 2,
            servers: Vec::new(),
        }
    }

    fn staged(&self) -> GroupDiff {
        GroupDiff::default()
    }

    fn pending(&self) -> oneshot::Receiver<Result<GroupDiff, String>> {
        let (sender, receiver) = oneshot::channel();
        let _ = sender.send(Err("x".to_owned()));
        receiver
    }

    fn log_path(&self, name: &str, channel: Channel) -> Result<PathBuf, LogLookupError> {
        match name {
            "nolog" => Err(LogLookupError::NoLog),
            "missing" => Ok(self.folder.join("missing")),
            "a" | "a:a" | "flood" => Ok(self.folder.join(format!("{name}-{}.log", channel.name()))),
            _ => Err(LogLookupError::NoSuchProcess),
        }
    }

    fn main_log(&self) -> Option<PathBuf> {
        Some(self.folder.join("a-stdout.log"))
    }

    /// `flood` sends as much as is taken, other logs one line.
    fn follow(&self, path: &Path, _: u64) -> mpsc::Receiver<Bytes> {
        let (sender, receiver) = mpsc::channel(2);
        let flood = path.ends_with("flood-stdout.log");
        let shared = Arc::clone(&self.shared);
        tokio::task::spawn_local(async move {
            let piece =
                if flood { Bytes::from(vec![b'x'; 16 * 1024]) } else { Bytes::from_static(b"hello\n") };
            while sender.send(piece.clone()).await.is_ok() {
                shared.change(|seen| seen.pieces += 1);
                if !flood {
                    sender.closed().await;
                }
            }
            shared.change(|seen| seen.left += 1);
        });
        receiver
    }

    fn status(&self) -> StatusPage {
        let row = |group: &str, name: &str, state, description: &str| StatusRow {
            name: name.into(),
            group: group.into(),
            state,
            description: description.into(),
            pid: 7,
            up: Some(9),
            started: 1,
            restarts: 0,
        };
        StatusPage {
            identifier: "supervisor".into(),
            version: "4.3.0+rs.0.1.0".into(),
            mood: Mood::Running,
            now: 10,
            rows: vec![
                row("g", "b", ProcessState::Stopped, "Not started"),
                row("a", "a", ProcessState::Running, "pid 7, uptime 0:00:09"),
            ],
        }
    }

    fn log(&self, level: LogLevel, message: fmt::Arguments<'_>) {
        self.shared.change(|seen| seen.lines.push(format!("{} {message}", level.label())));
    }
}

/// The pages of the pretended plug-in.
const PAGES: [&str; 5] = ["echo.html", "never.html", "endless.html", "odd.html", "gone.html"];

/// The number of a request that is never done.
pub const NEVER: u64 = 1;

/// The number of a request whose answer has no end.
pub const ENDLESS: u64 = 2;

/// The pretended plug-in: `echo.html` tells the request, `never.html` is never done, `endless.html` has a body without
/// end, `odd.html` answers with a header that is none, and nobody answers for `gone.html`.
fn plugin(asked: Asked, shared: &Shared) {
    let answer = |status, headers: &[(&str, &str)], body| {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Said::Answer(ForeignAnswer { status, headers: headers.iter().map(owned).collect(), body })
    };
    match asked {
        Asked::Begin(request, reply) => {
            let ForeignRequest { method, target, headers, body, .. } = &*request;
            let _ = reply.send(match target.split('?').next() {
                Some("/echo.html") => {
                    let told = format!("{method} {target} {} {}", headers.join("|"), body.len());
                    let headers = [("Content-Length", "99"), ("X-Own", "yes"), ("Server", "mine")];
                    answer(201, &headers, ForeignBody::Whole(told.into_bytes()))
                }
                Some("/endless.html") => answer(200, &[], ForeignBody::Pieces(ENDLESS)),
                Some("/odd.html") => answer(200, &[("X-Odd", "a\nb")], ForeignBody::Standard),
                Some("/gone.html") => return,
                _ => Said::Later(NEVER, Some(Duration::from_millis(1))),
            });
        }
        Asked::GoOn(number, reply) => {
            shared.change(|seen| seen.asked_again += 1);
            let _ = reply.send(match number {
                ENDLESS => Said::Piece(vec![b'x'; 64 * 1024]),
                _ => Said::Later(number, Some(Duration::from_millis(1))),
            });
        }
        Asked::LetGo(number) => shared.change(|seen| seen.forgotten.push(number)),
    }
}

/// A server that runs until it is dropped.
pub struct Server {
    pub shared: Arc<Shared>,
    pub folder: tempfile::TempDir,
    pub address: Option<SocketAddr>,
    stop: Option<oneshot::Sender<Duration>>,
    thread: Option<JoinHandle<()>>,
}

pub const USER: Option<(&str, &str)> = Some(("user", "thepassword"));

pub fn unix_settings(path: &Path) -> HttpServerSettings {
    HttpServerSettings {
        section: "unix_http_server".into(),
        address: HttpAddress::Unix { path: path.to_owned(), mode: 0o700, owner: None },
        credentials: None,
        allow_get_actions: false,
    }
}

pub fn inet_settings(host: &str, port: u16) -> HttpServerSettings {
    HttpServerSettings {
        section: "inet_http_server".into(),
        address: HttpAddress::Inet { host: host.into(), port },
        credentials: None,
        allow_get_actions: false,
    }
}

impl Server {
    /// On a unix socket and on a TCP port that the system chooses.
    pub fn start() -> Self {
        Self::with(None)
    }

    pub fn with(credentials: Option<(&str, &str)>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a-stdout.log", "a-stderr.log", "a:a-stdout.log", "flood-stdout.log"] {
            std::fs::write(folder.path().join(name), "hello\n").unwrap();
        }
        let mut settings = [inet_settings("127.0.0.1", 0), unix_settings(&folder.path().join("s.sock"))];
        for settings in &mut settings {
            settings.credentials = credentials.map(|(user, password)| (user.into(), password.into()));
        }
        let listeners = bind_all(&settings).unwrap();
        let address = listeners.iter().find_map(Listener::tcp_address);
        let shared = Arc::new(Shared::default());
        let (stop, stopped) = oneshot::channel();
        let (started, ready) = channel::channel();
        let thread = std::thread::spawn({
            let (shared, folder) = (Arc::clone(&shared), folder.path().to_owned());
            move || serve(listeners, shared, folder, stopped, &started)
        });
        ready.recv_timeout(PATIENCE).unwrap();
        Self { shared, folder, address, stop: Some(stop), thread: Some(thread) }
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("s.sock")
    }

    /// A connection to the unix socket.
    pub fn connect(&self) -> Client<UnixStream> {
        let stream = UnixStream::connect(self.path()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        Client(BufReader::new(stream))
    }

    /// A connection to the TCP port.
    pub fn connect_tcp(&self) -> Client<TcpStream> {
        let stream = TcpStream::connect(self.address.unwrap()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Client(BufReader::new(stream))
    }

    /// One request on a connection of its own.
    pub fn ask(&self, request: &[u8]) -> Reply {
        self.connect().ask(request)
    }

    /// Ends the servers as the daemon does, and waits for it.
    pub fn stop(&mut self, grace: Duration) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(grace);
        }
        self.join();
    }

    /// Waits until the servers have ended.
    pub fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop(Duration::ZERO);
    }
}

fn serve(
    listeners: Vec<Listener>,
    shared: Arc<Shared>,
    folder: PathBuf,
    stopped: oneshot::Receiver<Duration>,
    started: &channel::Sender<()>,
) {
    let port = listeners.iter().find_map(Listener::tcp_address).unwrap().port();
    let again = [inet_settings("127.0.0.1", port), unix_settings(&folder.join("s.sock"))];
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let plugged = Arc::clone(&shared);
    let sockets = shared.sockets.clone();
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let (stop, asked) = oneshot::channel();
        let daemon: Rc<dyn Backend> =
            Rc::new(Daemon { folder, shared, waiting: RefCell::default(), stop: RefCell::new(Some(stop)) });
        let foreign = Foreign::new(move |asked| plugin(asked, &plugged), sockets);
        let pages = PAGES.into_iter().map(str::to_owned).collect();
        foreign.replace(Some(Rc::new(Replaced { pages, servers: Vec::new() })));
        let servers = Servers::start(listeners, &daemon, &foreign).unwrap();
        started.send(()).unwrap();
        let grace = tokio::select! {
            grace = stopped => grace.unwrap(),
            grace = asked => grace.unwrap(),
        };
        servers.shutdown(grace).await;
        // As a reload does: whoever waited for the end can listen there again at once.
        bind_all(&again).unwrap().into_iter().for_each(Listener::close);
    });
}

/// An answer, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Status line and headers, without the `Date`, each line with its end.
    pub head: String,
    pub body: String,
}

impl Reply {
    pub fn status(&self) -> u16 {
        self.head.split(' ').nth(1).unwrap().parse().unwrap()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

pub struct Client<S>(pub BufReader<S>);

impl<S: Read + Write> Client<S> {
    pub fn send(&mut self, request: &[u8]) {
        self.0.get_mut().write_all(request).unwrap();
    }

    pub fn ask(&mut self, request: &[u8]) -> Reply {
        self.send(request);
        self.reply()
    }

    /// Status line and headers of the next answer.
    pub fn head(&mut self) -> String {
        let mut head = String::new();
        loop {
            let mut line = String::new();
            assert_ne!(self.0.read_line(&mut line).unwrap(), 0, "no more answers after {head:?}");
            if line == "\r\n" {
                return head;
            }
            if !line.starts_with("Date: ") {
                head.push_str(&line);
            }
        }
    }

    /// The next answer; its body must have a known length.
    pub fn reply(&mut self) -> Reply {
        let head = self.head();
        let mut reply = Reply { head, body: String::new() };
        let length = reply.header("Content-Length").map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).unwrap();
        reply.body = String::from_utf8(body).unwrap();
        reply
    }

    /// The next piece of a chunked body; `None` at its end.
    pub fn chunk(&mut self) -> Option<Vec<u8>> {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        let length = usize::from_str_radix(line.trim_end(), 16).unwrap();
        let mut chunk = vec![0; length + 2];
        self.0.read_exact(&mut chunk).unwrap();
        assert!(chunk.ends_with(b"\r\n"));
        chunk.truncate(length);
        (length > 0).then_some(chunk)
    }

    /// Everything up to the end of the connection; a reset counts as its end.
    pub fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        if let Err(error) = self.0.read_to_end(&mut rest) {
            assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
        }
        rest
    }
}

pub fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").into_bytes()
}

/// A method call with the headers that clients send, and `extra` ones.
pub fn call_with(method: &str, params: &[Value], extra: &str) -> Vec<u8> {
    post(&write_call(method, params), extra)
}

pub fn call(method: &str) -> Vec<u8> {
    call_with(method, &[], "")
}

pub fn post(body: &str, extra: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "POST /RPC2 HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/xml\r\nContent-Length: {length}\r\n\
         {extra}\r\n{body}"
    )
    .into_bytes()
}

/// The original's error page.
pub fn error_page(code: u16, reason: &str) -> String {
    format!(
        "<head>\r\n<title>Error response</title>\r\n</head>\r\n<body>\r\n<h1>Error response</h1>\r\n\
         <p>Error code {code}.\r\n<p>Message: {reason}.\r\n</body>\r\n"
    )
}
