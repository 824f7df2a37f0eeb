//! One process's part in what a command did, as a line.

use crate::client::{ClientError, ProcessResult, fault};
use crate::supervisorctl::controller::Controller;
use crate::supervisorctl::failure::Failure;
use supervisor_core::group::Namespec;

/// How one kind of action speaks of its results.
pub(in crate::supervisorctl) struct Wording {
    /// The command, by which programs around the commands know it.
    pub(super) command: &'static str,
    /// The word for success.
    pub(super) success: &'static str,
    /// What is said for each status; any other is a failure of the command.
    pub(super) errors: &'static [(i32, Error)],
    /// The status that is said, but leaves the exit code alone.
    pub(super) harmless: Option<i32>,
}

/// How an error is said.
pub(in crate::supervisorctl) enum Error {
    /// `name: ERROR (…)`
    Words(&'static str),
    /// The server's description, alone.
    Description,
}

/// What became of one process: what was answered for it in a list, or by a call of its own.
pub struct Part<'a> {
    /// Its group.
    pub group: &'a str,
    /// Its name.
    pub process: &'a str,
    /// [`fault::SUCCESS`] or the code of a fault.
    pub status: i64,
    /// `OK` or the text of the fault.
    pub description: &'a str,
}

impl Wording {
    /// The line for one process.
    ///
    /// # Errors
    ///
    /// A status without words.
    pub(in crate::supervisorctl) fn line(&self, result: &Part<'_>) -> Result<String, Failure> {
        let name = Namespec::join(result.group, result.process);
        if result.status == i64::from(fault::SUCCESS) {
            return Ok(format!("{name}: {}", self.success));
        }
        match self.errors.iter().find(|(code, _)| i64::from(*code) == result.status) {
            Some((_, Error::Words(words))) => Ok(format!("{name}: ERROR ({words})")),
            Some((_, Error::Description)) => Ok(result.description.to_owned()),
            None => Err(Failure::UnknownResult(result.status, name)),
        }
    }

    fn report(&self, controller: &mut Controller<'_>, result: &Part<'_>) -> Result<(), Failure> {
        let line = match controller.reworded(self.command, result)? {
            Some(line) => line,
            None => self.line(result)?,
        };
        controller.print(&line);
        controller.set_exit_status_from(result.status, self.harmless);
        Ok(())
    }

    /// Prints what became of each process of a list.
    ///
    /// # Errors
    ///
    /// A status without words.
    pub(super) fn report_all(
        &self,
        controller: &mut Controller<'_>,
        results: &[ProcessResult],
    ) -> Result<(), Failure> {
        results.iter().try_for_each(|result| {
            self.report(
                controller,
                &Part {
                    group: &result.group,
                    process: &result.name,
                    status: result.status.0,
                    description: &result.description,
                },
            )
        })
    }

    /// Prints what became of one process that had a call of its own.
    ///
    /// # Errors
    ///
    /// A fault without words, or an error that is no fault.
    pub(super) fn report_one(
        &self,
        controller: &mut Controller<'_>,
        name: &str,
        answer: Result<bool, ClientError>,
    ) -> Result<(), Failure> {
        let Namespec { group, process } = Namespec::parse(name);
        // Only `clear` comes here with a whole group, which no server knows as a process; the original
        // shows its own word for "no name".
        let process = process.unwrap_or("None");
        let (status, description) = match answer {
            Ok(_) => {
                // As in the original nobody has other words for this.
                let part = Part { group, process, status: fault::SUCCESS.into(), description: "" };
                controller.print(&self.line(&part)?);
                return Ok(());
            }
            Err(ClientError::Fault { code, text }) => (code, text),
            Err(error) => return Err(error.into()),
        };
        self.report(controller, &Part { group, process, status: status.into(), description: &description })?;
        if status == fault::BAD_NAME {
            controller.suggest_process(name);
        }
        Ok(())
    }
}
