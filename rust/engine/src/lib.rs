//! The loop, and everything that touches the operating system.

pub mod http;
pub mod web;
