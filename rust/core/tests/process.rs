//! The life of processes, told by a pretend machine.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod pretend;

use std::time::Duration;

use pretend::{Machine, Script, group, program};
use supervisor_core::config::{Autorestart, LogLevel};
use supervisor_core::input::{ExitStatus, Input};
use supervisor_core::plugin::{Hooks, PluginInput};
use supervisor_core::rpc::FaultCode;
use supervisor_core::signal::Signal;
use supervisor_core::state::{Mood, ProcessState};
use supervisor_core::xml::Value;

const MOMENT: Duration = Duration::from_millis(1);

#[test]
fn a_process_is_running_once_it_stayed_up_longer_than_startsecs() {
    let mut machine = Machine::with(vec![program("web")]);
    machine.start();
    assert_eq!(machine.state("web"), ProcessState::Starting);
    machine.pass(Duration::from_millis(999));
    assert_eq!(machine.state("web"), ProcessState::Starting);
    machine.pass(Duration::from_millis(2));
    assert_eq!(machine.state("web"), ProcessState::Running);
    let success =
        "success: web entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)";
    assert!(machine.logged(success));
    assert!(machine.logged("spawned: 'web' with pid 100"));
}

#[test]
fn startsecs_of_zero_makes_it_running_at_once() {
    let mut web = program("web");
    web.startsecs = 0;
    let mut machine = Machine::with(vec![web]);
    machine.start();
    assert_eq!(machine.state("web"), ProcessState::Running);
}

#[test]
fn an_end_before_startsecs_counts_as_a_failed_start_even_with_an_expected_code() {
    let mut machine = Machine::with(vec![program("web")]);
    machine.script("web", [Script::ends(Duration::from_millis(500), 0), Script::steady()]);
    machine.start();
    machine.pass(Duration::from_millis(600));
    assert_eq!(machine.state("web"), ProcessState::Backoff);
    assert!(machine.logged("exited: web (exit status 0; not expected)"));
    let info = machine.process("web");
    assert_eq!(info.spawnerr.as_deref(), Some("Exited too quickly (process log may have details)"));
    assert_eq!(info.exitstatus, None);
}

#[test]
fn tries_come_one_two_and_three_seconds_after_failures_and_then_it_is_given_up() {
    let mut machine = Machine::with(vec![program("web")]);
    machine.script("web", [Script::ends(Duration::ZERO, 1)]);
    machine.start();
    machine.seconds(60);
    assert_eq!(machine.state("web"), ProcessState::Fatal);
    let starts: Vec<u64> = machine.spawns.iter().map(|(_, at)| at.as_secs() - 1000).collect();
    assert_eq!(starts, [0, 1, 3, 6]);
    assert!(machine.logged("gave up: web entered FATAL state, too many start retries too quickly"));
    assert_eq!(machine.core.next_deadline(), None, "nothing is left to wait for");
}

#[test]
fn a_program_that_is_missing_ends_in_fatal_with_its_spawnerr() {
    let mut machine = Machine::with(vec![program("web")]);
    machine.script("web", [Script::missing()]);
    machine.start();
    machine.seconds(60);
    assert_eq!(machine.state("web"), ProcessState::Fatal);
    assert_eq!(machine.process("web").spawnerr.as_deref(), Some("can't find command '/no/such/program'"));
    assert!(machine.logged("spawnerr: can't find command '/no/such/program'"));
}

#[test]
fn a_command_with_an_open_quotation_or_without_words_ends_in_fatal() {
    for (command, why) in
        [("sh \"bad", "can't parse command 'sh \"bad': No closing quotation"), ("  ", "command is empty")]
    {
        let mut web = program("web");
        web.command = command.to_owned();
        let mut machine = Machine::with(vec![web]);
        machine.start();
        machine.seconds(60);
        assert_eq!(machine.state("web"), ProcessState::Fatal);
        assert_eq!(machine.process("web").spawnerr.as_deref(), Some(why));
        assert_eq!(machine.spawns, []);
    }
}

