//! Handlers and pages of plug-ins: which requests are theirs, and how they are asked.
//!
//! The engine answers a request itself unless a plug-in put something in its way. Then the request, with its body,
//! goes to the loop, which calls Python; what comes back is an answer, a part of one, or the wish to be asked again.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use hyper::header::{
    CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue, SERVER, TRANSFER_ENCODING,
};
use hyper::http::request::Parts;
use hyper::{Method, StatusCode, Version};
use supervisor_core::config::LogLevel;
use tokio::sync::{mpsc, oneshot};
use tokio::task::spawn_local;
use tokio::time::sleep;

use super::body::{RequestBody, ResponseBody};
use super::connection::InFlight;
use super::origin;
use super::respond::{self, Reply};
use super::route::Site;
use super::sockets::Sockets;

/// Pieces of an answer that wait for the client.
const WAITING: usize = 2;

/// What answers a request natively.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `/RPC2`.
    Rpc,
    /// `/logtail`.
    LogTail,
    /// `/mainlogtail`.
    MainLogTail,
    /// The pages.
    Pages,
    /// Static files; also what is nothing else.
    Files,
}

impl Kind {
    /// All, as the original lists its handlers.
    pub const ALL: [Self; 5] = [Self::Rpc, Self::LogTail, Self::MainLogTail, Self::Pages, Self::Files];

    /// What plug-ins call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Rpc => "rpc",
            Self::LogTail => "logtail",
            Self::MainLogTail => "mainlogtail",
            Self::Pages => "pages",
            Self::Files => "files",
        }
    }

    /// The kind of a name; `None` is what a plug-in made.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// What plug-ins changed in the servers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Replaced {
    /// Pages that are not the engine's own any more: added, replaced or taken away.
    pub pages: BTreeSet<String>,
    /// The handlers of each server, in the order in which they are looked through; `None` is a plug-in's own. Empty
    /// where nothing was changed.
    pub servers: Vec<Vec<Option<Kind>>>,
}

impl Replaced {
    /// Whether plug-ins have to be asked about a request.
    fn concerns(&self, server: usize, kind: Kind, method: &Method, path: &str) -> bool {
        let page = if path.is_empty() { "index.html" } else { path };
        let is_page = matches!(*method, Method::GET | Method::POST) && self.pages.contains(page);
        let handlers = match self.servers.get(server) {
            Some(handlers) if !handlers.is_empty() => handlers.as_slice(),
            _ => return is_page,
        };
        for handler in handlers {
            match handler {
                None => return true,
                Some(Kind::Pages) if is_page => return true,
                Some(known) if *known == kind => return false,
                // It matches everything, and finds nothing where another one is meant.
                Some(Kind::Files) => return true,
                Some(_) => {}
            }
        }
        true
    }
}

/// A request as plug-ins see it.
#[derive(Debug)]
pub struct ForeignRequest {
    /// Which server, counted from 0.
    pub server: usize,
    /// What would answer it natively.
    pub kind: Kind,
    /// Its method.
    pub method: String,
    /// Path and query as the client sent them.
    pub target: String,
    /// `1.0` or `1.1`.
    pub version: &'static str,
    /// `Name: value`.
    pub headers: Vec<String>,
    /// The whole body.
    pub body: Bytes,
    /// Address and port of the client; `None` over a unix socket.
    pub peer: Option<(String, u16)>,
}

/// The body of a plug-in's answer.
#[derive(Debug)]
pub enum ForeignBody {
    /// The page that goes with an error of this status.
    Standard,
    /// All of it.
    Whole(Vec<u8>),
    /// It comes in pieces: [`Asked::GoOn`] with this number.
    Pieces(u64),
    /// A log, followed from so many bytes before its end.
    Log(PathBuf, u64),
}

/// The answer of a plug-in.
#[derive(Debug)]
pub struct ForeignAnswer {
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: ForeignBody,
}

/// What a plug-in says when it is asked.
#[derive(Debug)]
pub enum Said {
    /// The engine's own handler is to answer.
    Native,
    /// The answer.
    Answer(ForeignAnswer),
    /// The next piece of a body; nothing at its end.
    Piece(Vec<u8>),
    /// Not yet: to be asked again by this number, after this time; without one, at once, which is answered when
    /// there is something.
    Later(u64, Option<Duration>),
    /// It failed; the text is for the main log.
    Failed(String),
}

impl Said {
    /// The number of the request, where a plug-in keeps it for somebody who asks again.
    #[must_use]
    pub fn number(&self) -> Option<u64> {
        match self {
            Self::Later(number, _)
            | Self::Answer(ForeignAnswer { body: ForeignBody::Pieces(number), .. }) => Some(*number),
            _ => None,
        }
    }
}

/// What connections ask of plug-ins, through the loop.
#[derive(Debug)]
pub enum Asked {
    /// A new request.
    Begin(Box<ForeignRequest>, oneshot::Sender<Said>),
    /// More about the request of a number.
    GoOn(u64, oneshot::Sender<Said>),
    /// Nobody waits for more about the request of a number.
    LetGo(u64),
}

