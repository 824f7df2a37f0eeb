//! The sections of what is run: programs, listeners, groups, and the files that hold more of them.

use super::{Default, OptionSpec, Sample, SectionKind, SectionSpec, Sees, ValueType};
use crate::listener::DEFAULT_RESULT_HANDLER;

/// An option that is read once for all processes of the section.
const fn program(
    name: &'static str,
    value_type: ValueType,
    default: &'static str,
    meaning: &'static str,
) -> OptionSpec {
    OptionSpec::new(name, value_type, Default::Text(default), meaning).sees(Sees::Program)
}

/// An option that is read again for each process number.
const fn process(
    name: &'static str,
    value_type: ValueType,
    default: Default,
    meaning: &'static str,
) -> OptionSpec {
    OptionSpec::new(name, value_type, default, meaning).sees(Sees::Process)
}

const PRIORITY: OptionSpec = OptionSpec::new(
    "priority",
    ValueType::Integer,
    Default::Text("999"),
    "Lower numbers are started first and stopped last.",
)
.commented("999");

pub(super) const PROGRAM: SectionSpec = SectionSpec {
    kind: SectionKind::Program,
    prefix: "program:",
    sample_name: "myprogram",
    sample: Sample::Commented(""),
    introduction: &[
        "A program to run, and all options that such a section can have. Write one section of your own",
        "for each program.",
    ],
    base: None,
    own_options: &[
        process(
            "command",
            ValueType::Text,
            Default::Required,
            "What to run, with its arguments; found by PATH, without a shell.",
        )
        .commented("/usr/bin/myprogram --option"),
        process(
            "process_name",
            ValueType::Name,
            Default::Text("%(program_name)s"),
            "Name of the process; must use %(process_num)d when numprocs is above 1.",
        )
        .commented("%(program_name)s")
        .refused("without `%(process_num)` when `numprocs` is above 1"),
        program("numprocs", ValueType::Integer, "1", "Number of processes to run.").commented("1"),
        program("numprocs_start", ValueType::Integer, "0", "First value of process_num."),
        process(
            "directory",
            ValueType::Text,
            Default::Unset,
            "Folder to start in; the daemon's own without it.",
        )
        .commented("/srv/myprogram"),
        OptionSpec::new("umask", ValueType::Octal, Default::Unset, "File mask of the process.")
            .sees(Sees::Program)
            .commented("022"),
        // Read as the priority of its own group too, where it sees no more than a group's option.
        PRIORITY.sees(Sees::Program),
        program("autostart", ValueType::Boolean, "true", "Start together with the daemon.").commented("true"),
        program(
            "startsecs",
            ValueType::Integer,
            "1",
            "Seconds it must stay up to count as started; 0 for at once.",
        )
        .commented("1"),
        program(
            "startretries",
            ValueType::Integer,
            "3",
            "Further tries after a failed start before it is given up.",
        )
        .commented("3"),
        program(
            "autorestart",
            ValueType::Autorestart,
            "unexpected",
            "Start again after an exit: false, unexpected (code not among exitcodes) or true.",
        )
        .commented("unexpected"),
        program("exitcodes", ValueType::ExitCodes, "0", "Exit codes that are expected.").commented("0"),
        program("stopsignal", ValueType::Signal, "TERM", "Signal that asks it to stop.").commented("TERM"),
        program("stopwaitsecs", ValueType::Integer, "10", "Seconds to wait for its end before SIGKILL.")
            .commented("10"),
        program(
            "stopasgroup",
            ValueType::Boolean,
            "false",
            "Send the stop signal to its whole process group; turns killasgroup on.",
        )
        .commented("false"),
        OptionSpec::new(
            "killasgroup",
            ValueType::Boolean,
            Default::SameAs("stopasgroup"),
            "Send SIGKILL to its whole process group.",
        )
        .sees(Sees::Program)
        .commented("false")
        .refused("`false` with `stopasgroup=true`"),
        OptionSpec::new("user", ValueType::User, Default::Unset, "User to run as; needs root.")
            .sees(Sees::Program)
            .commented("nobody"),
        program("redirect_stderr", ValueType::Boolean, "false", "Join standard error to standard output.")
            .commented("false"),
        process(
            "stdout_logfile",
            ValueType::LogTarget,
            Default::Text("AUTO"),
            "Log of standard output: a path, NONE, or AUTO for a temporary file.",
        )
        .commented("AUTO"),
        process(
            "stdout_logfile_maxbytes",
            ValueType::ByteSize,
            Default::Text("50MB"),
            "Size at which that log is rotated; 0 for never.",
        )
        .commented("50MB"),
        process(
            "stdout_logfile_backups",
            ValueType::Integer,
            Default::Text("10"),
            "Rotated logs that are kept; 0 for none.",
        )
        .commented("10"),
        program(
            "stdout_capture_maxbytes",
            ValueType::ByteSize,
            "0",
            "Bytes kept between capture tags for events; 0 for no capture.",
        )
        .commented("0"),
        program("stdout_events_enabled", ValueType::Boolean, "false", "Emit an event for every write.")
            .commented("false"),
        process(
            "stdout_syslog",
            ValueType::Boolean,
            Default::Text("false"),
            "Copy standard output to the system log too.",
        )
        .commented("false"),
        process(
            "stderr_logfile",
            ValueType::LogTarget,
            Default::Text("AUTO"),
            "Log of standard error: a path, NONE, or AUTO for a temporary file.",
        )
        .commented("AUTO"),
        process(
            "stderr_logfile_maxbytes",
            ValueType::ByteSize,
            Default::Text("50MB"),
            "Size at which that log is rotated; 0 for never.",
        )
        .commented("50MB"),
        process(
            "stderr_logfile_backups",
            ValueType::Integer,
            Default::Text("10"),
            "Rotated logs that are kept; 0 for none.",
        )
        .commented("10"),
        program(
            "stderr_capture_maxbytes",
            ValueType::ByteSize,
            "0",
            "Bytes kept between capture tags for events; 0 for no capture.",
        )
        .commented("0"),
        program("stderr_events_enabled", ValueType::Boolean, "false", "Emit an event for every write.")
            .commented("false"),
        process(
            "stderr_syslog",
            ValueType::Boolean,
            Default::Text("false"),
            "Copy standard error to the system log too.",
        )
        .commented("false"),
        process(
            "environment",
            ValueType::KeyValueList,
            Default::Text(""),
            "Variables over those of the daemon's section.",
        )
        .commented("MODE=\"test\",PORT=\"80\""),
        program("serverurl", ValueType::Text, "AUTO", "SUPERVISOR_SERVER_URL of the process; AUTO finds it.")
            .commented("AUTO"),
    ],
};

