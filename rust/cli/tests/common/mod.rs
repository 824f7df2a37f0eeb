//! A pretend supervisor: answers XML-RPC over a unix socket by a function of the test's, and writes down
//! what it was asked.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, dead_code)]

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use dxr::{Fault, FaultResponse, MethodCall, MethodResponse, Value};
use supervisor_cli::client::Endpoint;
use supervisor_cli::supervisorctl::{Session, run};
use tempfile::TempDir;

/// What a method answers.
pub(crate) type Answer = Result<Value, Fault>;

/// One request as it came.
pub(crate) struct HttpRequest {
    /// `POST /RPC2`
    pub(crate) target: String,
    /// The credentials, as sent.
    pub(crate) authorization: Option<String>,
    /// The body.
    pub(crate) body: String,
}

/// Writes the answer to one request; `false` closes the connection.
type Respond = dyn Fn(&HttpRequest, &mut UnixStream) -> bool + Send + Sync;

/// The pretend supervisor; gone when it is dropped.
pub(crate) struct FakeServer {
    folder: TempDir,
    connections: Arc<Mutex<usize>>,
    calls: Arc<Mutex<Vec<String>>>,
    listening: Option<JoinHandle<()>>,
}

impl FakeServer {
    /// Answers XML-RPC calls by `answer`; `getVersion` is answered for it.
    pub(crate) fn new(answer: impl Fn(&str, &[Value]) -> Answer + Send + Sync + 'static) -> Self {
        let calls = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&calls);
        let mut server = Self::with_http(move |request, stream| {
            let call = MethodCall::from_xml(&request.body).unwrap();
            let name = call.name.strip_prefix("supervisor.").unwrap().to_owned();
            let answer = if name == "getVersion" {
                Ok(text("3.0"))
            } else {
                seen.lock().unwrap().push(shown(&name, &call.params));
                answer(&name, &call.params)
            };
            send(stream, "200 OK", &xml(answer));
            true
        });
        server.calls = calls;
        server
    }

    /// Answers requests by `respond`.
    pub(crate) fn with_http(
        respond: impl Fn(&HttpRequest, &mut UnixStream) -> bool + Send + Sync + 'static,
    ) -> Self {
        let folder = TempDir::new().unwrap();
        let listener = UnixListener::bind(folder.path().join("s.sock")).unwrap();
        let connections = Arc::new(Mutex::new(0));
        let counted = Arc::clone(&connections);
        let respond: Arc<Respond> = Arc::new(respond);
        let listening = thread::spawn(move || {
            let mut at_work = Vec::new();
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let Some(first) = read_request(&mut stream) else { break };
                *counted.lock().unwrap() += 1;
                let respond = Arc::clone(&respond);
                at_work.push(thread::spawn(move || {
                    let mut next = Some(first);
                    while let Some(request) = next {
                        if !respond(&request, &mut stream) {
                            return;
                        }
                        next = read_request(&mut stream);
                    }
                }));
            }
            for connection in at_work {
                connection.join().unwrap();
            }
        });
        Self { folder, connections, calls: Arc::default(), listening: Some(listening) }
    }

    /// Its socket.
    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join("s.sock")
    }

    /// Its `serverurl`.
    pub(crate) fn url(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// How many connections were made.
    pub(crate) fn connections(&self) -> usize {
        *self.connections.lock().unwrap()
    }

    /// The calls so far, apart from `getVersion`, as `name(arguments)`.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.calls.lock().unwrap().clone()
    }

    /// Runs `supervisorctl` with these words against it.
    pub(crate) fn ctl(&self, actions: &[&str]) -> Outcome {
        ctl(&self.url(), actions, "")
    }

    /// Runs the shell against it with this typed.
    pub(crate) fn shell(&self, typed: &str) -> Outcome {
        ctl(&self.url(), &[], typed)
    }
}

