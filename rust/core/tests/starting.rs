//! How processes start, fail to start and are started again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod pretend;

use std::path::PathBuf;
use std::time::Duration;

use pretend::{Machine, Script, group, idle, program, settings};
use supervisor_core::config::{Autorestart, HttpAddress, HttpServerSettings, ProgramSettings};
use supervisor_core::core::Core;
use supervisor_core::effect::Effect;
use supervisor_core::input::{ExitStatus, Input, SpawnError};
use supervisor_core::plugin::{Hooks, PluginInput};
use supervisor_core::state::ProcessState;
use supervisor_core::xml::Value;

const MOMENT: Duration = Duration::from_millis(1);

fn quick(code: i32) -> Script {
    Script::ends(Duration::ZERO, code)
}

fn starts_of(machine: &Machine) -> Vec<u64> {
    machine.spawns.iter().map(|(_, at)| at.as_secs() - 1000).collect()
}

#[test]
fn a_process_without_autostart_waits_for_a_client() {
    let mut machine = Machine::with(vec![idle("web")]);
    machine.start();
    machine.seconds(100);
    assert_eq!(machine.spawns, []);
    assert_eq!(machine.told("web", "description"), "Not started".into());
    machine.call("supervisor.startProcess", vec!["web".into()]);
    machine.seconds(2);
    assert_eq!(machine.state("web"), ProcessState::Running);
}

#[test]
fn a_process_with_autostart_that_a_client_stopped_stays_stopped() {
    let mut machine = Machine::with(vec![program("web")]);
    machine.start();
    machine.seconds(2);
    machine.call("supervisor.stopProcess", vec!["web".into()]);
    machine.seconds(100);
    assert_eq!(machine.state("web"), ProcessState::Stopped);
    assert_eq!(machine.spawns.len(), 1);
}

#[test]
fn processes_start_in_the_order_of_the_configuration_whatever_their_priority() {
    let late = ProgramSettings { priority: 500, ..program("late") };
    let early = ProgramSettings { priority: 1, ..program("early") };
    let mut machine =
        Machine::new(vec![group("second", 7, vec![late, early]), group("first", 3, vec![program("a")])]);
    machine.start();
    let names: Vec<&str> = machine.spawns.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["a", "late", "early"]);
}

#[test]
fn negative_startsecs_mean_running_at_once() {
    let mut machine = Machine::with(vec![ProgramSettings { startsecs: -5, ..program("web") }]);
    machine.start();
    assert_eq!(machine.state("web"), ProcessState::Running);
}

#[test]
fn with_startsecs_of_zero_an_end_at_once_is_an_end_after_running() {
    let web = ProgramSettings { startsecs: 0, autorestart: Autorestart::Never, ..program("web") };
    let mut machine = Machine::with(vec![web]);
    machine.script("web", [quick(0)]);
    machine.start();
    machine.pass(MOMENT);
    let states = [ProcessState::Starting, ProcessState::Running, ProcessState::Exited];
    assert_eq!(machine.states_of("web"), states);
    assert_eq!(machine.process("web").exitstatus, Some(0));
}

#[test]
fn startretries_of_zero_gives_up_at_the_first_failure() {
    for startretries in [0, -1] {
        let mut machine = Machine::with(vec![ProgramSettings { startretries, ..program("web") }]);
        machine.script("web", [quick(1)]);
        machine.start();
        machine.pass(MOMENT);
        assert_eq!(machine.state("web"), ProcessState::Fatal);
        assert_eq!(machine.spawns.len(), 1);
    }
}

#[test]
fn the_pause_grows_by_a_second_with_every_failure() {
    let mut machine = Machine::with(vec![ProgramSettings { startretries: 5, ..program("web") }]);
    machine.script("web", [quick(1)]);
    machine.start();
    machine.seconds(100);
    assert_eq!(starts_of(&machine), [0, 1, 3, 6, 10, 15]);
}

