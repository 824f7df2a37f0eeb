//! The check of a configuration: what it finds, where, and what it leaves alone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod config_support;

use config_support::Pretended;
use supervisor_core::config::check::{Problem, Report, check_configuration};
use supervisor_core::config::{Overrides, Severity, read};

const FILE: &str = "/etc/app/supervisord.conf";

/// A machine with `sh` and the folders of a socket, and a file of these sections behind `[supervisord]`.
fn machine(text: &str) -> Pretended {
    let mut machine = Pretended::new().file("/bin/sh", "").file(FILE, &format!("[supervisord]\n{text}"));
    machine.folders.extend(["/dev", "/dev/fd"].map(str::to_owned));
    machine
}

fn check(text: &str) -> Report {
    check_configuration(&machine(text), FILE, &Overrides::default())
}

/// `line: error|warning: message` of every problem.
fn found(report: &Report) -> Vec<String> {
    let shown = |problem: &Problem| {
        let severity = if problem.severity == Severity::Error { "error" } else { "warning" };
        format!("{}: {severity}: {}", problem.line.unwrap_or_default(), problem.message)
    };
    report.problems.iter().map(shown).collect()
}

/// The text that a problem points at.
fn pointed_at(problem: &Problem) -> String {
    let source = problem.source.as_ref().unwrap();
    source.chars().skip(problem.column.unwrap() - 1).take(problem.length.unwrap()).collect()
}

#[test]
fn a_good_configuration_has_no_problems() {
    let report = check(
        "[program:a]\ncommand = sh -c 'date +%%s'\nstdout_logfile = /var/log/a.log\nstderr_logfile=NONE\n\
         [program:b]\ncommand = /bin/sh\nnumprocs = 2\nprocess_name = b%(process_num)d\n[group:g]\nprograms=a\n",
    );
    assert_eq!(found(&report), [""; 0]);
    assert!(report.starts);
}

#[test]
fn every_mistake_is_told_and_not_only_the_first() {
    let report = check(
        "minfds = many\nloglevel = loud\n[program:x]\ncommand = sh\nautostart = maybe\nstartsecs = 1.5\n\
         stdout_logfile = /nope/x.log\n[program:y]\nstopsignal = NO\n[unix_http_server]\n[group:g]\n\
         programs = q, x, r\n",
    );
    assert_eq!(
        found(&report),
        [
            "2: error: invalid literal for int() with base 10: 'many'",
            "3: error: bad logging level name 'loud'",
            "6: error: not a valid boolean value: 'maybe'",
            "7: error: invalid literal for int() with base 10: '1.5'",
            "8: error: The directory named as part of the path /nope/x.log does not exist",
            "9: error: program section program:y does not specify a command",
            "10: error: value 'NO' is not a valid signal name",
            "11: error: section [unix_http_server] has no file value",
            "13: error: [group:g] names unknown program or fcgi-program q",
            "13: error: [program:x] names unknown program or fcgi-program r",
        ]
    );
    assert!(!report.starts);
    let places: Vec<String> = report.problems.iter().map(pointed_at).collect();
    assert_eq!(
        places,
        ["many", "loud", "maybe", "1.5", "/nope/x.log", "[program:y]", "NO", "[unix_http_server]", "q", "r"]
    );
}

#[test]
fn the_first_error_is_the_one_that_the_daemon_refuses_to_start_for() {
    for text in ["umask=9\n", "[program:x]\ncommand=%(nope)s\n", "garbage\n", "[group:g]\nprograms=x\n"] {
        let report = check(text);
        let daemon = read(&machine(text), FILE, &Overrides::default());
        assert_eq!(report.starts, daemon.is_ok(), "{text}");
        let first = report.problems.iter().find(|problem| problem.severity == Severity::Error).unwrap();
        let daemon = daemon.unwrap_err();
        assert_eq!(first.line, daemon.line, "{text}");
        assert!(daemon.message.starts_with(&first.message) || text == "garbage\n", "{text}");
    }
}

