"""Log levels, and loggers of a program's own.

Nothing of the daemon goes through these classes: it writes its logs natively. They are for plug-ins and
scripts that want a log of the same kind.
"""

from __future__ import annotations

import errno
import os
import sys
import time

from supervisor.compat import as_string, is_text_stream

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import MutableSequence
    from typing import Any


class LevelsByName:
    """Numbers of the levels by the four letters of a log line, most urgent first."""

    CRIT = 50
    ERRO = 40
    WARN = 30
    INFO = 20
    DEBG = 10
    TRAC = 5
    BLAT = 3


class LevelsByDescription:
    """Numbers of the levels by the words that ``loglevel=`` takes."""

    critical = LevelsByName.CRIT
    error = LevelsByName.ERRO
    warn = LevelsByName.WARN
    info = LevelsByName.INFO
    debug = LevelsByName.DEBG
    trace = LevelsByName.TRAC
    blather = LevelsByName.BLAT


LOG_LEVELS_BY_NUM = {number: name for name, number in vars(LevelsByName).items() if not name.startswith("_")}
"""The four letters of a level by its number."""


def getLevelNumByDescription(description: str) -> int | None:
    """Return the number of the level that a configuration file calls so, or None."""
    return None if description.startswith("_") else vars(LevelsByDescription).get(description)


class LogRecord:
    """A message, text or bytes, with its level; keywords fill ``%(name)s`` in it."""

    def __init__(self, level: int, msg: str | bytes, **kw: Any) -> None:
        self.level = level
        self.msg = msg
        self.kw = kw
        self.dictrepr: dict[str, str] | None = None

    def asdict(self) -> dict[str, str]:
        """Return `message`, `levelname` and `asctime`, the time at which this was asked first."""
        if self.dictrepr is None:
            now = time.time()
            seconds = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(now))
            message = as_string(self.msg)
            self.dictrepr = {
                "message": message % self.kw if self.kw else message,
                "levelname": LOG_LEVELS_BY_NUM[self.level],
                "asctime": f"{seconds},{int(now % 1 * 1000):03d}",
            }
        return self.dictrepr


class Handler:
    """Writes records of at least its `level` to a stream, formatted by `fmt`."""

    fmt = "%(message)s"
    level = LevelsByName.INFO

    def __init__(self, stream: Any = None) -> None:
        self.stream = stream
        self.closed = False

    def setFormat(self, fmt: str) -> None:
        """Format records so, by the names of `LogRecord.asdict`."""
        self.fmt = fmt

    def setLevel(self, level: int) -> None:
        """Leave out records below a level."""
        self.level = level

    def flush(self) -> None:
        """Let out what is buffered; nobody need read it."""
        try:
            self.stream.flush()
        except OSError as why:
            if why.args[0] != errno.EPIPE:
                raise

    def close(self) -> None:
        """Close the stream unless it is one of the program's standard streams."""
        if self.closed or self._is_standard():
            return
        self.stream.close()
        self.closed = True

    def _is_standard(self) -> bool:
        try:
            return int(self.stream.fileno()) <= 2
        except (AttributeError, OSError):
            return False

    def emit(self, record: LogRecord) -> None:
        """Write a record. An error is told on standard error: logging must not end a program."""
        try:
            message = self._formatted(record)
            try:
                self.stream.write(message)
            except UnicodeError:
                # Once more: an encoder may have been in the middle of a character.
                self.stream.write(message)
            self.flush()
        except Exception:
            self.handleError()

    def _formatted(self, record: LogRecord) -> str | bytes:
        # Bytes that are to be written as they are need not be text.
        plain = self.fmt == Handler.fmt and record.kw in ({}, {"exc_info": None})
        if plain and isinstance(record.msg, bytes):
            return record.msg
        text = self.fmt % record.asdict()
        return text if is_text_stream(self.stream) else text.encode("utf-8")

    def handleError(self) -> None:
        """Tell the exception that is being handled on standard error."""
        import traceback

        traceback.print_exc(file=sys.stderr)


class StreamHandler(Handler):
    """Writes to a stream that is there."""

    def __init__(self, strm: Any = None) -> None:
        super().__init__(strm)

    def remove(self) -> None:
        """Empty the stream, if it can be."""
        if hasattr(self.stream, "clear"):
            self.stream.clear()

    def reopen(self) -> None:
        """Do nothing: a stream has no name to open it by."""


