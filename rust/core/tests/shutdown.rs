//! How everything is stopped, and signals to the daemon.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod pretend;

use std::time::Duration;

use pretend::{Machine, Script, group, idle, pool, program};
use supervisor_core::config::{Autorestart, LogLevel, ProgramSettings};
use supervisor_core::effect::StdinError;
use supervisor_core::event::Event;
use supervisor_core::input::{ExitStatus, Input};
use supervisor_core::rpc::METHODS;
use supervisor_core::signal::Signal;
use supervisor_core::state::{Mood, ProcessState};
use supervisor_core::xml::Value;

fn slow(seconds: u64) -> Script {
    Script { dies_after: Some(Duration::from_secs(seconds)), ..Script::steady() }
}

fn ranked(name: &str, priority: i64) -> ProgramSettings {
    ProgramSettings { priority, ..program(name) }
}

fn stops(machine: &Machine) -> Vec<&str> {
    machine.signals.iter().map(|(name, ..)| name.as_str()).collect()
}

#[test]
fn a_daemon_with_nothing_to_stop_ends_at_once() {
    for (signal, mood) in [(Signal::TERM, Mood::Shutdown), (Signal::HUP, Mood::Restarting)] {
        let mut machine = Machine::with(vec![idle("web")]);
        machine.start();
        machine.feed(Input::Signal(signal));
        assert_eq!(machine.ended, Some(mood));
        assert_eq!(machine.lines_about("to die"), [""; 0]);
    }
}

#[test]
fn the_beginning_of_the_end_is_told_before_anything_stops_and_once() {
    let mut machine = Machine::with(vec![program("web")]);
    machine.script("web", [slow(3)]);
    machine.start();
    machine.seconds(2);
    let before = machine.events.len();
    machine.feed(Input::Signal(Signal::TERM));
    assert_eq!(machine.events[before], Event::SupervisorStopping);
    machine.seconds(10);
    assert_eq!(machine.events.iter().filter(|event| **event == Event::SupervisorStopping).count(), 1);
}

#[test]
fn every_exit_signal_is_named_in_the_log() {
    for signal in [Signal::TERM, Signal::INT, Signal::QUIT] {
        let mut machine = Machine::with(vec![]);
        machine.start();
        machine.feed(Input::Signal(signal));
        let line = (LogLevel::Warn, format!("received {} indicating exit request", signal.name()));
        assert!(machine.log.contains(&line));
        assert_eq!(machine.ended, Some(Mood::Shutdown));
    }
}

#[test]
fn other_signals_stop_nothing() {
    let mut machine = Machine::with(vec![program("web")]);
    machine.start();
    machine.seconds(2);
    for signal in [Signal::USR2, Signal(libc::SIGCHLD), Signal(libc::SIGUSR1)] {
        machine.feed(Input::Signal(signal));
    }
    let expected = [
        (LogLevel::Info, "received SIGUSR2 indicating log reopen request"),
        (LogLevel::Info, "supervisord logreopen"),
        (LogLevel::Debug, "received SIGCHLD indicating a child quit"),
        (LogLevel::Blather, "received SIGUSR1 indicating nothing"),
    ];
    let last: Vec<(LogLevel, &str)> =
        machine.log.iter().rev().take(4).rev().map(|(level, line)| (*level, line.as_str())).collect();
    assert_eq!(last, expected);
    assert_eq!(machine.core.mood(), Mood::Running);
}

#[test]
fn a_hangup_during_a_restart_is_taken_and_an_exit_request_turns_it_into_a_shutdown() {
    let mut machine = Machine::with(vec![program("web")]);
    machine.script("web", [slow(5)]);
    machine.start();
    machine.seconds(2);
    machine.feed(Input::Signal(Signal::HUP));
    machine.feed(Input::Signal(Signal::HUP));
    assert_eq!(machine.lines_about("received SIGHUP indicating restart request").len(), 2);
    machine.feed(Input::Signal(Signal::TERM));
    machine.seconds(10);
    assert_eq!(machine.ended, Some(Mood::Shutdown));
}

#[test]
fn clients_can_end_and_restart_the_daemon() {
    for (method, mood) in [("supervisor.shutdown", Mood::Shutdown), ("supervisor.restart", Mood::Restarting)]
    {
        let mut machine = Machine::with(vec![program("web")]);
        machine.start();
        assert_eq!(machine.ask(method, vec![]), Ok(true.into()));
        assert_eq!(machine.refused(method, vec![]), "SHUTDOWN_STATE");
        machine.seconds(1);
        assert_eq!(machine.ended, Some(mood));
    }
}

