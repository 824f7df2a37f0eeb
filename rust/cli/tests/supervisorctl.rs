//! `supervisorctl` against a pretend supervisor: what it prints, what it asks for, how it exits.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::io::{self, BufReader, Read, Write};
use std::os::unix::net::UnixListener;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, mpsc};

use common::{FakeServer, Outcome, ctl, ctl_session, fault, process, result, send, structure, text};
use dxr::{MethodCall, Value};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use supervisor_cli::client::Endpoint;
use supervisor_cli::supervisorctl::{Session, run};

const RUNNING: (i32, &str) = (20, "RUNNING");
const STOPPED: (i32, &str) = (0, "STOPPED");

/// One process that is up, one that is not, and a group of one.
fn three_processes() -> FakeServer {
    FakeServer::new(|method, params| match (method, params) {
        ("getAllProcessInfo", []) => Ok(Value::Array(vec![
            process("idle", "idle", STOPPED, "Not started"),
            process("grp", "job", RUNNING, "pid 77, uptime 1 day, 0:00:07"),
            process("web", "web", RUNNING, "pid 77, uptime 0:02:05"),
        ])),
        ("getProcessInfo", [Value::String(name)]) if name == "web" => {
            Ok(process("web", "web", RUNNING, "pid 77, uptime 0:02:05"))
        }
        ("getProcessInfo", [Value::String(name)]) if name == "idle" => {
            Ok(process("idle", "idle", STOPPED, "Not started"))
        }
        ("startProcess" | "stopProcess" | "signalProcess", [Value::String(name), ..]) => {
            match name.as_str() {
                "web" if method == "startProcess" => fault(60, "ALREADY_STARTED: web"),
                "idle" if method != "startProcess" => fault(70, "NOT_RUNNING: idle"),
                "web" | "idle" => Ok(Value::Boolean(true)),
                "broken" => fault(50, "SPAWN_ERROR: broken"),
                other => fault(10, &format!("BAD_NAME: {other}")),
            }
        }
        ("startProcessGroup", [Value::String(name)]) if name == "grp" => {
            Ok(Value::Array(vec![result("grp", "job", 80)]))
        }
        ("shutdown" | "restart", []) => Ok(Value::Boolean(true)),
        ("getPID", []) => Ok(Value::Integer(4711)),
        _ => fault(10, "BAD_NAME"),
    })
}

fn printed(code: i32, stdout: &str) -> Outcome {
    Outcome { code, stdout: stdout.to_owned(), stderr: String::new() }
}

const STATUS: &str = "\
idle                             STOPPED   Not started
grp:job                          RUNNING   pid 77, uptime 1 day, 0:00:07
web                              RUNNING   pid 77, uptime 0:02:05
";

#[test]
fn status_shows_all_processes_and_exits_3_when_one_is_stopped() {
    assert_eq!(three_processes().ctl(&["status"]), printed(3, STATUS));
}

#[test]
fn status_of_running_processes_exits_0() {
    let server = three_processes();
    let line = STATUS.lines().nth(1).unwrap();
    for name in ["grp:*", "grp:", "grp:job"] {
        assert_eq!(server.ctl(&["status", name]), printed(0, &format!("{line}\n")), "{name}");
    }
}

#[test]
fn status_of_an_unknown_name_exits_4_unless_something_shown_is_stopped() {
    let server = three_processes();
    assert_eq!(server.ctl(&["status", "x"]), printed(4, "x: ERROR (no such process)\n"));
    assert_eq!(server.ctl(&["status", "x:*"]), printed(4, "x: ERROR (no such group)\n"));
    assert_eq!(server.ctl(&["status", "x", "idle"]).code, 3);
}

#[test]
fn a_server_that_is_not_there_has_exit_codes_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("s.sock");
    let url = format!("unix://{}", socket.display());
    assert_eq!(ctl(&url, &["pid"], ""), printed(7, &format!("{url} no such file\n")));
    assert_eq!(ctl(&url, &["status"], ""), printed(4, &format!("{url} no such file\n")));

    drop(UnixListener::bind(&socket).unwrap());
    assert_eq!(ctl(&url, &["pid"], ""), printed(4, &format!("{url} refused connection\n")));
    assert_eq!(ctl(&url, &["status"], ""), printed(4, &format!("{url} refused connection\n")));
}

