//! How processes are stopped and signalled.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod pretend;

use std::time::Duration;

use pretend::{Machine, Script, group, idle, program};
use supervisor_core::config::{Autorestart, LogLevel, ProgramSettings};
use supervisor_core::effect::{Effect, KillPurpose, RequestId};
use supervisor_core::input::{ExitStatus, Input, SpawnError};
use supervisor_core::signal::Signal;
use supervisor_core::state::ProcessState;
use supervisor_core::xml::Value;

fn running(program: ProgramSettings, script: Script) -> Machine {
    let name = program.name.clone();
    let mut machine = Machine::with(vec![program]);
    machine.script(&name, [script]);
    machine.start();
    machine.seconds(5);
    assert_eq!(machine.state(&name), ProcessState::Running);
    machine
}

fn slow(seconds: u64) -> Script {
    Script { dies_after: Some(Duration::from_secs(seconds)), ..Script::steady() }
}

fn unkillable(errno: i32) -> Script {
    Script { kill_error: Some(errno), ..Script::steady() }
}

fn stop(machine: &mut Machine, wait: bool) -> RequestId {
    machine.call("supervisor.stopProcess", vec!["web".into(), wait.into()])
}

#[test]
fn stopasgroup_sends_the_stop_signal_to_the_whole_group() {
    let web = ProgramSettings { stopasgroup: true, killasgroup: true, ..program("web") };
    let mut machine = running(web, Script::steady());
    stop(&mut machine, false);
    assert_eq!(machine.signals, [("web".to_owned(), Signal::TERM, true, machine.clock)]);
}

#[test]
fn the_stop_signal_is_the_configurations() {
    let mut machine =
        running(ProgramSettings { stopsignal: Signal::QUIT, ..program("web") }, Script::steady());
    stop(&mut machine, true);
    assert_eq!(machine.signals[0].1, Signal::QUIT);
}

#[test]
fn stopwaitsecs_of_zero_or_less_kills_at_once() {
    for stopwaitsecs in [0, -3] {
        let mut machine = running(ProgramSettings { stopwaitsecs, ..program("web") }, Script::stubborn());
        let at = machine.clock;
        stop(&mut machine, true);
        machine.pass(Duration::from_millis(1));
        let sent: Vec<_> = machine.signals.iter().map(|(_, signal, _, at)| (*signal, *at)).collect();
        assert_eq!(sent, [(Signal::TERM, at), (Signal::KILL, at)]);
        assert_eq!(machine.state("web"), ProcessState::Stopped);
    }
}

#[test]
fn sigkill_is_sent_again_every_stopwaitsecs_to_one_that_does_not_die() {
    for (stopwaitsecs, pause) in [(4, 4), (0, 1)] {
        let web = ProgramSettings { stopwaitsecs, ..program("web") };
        let mut machine = running(web, Script { is_immortal: true, ..Script::steady() });
        stop(&mut machine, false);
        machine.seconds(20);
        let kills: Vec<Duration> = machine
            .signals
            .iter()
            .filter(|(_, signal, ..)| *signal == Signal::KILL)
            .map(|kill| kill.3)
            .collect();
        assert!(kills.len() >= 4, "{kills:?}");
        assert!(kills.windows(2).all(|pair| pair[1] - pair[0] == Duration::from_secs(pause)), "{kills:?}");
        assert_eq!(machine.state("web"), ProcessState::Stopping);
        machine.end("web", ExitStatus::Signal(Signal::KILL, false));
        assert_eq!(machine.state("web"), ProcessState::Stopped);
        assert_eq!(machine.core.next_deadline(), None);
    }
}

#[test]
fn one_that_is_still_starting_can_be_stopped() {
    let mut machine = Machine::with(vec![program("web")]);
    machine.start();
    assert_eq!(machine.state("web"), ProcessState::Starting);
    let request = stop(&mut machine, true);
    machine.seconds(5);
    assert_eq!(machine.answer(request), Some(Ok(true.into())));
    let states = [ProcessState::Starting, ProcessState::Stopping, ProcessState::Stopped];
    assert_eq!(machine.states_of("web"), states);
}

