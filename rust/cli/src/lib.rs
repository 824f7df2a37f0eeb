//! The command-line programs, as a library that the programs and the extension module share.

pub mod arguments;
