//! Failures that end a command, shown as the original shows an exception that nobody handled.
//!
//! The line is `error: <class 'X'>, text`. The original adds a Python file and a line number, which
//! have no counterpart here (traps 4).

use std::io;

use super::python_text::quoted;
use crate::client::ClientError;

/// Why a command ended early.
#[derive(Debug)]
pub enum Failure {
    /// A call or a stream failed in a way the command has no words for.
    Client(ClientError),
    /// A status the command does not know: its number and the process.
    UnknownResult(i64, String),
    /// A number beyond what XML-RPC can carry.
    Overflow,
    /// Input ended where an answer was asked for; the sentence for it.
    EndOfInput(&'static str),
    /// Ctrl-C, which leaves the shell.
    Interrupted,
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Interrupted => Self::Interrupted,
            other => Self::Client(other),
        }
    }
}

impl Failure {
    /// Whether the server wants credentials, or other ones.
    pub(super) fn is_unauthorized(&self) -> bool {
        matches!(self, Self::Client(ClientError::Http { status: 401, .. }))
    }

    /// The line that is printed.
    pub(super) fn line(&self) -> String {
        let (class, text) = self.class_and_text();
        format!("error: <class '{class}'>, {text}")
    }

    fn class_and_text(&self) -> (&'static str, String) {
        match self {
            Self::Client(error) => client_class_and_text(error),
            Self::UnknownResult(code, name) => {
                ("ValueError", format!("Unknown result code {code} for {name}"))
            }
            Self::Overflow => ("OverflowError", "int exceeds XML-RPC limits".to_owned()),
            Self::EndOfInput(sentence) => ("EOFError", (*sentence).to_owned()),
            Self::Interrupted => ("KeyboardInterrupt", String::new()),
        }
    }
}

/// Python's exception class for a client error, and what the exception prints.
pub(super) fn client_class_and_text(error: &ClientError) -> (&'static str, String) {
    match error {
        ClientError::Address(sentence) => ("ValueError", sentence.clone()),
        ClientError::Io(error) => io_class_and_text(error),
        ClientError::Resolve { code, text } => ("socket.gaierror", format!("[Errno {code}] {text}")),
        ClientError::Disconnected => ("http.client.RemoteDisconnected", error.to_string()),
        ClientError::Http { status, reason } => (
            "xmlrpc.client.ProtocolError",
            // The original's client names this address whatever the server's.
            format!("<ProtocolError for 127.0.0.1/RPC2: {status} {reason}>"),
        ),
        ClientError::Fault { code, text } => {
            ("xmlrpc.client.Fault", format!("<Fault {code}: {}>", quoted(text)))
        }
        ClientError::Malformed(text) => ("xmlrpc.client.ResponseError", text.clone()),
        ClientError::Interrupted => ("KeyboardInterrupt", String::new()),
    }
}

/// Python's exception class for an error of the operating system, and what the exception prints.
fn io_class_and_text(error: &io::Error) -> (&'static str, String) {
    let Some(number) = error.raw_os_error() else {
        // Raised before any system call: the only such check is that of a socket's path.
        let text = match error.kind() {
            io::ErrorKind::InvalidInput => "AF_UNIX path too long".to_owned(),
            _ => error.to_string(),
        };
        return ("OSError", text);
    };
    let class = match number {
        libc::EAGAIN | libc::EALREADY | libc::EINPROGRESS => "BlockingIOError",
        libc::EPIPE | libc::ESHUTDOWN => "BrokenPipeError",
        libc::ECONNABORTED => "ConnectionAbortedError",
        libc::ECONNREFUSED => "ConnectionRefusedError",
        libc::ECONNRESET => "ConnectionResetError",
        libc::ENOENT => "FileNotFoundError",
        libc::EINTR => "InterruptedError",
        libc::EISDIR => "IsADirectoryError",
        libc::ENOTDIR => "NotADirectoryError",
        libc::EACCES | libc::EPERM => "PermissionError",
        libc::ETIMEDOUT => "TimeoutError",
        _ => "OSError",
    };
    let text = error.to_string();
    let sentence = text.strip_suffix(&format!(" (os error {number})")).unwrap_or(&text);
    (class, format!("[Errno {number}] {sentence}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(error: ClientError) -> String {
        Failure::from(error).line()
    }

    #[test]
    fn a_missing_file_is_shown_as_python_does() {
        let error = ClientError::Io(io::Error::from_raw_os_error(libc::ENOENT));
        assert_eq!(line(error), "error: <class 'FileNotFoundError'>, [Errno 2] No such file or directory");
    }

    #[test]
    fn a_fault_is_shown_as_python_does() {
        let error = ClientError::Fault { code: 92, text: "CANT_REREAD: it's bad".to_owned() };
        assert_eq!(
            line(error),
            "error: <class 'xmlrpc.client.Fault'>, <Fault 92: \"CANT_REREAD: it's bad\">"
        );
    }

    #[test]
    fn an_http_status_is_shown_as_python_does() {
        let error = ClientError::Http { status: 500, reason: "Internal Server Error".to_owned() };
        assert_eq!(
            line(error),
            "error: <class 'xmlrpc.client.ProtocolError'>, \
             <ProtocolError for 127.0.0.1/RPC2: 500 Internal Server Error>"
        );
    }
}
