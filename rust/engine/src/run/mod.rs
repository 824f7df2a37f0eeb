//! The daemon from its start to its end: one life after another in the same process, until it is to stay down.
//!
//! The order of a start is the original's: become the configured user, raise limits, open the main log, remove old
//! automatic logs, add the groups, load plug-ins, listen, go into the background, write the pid file. Only then
//! threads and the runtime start, since a process with threads must not fork.

mod backend;
mod children;
mod clock;
mod control;
mod hearing;
mod message;
mod plugins;
mod signals;
mod start;
mod stdin;
mod tap;

use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use supervisor_core::config::{DaemonSettings, HttpServerSettings, LogLevel, RpcInterfaceSettings, Settings};
use supervisor_core::core::Core;
use supervisor_core::effect::Effect;
use supervisor_core::input::Input;
use supervisor_core::rpc::STANDARD_FACTORY;
use supervisor_core::signal::Signal;
use supervisor_core::state::Mood;
use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinError, spawn_local};

use crate::daemon::background::daemonise;
use crate::daemon::limits::raise_limits;
use crate::daemon::pidfile::PidFile;
use crate::daemon::signals::ignore_write_signals;
use crate::daemon::user::become_user;
use crate::http::{Backend, Listener, Servers, bind_all};
use crate::logs::{Logs, MainLog, MainLogWriter, clear_automatic, create_automatic};
use crate::plugins::{Handle, PluginHost};
use backend::Daemon;
pub(crate) use clock::Clock;
use control::Control;
pub(crate) use message::Message;
use signals::{Signals, hold};

/// How long a thread of the pool, which opens and reads logs, waits for more to do.
const KEEP_ALIVE: Duration = Duration::from_secs(1);

/// How long answers under way may take once everything is stopped.
const GRACE: Duration = Duration::from_secs(1);

/// Reads the configuration. The error is the text after `Error: `. Called from any thread, for a disk may be stuck.
pub type ReadSettings = Arc<dyn Fn() -> Result<Settings, String> + Send + Sync>;

/// What the daemon needs from those who start it.
pub struct Start<'a> {
    /// What clients are told the version is.
    pub version: &'a str,
    /// The configuration of the first life.
    pub settings: Settings,
    /// Reads the configuration again: for each later life, and for clients that ask what has changed.
    pub read_settings: ReadSettings,
    /// The host of plug-ins, where there is an interpreter.
    pub host: Option<Box<dyn PluginHost>>,
    /// Called where a later life needs a host and there is none, when nothing of the life before is left: becomes a
    /// program that has one. Returns only if that is impossible, and says why.
    pub become_python: &'a dyn Fn() -> String,
}

/// Why the daemon could not start: the text after `Error: `, for whoever started it. The process ends with code 2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartError(pub String);

/// Runs the daemon until it is to stay down.
///
/// # Errors
/// See [`StartError`].
pub fn run(start: Start<'_>) -> Result<(), StartError> {
    ignore_write_signals();
    let Start { version, mut settings, read_settings, mut host, become_python } = start;
    let clock = Clock::start();
    let mut standing = Standing::default();
    while live(settings, version, &read_settings, clock, &mut standing, &mut host)? == Mood::Restarting {
        settings = read_settings().map_err(StartError)?;
        if let Some(host) = &mut host {
            host.reread(&mut settings).map_err(StartError)?;
        } else if settings.python_code().is_some() {
            return Err(StartError(become_python()));
        }
    }
    Ok(())
}

/// What outlasts a life.
#[derive(Default)]
struct Standing {
    /// Heard from the first life on: a signal that comes between two lives is heard in the next one.
    signals: Option<Signals>,
    /// Those that the last life heard when it was over.
    unheard: Vec<Signal>,
    /// The serial of the next event.
    event_serial: u64,
}

