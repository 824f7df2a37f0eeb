//! The loop, and everything that touches the operating system.
