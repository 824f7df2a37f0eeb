//! `avail`, `reread`, `add`, `remove`, `update`: the configuration of a running daemon.

use std::collections::BTreeMap;

use super::daemon::has_argument;
use crate::client::{ClientError, ConfigInfo, GroupChanges, fault};
use crate::supervisorctl::command::{Flow, Outcome};
use crate::supervisorctl::controller::Controller;
use crate::supervisorctl::failure::Failure;
use supervisor_core::group::Namespec;

/// `avail [--json]`
pub(in crate::supervisorctl) fn avail(controller: &mut Controller<'_>, argument: &str) -> Outcome {
    let (as_json, words) = super::take_json(argument);
    if has_argument(controller, "avail", &words.join(" ")) {
        return super::help::show(controller, "avail");
    }
    if as_json {
        controller.keep_output_for_data();
        match controller.client().all_config_info_values() {
            Ok(values) => controller.print_json(&values.iter().collect::<Vec<_>>())?,
            Err(error) => shutting_down(controller, error)?,
        }
        return Ok(Flow::Continue);
    }
    match controller.client().all_config_info() {
        Ok(processes) => {
            for process in &processes {
                controller.print(&config_line(process));
            }
        }
        Err(error) => shutting_down(controller, error)?,
    }
    Ok(Flow::Continue)
}

/// Name, whether it is active, whether it starts by itself, and its priorities.
fn config_line(process: &ConfigInfo) -> String {
    let name = Namespec::join(&process.group, &process.name);
    let in_use = if process.inuse { "in use" } else { "avail" };
    let start = if process.autostart { "auto" } else { "manual" };
    format!("{name:<32} {in_use:<9} {start:<9} {}:{}", process.group_prio.0, process.process_prio.0)
}

/// `reread`
pub(in crate::supervisorctl) fn reread(controller: &mut Controller<'_>, argument: &str) -> Outcome {
    if has_argument(controller, "reread", argument) {
        return super::help::show(controller, "reread");
    }
    match controller.client().reload_config() {
        Ok(changes) => {
            for line in change_lines(&changes) {
                controller.print(&line);
            }
        }
        Err(ClientError::Fault { code: fault::CANT_REREAD, text }) => {
            controller.complain(&format!("ERROR: {text}"));
        }
        Err(error) => shutting_down(controller, error)?,
    }
    Ok(Flow::Continue)
}

/// One line for each group that differs, by name.
fn change_lines(changes: &GroupChanges) -> Vec<String> {
    let kinds =
        [(&changes.added, "available"), (&changes.changed, "changed"), (&changes.removed, "disappeared")];
    let words: BTreeMap<&String, &str> =
        kinds.into_iter().flat_map(|(names, word)| names.iter().map(move |name| (name, word))).collect();
    if words.is_empty() {
        return vec!["No config updates to processes".to_owned()];
    }
    words.iter().map(|(name, word)| format!("{name}: {word}")).collect()
}

/// Says that the daemon is going down, when that is the error.
fn shutting_down(controller: &mut Controller<'_>, error: ClientError) -> Result<(), Failure> {
    if error.fault_code() == Some(fault::SHUTDOWN_STATE) {
        controller.complain("ERROR: supervisor shutting down");
        return Ok(());
    }
    Err(error.into())
}

/// `add groups…`
pub(in crate::supervisorctl) fn add(controller: &mut Controller<'_>, argument: &str) -> Outcome {
    for name in argument.split_whitespace() {
        let Err(error) = controller.client().add_group(name) else {
            controller.print(&format!("{name}: added process group"));
            continue;
        };
        match error.fault_code() {
            Some(fault::SHUTDOWN_STATE) => controller.complain("ERROR: shutting down"),
            Some(fault::ALREADY_ADDED) => controller.print("ERROR: process group already active"),
            Some(fault::BAD_NAME) => {
                controller.complain(&format!("ERROR: no such process/group: {name}"));
            }
            _ => return Err(error.into()),
        }
    }
    Ok(Flow::Continue)
}

