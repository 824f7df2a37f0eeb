//! The log thread with real children: what arrives where, in which order, and when it is done.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::fs;
use std::future::ready;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use common::{output, plan, start, wait};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use supervisor_core::config::{LogLevel, LogTarget, OutputSettings};
use supervisor_core::effect::{Channel, LogRange, LogReadMode, LogText, ProcessId, SpawnPlan};
use supervisor_engine::logs::{Logs, MainLog, MainLogWriter, Output, Source};
use supervisor_engine::spawn::SpawnedChild;

/// A log thread with its main log in a folder of its own.
struct Bench {
    folder: tempfile::TempDir,
    logs: Logs,
}

impl Bench {
    fn new(level: LogLevel) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let main = MainLog {
            target: LogTarget::File(folder.path().join("main.log")),
            maxbytes: 0,
            backups: 0,
            level,
            echo_stdout: false,
        };
        let logs = Logs::start(MainLogWriter::open(&main).unwrap()).unwrap();
        Self { folder, logs }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// Starts a shell script whose output goes to these logs.
    async fn script(
        &self,
        process: u64,
        script: &str,
        stdout: OutputSettings,
        change: fn(&mut SpawnPlan),
    ) -> i32 {
        let mut plan = plan(&["/bin/sh", "-c", script]);
        plan.process = ProcessId(process);
        plan.stdout = stdout;
        change(&mut plan);
        let stdout = self.logs.open(&plan.stdout).await.unwrap();
        let stderr = self.logs.open(&plan.stderr).await.unwrap();
        let SpawnedChild { pid, stdout: out, stderr: err, .. } = start(&plan);
        let attach = |channel, pipe, log| {
            let SpawnPlan { process, strip_ansi, .. } = plan;
            let name = plan.name.clone();
            let source = Source::Pipe { pipe, strip_ansi };
            self.logs.attach(Output { process, name, channel, source, log });
        };
        attach(Channel::Stdout, out, stdout);
        if let Some(err) = err {
            attach(Channel::Stderr, err, stderr);
        }
        pid
    }

    /// Runs a shell script to its end, with all its output logged.
    async fn run(&self, script: &str, stdout: OutputSettings, change: fn(&mut SpawnPlan)) {
        let pid = self.script(1, script, stdout, change).await;
        wait(pid);
        self.logs.drained(ProcessId(1), ready(())).await;
    }

    async fn read(&self, path: &Path, offset: i64, length: i64, mode: LogReadMode) -> LogText {
        let log = LogTarget::File(path.to_owned());
        self.logs.read(LogRange { log, offset, length, mode }).await.unwrap()
    }
}

fn unchanged(_: &mut SpawnPlan) {}

#[tokio::test]
async fn output_is_all_in_the_log_when_it_is_drained() {
    let bench = Bench::new(LogLevel::Info);
    for _ in 0..20 {
        bench.run("seq 1 20000; echo end", output(Some(bench.path("out"))), unchanged).await;
    }
    let once: String = (1..=20_000).map(|number| format!("{number}\n")).chain(["end\n".to_owned()]).collect();
    assert!(bench.text("out") == once.repeat(20));
}

#[tokio::test]
async fn redirected_error_output_is_in_the_same_log_in_order() {
    let bench = Bench::new(LogLevel::Info);
    let script = "for i in 1 2 3; do echo out $i; echo err $i >&2; done";
    bench.run(script, output(Some(bench.path("out"))), |plan| plan.redirect_stderr = true).await;
    assert_eq!(bench.text("out"), "out 1\nerr 1\nout 2\nerr 2\nout 3\nerr 3\n");
}

#[tokio::test]
async fn a_descendant_that_keeps_the_pipe_open_delays_only_for_a_moment() {
    let bench = Bench::new(LogLevel::Info);
    let script = "sleep 1000 & echo $!";
    bench.run(script, output(Some(bench.path("out"))), unchanged).await;
    let descendant = bench.text("out").trim().parse().unwrap();
    kill(Pid::from_raw(descendant), Signal::SIGKILL).unwrap();
}

#[tokio::test]
async fn a_chatty_process_starves_nobody_and_ends_with_its_pipe() {
    let bench = Bench::new(LogLevel::Info);
    let chatty = bench.script(2, "exec yes", output(Some("/dev/null".into())), unchanged).await;
    bench.run("seq 1 1000", output(Some(bench.path("out"))), unchanged).await;
    assert_eq!(bench.text("out").lines().count(), 1000);
    kill(Pid::from_raw(chatty), Signal::SIGKILL).unwrap();
    wait(chatty);
    bench.logs.drained(ProcessId(2), ready(())).await;
}