#[test]
fn events_tell_where_a_process_came_from_and_how_often_it_failed() {
    let mut machine = Machine::with(vec![ProgramSettings { startretries: 1, ..program("web") }]);
    machine.script("web", [quick(1)]);
    machine.start();
    machine.seconds(10);
    let told: Vec<(ProcessState, ProcessState, i64)> =
        machine.transitions().map(|change| (change.from, change.to, change.tries)).collect();
    use ProcessState::{Backoff, Fatal, Starting, Stopped};
    let expected = [
        (Stopped, Starting, 0),
        (Starting, Backoff, 1),
        (Backoff, Starting, 1),
        (Starting, Backoff, 2),
        (Backoff, Fatal, 0),
    ];
    assert_eq!(told, expected);
}

#[test]
fn one_that_was_given_up_begins_to_count_anew_when_a_client_starts_it() {
    let mut machine = Machine::with(vec![ProgramSettings { startretries: 1, ..program("web") }]);
    machine.script("web", [quick(1)]);
    machine.start();
    machine.seconds(10);
    assert_eq!(machine.state("web"), ProcessState::Fatal);
    machine.call("supervisor.startProcess", vec!["web".into()]);
    machine.pass(MOMENT);
    assert_eq!((machine.state("web"), machine.process("web").backoff), (ProcessState::Backoff, 1));
    machine.seconds(10);
    assert_eq!(machine.spawns.len(), 4);
}

#[test]
fn a_stop_in_backoff_keeps_the_count_of_failures() {
    let mut machine = Machine::with(vec![program("web")]);
    machine.script("web", [quick(1)]);
    machine.start();
    machine.pass(MOMENT);
    machine.call("supervisor.stopProcess", vec!["web".into()]);
    assert_eq!(machine.process("web").backoff, 1, "the original keeps it");
    machine.call("supervisor.startProcess", vec!["web".into()]);
    machine.pass(MOMENT);
    assert_eq!(machine.process("web").backoff, 2);
}

#[test]
fn every_way_of_failing_to_spawn_has_its_words() {
    let filename = || "/bin/x".to_owned();
    let errors = [
        (SpawnError::NotFound { filename: filename() }, "can't find command '/bin/x'"),
        (SpawnError::IsDirectory { filename: filename() }, "command at '/bin/x' is a directory"),
        (SpawnError::NotExecutable { filename: filename() }, "command at '/bin/x' is not executable"),
        (SpawnError::NoPermission { filename: filename() }, "no permission to run command '/bin/x'"),
        (SpawnError::Pipes { errno: libc::EMFILE }, "too many open files to spawn 'web'"),
        (SpawnError::Pipes { errno: libc::ENFILE }, "unknown error making dispatchers for 'web': ENFILE"),
        (SpawnError::Fork { errno: libc::EAGAIN }, "Too many processes in process table to spawn 'web'"),
        (SpawnError::Fork { errno: libc::ENOMEM }, "unknown error during fork for 'web': ENOMEM"),
        (
            SpawnError::Log { path: PathBuf::from("/no/log"), errno: libc::ENOSPC },
            "can't open log /no/log for 'web': ENOSPC",
        ),
    ];
    for (error, message) in errors {
        let mut machine = Machine::with(vec![program("web")]);
        machine.script("web", [Script { spawn_error: Some(error), ..Script::steady() }, Script::steady()]);
        machine.start();
        assert_eq!(machine.state("web"), ProcessState::Backoff);
        assert_eq!(machine.told("web", "spawnerr"), message.into());
        assert_eq!(machine.told("web", "description"), message.into());
        assert!(machine.logged(&format!("spawnerr: {message}")));
        machine.seconds(3);
        assert_eq!(machine.state("web"), ProcessState::Running);
        assert_eq!(machine.told("web", "spawnerr"), "".into(), "forgotten once it works");
    }
}

