//! Reading configurations: what the corpus of whole files cannot show.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod config_support;

use config_support::Pretended;
use supervisor_core::config::options::command_line::{Action, Program};
use supervisor_core::config::{
    ConfigError, FcgiAddress, FcgiSocketSettings, LogLevel, Overrides, Settings, find_config, read,
    read_client, search_paths,
};

const FILE: &str = "/etc/app/supervisord.conf";

fn read_text(text: &str) -> Result<Settings, ConfigError> {
    read(&Pretended::new().file(FILE, text), FILE, &Overrides::default())
}

#[test]
fn an_error_tells_its_place() {
    let error = read_text("[supervisord]\n\n[program:x]\ncommand=a\nstartsecs = soon ; no\n").unwrap_err();
    assert_eq!(
        error.to_string(),
        "invalid literal for int() with base 10: 'soon' in section 'program:x' (file: \
         '/etc/app/supervisord.conf')"
    );
    assert_eq!(error.file.as_deref(), Some(FILE));
    assert_eq!(error.line, Some(5));
    assert_eq!(error.section.as_deref(), Some("program:x"));
    assert_eq!(error.option.as_deref(), Some("startsecs"));
    assert_eq!(error.value.as_deref(), Some("soon"));
}

#[test]
fn an_error_of_an_included_file_tells_that_file() {
    let system = Pretended::new()
        .file(FILE, "[supervisord]\n[include]\nfiles=conf.d/*.conf\n")
        .file("/etc/app/conf.d/a.conf", "[program:x]\n");
    let error = read(&system, FILE, &Overrides::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "program section program:x does not specify a command in section 'program:x' (file: \
         '/etc/app/conf.d/a.conf')"
    );
    assert_eq!((error.file.as_deref(), error.line), (Some("/etc/app/conf.d/a.conf"), Some(1)));
}

#[test]
fn a_relative_file_is_shown_as_it_was_named() {
    let system = Pretended::new().file("app.conf", "[supervisord]\nminfds=x\n[program:x]\n");
    let error = read(&system, "app.conf", &Overrides::default()).unwrap_err();
    assert_eq!((error.file.as_deref(), error.line), (Some("app.conf"), Some(2)));
    let system = Pretended::new().file("app.conf", "[supervisord]\nidentifier=%(here)s\n");
    let settings = read(&system, "app.conf", &Overrides::default()).unwrap();
    assert_eq!(settings.daemon.identifier, "/etc/app");
    assert_eq!(settings.daemon.config_file.to_str(), Some("/etc/app/app.conf"));
}

#[test]
fn files_that_are_missing_or_cannot_be_read_are_told_apart() {
    let mut system = Pretended::new();
    let message =
        |system: &Pretended, path| read(system, path, &Overrides::default()).unwrap_err().to_string();
    assert_eq!(message(&system, "/nope"), "could not find config file /nope");
    system.unreadable.push("/secret".to_owned());
    assert_eq!(message(&system, "/secret"), "could not read config file /secret");
    assert_eq!(message(&system, "/tmp"), "could not read config file /tmp");
}

#[test]
fn bytes_that_are_not_utf_8_are_refused_in_pythons_words() {
    let refused = |bytes: &[u8]| {
        let mut system = Pretended::new();
        system.files.insert(FILE.to_owned(), bytes.to_vec());
        read(&system, FILE, &Overrides::default()).unwrap_err().to_string()
    };
    assert_eq!(
        refused(b"[a]\n\xff"),
        "'utf-8' codec can't decode byte 0xff in position 4: invalid start byte"
    );
    assert_eq!(
        refused(b"\xe2\x82x"),
        "'utf-8' codec can't decode bytes in position 0-1: invalid continuation byte"
    );
    assert_eq!(
        refused(b"a\xc3"),
        "'utf-8' codec can't decode byte 0xc3 in position 1: unexpected end of data"
    );
}

#[test]
fn the_rules_of_the_originals_next_version_hold_for_environment() {
    let settings = read_text(
        "[supervisord]\nenvironment=A=\"50%%\",H=\"%(host_node_name)s\",Q=\"say \\\"hi\\\"\"\n\
         [program:x]\ncommand=echo %(ENV_H)s\n",
    )
    .unwrap();
    let expected = [("A", "50%"), ("H", "box"), ("Q", "say \"hi\"")];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    assert_eq!(settings.daemon.environment, expected);
    assert_eq!(settings.groups[0].processes[0].environment, expected);
    assert_eq!(settings.groups[0].processes[0].command, "echo box");
}