#[tokio::test]
async fn a_log_that_cannot_be_written_is_said_once_and_the_process_goes_on() {
    let bench = Bench::new(LogLevel::Info);
    bench.run("seq 1 50000", output(Some("/dev/full".into())), unchanged).await;
    bench.logs.stop();
    let text = bench.text("main.log");
    let lines: Vec<&str> =
        text.lines().map(|line| line.split_once(' ').unwrap().1.split_once(' ').unwrap().1).collect();
    let bytes: usize = (1..=50_000).map(|number| number.to_string().len() + 1).sum();
    assert_eq!(
        lines,
        [
            "ERRO stdout of 'test': cannot write log /dev/full: ENOSPC".to_owned(),
            format!("WARN stdout of 'test': {bytes} bytes were lost"),
        ]
    );
}

#[tokio::test]
async fn a_log_that_cannot_be_opened_is_an_error_number() {
    let bench = Bench::new(LogLevel::Info);
    let opened = bench.logs.open(&output(Some("/nowhere/at/all".into()))).await;
    assert_eq!(opened.unwrap_err(), libc::ENOENT);
    assert_eq!(bench.logs.open(&output(Some("/".into()))).await.unwrap_err(), libc::EISDIR);
}

#[tokio::test]
async fn a_log_is_rotated_while_the_process_writes() {
    let bench = Bench::new(LogLevel::Info);
    let settings = OutputSettings { maxbytes: 1000, backups: 2, ..output(Some(bench.path("out"))) };
    bench.run("yes 123456789 | head -n 100000", settings, unchanged).await;
    for name in ["out.1", "out.2"] {
        assert!(bench.text(name).len() >= 1000, "{name}");
    }
    assert!(!bench.path("out.3").exists());
    assert!(bench.text("out").len() < 1000);
}

#[tokio::test]
async fn escape_sequences_are_stripped_across_reads() {
    let bench = Bench::new(LogLevel::Info);
    let script =
        r"i=0; while [ $i -lt 200 ]; do printf 'a\033'; printf '[1;3'; printf '1mb\033[0m'; i=$((i+1)); done";
    bench.run(script, output(Some(bench.path("out"))), |plan| plan.strip_ansi = true).await;
    assert_eq!(bench.text("out"), "ab".repeat(200));
}

#[tokio::test]
async fn at_level_debug_output_is_in_the_main_log_too() {
    let bench = Bench::new(LogLevel::Debug);
    let script = "printf 'one\\ntwo\\n'";
    bench.run(script, output(None), |plan| plan.name = "it's".to_owned()).await;
    bench.logs.stop();
    let text = bench.text("main.log");
    assert_eq!(text.split_once(" DEBG ").unwrap().1, "\"it's\" stdout output:\none\ntwo\n\n");
}

#[tokio::test]
async fn lines_of_the_main_log_have_time_and_level_and_are_filtered() {
    let bench = Bench::new(LogLevel::Warn);
    bench.logs.line(LogLevel::Info, "not severe enough");
    bench.logs.line(LogLevel::Warn, "one");
    bench.logs.line(LogLevel::Critical, "two\nlines");
    let text = bench.read(&bench.path("main.log"), 0, 0, LogReadMode::Read).await;
    let text = String::from_utf8(text.bytes).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(&lines[0][23..], " WARN one");
    assert_eq!(&lines[1][23..], " CRIT two");
    assert_eq!(lines[2], "lines");
    let shape: String =
        lines[0][..23].chars().map(|letter| if letter.is_ascii_digit() { '9' } else { letter }).collect();
    assert_eq!(shape, "9999-99-99 99:99:99,999");
}

#[tokio::test]
async fn lines_beyond_the_queue_are_counted_and_told() {
    let bench = Bench::new(LogLevel::Info);
    // Faster than any thread writes, for long enough to fill the queue.
    for _ in 0..200_000 {
        bench.logs.line(LogLevel::Info, "line");
    }
    bench.logs.stop();
    let text = bench.text("main.log");
    let mut counted = 0;
    for line in text.lines() {
        match line[24..].strip_prefix("WARN ").and_then(|rest| rest.split_once(' ')) {
            Some((lost, _)) => counted += lost.parse::<usize>().unwrap(),
            None => counted += 1,
        }
    }
    assert_eq!(counted, 200_000);
}

