//! The HTTP servers (parity 8): listeners on unix sockets and TCP ports, authentication, XML-RPC, followed logs,
//! error pages.
//!
//! Three steps. [`bind_all`] makes the listeners while errors can still be told to whoever started the daemon,
//! before it goes to the background. [`Servers::start`] serves them inside the control thread's `LocalSet`; what
//! the servers know of the daemon they ask through the trait [`Backend`]. [`Servers::shutdown`] ends them: no new
//! connections, answers in flight are finished, everything else is closed, sockets' paths are removed.
//!
//! Every connection is a task of its own with bounded buffers and its own limits ([`limits`]), so that a client
//! which is slow, silent or gone costs its own connection only.

mod auth;
mod backend;
mod bind;
mod body;
mod connection;
mod download;
mod foreign;
pub mod limits;
mod origin;
mod pages;
mod respond;
mod route;
mod rpc;
mod server;
mod sockets;
mod stream;
mod vanished;

pub use auth::authorize;
pub use backend::{Answer, Backend, LogLookupError};
pub use bind::{BindError, Listener, bind, bind_all};
pub use foreign::{Asked, Foreign, ForeignAnswer, ForeignBody, ForeignRequest, Kind, Replaced, Said};
pub use server::Servers;
pub use sockets::Sockets;