#[test]
fn what_is_not_run_yet_is_named_in_the_log() {
    let settings = read_text(
        "[supervisord]\n[eventlistener:mail]\ncommand=x\nevents=TICK_5\nnumprocs=2\n\
         process_name=%(process_num)d\n[fcgi-program:php]\ncommand=y\nsocket=tcp://localhost:9000\n\
         [group:both]\nprograms=php,web\n[program:web]\ncommand=z\n\
         [fcgi-program:alone]\ncommand=y\nsocket=unix:///tmp/s\nstdout_logfile=syslog\n",
    )
    .unwrap();
    assert_eq!(settings.groups.len(), 3);
    assert_eq!(settings.messages.len(), 1);
    let settings = settings.without_kinds_not_run();
    let warnings: Vec<&str> = settings.messages.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(
        warnings[1..],
        ["the event listeners of [eventlistener:mail] are not run: this version does not support them yet"]
    );
    assert!(settings.messages.iter().all(|(level, _)| *level == LogLevel::Warn));
    let sockets: Vec<Vec<bool>> = settings
        .groups
        .iter()
        .map(|group| group.processes.iter().map(|process| process.fcgi_socket.is_some()).collect())
        .collect();
    assert_eq!(sockets, [vec![true], vec![true, false]]);
}

#[test]
fn an_included_file_that_cannot_be_opened_is_passed_over() {
    let mut system = Pretended::new().file(FILE, "[supervisord]\n[include]\nfiles=/tmp/*.conf none/*.conf\n");
    system.files.insert("/tmp/a.conf".to_owned(), b"[program:a]\ncommand=a\n".to_vec());
    let settings = read(&system, FILE, &Overrides::default()).unwrap();
    assert_eq!(
        settings.messages,
        [
            (LogLevel::Warn, "No file matches via include \"/etc/app/none/*.conf\"".to_owned()),
            (LogLevel::Info, "Included extra file \"/tmp/a.conf\" during parsing".to_owned()),
        ]
    );
}

#[test]
fn the_default_places_are_searched_in_the_originals_order() {
    assert_eq!(
        search_paths("/opt/venv/bin/supervisord"),
        [
            "/opt/venv/etc/supervisord.conf",
            "/opt/venv/supervisord.conf",
            "supervisord.conf",
            "etc/supervisord.conf",
            "/etc/supervisord.conf",
            "/etc/supervisor/supervisord.conf",
        ]
    );
    let system = Pretended::new().file("etc/supervisord.conf", "").file("/etc/supervisord.conf", "");
    assert_eq!(find_config(&system, "bin/supervisord").as_deref(), Ok("etc/supervisord.conf"));
    let error = find_config(&Pretended::new(), "/usr/bin/supervisord").unwrap_err();
    assert_eq!(
        error.to_string(),
        "No config file found at default paths (/usr/etc/supervisord.conf, /usr/supervisord.conf, \
         supervisord.conf, etc/supervisord.conf, /etc/supervisord.conf, /etc/supervisor/supervisord.conf); \
         use the -c option to specify a config file at a different path"
    );
}

#[test]
fn the_client_has_defaults_without_a_file() {
    let client = read_client(&Pretended::new(), None, &Overrides::default()).unwrap();
    assert_eq!(client.server_url, "http://localhost:9001");
    assert_eq!(client.prompt, "supervisor");
    assert_eq!((client.username, client.password, client.history_file), (None, None, None));
    assert!(client.plugins.is_empty());
}

