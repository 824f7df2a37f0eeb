//! Groups at run time: reading the configuration again, adding and removing groups.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod pretend;

use std::path::PathBuf;
use std::time::Duration;

use pretend::{Machine, Script, group, idle, member, program, settings};
use supervisor_core::config::diff::{ActiveGroup, GroupDiff};
use supervisor_core::config::{
    Autorestart, FcgiAddress, FcgiSocketSettings, GroupSettings, ListenerSettings, LogTarget, ProgramSettings,
};
use supervisor_core::effect::{Effect, RequestId};
use supervisor_core::event::Event;
use supervisor_core::input::Input;
use supervisor_core::signal::Signal;
use supervisor_core::state::{Mood, ProcessState};
use supervisor_core::xml::Value;

fn alone(program: ProgramSettings) -> GroupSettings {
    group(&program.name.clone(), 999, vec![program])
}

fn names(names: &[&str]) -> Value {
    Value::Array(names.iter().map(|name| Value::from(*name)).collect())
}

fn diff(added: &[&str], changed: &[&str], removed: &[&str]) -> Result<Value, supervisor_core::rpc::Fault> {
    Ok(Value::Array(vec![Value::Array(vec![names(added), names(changed), names(removed)])]))
}

fn reread(machine: &mut Machine, groups: Vec<GroupSettings>) -> Result<Value, supervisor_core::rpc::Fault> {
    machine.configure(groups);
    machine.ask("supervisor.reloadConfig", vec![])
}

/// Whether a reread would tell that a program changed.
fn differs(old: &GroupSettings, new: &GroupSettings) -> bool {
    let active = ActiveGroup {
        name: &old.name,
        priority: old.priority,
        processes: old.processes.iter().collect(),
        listener: old.listener.as_ref(),
    };
    let diff = GroupDiff::between(&[active], std::slice::from_ref(new));
    assert_eq!((diff.added.len(), diff.removed.len()), (0, 0));
    !diff.changed.is_empty()
}

fn add(machine: &mut Machine, name: &str) -> Result<Value, supervisor_core::rpc::Fault> {
    machine.ask("supervisor.addProcessGroup", vec![name.into()])
}

fn remove(machine: &mut Machine, name: &str) -> Result<Value, supervisor_core::rpc::Fault> {
    machine.ask("supervisor.removeProcessGroup", vec![name.into()])
}

#[test]
fn a_reread_tells_the_difference_to_what_is_in_use_and_applies_nothing() {
    let mut machine = Machine::with(vec![program("same"), program("other"), program("gone")]);
    machine.start();
    machine.seconds(2);
    let other = ProgramSettings { startsecs: 9, ..program("other") };
    let new = vec![alone(program("same")), alone(other), alone(program("new"))];
    for _ in 0..2 {
        assert_eq!(reread(&mut machine, new.clone()), diff(&["new"], &["other"], &["gone"]));
    }
    assert_eq!((machine.spawns.len(), machine.living_children()), (3, 3));
    assert_eq!(machine.process("other").config.startsecs, 1);
}

#[test]
fn a_reread_of_the_same_configuration_finds_nothing() {
    let mut automatic = program("web");
    automatic.stdout.logfile = LogTarget::Automatic;
    let mut machine = Machine::with(vec![automatic.clone()]);
    machine.start();
    assert_ne!(machine.process("web").config.stdout.logfile, LogTarget::Automatic);
    assert_eq!(reread(&mut machine, vec![alone(automatic)]), diff(&[], &[], &[]));
}

#[test]
fn a_configuration_that_cannot_be_read_is_a_fault_and_keeps_the_staged_one() {
    let mut machine = Machine::with(vec![program("web")]);
    machine.start();
    machine.configuration = Err("no [supervisord]".to_owned());
    let fault = machine.ask("supervisor.reloadConfig", vec![]).unwrap_err();
    assert_eq!((fault.code, fault.text.as_str()), (92, "CANT_REREAD: no [supervisord]"));
    let Ok(Value::Array(infos)) = machine.ask("supervisor.getAllConfigInfo", vec![]) else {
        panic!("an array")
    };
    assert_eq!(infos.len(), 1);
}

