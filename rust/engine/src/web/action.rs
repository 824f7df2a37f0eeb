//! What a page can be asked to do, in the original's words (`action=stop&processname=x`, for links and scripts) and
//! in those of its own buttons (`do=stop process x`).

use super::form::Form;

/// What is done to processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// Start.
    Start,
    /// Stop.
    Stop,
    /// Stop, then start.
    Restart,
    /// Empty the logs.
    ClearLog,
}

impl Deed {
    /// The word in links and buttons.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Restart => "restart",
            Self::ClearLog => "clearlog",
        }
    }

    /// The word that people read.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Start => "Start",
            Self::Stop => "Stop",
            Self::Restart => "Restart",
            Self::ClearLog => "Clear logs of",
        }
    }

    /// What has been done then.
    #[must_use]
    pub fn past(self) -> &'static str {
        match self {
            Self::Start => "started",
            Self::Stop => "stopped",
            Self::Restart => "restarted",
            Self::ClearLog => "cleared",
        }
    }

    fn of(word: &str) -> Option<Self> {
        [Self::Start, Self::Stop, Self::Restart, Self::ClearLog].into_iter().find(|deed| deed.word() == word)
    }
}

/// Whom it is done to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Everybody.
    All,
    /// A group, by its name.
    Group(String),
    /// A process, by the name clients use.
    Process(String),
    /// Several processes, by the names clients use.
    Selection(Vec<String>),
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Nothing but the page.
    Refresh,
    /// Something is done to processes.
    Do(Deed, Target),
    /// As the original restarts a process: whether it started again is not looked at.
    RestartUnseen(String),
    /// A signal is sent to a process.
    Signal {
        /// The process.
        process: String,
        /// The signal's name or number.
        signal: String,
    },
    /// A line is written to a process' standard input.
    Line {
        /// The process.
        process: String,
        /// The line, without its end.
        text: String,
    },
    /// The main log is emptied.
    ClearMainLog,
    /// The configuration is read again.
    Reread,
    /// The configuration is read again, and taken into use.
    Update,
}

/// A request for something that does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownAction;

impl Action {
    /// What a form asks for; nothing where it has neither `do` nor `action`.
    ///
    /// # Errors
    /// It asks for something unknown.
    pub fn of(form: &Form) -> Result<Option<Self>, UnknownAction> {
        if let Some(button) = form.get("do") {
            return Self::of_button(button, form).map(Some).ok_or(UnknownAction);
        }
        let Some(word) = form.get("action") else { return Ok(None) };
        let action = match (word, form.get("processname").map(str::to_owned)) {
            ("refresh", _) => Self::Refresh,
            ("stopall", _) => Self::Do(Deed::Stop, Target::All),
            ("restartall", _) => Self::Do(Deed::Restart, Target::All),
            ("restart", Some(process)) => Self::RestartUnseen(process),
            (word, Some(process)) => Self::Do(Deed::of(word).ok_or(UnknownAction)?, Target::Process(process)),
            (_, None) => return Err(UnknownAction),
        };
        Ok(Some(action))
    }

    fn of_button(button: &str, form: &Form) -> Option<Self> {
        let mut words = button.splitn(3, ' ');
        let (first, second, name) = (words.next()?, words.next(), words.next().map(str::to_owned));
        Some(match (first, second, name) {
            ("reread", None, None) => Self::Reread,
            ("update", None, None) => Self::Update,
            ("clearlog", Some("main"), None) => Self::ClearMainLog,
            ("signal", Some("process"), Some(process)) => {
                Self::Signal { process, signal: form.get("signal")?.to_owned() }
            }
            ("line", Some("process"), Some(process)) => {
                Self::Line { process, text: form.get("line").unwrap_or_default().to_owned() }
            }
            (deed, Some("all"), None) => Self::Do(Deed::of(deed)?, Target::All),
            (deed, Some("selection"), None) => Self::Do(
                Deed::of(deed)?,
                Target::Selection(form.all("selected").map(str::to_owned).collect()),
            ),
            (deed, Some("group"), Some(group)) => Self::Do(Deed::of(deed)?, Target::Group(group)),
            (deed, Some("process"), Some(process)) => Self::Do(Deed::of(deed)?, Target::Process(process)),
            _ => return None,
        })
    }

    /// Whether a person should be asked once more: something that runs is interrupted, or something is lost.
    #[must_use]
    pub fn is_destructive(&self) -> bool {
        match self {
            Self::Do(deed, _) => *deed != Deed::Start,
            Self::RestartUnseen(_) | Self::ClearMainLog | Self::Update => true,
            Self::Signal { .. } | Self::Refresh | Self::Line { .. } | Self::Reread => false,
        }
    }

    /// The question that a person is asked, without its question mark.
    #[must_use]
    pub fn question(&self) -> String {
        match self {
            Self::Refresh => "Refresh the page".to_owned(),
            Self::Do(deed, target) => format!("{} {}", deed.label(), target.label()),
            Self::RestartUnseen(process) => format!("Restart {process}"),
            Self::Signal { process, signal } => format!("Send {signal} to {process}"),
            Self::Line { process, .. } => format!("Send a line to {process}"),
            Self::ClearMainLog => "Clear the main log".to_owned(),
            Self::Reread => "Read the configuration again".to_owned(),
            Self::Update => "Take the new configuration into use".to_owned(),
        }
    }
}

impl Target {
    fn label(&self) -> String {
        match self {
            Self::All => "all programs".to_owned(),
            Self::Group(name) => format!("the group {name}"),
            Self::Process(name) => name.clone(),
            Self::Selection(names) => match names.as_slice() {
                [name] => name.clone(),
                names => format!("{} selected programs", names.len()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn action(query: &str) -> Result<Option<Action>, UnknownAction> {
        Action::of(&Form::new(query, b""))
    }

    #[test]
    fn links_of_the_original_are_understood() {
        assert_eq!(action(""), Ok(None));
        assert_eq!(action("action=refresh"), Ok(Some(Action::Refresh)));
        assert_eq!(action("action=stopall"), Ok(Some(Action::Do(Deed::Stop, Target::All))));
        assert_eq!(
            action("processname=g%3Ax&action=clearlog"),
            Ok(Some(Action::Do(Deed::ClearLog, Target::Process("g:x".to_owned()))))
        );
        assert_eq!(action("processname=x&action=restart"), Ok(Some(Action::RestartUnseen("x".to_owned()))));
        for unknown in ["action=start", "action=nonsense", "action=nonsense&processname=x"] {
            assert_eq!(action(unknown), Err(UnknownAction), "{unknown}");
        }
    }

    #[test]
    fn buttons_name_their_target_whatever_is_in_the_name() {
        let target = Target::Process("a b:c d".to_owned());
        assert_eq!(action("do=stop+process+a+b:c+d"), Ok(Some(Action::Do(Deed::Stop, target))));
        assert_eq!(
            action("do=start+selection&selected=a&selected=b"),
            Ok(Some(Action::Do(Deed::Start, Target::Selection(vec!["a".to_owned(), "b".to_owned()]))))
        );
        assert_eq!(
            action("do=signal+process+x&signal=HUP"),
            Ok(Some(Action::Signal { process: "x".to_owned(), signal: "HUP".to_owned() }))
        );
        for unknown in ["do=stop", "do=stop+everything", "do=signal+process+x", "do=fly+process+x"] {
            assert_eq!(action(unknown), Err(UnknownAction), "{unknown}");
        }
    }
}