impl Drop for FakeServer {
    fn drop(&mut self) {
        // A connection without a request ends the listener.
        drop(UnixStream::connect(self.socket()));
        let outcome = self.listening.take().unwrap().join();
        assert!(outcome.is_ok() || thread::panicking(), "the pretend supervisor failed");
    }
}

/// What a run left.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// Exit code.
    pub(crate) code: i32,
    /// Standard output.
    pub(crate) stdout: String,
    /// Standard error.
    pub(crate) stderr: String,
}

/// Runs `supervisorctl` in this process.
pub(crate) fn ctl(url: &str, actions: &[&str], typed: &str) -> Outcome {
    let session = Session {
        endpoint: Endpoint { server_url: url.to_owned(), ..Endpoint::default() },
        actions: actions.iter().map(|&word| word.to_owned()).collect(),
        ..Session::default()
    };
    ctl_session(session, typed)
}

/// Runs a session in this process.
pub(crate) fn ctl_session(session: Session, typed: &str) -> Outcome {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let typed = BufReader::new(std::io::Cursor::new(typed.to_owned()));
    let code = run(session, typed, &mut stdout, &mut stderr);
    Outcome { code, stdout: String::from_utf8(stdout).unwrap(), stderr: String::from_utf8(stderr).unwrap() }
}

fn read_request(stream: &mut UnixStream) -> Option<HttpRequest> {
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    if reader.read_line(&mut first).ok()? == 0 {
        return None;
    }
    let target = first.trim_end().strip_suffix(" HTTP/1.1").unwrap().to_owned();
    let (mut length, mut authorization) = (0, None);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        match name.to_lowercase().as_str() {
            "content-length" => length = value.parse().unwrap(),
            "authorization" => authorization = Some(value.to_owned()),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    Some(HttpRequest { target, authorization, body: String::from_utf8(body).unwrap() })
}

/// Sends an answer with a body.
pub(crate) fn send(stream: &mut UnixStream, status: &str, body: &str) {
    // A client that went away in the meantime is no concern of the server's.
    let _ = write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
}

/// An answer as XML, with `<int>` and the first line as the original's server writes them.
pub(crate) fn xml(answer: Answer) -> String {
    let xml = match answer {
        Ok(value) => MethodResponse { value }.to_xml().unwrap(),
        Err(fault) => FaultResponse { fault }.to_xml().unwrap(),
    };
    format!("<?xml version='1.0'?>\n{}\n", xml.replace("i4>", "int>"))
}

/// `name(arguments)`
fn shown(name: &str, params: &[Value]) -> String {
    let params: Vec<String> = params
        .iter()
        .map(|value| match value {
            Value::String(text) => text.clone(),
            Value::Integer(number) => number.to_string(),
            other => format!("{other:?}"),
        })
        .collect();
    format!("{name}({})", params.join(", "))
}

/// A text value.
pub(crate) fn text(text: &str) -> Value {
    Value::String(text.to_owned())
}

/// A struct value.
pub(crate) fn structure<const N: usize>(members: [(&str, Value); N]) -> Value {
    Value::Struct(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// One process of `getProcessInfo`.
pub(crate) fn process(group: &str, name: &str, (code, state): (i32, &str), description: &str) -> Value {
    structure([
        ("group", text(group)),
        ("name", text(name)),
        ("state", Value::Integer(code)),
        ("statename", text(state)),
        ("description", text(description)),
        ("pid", Value::Integer(if code == 20 { 77 } else { 0 })),
        ("start", Value::Integer(0)),
        ("spawnerr", text("")),
    ])
}

/// One result of a method that acts on several processes.
pub(crate) fn result(group: &str, name: &str, status: i32) -> Value {
    structure([
        ("group", text(group)),
        ("name", text(name)),
        ("status", Value::Integer(status)),
        ("description", text(if status == 80 { "OK" } else { "FAILED" })),
    ])
}

/// A fault.
pub(crate) fn fault(code: i32, text: &str) -> Answer {
    Err(Fault::new(code, text.to_owned()))
}
