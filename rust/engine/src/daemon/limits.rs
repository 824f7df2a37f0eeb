//! The daemon's own resource limits: `minfds` and `minprocs`.

use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit, setrlimit};
use supervisor_core::config::LogLevel;

/// One limit that has a least value.
struct Limit {
    resource: Resource,
    name: &'static str,
    option: &'static str,
    /// What is counted, at the beginning of the message.
    counted: &'static str,
    /// What is counted, when it is about opening or having them.
    things: &'static str,
    /// Whose limit it is, in the message's words.
    subject: &'static str,
}

const LIMITS: [Limit; 2] = [
    Limit {
        resource: Resource::RLIMIT_NOFILE,
        name: "RLIMIT_NOFILE",
        option: "minfds",
        counted: "file descriptors required",
        things: "file descriptors",
        subject: "process",
    },
    Limit {
        resource: Resource::RLIMIT_NPROC,
        name: "RLIMIT_NPROC",
        option: "minprocs",
        counted: "available processes required",
        things: "processes",
        subject: "program",
    },
];

/// Raises the soft limits of open files and of processes to at least `minfds` and `minprocs`.
///
/// Returns the lines for the main log: one per limit that was raised.
///
/// # Errors
/// The message with which the program ends (exit code 2).
pub fn raise_limits(minfds: u64, minprocs: u64) -> Result<Vec<(LogLevel, String)>, String> {
    let mut lines = Vec::new();
    for (limit, minimum) in LIMITS.iter().zip([minfds, minprocs]) {
        // A system that does not tell a limit does not set one.
        let Ok((soft, hard)) = getrlimit(limit.resource) else { continue };
        if soft == RLIM_INFINITY || soft >= minimum {
            continue;
        }
        // Root may raise the hard limit too; anybody else fails below.
        let hard = if hard == RLIM_INFINITY { hard } else { hard.max(minimum) };
        if setrlimit(limit.resource, minimum, hard).is_err() {
            return Err(limit.failure(minimum, hard));
        }
        lines.push((LogLevel::Info, format!("Increased {} limit to {minimum}", limit.name)));
    }
    Ok(lines)
}

impl Limit {
    /// The hard limit told is the one that was tried, as in the original.
    fn failure(&self, minimum: u64, hard: u64) -> String {
        let Self { option, counted, things, subject, .. } = self;
        format!(
            "The minimum number of {counted} to run this {subject} is {minimum} as per the \"{option}\" command-line \
argument or config file setting. The current environment will only allow you to open {hard} {things}.  Either \
raise the number of usable {things} in your environment (see README.rst) or lower the {option} setting in the \
config file to allow the {subject} to start."
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_that_are_high_enough_are_left_alone() {
        assert_eq!(raise_limits(1, 1), Ok(Vec::new()));
    }
}