/// One life: from the settings to the moment everything is stopped.
fn live(
    settings: Settings,
    version: &str,
    read_settings: &ReadSettings,
    clock: Clock,
    standing: &mut Standing,
    host: &mut Option<Box<dyn PluginHost>>,
) -> Result<Mood, StartError> {
    let is_first = standing.signals.is_none();
    let (mut main_log, daemon) = open_main_log(&settings, is_first)?;
    let (messages, inbox) = mpsc::unbounded_channel();
    let servers = settings.http_servers.clone();
    let interfaces = settings.rpc_interfaces.clone();
    let python_code = settings.python_code();
    let mut core = Core::new(settings, version);
    core.continue_events(standing.event_serial);
    let handle = Handle::new(core, clock, messages.clone());

    handle.step(Input::Load);
    if host.is_some() && python_code.is_some() {
        make_automatic_logs(&handle, &daemon, &mut main_log);
    }
    refuse_arguments(&interfaces, &servers, &mut main_log)?;
    if let Some(host) = host {
        let namespaces = host.load(handle.clone()).map_err(|error| {
            if let Some(traceback) = error.traceback {
                main_log.line(LogLevel::Warn, &traceback);
            }
            StartError(error.message)
        })?;
        for namespace in namespaces {
            let input = Input::RegisterNamespace { name: namespace.name, methods: namespace.methods };
            handle.step(input);
        }
    } else if let Some((code, section)) = python_code {
        return Err(StartError(format!("{code} cannot be resolved within [{section}]")));
    }
    if is_first {
        hold().map_err(|error| StartError(format!("could not hold signals: {error}")))?;
    }
    let listeners = bind_all(&servers).map_err(|error| StartError(error.to_string()))?;
    let goes_elsewhere = host.as_mut().is_some_and(|host| host.overrides().0.main_log);
    let mut line = |level, message: &str| match host {
        Some(host) if goes_elsewhere => {
            if let Some(trouble) = host.main_log(level, message) {
                main_log.line(LogLevel::Error, &trouble);
            }
        }
        _ => main_log.line(level, message),
    };
    let fcgi_checked = crate::fcgi::check(handle.core().settings(), &mut line);
    if let Err(message) = fcgi_checked {
        listeners.into_iter().for_each(Listener::close);
        return Err(StartError(message));
    }
    for listener in &listeners {
        for interface in &interfaces {
            line(LogLevel::Info, &format!("RPC interface '{}' initialized", interface.name));
        }
        if let Some(warning) = listener.warning() {
            line(LogLevel::Critical, &warning);
        }
    }

    if !daemon.nodaemon && is_first {
        match daemonise(daemon.directory.as_deref(), daemon.umask) {
            Ok(lines) => lines.iter().for_each(|(level, message)| line(*level, message)),
            Err(error) => return Err(StartError(format!("could not daemonize: {error}"))),
        }
    }
    let (pid_file, (level, message)) = PidFile::write(&daemon.pidfile);
    line(level, &message);
    let read = Arc::clone(read_settings);
    let mood = serve(standing, main_log, (clock, read), &handle, (messages, inbox), listeners, host);
    standing.event_serial = handle.core().event_serial();
    if let Some(host) = host {
        host.unload();
    }
    if let Some(pid_file) = pid_file {
        pid_file.remove();
    }
    mood.map_err(|error| StartError(format!("could not start: {error}")))
}

/// The standard interface takes no arguments. It is made once for each server, and gets what other options its
/// section has, those of `[DEFAULT]` among them (traps 4).
fn refuse_arguments(
    interfaces: &[RpcInterfaceSettings],
    servers: &[HttpServerSettings],
    main_log: &mut MainLogWriter,
) -> Result<(), StartError> {
    let argument = interfaces
        .iter()
        .filter(|interface| interface.is_standard())
        .find_map(|interface| Some((&interface.name, &interface.options.first()?.0)));
    match argument {
        Some((name, option)) if !servers.is_empty() => {
            let message = format!(
                "{STANDARD_FACTORY} takes no arguments, but [rpcinterface:{name}] has the option {option}"
            );
            main_log.line(LogLevel::Warn, &message);
            Err(StartError(format!("Could not make {name} rpc interface")))
        }
        _ => Ok(()),
    }
}

/// Makes the automatic logs of the groups of the start here and now: plug-ins see their names.
fn make_automatic_logs(handle: &Handle, daemon: &DaemonSettings, main_log: &mut MainLogWriter) {
    let mut rest = Vec::new();
    while let Some(effect) = handle.next_effect() {
        let Effect::CreateAutomaticLog { process, channel, prefix } = effect else {
            rest.push(effect);
            continue;
        };
        let path = create_automatic(&prefix, &daemon.childlogdir);
        if let Err(error) = &path {
            main_log.line(LogLevel::Error, &format!("no automatic log could be made: {error}"));
        }
        rest.extend(handle.effects_of(Input::AutomaticLogCreated { process, channel, path: path.ok() }));
    }
    handle.put_back(rest);
}