/// What the servers and the loop share about plug-ins.
pub struct Foreign {
    replaced: RefCell<Option<Rc<Replaced>>>,
    ask: Box<dyn Fn(Asked)>,
    sockets: Sockets,
}

impl Foreign {
    /// Nothing is replaced yet. `ask` hands over to the loop; `sockets` is where the servers put what may be shut down.
    pub fn new(ask: impl Fn(Asked) + 'static, sockets: Sockets) -> Rc<Self> {
        Rc::new(Self { replaced: RefCell::new(None), ask: Box::new(ask), sockets })
    }

    pub(super) fn sockets(&self) -> &Sockets {
        &self.sockets
    }

    /// From now on this is replaced; `None` for nothing.
    pub fn replace(&self, replaced: Option<Rc<Replaced>>) {
        *self.replaced.borrow_mut() = replaced;
    }

    fn concerns(&self, server: usize, kind: Kind, method: &Method, path: &str) -> bool {
        self.replaced.borrow().as_ref().is_some_and(|replaced| replaced.concerns(server, kind, method, path))
    }

    /// Asks, and waits for what is said. Once the loop has ended nobody answers: status 503.
    async fn ask(&self, asked: impl FnOnce(oneshot::Sender<Said>) -> Asked) -> Said {
        let (reply, said) = oneshot::channel();
        (self.ask)(asked(reply));
        let ended =
            |_| Said::Answer(ForeignAnswer { status: 503, headers: Vec::new(), body: ForeignBody::Standard });
        said.await.unwrap_or_else(ended)
    }
}

/// A request that a plug-in has not finished. Lets go of it when the client is gone.
struct Open {
    foreign: Rc<Foreign>,
    number: u64,
}

impl Open {
    async fn go_on(&self) -> Said {
        self.foreign.ask(|reply| Asked::GoOn(self.number, reply)).await
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        (self.foreign.ask)(Asked::LetGo(self.number));
    }
}

/// Has plug-ins answer a request that is theirs; `None` where the engine is to answer it.
pub(super) async fn respond(
    site: &Site,
    parts: &Parts,
    (kind, path, peer): (Kind, &str, Option<SocketAddr>),
    body: &mut RequestBody,
    in_flight: &InFlight,
) -> Option<Reply> {
    if !site.foreign.concerns(site.number, kind, &parts.method, path) {
        return None;
    }
    let is_safe = matches!(parts.method, Method::GET | Method::HEAD) || site.allow_get_actions;
    if !is_safe && origin::is_foreign(&parts.headers) {
        return Some(respond::error(StatusCode::FORBIDDEN));
    }
    let body = match body.read(in_flight).await {
        Ok(body) => body,
        Err(error) => return Some(respond::error(error.status())),
    };
    let request = Box::new(ForeignRequest {
        server: site.number,
        kind,
        method: parts.method.as_str().to_owned(),
        target: parts.uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string),
        version: if parts.version == Version::HTTP_10 { "1.0" } else { "1.1" },
        headers: header_lines(&parts.headers, body.len()),
        body,
        peer: peer.map(|peer| (peer.ip().to_string(), peer.port())),
    });
    let mut said = site.foreign.ask(|reply| Asked::Begin(request, reply)).await;
    let mut open: Option<Open> = None;
    loop {
        let (number, delay) = match said {
            Said::Native => return None,
            Said::Later(number, delay) => (number, delay),
            Said::Answer(answer) => return Some(answer_of(site, &parts.method, answer, open)),
            Said::Failed(trouble) => {
                site.backend.log(LogLevel::Error, format_args!("{trouble}"));
                return Some(respond::error(StatusCode::INTERNAL_SERVER_ERROR));
            }
            Said::Piece(_) => return Some(respond::error(StatusCode::INTERNAL_SERVER_ERROR)),
        };
        let open = open.get_or_insert_with(|| Open { foreign: Rc::clone(&site.foreign), number });
        if let Some(delay) = delay {
            sleep(delay).await;
        }
        said = open.go_on().await;
    }
}

/// The headers as a client writes them. A body that came in chunks is whole by now.
fn header_lines(headers: &HeaderMap, length: usize) -> Vec<String> {
    let line = |(name, value): (&HeaderName, &HeaderValue)| {
        if name == TRANSFER_ENCODING {
            return format!("Content-Length: {length}");
        }
        let words: Vec<String> = name.as_str().split('-').map(capitalised).collect();
        format!("{}: {}", words.join("-"), String::from_utf8_lossy(value.as_bytes()))
    };
    headers.iter().map(line).collect()
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map_or_else(String::new, |first| format!("{}{}", first.to_ascii_uppercase(), letters.as_str()))
}