#[test]
fn what_does_not_run_cannot_be_stopped() {
    let exits = ProgramSettings { autorestart: Autorestart::Never, ..program("exits") };
    let fails = ProgramSettings { startretries: 0, ..program("fails") };
    let mut machine = Machine::with(vec![idle("stopped"), exits, fails]);
    machine.script("exits", [Script::ends(Duration::from_secs(2), 0)]);
    machine.script("fails", [Script::missing()]);
    machine.start();
    machine.seconds(5);
    let states = ["stopped", "exits", "fails"].map(|name| machine.state(name));
    assert_eq!(states, [ProcessState::Stopped, ProcessState::Exited, ProcessState::Fatal]);
    for name in ["stopped", "exits", "fails"] {
        assert_eq!(
            machine.refused("supervisor.stopProcess", vec![name.into()]),
            format!("NOT_RUNNING: {name}")
        );
    }
}

#[test]
fn a_second_stop_is_refused_while_the_first_goes_on() {
    let mut machine = running(program("web"), slow(2));
    let first = stop(&mut machine, true);
    assert_eq!(machine.refused("supervisor.stopProcess", vec!["web".into()]), "NOT_RUNNING: web");
    machine.seconds(3);
    assert_eq!(machine.answer(first), Some(Ok(true.into())));
    assert_eq!(machine.signals.len(), 1);
}

#[test]
fn a_stop_without_waiting_is_answered_when_the_signal_is_sent() {
    let mut machine = running(program("web"), slow(2));
    let request = stop(&mut machine, false);
    assert_eq!(machine.answer(request), Some(Ok(true.into())));
    assert_eq!(machine.state("web"), ProcessState::Stopping);
}

#[test]
fn a_client_that_waits_is_reported_every_two_seconds_and_one_that_does_not_never() {
    for (wait, lines) in [(true, 4), (false, 0)] {
        let mut machine = running(program("web"), slow(7));
        stop(&mut machine, wait);
        machine.seconds(20);
        assert_eq!(machine.lines_about("waiting for web to stop").len(), lines);
    }
}

#[test]
fn an_expected_code_after_a_stop_is_a_note_and_another_a_warning() {
    for (code, level) in [(0, LogLevel::Info), (3, LogLevel::Warn)] {
        let mut machine = running(program("web"), Script::stubborn());
        stop(&mut machine, true);
        machine.end("web", ExitStatus::Code(code));
        assert!(machine.log.contains(&(level, format!("stopped: web (exit status {code})"))));
        assert_eq!(machine.process("web").exitstatus, Some(code));
    }
}

#[test]
fn autorestart_does_not_concern_one_that_was_stopped() {
    let web = ProgramSettings { autorestart: Autorestart::Always, ..program("web") };
    let mut machine = running(web, Script::steady());
    stop(&mut machine, true);
    machine.seconds(60);
    assert_eq!((machine.state("web"), machine.spawns.len()), (ProcessState::Stopped, 1));
}

#[test]
fn one_that_just_ended_by_itself_is_stopped_when_it_is_reaped() {
    let mut machine = running(program("web"), unkillable(libc::ESRCH));
    let request = stop(&mut machine, true);
    assert_eq!(machine.state("web"), ProcessState::Stopping);
    let line =
        "unable to signal web (pid 100), it probably just exited on its own: [Errno 3] No such process";
    assert!(machine.logged(line));
    machine.end("web", ExitStatus::Code(0));
    assert_eq!(machine.answer(request), Some(Ok(true.into())));
    assert!(machine.logged("stopped: web (exit status 0)"));
}

#[test]
fn a_stop_that_cannot_be_delivered_is_a_fault_and_makes_the_state_unknown() {
    let mut machine = running(program("web"), unkillable(libc::EPERM));
    let text = machine.refused("supervisor.stopProcess", vec!["web".into()]);
    assert_eq!(text, "FAILED: unknown problem killing web (100):EPERM");
    assert_eq!(machine.state("web"), ProcessState::Unknown);
    assert_eq!(machine.told("web", "description"), "".into());
    assert_eq!(machine.refused("supervisor.stopProcess", vec!["web".into()]), "NOT_RUNNING: web");
    assert_eq!(
        machine.refused("supervisor.signalProcess", vec!["web".into(), "HUP".into()]),
        "NOT_RUNNING: web"
    );
    assert_eq!(machine.core.next_deadline(), None);
}

#[test]
fn one_of_unknown_state_stays_so_when_its_child_ends_after_all() {
    let mut machine = running(program("web"), unkillable(libc::EPERM));
    machine.refused("supervisor.stopProcess", vec!["web".into()]);
    machine.end("web", ExitStatus::Code(0));
    assert_eq!((machine.state("web"), machine.process("web").pid), (ProcessState::Unknown, 0));
    machine.seconds(100);
    assert_eq!(machine.spawns.len(), 1);
}

