//! Python's text rules, as far as a configuration sees them: `%(name)s` expansion, shell words,
//! `environment=` lists, `int()` and `repr()`.
//!
//! A configuration is read by a program whose behaviour is Python's in every corner (parity 1); these
//! modules are those corners, each checked against a corpus that Python itself produced.

pub mod format;
pub mod text;
pub mod words;

pub use format::{Expansions, Term, expand};
pub use text::{integer, is_digit, is_space, repr, strip};
pub use words::{WordsError, key_value_list, split};
