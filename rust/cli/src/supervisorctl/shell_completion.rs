//! What bash, zsh and fish need to complete the command line of `supervisorctl`, made from the tables of
//! commands and options. The files stand in `packaging/completions`; a test compares them.

use supervisor_core::config::options::command_line::{CommandLineOption, Program};

use super::command::{COMMANDS, Command, CommandOption, Completes, OptionValue};

/// Says in each file where it comes from.
const ORIGIN: &str = "\
# Completion of supervisorctl, made from its table of commands. To write it anew:
# UPDATE_SUPERVISORCTL_PAGES=1 cargo test -p supervisor-cli --test supervisorctl_pages
";

/// The names of what `status` shows, each on a line, as awk programs: of processes, with `group:*`, and of groups.
/// A line of another kind, such as that there is no server, has no state in its second column.
const PROCESSES: &str = r#"$2 ~ /^[A-Z]+$/ { print $1; if (sub(/:.*/, ":*", $1) && !seen[$1]++) print $1 }"#;
const GROUPS: &str = r#"$2 ~ /^[A-Z]+$/ { sub(/:.*/, "", $1); if (!seen[$1]++) print $1 }"#;

/// The file for bash.
#[must_use]
pub fn bash() -> String {
    let arms: String = commands()
        .filter(|command| command.completes != Completes::Commands)
        .map(|command| {
            let options: Vec<_> = command.options.iter().map(|option| option.name).collect();
            format!(
                "    {}) options='{}' names={} ;;\n",
                command.name,
                options.join(" "),
                names_of(command).unwrap_or("''")
            )
        })
        .collect();
    let values: String = command_options()
        .filter_map(|option| match option.value {
            OptionValue::None => None,
            OptionValue::OneOf(words) => {
                Some(format!("    {}) choices='{}' ;;\n", option.name, words.join(" ")))
            }
            OptionValue::Seconds => Some(format!("    {}) return ;;\n", option.name)),
        })
        .collect();
    let with_value = forms(|option| option.switch.argument.is_some()).join("|");
    let all_forms = forms(|_| true).join(" ");
    let all_commands = commands().map(|command| command.name).collect::<Vec<_>>().join(" ");
    format!(
        r#"{ORIGIN}
_supervisorctl() {{
    local line=${{COMP_LINE:0:COMP_POINT}}
    # Not the shell's own words: it divides them at colons, which names have.
    local current=${{line##*[[:space:]]}}
    local -a words=() server=()
    read -ra words <<<"${{line%"$current"}}"
    local command='' previous='' options='' names='' choices='' i
    local processes='{PROCESSES}'
    local groups='{GROUPS}'
    for ((i = 1; i < ${{#words[@]}}; i++)); do
        case ${{words[i]}} in
        {with_value}) server+=("${{words[i]}}" "${{words[i + 1]-}}") && ((++i)) ;;
        -*) ;;
        *) command=${{words[i]}} && break ;;
        esac
    done
    previous=${{words[${{#words[@]}} - 1]}}
    case $command in
    '')
        case $previous in
        -c|--configuration|-r|--history_file) COMPREPLY=($(compgen -f -- "$current")) && return ;;
        {with_value}) return ;;
        esac
        options='{all_forms}' choices='{all_commands}'
        ;;
    help) choices='{all_commands}' ;;
{arms}    *) return ;;
    esac
    [[ -n $command ]] && case $previous in
{values}    esac
    if [[ $current == -* ]]; then
        choices=$options
    elif [[ -z $choices && -n $names ]]; then
        choices="$("${{words[0]}}" "${{server[@]}}" status </dev/null 2>/dev/null | awk "${{!names}}") all"
    fi
    COMPREPLY=($(compgen -W "$choices" -- "$current"))
    # What stands before the last colon stays as it is.
    if [[ $current == *:* && $COMP_WORDBREAKS == *:* ]]; then
        COMPREPLY=("${{COMPREPLY[@]#"${{current%"${{current##*:}}"}}"}}")
    fi
}}
complete -F _supervisorctl supervisorctl
"#
    )
}

/// The file for zsh.
#[must_use]
pub fn zsh() -> String {
    let options: String = Program::Supervisorctl.options().iter().map(zsh_option).collect();
    let described: String = commands()
        .map(|command| format!("        '{}:{}'\n", command.name, zsh_quoted(summary(command))))
        .collect();
    let arms: String = commands()
        .filter(|command| names_of(command).is_some() || !command.options.is_empty())
        .map(|command| {
            let options: String = command
                .options
                .iter()
                .map(|option| {
                    let value = match option.value {
                        OptionValue::None => String::new(),
                        OptionValue::OneOf(words) => format!(":state:({})", words.join(" ")),
                        OptionValue::Seconds => ":seconds: ".to_owned(),
                    };
                    format!(" '{}[{}]{value}'", option.name, zsh_quoted(option.what))
                })
                .collect();
            let names = names_of(command).map(|names| format!(" '*:{names}:_supervisorctl_{names}'"));
            format!("    {}) _arguments :{options}{} ;;\n", command.name, names.unwrap_or_default())
        })
        .collect();
    format!(
        r#"#compdef supervisorctl
{ORIGIN}
_supervisorctl_names() {{
    local -a names=(${{(f)"$(supervisorctl $server status 2>/dev/null </dev/null | awk $1)"}} all)
    compadd -a names
}}

_supervisorctl_processes() {{
    _supervisorctl_names '{PROCESSES}'
}}

_supervisorctl_groups() {{
    _supervisorctl_names '{GROUPS}'
}}

_supervisorctl_commands() {{
    local -a commands=(
{described}    )
    _describe command commands
}}

_supervisorctl() {{
    local context state state_descr line option
    local -a server
    typeset -A opt_args
    _arguments -C \
{options}        '1:command:_supervisorctl_commands' \
        '*::argument:->argument'
    [[ $state == argument ]] || return
    for option in -c --configuration -s --serverurl -u --username -p --password; do
        (( ${{+opt_args[$option]}} )) && server+=($option ${{(Q)opt_args[$option]}})
    done
    case $words[1] in
    help) _supervisorctl_commands ;;
{arms}    esac
}}

_supervisorctl "$@"
"#
    )
}

/// The file for fish.
#[must_use]
pub fn fish() -> String {
    let with_value = forms(|option| option.switch.argument.is_some()).join(" ");
    let mut lines = format!(
        r#"{ORIGIN}
function __supervisorctl_status
    set -l words (commandline -opc)
    set -l server
    for i in (seq 2 (count $words))
        contains -- $words[$i] -c --configuration -s --serverurl -u --username -p --password
        and set server $server $words[$i] $words[(math $i + 1)]
    end
    supervisorctl $server status 2>/dev/null </dev/null
end

function __supervisorctl_command
    set -l words (commandline -opc)
    set -l is_value 0
    for word in $words[2..]
        if test $is_value = 1
            set is_value 0
        else if contains -- $word {with_value}
            set is_value 1
        else if not string match -q -- '-*' $word
            echo $word
            return
        end
    end
    return 1
end

function __supervisorctl_processes
    __supervisorctl_status | awk '{PROCESSES}'
end

function __supervisorctl_groups
    __supervisorctl_status | awk '{GROUPS}'
end

complete -c supervisorctl -f
"#
    );
    for option in Program::Supervisorctl.options() {
        let short = option.switch.short.map(|letter| format!(" -s '{letter}'")).unwrap_or_default();
        let long = option.switch.long.map(|long| format!(" -l {long}")).unwrap_or_default();
        let value = match option.switch.argument {
            Some("FILENAME") => " -r -F",
            Some(_) => " -x",
            None => "",
        };
        lines += &format!(
            "complete -c supervisorctl -n 'not __supervisorctl_command'{short}{long}{value} -d '{}'\n",
            fish_quoted(option.meaning)
        );
    }
    for command in commands() {
        let name = command.name;
        lines += &format!(
            "complete -c supervisorctl -n 'not __supervisorctl_command' -a {name} -d '{}'\n",
            fish_quoted(summary(command))
        );
        let behind =
            format!("complete -c supervisorctl -n '__supervisorctl_command | string match -q {name}'");
        match command.completes {
            Completes::Nothing => {}
            Completes::Commands => {
                let all: Vec<_> = commands().map(|command| command.name).collect();
                lines += &format!("{behind} -a '{}'\n", all.join(" "));
            }
            Completes::Groups => lines += &format!("{behind} -a '(__supervisorctl_groups) all'\n"),
            Completes::Processes => lines += &format!("{behind} -a '(__supervisorctl_processes) all'\n"),
        }
        for option in command.options {
            let value = match option.value {
                OptionValue::None => String::new(),
                OptionValue::OneOf(words) => format!(" -x -a '{}'", words.join(" ")),
                OptionValue::Seconds => " -x".to_owned(),
            };
            let long = option.name.trim_start_matches('-');
            lines += &format!("{behind} -l {long}{value} -d '{}'\n", fish_quoted(option.what));
        }
    }
    lines
}

/// The commands that are offered.
fn commands() -> impl Iterator<Item = &'static Command> {
    COMMANDS.iter().filter(|command| !command.help.is_empty())
}

/// The options of all commands.
fn command_options() -> impl Iterator<Item = &'static CommandOption> {
    commands().flat_map(|command| command.options)
}

