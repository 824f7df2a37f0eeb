//! Every decision of the process manager, as plain data.
//!
//! # The single-mutation contract
//!
//! 1. [`core::Core::step`] is the only way state changes. It takes the time, one [`input::Input`]
//!    and a list that it fills with [`effect::Effect`]s.
//! 2. It never blocks and never reads a clock, a file or the environment: time is an argument,
//!    monotonic for every delay, wall clock for display only.
//! 3. The caller carries out all effects of an input, in order, before it passes the next one;
//!    carrying out an effect may produce inputs, which queue up behind.
//! 4. Then the caller sleeps until [`core::Core::next_deadline`] or the next input. There is nothing
//!    to poll.
#![forbid(unsafe_code)]

pub mod capture;
pub mod config;
pub mod core;
pub mod effect;
pub mod errno;
pub mod event;
pub mod expand;
pub mod group;
pub mod history;
pub mod ini;
pub mod input;
pub mod listener;
pub mod operation;
mod outbox;
mod outcome;
pub mod plugin;
pub mod process;
pub mod restart_budget;
pub mod rpc;
mod schedule;
mod shutdown;
pub mod signal;
mod spawning;
mod staging;
pub mod state;
pub mod text;
pub mod version;
pub mod xml;
