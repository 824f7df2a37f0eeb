//! The option table: every option of every section, once.
//!
//! Parsing and defaults ([`super::read()`]), the command lines and their help, the sample configuration
//! ([`sample::sample_configuration`]) and `docs/configuration.md` ([`document::configuration_document`]) are all
//! fed from it. Options and defaults are those of parity 2, their order is the one people know from
//! the sample.

pub mod command_line;
pub mod document;
mod program_sections;
pub mod sample;
mod server_sections;

/// A kind of section.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SectionKind {
    /// `[unix_http_server]`, and every section whose name begins so.
    UnixHttpServer,
    /// `[inet_http_server]`, and every section whose name begins so.
    InetHttpServer,
    /// `[supervisord]`
    Supervisord,
    /// `[rpcinterface:x]`
    RpcInterface,
    /// `[supervisorctl]`
    Supervisorctl,
    /// `[ctlplugin:x]`
    CtlPlugin,
    /// `[program:x]`
    Program,
    /// `[eventlistener:x]`
    EventListener,
    /// `[fcgi-program:x]`
    FcgiProgram,
    /// `[group:x]`
    Group,
    /// `[include]`
    Include,
}

/// What the text of a value must be; `datatypes` has the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueType {
    /// Any text.
    Text,
    /// A whole number.
    Integer,
    /// yes/true/on/1 or no/false/off/0.
    Boolean,
    /// A number of bytes with an optional unit.
    ByteSize,
    /// An octal number.
    Octal,
    /// A path, made absolute.
    Path,
    /// A directory that exists.
    ExistingDirectory,
    /// A path in a directory that exists.
    ExistingDirectoryPath,
    /// A path in a directory that exists, or one of the special names of a log.
    LogTarget,
    /// A log level.
    LogLevel,
    /// A signal.
    Signal,
    /// A list of exit codes.
    ExitCodes,
    /// A user.
    User,
    /// A user, with a group where wanted.
    UserAndGroup,
    /// A port, with a host where wanted.
    InetAddress,
    /// `KEY="value"` pairs.
    KeyValueList,
    /// A URL.
    Url,
    /// false, unexpected or true.
    Autorestart,
    /// A name without space, colon or slash.
    Name,
    /// Texts separated by commas.
    ListOfStrings,
    /// File patterns separated by white space.
    Patterns,
    /// `module:attribute` of Python code.
    ImportSpec,
    /// `tcp://host:port` or `unix:///path`.
    FcgiSocket,
}

impl ValueType {
    /// How the documentation names it.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "integer",
            Self::Boolean => "boolean",
            Self::ByteSize => "byte size",
            Self::Octal => "octal number",
            Self::Path => "path",
            Self::ExistingDirectory => "existing directory",
            Self::ExistingDirectoryPath => "path in an existing directory",
            Self::LogTarget => "log file, `NONE`, `AUTO` or `syslog`",
            Self::LogLevel => "log level",
            Self::Signal => "signal",
            Self::ExitCodes => "list of exit codes",
            Self::User => "user",
            Self::UserAndGroup => "user or user:group",
            Self::InetAddress => "port or host:port",
            Self::KeyValueList => "list of `KEY=\"value\"`",
            Self::Url => "URL",
            Self::Autorestart => "`false`, `unexpected` or `true`",
            Self::Name => "name",
            Self::ListOfStrings => "list of names",
            Self::Patterns => "file patterns",
            Self::ImportSpec => "`module:attribute`",
            Self::FcgiSocket => "`tcp://host:port` or `unix:///path`",
        }
    }
}

impl ValueType {
    /// What texts it accepts, for the documentation.
    #[must_use]
    pub fn accepts(self) -> &'static str {
        match self {
            Self::Text => "any text",
            Self::Integer => "a whole number as Python's `int()` reads it, negative ones too",
            Self::Boolean => "`yes`, `true`, `on`, `1` or `no`, `false`, `off`, `0`, in any case",
            Self::ByteSize => "a whole number, with `KB`, `MB` or `GB` (of 1024) behind it where wanted",
            Self::Octal => "a number in octal digits",
            Self::Path => "a path; `~` is expanded, and a relative one is made absolute",
            Self::ExistingDirectory => "a directory that exists; `~` is expanded",
            Self::ExistingDirectoryPath => {
                "a path whose directory exists, or a bare file name; `~` is expanded"
            }
            Self::LogTarget => {
                "a path whose directory exists, or one of these words in any case; `OFF` is `NONE`"
            }
            Self::LogLevel => "`critical`, `error`, `warn`, `info`, `debug`, `trace` or `blather`",
            Self::Signal => "a signal by its number or its name, with or without `SIG`",
            Self::ExitCodes => "numbers from 0 to 255 with commas between; empty for none",
            Self::User => "the name or the number of a user that exists",
            Self::UserAndGroup => "a user, and a group behind a colon where wanted; both must exist",
            Self::InetAddress => "`port`, `host:port`, `*:port` or `:port`, with a port from 1 to 65535",
            Self::KeyValueList => {
                "`NAME=value` with commas between; quotes, as in a shell, around what is no word"
            }
            Self::Url => "a URL with a scheme and a host or a path",
            Self::Autorestart => "these words, or any truth value",
            Self::Name => "a text without space, colon and slash",
            Self::ListOfStrings => "names with commas between",
            Self::Patterns => {
                "patterns with `*`, `?` and `[…]`, with white space between, for files or folders"
            }
            Self::ImportSpec => "the name of a Python module, a colon, and the name of something in it",
            Self::FcgiSocket => "these forms, the path absolute and the port from 1 to 65535",
        }
    }

    /// What is said to a wrong value where that depends on the machine or the section.
    #[must_use]
    pub fn refuses(self) -> Option<&'static str> {
        match self {
            Self::ExistingDirectory => Some("`/nope`: `/nope is not an existing directory`"),
            Self::ExistingDirectoryPath | Self::LogTarget => {
                Some("`/nope/x`: `The directory named as part of the path /nope/x does not exist`")
            }
            Self::User => Some("`ghost`: `Invalid user name ghost`"),
            Self::UserAndGroup => Some("`ghost`: `Invalid sockchown value ghost`"),
            Self::FcgiSocket => Some("`udp://x`: `('Bad socket format %s', 'udp://x')`"),
            _ => None,
        }
    }
}

