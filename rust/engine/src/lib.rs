//! The loop, and everything that touches the operating system.

pub mod daemon;
pub mod fcgi;
pub mod files;
pub mod http;
pub mod logs;
pub mod pipes;
pub mod plugins;
pub mod reap;
pub mod run;
pub mod spawn;
mod unix_path;
pub mod web;
