//! Events and the listeners that are told of them, with a pretend machine.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod pretend;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use pretend::{Machine, group, pool, program};
use proptest::prelude::*;
use supervisor_core::config::{LogLevel, ProgramSettings};
use supervisor_core::effect::{Channel, ProcessId, RequestId, StdinError};
use supervisor_core::event::{Event, TickPeriod};
use supervisor_core::input::{ExitStatus, Input};
use supervisor_core::listener::protocol::Verdict;
use supervisor_core::plugin::{Hooks, PluginInput};
use supervisor_core::rpc::FaultCode;
use supervisor_core::state::ProcessState;
use supervisor_core::xml::Value;

/// A machine with a pool for messages of clients, which these tests take as events.
fn machine(buffer_size: usize, members: &[&str]) -> Machine {
    let mut machine = Machine::new(vec![pool("pool", &["REMOTE_COMMUNICATION"], buffer_size, members)]);
    machine.start();
    machine
}

fn envelope(serial: u64, pool_serial: u64, data: &str) -> String {
    let length = data.chars().count() + 7;
    format!(
        "ver:3.0 server:supervisor serial:{serial} pool:pool poolserial:{pool_serial} \
         eventname:REMOTE_COMMUNICATION len:{length}\ntype:t\n{data}"
    )
}

#[test]
fn a_listener_gets_one_event_at_a_time_and_the_next_when_it_is_ready_again() {
    let mut machine = machine(10, &["one"]);
    machine.remote("a");
    machine.remote("bä");
    assert_eq!(machine.heard("one"), "", "it did not ask");
    machine.says("one", "READY\n");
    assert_eq!(machine.heard("one"), envelope(0, 0, "a"));
    machine.says("one", "RESULT 2\nOK");
    assert_eq!(machine.heard("one"), "");
    machine.says("one", "READY\n");
    assert_eq!(machine.heard("one"), envelope(1, 1, "bä"));
    machine.says("one", "RESULT 2\nOKREADY\n");
    machine.remote("c");
    assert_eq!(machine.heard("one"), envelope(2, 2, "c"));
}

#[test]
fn a_listener_gets_nothing_before_it_is_running() {
    let mut settings = pool("pool", &["EVENT"], 10, &["one"]);
    settings.processes[0].startsecs = 1;
    let mut machine = Machine::new(vec![settings]);
    machine.start();
    machine.says("one", "READY\n");
    assert_eq!(machine.heard("one"), "");
    machine.seconds(2);
    assert_eq!(machine.state("one"), ProcessState::Running);
    let expected = "ver:3.0 server:supervisor serial:0 pool:pool poolserial:0 eventname:PROCESS_GROUP_ADDED \
                    len:15\ngroupname:pool\n";
    assert_eq!(machine.heard("one"), expected);
}

#[test]
fn a_rejected_event_is_sent_again_with_its_serial_before_the_others() {
    let mut machine = machine(10, &["one"]);
    machine.says("one", "READY\n");
    machine.remote("a");
    machine.remote("b");
    machine.heard("one");
    machine.says("one", "RESULT 4\nFAIL");
    assert!(machine.log.contains(&(LogLevel::Warn, "one: event was rejected".to_owned())));
    machine.says("one", "READY\n");
    assert_eq!(machine.heard("one"), envelope(0, 0, "a"));
    machine.says("one", "RESULT 2\nOKREADY\n");
    assert_eq!(machine.heard("one"), envelope(1, 1, "b"));
}

/// A machine with one listener that is busy with `a` while `b` waits, and whose results another handler judges.
fn judged_machine() -> Machine {
    let mut settings = pool("pool", &["REMOTE_COMMUNICATION"], 10, &["one"]);
    settings.listener.as_mut().unwrap().result_handler = "app.verdicts:judge".to_owned();
    let mut machine = Machine::new(vec![settings]);
    machine.start();
    machine.says("one", "READY\n");
    machine.remote("a");
    machine.remote("b");
    assert_eq!(machine.heard("one"), envelope(0, 0, "a"));
    machine
}