/// What holds when an option is not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Default {
    /// It must be given.
    Required,
    /// Nothing.
    Unset,
    /// This text, read like a given one.
    Text(&'static str),
    /// The folder for temporary files.
    TemporaryDirectory,
    /// The value of another option of the section.
    SameAs(&'static str),
}

/// Which `%(name)s` a value may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sees {
    /// `ENV_X`
    Environment,
    /// … and `here`.
    Here,
    /// … and `host_node_name`.
    Host,
    /// `ENV_X`, `here` and `program_name`.
    ProgramName,
    /// All of these, and `group_name`.
    Program,
    /// … and `process_num`, `numprocs`, and `ENV_X` of the program's own `environment`.
    Process,
}

impl Sees {
    /// How the documentation names it.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Environment => "`ENV_X`",
            Self::Here => "`ENV_X`, `here`",
            Self::Host => "`ENV_X`, `here`, `host_node_name`",
            Self::ProgramName => "`ENV_X`, `here`, `program_name`",
            Self::Program => "`ENV_X`, `here`, `host_node_name`, `program_name`, `group_name`",
            Self::Process => {
                "`ENV_X`, `here`, `host_node_name`, `program_name`, `group_name`, `process_num`, `numprocs`"
            }
        }
    }
}

/// How the sample configuration shows an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sample {
    /// Not at all.
    Hidden,
    /// As a comment.
    Commented(&'static str),
    /// In force.
    Active(&'static str),
}

/// An option's form on a command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Switch {
    /// Its letter.
    pub short: Option<char>,
    /// Its long name.
    pub long: Option<&'static str>,
    /// What its argument is called; `None` for a flag.
    pub argument: Option<&'static str>,
}

/// One option of one kind of section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OptionSpec {
    /// Its name, in lower case.
    pub name: &'static str,
    /// What its text must be.
    pub value_type: ValueType,
    /// What holds without it.
    pub default: Default,
    /// What it does, in one or two sentences.
    pub meaning: &'static str,
    /// Which names its value may use.
    pub sees: Sees,
    /// How the sample configuration shows it.
    pub sample: Sample,
    /// Its form on the command line of the program that reads the section.
    pub switch: Option<Switch>,
    /// What else is refused besides texts that its type refuses; may be empty.
    pub refused: &'static str,
    /// Whether the original does not know it; the sample then shows it at the end.
    pub is_new: bool,
}

impl OptionSpec {
    const fn new(name: &'static str, value_type: ValueType, default: Default, meaning: &'static str) -> Self {
        Self {
            name,
            value_type,
            default,
            meaning,
            sees: Sees::Here,
            sample: Sample::Hidden,
            switch: None,
            refused: "",
            is_new: false,
        }
    }

    const fn sees(self, sees: Sees) -> Self {
        Self { sees, ..self }
    }

    const fn active(self, text: &'static str) -> Self {
        Self { sample: Sample::Active(text), ..self }
    }

    const fn commented(self, text: &'static str) -> Self {
        Self { sample: Sample::Commented(text), ..self }
    }

    const fn refused(self, refused: &'static str) -> Self {
        Self { refused, ..self }
    }

    const fn takes(self, short: char, long: &'static str, argument: &'static str) -> Self {
        Self {
            switch: Some(Switch { short: Some(short), long: Some(long), argument: Some(argument) }),
            ..self
        }
    }

    const fn flag(self, short: char, long: &'static str) -> Self {
        Self { switch: Some(Switch { short: Some(short), long: Some(long), argument: None }), ..self }
    }