#[test]
fn commands_without_a_check_show_the_error_as_python_does() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("unix://{}/s.sock", folder.path().display());
    let line = "error: <class 'FileNotFoundError'>, [Errno 2] No such file or directory\n";
    for command in ["avail", "reread", "update", "reload"] {
        assert_eq!(ctl(&url, &[command], ""), printed(1, line), "{command}");
    }
    let line = format!("ERROR: {url} no such file (already shut down?)\n");
    assert_eq!(ctl(&url, &["shutdown"], ""), printed(1, &line));
}

#[test]
fn another_scheme_is_refused() {
    let line = "error: <class 'ValueError'>, Unknown protocol for serverurl https://x\n";
    assert_eq!(ctl("https://x", &["status"], ""), printed(1, line));
}

#[test]
fn start_goes_through_all_names_and_the_last_failure_that_counts_decides() {
    let server = three_processes();
    let outcome = server.ctl(&["start", "x", "broken", "grp:*", "web", "idle"]);
    let lines = "\
x: ERROR (no such process)
broken: ERROR (spawn error)
grp:job: started
web: ERROR (already started)
idle: started
";
    assert_eq!(outcome, printed(7, lines));
    assert_eq!(
        server.calls(),
        [
            "startProcess(x)",
            "startProcess(broken)",
            "startProcessGroup(grp)",
            "startProcess(web)",
            "startProcess(idle)"
        ]
    );
}

#[test]
fn starting_what_runs_and_stopping_what_does_not_is_no_failure() {
    let server = three_processes();
    assert_eq!(server.ctl(&["start", "web"]), printed(0, "web: ERROR (already started)\n"));
    assert_eq!(server.ctl(&["stop", "idle"]), printed(0, "idle: ERROR (not running)\n"));
}

#[test]
fn an_unknown_group_exits_2_on_start_and_1_on_stop() {
    let server = three_processes();
    assert_eq!(server.ctl(&["start", "x:*"]), printed(2, "x: ERROR (no such group)\n"));
    assert_eq!(server.ctl(&["stop", "x:*"]), printed(1, "x: ERROR (no such group)\n"));
}

#[test]
fn restart_stops_and_starts() {
    let server = three_processes();
    let lines = "idle: ERROR (not running)\nidle: started\n";
    assert_eq!(server.ctl(&["restart", "idle"]), printed(0, lines));
    assert_eq!(server.calls(), ["stopProcess(idle)", "startProcess(idle)"]);
}

#[test]
fn a_command_in_one_argument_is_taken_apart() {
    let server = three_processes();
    assert_eq!(server.ctl(&["signal USR1", "web"]), printed(0, "web: signalled\n"));
    assert_eq!(server.calls(), ["signalProcess(web, USR1)"]);
}

#[test]
fn pid_of_a_process_that_does_not_run_is_0_and_exits_7() {
    let server = three_processes();
    assert_eq!(server.ctl(&["pid"]), printed(0, "4711\n"));
    assert_eq!(server.ctl(&["pid", "web", "idle"]), printed(7, "77\n0\n"));
    assert_eq!(server.ctl(&["pid", "all"]), printed(0, "0\n77\n77\n"));
    assert_eq!(server.ctl(&["pid", "x"]), printed(1, "No such process x\n"));
}

#[test]
fn a_status_without_words_is_a_value_error() {
    let server = FakeServer::new(|_, _| fault(30, "FAILED: x"));
    let line = "error: <class 'ValueError'>, Unknown result code 30 for x\n";
    assert_eq!(server.ctl(&["start", "x"]), printed(1, line));
    assert_eq!(server.ctl(&["stop", "x"]), printed(1, "FAILED: x\n"));
}