class BoundIO:
    """Keeps about the last `maxbytes` bytes that were written to it."""

    def __init__(self, maxbytes: int, buf: bytes = b"") -> None:
        self.maxbytes = maxbytes
        self.buf = buf

    def flush(self) -> None:
        """Do nothing: there is nowhere to let it out to."""

    def close(self) -> None:
        """Forget what was written."""
        self.clear()

    def write(self, b: bytes) -> None:
        """Append bytes; as many of the oldest make room where it gets too much."""
        if len(self.buf) + len(b) > self.maxbytes:
            self.buf = self.buf[len(b) :]
        self.buf += b

    def getvalue(self) -> bytes:
        """Return what is kept."""
        return self.buf

    def clear(self) -> None:
        """Forget what was written."""
        self.buf = b""


class FileHandler(Handler):
    """Writes to a file, which is opened at once."""

    def __init__(self, filename: str, mode: str = "ab") -> None:
        """Open the file; raises OSError."""
        super().__init__()
        try:
            self.stream = open(filename, mode)  # noqa: SIM115  # closed by `close`
        except OSError as why:
            # Pipes and terminals cannot be appended to, for Python wants to know their end.
            if mode != "ab" or why.errno != errno.ESPIPE:
                raise
            mode = "wb"
            self.stream = open(filename, mode)  # noqa: SIM115
        self.baseFilename = filename
        self.mode = mode

    def reopen(self) -> None:
        """Close the file and open whatever has its name now; raises OSError."""
        self.close()
        self.stream = open(self.baseFilename, self.mode)  # noqa: SIM115
        self.closed = False

    def remove(self) -> None:
        """Close the file and remove it, if it is there; raises OSError."""
        self.close()
        _unless_missing(os.remove, self.baseFilename)


class RotatingFileHandler(FileHandler):
    """Writes to a file that becomes ``name.1``, then ``name.2`` and so on, once it has `maxBytes`.

    `backupCount` old files are kept; with `maxBytes` 0 it is never rotated.
    """

    def __init__(
        self, filename: str, mode: str = "ab", maxBytes: int = 512 * 1024 * 1024, backupCount: int = 10
    ) -> None:
        # Each record has to go behind those of an earlier run.
        super().__init__(filename, "ab" if maxBytes > 0 else mode)
        self.maxBytes = maxBytes
        self.backupCount = backupCount

    def emit(self, record: LogRecord) -> None:
        """Write a record, then rotate the file if it is time."""
        super().emit(record)
        self.doRollover()

    def _remove(self, fn: str) -> None:
        os.remove(fn)

    def _rename(self, src: str, tgt: str) -> None:
        os.rename(src, tgt)

    def _exists(self, fn: str) -> bool:
        return os.path.exists(fn)

    def removeAndRename(self, sfn: str, dfn: str) -> None:
        """Rename a file over another; somebody else may have removed either. Raises OSError."""
        if self._exists(dfn):
            _unless_missing(self._remove, dfn)
        _unless_missing(self._rename, sfn, dfn)

    def doRollover(self) -> None:
        """Rotate the file if it has reached its size; raises OSError."""
        if self.maxBytes <= 0 or self.stream.tell() < self.maxBytes:
            return
        self.stream.close()
        names = [self.baseFilename, *(f"{self.baseFilename}.{n}" for n in range(1, self.backupCount + 1))]
        for newer, older in reversed(list(zip(names, names[1:]))):
            if newer == self.baseFilename or os.path.exists(newer):
                self.removeAndRename(newer, older)
        self.stream = open(self.baseFilename, "wb")  # noqa: SIM115


def _unless_missing(change: Any, *paths: str) -> None:
    try:
        change(*paths)
    except OSError as why:
        if why.args[0] != errno.ENOENT:
            raise