    const fn takes_long(self, long: &'static str, argument: &'static str) -> Self {
        Self { switch: Some(Switch { short: None, long: Some(long), argument: Some(argument) }), ..self }
    }
}

/// One kind of section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SectionSpec {
    /// Which kind.
    pub kind: SectionKind,
    /// How its name begins; the whole name for sections without a part behind a colon.
    pub prefix: &'static str,
    /// The part behind the colon in the sample, empty for none.
    pub sample_name: &'static str,
    /// Whether the sample has the section in force, or as a comment, or not at all.
    pub sample: Sample,
    /// What the sample and the documentation say about it, one line each.
    pub introduction: &'static [&'static str],
    /// The kind whose options it has besides its own; an own option of the same name replaces one.
    pub base: Option<SectionKind>,
    /// Its own options.
    pub own_options: &'static [OptionSpec],
}

impl SectionSpec {
    /// The section of a kind.
    #[must_use]
    pub fn of(kind: SectionKind) -> &'static Self {
        SECTIONS.iter().find(|section| section.kind == kind).unwrap_or(&SECTIONS[0])
    }

    /// The kind of a section of this name; `None` for names that mean nothing here.
    #[must_use]
    pub fn named(section: &str) -> Option<&'static Self> {
        SECTIONS.iter().find(|spec| match spec.kind {
            // As in the original, any name that begins so is a server.
            SectionKind::UnixHttpServer | SectionKind::InetHttpServer => section.starts_with(spec.prefix),
            _ if spec.has_names() => section.starts_with(spec.prefix),
            _ => section == spec.prefix,
        })
    }

    /// Whether there may be many sections of the kind, each with a name behind the colon.
    #[must_use]
    pub fn has_names(&self) -> bool {
        self.prefix.ends_with(':')
    }

    /// Whether options beyond the known ones are passed on to Python code.
    #[must_use]
    pub fn takes_any_option(&self) -> bool {
        matches!(self.kind, SectionKind::RpcInterface | SectionKind::CtlPlugin)
    }

    /// The name shown in the sample and the documentation, without brackets.
    #[must_use]
    pub fn shown_name(&self) -> String {
        format!("{}{}", self.prefix, self.sample_name)
    }

    /// All its options: those of the base with its own in their places, then the own ones that the
    /// base does not have.
    #[must_use]
    pub fn options(&self) -> Vec<&'static OptionSpec> {
        let Some(base) = self.base else {
            return self.own_options.iter().collect();
        };
        let own = |name: &str| self.own_options.iter().find(|option| option.name == name);
        let inherited = Self::of(base).options();
        let added =
            self.own_options.iter().filter(|option| !inherited.iter().any(|old| old.name == option.name));
        // The options that make a section what it is stand before the many that all programs share.
        let (first, rest) = inherited.split_at(OPTIONS_BEFORE_OWN.min(inherited.len()));
        let in_place = |option: &&'static OptionSpec| own(option.name).unwrap_or(option);
        first.iter().map(in_place).chain(added).chain(rest.iter().map(in_place)).collect()
    }

    /// One of its options by name.
    #[must_use]
    pub fn option(&self, name: &str) -> Option<&'static OptionSpec> {
        let own = self.own_options.iter().find(|option| option.name == name);
        own.or_else(|| Self::of(self.base?).option(name))
    }
}

/// How many of a program's options (command, name, number) stand before the own ones of a kind that
/// is built on it.
const OPTIONS_BEFORE_OWN: usize = 4;

/// All kinds of sections, in the order of the sample.
pub static SECTIONS: [SectionSpec; 11] = [
    server_sections::UNIX_HTTP_SERVER,
    server_sections::INET_HTTP_SERVER,
    server_sections::SUPERVISORD,
    server_sections::RPC_INTERFACE,
    server_sections::SUPERVISORCTL,
    server_sections::CTL_PLUGIN,
    program_sections::PROGRAM,
    program_sections::EVENT_LISTENER,
    program_sections::FCGI_PROGRAM,
    program_sections::GROUP,
    program_sections::INCLUDE,
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{SECTIONS, SectionKind, SectionSpec};

    #[test]
    fn every_section_finds_itself_and_names_its_options_once() {
        for section in &SECTIONS {
            assert_eq!(SectionSpec::of(section.kind).prefix, section.prefix);
            let mut names = HashSet::new();
            for option in section.options() {
                assert!(names.insert(option.name), "{} twice in [{}]", option.name, section.prefix);
                assert_eq!(option.name, option.name.to_lowercase());
                assert!(option.meaning.ends_with('.'), "{}: a sentence", option.name);
                assert_eq!(section.option(option.name), Some(option));
            }
        }
    }

    #[test]
    fn a_listener_has_the_options_of_a_program_and_its_own() {
        let listener = SectionSpec::of(SectionKind::EventListener);
        let names: Vec<&str> = listener.options().iter().map(|option| option.name).collect();
        assert!(names.starts_with(&["command", "process_name", "numprocs", "numprocs_start", "events"]));
        assert!(names.contains(&"stopwaitsecs"));
    }
}