#[test]
fn tail_asks_for_the_last_bytes_of_a_log() {
    let server = FakeServer::new(|_, _| Ok(text("one\ntwo\n")));
    assert_eq!(server.ctl(&["tail", "web"]), printed(0, "one\ntwo\n\n"));
    assert_eq!(server.ctl(&["tail", "-7", "web", "stderr"]), printed(0, "one\ntwo\n\n"));
    assert_eq!(server.ctl(&["maintail"]), printed(0, "one\ntwo\n\n"));
    assert_eq!(
        server.calls(),
        ["readProcessStdoutLog(web, -1600, 0)", "readProcessStderrLog(web, -7, 0)", "readLog(-1600, 0)"]
    );
}

#[test]
fn update_removes_then_changes_then_adds() {
    let names = |name: &str| Value::Array(vec![text(name)]);
    let server = FakeServer::new(move |method, _| match method {
        "reloadConfig" => {
            Ok(Value::Array(vec![Value::Array(vec![names("new"), names("other"), names("old")])]))
        }
        "stopProcessGroup" => Ok(Value::Array(vec![result("old", "old", 80)])),
        _ => Ok(Value::Boolean(true)),
    });
    let lines = "\
old: stopped
old: removed process group
other: stopped
other: updated process group
new: added process group
";
    assert_eq!(server.ctl(&["update"]), printed(0, lines));
    assert_eq!(
        server.calls(),
        [
            "reloadConfig()",
            "stopProcessGroup(old)",
            "removeProcessGroup(old)",
            "stopProcessGroup(other)",
            "removeProcessGroup(other)",
            "addProcessGroup(other)",
            "addProcessGroup(new)"
        ]
    );
}

#[test]
fn a_pid_beyond_32_bits_is_shown() {
    let server = FakeServer::new(|_, _| Ok(Value::Long(1 << 40)));
    assert_eq!(server.ctl(&["pid"]), printed(0, "1099511627776\n"));
}

#[test]
fn a_server_of_another_version_or_without_the_namespace_is_refused() {
    let answering = |answer: fn() -> common::Answer| {
        FakeServer::with_http(move |_, stream| {
            send(stream, "200 OK", &common::xml(answer()));
            true
        })
    };
    let other = answering(|| Ok(text("9.9"))).ctl(&["pid"]);
    assert_eq!(other.code, 5);
    assert!(other.stdout.ends_with("with API version 3.0, but the remote version is 9.9.\n"), "{other:?}");

    let lacking = answering(|| fault(1, "UNKNOWN_METHOD")).ctl(&["pid"]);
    assert_eq!(lacking.code, 3);
    assert!(lacking.stdout.starts_with("Sorry, supervisord responded but did not recognize"), "{lacking:?}");
}

#[test]
fn without_credentials_it_says_that_they_are_needed() {
    let server = FakeServer::with_http(|_, stream| {
        send(stream, "401 Unauthorized", "");
        true
    });
    let lines = "Server requires authentication\n\
                 error: <class 'xmlrpc.client.ProtocolError'>, \
                 <ProtocolError for 127.0.0.1/RPC2: 401 Unauthorized>\n";
    assert_eq!(server.ctl(&["status"]), printed(1, lines));
}

#[test]
fn credentials_are_sent_with_basic_auth() {
    let server = FakeServer::with_http(|request, stream| {
        // base64 of "me:secret"
        assert_eq!(request.authorization.as_deref(), Some("Basic bWU6c2VjcmV0"));
        assert_eq!(request.target, "POST /RPC2");
        send(stream, "200 OK", &common::xml(Ok(text("3.0"))));
        true
    });
    let session = Session {
        endpoint: Endpoint {
            server_url: server.url(),
            username: Some("me".to_owned()),
            password: Some("secret".to_owned()),
        },
        actions: vec!["version".to_owned()],
        ..Session::default()
    };
    assert_eq!(ctl_session(session, ""), printed(0, "3.0\n"));
}

#[test]
fn a_command_uses_one_connection() {
    let server = three_processes();
    server.ctl(&["restart", "idle"]);
    assert_eq!(server.connections(), 1);
}

