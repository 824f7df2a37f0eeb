//! The extension module `supervisor._engine`.