#[tokio::test]
async fn reopening_lets_the_old_files_go_and_keeps_what_was_said_before() {
    let bench = Bench::new(LogLevel::Info);
    let pid =
        bench.script(1, "echo before; read x; echo after", output(Some(bench.path("out"))), unchanged).await;
    wait(pid);
    bench.logs.drained(ProcessId(1), ready(())).await;
    fs::remove_file(bench.path("out")).unwrap();
    let mut plan = plan(&["/bin/cat"]);
    plan.process = ProcessId(3);
    let log = bench.logs.open(&output(Some(bench.path("out")))).await.unwrap();
    let child = start(&plan);
    bench.logs.attach(Output {
        process: ProcessId(3),
        name: "cat".to_owned(),
        channel: Channel::Stdout,
        source: Source::Pipe { pipe: child.stdout, strip_ansi: false },
        log,
    });
    let mut lines = bench.logs.follow(&bench.path("out"), 1024);
    nix::unistd::write(child.stdin.as_ref().unwrap(), b"old").unwrap();
    assert_eq!(lines.recv().await.unwrap(), "old");
    bench.logs.line(LogLevel::Info, "old");
    for name in ["out", "main.log"] {
        fs::rename(bench.path(name), bench.path(&format!("{name}.moved"))).unwrap();
    }
    bench.logs.reopen();
    bench.logs.line(LogLevel::Info, "new");
    // An answered command shows that those before it have been carried out.
    bench.read(&bench.path("main.log"), 0, 0, LogReadMode::Read).await;
    nix::unistd::write(child.stdin.as_ref().unwrap(), b"new").unwrap();
    drop(child.stdin);
    wait(child.pid);
    bench.logs.drained(ProcessId(3), ready(())).await;
    assert_eq!((bench.text("out.moved"), bench.text("out")), ("old".to_owned(), "new".to_owned()));
    assert!(bench.text("main.log.moved").ends_with(" INFO old\n"));
    assert!(bench.text("main.log").ends_with(" INFO new\n"));
    assert_eq!(lines.recv().await.unwrap(), "new");
}

#[tokio::test]
async fn a_follower_sees_the_end_of_the_log_and_what_is_added_and_that_it_was_truncated() {
    let bench = Bench::new(LogLevel::Info);
    let path = bench.path("out");
    fs::write(&path, "x".repeat(5000)).unwrap();
    let mut lines = bench.logs.follow(&path, 1024);
    assert_eq!(lines.recv().await.unwrap(), "x".repeat(1024));
    bench.run("echo added", output(Some(path.clone())), unchanged).await;
    assert_eq!(lines.recv().await.unwrap(), "added\n");
    fs::write(&path, "").unwrap();
    bench.run("echo again", output(Some(path.clone())), unchanged).await;
    assert_eq!(lines.recv().await.unwrap(), "==> File truncated <==\n");
    assert_eq!(lines.recv().await.unwrap(), "again\n");
}

#[tokio::test]
async fn a_slow_follower_holds_up_nobody_and_misses_nothing() {
    let bench = Bench::new(LogLevel::Info);
    let path = bench.path("out");
    fs::write(&path, "begin\n").unwrap();
    let mut lines = bench.logs.follow(&path, 1024);
    assert_eq!(lines.recv().await.unwrap(), "begin\n");
    bench.run("seq 1 200000", output(Some(path.clone())), unchanged).await;
    let expected = bench.text("out").replacen("begin\n", "", 1);
    let mut received = Vec::new();
    while received.len() < expected.len() {
        received.extend(lines.recv().await.unwrap());
    }
    assert!(received == expected.as_bytes());
}

#[tokio::test]
async fn following_what_is_not_there_ends_at_once() {
    let bench = Bench::new(LogLevel::Info);
    assert_eq!(bench.logs.follow(&bench.path("nothing"), 1024).recv().await, None);
    assert_eq!(bench.logs.follow(Path::new("/dev/null"), 1024).recv().await, None);
}

#[tokio::test]
async fn automatic_logs_are_made() {
    let bench = Bench::new(LogLevel::Info);
    let folder = bench.folder.path().to_owned();
    let path = bench.logs.create_automatic("cat-stdout---x-".to_owned(), folder.clone()).await.unwrap();
    assert!(path.exists());
    assert_eq!(
        bench.logs.create_automatic(String::new(), path).await.unwrap_err().kind(),
        ErrorKind::NotADirectory
    );
}

