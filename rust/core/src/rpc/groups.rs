//! Methods about the configuration and the groups it names.

use crate::config::{Autorestart, GroupSettings, LogTarget, OutputSettings, ProgramSettings};
use crate::core::Core;
use crate::effect::{Channel, Effect};
use crate::input::Now;
use crate::outbox::Outbox;
use crate::rpc::arguments::Arguments;
use crate::rpc::requests::Open;
use crate::rpc::{Answer, Call, Fault};
use crate::xml::Value;

pub(crate) fn reload_config(
    core: &mut Core,
    call: Call,
    _: &Arguments,
    outbox: &mut Outbox,
) -> Result<Answer, Fault> {
    core.requests.open(call.request, Open::Configuration);
    outbox.effects.push(Effect::ReadConfiguration { request: call.request });
    Ok(Answer::Later)
}

/// Puts a group into use or out of it.
pub(crate) fn change(
    core: &mut Core,
    arguments: &Arguments,
    how: fn(&mut Core, &str, &mut Outbox) -> Result<(), Fault>,
    outbox: &mut Outbox,
) -> Result<Answer, Fault> {
    how(core, &arguments.text_or_number(0)?, outbox)?;
    Ok(Answer::Now(true.into()))
}

pub(crate) fn get_all_config_info(core: &Core, _: Now, _: &Arguments) -> Result<Value, Fault> {
    let groups = core.settings.groups.iter();
    let mut programs: Vec<(&GroupSettings, &ProgramSettings)> =
        groups.flat_map(|group| group.processes.iter().map(move |program| (group, program))).collect();
    programs.sort_by(|(_, a), (_, b)| a.name.cmp(&b.name));
    let infos = programs.into_iter().map(|(group, program)| {
        let is_in_use = core.group(&group.name).is_some();
        config_info((&group.name, group.priority), program, is_in_use)
    });
    Ok(Value::Array(infos.collect()))
}

/// The struct of `getAllConfigInfo` (parity 4): "none" for what is not set, "auto" for automatic logs.
///
/// The group is given by its name and its priority.
#[must_use]
pub fn config_info(
    (group, group_priority): (&str, i64),
    program: &ProgramSettings,
    is_in_use: bool,
) -> Value {
    let directory = program.directory.as_ref().map(|directory| directory.display().to_string());
    let autorestart = match program.autorestart {
        Autorestart::Never => false.into(),
        Autorestart::Always => true.into(),
        Autorestart::Unexpected => "unexpected".into(),
    };
    let mut members: Vec<(String, Value)> = [
        ("autostart", program.autostart.into()),
        ("autorestart", autorestart),
        ("directory", text_or_none(directory)),
        ("uid", program.user.map_or_else(none, |uid| i64::from(uid).into())),
        ("command", program.command.as_str().into()),
        ("exitcodes", Value::Array(program.exitcodes.iter().map(|code| Value::from(*code)).collect())),
        ("group", group.into()),
        ("group_prio", group_priority.into()),
        ("inuse", is_in_use.into()),
        ("killasgroup", program.killasgroup.into()),
        ("name", program.name.as_str().into()),
        ("process_prio", program.priority.into()),
        ("redirect_stderr", program.redirect_stderr.into()),
        ("startretries", program.startretries.into()),
        ("startsecs", program.startsecs.into()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    members.extend(output_info(Channel::Stdout, &program.stdout));
    members.push(("stopsignal".to_owned(), program.stopsignal.0.into()));
    members.push(("stopwaitsecs".to_owned(), program.stopwaitsecs.into()));
    members.extend(output_info(Channel::Stderr, &program.stderr));
    members.push(("serverurl".to_owned(), text_or_none(program.serverurl.clone())));
    Value::Struct(members)
}

fn output_info(channel: Channel, output: &OutputSettings) -> [(String, Value); 6] {
    let logfile = match &output.logfile {
        LogTarget::None => none(),
        LogTarget::Automatic => "auto".into(),
        LogTarget::Syslog => "syslog".into(),
        LogTarget::File(path) => path.display().to_string().into(),
    };
    [
        ("capture_maxbytes", bytes(output.capture_maxbytes)),
        ("events_enabled", output.events_enabled.into()),
        ("logfile", logfile),
        ("logfile_backups", i64::from(output.backups).into()),
        ("logfile_maxbytes", bytes(output.maxbytes)),
        ("syslog", output.syslog.into()),
    ]
    .map(|(name, value)| (format!("{}_{name}", channel.name()), value))
}

/// A size; one of 2 GB or more is written as `<i8>` (traps 4).
fn bytes(size: u64) -> Value {
    i64::try_from(size).unwrap_or(i64::MAX).into()
}

fn text_or_none(text: Option<String>) -> Value {
    text.map_or_else(none, Value::String)
}

fn none() -> Value {
    "none".into()
}