/// The answer that a plug-in gave. One that HTTP does not allow is logged and status 500.
fn answer_of(site: &Site, method: &Method, answer: ForeignAnswer, open: Option<Open>) -> Reply {
    let ForeignAnswer { status, headers, body } = answer;
    let known = StatusCode::from_u16(status).ok().filter(|status| !status.is_informational());
    let Some(status) = known else {
        site.backend.log(LogLevel::Error, format_args!("a plug-in answers with the status {status}"));
        return respond::error(StatusCode::INTERNAL_SERVER_ERROR);
    };
    // How it is sent is the engine's business, and so is who it is.
    let mut ours = vec![TRANSFER_ENCODING, SERVER, DATE];
    let mut reply = match body {
        ForeignBody::Standard => {
            ours.extend([CONTENT_LENGTH, CONTENT_TYPE]);
            respond::error(status)
        }
        ForeignBody::Whole(bytes) => {
            // A HEAD has no body, but tells how long it would be.
            if *method != Method::HEAD {
                ours.push(CONTENT_LENGTH);
            }
            respond::bare(ResponseBody::whole(bytes))
        }
        ForeignBody::Pieces(number) => {
            let open = open.unwrap_or_else(|| Open { foreign: Rc::clone(&site.foreign), number });
            let (sender, pieces) = mpsc::channel(WAITING);
            spawn_local(pass_on(open, sender));
            respond::bare(ResponseBody::endless(pieces, site.shutdown.clone()))
        }
        ForeignBody::Log(path, head) => {
            let pieces = site.backend.follow(&path, head);
            respond::bare(ResponseBody::endless(pieces, site.shutdown.clone()))
        }
    };
    *reply.status_mut() = status;
    for (name, value) in headers {
        let header = (HeaderName::try_from(&name), HeaderValue::try_from(&value));
        let (Ok(header), Ok(value)) = header else {
            site.backend
                .log(LogLevel::Error, format_args!("a plug-in answers with a bad header: {name}: {value:?}"));
            return respond::error(StatusCode::INTERNAL_SERVER_ERROR);
        };
        if !ours.contains(&header) {
            reply.headers_mut().insert(header, value);
        }
    }
    reply
}

/// Passes the pieces of a body on at the pace of its client.
async fn pass_on(open: Open, sender: mpsc::Sender<Bytes>) {
    loop {
        let delay = match open.go_on().await {
            Said::Piece(piece) if !piece.is_empty() => {
                if sender.send(Bytes::from(piece)).await.is_err() {
                    return;
                }
                continue;
            }
            Said::Later(_, delay) => delay.unwrap_or_default(),
            _ => return,
        };
        tokio::select! {
            () = sleep(delay) => {}
            () = sender.closed() => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn concerns(replaced: &Replaced, kind: Kind, path: &str) -> bool {
        replaced.concerns(0, kind, &Method::GET, path)
    }

    #[test]
    fn nothing_replaced_concerns_nobody() {
        let replaced = Replaced::default();
        assert!(Kind::ALL.into_iter().all(|kind| !concerns(&replaced, kind, "index.html")));
    }

    #[test]
    fn a_replaced_page_concerns_its_name_and_no_other() {
        let replaced = Replaced {
            pages: BTreeSet::from(["index.html".into(), "new.html".into()]),
            ..Replaced::default()
        };
        assert!(concerns(&replaced, Kind::Pages, ""));
        assert!(concerns(&replaced, Kind::Pages, "index.html"));
        assert!(concerns(&replaced, Kind::Files, "new.html"));
        assert!(!concerns(&replaced, Kind::Pages, "tail.html"));
        assert!(!concerns(&replaced, Kind::Files, "index.htm"));
        assert!(!replaced.concerns(0, Kind::Files, &Method::HEAD, ""));
    }

    #[test]
    fn a_handler_concerns_what_no_native_one_before_it_takes() {
        let mut handlers: Vec<_> = Kind::ALL.into_iter().map(Some).collect();
        handlers[1] = None;
        let replaced = Replaced { servers: vec![handlers, Vec::new()], ..Replaced::default() };
        assert!(!concerns(&replaced, Kind::Rpc, "RPC2"));
        assert!(concerns(&replaced, Kind::LogTail, "logtail/x"));
        assert!(concerns(&replaced, Kind::Pages, ""));
        assert!(!replaced.concerns(1, Kind::Pages, &Method::GET, ""));
    }

    #[test]
    fn what_has_no_handler_any_more_is_asked_about() {
        let handlers = vec![Some(Kind::Rpc), Some(Kind::Files)];
        let replaced = Replaced { servers: vec![handlers], ..Replaced::default() };
        assert!(concerns(&replaced, Kind::LogTail, "logtail/x"));
        assert!(!concerns(&replaced, Kind::Files, "x"));
    }

    #[test]
    fn headers_are_written_as_clients_write_them() {
        let mut headers = HeaderMap::new();
        headers.insert("x-some-thing", HeaderValue::from_static("a: b"));
        headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
        assert_eq!(header_lines(&headers, 5), ["X-Some-Thing: a: b", "Content-Length: 5"]);
    }
}