#[tokio::test]
async fn a_tail_is_told_with_the_size_of_the_log() {
    let bench = Bench::new(LogLevel::Info);
    let path = bench.path("out");
    bench.run("printf 0123456789", output(Some(path.clone())), unchanged).await;
    let text = bench.read(&path, 0, 4, LogReadMode::Tail).await;
    assert_eq!(text, LogText { bytes: b"6789".to_vec(), offset: 10, overflow: true });
}

#[tokio::test]
async fn after_the_end_everything_is_refused_and_nothing_hangs() {
    let bench = Bench::new(LogLevel::Info);
    bench.logs.line(LogLevel::Info, "last");
    bench.logs.stop();
    bench.logs.stop();
    bench.logs.line(LogLevel::Info, "nobody hears this");
    assert_eq!(bench.logs.open(&output(None)).await.unwrap_err(), libc::EIO);
    bench.logs.drained(ProcessId(1), ready(())).await;
    assert_eq!(bench.logs.follow(&bench.path("main.log"), 1024).recv().await, None);
    assert!(bench.text("main.log").ends_with(" INFO last\n"));
}

#[tokio::test]
async fn a_follower_sees_what_others_write_and_goes_on_in_a_file_that_they_put_there() {
    let bench = Bench::new(LogLevel::Info);
    let path = bench.path("out");
    fs::write(&path, "first\n").unwrap();
    let mut lines = bench.logs.follow(&path, 1024);
    let mut other = bench.logs.follow(&path, 1024);
    for receiver in [&mut lines, &mut other] {
        assert_eq!(receiver.recv().await.unwrap(), "first\n");
    }
    let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all(b"by somebody else\n").unwrap();
    assert_eq!(lines.recv().await.unwrap(), "by somebody else\n");
    for number in 0..3 {
        let new = bench.path("new");
        fs::write(&new, format!("replaced {number}\n")).unwrap();
        fs::rename(&new, &path).unwrap();
        assert_eq!(lines.recv().await.unwrap(), format!("replaced {number}\n"));
        let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"and more\n").unwrap();
        assert_eq!(lines.recv().await.unwrap(), "and more\n");
    }
    drop(lines);
    fs::remove_file(&path).unwrap();
    fs::write(&path, "made again\n").unwrap();
    let mut seen = Vec::new();
    while !seen.ends_with(b"made again\n") {
        seen.extend(other.recv().await.unwrap());
    }
}

#[tokio::test]
async fn a_thousand_followers_that_do_not_read_hold_up_nobody() {
    let bench = Bench::new(LogLevel::Info);
    let path = bench.path("out");
    fs::write(&path, "begin\n").unwrap();
    let mut followers: Vec<_> = (0..1000).map(|_| bench.logs.follow(&path, 1024)).collect();
    for follower in &mut followers {
        assert_eq!(follower.recv().await.unwrap(), "begin\n");
    }
    bench.run("seq 1 100000", output(Some(path.clone())), unchanged).await;
    let expected = bench.text("out").replacen("begin\n", "", 1);
    assert_eq!(expected.lines().count(), 100_000);
    // Each one that reads again finds everything.
    for follower in followers.iter_mut().step_by(250) {
        let mut received = Vec::new();
        while received.len() < expected.len() {
            received.extend(follower.recv().await.unwrap());
        }
        assert!(received == expected.as_bytes());
    }
}

#[tokio::test]
async fn a_pipe_that_nobody_reads_costs_its_own_output_only_and_the_count_is_said() {
    let bench = Bench::new(LogLevel::Info);
    let pipe = bench.path("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    // Far more than fits; the process does not wait for a reader for ever.
    let stuck = bench.script(2, "seq 1 100000; echo end >&2", output(Some(pipe)), |plan| {
        plan.stderr = plan.stdout.clone();
        plan.stderr.logfile = LogTarget::None;
    });
    let pid = stuck.await;
    bench.run("seq 1 1000", output(Some(bench.path("out"))), unchanged).await;
    assert_eq!(bench.text("out").lines().count(), 1000);
    wait(pid);
    bench.logs.drained(ProcessId(2), ready(())).await;
    bench.logs.stop();
    let text = bench.text("main.log");
    let messages: Vec<&str> = text.lines().map(|line| &line[24..]).collect();
    assert_eq!(messages.len(), 2, "{text}");
    assert!(
        messages[0].starts_with("ERRO stdout of 'test': cannot write log ")
            && messages[0].contains("/pipe: ")
    );
    assert!(messages[1].starts_with("WARN stdout of 'test': ") && messages[1].ends_with(" bytes were lost"));
}
