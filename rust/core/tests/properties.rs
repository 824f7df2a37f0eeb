//! What holds whatever happens: random programs, children, clients and times.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod pretend;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use pretend::{Machine, Script, group, program};
use proptest::prelude::*;
use proptest::test_runner::RngAlgorithm;
use supervisor_core::config::{Autorestart, GroupSettings, ProgramSettings};
use supervisor_core::core::Core;
use supervisor_core::effect::{ProcessId, RequestId};
use supervisor_core::event::Event;
use supervisor_core::input::{ExitStatus, Input};
use supervisor_core::rpc::METHODS;
use supervisor_core::signal::Signal;
use supervisor_core::state::ProcessState::{
    Backoff, Exited, Fatal, Running, Starting, Stopped, Stopping, Unknown,
};
use supervisor_core::state::{Mood, ProcessState};
use supervisor_core::xml::Value;

#[derive(Debug, Clone)]
enum Deed {
    Start { name: usize, wait: bool },
    Stop { name: usize, wait: bool },
    Signal { name: usize },
    StartGroup(usize),
    StopGroup(usize),
    StartAll,
    StopAll,
    Several { start: usize, stop: usize },
    Reread(Option<Reading>),
    Add(usize),
    Remove(usize),
    Pass(u64),
    Timer,
    JumpWallClock(i64),
}

/// What the configuration says the next time: which groups, and what of them is new.
#[derive(Debug, Clone)]
struct Reading {
    kept: [bool; 4],
    priority: i64,
    autostart: bool,
    takes_time: bool,
}