class SyslogHandler(Handler):
    """Writes each line of a record to the system log."""

    def close(self) -> None:
        """Do nothing: the system log is everybody's."""

    def reopen(self) -> None:
        """Do nothing: there is no file."""

    def _syslog(self, msg: str) -> None:
        import syslog

        syslog.syslog(msg)

    def emit(self, record: LogRecord) -> None:
        """Write a record. An error is told on standard error."""
        try:
            values = record.asdict()
            for line in values["message"].rstrip("\n").split("\n"):
                self._syslog(self.fmt % {**values, "message": line})
        except Exception:
            self.handleError()


class Logger:
    """Passes what is at least of its `level` on to its handlers, each of which has a level, too."""

    def __init__(self, level: int | None = None, handlers: MutableSequence[Handler] | None = None) -> None:
        self.level = LevelsByName.INFO if level is None else level
        self.handlers: MutableSequence[Handler] = [] if handlers is None else handlers

    def close(self) -> None:
        """Close all handlers."""
        for handler in self.handlers:
            handler.close()

    def blather(self, msg: str | bytes, **kw: Any) -> None:
        """Log at level blather; keywords fill ``%(name)s`` in the message."""
        self._log_from(LevelsByName.BLAT, msg, kw)

    def trace(self, msg: str | bytes, **kw: Any) -> None:
        """Log at level trace."""
        self._log_from(LevelsByName.TRAC, msg, kw)

    def debug(self, msg: str | bytes, **kw: Any) -> None:
        """Log at level debug."""
        self._log_from(LevelsByName.DEBG, msg, kw)

    def info(self, msg: str | bytes, **kw: Any) -> None:
        """Log at level info."""
        self._log_from(LevelsByName.INFO, msg, kw)

    def warn(self, msg: str | bytes, **kw: Any) -> None:
        """Log at level warn."""
        self._log_from(LevelsByName.WARN, msg, kw)

    def error(self, msg: str | bytes, **kw: Any) -> None:
        """Log at level error."""
        self._log_from(LevelsByName.ERRO, msg, kw)

    def critical(self, msg: str | bytes, **kw: Any) -> None:
        """Log at level critical."""
        self._log_from(LevelsByName.CRIT, msg, kw)

    def _log_from(self, level: int, msg: str | bytes, kw: dict[str, Any]) -> None:
        if level >= self.level:
            self.log(level, msg, **kw)

    def log(self, level: int, msg: str | bytes, **kw: Any) -> None:
        """Pass a message on to the handlers, whatever the logger's own level."""
        record = LogRecord(level, msg, **kw)
        for handler in self.handlers:
            if level >= handler.level:
                handler.emit(record)

    def addHandler(self, hdlr: Handler) -> None:
        """Pass messages on to one more."""
        self.handlers.append(hdlr)

    def getvalue(self) -> bytes:
        """Return what was logged, where `handle_boundIO` made the logger keep it."""
        raise NotImplementedError("this logger does not keep what it logged")


def getLogger(level: int | None = None) -> Logger:
    """Return a logger without handlers; its level is info unless given."""
    return Logger(level)


def _attach(logger: Logger, handler: Handler, fmt: str) -> None:
    handler.setFormat(fmt)
    handler.setLevel(logger.level)
    logger.addHandler(handler)


def handle_boundIO(logger: Logger, fmt: str, maxbytes: int = 1 << 21) -> None:
    """Have a logger keep the last of what it logged, for its `getvalue`."""
    kept = BoundIO(maxbytes)
    _attach(logger, StreamHandler(kept), fmt)
    logger.getvalue = kept.getvalue  # type: ignore[method-assign]


def handle_stdout(logger: Logger, fmt: str) -> None:
    """Have a logger write to standard output."""
    _attach(logger, StreamHandler(sys.stdout), fmt)


def handle_syslog(logger: Logger, fmt: str) -> None:
    """Have a logger write to the system log."""
    _attach(logger, SyslogHandler(), fmt)


def handle_file(
    logger: Logger, filename: str, fmt: str, rotating: bool = False, maxbytes: int = 0, backups: int = 0
) -> None:
    """Have a logger write to a file, rotated or not; the name ``syslog`` stands for the system log."""
    if filename == "syslog":
        handler: Handler = SyslogHandler()
    elif rotating:
        handler = RotatingFileHandler(filename, "a", maxbytes, backups)
    else:
        handler = FileHandler(filename)
    _attach(logger, handler, fmt)
