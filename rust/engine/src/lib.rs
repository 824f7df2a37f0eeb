//! The loop, and everything that touches the operating system.

pub mod daemon;
pub mod logs;
pub mod pipes;
pub mod reap;
pub mod spawn;