#[test]
fn a_success_forgets_the_failures_before_it() {
    let mut web = program("web");
    web.autorestart = Autorestart::Always;
    let mut machine = Machine::with(vec![web]);
    let quick = || Script::ends(Duration::ZERO, 1);
    machine.script(
        "web",
        [quick(), quick(), Script::ends(Duration::from_secs(5), 1), quick(), Script::steady()],
    );
    machine.start();
    machine.seconds(60);
    assert_eq!(machine.state("web"), ProcessState::Running);
    assert_eq!(machine.process("web").backoff, 0);
}

#[test]
fn an_expected_end_is_left_alone_and_an_unexpected_one_is_restarted_at_once() {
    for (code, starts) in [(0, 1), (2, 2)] {
        let mut machine = Machine::with(vec![program("web")]);
        machine.script("web", [Script::ends(Duration::from_secs(3), code), Script::steady()]);
        machine.start();
        machine.pass(Duration::from_secs(3) + MOMENT);
        assert_eq!(machine.spawns.len(), starts);
        let verdict = if code == 0 { "expected" } else { "not expected" };
        let level = if code == 0 { LogLevel::Info } else { LogLevel::Warn };
        let line = (level, format!("exited: web (exit status {code}; {verdict})"));
        assert!(machine.log.contains(&line), "{:?}", machine.log);
    }
}

#[test]
fn autorestart_false_never_restarts_and_true_always_does() {
    for (autorestart, starts) in [(Autorestart::Never, 1), (Autorestart::Always, 2)] {
        for code in [0, 1] {
            let mut web = program("web");
            web.autorestart = autorestart;
            let mut machine = Machine::with(vec![web]);
            machine.script("web", [Script::ends(Duration::from_secs(2), code), Script::steady()]);
            machine.start();
            machine.seconds(10);
            assert_eq!(machine.spawns.len(), starts);
        }
    }
}

#[test]
fn an_end_by_signal_is_never_expected() {
    let mut web = program("web");
    web.exitcodes = vec![0, -1];
    web.exitcodes.retain(|code| *code >= 0);
    let mut machine = Machine::with(vec![web]);
    let killed = (Duration::from_secs(2), ExitStatus::Signal(Signal(libc::SIGSEGV), true));
    machine.script("web", [Script { ends: Some(killed), ..Script::steady() }, Script::steady()]);
    machine.start();
    machine.seconds(3);
    assert!(machine.logged("exited: web (terminated by SIGSEGV (core dumped); not expected)"));
    assert_eq!(machine.spawns.len(), 2);
}

#[test]
fn one_that_keeps_dying_at_once_settles_at_one_start_a_second() {
    let mut web = program("web");
    web.startsecs = 0;
    web.autorestart = Autorestart::Always;
    let mut machine = Machine::with(vec![web]);
    machine.script("web", [Script::ends(Duration::ZERO, 1)]);
    machine.start();
    machine.seconds(30);
    // The first start, five restarts at once, then one a second.
    assert!((35..=37).contains(&machine.spawns.len()), "{} starts", machine.spawns.len());
}

#[test]
fn a_stop_sends_the_stop_signal_and_is_answered_when_the_process_is_gone() {
    let mut machine = Machine::with(vec![program("web")]);
    machine.script("web", [Script { dies_after: Some(Duration::from_secs(2)), ..Script::steady() }]);
    machine.start();
    machine.seconds(5);
    let request = machine.call("supervisor.stopProcess", vec!["web".into()]);
    assert_eq!(machine.state("web"), ProcessState::Stopping);
    assert_eq!(machine.answer(request), None);
    machine.seconds(3);
    assert_eq!(machine.answer(request), Some(Ok(true.into())));
    assert_eq!(machine.state("web"), ProcessState::Stopped);
    assert!(machine.logged("waiting for web to stop"));
    assert!(machine.log.contains(&(LogLevel::Warn, "stopped: web (terminated by SIGTERM)".to_owned())));
    machine.seconds(60);
    assert_eq!(machine.spawns.len(), 1, "a stopped process stays stopped");
}

