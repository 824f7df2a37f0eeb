//! A thousand logs at once, one of them flooded: everybody's output arrives, whole and in order.
#![allow(clippy::unwrap_used)]

mod common;

use std::fs::File;
use std::future::ready;
use std::io::Write as _;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use common::output;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use supervisor_core::config::{LogLevel, LogTarget, OutputSettings};
use supervisor_core::effect::{Channel, ProcessId};
use supervisor_engine::logs::{Logs, MainLog, MainLogWriter, Output, Source};
use supervisor_engine::pipes::{pipe, set_nonblocking};

const QUIET: u64 = 999;

/// Logs, in a main log that nobody reads.
fn start(folder: &Path) -> Logs {
    let target = LogTarget::File(folder.join("main.log"));
    let main = MainLog { target, maxbytes: 0, backups: 0, level: LogLevel::Info, echo_stdout: false };
    Logs::start(MainLogWriter::open(&main).unwrap()).unwrap()
}

/// Attaches a pipe that is logged so; the end to write to.
async fn attach(logs: &Logs, process: u64, settings: &OutputSettings) -> OwnedFd {
    let log = logs.open(settings).await.unwrap();
    let (reader, writer) = pipe().unwrap();
    set_nonblocking(&reader).unwrap();
    logs.attach(Output {
        process: ProcessId(process),
        name: process.to_string(),
        channel: Channel::Stdout,
        source: Source::Pipe { pipe: reader, strip_ansi: false },
        log,
    });
    writer
}

#[tokio::test]
async fn beside_a_flood_a_thousand_quiet_logs_get_every_byte() {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, hard.min(8192), hard).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let logs = start(folder.path());
    let over = Arc::new(AtomicBool::new(false));
    let flooded =
        OutputSettings { maxbytes: 1 << 20, backups: 1, ..output(Some(folder.path().join("flood"))) };
    let mut flood = File::from(attach(&logs, 0, &flooded).await);
    let flooding = std::thread::spawn({
        let over = Arc::clone(&over);
        move || {
            while !over.load(Ordering::Relaxed) {
                flood.write_all(&[b'x'; 64 * 1024]).unwrap();
            }
        }
    });
    let path = |process: u64| folder.path().join(process.to_string());
    let mut quiet = Vec::new();
    for process in 1..=QUIET {
        quiet.push((process, File::from(attach(&logs, process, &output(Some(path(process)))).await)));
    }
    // Lines, pieces without an end, single bytes, and bytes that are no text.
    for round in 0..4_u8 {
        for (process, writer) in &mut quiet {
            match round {
                0 => writeln!(writer, "line {process}").unwrap(),
                1 => write!(writer, "no end {process}").unwrap(),
                2 => writer.write_all(b"\n").unwrap(),
                _ => writer.write_all(&[0, 0xff, 0x1b, round]).unwrap(),
            }
        }
    }
    let processes: Vec<u64> = quiet.into_iter().map(|(process, _)| process).collect();
    for process in processes {
        logs.drained(ProcessId(process), ready(())).await;
        let mut expected = format!("line {process}\nno end {process}\n").into_bytes();
        expected.extend([0, 0xff, 0x1b, 3]);
        assert_eq!(std::fs::read(path(process)).unwrap(), expected, "{process}");
    }
    over.store(true, Ordering::Relaxed);
    flooding.join().unwrap();
    logs.drained(ProcessId(0), ready(())).await;
    assert!(folder.path().join("flood.1").metadata().unwrap().len() >= 1 << 20);
    logs.stop();
}