#[test]
fn a_server_that_closes_after_every_answer_is_connected_to_again() {
    let server = FakeServer::with_http(|_, stream| {
        let body = common::xml(Ok(text("3.0")));
        write!(
            stream,
            "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        false
    });
    assert_eq!(server.ctl(&["version"]), printed(0, "3.0\n"));
    assert_eq!(server.connections(), 2);
}

#[test]
fn a_server_that_says_nothing_is_an_error() {
    let server = FakeServer::with_http(|_, _| false);
    let line = "error: <class 'http.client.RemoteDisconnected'>, \
                Remote end closed connection without response\n";
    assert_eq!(server.ctl(&["status"]), printed(1, line));
}

/// Passes on what is written, as it is written.
struct Watched(Sender<Vec<u8>>);

impl Write for Watched {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.send(bytes.to_vec()).map_err(|_| io::ErrorKind::BrokenPipe)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn tail_f_shows_bytes_as_they_come_and_as_they_are() {
    let (go_on, gone_on) = channel::<()>();
    let gone_on = Mutex::new(gone_on);
    let server = FakeServer::with_http(move |request, stream| {
        if request.target.starts_with("POST") {
            send(stream, "200 OK", &common::xml(Ok(text("3.0"))));
            return true;
        }
        assert_eq!(request.target, "GET /logtail/grp:job/stdout");
        stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\none\n\r\n").unwrap();
        // The second part is sent only when the first was shown.
        gone_on.lock().unwrap().recv().unwrap();
        stream.write_all(b"3\r\n\xff\xfe\n\r\n0\r\n\r\n").unwrap();
        false
    });
    let (written, shown) = mpsc::channel();
    let session = Session {
        endpoint: Endpoint { server_url: server.url(), ..Endpoint::default() },
        actions: vec!["tail".to_owned(), "-f".to_owned(), "grp:job".to_owned()],
        ..Session::default()
    };
    let at_work = std::thread::spawn(move || {
        run(session, BufReader::new(io::empty()), &mut Watched(written), &mut io::sink())
    });
    let mut seen = Vec::new();
    while !seen.ends_with(b"one\n") {
        seen.extend(shown.recv().unwrap());
    }
    go_on.send(()).unwrap();
    seen.extend(shown.iter().flatten());
    assert_eq!(at_work.join().unwrap(), 0);
    assert_eq!(seen, b"==> Press Ctrl-C to exit <==\none\n\xff\xfe\n");
}

/// Reads until the text has come.
fn read_until(output: &mut impl Read, text: &str) {
    let mut seen = Vec::new();
    while !seen.ends_with(text.as_bytes()) {
        let mut byte = [0];
        output.read_exact(&mut byte).unwrap();
        seen.push(byte[0]);
    }
}

/// Starts the program with the words, waits until it shows `text`, sends SIGINT, and returns the exit
/// code and what it printed after that.
fn interrupted(server: &FakeServer, words: &[&str], text: &str) -> (Option<i32>, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_supervisorctl"))
        .args(["-s", &server.url()])
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = child.stdout.take().unwrap();
    read_until(&mut output, text);
    kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGINT).unwrap();
    let mut rest = String::new();
    output.read_to_string(&mut rest).unwrap();
    (child.wait().unwrap().code(), rest)
}

#[test]
fn ctrl_c_ends_tail_f_with_a_line_end_and_exit_code_0() {
    let server = FakeServer::with_http(|request, stream| {
        if request.target.starts_with("POST") {
            send(stream, "200 OK", &common::xml(Ok(text("3.0"))));
        } else {
            stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\none\n\r\n").unwrap();
        }
        true
    });
    assert_eq!(interrupted(&server, &["tail", "-f", "web"], "one\n"), (Some(0), "\n".to_owned()));
}

#[test]
fn ctrl_c_at_the_prompt_ends_the_shell_with_exit_code_0() {
    let server = three_processes();
    assert_eq!(interrupted(&server, &[], "supervisor> "), (Some(0), "\n".to_owned()));
}

#[test]
fn fg_shows_the_log_sends_what_is_typed_and_ends_with_the_process() {
    let asked = Mutex::new(0);
    let sent = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&sent);
    let server = FakeServer::with_http(move |request, stream| {
        if request.target.starts_with("GET") {
            send(stream, "404 Not Found", "");
            return true;
        }
        let call = MethodCall::from_xml(&request.body).unwrap();
        let answer = match call.name.as_ref() {
            "supervisor.getVersion" => text("3.0"),
            "supervisor.getProcessInfo" => {
                // Up when asked first and after the first line, down after the second.
                let mut asked = asked.lock().unwrap();
                *asked += 1;
                process("cat", "cat", if *asked <= 2 { RUNNING } else { STOPPED }, "")
            }
            "supervisor.sendProcessStdin" => {
                seen.lock().unwrap().push(call.params[1].clone());
                Value::Boolean(true)
            }
            other => panic!("{other} was called"),
        };
        send(stream, "200 OK", &common::xml(Ok(answer)));
        true
    });
    let outcome = ctl(&server.url(), &["fg", "cat"], "one\ntwo\nthree\n");
    let lines = "==> Press Ctrl-C to exit <==\nProcess got killed\nExiting foreground\n";
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, lines));
    assert_eq!(*sent.lock().unwrap(), [text("one\n"), text("two\n")]);
}