fn say(main_log: &mut MainLogWriter, lines: &[(LogLevel, String)]) {
    for (level, message) in lines {
        main_log.line(*level, message);
    }
}

/// Becomes the user, raises limits, opens the main log and says there what the start has to say so far: the
/// severest first, as the original does.
fn open_main_log(settings: &Settings, is_first: bool) -> Result<(MainLogWriter, DaemonSettings), StartError> {
    let daemon = settings.daemon.clone();
    let mut messages = settings.messages.clone();
    messages.extend(become_user(daemon.user).map_err(StartError)?);
    if is_first {
        messages.extend(raise_limits(daemon.minfds, daemon.minprocs).map_err(StartError)?);
    }
    messages.sort_by_key(|(level, _)| *level);
    let main_log = MainLog {
        target: daemon.logfile.clone(),
        maxbytes: daemon.logfile_maxbytes,
        backups: daemon.logfile_backups,
        level: daemon.loglevel,
        echo_stdout: daemon.nodaemon && !daemon.silent,
    };
    let mut main_log = MainLogWriter::open(&main_log)
        .map_err(|error| StartError(format!("could not open the main log: {error}")))?;
    say(&mut main_log, &messages);
    if !daemon.nocleanup {
        say(&mut main_log, &clear_automatic(&daemon.childlogdir, &daemon.identifier));
    }
    Ok((main_log, daemon))
}

/// Starts threads and the runtime, works until everything is stopped, and ends them again.
fn serve(
    standing: &mut Standing,
    main_log: MainLogWriter,
    (clock, read_settings): (Clock, ReadSettings),
    handle: &Handle,
    (messages, mut inbox): (mpsc::UnboundedSender<Message>, mpsc::UnboundedReceiver<Message>),
    listeners: Vec<Listener>,
    host: &mut Option<Box<dyn PluginHost>>,
) -> io::Result<Mood> {
    let logs = Logs::start(main_log)?;
    let runtime = Builder::new_current_thread()
        .enable_all()
        .thread_keep_alive(KEEP_ALIVE)
        .build_local(LocalOptions::default())?;
    let signals = match standing.signals.take() {
        Some(signals) => signals,
        None => {
            let _context = runtime.enter();
            Signals::listen()?
        }
    };
    for signal in standing.unheard.drain(..) {
        // The receiver is at hand.
        let _ = messages.send(Message::Signal(signal));
    }
    let mut guest = host.take();
    let handle = handle.clone();
    let to_stop = logs.clone();
    // A task like all others: to wake it costs no system call, to wake what the runtime itself runs does.
    let life = runtime.spawn_local(async move {
        let host = &mut guest;
        let (end, ended) = oneshot::channel::<()>();
        let heard = messages.clone();
        let tell = move |signal| drop(heard.send(Message::Signal(signal)));
        let hearing = spawn_local(signals.pass_on(tell, async move { drop(ended.await) }));
        let mut control =
            Control::new(handle.clone(), messages.clone(), logs.clone(), (clock, Arc::clone(&read_settings)));
        control.note_overrides(host);
        control.take_in_all(host).await;
        let said = logs.clone();
        let backend: Rc<dyn Backend> = Rc::new(Daemon { handle, messages, logs, clock, read_settings });
        let served = match Servers::start(listeners, &backend, &control.foreign) {
            Ok(mut servers) => {
                control.recheck_sockets =
                    servers.bind_vanished_again(move |level, line| said.line(level, line));
                Ok((control.work(&mut inbox, host).await, servers))
            }
            Err(error) => Err(error),
        };
        drop(end);
        let signals = result_of(hearing.await);
        let unheard = control.finish(&mut inbox, host);
        // Whoever still asks is told that nothing is done any more.
        drop((control, inbox));
        let mood = match served {
            Ok((mood, servers)) => {
                servers.shutdown(GRACE).await;
                Ok(mood)
            }
            Err(error) => Err(error),
        };
        (mood, signals, unheard, guest)
    });
    let (mood, signals, unheard, guest) = result_of(runtime.block_on(life));
    // A thread that waits for a disk that does not answer must not hold up the end.
    runtime.shutdown_background();
    to_stop.stop();
    standing.signals = Some(signals);
    standing.unheard = unheard;
    *host = guest;
    mood
}

/// What a task returned; its panic goes on here. No task that this is asked of is ever cancelled.
fn result_of<T>(joined: Result<T, JoinError>) -> T {
    joined.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
}
