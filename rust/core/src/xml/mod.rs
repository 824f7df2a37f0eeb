//! XML-RPC values, reader and writer (parity 4).
//!
//! The reader follows the original server's dialect, which is wider than the specification; the writer puts
//! out the bytes of Python's `xmlrpc.client.dumps`, because scripts search answers with sed and grep.

pub mod base64;
pub mod characters;
pub mod read;
pub mod value;
pub mod write;

pub use read::{MethodCall, XmlError, parse_call};
pub use value::Value;
pub(crate) use write::Writer;
pub use write::{write_call, write_fault, write_response};
