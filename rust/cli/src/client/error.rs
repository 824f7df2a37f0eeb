//! What can go wrong between a client and its supervisor.

use std::io;

use thiserror::Error;

/// Why a call or a stream failed.
#[derive(Debug, Error)]
pub enum ClientError {
    /// The server address cannot be used; the original's sentence.
    #[error("{0}")]
    Address(String),
    /// Connecting, sending or receiving failed.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The name of the host cannot be resolved; the number is the resolver's.
    #[error("{text}")]
    Resolve {
        /// Number of the resolver (`EAI_NONAME`, …), where it is known.
        code: i32,
        /// Its sentence.
        text: String,
    },
    /// The server closed the connection instead of answering.
    #[error("Remote end closed connection without response")]
    Disconnected,
    /// An HTTP status other than 200.
    #[error("{status} {reason}")]
    Http {
        /// The status code.
        status: u16,
        /// The words behind it.
        reason: String,
    },
    /// The method answered with a fault.
    #[error("fault {code}: {text}")]
    Fault {
        /// One of [`super::fault`]'s codes, or one of a plug-in's own.
        code: i32,
        /// `NAME` or `NAME: more`.
        text: String,
    },
    /// The answer cannot be understood.
    #[error("{0}")]
    Malformed(String),
    /// SIGINT came while waiting.
    #[error("interrupted")]
    Interrupted,
}

impl ClientError {
    /// The code, when it is a fault.
    #[must_use]
    pub fn fault_code(&self) -> Option<i32> {
        match self {
            Self::Fault { code, .. } => Some(*code),
            _ => None,
        }
    }

    /// Whether nobody listens at the address.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        matches!(self, Self::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused)
    }

    /// Whether this user may not connect.
    #[must_use]
    pub fn is_forbidden(&self) -> bool {
        matches!(self, Self::Io(error) if error.kind() == io::ErrorKind::PermissionDenied)
    }

    /// Whether the socket file does not exist.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Io(error) if error.kind() == io::ErrorKind::NotFound)
    }
}