#[test]
fn a_plug_in_can_end_the_daemon_by_its_mood() {
    let mut machine = Machine::with(vec![program("web")]);
    machine.start();
    machine.feed(Input::SetMood(Mood::Shutdown));
    machine.seconds(1);
    assert_eq!((machine.ended, machine.living_children()), (Some(Mood::Shutdown), 0));
}

#[test]
fn no_standard_method_but_one_answers_while_everything_stops_and_those_of_the_server_do() {
    let mut machine = Machine::with(vec![program("web")]);
    machine.script("web", [Script::stubborn()]);
    machine.start();
    machine.seconds(2);
    machine.feed(Input::Signal(Signal::TERM));
    for method in METHODS.iter().filter(|method| method.namespace == "supervisor") {
        let params = method.parameters.iter().map(|parameter| match parameter.name {
            "offset" | "length" => Value::Int(0),
            "wait" => true.into(),
            _ => "web".into(),
        });
        let params = params.collect();
        let name = format!("supervisor.{}", method.name);
        if method.name == "sendRemoteCommEvent" {
            // The one exception, as in the original: listeners are the last to stop.
            assert_eq!(machine.ask(&name, params), Ok(true.into()));
        } else {
            assert_eq!(machine.refused(&name, params), "SHUTDOWN_STATE", "{name}");
        }
    }
    assert!(machine.ask("system.listMethods", vec![]).is_ok());
}

#[test]
fn what_waits_for_its_next_try_is_given_up_without_a_word() {
    let mut machine = Machine::with(vec![program("web")]);
    machine.script("web", [Script::ends(Duration::ZERO, 1)]);
    machine.start();
    machine.pass(Duration::from_millis(1));
    assert_eq!(machine.state("web"), ProcessState::Backoff);
    machine.feed(Input::Signal(Signal::TERM));
    assert_eq!(machine.state("web"), ProcessState::Fatal);
    assert_eq!(machine.lines_about("gave up"), [""; 0]);
    assert_eq!(machine.ended, Some(Mood::Shutdown));
}

#[test]
fn in_a_group_higher_priority_numbers_stop_first_and_equal_ones_last_to_first() {
    let members = vec![ranked("a", 5), ranked("b", 900), ranked("c", 5), ranked("d", 900)];
    let mut machine = Machine::new(vec![group("g", 1, members)]);
    machine.start();
    machine.seconds(2);
    machine.feed(Input::Signal(Signal::TERM));
    assert_eq!(stops(&machine), ["d", "b", "c", "a"]);
}

#[test]
fn of_groups_of_equal_priority_the_last_is_told_first() {
    let groups =
        vec![group("g", 1, vec![ranked("a", 900)]), group("h", 1, vec![ranked("b", 1), ranked("c", 2)])];
    let mut machine = Machine::new(groups);
    machine.start();
    machine.seconds(2);
    machine.feed(Input::Signal(Signal::TERM));
    assert_eq!(stops(&machine), ["c", "b", "a"]);
}

#[test]
fn pools_of_event_listeners_start_first_and_stop_last() {
    let listeners = pool("pool", &["EVENT"], 10, &["listener"]);
    let mut machine = Machine::new(vec![group("web", 0, vec![program("web")]), listeners]);
    machine.script("web", [slow(2)]);
    machine.start();
    assert_eq!(machine.spawns[0].0, "listener");
    machine.seconds(2);
    machine.feed(Input::Signal(Signal::TERM));
    assert_eq!(stops(&machine), ["web"]);
    machine.seconds(3);
    assert_eq!(stops(&machine), ["web", "listener"]);
}

/// A machine with a program and a listener of its states that asked for events; both run, and everything is to stop.
fn stopping_with_listener(change: impl FnOnce(&mut ProgramSettings)) -> Machine {
    let mut listeners = pool("pool", &["PROCESS_STATE_STOPPED"], 10, &["listener"]);
    change(&mut listeners.processes[0]);
    let mut machine = Machine::new(vec![group("web", 0, vec![program("web")]), listeners]);
    machine.script("web", [slow(1)]);
    machine.start();
    machine.seconds(2);
    machine.says("listener", "READY\n");
    machine.feed(Input::Signal(Signal::TERM));
    machine
}

