//! From a request to its answer: who may ask, and which path means what (parity 8).

use std::net::SocketAddr;
use std::path::PathBuf;
use std::rc::Rc;

use hyper::body::Incoming;
use hyper::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, EXPECT, HeaderName, HeaderValue, LAST_MODIFIED, TRANSFER_ENCODING,
};
use hyper::http::request::Parts;
use hyper::{Method, Request, StatusCode};
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
use supervisor_core::effect::Channel;
use tokio::sync::watch;

use super::auth::{Credentials, Refusal};
use super::backend::Backend;
use super::body::{RequestBody, ResponseBody};
use super::connection::InFlight;
use super::foreign::{self, Foreign, Kind};
use super::pages::Pages;
use super::respond::{self, Reply};
use super::{origin, pages, rpc};

/// Tells a proxy not to collect a followed log before it passes it on.
pub(super) const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// How much of a log those who follow it get to see first, in bytes.
const HEAD: u64 = 1024;

/// What the handlers of one server share.
pub(super) struct Site {
    /// Which server it is, in the order of the configuration, from 0.
    pub(super) number: usize,
    pub(super) backend: Rc<dyn Backend>,
    pub(super) credentials: Option<Credentials>,
    /// Actions by GET are for browsers too.
    pub(super) allow_get_actions: bool,
    pub(super) pages: Rc<Pages>,
    pub(super) foreign: Rc<Foreign>,
    pub(super) shutdown: watch::Receiver<bool>,
}

/// Answers a request.
pub(super) async fn handle(
    site: Rc<Site>,
    peer: Option<SocketAddr>,
    request: Request<Incoming>,
    in_flight: InFlight,
) -> Reply {
    let (parts, body) = request.into_parts();
    let mut body = RequestBody::new(body);
    let answer = match refusal(&site, &parts) {
        None => route(&site, &parts, peer, &mut body, &in_flight).await,
        Some(refused) => refused,
    };
    // A client that waits for `100 Continue` takes a refusal instead and sends no body.
    if !parts.headers.contains_key(EXPECT) {
        body.discard(&in_flight).await;
    }
    answer.map(|body| body.hold(in_flight))
}

/// Authentication comes before everything else, on every path.
fn refusal(site: &Site, parts: &Parts) -> Option<Reply> {
    match site.credentials.as_ref()?.check(&parts.headers) {
        Ok(()) => None,
        Err(Refusal::Unauthorized) => Some(respond::unauthorized()),
        Err(Refusal::Malformed) => Some(respond::error(StatusCode::BAD_REQUEST)),
    }
}

async fn route(
    site: &Site,
    parts: &Parts,
    peer: Option<SocketAddr>,
    body: &mut RequestBody,
    in_flight: &InFlight,
) -> Reply {
    let Some(path) = decode_path(parts.uri.path()) else { return respond::error(StatusCode::BAD_REQUEST) };
    let mut segments = path.split('/');
    let kind = match segments.next().unwrap_or_default() {
        "RPC2" => Kind::Rpc,
        "logtail" => Kind::LogTail,
        "mainlogtail" => Kind::MainLogTail,
        _ if pages::is_known(&parts.method, &path) => Kind::Pages,
        _ => Kind::Files,
    };
    if let Some(reply) = foreign::respond(site, parts, (kind, &path, peer), body, in_flight).await {
        return reply;
    }
    match kind {
        Kind::Rpc => call(site, parts, body, in_flight).await,
        Kind::LogTail | Kind::MainLogTail if parts.method != Method::GET => {
            respond::error(StatusCode::BAD_REQUEST)
        }
        Kind::LogTail => {
            let (name, channel) = (segments.next(), segments.next().unwrap_or(Channel::Stdout.name()));
            let channel =
                [Channel::Stdout, Channel::Stderr].into_iter().find(|known| known.name() == channel);
            let (Some(name), Some(channel), None) = (name, channel, segments.next()) else {
                return respond::error(StatusCode::NOT_FOUND);
            };
            match site.backend.log_path(name, channel) {
                Ok(log) => follow(site, log).await,
                Err(_) => respond::error(StatusCode::NOT_FOUND),
            }
        }
        Kind::MainLogTail => match site.backend.main_log() {
            Some(log) => follow(site, log).await,
            None => respond::error(StatusCode::NOT_FOUND),
        },
        Kind::Pages | Kind::Files => pages::respond(site, parts, body, &path, in_flight).await,
    }
}