#[test]
fn a_handler_of_ones_own_judges_and_the_listener_waits_for_its_verdict() {
    for (verdict, follows) in [
        (Verdict::Accepted, envelope(1, 1, "b")),
        (Verdict::Rejected, envelope(0, 0, "a")),
        (Verdict::Failed, String::new()),
    ] {
        let mut machine = judged_machine();
        machine.says("one", "RESULT 4\nFAILREADY\n");
        let event = Event::Remote { kind: "t".to_owned(), data: "a".to_owned() };
        assert_eq!(machine.judged, [("app.verdicts:judge".to_owned(), event, b"FAIL".to_vec())]);
        assert_eq!(machine.heard("one"), "", "nothing follows before the verdict");
        let process = machine.process("one").id;
        machine.feed(Input::Judged { process, verdict });
        assert_eq!(machine.heard("one"), follows, "{verdict:?}");
        let is_lost = verdict == Verdict::Failed;
        assert_eq!(machine.logged("one: event caused an error"), is_lost);
        machine.feed(Input::Judged { process, verdict: Verdict::Failed });
        assert_eq!(machine.logged("one: event caused an error"), is_lost, "a second verdict means nothing");
    }
}

#[test]
fn a_verdict_on_a_listener_that_has_ended_means_nothing() {
    let mut machine = judged_machine();
    machine.says("one", "RESULT 2\nOK");
    machine.end("one", ExitStatus::Code(1));
    let process = machine.process("one").id;
    machine.feed(Input::Judged { process, verdict: Verdict::Accepted });
    machine.says("one", "READY\n");
    assert_eq!(machine.heard("one"), envelope(0, 0, "a"), "it was not processed");
}

#[test]
fn the_event_of_a_listener_that_dies_goes_to_another_one() {
    let mut machine = machine(10, &["one", "two"]);
    machine.says("one", "READY\n");
    machine.remote("a");
    assert_eq!(machine.heard("one"), envelope(0, 0, "a"));
    machine.says("two", "READY\n");
    machine.end("one", ExitStatus::Code(1));
    assert_eq!(machine.heard("two"), envelope(0, 0, "a"));
}

#[test]
fn a_listener_that_violates_the_protocol_gets_no_more_events_until_it_is_started_again() {
    let warning = "one: has entered the UNKNOWN state and will no longer receive events, this usually \
                   indicates the process violated the eventlistener protocol";
    let mut machine = machine(10, &["one"]);
    machine.says("one", "READY\n");
    machine.remote("a");
    machine.heard("one");
    machine.says("one", "RESULT -1\n");
    assert!(machine.logged("one: bad result line: 'RESULT -1'"));
    assert!(machine.logged(warning));
    machine.says("one", "READY\n");
    assert_eq!(machine.heard("one"), "");
    machine.end("one", ExitStatus::Code(1));
    assert_eq!(machine.state("one"), ProcessState::Running, "it was started again");
    machine.says("one", "READY\n");
    assert_eq!(machine.heard("one"), envelope(0, 0, "a"));
}

#[test]
fn a_full_buffer_loses_the_oldest_and_says_so_once_until_there_is_room_again() {
    let mut machine = machine(4, &["one"]);
    for number in 0..10 {
        machine.remote(&number.to_string());
    }
    let overflowed = (LogLevel::Error, "pool pool event buffer overflowed, discarding event 0".to_owned());
    let lines = |machine: &Machine| -> Vec<(LogLevel, String)> {
        machine.log.iter().filter(|(_, line)| line.starts_with("pool pool")).cloned().collect()
    };
    assert_eq!(lines(&machine), std::slice::from_ref(&overflowed));
    for number in 6..10 {
        machine.says("one", "READY\n");
        assert_eq!(machine.heard("one"), envelope(number, number, &number.to_string()));
        machine.says("one", "RESULT 2\nOK");
    }
    let recovered =
        (LogLevel::Error, "pool pool event buffer has room again, 6 events were discarded".to_owned());
    assert_eq!(lines(&machine), [overflowed, recovered]);
}