#[test]
fn a_mistake_is_told_once_however_many_processes_have_it() {
    let report = check(
        "[program:x]\ncommand = %(oops)s\nnumprocs = 3\nprocess_name=%(process_num)d\n\
         stopasgroup = perhaps\n",
    );
    let messages = found(&report);
    assert_eq!(messages.len(), 2, "{messages:?}");
    assert!(messages[0].starts_with("3: error: Format string '%(oops)s' for 'program:x.command'"));
    assert_eq!(messages[1], "6: error: not a valid boolean value: 'perhaps'");
}

#[test]
fn lines_that_are_nothing_are_told_one_by_one() {
    let report = check("nothing\nminfds=5\n=x\n");
    let message =
        "error: neither a [section], nor an option with a value, nor the indented continuation of one";
    assert_eq!(found(&report), [format!("2: {message}"), format!("4: {message}")]);
    let system = Pretended::new().file(FILE, "\u{feff}[supervisord]\n[supervisord]\n");
    let report = check_configuration(&system, FILE, &Overrides::default());
    assert_eq!(found(&report), ["1: error: the file begins with a byte order mark, which must not be there"]);
}

#[test]
fn problems_of_included_files_have_their_file() {
    let system =
        machine("[include]\nfiles = conf.d/*.conf none.conf\n[program:b]\ncommand = sh\nnumprocs = x\n")
            .file("/etc/app/conf.d/a.conf", "[program:a]\ncommand = nosuch\n");
    let report = check_configuration(&system, FILE, &Overrides::default());
    let places: Vec<(&str, Option<usize>)> =
        report.problems.iter().map(|problem| (problem.file.as_str(), problem.line)).collect();
    assert_eq!(places, [(FILE, Some(3)), (FILE, Some(6)), ("/etc/app/conf.d/a.conf", Some(2))]);
    assert_eq!(pointed_at(&report.problems[0]), "none.conf");
    assert_eq!(report.problems[2].message, "can't find command 'nosuch'");
}

#[test]
fn unknown_names_are_warned_of_with_the_name_that_was_meant() {
    let report = check(
        "logfle = a.log\n[program:x]\ncommand = sh\nComand = sh\nnodaemon = true\nmy_key = 1\n\
         [programs:y]\n[supervisorct]\n[Program]\n[rpcinterface:r]\nsupervisor.rpcinterface_factory=a:b\nany=1\n",
    );
    let found: Vec<(Option<usize>, Option<&str>)> =
        report.problems.iter().map(|problem| (problem.line, problem.help.as_deref())).collect();
    assert_eq!(
        found,
        [
            (Some(2), Some("did you mean logfile?")),
            (Some(5), Some("did you mean command?")),
            (Some(6), Some("nodaemon is an option of [supervisord]")),
            (Some(7), None),
            (Some(8), Some("did you mean [program:y]?")),
            (Some(9), Some("did you mean [supervisorctl]?")),
            (Some(10), Some("did you mean [program:name]?")),
        ]
    );
    assert!(report.starts);
    assert!(report.problems.iter().all(|problem| problem.severity == Severity::Warning));
    assert_eq!(pointed_at(&report.problems[1]), "Comand");
}

#[test]
fn quirks_are_warned_of() {
    let report = check(
        "logfile = /dev/stdout\n\
         [program:a]\ncommand = sh +%s\nstdout_logfile = /var/log/%%(process_num)s.log\n\
         [program:b]\ncommand = sh\nstdout_logfile = /dev/fd/1\nstderr_logfile = /var/log/0.log\n\
         [program:g]\ncommand = sh\nstdout_logfile_maxbytes = 0\n\
         [group:g]\nprograms = a\n[group:h]\nprograms = a\n",
    );
    assert_eq!(
        found(&report),
        [
            "2: warning: /dev/stdout is never rotated; the original Supervisor fails when it tries to",
            "4: warning: %s is taken for a directive and replaced by all names at once",
            "5: warning: stdout_logfile is expanded twice: what is left behind the first time counts again",
            "5: warning: /var/log/0.log is written by b:b (stderr_logfile) and by g:a (stdout_logfile)",
            "8: warning: /dev/fd/1 is never rotated; the original Supervisor fails when it tries to",
            "10: warning: For [program:g], AUTO logging used for stdout_logfile without rollover, set maxbytes > 0 \
             to avoid filling up filesystem unintentionally",
            "10: warning: [program:g] has the name of [group:g]: only one of the two is run",
            "16: warning: [program:a] is in [group:g] too and runs twice",
        ]
    );
    assert!(report.starts);
}