#[test]
fn others_are_served_while_the_configuration_is_read() {
    let mut machine = Machine::with(vec![idle("web")]);
    machine.start();
    machine.holds_readings = true;
    let first = machine.call("supervisor.reloadConfig", vec![]);
    let second = machine.call("supervisor.reloadConfig", vec![]);
    assert_eq!(machine.core.open_requests(), 2);
    let start = machine.call("supervisor.startProcess", vec!["web".into()]);
    machine.seconds(2);
    assert_eq!(machine.answer(start), Some(Ok(true.into())));
    assert_eq!(machine.answer(first), None);
    machine.finish_readings();
    assert_eq!(machine.answer(first), Some(diff(&[], &[], &[])));
    assert_eq!(machine.answer(second), Some(diff(&[], &[], &[])));
}

#[test]
fn a_reading_that_ends_while_everything_stops_is_answered_too() {
    let mut machine = Machine::with(vec![program("web")]);
    machine.script("web", [Script::stubborn()]);
    machine.start();
    machine.seconds(2);
    machine.holds_readings = true;
    let request = machine.call("supervisor.reloadConfig", vec![]);
    machine.feed(Input::Signal(Signal::TERM));
    machine.finish_readings();
    assert_eq!(machine.answer(request), Some(diff(&[], &[], &[])));
    machine.seconds(20);
    assert_eq!(machine.ended, Some(Mood::Shutdown));
}

#[test]
fn a_reading_nobody_asked_for_changes_nothing() {
    let mut machine = Machine::with(vec![program("web")]);
    machine.start();
    let result = Ok(Box::new(settings(vec![])));
    machine.feed(Input::ConfigurationRead { request: RequestId(99), result });
    assert_eq!(machine.core.settings().groups.len(), 1);
}

#[test]
fn the_identifier_and_what_is_asked_for_each_start_are_new_after_a_reread() {
    let mut machine = Machine::with(vec![]);
    machine.start();
    let mut automatic = program("web");
    automatic.stdout.logfile = LogTarget::Automatic;
    let mut new = settings(vec![alone(automatic)]);
    new.daemon.identifier = "other".to_owned();
    new.daemon.strip_ansi = true;
    new.daemon.childlogdir = "/elsewhere".into();
    new.daemon.minfds = 5;
    machine.configuration = Ok(new);
    machine.ask("supervisor.reloadConfig", vec![]).unwrap();
    assert_eq!(machine.ask("supervisor.getIdentification", vec![]), Ok("other".into()));
    assert_eq!(machine.core.settings().daemon.childlogdir, PathBuf::from("/elsewhere"));
    assert_eq!(machine.core.settings().daemon.minfds, 1024, "what the daemon was started with stays");
    add(&mut machine, "web").unwrap();
    assert!(machine.plans[0].strip_ansi);
    let expected = LogTarget::File("/logs/web-stdout---other-x.log".into());
    assert_eq!(machine.plans[0].stdout.logfile, expected);
}

#[test]
fn an_added_group_starts_when_its_automatic_logs_are_there() {
    let mut machine = Machine::with(vec![]);
    machine.start();
    let mut automatic = program("web");
    automatic.stdout.logfile = LogTarget::Automatic;
    automatic.stderr.logfile = LogTarget::Automatic;
    reread(&mut machine, vec![alone(automatic)]).unwrap();
    let mut effects = Vec::new();
    let input = Input::Request {
        request: RequestId(60),
        method: "supervisor.addProcessGroup".to_owned(),
        params: vec!["web".into()],
    };
    machine.core.step(machine.now(), input, &mut effects);
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Spawn(_))));
    let made: Vec<_> = effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::CreateAutomaticLog { process, channel, .. } => Some((*process, *channel)),
            _ => None,
        })
        .collect();
    assert_eq!(made.len(), 2);
    for (index, (process, channel)) in made.into_iter().enumerate() {
        assert_eq!(machine.spawns.len(), 0);
        let path = Some(PathBuf::from(format!("/log{index}")));
        machine.feed(Input::AutomaticLogCreated { process, channel, path });
    }
    assert_eq!(machine.plans[0].stdout.logfile, LogTarget::File("/log0".into()));
    assert_eq!(machine.plans[0].stderr.logfile, LogTarget::File("/log1".into()));
}

