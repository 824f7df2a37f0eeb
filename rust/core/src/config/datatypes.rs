//! The value types of parity 1: what text they accept, and the original's words for what they refuse.
//!
//! Every function takes the text of a value and returns what it means or the message of the error.

use super::paths;
use super::settings::{Autorestart, LogLevel, LogTarget};
use super::system::System;
use crate::expand::{is_space, repr, strip};
use crate::signal::Signal;

const TRUE: [&str; 4] = ["yes", "true", "on", "1"];
const FALSE: [&str; 4] = ["no", "false", "off", "0"];

/// Names that mean "no log", and the two special log names.
const LOG_NONE: [&str; 2] = ["none", "off"];
const LOG_AUTOMATIC: &str = "auto";
const LOG_SYSLOG: &str = "syslog";

/// `-1` to the system call that changes an owner: leave it as it is.
pub const UNCHANGED_ID: u32 = u32::MAX;

/// Python's `int()` in a text's own words when it fails.
fn python_integer(text: &str) -> Result<i128, String> {
    crate::expand::integer(text, 10)
        .ok_or_else(|| format!("invalid literal for int() with base 10: {}", repr(text)))
}

/// A number brought into the range of the field that holds it; far beyond it only sizes differ that no
/// machine has.
pub(super) fn clamp<T: TryFrom<i128>>(value: i128, least: T, most: T) -> T {
    T::try_from(value).unwrap_or(if value < 0 { least } else { most })
}

/// A whole number.
///
/// # Errors
/// Python's text for what `int()` refuses.
pub fn integer(text: &str) -> Result<i64, String> {
    python_integer(text).map(|value| clamp(value, i64::MIN, i64::MAX))
}

/// A truth value in words or as 1 and 0.
///
/// # Errors
/// Any other text.
pub fn boolean(text: &str) -> Result<bool, String> {
    let lower = text.to_lowercase();
    match lower.as_str() {
        word if TRUE.contains(&word) => Ok(true),
        word if FALSE.contains(&word) => Ok(false),
        _ => Err(format!("not a valid boolean value: {}", repr(text))),
    }
}

/// A number of bytes, with KB, MB or GB behind it where wanted; negative ones count as 0.
///
/// # Errors
/// Python's text for the number without its unit.
pub fn byte_size(text: &str) -> Result<u64, String> {
    let lower = text.to_lowercase();
    let units = [("kb", 1_i128 << 10), ("mb", 1 << 20), ("gb", 1 << 30)];
    let (number, factor) = units
        .iter()
        .find_map(|(unit, factor)| Some((lower.strip_suffix(unit)?, *factor)))
        .unwrap_or((&lower, 1));
    python_integer(number).map(|value| clamp(value.saturating_mul(factor), 0, u64::MAX))
}

/// An octal number, of which the permission bits are kept.
///
/// # Errors
/// Text that Python's `int(text, 8)` refuses.
pub fn octal(text: &str) -> Result<u32, String> {
    let value = crate::expand::integer(text, 8)
        .ok_or_else(|| format!("{text} can not be converted to an octal type"))?;
    Ok(clamp(value & 0o7777, 0, 0o7777))
}

/// A directory that exists, with its home folder expanded.
///
/// # Errors
/// It does not exist.
pub fn existing_directory(text: &str, system: &dyn System) -> Result<String, String> {
    let expanded = paths::expanduser(system, text);
    if system.is_directory(&expanded) {
        Ok(expanded)
    } else {
        Err(format!("{text} is not an existing directory"))
    }
}

/// A path whose directory exists, with its home folder expanded; a bare name passes.
///
/// # Errors
/// The directory does not exist.
pub fn existing_directory_path(text: &str, system: &dyn System) -> Result<String, String> {
    let expanded = paths::expanduser(system, text);
    let folder = paths::dirname(&expanded);
    if folder.is_empty() || system.is_directory(folder) {
        Ok(expanded)
    } else {
        Err(format!("The directory named as part of the path {text} does not exist"))
    }
}

/// A log level by its long name.
///
/// # Errors
/// Any other name.
pub fn log_level(text: &str) -> Result<LogLevel, String> {
    match text.to_lowercase().as_str() {
        "critical" => Ok(LogLevel::Critical),
        "error" => Ok(LogLevel::Error),
        "warn" => Ok(LogLevel::Warn),
        "info" => Ok(LogLevel::Info),
        "debug" => Ok(LogLevel::Debug),
        "trace" => Ok(LogLevel::Trace),
        "blather" => Ok(LogLevel::Blather),
        _ => Err(format!("bad logging level name {}", repr(text))),
    }
}