#[test]
fn a_listener_is_told_how_the_last_program_ended_and_stopped_when_it_has_done_with_that() {
    let mut machine = stopping_with_listener(|_| {});
    machine.seconds(1);
    assert!(machine.heard("listener").contains("eventname:PROCESS_STATE_STOPPED"));
    machine.pass(Duration::from_millis(1500));
    assert_eq!(stops(&machine), ["web"]);
    machine.says("listener", "RESULT 2\n");
    assert_eq!(stops(&machine), ["web"]);
    machine.says("listener", "OK");
    assert_eq!(stops(&machine), ["web", "listener"]);
    machine.seconds(1);
    assert_eq!(machine.ended, Some(Mood::Shutdown));
}

#[test]
fn a_listener_gets_what_waits_for_it_before_it_is_stopped() {
    let programs = ["a", "b", "c"].map(program).to_vec();
    let listeners = pool("pool", &["PROCESS_STATE_STOPPED"], 10, &["listener"]);
    let mut machine = Machine::new(vec![group("web", 0, programs), listeners]);
    machine.start();
    machine.seconds(2);
    machine.says("listener", "READY\n");
    machine.feed(Input::Signal(Signal::TERM));
    machine.seconds(0);
    for name in ["a", "b", "c"] {
        assert!(machine.heard("listener").contains(&format!("processname:{name} ")), "{name}");
        assert_eq!(stops(&machine).len(), 3);
        machine.says("listener", "RESULT 2\nOK");
        if name != "c" {
            machine.says("listener", "READY\n");
        }
    }
    assert_eq!(stops(&machine), ["c", "b", "a", "listener"]);
}

#[test]
fn a_listener_that_does_not_finish_is_stopped_after_two_seconds_or_its_stopwaitsecs() {
    for (stopwaitsecs, seconds) in [(10, 2), (1, 1), (0, 0)] {
        let mut machine = stopping_with_listener(|listener| listener.stopwaitsecs = stopwaitsecs);
        let began = machine.clock;
        machine.seconds(10);
        let (name, _, _, at) = &machine.signals[1];
        assert_eq!((name.as_str(), *at - began), ("listener", Duration::from_secs(1 + seconds)));
        assert_eq!(machine.ended, Some(Mood::Shutdown));
    }
}

#[test]
fn nobody_waits_for_a_listener_that_takes_no_event() {
    let unwilling: [fn(&mut Machine); 3] = [
        |machine| machine.says("listener", "READY\nnonsense"),
        |machine| machine.end("listener", ExitStatus::Code(0)),
        |machine| machine.stdin_error = Some(StdinError::Full),
    ];
    for make_unwilling in unwilling {
        let mut machine = stopping_with_listener(|listener| listener.autorestart = Autorestart::Always);
        make_unwilling(&mut machine);
        machine.seconds(1);
        assert_eq!(machine.ended, Some(Mood::Shutdown));
    }
}

#[test]
fn a_band_waits_for_the_slowest_of_the_band_above() {
    let groups = vec![
        group("low", 1, vec![program("low")]),
        group("quick", 9, vec![program("quick")]),
        group("slow", 9, vec![ProgramSettings { stopwaitsecs: 4, ..program("slow") }]),
    ];
    let mut machine = Machine::new(groups);
    machine.script("slow", [Script::stubborn()]);
    machine.start();
    machine.seconds(2);
    let began = machine.clock;
    machine.feed(Input::Signal(Signal::TERM));
    machine.seconds(10);
    let told: Vec<(&str, Signal, u64)> = machine
        .signals
        .iter()
        .map(|(name, signal, _, at)| (name.as_str(), *signal, (*at - began).as_secs()))
        .collect();
    let expected = [
        ("slow", Signal::TERM, 0),
        ("quick", Signal::TERM, 0),
        ("slow", Signal::KILL, 4),
        ("low", Signal::TERM, 4),
    ];
    assert_eq!(told, expected);
}

#[test]
fn who_is_waited_for_is_told_every_three_seconds() {
    let groups = vec![group("a", 1, vec![program("a")]), group("b", 2, vec![program("b")])];
    let mut machine = Machine::new(groups);
    machine.script("b", [slow(7)]);
    machine.script("a", [slow(1)]);
    machine.start();
    machine.seconds(2);
    machine.feed(Input::Signal(Signal::TERM));
    machine.seconds(20);
    let lines = ["waiting for a, b to die"; 3];
    assert_eq!(machine.lines_about("to die"), lines);
    assert!(machine.log.contains(&(LogLevel::Blather, "b state: STOPPING".to_owned())));
    assert!(machine.log.contains(&(LogLevel::Blather, "a state: RUNNING".to_owned())));
}