#[test]
fn sigkill_follows_after_stopwaitsecs_and_is_repeated() {
    let mut web = program("web");
    web.stopwaitsecs = 3;
    web.killasgroup = true;
    let mut machine = Machine::with(vec![web]);
    machine.script("web", [Script::stubborn()]);
    machine.start();
    machine.seconds(5);
    let at = machine.clock;
    machine.call("supervisor.stopProcess", vec!["web".into(), false.into()]);
    machine.seconds(4);
    assert_eq!(
        machine.signals,
        [
            ("web".to_owned(), Signal::TERM, false, at),
            ("web".to_owned(), Signal::KILL, true, at + Duration::from_secs(3))
        ]
    );
    assert!(machine.logged("killing 'web' (100) with SIGKILL"));
    assert_eq!(machine.state("web"), ProcessState::Stopped);
}

#[test]
fn a_stop_between_the_decision_to_spawn_and_the_pid_is_not_lost() {
    let mut machine = Machine::with(vec![program("web")]);
    let mut effects = Vec::new();
    machine.core.step(machine.now(), Input::Load, &mut effects);
    machine.core.step(machine.now(), Input::Start { pid: 1 }, &mut effects);
    let id = machine.process("web").id;
    assert!(machine.process("web").is_spawning());
    let now = machine.now();
    let request = supervisor_core::effect::RequestId(77);
    let method = "supervisor.stopProcess".to_owned();
    machine.core.step(now, Input::Request { request, method, params: vec!["web".into()] }, &mut effects);
    assert_eq!(machine.state("web"), ProcessState::Stopping);
    effects.clear();
    machine.core.step(now, Input::Spawned { process: id, pid: 5 }, &mut effects);
    let is_kill = |effect: &supervisor_core::effect::Effect| {
        matches!(effect, supervisor_core::effect::Effect::Kill { pid: 5, signal: Signal::TERM, .. })
    };
    assert_eq!(effects.iter().filter(|effect| is_kill(effect)).count(), 1);
}

#[test]
fn a_stop_in_backoff_ends_the_tries() {
    let mut machine = Machine::with(vec![program("web")]);
    machine.script("web", [Script::ends(Duration::ZERO, 1)]);
    machine.start();
    assert_eq!(machine.ask("supervisor.signalProcess", vec!["web".into(), "HUP".into()]), {
        Ok(true.into())
    });
    machine.pass(MOMENT);
    assert_eq!(machine.state("web"), ProcessState::Backoff);
    let refused = machine.ask("supervisor.startProcess", vec!["web".into()]).unwrap_err();
    assert_eq!(refused.code, FaultCode::AlreadyStarted as i32);
    let refused = machine.ask("supervisor.signalProcess", vec!["web".into(), "HUP".into()]).unwrap_err();
    assert_eq!(refused.code, FaultCode::NotRunning as i32);
    assert_eq!(machine.ask("supervisor.stopProcess", vec!["web".into()]), Ok(true.into()));
    assert_eq!(machine.state("web"), ProcessState::Stopped);
    machine.seconds(60);
    assert_eq!(machine.spawns.len(), 1);
}

#[test]
fn a_signal_that_cannot_be_sent_makes_the_state_unknown() {
    let mut machine = Machine::with(vec![program("web")]);
    machine.script("web", [Script { kill_error: Some(libc::EPERM), ..Script::steady() }]);
    machine.start();
    machine.seconds(2);
    let fault = machine.ask("supervisor.stopProcess", vec!["web".into()]).unwrap_err();
    assert_eq!(fault.code, FaultCode::Failed as i32);
    assert_eq!(machine.state("web"), ProcessState::Unknown);
    let fault = machine.ask("supervisor.startProcess", vec!["web".into()]).unwrap_err();
    assert_eq!(fault.text, "FAILED: web is in an unknown process state");
}

#[test]
fn a_wall_clock_that_jumps_disturbs_nothing() {
    for jump in [-400_000_000, 400_000_000] {
        let mut machine = Machine::with(vec![program("web")]);
        machine.script("web", [Script::ends(Duration::ZERO, 1), Script::steady()]);
        machine.start();
        machine.wall_jump = jump;
        machine.pass(Duration::from_millis(2_100));
        assert_eq!(machine.state("web"), ProcessState::Running);
        let info = machine.ask("supervisor.getProcessInfo", vec!["web".into()]).unwrap();
        let Value::Struct(members) = info else { panic!("a struct") };
        let description = members.iter().find(|(name, _)| name == "description").unwrap();
        assert_eq!(description.1, Value::from("pid 101, uptime 0:00:01"));
    }
}