#[test]
fn whatever_comes_while_a_listener_is_stuck_the_newest_stay_and_the_core_does_not_grow() {
    let mut machine = machine(5, &["one"]);
    machine.says("one", "READY\n");
    machine.remote("held");
    machine.heard("one");
    let process = machine.process("one").id;
    let mut effects = Vec::new();
    let mut send = |machine: &mut Machine, number: u32| {
        let (request, params) = (RequestId(u64::from(number)), vec!["t".into(), number.to_string().into()]);
        let method = "supervisor.sendRemoteCommEvent".to_owned();
        machine.core.step(machine.now(), Input::Request { request, method, params }, &mut effects);
        effects.clear();
    };
    let size = |machine: &Machine| serde_json::to_string(&machine.core).unwrap().len();
    (0..10).for_each(|number| send(&mut machine, number));
    let small = size(&machine);
    (10..20_000).for_each(|number| send(&mut machine, number));
    assert!(size(&machine) < small + 100, "it grew from {small} to {}", size(&machine));
    for serial in 19_996..=20_000 {
        machine.feed(Input::ListenerOutput { process, data: b"RESULT 2\nOKREADY\n".to_vec() });
        assert_eq!(machine.heard("one"), envelope(serial, serial, &(serial - 1).to_string()));
    }
    assert!(machine.logged("pool pool event buffer has room again, 19995 events were discarded"));
}

#[test]
fn an_event_that_cannot_be_written_waits_and_goes_to_the_next_life() {
    let mut machine = machine(4, &["one", "two"]);
    machine.says("one", "READY\n");
    machine.stdin_error = Some(StdinError::Closed);
    machine.remote("a");
    machine.stdin_error = None;
    machine.remote("b");
    assert_eq!(machine.heard("one"), "", "it is not tried again and again");
    machine.says("two", "READY\n");
    assert_eq!(machine.heard("two"), envelope(0, 0, "a"));
    machine.end("one", ExitStatus::Code(1));
    machine.says("one", "READY\n");
    assert_eq!(machine.heard("one"), envelope(1, 1, "b"));
}

#[test]
fn two_pools_count_for_themselves_and_share_the_serial() {
    let mut machine = Machine::new(vec![
        pool("a", &["REMOTE_COMMUNICATION"], 10, &["one"]),
        pool("b", &["PROCESS_GROUP_ADDED", "REMOTE_COMMUNICATION"], 10, &["two"]),
    ]);
    machine.start();
    machine.says("one", "READY\n");
    machine.says("two", "READY\n");
    assert!(machine.heard("two").starts_with("ver:3.0 server:supervisor serial:0 pool:b poolserial:0 "));
    machine.remote("x");
    assert!(machine.heard("one").starts_with("ver:3.0 server:supervisor serial:1 pool:a poolserial:0 "));
    machine.says("two", "RESULT 2\nOKREADY\n");
    assert!(machine.heard("two").starts_with("ver:3.0 server:supervisor serial:1 pool:b poolserial:1 "));
}

#[test]
fn a_type_that_is_subscribed_to_twice_comes_twice() {
    let events = ["EVENT", "REMOTE_COMMUNICATION"];
    let mut machine = Machine::new(vec![pool("pool", &events, 100, &["one"])]);
    machine.start();
    machine.remote("x");
    let mut names = Vec::new();
    machine.says("one", "READY\n");
    loop {
        let event = machine.heard("one");
        if event.is_empty() {
            break;
        }
        names.push(event.split(' ').nth(5).unwrap().to_owned());
        machine.says("one", "RESULT 2\nOKREADY\n");
    }
    let twice = names.iter().filter(|name| *name == "eventname:REMOTE_COMMUNICATION").count();
    let once = names.iter().filter(|name| *name == "eventname:SUPERVISOR_STATE_CHANGE_RUNNING").count();
    assert_eq!((twice, once), (2, 1));
}

#[test]
fn ticks_wake_the_daemon_only_while_somebody_wants_them() {
    let mut machine =
        Machine::new(vec![group("plain", 1, vec![ProgramSettings { startsecs: 0, ..program("web") }])]);
    machine.start();
    assert_eq!(machine.core.next_deadline(), None);

    let mut machine = Machine::new(vec![pool("pool", &["TICK_5"], 10, &["one"])]);
    machine.start();
    machine.says("one", "READY\n");
    machine.seconds(4);
    assert_eq!(machine.heard("one"), "");
    machine.seconds(1);
    // The pretend wall clock began at this number and 1000 seconds, of which 5 have passed.
    assert!(machine.heard("one").ends_with(" eventname:TICK_5 len:15\nwhen:1700001005"));
    machine.ask("supervisor.stopProcessGroup", vec!["pool".into(), false.into()]).unwrap();
    machine.seconds(1);
    machine.ask("supervisor.removeProcessGroup", vec!["pool".into()]).unwrap();
    assert_eq!(machine.core.next_deadline(), None);
}

