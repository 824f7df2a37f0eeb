//! Requests for pages, and what is answered: from paths and forms to what [`web`](crate::web) makes of them.

use std::convert::Infallible;
use std::rc::Rc;

use bytes::Bytes;
use hyper::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, EXPIRES, HeaderValue,
    IF_MODIFIED_SINCE, LAST_MODIFIED, LOCATION, PRAGMA, REFERRER_POLICY, X_FRAME_OPTIONS,
};
use hyper::http::request::Parts;
use hyper::{Method, StatusCode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use supervisor_core::effect::Channel;
use supervisor_core::rpc::FaultCode;
use supervisor_core::xml::Value;
use tokio::sync::mpsc;

use super::backend::{Answer, Backend};
use super::body::{RequestBody, ResponseBody};
use super::connection::InFlight;
use super::respond::{self, Reply};
use super::route::{Site, X_ACCEL_BUFFERING};
use super::{download, origin};
use crate::web::action::Action;
use crate::web::assets::{self, Asset};
use crate::web::choice::Choice;
use crate::web::consent::{Consent, Token, consent, is_browser};
use crate::web::form::Form;
use crate::web::live::{Live, Log};
use crate::web::pages::{self, Pane, Shell};
use crate::web::perform::{Outcome, perform};

const HTML: &str = "text/html;charset=utf-8";

/// How much of a log a page shows without scripts, in bytes.
const PANE: i64 = 8 * 1024;

/// Least that `tail.html` shows, in bytes.
const TAIL: u64 = 1024;

/// What Python's `quote()` leaves as it is.
const UNQUOTED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'_').remove(b'.').remove(b'-').remove(b'~').remove(b'/');

/// What the pages of all servers share.
pub(super) struct Pages {
    live: Rc<Live>,
    token: Token,
    /// When this life of the daemon began: older than that, no file of ours can be known to a client.
    since: HeaderValue,
}

impl Pages {
    pub(super) fn new(backend: &Rc<dyn Backend>) -> Rc<Self> {
        let since = super::route::http_date(std::time::SystemTime::now());
        Rc::new(Self {
            live: Live::new(Rc::clone(backend)),
            token: Token::random(),
            since: since.unwrap_or_else(|| HeaderValue::from_static("Thu, 01 Jan 1970 00:00:00 GMT")),
        })
    }
}

/// Pages, which are asked for by GET and POST.
fn is_page(path: &str) -> bool {
    matches!(path, "" | "index.html" | "tail.html" | "ok.html" | "process.html" | "log.html" | "about.html")
}

/// What pages and their scripts ask for by GET.
fn is_data(path: &str) -> bool {
    matches!(path, "live" | "live.json" | "pending.json" | "logfile")
}

/// Whether a request is for one of the pages, or for what they show.
pub(super) fn is_known(method: &Method, path: &str) -> bool {
    match *method {
        Method::GET => is_page(path) || is_data(path),
        Method::POST => is_page(path),
        _ => false,
    }
}

/// Answers a request for a page. The original knows pages by GET and POST only, static files by GET and HEAD.
pub(super) async fn respond(
    site: &Site,
    parts: &Parts,
    body: &mut RequestBody,
    path: &str,
    in_flight: &InFlight,
) -> Reply {
    let is_page = is_page(path);
    match &parts.method {
        &Method::POST if is_page && !super::route::announces_body(parts) => {
            respond::error(StatusCode::LENGTH_REQUIRED)
        }
        &Method::GET | &Method::POST if is_page => {
            let body = match body.read(in_flight).await {
                Ok(body) => body,
                Err(error) => return respond::error(error.status()),
            };
            let form = Form::new(parts.uri.query().unwrap_or_default(), &body);
            page(site, parts, path, &form).await
        }
        &Method::GET if is_data(path) => {
            let form = Form::new(parts.uri.query().unwrap_or_default(), b"");
            data(site, path, &form).await
        }
        &Method::GET | &Method::HEAD => match assets::find(path) {
            Some(asset) => file(site, parts, asset),
            None => respond::error(StatusCode::NOT_FOUND),
        },
        _ => respond::error(StatusCode::BAD_REQUEST),
    }
}

async fn page(site: &Site, parts: &Parts, path: &str, form: &Form) -> Reply {
    let shell = |place| {
        let shell = Shell::new(&site.backend.status(), site.pages.token.text(), form.get("message"));
        shell.at(place)
    };
    match path {
        "ok.html" => respond::whole("text/plain", "OK"),
        "tail.html" => tail(site, shell(""), form).await,
        "about.html" => html(pages::about(shell("about"), site.backend.about())),
        "log.html" => {
            let pane = match site.backend.main_log() {
                None => None,
                Some(_) => Some(Pane {
                    event: "main",
                    title: "Main log".to_owned(),
                    download: "logfile".to_owned(),
                    text: read_log(site, "readLog", Vec::new()).await,
                }),
            };
            html(pages::main_log(shell("log"), pane))
        }
        "process.html" => process(site, shell, form).await,
        _ => match Action::of(form) {
            Ok(Some(action)) => act(site, parts, form, action).await,
            Ok(None) => status(site, form).await,
            Err(_) => respond::error(StatusCode::BAD_REQUEST),
        },
    }
}