#[test]
fn the_client_reads_its_section_and_its_plug_ins() {
    let text = "[supervisorctl]\nserverurl=unix://%(here)s/../a.sock\nusername=%(ENV_HOME)s\npassword=p\n\
                prompt=me\nhistory_file=~/h\n[ctlplugin:x]\nsupervisor.ctl_factory=a.b:c\nDepth=1\n";
    let system = Pretended::new().file(FILE, text);
    let client = read_client(&system, Some(FILE), &Overrides::default()).unwrap();
    assert_eq!(client.server_url, "unix:///etc/a.sock");
    assert_eq!(client.username.as_deref(), Some("/home/user"));
    assert_eq!(client.history_file.as_deref(), Some("/home/user/h"));
    assert_eq!(client.plugins[0].factory, "a.b:c");
    assert_eq!(client.plugins[0].options, [("depth".to_owned(), "1".to_owned())]);

    let mut overrides = Overrides::default();
    for option in Program::Supervisorctl.options() {
        if let Action::Set(spec) = option.action {
            match spec.name {
                "serverurl" => overrides.set(spec, "unix://relative.sock"),
                "history_file" => overrides.set(spec, "other"),
                _ => {}
            }
        }
    }
    let client = read_client(&system, Some(FILE), &overrides).unwrap();
    assert_eq!(client.server_url, "unix://relative.sock");
    assert_eq!(client.history_file.as_deref(), Some("/etc/app/other"));
}

#[test]
fn the_client_refuses_what_the_original_refuses() {
    let message = |text: &str| {
        let system = Pretended::new().file(FILE, text);
        read_client(&system, Some(FILE), &Overrides::default()).unwrap_err().to_string()
    };
    assert_eq!(message("[supervisord]\n"), ".ini file does not include supervisorctl section");
    assert_eq!(
        message("[supervisorctl]\n[ctlplugin:x]\n"),
        "section [ctlplugin:x] does not specify a supervisor.ctl_factory"
    );
    assert!(message("[supervisorctl]\nprompt=%(here)s\n").starts_with("Format string '%(here)s' for"));
}

fn fcgi_socket(lines: &str) -> Result<FcgiSocketSettings, String> {
    let text = format!("[supervisord]\n[fcgi-program:x]\ncommand=y\n{lines}\n");
    let settings = read_text(&text).map_err(|error| error.to_string())?;
    Ok(settings.groups[0].processes[0].fcgi_socket.clone().unwrap())
}

#[test]
fn a_fastcgi_program_in_a_group_keeps_its_socket() {
    let settings = read_text(
        "[supervisord]\n[group:g]\nprograms=php,web\n[program:web]\ncommand=z\n\
         [fcgi-program:php]\ncommand=y\nsocket=unix:///tmp/%(program_name)s.sock\nnumprocs=2\n\
         process_name=%(program_name)s-%(process_num)d\n",
    )
    .unwrap();
    let [group] = settings.groups.as_slice() else { panic!("one group") };
    let sockets: Vec<_> =
        group.processes.iter().map(|process| (process.name.as_str(), process.fcgi_socket.clone())).collect();
    let address = FcgiAddress::Unix { path: "/tmp/php.sock".into(), owner: None, mode: 0o700 };
    let socket = Some(FcgiSocketSettings { address, backlog: None });
    assert_eq!(sockets, [("php-0", socket.clone()), ("php-1", socket), ("web", None)]);
}

#[test]
fn the_user_of_a_fastcgi_program_owns_its_socket_where_that_is_another() {
    let owner = |lines: &str| match fcgi_socket(&format!("socket=unix:///tmp/s\n{lines}")).unwrap().address {
        FcgiAddress::Unix { owner, .. } => owner,
        FcgiAddress::Tcp { .. } => panic!("a unix socket"),
    };
    // The pretended machine is used by number 1000.
    assert_eq!(owner("user=web"), None);
    assert_eq!(owner("user=0"), Some((0, 0)));
    assert_eq!(owner("user=0\nsocket_owner=web:web"), Some((1000, 1000)));
}

#[test]
fn a_plugin_may_bring_types_of_events_of_its_own() {
    let listener = "[supervisord]\n[eventlistener:x]\ncommand=y\nevents=mine, TICK_5,tick_5\n";
    assert_eq!(
        read_text(listener).unwrap_err().to_string(),
        "Unknown event type MINE in [eventlistener:x] events"
    );
    let plugin = "[rpcinterface:own]\nsupervisor.rpcinterface_factory=own:make\n";
    let settings = read_text(&format!("{listener}{plugin}")).unwrap();
    assert_eq!(settings.groups[0].listener.as_ref().unwrap().events, ["MINE", "TICK_5"]);
}
