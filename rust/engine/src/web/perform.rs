//! Doing what a page was asked for, by the methods that clients call, and telling how it went: for what the
//! original's pages can do, in its words.

use jiff::Zoned;
use supervisor_core::rpc::{Fault, FaultCode};
use supervisor_core::xml::Value;
use tokio::sync::oneshot;

use super::action::{Action, Deed, Target};
use crate::http::{Answer, Backend};

/// Most names that a message lists.
const NAMES: usize = 5;

/// How an action went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// For people.
    pub message: String,
    /// Everything that was asked for was done.
    pub is_success: bool,
}

impl Outcome {
    fn success(message: String) -> Self {
        Self { message, is_success: true }
    }

    fn failure(message: String) -> Self {
        Self { message, is_success: false }
    }
}

/// Does it; returns when it is done.
pub async fn perform(backend: &dyn Backend, action: &Action) -> Outcome {
    match action {
        Action::Refresh => Outcome::success(format!("Page refreshed at {}", clock())),
        Action::Do(deed, Target::All) => all(backend, *deed).await,
        Action::Do(deed, Target::Process(name)) => one(backend, *deed, name).await,
        Action::Do(deed, Target::Group(name)) => group(backend, *deed, name).await,
        Action::Do(deed, Target::Selection(names)) => {
            let tally = several(backend, *deed, names).await;
            tally.outcome(*deed, "selected programs")
        }
        Action::RestartUnseen(name) if backend.process(name).is_none() => no_such_process(name),
        Action::RestartUnseen(name) => {
            one(backend, Deed::Restart, name).await;
            Outcome::success(format!("Process {name} restarted"))
        }
        Action::Signal { process, signal } => {
            let params = vec![process.as_str().into(), signal.as_str().into()];
            told(call(backend, "signalProcess", params).await, || format!("Sent {signal} to {process}"))
        }
        Action::Line { process, text } => {
            let params = vec![process.as_str().into(), format!("{text}\n").into()];
            told(call(backend, "sendProcessStdin", params).await, || format!("Sent a line to {process}"))
        }
        Action::ClearMainLog => {
            told(call(backend, "clearLog", Vec::new()).await, || "Main log cleared".to_owned())
        }
        Action::Reread => reread(backend).await,
        Action::Update => update(backend).await,
    }
}

fn no_such_process(name: &str) -> Outcome {
    Outcome::failure(format!("No such process named {name}"))
}

/// `Sat Nov 28 09:05:03 2026`, as C's `ctime` writes it.
fn clock() -> String {
    Zoned::now().strftime("%a %b %e %H:%M:%S %Y").to_string()
}

async fn answered(answer: oneshot::Receiver<Answer>) -> Result<Value, Fault> {
    match answer.await {
        Ok(Answer::Value(value)) => Ok(value),
        Ok(Answer::Fault(fault)) => Err(fault),
        Ok(Answer::InternalError(_)) | Err(_) => Err(Fault::new(FaultCode::Failed)),
    }
}

async fn call(backend: &dyn Backend, method: &'static str, params: Vec<Value>) -> Result<Value, Fault> {
    answered(backend.command(method, params)).await
}

fn told(result: Result<Value, Fault>, message: impl FnOnce() -> String) -> Outcome {
    match result {
        Ok(_) => Outcome::success(message()),
        Err(fault) => Outcome::failure(unexpected(&fault)),
    }
}

fn unexpected(fault: &Fault) -> String {
    format!("unexpected rpc fault [{}] {}", fault.code, fault.text)
}

/// What the original says of a start that failed.
fn start_failure(fault: &Fault) -> String {
    let is = |code: FaultCode| fault.code == code as i32;
    if is(FaultCode::NoFile) {
        "no such file".to_owned()
    } else if is(FaultCode::NotExecutable) {
        "file not executable".to_owned()
    } else if is(FaultCode::AlreadyStarted) {
        "already started".to_owned()
    } else if is(FaultCode::SpawnError) {
        "spawn error".to_owned()
    } else if is(FaultCode::AbnormalTermination) {
        "abnormal termination".to_owned()
    } else {
        unexpected(fault)
    }
}