pub(super) const EVENT_LISTENER: SectionSpec = SectionSpec {
    kind: SectionKind::EventListener,
    prefix: "eventlistener:",
    sample_name: "mylistener",
    sample: Sample::Commented(""),
    introduction: &[
        "A pool of processes that are told about events. It has the options of a program and some of its",
        "own.",
    ],
    base: Some(SectionKind::Program),
    own_options: &[
        OptionSpec::new(
            "events",
            ValueType::ListOfStrings,
            Default::Required,
            "Types of events to be told about.",
        )
        .commented("EVENT")
        .refused("an empty list; a type that nobody knows"),
        OptionSpec::new(
            "buffer_size",
            ValueType::Integer,
            Default::Text("10"),
            "Events kept while all listeners are busy.",
        )
        .commented("10")
        .refused("less than 1"),
        OptionSpec::new(
            "result_handler",
            ValueType::ImportSpec,
            Default::Text(DEFAULT_RESULT_HANDLER),
            "Python function that judges the answers.",
        ),
        OptionSpec::new(
            "priority",
            ValueType::Integer,
            Default::Text("-1"),
            "Lower numbers are started first and stopped last.",
        )
        .commented("-1"),
        OptionSpec::new(
            "redirect_stderr",
            ValueType::Boolean,
            Default::Text("false"),
            "Must stay false: standard output speaks the event protocol.",
        )
        .commented("false")
        .refused("`true`"),
        program("stdout_capture_maxbytes", ValueType::ByteSize, "0", "Without effect in a listener."),
        program("stderr_capture_maxbytes", ValueType::ByteSize, "0", "Bytes kept between capture tags."),
    ],
};

pub(super) const FCGI_PROGRAM: SectionSpec = SectionSpec {
    kind: SectionKind::FcgiProgram,
    prefix: "fcgi-program:",
    sample_name: "x",
    sample: Sample::Hidden,
    introduction: &["A FastCGI program: its processes share a listening socket as standard input."],
    base: Some(SectionKind::Program),
    own_options: &[
        OptionSpec::new("socket", ValueType::FcgiSocket, Default::Required, "The socket to share.")
            .sees(Sees::ProgramName),
        OptionSpec::new(
            "socket_backlog",
            ValueType::Integer,
            Default::Unset,
            "Length of the queue of connections, 1 to 65535; the system's longest without it.",
        )
        .refused("outside 1 to 65535"),
        OptionSpec::new(
            "socket_owner",
            ValueType::UserAndGroup,
            Default::Unset,
            "Owner of a unix socket; the user of the program without it.",
        )
        .refused("with a TCP socket"),
        OptionSpec::new(
            "socket_mode",
            ValueType::Octal,
            Default::Unset,
            "Permission bits of a unix socket; 0700 without it.",
        )
        .refused("with a TCP socket"),
        // The socket's owner depends on it, so it is read early, when the program's names are not known.
        OptionSpec::new(
            "user",
            ValueType::User,
            Default::Unset,
            "User to run as, and to own a unix socket; needs root.",
        )
        .commented("nobody"),
    ],
};

pub(super) const GROUP: SectionSpec = SectionSpec {
    kind: SectionKind::Group,
    prefix: "group:",
    sample_name: "mygroup",
    sample: Sample::Commented(""),
    introduction: &[
        "Programs that are started and stopped together; they are addressed as group:process then.",
    ],
    base: None,
    own_options: &[
        OptionSpec::new(
            "programs",
            ValueType::ListOfStrings,
            Default::Text(""),
            "Names of the sections of its programs, with commas between.",
        )
        .commented("one,two")
        .refused("a name without a section, or with a `program` and an `fcgi-program` section"),
        PRIORITY,
    ],
};

pub(super) const INCLUDE: SectionSpec = SectionSpec {
    kind: SectionKind::Include,
    prefix: "include",
    sample_name: "",
    sample: Sample::Commented(""),
    introduction: &[
        "More files to read. Patterns are relative to this file; an included file includes no others.",
    ],
    base: None,
    own_options: &[OptionSpec::new(
        "files",
        ValueType::Patterns,
        Default::Required,
        "File patterns, with white space between.",
    )
    .sees(Sees::Host)
    .commented("relative/directory/*.ini")],
};