#[test]
fn ticks_come_while_a_plug_in_wants_them_without_any_pool() {
    let mut machine = Machine::new(Vec::new());
    machine.start();
    assert_eq!(machine.core.next_deadline(), None);
    let hooks = Hooks { ticks: vec![TickPeriod::Five], ..Hooks::default() };
    machine.feed(Input::Plugin(PluginInput::Hooks(hooks)));
    machine.seconds(5);
    let is_tick = |event: &&Event| matches!(event, Event::Tick { period: TickPeriod::Five, .. });
    assert_eq!(machine.events.iter().filter(is_tick).count(), 1);
    machine.feed(Input::Plugin(PluginInput::Hooks(Hooks::default())));
    assert_eq!(machine.core.next_deadline(), None, "nobody is woken for them any more");
}

#[test]
fn captured_and_logged_output_become_events_with_the_pid() {
    let events = ["PROCESS_COMMUNICATION", "PROCESS_LOG"];
    let mut machine =
        Machine::new(vec![pool("pool", &events, 10, &["one"]), group("web", 1, vec![program("web")])]);
    machine.start();
    let (process, pid) = (machine.process("web").id, machine.process("web").pid);
    machine.says("one", "READY\n");
    machine.feed(Input::Captured { process, channel: Channel::Stdout, data: b"hello".to_vec() });
    machine.feed(Input::Output { process, channel: Channel::Stderr, data: b"\xff".to_vec() });
    let head = "ver:3.0 server:supervisor serial:0 pool:pool poolserial:0";
    let payload = format!("processname:web groupname:web pid:{pid}\nhello");
    let length = payload.len();
    let expected = format!("{head} eventname:PROCESS_COMMUNICATION_STDOUT len:{length}\n{payload}");
    assert_eq!(machine.heard("one"), expected);
    machine.says("one", "RESULT 2\nOKREADY\n");
    let payload = format!("processname:web groupname:web pid:{pid} channel:stderr\nUndecodable: b'\\xff'");
    assert!(machine.heard("one").ends_with(&payload));
}

#[test]
fn text_for_the_standard_input_of_a_process_is_answered_by_what_came_of_it() {
    let mut machine = Machine::with(vec![program("web")]);
    let send = |machine: &mut Machine, name: &str, text: Value| {
        machine.ask("supervisor.sendProcessStdin", vec![name.into(), text])
    };
    let code = |answer: Result<Value, supervisor_core::rpc::Fault>| answer.unwrap_err().code;
    machine.start();
    assert_eq!(send(&mut machine, "web", "hä\n".into()), Ok(true.into()));
    assert_eq!(machine.heard("web"), "hä\n");
    let fault = send(&mut machine, "web", Value::Int(5)).unwrap_err();
    assert_eq!(fault.text, "INCORRECT_PARAMETERS: 5");
    assert_eq!(code(send(&mut machine, "no", "x".into())), FaultCode::BadName as i32);
    assert_eq!(code(send(&mut machine, "web:*", "x".into())), FaultCode::BadName as i32);
    machine.stdin_error = Some(StdinError::Closed);
    assert_eq!(code(send(&mut machine, "web", "x".into())), FaultCode::NoFile as i32);
    machine.stdin_error = Some(StdinError::Full);
    assert_eq!(code(send(&mut machine, "web", "x".into())), FaultCode::Failed as i32);
    machine.call("supervisor.stopProcess", vec!["web".into()]);
    machine.seconds(1);
    assert_eq!(code(send(&mut machine, "web", "x".into())), FaultCode::NotRunning as i32);
    assert_eq!(machine.core.open_requests(), 0);
}

/// Something that happens to a pool of two sane listeners.
#[derive(Debug, Clone)]
enum Deed {
    Remote,
    /// A listener goes on: it asks for an event, or answers the one it has.
    GoOn {
        who: usize,
        accepts: bool,
        cut: usize,
    },
    Die {
        who: usize,
    },
    Pass(u64),
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        4 => Just(Deed::Remote),
        6 => (0..2_usize, prop::bool::weighted(0.7), 0..14_usize)
            .prop_map(|(who, accepts, cut)| Deed::GoOn { who, accepts, cut }),
        1 => (0..2_usize).prop_map(|who| Deed::Die { who }),
        1 => (0..3_000_u64).prop_map(Deed::Pass),
    ]
}