#[test]
fn an_automatic_log_that_cannot_be_made_does_not_keep_a_program_from_starting() {
    let mut machine = Machine::with(vec![]);
    machine.start();
    let mut automatic = program("web");
    automatic.stdout.logfile = LogTarget::Automatic;
    reread(&mut machine, vec![alone(automatic)]).unwrap();
    let mut effects = Vec::new();
    let method = "supervisor.addProcessGroup".to_owned();
    let input = Input::Request { request: RequestId(60), method, params: vec!["web".into()] };
    machine.core.step(machine.now(), input, &mut effects);
    let process = machine.process("web").id;
    let channel = supervisor_core::effect::Channel::Stdout;
    machine.feed(Input::AutomaticLogCreated { process, channel, path: None });
    assert_eq!(machine.spawns.len(), 1);
    assert_eq!(machine.told("web", "stdout_logfile"), "".into());
}

#[test]
fn an_added_group_starts_by_itself_what_starts_by_itself() {
    let mut machine = Machine::with(vec![program("a")]);
    machine.start();
    let groups = vec![alone(program("a")), group("g", 3, vec![program("b"), idle("c")])];
    assert_eq!(reread(&mut machine, groups), diff(&["g"], &[], &[]));
    assert_eq!(add(&mut machine, "g"), Ok(true.into()));
    machine.seconds(2);
    assert_eq!((machine.state("b"), machine.state("c")), (ProcessState::Running, ProcessState::Stopped));
    assert!(machine.events.contains(&Event::GroupAdded("g".to_owned())));
    assert_eq!(reread(&mut machine, vec![alone(program("a"))]), diff(&[], &[], &["g"]));
}

#[test]
fn groups_are_added_once_and_only_those_of_the_configuration() {
    let mut machine = Machine::with(vec![program("web")]);
    machine.start();
    assert_eq!(add(&mut machine, "web").unwrap_err().text, "ALREADY_ADDED: web");
    assert_eq!(add(&mut machine, "nobody").unwrap_err().text, "BAD_NAME: nobody");
    let number = machine.ask("supervisor.addProcessGroup", vec![5.into()]).unwrap_err();
    assert_eq!(number.text, "BAD_NAME: 5");
}

#[test]
fn a_group_that_is_in_use_but_no_longer_configured_cannot_be_added() {
    let mut machine = Machine::with(vec![program("web")]);
    machine.start();
    reread(&mut machine, vec![]).unwrap();
    assert_eq!(add(&mut machine, "web").unwrap_err().text, "BAD_NAME: web");
}

#[test]
fn a_group_is_removed_only_when_none_of_its_processes_runs() {
    let mut machine = Machine::new(vec![group("g", 1, vec![program("a"), idle("b")])]);
    machine.script("a", [Script { dies_after: Some(Duration::from_secs(2)), ..Script::steady() }]);
    machine.start();
    assert_eq!(remove(&mut machine, "g").unwrap_err().text, "STILL_RUNNING: g", "STARTING");
    machine.seconds(2);
    assert_eq!(remove(&mut machine, "g").unwrap_err().code, 91, "RUNNING");
    machine.call("supervisor.stopProcess", vec!["g:a".into()]);
    assert_eq!(remove(&mut machine, "g").unwrap_err().code, 91, "STOPPING");
    machine.seconds(3);
    assert_eq!(remove(&mut machine, "g"), Ok(true.into()));
    assert_eq!(remove(&mut machine, "g").unwrap_err().text, "BAD_NAME: g");
    assert_eq!(machine.events.last(), Some(&Event::GroupRemoved("g".to_owned())));
}

#[test]
fn nothing_is_left_of_a_removed_group() {
    let held_back = ProgramSettings { startsecs: 0, autorestart: Autorestart::Always, ..program("web") };
    let mut machine = Machine::with(vec![held_back]);
    machine.script("web", [Script::ends(Duration::ZERO, 1)]);
    machine.start();
    machine.pass(Duration::from_millis(1));
    assert_eq!(machine.state("web"), ProcessState::Exited);
    assert!(machine.core.next_deadline().is_some(), "a restart is held back");
    assert_eq!(remove(&mut machine, "web"), Ok(true.into()));
    assert_eq!(machine.core.next_deadline(), None);
    assert_eq!(machine.core.processes().count(), 0);
    assert_eq!(machine.refused("supervisor.getProcessInfo", vec!["web".into()]), "BAD_NAME: web");
    assert_eq!(machine.ask("supervisor.getAllProcessInfo", vec![]), Ok(Value::Array(vec![])));
}

