//! Reading parts of logs for clients: `readLog`, `tailProcessLog` and their kin (parity 4).

use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use supervisor_core::config::LogTarget;
use supervisor_core::effect::{LogRange, LogReadError, LogReadMode, LogText};

use super::file::read_full;

/// Answers a request for a part of a log.
///
/// # Errors
/// See [`LogReadError`]; but [`LogReadMode::Tail`] answers nothing, offset 0, for a log
/// that is not there, as the original does.
pub(crate) fn read(range: &LogRange) -> Result<LogText, LogReadError> {
    let nothing = LogText { bytes: Vec::new(), offset: 0, overflow: false };
    let opened = match &range.log {
        LogTarget::File(path) => open(path),
        LogTarget::None | LogTarget::Automatic | LogTarget::Syslog => Err(LogReadError::NoFile),
    };
    match (range.mode, opened) {
        (LogReadMode::Read, opened) => {
            let (mut file, size) = opened?;
            let (position, length) = read_window(range.offset, range.length, size)?;
            let bytes = bytes_at(&mut file, position, length)?;
            Ok(LogText { bytes, offset: size, overflow: false })
        }
        (LogReadMode::Tail, Ok((mut file, size))) => {
            let window = tail_window(range.offset, range.length, size);
            Ok(match bytes_at(&mut file, window.position, window.length) {
                Ok(bytes) => LogText { bytes, offset: size, overflow: window.overflow },
                Err(_) => LogText { offset: u64::try_from(range.offset).unwrap_or(0), ..nothing },
            })
        }
        (LogReadMode::Tail, Err(LogReadError::NoFile)) => Ok(nothing),
        (LogReadMode::Tail, Err(error)) => Err(error),
    }
}

/// Opens a log that can be read from any offset, and tells its size.
fn open(path: &Path) -> Result<(File, u64), LogReadError> {
    let metadata = path.metadata().map_err(|_| LogReadError::NoFile)?;
    if metadata.is_dir() {
        return Err(LogReadError::Failed);
    }
    if !metadata.is_file() {
        return Err(LogReadError::NoFile);
    }
    // Non-blocking: between the look and the opening it may have become a pipe.
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
        .open(path)
        .map_err(|_| LogReadError::Failed)?;
    let size = file.metadata().map_err(|_| LogReadError::Failed)?.len();
    Ok((file, size))
}

fn bytes_at(file: &mut File, position: u64, length: u64) -> Result<Vec<u8>, LogReadError> {
    let length = usize::try_from(length).map_err(|_| LogReadError::Failed)?;
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(length).map_err(|_| LogReadError::Failed)?;
    bytes.resize(length, 0);
    file.seek(SeekFrom::Start(position)).map_err(|_| LogReadError::Failed)?;
    let filled = read_full(file, &mut bytes).map_err(|_| LogReadError::Failed)?;
    bytes.truncate(filled);
    Ok(bytes)
}

/// Position and number of bytes of a [`LogReadMode::Read`].
fn read_window(offset: i64, length: i64, size: u64) -> Result<(u64, u64), LogReadError> {
    match (u64::try_from(offset), u64::try_from(length)) {
        (Err(_), Ok(0)) => {
            let wanted = offset.unsigned_abs().min(size);
            Ok((size - wanted, wanted))
        }
        (Err(_), _) | (Ok(_), Err(_)) => Err(LogReadError::BadArguments),
        (Ok(offset), Ok(length)) => {
            let available = size.saturating_sub(offset);
            Ok((offset, if length == 0 { available } else { length.min(available) }))
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
struct TailWindow {
    position: u64,
    length: u64,
    overflow: bool,
}

/// Position and number of bytes of a [`LogReadMode::Tail`].
///
/// Where more follows than `length` from `offset`, the last `length` bytes, and overflow. Where less follows,
/// the last `length` bytes too, so that some before `offset` are told again; nothing when `offset` lies at or
/// behind the end.
fn tail_window(offset: i64, length: i64, size: u64) -> TailWindow {
    // Wider than all three, so that no sum overflows.
    let (mut offset, mut length, size) = (i128::from(offset), i128::from(length), i128::from(size));
    let overflow = size > offset + length;
    if overflow {
        offset = size - 1;
    }
    if offset + length > size {
        if offset > size - 1 {
            length = 0;
        }
        offset = size - length;
    }
    let position = offset.clamp(0, size);
    let length = length.clamp(0, size - position);
    TailWindow {
        position: u64::try_from(position).unwrap_or(0),
        length: u64::try_from(length).unwrap_or(0),
        overflow,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::fs;

    use super::*;

    const TEXT: &[u8] = b"0123456789";

    fn ask(mode: LogReadMode, offset: i64, length: i64) -> Result<LogText, LogReadError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        fs::write(&path, TEXT).unwrap();
        read(&LogRange { log: LogTarget::File(path), offset, length, mode })
    }

    #[test]
    fn read_takes_a_part_or_the_rest_or_the_last_bytes() {
        for (offset, length, expected) in [
            (0, 0, "0123456789"),
            (0, 4, "0123"),
            (3, 4, "3456"),
            (3, 0, "3456789"),
            (8, 4, "89"),
            (10, 0, ""),
            (99, 0, ""),
            (99, 5, ""),
            (-3, 0, "789"),
            (-10, 0, "0123456789"),
            (-99, 0, "0123456789"),
            (0, i64::MAX, "0123456789"),
            (i64::MIN, 0, "0123456789"),
        ] {
            let text = ask(LogReadMode::Read, offset, length).unwrap();
            assert_eq!(text.bytes, expected.as_bytes(), "offset {offset}, length {length}");
            assert_eq!(text.offset, 10);
        }
    }

    #[test]
    fn read_refuses_negative_lengths_and_lengths_of_last_bytes() {
        for (offset, length) in [(-3, 1), (-3, -1), (0, -1), (5, -5)] {
            assert_eq!(ask(LogReadMode::Read, offset, length), Err(LogReadError::BadArguments));
        }
    }

    /// Each line was answered by the original for a log of these ten bytes.
    #[test]
    fn tail_answers_as_the_original() {
        for (offset, length, expected, overflow) in include!("../../tests/fixtures/tail.in") {
            let text = ask(LogReadMode::Tail, offset, length).unwrap();
            let expected = LogText { bytes: expected.as_bytes().to_vec(), offset: 10, overflow };
            assert_eq!(text, expected, "offset {offset}, length {length}");
        }
    }

    #[test]
    fn a_log_that_is_not_there_or_cannot_seek_is_no_file() {
        for log in [
            LogTarget::None,
            LogTarget::Syslog,
            LogTarget::File("/nowhere/at/all".into()),
            LogTarget::File("/dev/null".into()),
        ] {
            let mut range = LogRange { log, offset: 0, length: 10, mode: LogReadMode::Read };
            assert_eq!(read(&range), Err(LogReadError::NoFile));
            range.mode = LogReadMode::Tail;
            assert_eq!(read(&range), Ok(LogText { bytes: Vec::new(), offset: 0, overflow: false }));
        }
    }

    #[test]
    fn reading_a_folder_failed() {
        let range =
            LogRange { log: LogTarget::File("/".into()), offset: 0, length: 0, mode: LogReadMode::Read };
        assert_eq!(read(&range), Err(LogReadError::Failed));
    }
}