#[test]
fn an_error_that_comes_of_a_quirk_says_how_to_write_it() {
    let help = |text: &str| check(text).problems[0].help.clone().unwrap();
    assert_eq!(help("[program:a]\ncommand = sh +%y\n"), "write %% for a percent sign");
    assert!(help("[program:a]\ncommand=sh\nstdout_logfile=/var/log/%%y\n").contains("write %%%%"));
    assert!(help("[program:a]\ncommand = sh -c 'a ; b'\n").contains("begins a comment"));
    assert_eq!(help("minfds = x\n"), "minfds takes: integer; 1024 without it");
}

#[test]
fn what_the_machine_lacks_is_told() {
    let report = check(
        "user = 0\n[unix_http_server]\nfile = /nope/s.sock\n[program:a]\ncommand = nosuch 'x\n\
         [program:b]\ncommand = nosuch\ndirectory = /srv/b\nenvironment = PATH=\"/nowhere\"\n\
         [program:c]\ncommand = sh\nenvironment = PATH=\"/nowhere\"\n",
    );
    assert_eq!(
        found(&report),
        [
            "2: warning: only root can run something as another user",
            "4: error: the folder /nope of the socket does not exist",
            "6: warning: can't parse command \"nosuch 'x\": No closing quotation",
            "8: warning: can't find command 'nosuch'",
            "9: warning: the folder /srv/b does not exist",
            "12: warning: can't find command 'sh'",
        ]
    );
    assert!(!report.starts);
}

#[test]
fn mistakes_that_only_the_client_meets_are_warnings() {
    let report = check("[supervisorctl]\nprompt = %(nope)s\n[ctlplugin:x]\n");
    let messages = found(&report);
    assert_eq!(messages.len(), 2, "{messages:?}");
    assert!(messages[0].starts_with("3: warning: Format string '%(nope)s' for 'supervisorctl.prompt'"));
    assert_eq!(messages[1], "4: warning: section [ctlplugin:x] does not specify a supervisor.ctl_factory");
    assert!(report.starts);
}

#[test]
fn files_that_cannot_be_read_and_a_missing_section_are_errors() {
    let report = check_configuration(&Pretended::new(), "/nope.conf", &Overrides::default());
    assert_eq!(found(&report), ["0: error: could not find config file /nope.conf"]);
    let system = Pretended::new().file(FILE, "[program:x]\ncommand=a\n");
    let report = check_configuration(&system, FILE, &Overrides::default());
    assert_eq!(found(&report), ["0: error: .ini file does not include supervisord section"]);
    assert!(!report.starts);
}

#[test]
fn listeners_and_fcgi_programs_are_checked_to_their_last_option() {
    let report = check(
        "[eventlistener:l]\ncommand = sh\nevents = TICK_5, tick_6, EVENT, NO\nbuffer_size = 0\n\
         redirect_stderr = true\nautostart = x\n[fcgi-program:f]\ncommand = sh\nsocket = tcp://h\n\
         socket_backlog = 0\nsocket_owner = ghost\n[fcgi-program:g]\ncommand = sh\n\
         socket = unix:///nope/f.sock\n",
    );
    let lines: Vec<(Option<usize>, String)> =
        report.problems.iter().map(|problem| (problem.line, pointed_at(problem))).collect();
    let expected = [
        (4, "tick_6"),
        (4, "NO"),
        (5, "0"),
        (6, "true"),
        (7, "x"),
        (10, "tcp://h"),
        (11, "0"),
        (12, "ghost"),
        (15, "unix:///nope/f.sock"),
    ];
    assert_eq!(lines, expected.map(|(line, text)| (Some(line), text.to_owned())), "{:?}", found(&report));
    assert!(report.problems.iter().all(|problem| problem.severity == Severity::Error));
}