#[test]
fn whoever_waits_for_a_process_that_is_removed_is_told_that_it_is_not_there() {
    let mut machine = Machine::with(vec![idle("web")]);
    machine.start();
    let request = RequestId(70);
    let mut effects = Vec::new();
    let input =
        Input::Request { request, method: "supervisor.startProcess".to_owned(), params: vec!["web".into()] };
    machine.core.step(machine.now(), input, &mut effects);
    let process = machine.process("web").id;
    assert_eq!(remove(&mut machine, "web"), Ok(true.into()), "its command is still being looked at");
    assert_eq!(machine.answer(request).unwrap().unwrap_err().text, "BAD_NAME: web");
    machine.feed(Input::CommandChecked { request, process, error: None });
    assert_eq!((machine.spawns.len(), machine.core.open_requests()), (0, 0));
}

#[test]
fn one_of_unknown_state_can_be_removed_and_its_childs_end_is_no_surprise() {
    let mut machine = Machine::with(vec![program("web")]);
    machine.script("web", [Script { kill_error: Some(libc::EPERM), ..Script::steady() }]);
    machine.start();
    machine.seconds(2);
    machine.refused("supervisor.stopProcess", vec!["web".into()]);
    let process = machine.process("web").id;
    assert_eq!(remove(&mut machine, "web"), Ok(true.into()));
    let status = supervisor_core::input::ExitStatus::Code(0);
    machine.feed(Input::Exited { process, status });
    assert_eq!(add(&mut machine, "web"), Ok(true.into()));
    machine.seconds(2);
    assert_eq!(machine.state("web"), ProcessState::Running);
}

#[test]
fn a_group_added_again_has_new_processes_that_remember_nothing() {
    let mut machine = Machine::with(vec![program("web")]);
    machine.script("web", [Script::ends(Duration::ZERO, 1), Script::steady()]);
    machine.start();
    machine.pass(Duration::from_millis(1));
    let before = machine.process("web").id;
    machine.call("supervisor.stopProcess", vec!["web".into()]);
    remove(&mut machine, "web").unwrap();
    add(&mut machine, "web").unwrap();
    let process = machine.process("web");
    assert_ne!(process.id, before);
    assert_eq!((process.backoff, process.state), (0, ProcessState::Starting));
}

#[test]
fn an_automatic_log_is_used_again_until_the_configuration_is_read_again() {
    let mut automatic = idle("web");
    automatic.stdout.logfile = LogTarget::Automatic;
    let mut machine = Machine::with(vec![automatic.clone()]);
    machine.start();
    let logfile = |machine: &mut Machine| {
        let Ok(Value::Array(infos)) = machine.ask("supervisor.getAllConfigInfo", vec![]) else {
            panic!("an array")
        };
        member(&infos[0], "stdout_logfile")
    };
    assert_eq!(logfile(&mut machine), "/logs/web-stdout---supervisor-x.log".into());
    remove(&mut machine, "web").unwrap();
    add(&mut machine, "web").unwrap();
    assert_eq!(logfile(&mut machine), "/logs/web-stdout---supervisor-x.log".into());
    reread(&mut machine, vec![alone(automatic)]).unwrap();
    assert_eq!(logfile(&mut machine), "auto".into());
    assert_eq!(machine.told("web", "stdout_logfile"), "/logs/web-stdout---supervisor-x.log".into());
}

