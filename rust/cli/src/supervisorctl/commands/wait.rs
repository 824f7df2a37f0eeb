//! `wait`: until processes are in a state.
//!
//! The interface has no call that waits for any state, but the main log tells of every change: it is followed
//! (`/mainlogtail`), and the states are asked for when it grows. So nothing is asked while nothing happens, apart
//! from once in [`SILENCE`], for a log may be told to be silent; and once in [`BLIND`] where the log cannot be
//! followed or does not tell of changes. A log that never stops costs one question in [`PAUSE`].

use std::time::Duration;

use supervisor_core::group::Namespec;
use supervisor_core::state::ProcessState;
use tokio::time::{Instant, sleep, sleep_until};

use crate::client::ProcessInfo;
use crate::supervisorctl::command::{Flow, GOALS, Outcome};
use crate::supervisorctl::controller::Controller;
use crate::supervisorctl::exit_status;
use crate::supervisorctl::failure::Failure;

/// Longest time between two questions.
const SILENCE: Duration = Duration::from_secs(10);

/// The same, where the main log tells nothing.
const BLIND: Duration = Duration::from_secs(1);

/// Shortest time between two questions.
const PAUSE: Duration = Duration::from_millis(50);

/// Stands in the lines of a main log that tells of changes.
const TELLING: &[u8] = b" INFO ";

/// What is waited for: one of [`GOALS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Goal {
    /// It is up.
    Running,
    /// It is down, and will not start by itself.
    Stopped,
    /// It ended by itself.
    Exited,
}

/// How a process stands to a goal.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Reached,
    NotYet,
    Never,
}

impl Goal {
    fn parse(word: &str) -> Option<Self> {
        GOALS
            .iter()
            .zip([Self::Running, Self::Stopped, Self::Exited])
            .find(|(name, _)| **name == word)
            .map(|(_, goal)| goal)
    }

    fn name(self) -> &'static str {
        GOALS[self as usize]
    }

    fn judge(self, info: &ProcessInfo) -> Verdict {
        let is_in = |states: &[ProcessState]| states.iter().any(|state| info.is(*state));
        let reached = match self {
            Self::Running => is_in(&[ProcessState::Running]),
            Self::Stopped => is_in(&[ProcessState::Stopped, ProcessState::Exited, ProcessState::Fatal]),
            Self::Exited => is_in(&[ProcessState::Exited, ProcessState::Fatal]),
        };
        if reached {
            Verdict::Reached
        } else if is_in(&[ProcessState::Fatal, ProcessState::Unknown]) {
            Verdict::Never
        } else {
            Verdict::NotYet
        }
    }
}

/// What the words behind `wait` ask for.
#[derive(Debug, PartialEq, Eq)]
struct Request<'a> {
    names: Vec<&'a str>,
    goal: Goal,
    timeout: Option<Duration>,
}

impl<'a> Request<'a> {
    /// Reads names and options in any order; otherwise the sentence that says what is wrong.
    fn parse(words: impl Iterator<Item = &'a str>) -> Result<Self, String> {
        let mut request = Self { names: Vec::new(), goal: Goal::Running, timeout: None };
        let mut words = words;
        while let Some(word) = words.next() {
            let (option, joined) = match word.split_once('=') {
                Some((option, value)) if option.starts_with("--") => (option, Some(value)),
                _ => (word, None),
            };
            let mut value = || joined.or_else(|| words.next()).unwrap_or_default();
            match option {
                "--for" => {
                    let word = value();
                    request.goal = Goal::parse(word)
                        .ok_or_else(|| format!("--for takes {}, not '{word}'", GOALS.join(", ")))?;
                }
                "--timeout" => {
                    let word = value();
                    let seconds =
                        word.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
                    request.timeout =
                        Some(seconds.ok_or_else(|| format!("--timeout takes seconds, not '{word}'"))?);
                }
                _ if option.starts_with("--") => return Err(format!("wait has no option {option}")),
                _ => request.names.push(word),
            }
        }
        if request.names.is_empty() {
            return Err("wait requires a process name".to_owned());
        }
        Ok(request)
    }

    /// Whether a process is one of those that are waited for.
    fn names_it(&self, info: &ProcessInfo) -> bool {
        self.names.iter().any(|name| *name == "all" || is_named(info, name))
    }
}

/// Whether a name, which may be that of a group, names a process.
fn is_named(info: &ProcessInfo, name: &str) -> bool {
    let Namespec { group, process } = Namespec::parse(name);
    info.group == group && process.is_none_or(|process| info.name == process)
}

