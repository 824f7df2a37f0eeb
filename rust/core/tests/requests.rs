//! Requests of clients: what is answered, and when.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod pretend;

use std::time::Duration;

use pretend::{Machine, Script, group, idle, member, program};
use supervisor_core::effect::{Effect, LogReadMode, LogText, RequestId};
use supervisor_core::input::Input;
use supervisor_core::signal::Signal;
use supervisor_core::state::ProcessState;
use supervisor_core::xml::{MethodCall, Value};

fn result(name: &str, group: &str, status: i32, description: &str) -> Value {
    let members: [(&str, Value); 4] = [
        ("name", name.into()),
        ("group", group.into()),
        ("status", status.into()),
        ("description", description.into()),
    ];
    Value::Struct(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

#[test]
fn a_waiting_start_is_answered_when_the_process_runs() {
    let mut machine = Machine::with(vec![idle("web")]);
    machine.start();
    let request = machine.call("supervisor.startProcess", vec!["web".into()]);
    assert_eq!(machine.answer(request), None);
    let asked = machine.clock;
    machine.seconds(2);
    assert_eq!(machine.answer(request), Some(Ok(true.into())));
    let (_, at, _) = machine.replies[0];
    assert!(at > asked + Duration::from_secs(1));
}

#[test]
fn a_start_that_does_not_wait_is_answered_when_the_process_is_spawned() {
    let mut machine = Machine::with(vec![idle("web")]);
    machine.start();
    let params = vec!["web".into(), false.into()];
    assert_eq!(machine.ask("supervisor.startProcess", params), Ok(true.into()));
    assert_eq!(machine.state("web"), ProcessState::Starting);
}

#[test]
fn starts_fail_with_the_faults_clients_know() {
    let mut broken = idle("broken");
    broken.command = "  ".to_owned();
    let mut machine = Machine::with(vec![idle("quick"), idle("missing"), broken, program("up")]);
    machine.script("quick", [Script::ends(Duration::ZERO, 1)]);
    machine.script("missing", [Script::missing()]);
    machine.start();
    let quick = machine.call("supervisor.startProcess", vec!["quick".into()]);
    machine.pass(Duration::from_millis(1));
    let text = |answer: Option<Result<Value, supervisor_core::rpc::Fault>>| {
        let fault = answer.unwrap().unwrap_err();
        (fault.code, fault.text)
    };
    assert_eq!(text(machine.answer(quick)), (50, "SPAWN_ERROR: quick".to_owned()));
    let mut start = |name: &str| text(Some(machine.ask("supervisor.startProcess", vec![name.into()])));
    assert_eq!(start("missing"), (20, "NO_FILE: can't find command '/no/such/program'".to_owned()));
    assert_eq!(start("broken"), (21, "NOT_EXECUTABLE: command is empty".to_owned()));
    assert_eq!(start("up"), (60, "ALREADY_STARTED: up".to_owned()));
    assert_eq!(start("nobody"), (10, "BAD_NAME: nobody".to_owned()));
    assert_eq!(start("up:nobody"), (10, "BAD_NAME: up:nobody".to_owned()));
    assert_eq!(machine.state("missing"), ProcessState::Stopped, "a refused start changes nothing");
}

#[test]
fn a_start_that_is_stopped_while_it_waits_ends_abnormally() {
    let mut machine = Machine::with(vec![idle("web")]);
    machine.start();
    let start = machine.call("supervisor.startProcess", vec!["web".into()]);
    let stop = machine.call("supervisor.stopProcess", vec!["web".into()]);
    machine.seconds(1);
    assert_eq!(machine.answer(start).unwrap().unwrap_err().text, "ABNORMAL_TERMINATION: web");
    assert_eq!(machine.answer(stop), Some(Ok(true.into())));
}

#[test]
fn a_request_for_a_group_is_answered_with_a_result_for_each_process_it_concerned() {
    let mut first = idle("first");
    first.priority = 1;
    let machine_group = group("g", 5, vec![idle("second"), first, idle("gone")]);
    let mut machine = Machine::new(vec![machine_group]);
    machine.script("gone", [Script::missing()]);
    machine.start();
    let request = machine.call("supervisor.startProcessGroup", vec!["g".into()]);
    machine.seconds(2);
    let expected = vec![
        result("gone", "g", 20, "NO_FILE: can't find command '/no/such/program'"),
        result("first", "g", 80, "OK"),
        result("second", "g", 80, "OK"),
    ];
    assert_eq!(machine.answer(request), Some(Ok(Value::Array(expected))));
    assert_eq!(machine.spawns[0].0, "first", "by ascending priority");
    let all = machine.ask("supervisor.startProcess", vec!["g:*".into()]);
    assert!(matches!(all, Ok(Value::Array(results)) if results.len() == 1));
}

#[test]
fn stopping_all_concerns_only_what_runs() {
    let mut machine = Machine::with(vec![program("a"), idle("b"), program("c")]);
    machine.start();
    machine.seconds(2);
    let request = machine.call("supervisor.stopAllProcesses", vec![]);
    machine.seconds(1);
    let expected = vec![result("a", "a", 80, "OK"), result("c", "c", 80, "OK")];
    assert_eq!(machine.answer(request), Some(Ok(Value::Array(expected))));
    assert_eq!(machine.ask("supervisor.stopAllProcesses", vec![]), Ok(Value::Array(vec![])));
}

#[test]
fn signals_are_named_or_numbered_and_reach_the_process_alone() {
    let mut machine = Machine::with(vec![program("web"), idle("idle")]);
    machine.start();
    machine.seconds(2);
    for signal in ["HUP", "SIGHUP", "hup", "1"] {
        let params = vec!["web".into(), signal.into()];
        assert_eq!(machine.ask("supervisor.signalProcess", params), Ok(true.into()));
    }
    assert!(machine.signals.iter().all(|(_, signal, group, _)| *signal == Signal::HUP && !group));
    assert_eq!(machine.signals.len(), 4);
    let bad = machine.ask("supervisor.signalProcess", vec!["web".into(), "NONE".into()]).unwrap_err();
    assert_eq!(bad.text, "BAD_SIGNAL: NONE");
    let idle = machine.ask("supervisor.signalProcess", vec!["idle".into(), "HUP".into()]).unwrap_err();
    assert_eq!(idle.text, "NOT_RUNNING: idle");
    let all = machine.ask("supervisor.signalAllProcesses", vec!["NONE".into()]);
    assert_eq!(all, Ok(Value::Array(vec![result("web", "web", 11, "BAD_SIGNAL: NONE")])));
}

#[test]
fn unknown_methods_and_wrong_arguments_are_faults() {
    let mut machine = Machine::with(vec![]);
    machine.start();
    for method in ["nothing", "supervisor.nothing", "supervisor._update", "a.b.c", "other.getPID"] {
        let fault = machine.ask(method, vec![]).unwrap_err();
        assert_eq!((fault.code, fault.text.as_str()), (1, "UNKNOWN_METHOD"), "{method}");
    }
    for params in [vec![], vec!["a".into(), true.into(), 1.into()], vec![Value::Int(5)]] {
        let fault = machine.ask("supervisor.startProcess", params).unwrap_err();
        assert_eq!((fault.code, fault.text.as_str()), (2, "INCORRECT_PARAMETERS"));
    }
}

#[test]
fn the_daemon_tells_about_itself() {
    let mut machine = Machine::with(vec![]);
    machine.start();
    let mut ask = |method: &str| machine.ask(method, vec![]).unwrap();
    assert_eq!(ask("supervisor.getAPIVersion"), "3.0".into());
    assert_eq!(ask("supervisor.getIdentification"), "supervisor".into());
    assert_eq!(ask("supervisor.getPID"), Value::Int(1));
    let state = ask("supervisor.getState");
    assert_eq!(member(&state, "statecode"), Value::Int(1));
    assert_eq!(member(&state, "statename"), "RUNNING".into());
}

#[test]
fn methods_explain_themselves_with_types_that_signatures_are_read_from() {
    let mut machine = Machine::with(vec![]);
    machine.start();
    let signature = machine.ask("system.methodSignature", vec!["supervisor.startProcess".into()]);
    let expected = ["boolean", "string", "boolean"].map(Value::from).to_vec();
    assert_eq!(signature, Ok(Value::Array(expected)));
    let fault = machine.ask("system.methodHelp", vec!["supervisor.nothing".into()]).unwrap_err();
    assert_eq!(fault.text, "SIGNATURE_UNSUPPORTED");
    let Ok(Value::Array(names)) = machine.ask("system.listMethods", vec![]) else { panic!("an array") };
    assert_eq!(names.len(), supervisor_core::rpc::METHODS.len());
    assert!(names.is_sorted_by_key(|name| format!("{name:?}")));
}

#[test]
fn a_plug_ins_namespace_is_handed_to_it() {
    let mut machine = Machine::with(vec![]);
    machine.start();
    let methods = vec![("hello".to_owned(), "Says hello.".to_owned())];
    machine.feed(Input::RegisterNamespace { name: "mine".to_owned(), methods });
    let mut effects = Vec::new();
    let request = RequestId(9);
    let input = Input::Request { request, method: "mine.hello".to_owned(), params: vec![1.into()] };
    machine.core.step(machine.now(), input, &mut effects);
    let expected = Effect::CallPlugin {
        request,
        namespace: "mine".to_owned(),
        method: "hello".to_owned(),
        params: vec![1.into()],
    };
    assert!(effects.contains(&expected), "{effects:?}");
    assert_eq!(machine.ask("other.hello", vec![]).unwrap_err().text, "UNKNOWN_METHOD");
    let help = machine.ask("system.methodHelp", vec!["mine.hello".into()]);
    assert_eq!(help, Ok("Says hello.".into()));
}

#[test]
fn a_method_that_a_plug_in_did_not_name_is_for_the_plug_in_to_know() {
    // One that its class inherits is called like any other, and not listed.
    let mut machine = Machine::with(vec![]);
    machine.start();
    machine.feed(Input::RegisterNamespace { name: "mine".to_owned(), methods: vec![] });
    let mut effects = Vec::new();
    let request = RequestId(9);
    let input = Input::Request { request, method: "mine.inherited".to_owned(), params: vec![] };
    machine.core.step(machine.now(), input, &mut effects);
    let expected = Effect::CallPlugin {
        request,
        namespace: "mine".to_owned(),
        method: "inherited".to_owned(),
        params: vec![],
    };
    assert!(effects.contains(&expected), "{effects:?}");
    assert_eq!(
        machine.ask("system.methodHelp", vec!["mine.inherited".into()]).unwrap_err().text,
        "SIGNATURE_UNSUPPORTED"
    );
}

#[test]
fn a_log_is_read_by_the_engine_and_answered_as_text() {
    let mut web = program("web");
    web.stdout.logfile = supervisor_core::config::LogTarget::File("/logs/web".into());
    let mut machine = Machine::with(vec![web]);
    machine.start();
    let tail = machine.call("supervisor.tailProcessStdoutLog", vec!["web".into(), 0.into(), 10.into()]);
    assert_eq!(machine.answer(tail), None);
    let found = LogText { bytes: b"hello\xff".to_vec(), offset: 6, overflow: true };
    machine.feed(Input::LogRead { request: tail, result: Ok(found) });
    let expected = Value::Array(vec!["hello\u{fffd}".into(), 6.into(), true.into()]);
    assert_eq!(machine.answer(tail), Some(Ok(expected)));
    let none = machine.ask("supervisor.tailProcessStderrLog", vec!["web".into(), 0.into(), 10.into()]);
    assert_eq!(none, Ok(Value::Array(vec!["".into(), 0.into(), false.into()])));
    let read = machine.ask("supervisor.readProcessStderrLog", vec!["web".into(), 0.into(), 10.into()]);
    assert_eq!(read.unwrap_err().text, "NO_FILE");
    let mut effects = Vec::new();
    let params = vec!["web".into(), (-5).into(), 0.into()];
    let method = "supervisor.readProcessStdoutLog".to_owned();
    let input = Input::Request { request: RequestId(50), method, params };
    machine.core.step(machine.now(), input, &mut effects);
    let is_read = |effect: &Effect| matches!(effect, Effect::ReadLog { range, .. } if range.offset == -5 && range.mode == LogReadMode::Read);
    assert!(effects.iter().any(is_read));
}

fn call(method: &str, params: Vec<Value>) -> Value {
    Value::Struct(vec![("methodName".to_owned(), method.into()), ("params".to_owned(), Value::Array(params))])
}

fn fault(code: i32, text: &str) -> Value {
    Value::Struct(vec![("faultCode".to_owned(), code.into()), ("faultString".to_owned(), text.into())])
}

#[test]
fn several_calls_in_one_request_are_answered_in_their_order_with_values_and_faults() {
    let mut machine = Machine::with(vec![program("web")]);
    machine.start();
    let calls = vec![
        call("supervisor.getPID", vec![]),
        call("supervisor.startProcess", vec!["nobody".into()]),
        call("supervisor.nothing", vec![]),
        call("supervisor.getAPIVersion", vec![5.into()]),
        Value::Struct(vec![("methodName".to_owned(), "supervisor.getIdentification".into())]),
    ];
    let expected = vec![
        1.into(),
        fault(10, "BAD_NAME: nobody"),
        fault(1, "UNKNOWN_METHOD"),
        fault(2, "INCORRECT_PARAMETERS"),
        "supervisor".into(),
    ];
    assert_eq!(machine.ask("system.multicall", vec![Value::Array(calls)]), Ok(Value::Array(expected)));
    assert_eq!(machine.ask("system.multicall", vec![Value::Array(vec![])]), Ok(Value::Array(vec![])));
    assert_eq!(machine.core.open_requests(), 0);
}

#[test]
fn a_call_that_is_answered_later_holds_up_those_behind_it() {
    let mut machine = Machine::with(vec![idle("web")]);
    machine.start();
    let calls = vec![
        call("supervisor.startProcess", vec!["web".into()]),
        call("supervisor.stopProcess", vec!["web".into()]),
        call("supervisor.startAllProcesses", vec![]),
        call("supervisor.getProcessInfo", vec!["web".into()]),
    ];
    let request = machine.call("system.multicall", vec![Value::Array(calls)]);
    machine.pass(Duration::from_millis(900));
    assert_eq!((machine.state("web"), machine.answer(request)), (ProcessState::Starting, None));
    machine.seconds(5);
    let Some(Ok(Value::Array(answers))) = machine.answer(request) else { panic!("an array") };
    assert_eq!(answers[..2], [true.into(), true.into()]);
    assert_eq!(answers[2], Value::Array(vec![result("web", "web", 80, "OK")]));
    assert_eq!(member(&answers[3], "statename"), "RUNNING".into());
    assert_eq!(machine.spawns.len(), 2);
    assert_eq!(machine.core.open_requests(), 0);
}

#[test]
fn a_call_within_a_request_that_fails_later_is_a_fault_among_the_answers() {
    let mut machine = Machine::with(vec![idle("quick"), idle("missing")]);
    machine.script("quick", [Script::ends(Duration::ZERO, 1)]);
    machine.script("missing", [Script::missing()]);
    machine.start();
    let calls = vec![
        call("supervisor.startProcess", vec!["missing".into()]),
        call("supervisor.startProcess", vec!["quick".into()]),
        call("supervisor.getPID", vec![]),
    ];
    let request = machine.call("system.multicall", vec![Value::Array(calls)]);
    machine.pass(Duration::from_millis(1));
    let expected = vec![
        fault(20, "NO_FILE: can't find command '/no/such/program'"),
        fault(50, "SPAWN_ERROR: quick"),
        1.into(),
    ];
    assert_eq!(machine.answer(request), Some(Ok(Value::Array(expected))));
}

#[test]
fn calls_that_are_none_are_faults_and_calls_within_calls_are_forbidden() {
    let mut machine = Machine::with(vec![]);
    machine.start();
    let calls = vec![
        call("system.multicall", vec![Value::Array(vec![])]),
        Value::Struct(vec![]),
        Value::Struct(vec![
            ("methodName".to_owned(), "supervisor.getPID".into()),
            ("params".to_owned(), 5.into()),
        ]),
    ];
    let expected = vec![
        fault(2, "INCORRECT_PARAMETERS: Recursive system.multicall forbidden"),
        fault(2, "INCORRECT_PARAMETERS: No methodName"),
        fault(2, "INCORRECT_PARAMETERS"),
    ];
    assert_eq!(machine.ask("system.multicall", vec![Value::Array(calls)]), Ok(Value::Array(expected)));
    assert_eq!(machine.refused("system.multicall", vec![5.into()]), "INCORRECT_PARAMETERS");
}

#[test]
fn a_plug_ins_answer_to_a_call_within_a_request_comes_back_to_it() {
    let mut machine = Machine::with(vec![]);
    machine.start();
    let methods = vec![("hello".to_owned(), String::new())];
    machine.feed(Input::RegisterNamespace { name: "mine".to_owned(), methods });
    let mut effects = Vec::new();
    let request = RequestId(9);
    let calls = Value::Array(vec![call("mine.hello", vec![]), call("supervisor.getPID", vec![])]);
    let input = Input::Request { request, method: "system.multicall".to_owned(), params: vec![calls] };
    machine.core.step(machine.now(), input, &mut effects);
    let part = effects.iter().find_map(|effect| match effect {
        Effect::CallPlugin { request, .. } => Some(*request),
        _ => None,
    });
    let part = part.expect("the plug-in is called");
    assert!(part.is_part() && !request.is_part());
    machine.feed(Input::PluginAnswered { request: part, answer: Ok("hi".into()) });
    assert_eq!(machine.answer(request), Some(Ok(Value::Array(vec!["hi".into(), 1.into()]))));
    machine.feed(Input::PluginAnswered { request: part, answer: Ok("again".into()) });
    assert_eq!(machine.replies.len(), 1);
}

#[test]
fn what_only_looks_takes_no_step_and_everything_else_does() {
    let mut machine = Machine::with(vec![program("web")]);
    machine.start();
    let look = |machine: &Machine, method: &str, params: Vec<Value>| {
        machine.core.look(machine.now(), MethodCall { method: method.to_owned(), params })
    };
    let state = look(&machine, "supervisor.getState", vec![]).unwrap().unwrap();
    assert_eq!(member(&state, "statename"), "RUNNING".into());
    assert_eq!(look(&machine, "supervisor.getProcessInfo", vec![]).unwrap().unwrap_err().code, 2);
    assert_eq!(look(&machine, "supervisor.getProcessInfo", vec!["x".into()]).unwrap().unwrap_err().code, 10);
    for other in ["supervisor.shutdown", "system.multicall", "supervisor.x", "x"] {
        let call = MethodCall { method: other.to_owned(), params: vec!["web".into()] };
        assert_eq!(look(&machine, other, vec!["web".into()]).unwrap_err(), call);
    }

    assert_eq!(machine.ask("supervisor.shutdown", vec![]), Ok(true.into()));
    assert_eq!(look(&machine, "supervisor.getState", vec![]).unwrap().unwrap_err().code, 6);
    assert!(look(&machine, "system.listMethods", vec![]).unwrap().is_ok());
}
