//! `[eventlistener:x]` sections: a program whose processes are a pool that is told about events.

use super::datatypes::is_import_spec;
use super::error::ConfigError;
use super::options::{SectionKind, SectionSpec, ValueType};
use super::programs::ProgramReader;
use super::settings::{GroupSettings, ListenerSettings};
use super::values::Values;
use crate::event::EventType;

impl ProgramReader<'_> {
    /// One pool. The order is the original's, so that of several mistakes the same one is reported.
    pub(super) fn read_listener(&mut self, section: &str) -> Result<GroupSettings, ConfigError> {
        let values = Values::new(self.ini, section, SectionKind::EventListener, &self.names, self.system);
        let priority = values.integer("priority")?;
        let buffer_size = values.integer("buffer_size")?;
        let buffer_size = usize::try_from(buffer_size).ok().filter(|size| *size > 0).ok_or_else(|| {
            let message = format!("[{section}] section sets invalid buffer_size ({buffer_size})");
            values.error("buffer_size", message)
        });
        let findings = &self.names.findings;
        let buffer_size = findings.pass(buffer_size)?.unwrap_or_default();
        let result_handler = values.text_of("result_handler", ValueType::ImportSpec)?.unwrap_or_default();
        if !is_import_spec(&result_handler) {
            let message = format!("{result_handler} cannot be resolved within [{section}]");
            findings.refuse(values.error("result_handler", message))?;
        }
        let events = self.read_events(&values, section)?;
        if values.boolean("redirect_stderr")? {
            let message = format!(
                "[{section}] section sets redirect_stderr=true but this is not allowed because it will \
                 interfere with the eventlistener protocol"
            );
            findings.refuse(values.error("redirect_stderr", message))?;
        }
        // Unlike other names this one is neither checked nor stripped; that of the processes is.
        let name = section[SectionSpec::of(SectionKind::EventListener).prefix.len()..].to_owned();
        let processes = self.read_program(section, &name)?;
        let listener = Some(ListenerSettings { events, buffer_size, result_handler });
        Ok(GroupSettings { name, priority, processes, listener })
    }

    /// The types of events that the section names, each once.
    fn read_events(&self, values: &Values<'_>, section: &str) -> Result<Vec<String>, ConfigError> {
        let mut events: Vec<String> = Vec::new();
        for written in values.list_of_strings("events")? {
            let event = written.to_uppercase();
            if EventType::of(&event).is_none() && !self.plugins_may_add_events {
                let message = format!("Unknown event type {event} in [{section}] events");
                let error = values.error("events", message);
                self.names.findings.refuse(ConfigError { value: Some(written.into()), ..error })?;
            }
            if !events.contains(&event) {
                events.push(event);
            }
        }
        if events.is_empty() {
            return Err(values.error("events", format!("[{section}] section requires an \"events\" line")));
        }
        Ok(events)
    }
}
