//! What is read and checked completely, but not run by this version.

use super::settings::{LogLevel, Settings};

impl Settings {
    /// The same settings without the FastCGI programs, which this version does not run; each group that loses something is named in a warning.
    #[must_use]
    pub fn without_kinds_not_run(mut self) -> Self {
        let mut warnings = Vec::new();
        self.groups.retain_mut(|group| {
            let name = &group.name;
            let before = group.processes.len();
            group.processes.retain(|process| process.fcgi_socket.is_none());
            let is_cut = group.processes.len() < before;
            if is_cut {
                warnings.push(format!(
                    "the FastCGI programs of group {name} are not run: this version does not support them yet"
                ));
            }
            !(is_cut && group.processes.is_empty())
        });
        // Behind the warnings that the file gave rise to, and before the notes.
        let place = self.messages.iter().take_while(|(level, _)| *level <= LogLevel::Warn).count();
        self.messages.splice(place..place, warnings.into_iter().map(|text| (LogLevel::Warn, text)));
        self
    }
}