async fn one(backend: &dyn Backend, deed: Deed, name: &str) -> Outcome {
    if backend.process(name).is_none() {
        return no_such_process(name);
    }
    let params = || vec![name.into()];
    match deed {
        Deed::Start | Deed::Restart => {
            if deed == Deed::Restart {
                // It may not run.
                let _ = call(backend, "stopProcess", params()).await;
            }
            match call(backend, "startProcess", params()).await {
                Ok(_) => Outcome::success(format!("Process {name} {}", deed.past())),
                Err(fault) => Outcome::failure(format!("ERROR: Process {name}: {}", start_failure(&fault))),
            }
        }
        Deed::Stop => {
            told(call(backend, "stopProcess", params()).await, || format!("Process {name} stopped"))
        }
        Deed::ClearLog => {
            told(call(backend, "clearProcessLogs", params()).await, || format!("Log for {name} cleared"))
        }
    }
}

async fn all(backend: &dyn Backend, deed: Deed) -> Outcome {
    let tally = match deed {
        Deed::Start => Tally::of(call(backend, "startAllProcesses", Vec::new()).await),
        Deed::Stop => Tally::of(call(backend, "stopAllProcesses", Vec::new()).await),
        Deed::Restart => {
            let stopped = Tally::of(call(backend, "stopAllProcesses", Vec::new()).await);
            stopped.then(Tally::of(call(backend, "startAllProcesses", Vec::new()).await))
        }
        Deed::ClearLog => Tally::of(call(backend, "clearAllProcessLogs", Vec::new()).await),
    };
    if !tally.failed.is_empty() {
        return tally.outcome(deed, "programs");
    }
    match deed {
        Deed::Stop | Deed::Restart | Deed::Start => {
            Outcome::success(format!("All {} at {}", deed.past(), clock()))
        }
        Deed::ClearLog => Outcome::success("All logs cleared".to_owned()),
    }
}

async fn group(backend: &dyn Backend, deed: Deed, name: &str) -> Outcome {
    let params = || vec![name.into()];
    let tally = match deed {
        Deed::Start => Tally::of(call(backend, "startProcessGroup", params()).await),
        Deed::Stop => Tally::of(call(backend, "stopProcessGroup", params()).await),
        Deed::Restart => {
            let stopped = Tally::of(call(backend, "stopProcessGroup", params()).await);
            stopped.then(Tally::of(call(backend, "startProcessGroup", params()).await))
        }
        Deed::ClearLog => {
            let rows = backend.status().rows;
            let members = rows.into_iter().filter(|row| row.group == name);
            several(backend, deed, &members.map(|row| row.namespec()).collect::<Vec<_>>()).await
        }
    };
    tally.outcome(deed, &format!("programs of {name}"))
}

/// All at the same time; what is in the wanted state already is passed over.
async fn several(backend: &dyn Backend, deed: Deed, names: &[String]) -> Tally {
    let methods: &[&'static str] = match deed {
        Deed::Start => &["startProcess"],
        Deed::Stop => &["stopProcess"],
        Deed::Restart => &["stopProcess", "startProcess"],
        Deed::ClearLog => &["clearProcessLogs"],
    };
    let mut tally = Tally::default();
    for method in methods {
        let calls: Vec<_> =
            names.iter().map(|name| (name, backend.command(method, vec![name.as_str().into()]))).collect();
        let mut now = Tally::default();
        for (name, answer) in calls {
            now.count(name, answered(answer).await);
        }
        tally = tally.then(now);
    }
    tally
}

/// How it went with several processes.
#[derive(Debug, Default)]
struct Tally {
    done: usize,
    /// Name and reason of each that failed.
    failed: Vec<String>,
}

impl Tally {
    /// From an array of `{name, group, status, description}`.
    fn of(result: Result<Value, Fault>) -> Self {
        let mut tally = Self::default();
        match result {
            Ok(Value::Array(items)) => {
                for item in items {
                    let Value::Struct(members) = item else { continue };
                    let member = |name: &str| members.iter().find(|member| member.0 == name);
                    let text = |name: &str| match member(name) {
                        Some((_, Value::String(text))) => text.as_str(),
                        _ => "",
                    };
                    match member("status") {
                        Some((_, Value::Int(status))) if *status == i64::from(FaultCode::Success as i32) => {
                            tally.done += 1;
                        }
                        _ => {
                            let name = supervisor_core::group::Namespec::join(text("group"), text("name"));
                            tally.failed.push(format!("{name}: {}", text("description")));
                        }
                    }
                }
            }
            Ok(_) => {}
            Err(fault) => tally.failed.push(unexpected(&fault)),
        }
        tally
    }

