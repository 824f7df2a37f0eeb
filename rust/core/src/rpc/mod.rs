//! The XML-RPC interface: method table, arguments, faults, deferred answers.

pub mod fault;

pub use fault::{Fault, FaultCode};