#[test]
fn tail_f_of_an_unknown_process_says_so_on_standard_error_and_exits_0() {
    let server = FakeServer::with_http(|request, stream| {
        if request.target.starts_with("POST") {
            send(stream, "200 OK", &common::xml(Ok(text("3.0"))));
        } else {
            send(stream, "404 Not Found", "");
        }
        true
    });
    let outcome = server.ctl(&["tail", "-f", "x"]);
    let stderr = format!("{}/logtail/x/stdout Cannot read, status code 404\n", server.url());
    assert_eq!(outcome, Outcome { code: 0, stdout: "==> Press Ctrl-C to exit <==\n".to_owned(), stderr });
}

#[test]
fn the_shell_shows_status_reads_lines_and_exits_0() {
    let server = three_processes();
    let expected =
        format!("{STATUS}supervisor> 4711\nsupervisor> supervisor> *** Unknown syntax: x\nsupervisor> \n");
    assert_eq!(server.shell("pid\n\nx"), printed(0, &expected));
}

#[test]
fn the_shell_asks_before_shutdown_and_reload() {
    let server = three_processes();
    let outcome = server.shell("shutdown\nno\nreload\nYes\nquit\npid\n");
    let dialogue = "supervisor> Really shut the remote supervisord process down y/N? \
                    supervisor> Really restart the remote supervisord process y/N? Restarted supervisord\n\
                    supervisor> \n";
    assert_eq!(outcome, printed(0, &format!("{STATUS}{dialogue}")));
    assert_eq!(server.calls(), ["getAllProcessInfo()", "restart()"]);
}

#[test]
fn open_changes_the_server_for_the_commands_that_follow() {
    let (first, second) = (three_processes(), FakeServer::new(|_, _| Ok(Value::Array(Vec::new()))));
    first.shell(&format!("open {}\nstatus\n", second.url()));
    assert_eq!(first.calls(), ["getAllProcessInfo()"]);
    assert_eq!(second.calls(), ["getAllProcessInfo()", "getAllProcessInfo()"]);
}

#[test]
fn avail_shows_what_is_configured() {
    let server = FakeServer::new(|_, _| {
        Ok(Value::Array(vec![structure([
            ("group", text("web")),
            ("name", text("web")),
            ("inuse", Value::Boolean(false)),
            ("autostart", Value::Boolean(true)),
            ("group_prio", Value::Integer(999)),
            ("process_prio", Value::Integer(1)),
            ("autorestart", text("unexpected")),
        ])]))
    });
    let line = "web                              avail     auto      999:1\n";
    assert_eq!(server.ctl(&["avail"]), printed(0, line));
}

#[test]
fn a_closed_pipe_changes_neither_the_exit_code_nor_what_is_done() {
    let server = three_processes();
    let mut child = Command::new(env!("CARGO_BIN_EXE_supervisorctl"))
        .args(["-s", &server.url(), "restart", "idle", "web"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let outcome = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&outcome.stderr), "");
    assert_eq!(outcome.status.code(), Some(0));
    assert_eq!(server.calls().len(), 4);
}