#[test]
fn which_exits_are_expected_is_up_to_exitcodes() {
    for (exitcodes, code, is_expected) in [
        (vec![0], 0, true),
        (vec![0], 2, false),
        (vec![3, 7], 7, true),
        (vec![3, 7], 0, false),
        (vec![], 0, false),
    ] {
        let web = ProgramSettings {
            exitcodes: exitcodes.clone(),
            autorestart: Autorestart::Never,
            ..program("web")
        };
        let mut machine = Machine::with(vec![web]);
        machine.script("web", [Script::ends(Duration::from_secs(2), code)]);
        machine.start();
        machine.seconds(3);
        let end = machine.transitions().last().unwrap().clone();
        assert_eq!((end.to, end.expected), (ProcessState::Exited, is_expected), "{code} of {exitcodes:?}");
        assert_eq!(machine.told("web", "exitstatus"), code.into());
        let spawnerr = if is_expected { String::new() } else { format!("Bad exit code {code}") };
        assert_eq!(machine.told("web", "spawnerr"), spawnerr.into());
    }
}

#[test]
fn autorestart_unexpected_restarts_after_a_signal() {
    let mut machine = Machine::with(vec![program("web")]);
    machine.start();
    machine.seconds(2);
    machine.end("web", ExitStatus::Signal(supervisor_core::signal::Signal::KILL, false));
    assert_eq!(machine.spawns.len(), 2);
    assert!(machine.logged("exited: web (terminated by SIGKILL; not expected)"));
}

#[test]
fn exitstatus_is_unknown_again_while_it_runs() {
    let mut machine = Machine::with(vec![program("web")]);
    machine.start();
    machine.seconds(2);
    machine.end("web", ExitStatus::Code(4));
    assert_eq!(machine.state("web"), ProcessState::Starting);
    assert_eq!(machine.process("web").exitstatus, None);
    assert_eq!(machine.told("web", "exitstatus"), 0.into());
}

#[test]
fn restarts_of_one_process_do_not_use_up_those_of_another() {
    let flapping =
        |name: &str| ProgramSettings { startsecs: 0, autorestart: Autorestart::Always, ..program(name) };
    let mut machine = Machine::with(vec![flapping("a"), flapping("b")]);
    machine.script("a", [quick(1)]);
    machine.script("b", [Script::ends(Duration::from_secs(5), 1), Script::steady()]);
    machine.start();
    machine.seconds(5);
    machine.pass(MOMENT);
    let last = machine.spawns.iter().rfind(|(name, _)| name == "b").unwrap().1;
    assert_eq!(last, Duration::from_secs(1005), "at once");
}

#[test]
fn a_restart_that_is_held_back_can_be_had_at_once_by_a_client() {
    let web = ProgramSettings { startsecs: 0, autorestart: Autorestart::Always, ..program("web") };
    let mut machine = Machine::with(vec![web]);
    machine.script("web", vec![quick(1); 6].into_iter().chain([Script::steady()]));
    machine.start();
    machine.pass(MOMENT);
    assert_eq!((machine.state("web"), machine.spawns.len()), (ProcessState::Exited, 6));
    let request = machine.call("supervisor.startProcess", vec!["web".into()]);
    assert_eq!(machine.answer(request), Some(Ok(true.into())));
    assert_eq!(machine.state("web"), ProcessState::Running);
    machine.seconds(10);
    assert_eq!(machine.spawns.len(), 7);
}

#[test]
fn a_start_of_what_starts_or_runs_is_refused() {
    let mut machine = Machine::with(vec![program("web")]);
    machine.start();
    assert_eq!(machine.refused("supervisor.startProcess", vec!["web".into()]), "ALREADY_STARTED: web");
    machine.seconds(2);
    assert_eq!(
        machine.refused("supervisor.startProcess", vec!["web:web".into()]),
        "ALREADY_STARTED: web:web"
    );
}