#[test]
fn a_signal_that_cannot_be_delivered_answers_those_who_wait_for_a_stop_as_well() {
    let mut machine = running(program("web"), slow(60));
    let waits = stop(&mut machine, true);
    let (request, signal) = (RequestId(70), Signal::HUP);
    let mut effects = Vec::new();
    let input = Input::Request {
        request,
        method: "supervisor.signalProcess".to_owned(),
        params: vec!["web".into(), "HUP".into()],
    };
    machine.core.step(machine.now(), input, &mut effects);
    let is_kill = |effect: &Effect| matches!(effect, Effect::Kill { signal: Signal::HUP, .. });
    assert!(effects.iter().any(is_kill), "one that is stopping can be signalled");
    let process = machine.process("web").id;
    let purpose = KillPurpose::Request(request);
    machine.feed(Input::Killed { process, signal, purpose, error: Some(libc::EPERM) });
    let fault = machine.answer(request).unwrap().unwrap_err();
    assert_eq!(fault.text, "FAILED: unknown problem sending sig web (100):SIGHUP: EPERM");
    assert_eq!(machine.answer(waits), Some(Ok(true.into())));
    assert_eq!(machine.state("web"), ProcessState::Unknown);
}

#[test]
fn a_signal_to_one_that_just_ended_is_no_fault() {
    let mut machine = running(program("web"), unkillable(libc::ESRCH));
    assert_eq!(machine.ask("supervisor.signalProcess", vec!["web".into(), "HUP".into()]), Ok(true.into()));
    assert_eq!(machine.state("web"), ProcessState::Running);
    assert_eq!(machine.lines_about("it probably just now exited on its own").len(), 1);
}

#[test]
fn a_start_that_fails_while_it_is_being_stopped_ends_stopped() {
    let mut machine = Machine::with(vec![program("web")]);
    let mut effects = Vec::new();
    machine.core.step(machine.now(), Input::Load, &mut effects);
    machine.core.step(machine.now(), Input::Start { pid: 1 }, &mut effects);
    let request = stop(&mut machine, true);
    assert_eq!((machine.state("web"), machine.answer(request)), (ProcessState::Stopping, None));
    let process = machine.process("web").id;
    machine.feed(Input::SpawnFailed { process, error: SpawnError::Fork { errno: libc::EAGAIN } });
    assert_eq!(machine.answer(request), Some(Ok(true.into())));
    machine.seconds(30);
    assert_eq!(machine.state("web"), ProcessState::Stopped);
}

#[test]
fn a_killed_process_of_a_group_leaves_the_others_alone() {
    let mut machine = Machine::new(vec![group("g", 1, vec![program("a"), program("b")])]);
    machine.start();
    machine.seconds(2);
    assert_eq!(machine.ask("supervisor.stopProcess", vec!["g:a".into(), false.into()]), Ok(true.into()));
    machine.seconds(2);
    assert_eq!((machine.state("a"), machine.state("b")), (ProcessState::Stopped, ProcessState::Running));
}

#[test]
fn a_group_is_stopped_by_its_name_and_a_star() {
    let mut machine = Machine::new(vec![group("g", 1, vec![program("a"), program("b"), idle("c")])]);
    machine.start();
    machine.seconds(2);
    let request = machine.call("supervisor.stopProcess", vec!["g:*".into()]);
    machine.seconds(1);
    let Some(Ok(Value::Array(results))) = machine.answer(request) else { panic!("an array") };
    assert_eq!(results.len(), 2, "c did not run");
}

#[test]
fn the_debug_log_tells_of_every_signal() {
    let web = ProgramSettings { killasgroup: true, stopwaitsecs: 1, ..program("web") };
    let mut machine = running(web, Script::stubborn());
    machine.ask("supervisor.signalProcess", vec!["web".into(), "USR1".into()]).unwrap();
    stop(&mut machine, true);
    machine.seconds(3);
    assert!(machine.logged("sending web (pid 100) sig SIGUSR1"));
    let expected = [
        "killing web (pid 100) with signal SIGTERM",
        "killing web (pid 100) process group with signal SIGKILL",
    ];
    assert_eq!(machine.lines_about("with signal"), expected);
}
