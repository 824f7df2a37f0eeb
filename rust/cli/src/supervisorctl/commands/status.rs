//! `status`.

use crate::client::ProcessInfo;
use crate::supervisorctl::command::{Flow, Outcome};
use crate::supervisorctl::controller::Controller;
use crate::supervisorctl::exit_status;
use crate::supervisorctl::namespec::{Namespec, display};

/// The column of names is this wide at least; three blanks follow the longest.
const LEAST_NAME_WIDTH: usize = 30;

/// `status [names…|all]`
pub(in crate::supervisorctl) fn run(controller: &mut Controller<'_>, argument: &str) -> Outcome {
    if !controller.check_server()? {
        controller.set_exit_status(exit_status::STATUS_UNKNOWN);
        return Ok(Flow::Continue);
    }
    let all = controller.client().all_process_info()?;
    let names: Vec<&str> = argument.split_whitespace().collect();
    let mut shown: Vec<&ProcessInfo> = Vec::new();
    if names.is_empty() || names.contains(&"all") {
        shown.extend(&all);
    } else {
        for name in names {
            let Namespec { group, process } = Namespec::parse(name);
            let before = shown.len();
            shown
                .extend(all.iter().filter(|info| {
                    info.group == group && process.is_none_or(|process| info.name == process)
                }));
            if shown.len() == before {
                controller.print(&match process {
                    None => format!("{group}: ERROR (no such group)"),
                    Some(_) => format!("{name}: ERROR (no such process)"),
                });
                controller.set_exit_status(exit_status::STATUS_UNKNOWN);
            }
        }
    }
    for line in table(&shown) {
        controller.print(&line);
    }
    if shown.iter().any(|info| info.is_stopped()) {
        controller.set_exit_status(exit_status::STATUS_NOT_RUNNING);
    }
    Ok(Flow::Continue)
}

/// Name, state and description of each process.
fn table(shown: &[&ProcessInfo]) -> Vec<String> {
    let names: Vec<String> = shown.iter().map(|info| display(&info.group, &info.name)).collect();
    let longest = names.iter().map(|name| name.chars().count()).fold(LEAST_NAME_WIDTH, usize::max);
    let width = longest + 3;
    names
        .iter()
        .zip(shown)
        .map(|(name, info)| format!("{name:<width$}{:<10}{}", info.statename, info.description))
        .collect()
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
        let lines = table(&[&info("web", "web")]);
        assert_eq!(lines, ["web                              RUNNING   pid 7, uptime 0:00:09"]);
    }

    #[test]
    fn a_longer_name_widens_the_column_for_all() {
        let long = "n".repeat(40);
        let lines = table(&[&info("web", "web"), &info("g", &long)]);
        assert_eq!(lines[0].find("RUNNING"), Some(45));
        assert_eq!(lines[1].find("RUNNING"), Some(45));
    }
}
