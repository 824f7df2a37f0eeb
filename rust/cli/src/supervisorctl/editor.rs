//! Lines of a terminal that can be edited and completed, and come back from the history.

use std::path::PathBuf;

use rustyline::error::ReadlineError;
use rustyline::history::MemHistory;
use rustyline::{CompletionType, Config, Editor};

use super::completion::Completion;
use super::history;
use crate::client::{ClientError, Endpoint};

/// An editor with the lines of a history file, if there is one.
pub(super) struct LineEditor {
    editor: Editor<Completion, MemHistory>,
    history_file: Option<PathBuf>,
}

impl LineEditor {
    /// `None` when the terminal cannot be edited on.
    pub(super) fn open(history_file: Option<PathBuf>) -> Option<Self> {
        let config = Config::builder()
            .auto_add_history(true)
            .completion_type(CompletionType::List)
            .max_history_size(history::LENGTH)
            .ok()?
            .build();
        let history = MemHistory::with_config(&config);
        let mut editor = Editor::with_history(config, history).ok()?;
        for line in history_file.iter().flat_map(|file| history::read(file)) {
            editor.add_history_entry(line).ok()?;
        }
        Some(Self { editor, history_file })
    }

    /// The next line, completed by what the server at `completed_by` knows; `None` at Ctrl-D, and when the
    /// terminal has gone.
    ///
    /// # Errors
    ///
    /// [`ClientError::Interrupted`] on Ctrl-C.
    pub(super) fn read(
        &mut self,
        prompt: &str,
        completed_by: Option<Endpoint>,
    ) -> Result<Option<String>, ClientError> {
        self.editor.set_helper(completed_by.map(Completion::new));
        match self.editor.readline(prompt) {
            Ok(line) => Ok(Some(line)),
            Err(ReadlineError::Interrupted) => Err(ClientError::Interrupted),
            Err(_) => Ok(None),
        }
    }

    /// Writes the history file. That it cannot be written is nothing to end a session with.
    pub(super) fn close(self) {
        if let Some(file) = &self.history_file {
            let _ = history::write(file, self.editor.history().into_iter());
        }
    }
}
