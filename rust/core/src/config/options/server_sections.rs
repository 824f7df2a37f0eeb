//! The sections of the daemon itself: HTTP servers, `[supervisord]`, RPC interfaces, and the client's.

use super::{Default, OptionSpec, Sample, SectionKind, SectionSpec, Sees, ValueType};

const fn username(meaning: &'static str, sample: &'static str) -> OptionSpec {
    OptionSpec::new("username", ValueType::Text, Default::Unset, meaning)
        .sees(Sees::Environment)
        .commented(sample)
}

const fn password(meaning: &'static str) -> OptionSpec {
    OptionSpec::new("password", ValueType::Text, Default::Unset, meaning)
        .sees(Sees::Environment)
        .commented("123")
}

const SERVER_USERNAME: OptionSpec =
    username("Name that clients must give; without one anybody may connect.", "user")
        .refused("without a password");
const SERVER_PASSWORD: OptionSpec =
    password("Password that clients must give, in clear or as {SHA} with the hexadecimal SHA-1 behind it.")
        .refused("without a username");
const ALLOW_GET_ACTIONS: OptionSpec = OptionSpec::new(
    "allow_get_actions",
    ValueType::Boolean,
    Default::Text("false"),
    "Let browsers start and stop programs by a mere link, as the original does; any web page can hold such a link.",
)
.sees(Sees::Environment);

pub(super) const UNIX_HTTP_SERVER: SectionSpec = SectionSpec {
    kind: SectionKind::UnixHttpServer,
    prefix: "unix_http_server",
    sample_name: "",
    sample: Sample::Active(""),
    introduction: &["The HTTP server on a unix socket, which supervisorctl uses on the same machine."],
    base: None,
    own_options: &[
        OptionSpec::new("file", ValueType::Path, Default::Required, "Path of the socket.")
            .active("/tmp/supervisor.sock"),
        OptionSpec::new("chmod", ValueType::Octal, Default::Text("0700"), "Permission bits of the socket.")
            .sees(Sees::Environment)
            .commented("0700"),
        OptionSpec::new(
            "chown",
            ValueType::UserAndGroup,
            Default::Unset,
            "Owner of the socket; unchanged without it.",
        )
        .sees(Sees::Environment)
        .commented("root:staff"),
        SERVER_USERNAME,
        SERVER_PASSWORD,
        ALLOW_GET_ACTIONS,
    ],
};

pub(super) const INET_HTTP_SERVER: SectionSpec = SectionSpec {
    kind: SectionKind::InetHttpServer,
    prefix: "inet_http_server",
    sample_name: "",
    sample: Sample::Commented(""),
    introduction: &[
        "The HTTP server on a TCP port, off unless this section is there. Whoever reaches the port and",
        "knows the password (or any client, without one) can start and stop programs, and nothing is",
        "encrypted: keep it on the loopback address or in a network that you trust.",
    ],
    base: None,
    own_options: &[
        OptionSpec::new(
            "port",
            ValueType::InetAddress,
            Default::Required,
            "Address and port to listen on; *:port for all addresses.",
        )
        .sees(Sees::Environment)
        .commented("127.0.0.1:9001"),
        SERVER_USERNAME,
        SERVER_PASSWORD,
        ALLOW_GET_ACTIONS,
    ],
};