#[test]
fn one_that_ends_by_itself_meanwhile_is_not_restarted() {
    let always = ProgramSettings { autorestart: Autorestart::Always, ..program("low") };
    let mut machine =
        Machine::new(vec![group("low", 1, vec![always]), group("high", 2, vec![program("high")])]);
    machine.script("high", [slow(5)]);
    machine.start();
    machine.seconds(2);
    machine.feed(Input::Signal(Signal::TERM));
    machine.end("low", ExitStatus::Code(1));
    assert_eq!(machine.state("low"), ProcessState::Exited);
    machine.seconds(10);
    assert_eq!((machine.ended, machine.spawns.len()), (Some(Mood::Shutdown), 2));
}

#[test]
fn a_restart_that_was_held_back_does_not_come() {
    let web = ProgramSettings { startsecs: 0, autorestart: Autorestart::Always, ..program("web") };
    let mut machine = Machine::with(vec![web, program("slow")]);
    machine.script("web", [Script::ends(Duration::ZERO, 1)]);
    machine.script("slow", [slow(5)]);
    machine.start();
    machine.pass(Duration::from_millis(10));
    let starts = machine.spawns.len();
    machine.feed(Input::Signal(Signal::TERM));
    machine.seconds(10);
    assert_eq!((machine.ended, machine.spawns.len()), (Some(Mood::Shutdown), starts));
}

#[test]
fn one_of_unknown_state_is_not_waited_for() {
    let mut machine = Machine::with(vec![program("web")]);
    machine.script("web", [Script { kill_error: Some(libc::EPERM), ..Script::steady() }]);
    machine.start();
    machine.seconds(2);
    machine.feed(Input::Signal(Signal::TERM));
    assert_eq!(machine.state("web"), ProcessState::Unknown);
    assert_eq!(machine.ended, Some(Mood::Shutdown));
}

#[test]
fn whoever_waits_for_a_process_is_answered_by_the_shutdown() {
    let mut machine = Machine::with(vec![program("stops"), idle("starts")]);
    machine.script("stops", [slow(5)]);
    machine.start();
    machine.seconds(2);
    let stop = machine.call("supervisor.stopProcess", vec!["stops".into()]);
    let start = machine.call("supervisor.startProcess", vec!["starts".into()]);
    machine.feed(Input::Signal(Signal::TERM));
    assert_eq!(machine.answer(start).unwrap().unwrap_err().text, "ABNORMAL_TERMINATION: starts");
    assert_eq!(machine.answer(stop), None);
    machine.seconds(10);
    assert_eq!(machine.answer(stop), Some(Ok(true.into())));
}

#[test]
fn a_stopped_one_cannot_be_started_even_when_its_command_was_being_looked_at() {
    let mut machine = Machine::with(vec![program("slow"), idle("web")]);
    machine.script("slow", [slow(5)]);
    machine.start();
    machine.seconds(2);
    let request = supervisor_core::effect::RequestId(50);
    let mut effects = Vec::new();
    let input =
        Input::Request { request, method: "supervisor.startProcess".to_owned(), params: vec!["web".into()] };
    machine.core.step(machine.now(), input, &mut effects);
    machine.feed(Input::Signal(Signal::TERM));
    let process = machine.process("web").id;
    machine.feed(Input::CommandChecked { request, process, error: None });
    assert_eq!(machine.answer(request).unwrap().unwrap_err().text, "SHUTDOWN_STATE");
    assert_eq!(machine.state("web"), ProcessState::Stopped);
}

#[test]
fn orphans_that_pid_1_inherits_are_told_of() {
    let mut machine = Machine::with(vec![]);
    machine.start();
    machine.feed(Input::OrphanExited { pid: 77, status: ExitStatus::Code(3) });
    machine.feed(Input::OrphanExited { pid: 78, status: ExitStatus::Signal(Signal::KILL, false) });
    assert!(machine.logged("reaped unknown pid 77 (exit status 3)"));
    assert!(machine.logged("reaped unknown pid 78 (terminated by SIGKILL)"));
}
