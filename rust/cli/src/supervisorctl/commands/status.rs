//! `status`.

use dxr::{TryFromValue, Value};

use crate::client::{ClientError, ProcessInfo};
use crate::supervisorctl::command::{Flow, Outcome};
use crate::supervisorctl::controller::Controller;
use crate::supervisorctl::exit_status;
use supervisor_core::group::Namespec;
use supervisor_core::state::ProcessState;

/// The column of names is this wide at least; three blanks follow the longest.
const LEAST_NAME_WIDTH: usize = 30;

/// `status [--json] [names…|all]`
pub(in crate::supervisorctl) fn run(controller: &mut Controller<'_>, argument: &str) -> Outcome {
    let (as_json, names) = super::take_json(argument);
    if as_json {
        controller.keep_output_for_data();
    }
    if !controller.check_server()? {
        controller.set_exit_status(exit_status::STATUS_UNKNOWN);
        return Ok(Flow::Continue);
    }
    let answer = controller.client().all_process_info_values()?;
    let all = answer
        .iter()
        .map(|value| ProcessInfo::try_from_value(value).map(|info| (info, value)))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| ClientError::Malformed(error.to_string()))?;
    let mut shown: Vec<&(ProcessInfo, &Value)> = Vec::new();
    if names.is_empty() || names.contains(&"all") {
        shown.extend(&all);
    } else {
        for name in names {
            let Namespec { group, process } = Namespec::parse(name);
            let before = shown.len();
            shown.extend(all.iter().filter(|(info, _)| {
                info.group == group && process.is_none_or(|process| info.name == process)
            }));
            if shown.len() == before {
                controller.say(&match process {
                    None => format!("{group}: ERROR (no such group)"),
                    Some(_) => format!("{name}: ERROR (no such process)"),
                });
                controller.suggest_process(name);
                controller.set_exit_status(exit_status::STATUS_UNKNOWN);
            }
        }
    }
    let infos: Vec<&ProcessInfo> = shown.iter().map(|(info, _)| info).collect();
    if as_json {
        let values: Vec<&Value> = shown.iter().map(|(_, value)| *value).collect();
        controller.print_json(&values)?;
    } else {
        for line in table(&infos, controller.terminals().colour()) {
            controller.print(&line);
        }
    }
    if infos.iter().any(|info| info.is_stopped()) {
        controller.set_exit_status(exit_status::STATUS_NOT_RUNNING);
    }
    Ok(Flow::Continue)
}

/// Name, state and description of each process.
fn table(shown: &[&ProcessInfo], colour: bool) -> Vec<String> {
    let names: Vec<String> = shown.iter().map(|info| Namespec::join(&info.group, &info.name)).collect();
    let longest = names.iter().map(|name| name.chars().count()).fold(LEAST_NAME_WIDTH, usize::max);
    let width = longest + 3;
    names
        .iter()
        .zip(shown)
        .map(|(name, info)| {
            let state = format!("{:<10}", info.statename);
            let state = if colour { coloured(info, &state) } else { state };
            format!("{name:<width$}{state}{}", info.description)
        })
        .collect()
}

/// The name of a state in its colour: green is up, red needs a person, yellow changes by itself.
fn coloured(info: &ProcessInfo, state: &str) -> String {
    let is_in = |states: &[ProcessState]| states.iter().any(|state| info.is(*state));
    let colour = if is_in(&[ProcessState::Running]) {
        32
    } else if is_in(&[ProcessState::Fatal, ProcessState::Unknown]) {
        31
    } else if is_in(&[ProcessState::Starting, ProcessState::Backoff, ProcessState::Stopping]) {
        33
    } else {
        return state.to_owned();
    };
    format!("\x1b[{colour}m{state}\x1b[0m")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::records::Number;

    fn info(group: &str, name: &str) -> ProcessInfo {
        ProcessInfo {
            name: name.to_owned(),
            group: group.to_owned(),
            state: Number(20),
            statename: "RUNNING".to_owned(),
            description: "pid 7, uptime 0:00:09".to_owned(),
            pid: Number(7),
        }
    }

    #[test]
    fn the_name_has_33_columns_and_the_state_10() {
        let lines = table(&[&info("web", "web")], false);
        assert_eq!(lines, ["web                              RUNNING   pid 7, uptime 0:00:09"]);
    }

    #[test]
    fn a_longer_name_widens_the_column_for_all() {
        let long = "n".repeat(40);
        let lines = table(&[&info("web", "web"), &info("g", &long)], false);
        assert_eq!(lines[0].find("RUNNING"), Some(45));
        assert_eq!(lines[1].find("RUNNING"), Some(45));
    }

    #[test]
    fn a_colour_surrounds_the_state_and_changes_no_column() {
        let lines = table(&[&info("web", "web")], true);
        assert_eq!(
            lines,
            ["web                              \x1b[32mRUNNING   \x1b[0mpid 7, uptime 0:00:09"]
        );
    }
}
