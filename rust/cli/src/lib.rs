//! The command-line programs, as a library that the programs and the extension module share.

pub mod arguments;
mod check;
pub mod client;
pub mod echo;
mod hand_over;
pub mod pidproxy;
pub mod supervisorctl;
pub mod supervisord;
