//! What plug-ins assign, insert, call and replace, with a pretend machine.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod pretend;

use std::collections::BTreeMap;
use std::time::Duration;

use pretend::{Machine, Script, group, idle, program};
use supervisor_core::config::{Autorestart, LogTarget, ProgramSettings};
use supervisor_core::effect::{Effect, ProcessId, RequestId};
use supervisor_core::event::Event;
use supervisor_core::input::{ExitStatus, Input};
use supervisor_core::plugin::{Assigned, Hooks, PluginInput};
use supervisor_core::signal::Signal;
use supervisor_core::state::ProcessState;

fn act(machine: &mut Machine, input: PluginInput) {
    machine.feed(Input::Plugin(input));
}

fn running(program: ProgramSettings) -> (Machine, ProcessId) {
    let name = program.name.clone();
    let mut machine = Machine::with(vec![program]);
    machine.start();
    machine.seconds(5);
    assert_eq!(machine.state(&name), ProcessState::Running);
    let id = machine.process(&name).id;
    (machine, id)
}

#[test]
fn an_assigned_state_is_in_force_and_answers_those_who_wait_for_it() {
    let mut machine = Machine::with(vec![ProgramSettings { startsecs: 1000, ..idle("web") }]);
    machine.start();
    let request = machine.call("supervisor.startProcess", vec!["web".into()]);
    machine.seconds(1);
    let id = machine.process("web").id;
    act(&mut machine, PluginInput::Assign(id, Assigned::State(ProcessState::Running)));
    assert_eq!(machine.answer(request), Some(Ok(true.into())));
    let last = machine.transitions().last().unwrap();
    assert_eq!(last.to, ProcessState::Starting, "an assignment is no event");
}

#[test]
fn a_start_that_is_said_to_be_long_ago_makes_a_process_running() {
    let mut machine = Machine::with(vec![ProgramSettings { startsecs: 1000, ..program("web") }]);
    machine.start();
    machine.seconds(5);
    let id = machine.process("web").id;
    let long_ago = machine.now().wall.as_secs_f64() - 2000.0;
    // The pretend clock begins at 0, so that there is no time before the start.
    machine.clock += Duration::from_secs(4000);
    act(&mut machine, PluginInput::Assign(id, Assigned::Started(long_ago)));
    assert_eq!(machine.state("web"), ProcessState::Running);
}

#[test]
fn a_changed_configuration_is_in_force_at_once_but_for_the_name() {
    let (mut machine, id) = running(program("web"));
    let mut config = machine.process("web").config.clone();
    config.name = "other".to_owned();
    config.autorestart = Autorestart::Never;
    config.stdout.logfile = LogTarget::Automatic;
    let made = machine.process("web").config.stdout.logfile.clone();
    act(&mut machine, PluginInput::Configure(id, Box::new(config)));
    assert_eq!(machine.process("web").config.stdout.logfile, made, "a log that is there stays");
    machine.end("web", ExitStatus::Code(3));
    machine.seconds(5);
    assert_eq!(machine.state("web"), ProcessState::Exited);
}

#[test]
fn a_process_is_added_to_a_group_and_taken_out_of_it() {
    let (mut machine, _) = running(program("web"));
    act(&mut machine, PluginInput::AddProcess("web".to_owned(), Box::new(program("more"))));
    machine.seconds(5);
    let added = machine.core.find("web", "more").unwrap();
    assert_eq!(added.state, ProcessState::Running);
    let id = added.id;
    act(&mut machine, PluginInput::AddProcess("web".to_owned(), Box::new(program("more"))));
    assert_eq!(machine.core.members("web").count(), 2, "a name is there once");
    act(&mut machine, PluginInput::RemoveProcess(id));
    assert!(machine.core.process(id).is_none());
    assert_eq!(machine.core.members("web").count(), 1);
    act(&mut machine, PluginInput::Kill(id, Signal::TERM));
}

#[test]
fn groups_are_added_removed_and_staged() {
    let (mut machine, id) = running(program("web"));
    act(&mut machine, PluginInput::AddGroup(Box::new(group("new", 5, vec![idle("one")]))));
    assert!(machine.events.contains(&Event::GroupAdded("new".to_owned())));
    act(&mut machine, PluginInput::RemoveGroup("new".to_owned()));
    assert!(machine.core.group("new").is_none());
    act(&mut machine, PluginInput::RemoveGroup("web".to_owned()));
    assert!(machine.core.process(id).is_some(), "a group that runs stays");
    act(&mut machine, PluginInput::Stage(vec![group("staged", 5, vec![idle("one")])]));
    let diff = machine.core.diff();
    assert_eq!((diff.added, diff.removed), (vec!["staged".to_owned()], vec!["web".to_owned()]));
}

