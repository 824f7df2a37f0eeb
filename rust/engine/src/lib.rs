//! The loop, and everything that touches the operating system.

pub mod files;
pub mod http;
pub mod web;