pub(super) const SUPERVISORD: SectionSpec = SectionSpec {
    kind: SectionKind::Supervisord,
    prefix: "supervisord",
    sample_name: "",
    sample: Sample::Active(""),
    introduction: &["The daemon itself. This section must be there, but may be empty."],
    base: None,
    own_options: &[
        OptionSpec::new(
            "logfile",
            ValueType::ExistingDirectoryPath,
            Default::Text("supervisord.log"),
            "Main log, or syslog.",
        )
        .active("/tmp/supervisord.log")
        .takes('l', "logfile", "FILENAME"),
        OptionSpec::new(
            "logfile_maxbytes",
            ValueType::ByteSize,
            Default::Text("50MB"),
            "Size at which the main log is rotated; 0 for never.",
        )
        .active("50MB")
        .takes('y', "logfile_maxbytes", "BYTES"),
        OptionSpec::new(
            "logfile_backups",
            ValueType::Integer,
            Default::Text("10"),
            "Rotated main logs that are kept; 0 for none.",
        )
        .active("10")
        .takes('z', "logfile_backups", "NUM"),
        OptionSpec::new(
            "loglevel",
            ValueType::LogLevel,
            Default::Text("info"),
            "Least level that is logged: critical, error, warn, info, debug, trace or blather.",
        )
        .active("info")
        .takes('e', "loglevel", "LEVEL"),
        OptionSpec::new(
            "pidfile",
            ValueType::ExistingDirectoryPath,
            Default::Text("supervisord.pid"),
            "File that the daemon writes its process id to.",
        )
        .active("/tmp/supervisord.pid")
        .takes('j', "pidfile", "FILENAME"),
        OptionSpec::new("nodaemon", ValueType::Boolean, Default::Text("false"), "Stay in the foreground.")
            .active("false")
            .flag('n', "nodaemon"),
        OptionSpec::new(
            "silent",
            ValueType::Boolean,
            Default::Text("false"),
            "In the foreground, do not copy the main log to standard output.",
        )
        .active("false")
        .flag('s', "silent"),
        OptionSpec::new(
            "minfds",
            ValueType::Integer,
            Default::Text("1024"),
            "File descriptors that must be available at start.",
        )
        .active("1024")
        .takes('a', "minfds", "NUM"),
        OptionSpec::new(
            "minprocs",
            ValueType::Integer,
            Default::Text("200"),
            "Processes that must be available at start.",
        )
        .active("200")
        .takes_long("minprocs", "NUM"),
        OptionSpec::new("umask", ValueType::Octal, Default::Text("022"), "File mask of the daemon.")
            .commented("022")
            .takes('m', "umask", "UMASK"),
        OptionSpec::new(
            "user",
            ValueType::User,
            Default::Unset,
            "User to become at start, by name or number; needs root.",
        )
        .commented("nobody")
        .takes('u', "user", "USER"),
        OptionSpec::new(
            "identifier",
            ValueType::Text,
            Default::Text("supervisor"),
            "Name of this daemon towards clients and listeners.",
        )
        .commented("supervisor")
        .takes('i', "identifier", "STR"),
        OptionSpec::new(
            "directory",
            ValueType::ExistingDirectory,
            Default::Unset,
            "Folder to change to when going to the background.",
        )
        .commented("/")
        .takes('d', "directory", "DIRECTORY"),
        OptionSpec::new(
            "nocleanup",
            ValueType::Boolean,
            Default::Text("false"),
            "Keep the automatic child logs of earlier runs.",
        )
        .commented("false")
        .flag('k', "nocleanup"),
        OptionSpec::new(
            "childlogdir",
            ValueType::ExistingDirectory,
            Default::TemporaryDirectory,
            "Folder of automatic child logs.",
        )
        .commented("/tmp")
        .takes('q', "childlogdir", "DIRECTORY"),
        OptionSpec::new(
            "environment",
            ValueType::KeyValueList,
            Default::Text(""),
            "Variables for all programs, not for the daemon itself.",
        )
        .sees(Sees::Host)
        .commented("MODE=\"production\""),
        OptionSpec::new(
            "strip_ansi",
            ValueType::Boolean,
            Default::Text("false"),
            "Take terminal escape sequences out of child logs.",
        )
        .commented("false")
        .flag('t', "strip_ansi"),
    ],
};

/// The option that names the factory of an RPC interface.
pub(super) const RPC_INTERFACE: SectionSpec = SectionSpec {
    kind: SectionKind::RpcInterface,
    prefix: "rpcinterface:",
    sample_name: "supervisor",
    sample: Sample::Active(""),
    introduction: &[
        "supervisorctl and the web pages need the interface of this section. More sections of the kind",
        "add interfaces written in Python; their further options are passed to the factory.",
    ],
    base: None,
    own_options: &[OptionSpec::new(
        "supervisor.rpcinterface_factory",
        ValueType::ImportSpec,
        Default::Required,
        "Python function that makes the interface.",
    )
    .sees(Sees::Environment)
    .active("supervisor.rpcinterface:make_main_rpcinterface")],
};

pub(super) const SUPERVISORCTL: SectionSpec = SectionSpec {
    kind: SectionKind::Supervisorctl,
    prefix: "supervisorctl",
    sample_name: "",
    sample: Sample::Active(""),
    introduction: &["How supervisorctl reaches the daemon: by one of the HTTP servers above."],
    base: None,
    own_options: &[
        OptionSpec::new(
            "serverurl",
            ValueType::Url,
            Default::Text("http://localhost:9001"),
            "Where the daemon listens: unix://path or http://host:port.",
        )
        .active("unix:///tmp/supervisor.sock")
        .takes('s', "serverurl", "URL"),
        username("Name to log in with, as set for the server.", "admin").takes('u', "username", "USERNAME"),
        password("Password to log in with, in clear.").takes('p', "password", "PASSWORD"),
        OptionSpec::new("prompt", ValueType::Text, Default::Text("supervisor"), "Prompt of the shell.")
            .sees(Sees::Environment)
            .commented("myhost"),
        OptionSpec::new(
            "history_file",
            ValueType::Path,
            Default::Unset,
            "File that keeps the history of the shell.",
        )
        .commented("~/.supervisorctl_history")
        .takes('r', "history_file", "FILENAME"),
    ],
};

pub(super) const CTL_PLUGIN: SectionSpec = SectionSpec {
    kind: SectionKind::CtlPlugin,
    prefix: "ctlplugin:",
    sample_name: "x",
    sample: Sample::Hidden,
    introduction: &[
        "Python code that adds commands to supervisorctl; further options are passed to the factory.",
    ],
    base: None,
    own_options: &[OptionSpec::new(
        "supervisor.ctl_factory",
        ValueType::ImportSpec,
        Default::Required,
        "Python function that makes the plug-in.",
    )
    .sees(Sees::Environment)],
};
