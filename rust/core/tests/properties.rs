//! What holds whatever happens: random programs, children, clients and times.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod pretend;

use std::time::Duration;

use pretend::{Machine, Script, group, program};
use proptest::prelude::*;
use supervisor_core::config::{Autorestart, ProgramSettings};
use supervisor_core::effect::RequestId;
use supervisor_core::input::{ExitStatus, Input};
use supervisor_core::signal::Signal;
use supervisor_core::state::ProcessState::{
    Backoff, Exited, Fatal, Running, Starting, Stopped, Stopping, Unknown,
};
use supervisor_core::state::{Mood, ProcessState};

#[derive(Debug, Clone)]
enum Deed {
    Start { name: usize, wait: bool },
    Stop { name: usize, wait: bool },
    Signal { name: usize },
    StartAll,
    StopAll,
    Pass(u64),
    Timer,
    JumpWallClock(i64),
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        (0..4_usize, any::<bool>()).prop_map(|(name, wait)| Deed::Start { name, wait }),
        (0..4_usize, any::<bool>()).prop_map(|(name, wait)| Deed::Stop { name, wait }),
        (0..4_usize).prop_map(|name| Deed::Signal { name }),
        Just(Deed::StartAll),
        Just(Deed::StopAll),
        (0..5_000_u64).prop_map(Deed::Pass),
        Just(Deed::Timer),
        (-100_000..100_000_i64).prop_map(Deed::JumpWallClock),
    ]
}

fn script() -> impl Strategy<Value = Script> {
    prop_oneof![
        Just(Script::steady()),
        Just(Script::stubborn()),
        Just(Script::missing()),
        (0..4_000_u64, 0..3_i32).prop_map(|(after, code)| Script::ends(Duration::from_millis(after), code)),
        (0..4_000_u64).prop_map(|after| Script {
            ends: Some((Duration::from_millis(after), ExitStatus::Signal(Signal::KILL, false))),
            ..Script::steady()
        }),
        (0..9_000_u64)
            .prop_map(|after| Script { dies_after: Some(Duration::from_millis(after)), ..Script::steady() }),
    ]
}

fn settings_of(name: &str) -> impl Strategy<Value = ProgramSettings> + use<> {
    let autorestart =
        prop_oneof![Just(Autorestart::Never), Just(Autorestart::Unexpected), Just(Autorestart::Always)];
    let name = name.to_owned();
    (any::<bool>(), autorestart, -1..3_i64, 0..4_i64, 0..4_i64, 0..3_i64).prop_map(
        move |(autostart, autorestart, startsecs, startretries, stopwaitsecs, priority)| ProgramSettings {
            autostart,
            autorestart,
            startsecs,
            startretries,
            stopwaitsecs,
            priority,
            ..program(&name)
        },
    )
}

const NAMES: [&str; 4] = ["a", "b", "c", "d"];

fn machine() -> impl Strategy<Value = Machine> {
    let programs = NAMES.map(settings_of);
    let scripts = prop::collection::vec(prop::collection::vec(script(), 1..4), 4);
    (programs, scripts, 0..3_i64).prop_map(|([a, b, c, d], scripts, priority)| {
        let mut machine = Machine::new(vec![
            group("a", 1, vec![a]),
            group("g", priority, vec![b, c]),
            group("d", 1, vec![d]),
        ]);
        for (name, scripts) in NAMES.into_iter().zip(scripts) {
            machine.script(name, scripts);
        }
        machine
    })
}

fn is_legal(from: ProcessState, to: ProcessState) -> bool {
    matches!(
        (from, to),
        (Stopped | Exited | Fatal | Backoff, Starting)
            | (Starting, Running | Backoff | Stopping | Unknown)
            | (Running, Exited | Stopping | Unknown)
            | (Backoff, Fatal | Stopped)
            | (Stopping, Stopped | Unknown)
    )
}

fn names() -> Vec<String> {
    ["a", "g:b", "g:c", "d"].map(str::to_owned).to_vec()
}

fn perform(machine: &mut Machine, deed: &Deed) -> Option<RequestId> {
    let names = names();
    match *deed {
        Deed::Start { name, wait } => {
            Some(machine.call("supervisor.startProcess", vec![names[name].as_str().into(), wait.into()]))
        }
        Deed::Stop { name, wait } => {
            Some(machine.call("supervisor.stopProcess", vec![names[name].as_str().into(), wait.into()]))
        }
        Deed::Signal { name } => {
            Some(machine.call("supervisor.signalProcess", vec![names[name].as_str().into(), "USR1".into()]))
        }
        Deed::StartAll => Some(machine.call("supervisor.startAllProcesses", vec![])),
        Deed::StopAll => Some(machine.call("supervisor.stopAllProcesses", vec![])),
        Deed::Pass(milliseconds) => {
            machine.pass(Duration::from_millis(milliseconds));
            None
        }
        Deed::Timer => {
            machine.feed(Input::Timer);
            None
        }
        Deed::JumpWallClock(seconds) => {
            machine.wall_jump += seconds;
            None
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn transitions_are_legal_and_every_request_is_answered_once(
        mut machine in machine(),
        deeds in prop::collection::vec(deed(), 1..30),
    ) {
        machine.start();
        let requests: Vec<RequestId> =
            deeds.iter().filter_map(|deed| perform(&mut machine, deed)).collect();
        machine.seconds(60);
        for change in machine.transitions() {
            prop_assert!(is_legal(change.from, change.to), "{:?} to {:?}", change.from, change.to);
        }
        for name in NAMES {
            let mut at = Stopped;
            for change in machine.transitions().filter(|change| change.name == name) {
                prop_assert_eq!(at, change.from, "events follow one another");
                at = change.to;
            }
            prop_assert_eq!(at, machine.state(name), "events tell the state");
        }
        for request in requests {
            prop_assert!(machine.answer(request).is_some(), "{request:?} is answered");
        }
        prop_assert_eq!(machine.core.open_requests(), 0);
    }

    #[test]
    fn a_shutdown_always_ends_and_leaves_no_child(
        mut machine in machine(),
        before in prop::collection::vec(deed(), 0..15),
        after in prop::collection::vec(deed(), 0..5),
    ) {
        machine.start();
        let mut requests: Vec<RequestId> =
            before.iter().filter_map(|deed| perform(&mut machine, deed)).collect();
        machine.feed(Input::Signal(Signal::TERM));
        let spawned = machine.spawns.len();
        requests.extend(after.iter().filter_map(|deed| perform(&mut machine, deed)));
        machine.seconds(120);
        prop_assert_eq!(machine.ended, Some(Mood::Shutdown));
        prop_assert_eq!(machine.living_children(), 0);
        prop_assert_eq!(machine.spawns.len(), spawned, "nothing is started any more");
        prop_assert_eq!(machine.core.next_deadline(), None);
        for request in requests {
            prop_assert!(machine.answer(request).is_some(), "{request:?} is answered");
        }
    }

    #[test]
    fn a_core_that_is_written_down_and_read_again_goes_on_as_before(
        mut machine in machine(),
        deeds in prop::collection::vec(deed(), 0..10),
    ) {
        machine.start();
        for deed in &deeds {
            perform(&mut machine, deed);
        }
        let written = serde_json::to_string(&machine.core).unwrap();
        let read: supervisor_core::core::Core = serde_json::from_str(&written).unwrap();
        prop_assert_eq!(serde_json::to_string(&read).unwrap(), written);
        machine.core = read;
        machine.feed(Input::Signal(Signal::TERM));
        machine.seconds(120);
        prop_assert_eq!(machine.ended, Some(Mood::Shutdown));
    }
}