fn reading() -> impl Strategy<Value = Reading> {
    (any::<[bool; 4]>(), 0..3_i64, any::<bool>(), any::<bool>())
        .prop_map(|(kept, priority, autostart, takes_time)| Reading { kept, priority, autostart, takes_time })
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        3 => (0..5_usize, any::<bool>()).prop_map(|(name, wait)| Deed::Start { name, wait }),
        3 => (0..5_usize, any::<bool>()).prop_map(|(name, wait)| Deed::Stop { name, wait }),
        2 => (0..5_usize).prop_map(|name| Deed::Signal { name }),
        1 => (0..4_usize).prop_map(Deed::StartGroup),
        2 => (0..4_usize).prop_map(Deed::StopGroup),
        1 => Just(Deed::StartAll),
        1 => Just(Deed::StopAll),
        1 => (0..5_usize, 0..5_usize).prop_map(|(start, stop)| Deed::Several { start, stop }),
        2 => prop::option::weighted(0.9, reading()).prop_map(Deed::Reread),
        2 => (0..4_usize).prop_map(Deed::Add),
        2 => (0..4_usize).prop_map(Deed::Remove),
        6 => (0..5_000_u64).prop_map(Deed::Pass),
        1 => Just(Deed::Timer),
        1 => (-100_000..100_000_i64).prop_map(Deed::JumpWallClock),
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

/// Signals, or one of them, cannot be delivered to it.
fn unkillable() -> impl Strategy<Value = Script> {
    let which = prop_oneof![Just(None), Just(Some(Signal(libc::SIGUSR1))), Just(Some(Signal::KILL))];
    which.prop_map(|kill_error_of| Script {
        kill_error: Some(libc::EPERM),
        kill_error_of,
        dies_after: Some(Duration::from_secs(5)),
        ..Script::steady()
    })
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

/// Processes; the last one belongs to a group that is only added at run time.
const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];
const GROUPS: [&str; 4] = ["a", "g", "d", "e"];

fn machine(script: impl Strategy<Value = Script>) -> impl Strategy<Value = Machine> {
    let programs = NAMES.map(settings_of);
    let scripts = prop::collection::vec(prop::collection::vec(script, 1..4), 5);
    (programs, scripts, 0..3_i64).prop_map(|([a, b, c, d, e], scripts, priority)| {
        let mut machine = Machine::new(vec![
            group("a", 1, vec![a]),
            group("g", priority, vec![b, c]),
            group("d", 1, vec![d]),
        ]);
        let Ok(configuration) = &mut machine.configuration else { panic!("it can be read") };
        configuration.groups.push(group("e", 2, vec![e]));
        for (name, scripts) in NAMES.into_iter().zip(scripts) {
            machine.script(name, scripts);
        }
        machine
    })
}

/// The groups that there can be, with what a reading makes of them.
fn configure(machine: &mut Machine, all: &[GroupSettings], reading: &Reading) {
    let mut groups = Vec::new();
    for group in all {
        let index = GROUPS.iter().position(|name| *name == group.name).unwrap();
        if reading.kept[index] {
            let mut group = group.clone();
            group.priority = reading.priority;
            group.processes[0].autostart = reading.autostart;
            groups.push(group);
        }
    }
    machine.holds_readings = reading.takes_time;
    machine.configure(groups);
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

fn perform(machine: &mut Machine, all: &[GroupSettings], deed: &Deed) -> Option<RequestId> {
    let process = |name: usize| Value::from(["a", "g:b", "g:c", "d", "e:e"][name]);
    let group = |index: usize| Value::from(GROUPS[index]);
    match *deed {
        Deed::Start { name, wait } => {
            Some(machine.call("supervisor.startProcess", vec![process(name), wait.into()]))
        }
        Deed::Stop { name, wait } => {
            Some(machine.call("supervisor.stopProcess", vec![process(name), wait.into()]))
        }
        Deed::Signal { name } => {
            Some(machine.call("supervisor.signalProcess", vec![process(name), "USR1".into()]))
        }
        Deed::StartGroup(index) => Some(machine.call("supervisor.startProcessGroup", vec![group(index)])),
        Deed::StopGroup(index) => Some(machine.call("supervisor.stopProcessGroup", vec![group(index)])),
        Deed::StartAll => Some(machine.call("supervisor.startAllProcesses", vec![])),
        Deed::StopAll => Some(machine.call("supervisor.stopAllProcesses", vec![])),
        Deed::Several { start, stop } => {
            let calls = [
                ("supervisor.startProcess", vec![process(start)]),
                ("supervisor.reloadConfig", vec![]),
                ("supervisor.stopProcess", vec![process(stop)]),
                ("supervisor.stopAllProcesses", vec![]),
            ];
            let calls = calls.map(|(method, params)| {
                let method = ("methodName".to_owned(), method.into());
                Value::Struct(vec![method, ("params".to_owned(), Value::Array(params))])
            });
            Some(machine.call("system.multicall", vec![Value::Array(calls.into())]))
        }
        Deed::Reread(ref reading) => {
            match reading {
                Some(reading) => configure(machine, all, reading),
                None => machine.configuration = Err("broken".to_owned()),
            }
            Some(machine.call("supervisor.reloadConfig", vec![]))
        }
        Deed::Add(index) => Some(machine.call("supervisor.addProcessGroup", vec![group(index)])),
        Deed::Remove(index) => Some(machine.call("supervisor.removeProcessGroup", vec![group(index)])),
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

/// Every process' events begin at STOPPED, follow one another by legal steps and end at its state.
fn check_events(machine: &Machine) {
    let mut states: BTreeMap<ProcessId, ProcessState> = BTreeMap::new();
    for change in machine.transitions() {
        assert!(is_legal(change.from, change.to), "{:?} to {:?}", change.from, change.to);
        let before = states.insert(change.process, change.to).unwrap_or(Stopped);
        assert_eq!(before, change.from, "events follow one another");
    }
    for process in machine.core.processes() {
        let told = states.get(&process.id).copied().unwrap_or(Stopped);
        assert_eq!(told, process.state, "events tell the state of {}", process.config.name);
    }
}

fn check_group_events(machine: &Machine) {
    let mut groups = BTreeSet::new();
    for event in &machine.events {
        match event {
            Event::GroupAdded(name) => assert!(groups.insert(name.as_str()), "{name} is added once"),
            Event::GroupRemoved(name) => assert!(groups.remove(name.as_str()), "{name} was there"),
            _ => {}
        }
    }
    let in_use: BTreeSet<&str> = machine.core.groups().map(|group| group.name.as_str()).collect();
    assert_eq!(groups, in_use, "events tell the groups");
}

fn check_answers(machine: &Machine, requests: Vec<RequestId>) {
    assert_eq!(machine.replies.len(), requests.len(), "every request is answered once");
    for request in requests {
        let answer = machine.answer(request).unwrap_or_else(|| panic!("{request:?} is not answered"));
        if let Err(fault) = answer {
            let asked = &machine.asked[&request];
            let (namespace, name) = asked.split_once('.').unwrap();
            let known =
                METHODS.iter().find(|known| (known.namespace, known.name) == (namespace, name)).unwrap();
            assert!(
                known.faults().any(|code| code as i32 == fault.code),
                "{asked} is answered with {fault:?}"
            );
        }
    }
    assert_eq!(machine.core.open_requests(), 0);
}

fn all_groups(machine: &Machine) -> Vec<GroupSettings> {
    machine.configuration.as_ref().unwrap().groups.clone()
}

/// The default generator spends most of the time in cryptography that a debug build does not optimise.
fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        rng_algorithm: RngAlgorithm::XorShift,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config(6000))]

    #[test]
    fn transitions_are_legal_and_every_request_is_answered_once(
        mut machine in machine(prop_oneof![9 => script(), 2 => unkillable()]),
        deeds in prop::collection::vec(deed(), 1..20),
    ) {
        let all = all_groups(&machine);
        machine.start();
        let requests: Vec<RequestId> =
            deeds.iter().filter_map(|deed| perform(&mut machine, &all, deed)).collect();
        machine.seconds(15);
        machine.finish_readings();
        machine.seconds(15);
        check_events(&machine);
        check_group_events(&machine);
        check_answers(&machine, requests);
    }
}

proptest! {
    #![proptest_config(config(4000))]

    #[test]
    fn a_shutdown_always_ends_and_leaves_no_child(
        mut machine in machine(script()),
        before in prop::collection::vec(deed(), 0..15),
        after in prop::collection::vec(deed(), 0..5),
        mood in prop_oneof![Just(Mood::Shutdown), Just(Mood::Restarting)],
    ) {
        let all = all_groups(&machine);
        machine.start();
        let mut requests: Vec<RequestId> =
            before.iter().filter_map(|deed| perform(&mut machine, &all, deed)).collect();
        machine.feed(Input::Signal(if mood == Mood::Shutdown { Signal::TERM } else { Signal::HUP }));
        let spawned = machine.spawns.len();
        requests.extend(after.iter().filter_map(|deed| perform(&mut machine, &all, deed)));
        machine.finish_readings();
        machine.seconds(60);
        prop_assert_eq!(machine.ended, Some(mood));
        prop_assert_eq!(machine.living_children(), 0);
        prop_assert_eq!(machine.spawns.len(), spawned, "nothing is started any more");
        prop_assert_eq!(machine.core.next_deadline(), None);
        check_events(&machine);
        check_answers(&machine, requests);
    }
}

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn a_core_that_is_written_down_and_read_again_goes_on_as_before(
        mut machine in machine(script()),
        deeds in prop::collection::vec(deed(), 0..10),
    ) {
        let all = all_groups(&machine);
        machine.start();
        for deed in &deeds {
            perform(&mut machine, &all, deed);
        }
        let written = serde_json::to_string(&machine.core).unwrap();
        let read: Core = serde_json::from_str(&written).unwrap();
        prop_assert_eq!(serde_json::to_string(&read).unwrap(), written);
        prop_assert_eq!(read.next_deadline(), machine.core.next_deadline());
        machine.core = read;
        machine.feed(Input::Signal(Signal::TERM));
        machine.seconds(60);
        prop_assert_eq!(machine.ended, Some(Mood::Shutdown));
    }
}