/// `remove groups…`
pub(in crate::supervisorctl) fn remove(controller: &mut Controller<'_>, argument: &str) -> Outcome {
    for name in argument.split_whitespace() {
        let Err(error) = controller.client().remove_group(name) else {
            controller.print(&format!("{name}: removed process group"));
            continue;
        };
        match error.fault_code() {
            Some(fault::STILL_RUNNING) => {
                controller.complain(&format!("ERROR: process/group still running: {name}"));
            }
            Some(fault::BAD_NAME) => {
                controller.complain(&format!("ERROR: no such process/group: {name}"));
            }
            _ => return Err(error.into()),
        }
    }
    Ok(Flow::Continue)
}

/// `update [all|groups…]`: applies what `reread` would show, groups that are gone first.
pub(in crate::supervisorctl) fn update(controller: &mut Controller<'_>, argument: &str) -> Outcome {
    let changes = match controller.client().reload_config() {
        Ok(changes) => changes,
        Err(error) if error.fault_code() == Some(fault::SHUTDOWN_STATE) => {
            controller.complain("ERROR: already shutting down");
            return Ok(Flow::Continue);
        }
        Err(error) => return Err(error.into()),
    };
    let mut wanted: Vec<&str> = argument.split_whitespace().collect();
    if wanted.contains(&"all") {
        wanted.clear();
    }
    if !wanted.is_empty() {
        complain_about_unknown_groups(controller, &wanted, &changes)?;
    }
    let is_wanted = |group: &&String| wanted.is_empty() || wanted.contains(&group.as_str());

    for group in changes.removed.iter().filter(is_wanted) {
        let results = controller.client().stop_group(group)?;
        controller.print(&format!("{group}: stopped"));
        if results.iter().any(|result| result.status.0 == i64::from(fault::FAILED)) {
            controller.complain(&format!("{group}: has problems; not removing"));
            continue;
        }
        controller.client().remove_group(group)?;
        controller.print(&format!("{group}: removed process group"));
    }
    for group in changes.changed.iter().filter(is_wanted) {
        controller.client().stop_group(group)?;
        controller.print(&format!("{group}: stopped"));
        controller.client().remove_group(group)?;
        controller.client().add_group(group)?;
        controller.print(&format!("{group}: updated process group"));
    }
    for group in changes.added.iter().filter(is_wanted) {
        controller.client().add_group(group)?;
        controller.print(&format!("{group}: added process group"));
    }
    Ok(Flow::Continue)
}

/// Says which of the wanted groups are neither active nor new, each once.
fn complain_about_unknown_groups(
    controller: &mut Controller<'_>,
    wanted: &[&str],
    changes: &GroupChanges,
) -> Result<(), Failure> {
    let active = controller.client().all_process_info()?;
    for (index, group) in wanted.iter().enumerate() {
        let known = active.iter().any(|info| info.group == *group)
            || changes.added.iter().any(|added| added == group)
            || wanted[..index].contains(group);
        if !known {
            controller.complain(&format!("ERROR: no such group: {group}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::records::Number;

    #[test]
    fn a_process_of_the_configuration_is_shown_in_columns() {
        let process = ConfigInfo {
            name: "w".to_owned(),
            group: "g".to_owned(),
            inuse: true,
            autostart: false,
            group_prio: Number(999),
            process_prio: Number(1),
        };
        assert_eq!(config_line(&process), "g:w                              in use    manual    999:1");
    }

    #[test]
    fn changes_are_listed_by_name() {
        let changes = GroupChanges {
            added: vec!["b".to_owned()],
            changed: vec!["c".to_owned()],
            removed: vec!["a".to_owned()],
        };
        assert_eq!(change_lines(&changes), ["a: disappeared", "b: available", "c: changed"]);
        assert_eq!(change_lines(&GroupChanges::default()), ["No config updates to processes"]);
    }
}