/// What a command does: behind the tabs of its first line of help.
pub(super) fn summary(command: &Command) -> &'static str {
    command.help.iter().find_map(|line| line.rsplit_once('\t')).map_or("", |(_, what)| what)
}

/// Which names follow a command.
fn names_of(command: &Command) -> Option<&'static str> {
    match command.completes {
        Completes::Groups => Some("groups"),
        Completes::Processes => Some("processes"),
        Completes::Nothing | Completes::Commands => None,
    }
}

/// The ways to write the program's own options, of those that are wanted.
fn forms(wanted: impl Fn(&CommandLineOption) -> bool) -> Vec<String> {
    let options = Program::Supervisorctl.options();
    let both = |option: &CommandLineOption| {
        let short = option.switch.short.filter(|letter| *letter != '?').map(|letter| format!("-{letter}"));
        let long = option.switch.long.map(|long| format!("--{long}"));
        short.into_iter().chain(long)
    };
    options.iter().filter(|option| wanted(option)).flat_map(both).collect()
}

/// One of the program's own options, as `_arguments` wants it.
fn zsh_option(option: &CommandLineOption) -> String {
    let value = match option.switch.argument {
        Some("FILENAME") => ":file:_files".to_owned(),
        Some(argument) => format!(":{}: ", argument.to_lowercase()),
        None => String::new(),
    };
    let what = format!("[{}]{value}", zsh_quoted(option.meaning));
    match (option.switch.short.filter(|letter| *letter != '?'), option.switch.long) {
        (Some(short), Some(long)) => {
            format!("        '(-{short} --{long})'{{-{short},--{long}}}'{what}' \\\n")
        }
        (Some(short), None) => format!("        '-{short}{what}' \\\n"),
        (None, Some(long)) => format!("        '--{long}{what}' \\\n"),
        (None, None) => String::new(),
    }
}

/// Text inside of `'…[text]'` of zsh.
fn zsh_quoted(text: &str) -> String {
    text.replace('\'', "'\\''").replace('[', "\\[").replace(']', "\\]").replace(':', "\\:")
}

/// Text inside of `'…'` of fish.
fn fish_quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\'', "\\'")
}