#[test]
fn replaced_transitions_are_called_once_a_second_and_decide() {
    let mut machine = Machine::with(vec![program("web")]);
    let hooks = Hooks { transition: true, ..Hooks::default() };
    act(&mut machine, PluginInput::Hooks(hooks));
    machine.start();
    machine.seconds(10);
    let calls = machine.transition_calls.len();
    assert!((10..=12).contains(&calls), "{calls}");
    assert_eq!(machine.spawns.len(), 0, "nothing starts by itself");
    let id = machine.process("web").id;
    act(&mut machine, PluginInput::Settle(id));
    machine.seconds(5);
    assert_eq!(machine.state("web"), ProcessState::Starting, "startsecs have passed, and nobody looked");
    act(&mut machine, PluginInput::Settle(id));
    assert_eq!(machine.state("web"), ProcessState::Running);
    act(&mut machine, PluginInput::Hooks(Hooks::default()));
    machine.end("web", ExitStatus::Code(1));
    machine.seconds(5);
    assert_eq!(machine.state("web"), ProcessState::Running, "the engine's own again");
}

#[test]
fn a_replaced_finish_decides_about_an_end() {
    let (mut machine, id) = running(program("web"));
    act(&mut machine, PluginInput::Hooks(Hooks { finish: true, ..Hooks::default() }));
    let pid = machine.process("web").pid;
    let (now, status) = (machine.now(), ExitStatus::Code(0));
    let mut effects = Vec::new();
    machine.core.step(now, Input::Exited { process: id, status }, &mut effects);
    assert_eq!(effects, [Effect::CallFinish { process: id, pid, status }]);
    assert_eq!(machine.state("web"), ProcessState::Running);
    machine.core.step(now, Input::Plugin(PluginInput::Finish(id, status)), &mut effects);
    assert_ne!(machine.state("web"), ProcessState::Running);
}

#[test]
fn a_replaced_method_is_the_plug_ins_for_clients_and_native_for_plug_ins() {
    let (mut machine, _) = running(program("web"));
    let methods = BTreeMap::from([("getPID".to_owned(), "Help.".to_owned())]);
    act(&mut machine, PluginInput::Hooks(Hooks { methods, ..Hooks::default() }));
    let request = machine.call("supervisor.getPID", Vec::new());
    assert_eq!(machine.answer(request), None, "the plug-in is asked");
    let request = RequestId(1 << 62);
    let method = "getPID".to_owned();
    act(&mut machine, PluginInput::Call { request, method, params: Vec::new() });
    assert!(matches!(machine.answer(request), Some(Ok(_))));
    assert_eq!(machine.ask("system.methodHelp", vec!["supervisor.getPID".into()]), Ok("Help.".into()));
}

#[test]
fn a_process_goes_where_a_plug_in_sends_it() {
    let mut machine = Machine::with(vec![idle("web")]);
    machine.script("web", [Script::missing()]);
    machine.start();
    let id = machine.process("web").id;
    for state in [ProcessState::Backoff, ProcessState::Unknown] {
        act(&mut machine, PluginInput::ChangeState { process: id, state, expected: true });
        assert_eq!(machine.state("web"), state);
        assert_eq!(machine.transitions().last().unwrap().to, state);
    }
    act(&mut machine, PluginInput::GiveUp(id));
    assert_eq!(machine.state("web"), ProcessState::Unknown, "only what is in BACKOFF can be given up");
}

#[test]
fn an_event_of_a_plug_in_belongs_to_the_types_it_names() {
    let event = Event::Custom { types: vec!["GREETING".into(), "EVENT".into()], payload: "hello".into() };
    assert!(event.is_within("GREETING") && event.is_within("EVENT") && !event.is_within("TICK"));
    assert_eq!((event.name(), event.payload()), ("GREETING", "hello".to_owned()));
    let (mut machine, _) = running(program("web"));
    act(&mut machine, PluginInput::Emit(event.clone()));
    assert!(machine.events.contains(&event));
}

#[test]
fn writing_and_signalling_answer_nobody() {
    let (mut machine, id) = running(program("web"));
    let replies = machine.replies.len();
    act(&mut machine, PluginInput::Write(id, b"text".to_vec()));
    act(&mut machine, PluginInput::Signal(id, Signal::USR2));
    act(&mut machine, PluginInput::Kill(id, Signal::TERM));
    machine.seconds(1);
    assert_eq!(machine.replies.len(), replies);
    assert_eq!(machine.state("web"), ProcessState::Stopped);
    let mut effects: Vec<Effect> = Vec::new();
    let now = machine.now();
    machine.core.step(now, Input::Plugin(PluginInput::Settle(ProcessId(77))), &mut effects);
    assert_eq!(effects, []);
}