/// `/RPC2`: only POST, only with a body, and not on behalf of somebody else's web page.
async fn call(site: &Site, parts: &Parts, body: &mut RequestBody, in_flight: &InFlight) -> Reply {
    if parts.method != Method::POST {
        respond::error(StatusCode::BAD_REQUEST)
    } else if origin::is_foreign(&parts.headers) {
        respond::error(StatusCode::FORBIDDEN)
    } else if !announces_body(parts) {
        respond::error(StatusCode::LENGTH_REQUIRED)
    } else if is_encoded(parts) {
        respond::error(StatusCode::UNSUPPORTED_MEDIA_TYPE)
    } else {
        rpc::respond(&*site.backend, body, in_flight).await
    }
}

pub(super) fn announces_body(parts: &Parts) -> bool {
    parts.headers.contains_key(CONTENT_LENGTH) || parts.headers.contains_key(TRANSFER_ENCODING)
}

/// Whether the body is compressed: never unpacked, for a small one may become a large one.
fn is_encoded(parts: &Parts) -> bool {
    let mut encodings = parts.headers.get_all(CONTENT_ENCODING).iter();
    encodings.any(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity"))
}

/// Follows a log without end; a log that is not there (any more, or yet) is status 404.
async fn follow(site: &Site, log: PathBuf) -> Reply {
    // The file system may hang, the control thread must not.
    let path = log.clone();
    let found = tokio::task::spawn_blocking(move || std::fs::metadata(path)).await;
    let Ok(Ok(found)) = found else { return respond::error(StatusCode::NOT_FOUND) };
    let pieces = site.backend.follow(&log, HEAD);
    let mut answer =
        respond::answer("text/plain;charset=utf-8", ResponseBody::endless(pieces, site.shutdown.clone()));
    respond::set(&mut answer, X_ACCEL_BUFFERING, "no");
    if let Some(date) = found.modified().ok().and_then(http_date) {
        answer.headers_mut().insert(LAST_MODIFIED, date);
    }
    answer
}

/// `Sun, 22 Nov 2026 21:37:03 GMT`
pub(super) fn http_date(time: std::time::SystemTime) -> Option<HeaderValue> {
    let timestamp = Timestamp::try_from(time).ok()?;
    let text = DateTimePrinter::new().timestamp_to_rfc9110_string(&timestamp).ok()?;
    text.try_into().ok()
}

/// The path without its leading slashes, percent-decoded; `None` where that is not UTF-8.
fn decode_path(path: &str) -> Option<String> {
    let path = path.trim_start_matches('/');
    let mut decoded = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let [first, after @ ..] = rest {
        let hexadecimal =
            |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
        rest = after;
        match (first, after) {
            (b'%', [high, low, behind @ ..]) => match (hexadecimal(*high), hexadecimal(*low)) {
                (Some(high), Some(low)) => {
                    decoded.push(high << 4 | low);
                    rest = behind;
                }
                // As in Python: what is no escape stays as it is.
                _ => decoded.push(b'%'),
            },
            _ => decoded.push(*first),
        }
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_decoded_as_python_does() {
        assert_eq!(decode_path("//a%3Ab/%e4%BD%a0").as_deref(), Some("a:b/你"));
        assert_eq!(decode_path("/100%/%zz%4").as_deref(), Some("100%/%zz%4"));
        assert_eq!(decode_path("/%ff"), None);
    }

    #[test]
    fn dates_are_written_as_http_wants_them() {
        let time = std::time::UNIX_EPOCH + std::time::Duration::from_millis(1_795_383_423_900);
        assert_eq!(http_date(time), Some(HeaderValue::from_static("Sun, 22 Nov 2026 21:37:03 GMT")));
    }
}