/// Where a pretend listener stands: it has nothing, it asked, or it has an event.
#[derive(Debug, Default)]
struct Sane {
    has_asked: bool,
    /// What it wrote only in part so far.
    unwritten: VecDeque<String>,
    event: Option<u64>,
}

const NAMES: [&str; 2] = ["one", "two"];

struct World {
    machine: Machine,
    listeners: [Sane; 2],
    seen: usize,
    /// How often each serial was accepted.
    accepted: BTreeMap<u64, usize>,
}

impl World {
    fn id(&self, who: usize) -> ProcessId {
        self.machine.process(NAMES[who]).id
    }

    /// Takes in what was written since the last time.
    fn read(&mut self) {
        let ids = [self.id(0), self.id(1)];
        for (process, text) in &self.machine.written[self.seen..] {
            let who = ids.iter().position(|id| id == process).unwrap();
            let sane = &mut self.listeners[who];
            assert!(
                sane.has_asked && sane.event.is_none(),
                "an event comes to who asked, one at a time: {who} {sane:?} {text}"
            );
            let serial = text.split("serial:").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
            assert!(!self.accepted.contains_key(&serial), "{serial} came again after it was accepted");
            sane.event = Some(serial);
            sane.has_asked = false;
        }
        let held: Vec<u64> = self.listeners.iter().filter_map(|sane| sane.event).collect();
        assert!(held.len() < 2 || held[0] != held[1], "nobody shares an event");
        self.seen = self.machine.written.len();
    }

    fn perform(&mut self, deed: &Deed) {
        match *deed {
            Deed::Remote => self.machine.remote("x"),
            Deed::GoOn { who, accepts, cut } => {
                if self.machine.state(NAMES[who]) != ProcessState::Running {
                    return;
                }
                if let Some(rest) = self.listeners[who].unwritten.pop_front() {
                    self.write(who, &rest);
                    return self.read();
                }
                let sane = &self.listeners[who];
                let words = match (sane.event, accepts) {
                    (None, _) if sane.has_asked => return,
                    (None, _) => "READY\n".to_owned(),
                    (Some(_), true) => "RESULT 2\nOK".to_owned(),
                    (Some(_), false) => "RESULT 4\nFAIL".to_owned(),
                };
                let (now, later) = words.split_at(cut.min(words.len()));
                if !later.is_empty() {
                    self.listeners[who].unwritten.push_back(later.to_owned());
                }
                self.write(who, now);
            }
            Deed::Die { who } => {
                if self.machine.living(NAMES[who]) > 0 {
                    self.listeners[who] = Sane::default();
                    self.machine.end(NAMES[who], ExitStatus::Code(1));
                }
            }
            Deed::Pass(time) => self.machine.pass(Duration::from_millis(time)),
        }
        self.read();
    }

    /// Writes something, and notes what it means once it is complete.
    fn write(&mut self, who: usize, text: &str) {
        let sane = &mut self.listeners[who];
        let is_complete = sane.unwritten.is_empty();
        if is_complete && text.ends_with('\n') && sane.event.is_none() {
            sane.has_asked = true;
        } else if is_complete && text.ends_with('K') {
            *self.accepted.entry(sane.event.take().unwrap()).or_default() += 1;
        } else if is_complete && text.ends_with('L') {
            sane.event = None;
        }
        self.machine.says(NAMES[who], text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_event_is_lost_or_processed_twice_while_listeners_are_sane(
        deeds in prop::collection::vec(deed(), 1..120),
    ) {
        let machine = machine(1000, &NAMES);
        let mut world =
            World { machine, listeners: Default::default(), seen: 0, accepted: BTreeMap::new() };
        let mut sent = 0;
        for deed in &deeds {
            sent += u64::from(matches!(deed, Deed::Remote));
            world.perform(deed);
        }
        // Now both accept everything until nothing is left.
        for _ in 0..(sent * 4 + 20) {
            for who in 0..2 {
                world.perform(&Deed::Pass(60_000));
                world.perform(&Deed::GoOn { who, accepts: true, cut: 100 });
            }
        }
        let accepted: Vec<(u64, usize)> = world.accepted.into_iter().collect();
        let expected: Vec<(u64, usize)> = (0..sent).map(|serial| (serial, 1)).collect();
        prop_assert_eq!(accepted, expected);
    }
}
