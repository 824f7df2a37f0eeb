//! The main log: `supervisord.log`, the system log, standard output in the foreground.

use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::{Duration, SystemTime};

use supervisor_core::config::{LogLevel, LogTarget};
use supervisor_core::effect::LogClearError;
use supervisor_core::errno;

use super::file::LogFile;
use super::outlet::Outlet;
use super::record::{self, Stamp};
use super::syslog::Syslog;

/// What the configuration says about the main log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MainLog {
    /// Where it goes.
    pub target: LogTarget,
    /// Size in bytes at which a file is rotated, 0 for never.
    pub maxbytes: u64,
    /// How many rotated files are kept.
    pub backups: u32,
    /// Least severe level that is written.
    pub level: LogLevel,
    /// Copy it to standard output (in the foreground, unless silent).
    pub echo_stdout: bool,
}

/// Writes the main log. Before its thread starts it is used as it is, afterwards through [`super::Logs`].
#[derive(Debug)]
pub struct MainLogWriter {
    level: LogLevel,
    stamp: Stamp,
    /// Standard output first, then the file, as the original does.
    outlets: [Option<Outlet>; OUTLETS],
    syslog: Option<Syslog>,
}

/// How many outlets there may be.
pub(crate) const OUTLETS: usize = 2;

impl MainLogWriter {
    /// Opens the main log. No thread is needed or started, so the daemon may still go into the background.
    ///
    /// # Errors
    /// The system's, when the file cannot be opened.
    pub fn open(settings: &MainLog) -> io::Result<Self> {
        let echo = if settings.echo_stdout { Some(Outlet::new(LogFile::standard_output()?)) } else { None };
        let file = match &settings.target {
            LogTarget::File(path) => {
                Some(Outlet::new(LogFile::open(path, settings.maxbytes, settings.backups)?))
            }
            LogTarget::None | LogTarget::Automatic | LogTarget::Syslog => None,
        };
        let syslog = (settings.target == LogTarget::Syslog).then(Syslog::default);
        Ok(Self { level: settings.level, stamp: Stamp::default(), outlets: [echo, file], syslog })
    }

    /// Writes a line now, if its level is severe enough. Never waits for a reader.
    pub fn line(&mut self, level: LogLevel, message: &str) {
        self.record(SystemTime::now(), level, message);
    }

    /// Least severe level that is written.
    #[must_use]
    pub fn level(&self) -> LogLevel {
        self.level
    }

    pub(crate) fn takes(&self, level: LogLevel) -> bool {
        level <= self.level
    }

    /// The file, if it is one.
    pub(crate) fn path(&self) -> Option<&Path> {
        let [_, file] = &self.outlets;
        file.as_ref().map(|outlet| outlet.log().path())
    }

    /// Writes a line that was said at `time`.
    pub(crate) fn record(&mut self, time: SystemTime, level: LogLevel, message: &str) {
        if !self.takes(level) {
            return;
        }
        let stamp = self.stamp.format(time);
        let line = record::format(&stamp, level, message);
        let mut problem = None;
        for outlet in self.outlets.iter_mut().flatten() {
            if let Err(error) = outlet.push(&stamp, &line) {
                problem = Some(describe("rotate", outlet.log().path(), &error));
            }
        }
        if let Some(syslog) = &mut self.syslog {
            // Every line with time and level in front, as the original's system log handler has it.
            syslog.send(&format!("{stamp} {} ", level.label()), message.as_bytes());
        }
        if let Some(problem) = problem {
            // Ends: a failed rotation is tried again only much later.
            self.line(LogLevel::Error, &problem);
        }
    }

    /// Opens the file again by its name.
    pub(crate) fn reopen(&mut self) {
        let [_, file] = &mut self.outlets;
        let Some(outlet) = file else { return };
        if let Err(error) = outlet.reopen() {
            let problem = describe("reopen", outlet.log().path(), &error);
            self.line(LogLevel::Error, &problem);
        }
    }

    /// Removes the file and begins a new one, after a line in the old one for each outlet (as the original).
    ///
    /// # Errors
    /// `NoFile` where the log is no file, or its file is gone.
    pub(crate) fn clear(&mut self) -> Result<(), LogClearError> {
        let [echo, file] = &self.outlets;
        let outlets = [echo, file].into_iter().flatten().count();
        let path = file
            .as_ref()
            .map(Outlet::log)
            .filter(|log| log.is_file())
            .map(LogFile::path)
            .filter(|path| path.exists())
            .ok_or(LogClearError::NoFile)?;
        std::fs::remove_file(path).map_err(|_| LogClearError::Failed)?;
        for _ in 0..outlets {
            self.line(LogLevel::Info, "reopening log file");
        }
        let [_, file] = &mut self.outlets;
        file.as_mut().map_or(Ok(()), Outlet::reopen).map_err(|_| LogClearError::Failed)
    }

    /// For each outlet where lines wait, a descriptor to wait on until it has room for them.
    pub(crate) fn blocked(&self) -> Vec<OwnedFd> {
        let outlets = self.outlets.iter().flatten().filter_map(Outlet::blocked);
        outlets.chain(self.syslog.as_ref().and_then(Syslog::blocked)).collect()
    }

    /// Writes lines that waited.
    pub(crate) fn flush(&mut self) {
        let stamp = self.stamp.format(SystemTime::now());
        for outlet in self.outlets.iter_mut().flatten() {
            outlet.flush(&stamp);
        }
        if let Some(syslog) = &mut self.syslog {
            syslog.flush();
        }
    }

    /// Writes lines that waited, waiting for readers of streams for at most `bound` each.
    pub fn flush_within(&mut self, bound: Duration) {
        let stamp = self.stamp.format(SystemTime::now());
        for outlet in self.outlets.iter_mut().flatten() {
            outlet.flush_within(&stamp, bound);
        }
    }
}

/// What is said when something cannot be done with a log.
pub(crate) fn describe(action: &str, path: &Path, error: &io::Error) -> String {
    format!("cannot {action} log {}: {}", path.display(), reason(error))
}

/// The symbolic name of a system error.
pub(crate) fn reason(error: &io::Error) -> String {
    error.raw_os_error().map_or_else(|| error.to_string(), |number| errno::name(number).into_owned())
}
