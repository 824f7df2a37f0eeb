//! What is read and checked completely, but not run by this version.

use super::settings::{LogLevel, Settings};

impl Settings {
    /// The same settings without the pools of event listeners, which this version does not run; each is named in a
    /// warning.
    #[must_use]
    pub fn without_kinds_not_run(mut self) -> Self {
        let mut warnings = Vec::new();
        self.groups.retain(|group| {
            let name = &group.name;
            if group.listener.is_some() {
                warnings.push(format!(
                    "the event listeners of [eventlistener:{name}] are not run: this version does not support \
                     them yet"
                ));
                return false;
            }
            true
        });
        // Behind the warnings that the file gave rise to, and before the notes.
        let place = self.messages.iter().take_while(|(level, _)| *level <= LogLevel::Warn).count();
        self.messages.splice(place..place, warnings.into_iter().map(|text| (LogLevel::Warn, text)));
        self
    }
}