#[test]
fn a_start_of_what_is_stopping_starts_nothing_and_says_so_to_those_who_wait() {
    let mut machine = Machine::with(vec![program("web")]);
    machine.script("web", [Script { dies_after: Some(Duration::from_secs(3)), ..Script::steady() }]);
    machine.start();
    machine.seconds(2);
    machine.call("supervisor.stopProcess", vec!["web".into(), false.into()]);
    assert_eq!(machine.state("web"), ProcessState::Stopping);
    assert_eq!(machine.refused("supervisor.startProcess", vec!["web".into()]), "ABNORMAL_TERMINATION: web");
    assert_eq!(machine.ask("supervisor.startProcess", vec!["web".into(), false.into()]), Ok(true.into()));
    assert_eq!(machine.lines_about("already running"), ["process 'web' already running"; 2]);
    machine.seconds(10);
    assert_eq!((machine.state("web"), machine.spawns.len()), (ProcessState::Stopped, 1));
}

#[test]
fn a_start_that_waits_learns_that_the_program_ended_too_quickly() {
    let mut machine = Machine::with(vec![idle("web")]);
    machine.script("web", [Script::ends(Duration::from_millis(300), 0)]);
    machine.start();
    let request = machine.call("supervisor.startProcess", vec!["web".into()]);
    machine.pass(Duration::from_millis(301));
    assert_eq!(machine.answer(request).unwrap().unwrap_err().text, "SPAWN_ERROR: web");
    assert_eq!(machine.state("web"), ProcessState::Backoff, "it is tried again all the same");
}

#[test]
fn two_clients_may_wait_for_the_same_start_only_one_after_the_other() {
    let mut machine = Machine::with(vec![idle("web")]);
    machine.start();
    let first = machine.call("supervisor.startProcess", vec!["web".into()]);
    assert_eq!(machine.refused("supervisor.startProcess", vec!["web".into()]), "ALREADY_STARTED: web");
    machine.seconds(2);
    assert_eq!(machine.answer(first), Some(Ok(true.into())));
}

#[test]
fn the_environment_of_a_child_has_our_variables_first_and_the_configurations_over_them() {
    let environment = vec![("A".to_owned(), "1".to_owned()), ("PATH".to_owned(), "/opt".to_owned())];
    let web = ProgramSettings { environment, ..program("web") };
    let mut machine = Machine::new(vec![group("g", 1, vec![web])]);
    machine.start();
    let plan = &machine.plans[0];
    let names: Vec<&str> = plan.environment.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        ["SUPERVISOR_ENABLED", "SUPERVISOR_PROCESS_NAME", "SUPERVISOR_GROUP_NAME", "A", "PATH"]
    );
    assert_eq!(plan.environment[2].1, "g");
    assert_eq!(plan.path.as_deref(), Some("/opt"));
}

#[test]
fn the_server_url_of_children_is_the_first_unix_socket_else_the_last_port_else_their_own() {
    let unix = |path: &str| HttpAddress::Unix { path: path.into(), mode: 0o700, owner: None };
    let inet = |host: &str, port| HttpAddress::Inet { host: host.to_owned(), port };
    let cases = [
        (vec![], None, None),
        (vec![inet("", 1), inet("h", 2)], None, Some("http://h:2")),
        (vec![inet("", 1)], None, Some("http://localhost:1")),
        (vec![inet("", 1), unix("/a"), unix("/b")], None, Some("unix:///a")),
        (vec![unix("/a")], Some("http://own"), Some("http://own")),
    ];
    for (addresses, own, expected) in cases {
        let web = ProgramSettings { serverurl: own.map(str::to_owned), ..program("web") };
        let mut settings = settings(vec![group("web", 1, vec![web])]);
        settings.http_servers = addresses
            .into_iter()
            .map(|address| HttpServerSettings {
                section: String::new(),
                address,
                credentials: None,
                allow_get_actions: false,
            })
            .collect();
        let mut core = Core::new(settings, "0");
        let mut effects = Vec::new();
        let now = Machine::with(vec![]).now();
        core.step(now, Input::Load, &mut effects);
        core.step(now, Input::Start { pid: 1 }, &mut effects);
        let url = effects.iter().find_map(|effect| match effect {
            Effect::Spawn(plan) => {
                Some(plan.environment.iter().find(|(name, _)| name == "SUPERVISOR_SERVER_URL").cloned())
            }
            _ => None,
        });
        assert_eq!(url.unwrap().map(|(_, url)| url).as_deref(), expected);
    }
}