/// A simple generator of numbers, always the same.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

#[test]
fn a_thousand_programs_that_flap_for_an_hour_take_seconds_and_end_in_order() {
    let mut numbers = Numbers(1);
    let mut programs = Vec::new();
    let mut scripts = Vec::new();
    for number in 0..1000 {
        let name = format!("p{number:03}");
        let flapping = ProgramSettings {
            autorestart: Autorestart::Always,
            startsecs: i64::from(number % 3 != 0),
            startretries: 1_000_000,
            priority: i64::from(number % 7),
            ..program(&name)
        };
        // Some die at once whenever they start, most after a while.
        let lives = (0..20).map(|_| {
            let least = if number % 50 == 0 { 0 } else { 10_000 };
            Script::ends(Duration::from_millis(least + numbers.below(1 + 6 * least)), 1)
        });
        scripts.push((name, lives.collect::<Vec<_>>()));
        programs.push(flapping);
    }
    let mut machine = Machine::with(programs);
    machine.is_thorough = false;
    for (name, scripts) in scripts {
        machine.script(&name, scripts);
    }
    machine.start();
    for _ in 0..60 {
        machine.seconds(60);
        machine.check_invariants();
        machine.events.clear();
    }
    let starts = machine.spawns.len();
    assert!((90_000..400_000).contains(&starts), "{starts} starts");
    machine.feed(Input::Signal(Signal::TERM));
    machine.seconds(20);
    assert_eq!((machine.ended, machine.living_children()), (Some(Mood::Shutdown), 0));
}