#[test]
fn an_added_group_stops_in_its_place() {
    let slow = Script { dies_after: Some(Duration::from_secs(1)), ..Script::steady() };
    let mut machine = Machine::new(vec![group("a", 10, vec![program("a")])]);
    machine.script("a", [slow.clone()]);
    machine.script("b", [slow.clone()]);
    machine.script("c", [slow]);
    machine.start();
    let groups = ["a", "b", "c"]
        .iter()
        .zip([10, 5, 20])
        .map(|(name, priority)| group(name, priority, vec![program(name)]));
    reread(&mut machine, groups.collect()).unwrap();
    add(&mut machine, "c").unwrap();
    add(&mut machine, "b").unwrap();
    machine.seconds(2);
    machine.feed(Input::Signal(Signal::TERM));
    machine.seconds(10);
    let stopped: Vec<&str> = machine.signals.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(stopped, ["c", "a", "b"]);
    assert!(machine.logged("waiting for a, c, b to die"), "in the order they were added");
}

#[test]
fn added_and_changed_come_in_the_new_order_and_removed_in_the_old() {
    let mut machine = Machine::new(vec![
        group("x", 1, vec![program("x")]),
        group("a", 2, vec![program("a")]),
        group("m", 3, vec![program("m")]),
    ]);
    machine.start();
    let changed = |name: &str, priority| group(name, priority, vec![program(name)]);
    let new = vec![changed("q", 1), changed("m", 2), changed("b", 3), changed("x", 4)];
    assert_eq!(reread(&mut machine, new), diff(&["q", "b"], &["m", "x"], &["a"]));
    assert_eq!(reread(&mut machine, vec![]), diff(&[], &[], &["x", "a", "m"]));
}

#[test]
fn every_setting_of_a_program_counts() {
    let old = program("web");
    let output = |change: fn(&mut ProgramSettings)| {
        let mut new = program("web");
        change(&mut new);
        new
    };
    let changes: Vec<ProgramSettings> = vec![
        ProgramSettings { name: "other".into(), ..old.clone() },
        ProgramSettings { command: "other".into(), ..old.clone() },
        ProgramSettings { directory: Some("/".into()), ..old.clone() },
        ProgramSettings { umask: Some(0), ..old.clone() },
        ProgramSettings { priority: 1, ..old.clone() },
        ProgramSettings { autostart: false, ..old.clone() },
        ProgramSettings { autorestart: Autorestart::Always, ..old.clone() },
        ProgramSettings { startsecs: 2, ..old.clone() },
        ProgramSettings { startretries: 2, ..old.clone() },
        ProgramSettings { user: Some(0), ..old.clone() },
        ProgramSettings { stopsignal: Signal::INT, ..old.clone() },
        ProgramSettings { stopwaitsecs: 2, ..old.clone() },
        ProgramSettings { stopasgroup: true, ..old.clone() },
        ProgramSettings { killasgroup: true, ..old.clone() },
        ProgramSettings { exitcodes: vec![0, 2], ..old.clone() },
        ProgramSettings { redirect_stderr: true, ..old.clone() },
        ProgramSettings { environment: vec![("A".into(), "1".into())], ..old.clone() },
        ProgramSettings { serverurl: Some("http://h".into()), ..old.clone() },
        output(|program| program.stdout.logfile = LogTarget::File("/x".into())),
        output(|program| program.stdout.maxbytes = 1),
        output(|program| program.stdout.backups = 1),
        output(|program| program.stdout.capture_maxbytes = 1),
        output(|program| program.stdout.events_enabled = true),
        output(|program| program.stdout.syslog = true),
        output(|program| program.stderr.logfile = LogTarget::File("/x".into())),
        output(|program| program.stderr.maxbytes = 1),
    ];
    assert!(!differs(&alone(old.clone()), &alone(old.clone())));
    for new in changes {
        let [old, new] = [old.clone(), new].map(|program| group("g", 1, vec![program]));
        assert!(differs(&old, &new) && differs(&new, &old), "{new:?}");
    }
}

#[test]
fn the_order_of_variables_does_not_count_and_the_last_of_one_name_does() {
    let with = |variables: &[(&str, &str)]| {
        let environment = variables.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        alone(ProgramSettings { environment, ..program("web") })
    };
    assert!(!differs(&with(&[("A", "1"), ("B", "2")]), &with(&[("B", "2"), ("A", "1")])));
    assert!(!differs(&with(&[("A", "0"), ("A", "1")]), &with(&[("A", "1")])));
    assert!(differs(&with(&[("A", "1"), ("A", "0")]), &with(&[("A", "1")])));
}