#[test]
fn the_plan_of_a_start_carries_the_settings_of_the_program() {
    let web = ProgramSettings {
        command: "/bin/sh -c 'echo \"a b\"'".to_owned(),
        directory: Some("/tmp".into()),
        umask: Some(0o77),
        user: Some(33),
        redirect_stderr: true,
        ..program("web")
    };
    let mut machine = Machine::with(vec![web]);
    machine.start();
    let plan = &machine.plans[0];
    assert_eq!(plan.argv, ["/bin/sh", "-c", "echo \"a b\""]);
    assert_eq!((plan.umask, plan.user, plan.redirect_stderr), (Some(0o77), Some(33), true));
    assert_eq!(plan.directory.as_deref(), Some(std::path::Path::new("/tmp")));
}

#[test]
fn a_description_is_told_for_every_state() {
    let mut machine = Machine::with(vec![program("web")]);
    machine.script("web", [Script { dies_after: Some(Duration::from_secs(1)), ..Script::steady() }]);
    machine.start();
    assert_eq!(machine.told("web", "description"), "".into(), "STARTING");
    machine.seconds(3700);
    assert_eq!(machine.told("web", "description"), "pid 100, uptime 1:01:40".into());
    machine.seconds(86_400);
    assert_eq!(machine.told("web", "description"), "pid 100, uptime 1 day, 1:01:40".into());
    machine.call("supervisor.stopProcess", vec!["web".into(), false.into()]);
    assert_eq!(machine.told("web", "description"), "".into(), "STOPPING");
    machine.seconds(2);
    let Value::String(text) = machine.told("web", "description") else { panic!("a text") };
    assert!(text.starts_with("Nov ") && text.ends_with('M'), "{text}");
}

#[test]
fn times_are_told_by_the_wall_clock_in_whole_seconds() {
    let mut machine = Machine::with(vec![program("web")]);
    machine.wall_jump = -699_999_000;
    machine.start();
    assert_eq!(machine.told("web", "start"), Value::Int(1_000_002_000));
    assert_eq!(machine.told("web", "stop"), Value::Int(0));
    machine.wall_jump = 2_000_000_000;
    assert_eq!(machine.told("web", "now"), Value::Int(i32::MAX.into()), "as large as an int can be");
}

#[test]
fn a_replaced_spawn_that_starts_nothing_for_a_client_leaves_nothing_to_wait_for() {
    let mut machine = Machine::with(vec![idle("web")]);
    machine.feed(Input::Plugin(PluginInput::Hooks(Hooks { spawn: true, ..Hooks::default() })));
    machine.start();
    let id = machine.process("web").id;
    let wait = machine.call("supervisor.startProcess", vec!["web".into()]);
    let no_wait = machine.call("supervisor.startProcess", vec!["web".into(), false.into()]);
    machine.feed(Input::SpawnOverrideReturned(id));
    assert_eq!(machine.answer(wait).unwrap().unwrap_err().text, "ABNORMAL_TERMINATION: web");
    assert_eq!(machine.answer(no_wait), Some(Ok(true.into())));
    machine.seconds(10);
    assert_eq!(machine.core.next_deadline(), None);
    assert_eq!(machine.overridden_spawns.len(), 2);
}

#[test]
fn a_process_is_not_spawned_twice_by_a_plug_in() {
    let mut machine = Machine::with(vec![program("web")]);
    machine.start();
    let id = machine.process("web").id;
    machine.feed(Input::SpawnNow(id));
    assert!(machine.logged("process 'web' already running"));
    assert_eq!(machine.spawns.len(), 1);
}
