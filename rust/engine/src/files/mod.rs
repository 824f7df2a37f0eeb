//! Finding and reading what a daemon is configured with.

pub mod lookup;

pub use lookup::RealSystem;