/// Names in Python's `signal` module that are no signals but pass for one (traps 4).
const SIGNAL_LIKE: [(&str, i32); 5] =
    [("_DFL", 0), ("_IGN", 1), ("_BLOCK", 0), ("_UNBLOCK", 1), ("_SETMASK", 2)];

/// A signal by name, with or without `SIG` and in any case, or by number.
///
/// # Errors
/// A name or a number that Python's `signal` module does not know.
pub fn signal(text: &str) -> Result<Signal, String> {
    let real_time = [("RTMIN", libc::SIGRTMIN()), ("RTMAX", libc::SIGRTMAX())];
    let others = || SIGNAL_LIKE.iter().chain(&real_time);
    if let Ok(number) = python_integer(text) {
        let known = |signal: &Signal| signal.is_known() || others().any(|(_, number)| *number == signal.0);
        return i32::try_from(number)
            .ok()
            .map(Signal)
            .filter(known)
            .ok_or_else(|| format!("value {} is not a valid signal number", repr(text)));
    }
    let upper = strip(text).to_uppercase();
    let short = upper.strip_prefix("SIG").unwrap_or(&upper);
    Signal::from_name(short)
        .filter(|_| !short.starts_with("SIG"))
        .or_else(|| others().find(|(name, _)| *name == short).map(|(_, number)| Signal(*number)))
        .ok_or_else(|| format!("value {} is not a valid signal name", repr(text)))
}

/// Exit codes 0 to 255, separated by commas; an empty text is an empty list.
///
/// # Errors
/// Anything else.
pub fn exit_codes(text: &str) -> Result<Vec<i32>, String> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    text.split(',')
        .map(|part| python_integer(part).ok().and_then(|code| u8::try_from(code).ok()).map(i32::from))
        .collect::<Option<_>>()
        .ok_or_else(|| format!("not a valid list of exit codes: {}", repr(text)))
}

/// Texts separated by commas, without the white space around them.
#[must_use]
pub fn list_of_strings(text: &str) -> Vec<String> {
    if text.is_empty() { Vec::new() } else { text.split(',').map(|part| strip(part).to_owned()).collect() }
}

/// A user by name or number.
///
/// # Errors
/// No such user.
pub fn user(text: &str, system: &dyn System) -> Result<u32, String> {
    match python_integer(text) {
        Ok(number) => u32::try_from(number)
            .ok()
            .and_then(|uid| system.user_by_id(uid))
            .map(|user| user.uid)
            .ok_or_else(|| format!("Invalid user id {text}")),
        Err(_) => {
            system.user_by_name(text).map(|user| user.uid).ok_or_else(|| format!("Invalid user name {text}"))
        }
    }
}

/// A group by name or number.
///
/// # Errors
/// No such group.
pub fn group(text: &str, system: &dyn System) -> Result<u32, String> {
    match python_integer(text) {
        Ok(number) => u32::try_from(number)
            .ok()
            .filter(|&gid| system.group_exists(gid))
            .ok_or_else(|| format!("Invalid group id {text}")),
        Err(_) => system.group_by_name(text).ok_or_else(|| format!("Invalid group name {text}")),
    }
}

/// An owner: `user`, whose group then stays [`UNCHANGED_ID`], or `user:group`.
///
/// # Errors
/// A user or a group that does not exist.
pub fn user_and_group(text: &str, system: &dyn System) -> Result<(u32, u32), String> {
    let owner = match text.split_once(':') {
        None => user(text, system).map(|uid| (uid, UNCHANGED_ID)),
        Some((name, of_group)) => {
            user(name, system).and_then(|uid| group(of_group, system).map(|gid| (uid, gid)))
        }
    };
    owner.map_err(|_| format!("Invalid user:group definition {text}"))
}

/// A port, or host and port with a colon between; the host is in lower case and empty for "all".
///
/// # Errors
/// No port, text instead of it, or a port outside 1 to 65535.
pub fn inet_address(text: &str) -> Result<(String, u16), String> {
    let Some((host, port)) = text.rsplit_once(':') else {
        return match port_number(text) {
            Ok(port) => Ok((String::new(), port)),
            Err(_) => Err(format!("not a valid port number: {} ", repr(text))),
        };
    };
    if port.is_empty() {
        return Err("no port number specified in ''".to_owned());
    }
    let port = port_number(port)?;
    let host = host.to_lowercase();
    Ok((if host == "*" { String::new() } else { host }, port))
}