#[test]
fn the_order_and_number_of_the_processes_of_a_group_count_and_its_priority_too() {
    let [a, b] = ["a", "b"].map(program);
    let old = group("g", 1, vec![a.clone(), b.clone()]);
    assert!(differs(&old, &group("g", 1, vec![b.clone(), a.clone()])));
    assert!(differs(&old, &group("g", 1, vec![a.clone()])));
    assert!(differs(&old, &group("g", 2, vec![a, b])));
}

#[test]
fn a_pool_of_event_listeners_changes_with_its_events_its_buffer_and_its_handler() {
    let pool = |events: &[&str], buffer_size, result_handler: &str| GroupSettings {
        listener: Some(ListenerSettings {
            events: events.iter().map(|event| (*event).to_owned()).collect(),
            buffer_size,
            result_handler: result_handler.to_owned(),
        }),
        ..alone(program("web"))
    };
    let old = pool(&["EVENT", "TICK_5"], 10, "a:b");
    assert!(!differs(&old, &pool(&["TICK_5", "EVENT"], 10, "a:b")), "types are a set");
    assert!(!differs(&old, &pool(&["TICK_5", "EVENT", "EVENT"], 10, "a:b")));
    assert!(differs(&old, &pool(&["EVENT"], 10, "a:b")));
    assert!(differs(&pool(&["EVENT"], 10, "a:b"), &old));
    assert!(differs(&old, &pool(&["EVENT", "TICK_5"], 11, "a:b")));
    assert!(differs(&old, &pool(&["EVENT", "TICK_5"], 10, "a:c")));
    assert!(differs(&old, &alone(program("web"))) && differs(&alone(program("web")), &old));
}

#[test]
fn of_a_fastcgi_socket_the_address_counts_alone() {
    let with = |address: FcgiAddress, backlog| {
        alone(ProgramSettings {
            fcgi_socket: Some(FcgiSocketSettings { address, backlog }),
            ..program("web")
        })
    };
    let unix = |path: &str, mode| FcgiAddress::Unix { path: path.into(), owner: None, mode };
    let tcp = |port| FcgiAddress::Tcp { host: "h".to_owned(), port };
    let old = with(unix("/a", 0o700), None);
    assert!(!differs(&old, &with(unix("/a", 0o777), Some(5))), "the original compares the URL");
    assert!(differs(&old, &with(unix("/b", 0o700), None)));
    assert!(differs(&old, &with(tcp(1), None)));
    assert!(differs(&with(tcp(1), None), &with(tcp(2), None)));
    assert!(differs(&old, &alone(program("web"))));
}

#[test]
fn config_info_comes_by_the_names_of_processes_with_what_is_not_set_as_none() {
    let mut big = idle("a");
    big.stdout.maxbytes = 3 << 30;
    big.autorestart = Autorestart::Never;
    big.user = Some(5);
    big.exitcodes = vec![0, 2];
    let mut machine = Machine::new(vec![group("g", 1, vec![program("b")]), group("h", 2, vec![big])]);
    machine.start();
    remove(&mut machine, "h").unwrap();
    let Ok(Value::Array(infos)) = machine.ask("supervisor.getAllConfigInfo", vec![]) else {
        panic!("an array")
    };
    let told = |index: usize, name: &str| member(&infos[index], name);
    assert_eq!((told(0, "name"), told(1, "name")), ("a".into(), "b".into()));
    assert_eq!((told(0, "inuse"), told(1, "inuse")), (false.into(), true.into()));
    assert_eq!((told(0, "autorestart"), told(1, "autorestart")), (false.into(), "unexpected".into()));
    assert_eq!((told(0, "uid"), told(1, "uid")), (5.into(), "none".into()));
    assert_eq!(told(0, "stdout_logfile_maxbytes"), Value::Int(3 << 30));
    assert_eq!(told(0, "exitcodes"), Value::Array(vec![0.into(), 2.into()]));
    assert_eq!(told(0, "stopsignal"), 15.into());
    for name in ["directory", "serverurl", "stdout_logfile", "stderr_logfile"] {
        assert_eq!(told(0, name), "none".into(), "{name}");
    }
    let Value::Struct(members) = &infos[0] else { panic!("a struct") };
    assert_eq!(members.len(), 30);
}