    fn count(&mut self, name: &str, result: Result<Value, Fault>) {
        match result {
            Ok(_) => self.done += 1,
            Err(fault)
                if [FaultCode::AlreadyStarted, FaultCode::NotRunning]
                    .iter()
                    .any(|code| fault.code == *code as i32) => {}
            Err(fault) => self.failed.push(format!("{name}: {}", fault.text)),
        }
    }

    /// What was done first, then this: the last step says how many it was done to.
    fn then(mut self, mut last: Self) -> Self {
        self.failed.append(&mut last.failed);
        Self { done: last.done, failed: self.failed }
    }

    fn outcome(&self, deed: Deed, whom: &str) -> Outcome {
        let message = format!("{} {whom} {}", self.done, deed.past());
        if self.failed.is_empty() {
            return Outcome::success(message);
        }
        let shown: Vec<&str> = self.failed.iter().take(NAMES).map(String::as_str).collect();
        let more = self.failed.len().saturating_sub(NAMES);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        Outcome::failure(format!("ERROR: {message}; failed: {}{more}", shown.join(", ")))
    }
}

/// The names of added, changed and removed groups.
struct Difference([Vec<String>; 3]);

impl Difference {
    async fn read(backend: &dyn Backend) -> Result<Self, Fault> {
        let value = call(backend, "reloadConfig", Vec::new()).await?;
        let lists = match value {
            Value::Array(mut outer) => match outer.pop() {
                Some(Value::Array(lists)) => lists,
                _ => Vec::new(),
            },
            _ => Vec::new(),
        };
        let mut lists = lists.into_iter().map(|names| match names {
            Value::Array(names) => names
                .into_iter()
                .filter_map(|name| if let Value::String(name) = name { Some(name) } else { None })
                .collect(),
            _ => Vec::new(),
        });
        let mut next = || lists.next().unwrap_or_default();
        Ok(Self([next(), next(), next()]))
    }

    fn text(&self) -> String {
        let words = ["added", "changed", "removed"];
        let parts = words.iter().zip(&self.0).filter(|(_, names)| !names.is_empty());
        let parts: Vec<String> = parts.map(|(word, names)| format!("{word} {}", names.join(", "))).collect();
        if parts.is_empty() { "nothing has changed".to_owned() } else { parts.join("; ") }
    }
}

async fn reread(backend: &dyn Backend) -> Outcome {
    match Difference::read(backend).await {
        Ok(difference) => Outcome::success(format!("Configuration read: {}", difference.text())),
        Err(fault) => Outcome::failure(format!("ERROR: {}", fault.text)),
    }
}

/// As `supervisorctl update` does it.
async fn update(backend: &dyn Backend) -> Outcome {
    let difference = match Difference::read(backend).await {
        Ok(difference) => difference,
        Err(fault) => return Outcome::failure(format!("ERROR: {}", fault.text)),
    };
    let Difference([added, changed, removed]) = &difference;
    let mut failed = Vec::new();
    let mut note = |name: &str, result: Result<Value, Fault>| {
        if let Err(fault) = result {
            failed.push(format!("{name}: {}", fault.text));
        }
    };
    for name in removed.iter().chain(changed) {
        let params = || vec![name.as_str().into()];
        note(name, call(backend, "stopProcessGroup", params()).await);
        note(name, call(backend, "removeProcessGroup", params()).await);
    }
    for name in changed.iter().chain(added) {
        note(name, call(backend, "addProcessGroup", vec![name.as_str().into()]).await);
    }
    if failed.is_empty() {
        Outcome::success(format!("Configuration in use: {}", difference.text()))
    } else {
        Outcome::failure(format!("ERROR: update failed: {}", failed.join(", ")))
    }
}