async fn status(site: &Site, form: &Form) -> Reply {
    let usages = site.pages.live.usages().await;
    let page = site.backend.status();
    let shell = Shell::new(&page, site.pages.token.text(), form.get("message")).at("status");
    html(pages::status(shell, page, &site.backend.staged(), &usages, Choice::of(form)))
}

async fn process(site: &Site, shell: impl Fn(&'static str) -> Shell, form: &Form) -> Reply {
    let name = form.get("name").unwrap_or_default();
    let usages = site.pages.live.usages().await;
    let Some(page) = site.backend.process(name) else { return respond::error(StatusCode::NOT_FOUND) };
    let mut panes = Vec::new();
    for channel in &page.logs {
        let (title, method) = match channel {
            Channel::Stdout => ("Standard output", "readProcessStdoutLog"),
            Channel::Stderr => ("Standard error", "readProcessStderrLog"),
        };
        let quoted = utf8_percent_encode(name, NON_ALPHANUMERIC);
        panes.push(Pane {
            event: channel.name(),
            title: title.to_owned(),
            download: format!("logfile?name={quoted}&channel={}", channel.name()),
            text: read_log(site, method, vec![name.into()]).await,
        });
    }
    html(pages::process(shell(""), page, panes, &usages))
}

/// The end of a log, empty where there is none.
async fn read_log(site: &Site, method: &'static str, mut params: Vec<Value>) -> String {
    params.extend([Value::Int(-PANE), Value::Int(0)]);
    match site.backend.command(method, params).await {
        Ok(Answer::Value(Value::String(text))) => text,
        _ => String::new(),
    }
}

/// The original's page of the end of a log, with its words.
async fn tail(site: &Site, shell: Shell, form: &Form) -> Reply {
    let limit = form.get("limit").and_then(|limit| limit.parse().ok()).unwrap_or(TAIL).clamp(TAIL, 1 << 20);
    let Some(name) = form.get("processname") else {
        return html(pages::tail(shell, "", limit, "No process name found".to_owned()));
    };
    let offset = i64::try_from(limit).map_or(-PANE, |limit| -limit);
    let params = vec![name.into(), Value::Int(offset), Value::Int(0)];
    let text = match site.backend.command("readProcessStdoutLog", params).await {
        Ok(Answer::Value(Value::String(text))) => text,
        Ok(Answer::Fault(fault)) if fault.code == FaultCode::NoFile as i32 => format!("No file for {name}"),
        Ok(Answer::Fault(fault)) => format!("ERROR: unexpected rpc fault [{}] {}", fault.code, fault.text),
        _ => return respond::error(StatusCode::INTERNAL_SERVER_ERROR),
    };
    html(pages::tail(shell, name, limit, text))
}

/// Does what is asked for, if it may be done, and leads back to a page that tells how it went.
async fn act(site: &Site, parts: &Parts, form: &Form, action: Action) -> Reply {
    let is_foreign = origin::is_foreign(&parts.headers);
    if !site.allow_get_actions {
        if is_foreign && parts.method != Method::GET {
            return respond::error(StatusCode::FORBIDDEN);
        }
        let token = &site.pages.token;
        if consent(&action, &parts.method, &parts.headers, form, token) == Consent::Wanted {
            let shell = Shell::new(&site.backend.status(), token.text(), None);
            let mut answer = html(pages::confirm(shell, action.question(), form.fields()));
            if wants_json(parts) {
                // A script of ours that holds an old token has to ask the person.
                *answer.status_mut() = StatusCode::CONFLICT;
            }
            return answer;
        }
    }
    let Outcome { message, is_success } = perform(&*site.backend, &action).await;
    if wants_json(parts) {
        let told = serde_json::json!({ "message": message, "success": is_success });
        return page_headers(respond::whole("application/json", told.to_string()));
    }
    let quoted = utf8_percent_encode(&message, UNQUOTED);
    // Relative, so that it works behind a proxy that puts the pages under a path of its own.
    let place = match (form.get("back"), form.get("do").and_then(|button| button.splitn(3, ' ').nth(2))) {
        (Some("process"), Some(name)) => {
            format!("process.html?name={}&message={quoted}", utf8_percent_encode(name, NON_ALPHANUMERIC))
        }
        (Some("log"), _) => format!("log.html?message={quoted}"),
        _ => format!("./?message={quoted}"),
    };
    let mut answer = html(Ok::<_, Infallible>(String::new()));
    // Programs get the original's status; a browser must not send its form to the next page again.
    *answer.status_mut() =
        if is_browser(&parts.headers) { StatusCode::SEE_OTHER } else { StatusCode::MOVED_PERMANENTLY };
    match HeaderValue::try_from(place) {
        Ok(place) => answer.headers_mut().insert(LOCATION, place),
        Err(_) => return respond::error(StatusCode::INTERNAL_SERVER_ERROR),
    };
    answer
}

fn wants_json(parts: &Parts) -> bool {
    parts.headers.get(ACCEPT).is_some_and(|accept| accept == "application/json")
}

/// What scripts of ours ask for.
async fn data(site: &Site, path: &str, form: &Form) -> Reply {
    match path {
        "live" => live(site, form),
        "live.json" => page_headers(respond::whole("application/json", site.pages.live.snapshot().await)),
        "pending.json" => {
            let told = match site.backend.pending().await {
                Ok(Ok(diff)) => serde_json::json!({ "difference": pages::difference(&diff), "error": "" }),
                Ok(Err(error)) => serde_json::json!({ "difference": "", "error": error }),
                Err(_) => return respond::error(StatusCode::INTERNAL_SERVER_ERROR),
            };
            page_headers(respond::whole("application/json", told.to_string()))
        }
        _ => log_file(site, form).await,
    }
}

fn live(site: &Site, form: &Form) -> Reply {
    let process = |name: &str| {
        [Channel::Stdout, Channel::Stderr]
            .into_iter()
            .map(|channel| Log::Process(name.to_owned(), channel))
            .collect()
    };
    let logs = match (form.get("name"), form.get("log")) {
        (Some(name), _) => process(name),
        (None, Some("main")) => vec![Log::Main],
        _ => Vec::new(),
    };
    let Some(events) = site.pages.live.watch(logs) else {
        return respond::error(StatusCode::SERVICE_UNAVAILABLE);
    };
    endless(site, "text/event-stream", events)
}

fn endless(site: &Site, content_type: &'static str, pieces: mpsc::Receiver<Bytes>) -> Reply {
    let body = ResponseBody::endless(pieces, site.shutdown.clone());
    let mut answer = page_headers(respond::answer(content_type, body));
    respond::set(&mut answer, X_ACCEL_BUFFERING, "no");
    answer
}

/// A whole log, to be kept in a file.
async fn log_file(site: &Site, form: &Form) -> Reply {
    let channel = form.get("channel").unwrap_or(Channel::Stdout.name());
    let channel = [Channel::Stdout, Channel::Stderr].into_iter().find(|known| known.name() == channel);
    let (path, name) = match (form.get("name"), channel) {
        (None, _) => (site.backend.main_log(), "supervisord.log".to_owned()),
        (Some(name), Some(channel)) => {
            let plain = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
            let safe = name.replace(|character| !plain(character), "_");
            (site.backend.log_path(name, channel).ok(), format!("{safe}-{}.log", channel.name()))
        }
        (Some(_), None) => (None, String::new()),
    };
    let Some(path) = path else { return respond::error(StatusCode::NOT_FOUND) };
    let Some(pieces) = download::open(path).await else { return respond::error(StatusCode::NOT_FOUND) };
    let mut answer = endless(site, "text/plain;charset=utf-8", pieces);
    if let Ok(disposition) = HeaderValue::try_from(format!("attachment; filename=\"{name}\"")) {
        answer.headers_mut().insert(CONTENT_DISPOSITION, disposition);
    }
    answer
}

/// A static file. Under an address with the digest of all files it is the same for ever.
fn file(site: &Site, parts: &Parts, asset: &'static Asset) -> Reply {
    let is_fixed = parts.uri.query() == Some(assets::digest());
    let is_known = parts.headers.get(IF_MODIFIED_SINCE) == Some(&site.pages.since);
    let mut answer = if is_known && !is_fixed {
        let mut answer = respond::answer(asset.content_type, ResponseBody::whole(Bytes::new()));
        *answer.status_mut() = StatusCode::NOT_MODIFIED;
        answer
    } else {
        respond::whole(asset.content_type, Bytes::from_static(asset.bytes))
    };
    let caching = if is_fixed { "private, max-age=31536000, immutable" } else { "no-cache" };
    respond::set(&mut answer, CACHE_CONTROL, caching);
    respond::set(&mut answer, CONTENT_SECURITY_POLICY, pages::CONTENT_SECURITY_POLICY);
    answer.headers_mut().insert(LAST_MODIFIED, site.pages.since.clone());
    answer
}

fn html<E>(page: Result<String, E>) -> Reply {
    match page {
        Ok(page) => page_headers(respond::whole(HTML, page)),
        Err(_) => respond::error(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

/// What goes along with everything that shows the daemon's state.
fn page_headers(mut answer: Reply) -> Reply {
    respond::set(&mut answer, PRAGMA, "no-cache");
    respond::set(&mut answer, CACHE_CONTROL, "no-cache");
    respond::set(&mut answer, EXPIRES, "Thu, 01 Jan 1970 00:00:00 GMT");
    respond::set(&mut answer, CONTENT_SECURITY_POLICY, pages::CONTENT_SECURITY_POLICY);
    respond::set(&mut answer, X_FRAME_OPTIONS, "DENY");
    // Not `no-referrer`: with that a browser hides the origin of our own forms as well.
    respond::set(&mut answer, REFERRER_POLICY, "same-origin");
    answer
}