/// A port, 1 to 65535.
pub(super) fn port_number(text: &str) -> Result<u16, String> {
    let number = python_integer(text)?;
    match u16::try_from(number) {
        Ok(port) if port > 0 => Ok(port),
        _ if number < 1 => Err(format!("{number} is below lower bound (1)")),
        _ => Err(format!("{number} is above upper bound (65535)")),
    }
}

/// Where a log goes.
///
/// # Errors
/// A file in a directory that does not exist.
pub fn log_target(text: &str, system: &dyn System) -> Result<LogTarget, String> {
    let lower = text.to_lowercase();
    match lower.as_str() {
        word if LOG_NONE.contains(&word) => Ok(LogTarget::None),
        LOG_AUTOMATIC => Ok(LogTarget::Automatic),
        LOG_SYSLOG => Ok(LogTarget::Syslog),
        _ => existing_directory_path(text, system).map(|path| LogTarget::File(path.into())),
    }
}

/// When an exited process is started again.
///
/// # Errors
/// Neither a truth value nor `unexpected`.
pub fn autorestart(text: &str) -> Result<Autorestart, String> {
    let lower = text.to_lowercase();
    match lower.as_str() {
        word if TRUE.contains(&word) => Ok(Autorestart::Always),
        word if FALSE.contains(&word) => Ok(Autorestart::Never),
        "unexpected" => Ok(Autorestart::Unexpected),
        _ => Err(format!("invalid 'autorestart' value {}", repr(&lower))),
    }
}

/// The name of a process or a group, without white space around it.
///
/// # Errors
/// A character that the event protocol or the addresses of the web pages could not carry.
pub fn process_or_group_name(text: &str) -> Result<String, String> {
    let name = strip(text);
    match [' ', ':', '/'].into_iter().find(|&character| name.contains(character)) {
        Some(character) => Err(format!(
            "Invalid name: {} because of character: {}",
            repr(text),
            repr(character.encode_utf8(&mut [0; 4]))
        )),
        None => Ok(name.to_owned()),
    }
}

/// Whether a text has the form of `module:attribute`, as Python's entry points have it; whether there is such a
/// thing is known where the interpreter is.
#[must_use]
pub fn is_import_spec(text: &str) -> bool {
    let is_path = |character: char| character.is_alphanumeric() || "_.".contains(character);
    // `[\w.]+\s*`, and what is behind it.
    let path = |text: &str| -> Option<String> {
        let rest = text.trim_start_matches(is_path);
        (rest.len() < text.len()).then(|| rest.trim_start_matches(is_space).to_owned())
    };
    let Some(rest) = path(text) else {
        return false;
    };
    let rest = match rest.strip_prefix(':') {
        Some(attribute) => match path(attribute.trim_start_matches(is_space)) {
            Some(rest) => rest,
            None => return false,
        },
        None => rest,
    };
    rest.is_empty() || (rest.starts_with('[') && rest.trim_end_matches(is_space).ends_with(']'))
}

/// A URL: a scheme, and a host or a path behind it.
///
/// # Errors
/// Anything that Python's `urlparse` finds no scheme, or neither host nor path in.
pub fn url(text: &str) -> Result<String, String> {
    let refused = || format!("value {} is not a URL", repr(text));
    // What `urlparse` strips and drops before it looks.
    let plain: String = text
        .trim_start_matches(|character: char| character <= ' ')
        .chars()
        .filter(|character| !"\t\r\n".contains(*character))
        .collect();
    let (scheme, rest) = plain.split_once(':').ok_or_else(refused)?;
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.chars().all(|character| character.is_ascii_alphanumeric() || "+-.".contains(character));
    if !is_scheme {
        return Err(refused());
    }
    let (host, rest) = match rest.strip_prefix("//") {
        Some(rest) => rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len())),
        None => ("", rest),
    };
    if host.contains('[') != host.contains(']') {
        return Err("Invalid IPv6 URL".to_owned());
    }
    let path = rest.split(['?', '#']).next().unwrap_or_default();
    if host.is_empty() && path.is_empty() { Err(refused()) } else { Ok(text.to_owned()) }
}