#[test]
fn what_stops_with_the_daemon_stops_by_descending_priority_band_by_band() {
    let slow = || Script { dies_after: Some(Duration::from_secs(1)), ..Script::steady() };
    let groups = vec![
        group("low", 1, vec![program("a")]),
        group("high", 20, vec![program("b"), program("c")]),
        group("high2", 20, vec![program("d")]),
    ];
    let mut machine = Machine::new(groups);
    for name in ["a", "b", "c", "d"] {
        machine.script(name, [slow()]);
    }
    machine.start();
    machine.seconds(3);
    let began = machine.clock;
    machine.feed(Input::Signal(Signal::TERM));
    machine.seconds(10);
    let stopped: Vec<(&str, u64)> =
        machine.signals.iter().map(|(name, _, _, at)| (name.as_str(), (*at - began).as_secs())).collect();
    assert_eq!(stopped, [("d", 0), ("c", 0), ("b", 0), ("a", 1)]);
    assert_eq!(machine.ended, Some(Mood::Shutdown));
    assert!(machine.logged("waiting for a, b, c, d to die"));
    assert_eq!(machine.living_children(), 0);
}

#[test]
fn a_hangup_restarts_unless_everything_already_stops() {
    let mut machine = Machine::with(vec![program("web")]);
    machine.script("web", [Script::stubborn()]);
    machine.start();
    machine.feed(Input::Signal(Signal::TERM));
    machine.feed(Input::Signal(Signal::HUP));
    assert!(machine.logged("ignored SIGHUP indicating restart request (shutdown in progress)"));
    machine.seconds(60);
    assert_eq!(machine.ended, Some(Mood::Shutdown));

    let mut machine = Machine::with(vec![program("web")]);
    machine.start();
    machine.feed(Input::Signal(Signal::HUP));
    machine.seconds(1);
    assert_eq!(machine.ended, Some(Mood::Restarting));
}

#[test]
fn nothing_is_started_once_everything_stops() {
    let mut web = program("web");
    web.autorestart = Autorestart::Always;
    let mut machine = Machine::with(vec![web, program("slow")]);
    machine.script("slow", [Script::stubborn()]);
    machine.script("web", [Script::ends(Duration::from_secs(5), 1)]);
    machine.start();
    machine.seconds(4);
    machine.feed(Input::Signal(Signal::TERM));
    let fault = machine.ask("supervisor.startProcess", vec!["web".into()]).unwrap_err();
    assert_eq!(fault.text, "SHUTDOWN_STATE");
    machine.seconds(5);
    assert_eq!(machine.spawns.len(), 2);
}

#[test]
fn a_replaced_spawn_is_called_instead_and_may_start_it_after_all() {
    let mut machine = Machine::with(vec![program("web")]);
    machine.feed(Input::Plugin(PluginInput::Hooks(Hooks { spawn: true, ..Hooks::default() })));
    machine.start();
    assert_eq!(machine.spawns, []);
    let id = machine.process("web").id;
    assert_eq!(machine.overridden_spawns, [id]);
    machine.seconds(3);
    assert_eq!(machine.overridden_spawns.len(), 4, "asked again every second, as the original does");
    machine.feed(Input::SpawnNow(id));
    assert_eq!(machine.spawns.len(), 1);
    assert_eq!(machine.state("web"), ProcessState::Starting);
}

#[test]
fn the_past_of_a_process_is_kept_with_every_change_and_how_it_ended() {
    let mut machine = Machine::with(vec![program("web")]);
    machine.script("web", [Script::ends(Duration::from_millis(500), 3), Script::steady()]);
    machine.start();
    machine.pass(Duration::from_secs(5));
    let history = &machine.process("web").history;
    let states: Vec<_> = history.changes().map(|change| change.to).collect();
    use ProcessState::{Backoff, Running, Starting};
    assert_eq!(states, [Starting, Backoff, Starting, Running]);
    let end = history.ends().next().unwrap();
    assert_eq!((end.status, end.pid, end.after), (ExitStatus::Code(3), 100, Duration::from_millis(500)));
    assert_eq!(history.restarts(), 1);
}