/// `wait names…|all [--for STATE] [--timeout S]`: says when each has come to the state, and fails as soon as one
/// cannot any more. Exit code 1 for an unknown name or when the time is over, 7 for a process that is down.
pub(in crate::supervisorctl) fn run(controller: &mut Controller<'_>, argument: &str) -> Outcome {
    let request = match Request::parse(argument.split_whitespace()) {
        Ok(request) => request,
        Err(sentence) => {
            controller.print(&format!("Error: {sentence}"));
            controller.set_exit_status(exit_status::INVALID_ARGUMENTS);
            return super::help::show(controller, "wait");
        }
    };
    if controller.check_server()? {
        wait(controller, &request)?;
    }
    Ok(Flow::Continue)
}

fn wait(controller: &mut Controller<'_>, request: &Request<'_>) -> Result<(), Failure> {
    let deadline = request.timeout.map(|timeout| Instant::now() + timeout);
    let mut news = controller.client().log_stream("/mainlogtail");
    let (mut can_follow, mut tells) = (true, false);
    let mut told: Vec<String> = Vec::new();
    loop {
        let asked = Instant::now();
        let Some(waiting) = look(controller, request, &mut told)? else { return Ok(()) };
        if deadline.is_some_and(|deadline| asked >= deadline) {
            for (name, state) in waiting {
                controller.complain(&format!("{name}: ERROR (timed out in {state})"));
            }
            return Ok(());
        }
        let longest = asked + if can_follow && tells { SILENCE } else { BLIND };
        let (client, output, _) = controller.parts();
        output.flush();
        let heard = client.wait(async {
            tokio::select! {
                piece = news.next(), if can_follow => Some(piece),
                () = sleep_until(deadline.map_or(longest, |deadline| deadline.min(longest))) => None,
            }
        })?;
        match heard {
            None => {}
            Some(Some(Ok(piece))) => {
                tells = tells || piece.windows(TELLING.len()).any(|window| window == TELLING);
                client.wait(async { sleep(PAUSE).await })?;
            }
            Some(Some(Err(_)) | None) => can_follow = false,
        }
    }
}

/// Asks once and says what has come to its state, each once. Returns who has not, with the name of the state;
/// `None` when there is nothing more to wait for, be it that all have or that one never will.
fn look(
    controller: &mut Controller<'_>,
    request: &Request<'_>,
    told: &mut Vec<String>,
) -> Result<Option<Vec<(String, String)>>, Failure> {
    let all = controller.client().all_process_info()?;
    let is_known = |name: &&&str| **name == "all" || all.iter().any(|info| is_named(info, name));
    if let Some(unknown) = request.names.iter().find(|name| !is_known(name)) {
        controller.complain(&format!("{unknown}: ERROR (no such process)"));
        controller.suggest_process(unknown);
        return Ok(None);
    }
    let mut waiting = Vec::new();
    for info in all.into_iter().filter(|info| request.names_it(info)) {
        let name = Namespec::join(&info.group, &info.name);
        if told.contains(&name) {
            continue;
        }
        match request.goal.judge(&info) {
            Verdict::Reached => {
                controller.print(&format!("{name}: {}", request.goal.name()));
                told.push(name);
            }
            Verdict::Never => {
                controller.print(&format!("{name}: ERROR ({})", info.statename));
                controller.set_exit_status(exit_status::NOT_RUNNING);
                return Ok(None);
            }
            Verdict::NotYet => waiting.push((name, info.statename)),
        }
    }
    Ok(Some(waiting).filter(|waiting| !waiting.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Request<'_>, String> {
        Request::parse(line.split_whitespace())
    }

    #[test]
    fn names_and_options_come_in_any_order() {
        let request = Request {
            names: vec!["a", "g:*"],
            goal: Goal::Stopped,
            timeout: Some(Duration::from_millis(1500)),
        };
        assert_eq!(parse("a --for stopped g:* --timeout 1.5").as_ref(), Ok(&request));
        assert_eq!(parse("--timeout=1.5 --for=stopped a g:*").as_ref(), Ok(&request));
        assert_eq!(parse("a"), Ok(Request { names: vec!["a"], goal: Goal::Running, timeout: None }));
    }

    #[test]
    fn mistakes_are_said() {
        assert_eq!(parse("--for stopped"), Err("wait requires a process name".to_owned()));
        assert_eq!(parse("a --for"), Err("--for takes running, stopped, exited, not ''".to_owned()));
        for bad in ["x", "-1", "inf", "nan", ""] {
            assert_eq!(
                parse(&format!("a --timeout={bad}")),
                Err(format!("--timeout takes seconds, not '{bad}'"))
            );
        }
        assert_eq!(parse("a --fro x"), Err("wait has no option --fro".to_owned()));
    }

    #[test]
    fn every_goal_has_its_name() {
        for name in GOALS {
            assert_eq!(Goal::parse(name).map(Goal::name), Some(*name));
        }
    }
}
