//! What the parent makes ready, so that the child needs nothing but system calls.

use std::ffi::{CString, OsString};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;
use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering};

use nix::sys::resource::{Resource, getrlimit};
use supervisor_core::config::EnvironmentVariables;
use supervisor_core::effect::SpawnPlan;

use super::child::SpawnFailure;
use super::descriptors::DescriptorStep;
use crate::daemon::user::{Credentials, credentials_for};

/// Descriptors above this are not looked at where the system cannot mark all of them in one call; the original
/// stops at `minfds`.
const MARKED_ONE_BY_ONE: u64 = 65_536;

/// The child's ends of its pipes; above the standard descriptors (see [`crate::pipes::pipe`]).
pub(super) struct ChildEnds {
    pub(super) stdin: OwnedFd,
    pub(super) stdout: OwnedFd,
    /// `None` to use `stdout` for standard error too.
    pub(super) stderr: Option<OwnedFd>,
}

/// Strings for `execve`: the pointers point into the strings, whose buffers never move.
pub(super) struct StringArray {
    pointers: Vec<*const libc::c_char>,
    _strings: Vec<CString>,
}

impl StringArray {
    fn new(strings: Vec<CString>) -> Self {
        let pointers = strings.iter().map(|text| text.as_ptr()).chain([ptr::null()]).collect();
        Self { pointers, _strings: strings }
    }

    /// As `execve` wants it, with a null pointer at the end.
    pub(super) fn as_ptr(&self) -> *const *const libc::c_char {
        self.pointers.as_ptr()
    }
}

/// What the child does about its user.
pub(super) enum UserChange {
    /// It stays who the daemon is.
    Stay,
    /// It becomes this user.
    Become(Credentials),
    /// It cannot: the whole message for its standard error.
    Refused(Vec<u8>),
}

/// Everything that the child needs, made before it exists.
pub(super) struct Prepared {
    pub(super) file: CString,
    pub(super) argv: StringArray,
    pub(super) environment: StringArray,
    pub(super) directory: Option<CString>,
    pub(super) umask: Option<libc::mode_t>,
    pub(super) user: UserChange,
    pub(super) ends: ChildEnds,
    /// What is done to descriptors in place of the usual.
    pub(super) descriptors: Option<Vec<DescriptorStep>>,
    /// First descriptor that needs no mark where descriptors are marked one by one.
    pub(super) descriptor_limit: i32,
    /// Beginnings of the lines that the child writes when a step fails, up to the error's name.
    pub(super) setuid_message: Vec<u8>,
    pub(super) chdir_message: Vec<u8>,
    pub(super) exec_message: Vec<u8>,
    /// Step and error number of a failure. A child that shares the parent's memory leaves them here.
    pub(super) failure: AtomicU64,
}

impl Prepared {
    /// `None` where a text has a NUL byte in it.
    pub(super) fn new(
        plan: &SpawnPlan,
        file: &Path,
        ends: ChildEnds,
        descriptors: Option<Vec<DescriptorStep>>,
    ) -> Option<Self> {
        let first_word = plan.argv.first().map_or("", String::as_str);
        let directory = plan.directory.as_deref();
        let argv = plan.argv.iter().map(|word| CString::new(word.as_str()).ok()).collect::<Option<_>>()?;
        let environment = merge(std::env::vars_os().collect(), &plan.environment)
            .into_iter()
            .map(|entry| CString::new(entry).ok())
            .collect::<Option<_>>()?;
        let mut chdir_message = b"supervisor: couldn't chdir to ".to_vec();
        chdir_message.extend(directory.map(|path| path.as_os_str().as_bytes()).unwrap_or_default());
        chdir_message.extend(b": ");
        Some(Self {
            file: CString::new(file.as_os_str().as_bytes()).ok()?,
            argv: StringArray::new(argv),
            environment: StringArray::new(environment),
            directory: match directory {
                Some(path) => Some(CString::new(path.as_os_str().as_bytes()).ok()?),
                None => None,
            },
            #[allow(clippy::cast_possible_truncation, reason = "mode_t is 16 bits wide on some systems")]
            umask: plan.umask.map(|mask| mask as libc::mode_t),
            user: plan.user.map_or(UserChange::Stay, user_change),
            ends,
            descriptors,
            descriptor_limit: descriptor_limit(),
            setuid_message: setuid_message(plan.user.unwrap_or_default()).into_bytes(),
            chdir_message,
            exec_message: format!("supervisor: couldn't exec {first_word}: ").into_bytes(),
            failure: AtomicU64::new(0),
        })
    }

    /// What a child in shared memory left behind.
    pub(super) fn failure(&self) -> Option<SpawnFailure> {
        SpawnFailure::decode(self.failure.load(Ordering::Relaxed))
    }
}

/// The beginning of the line about a failed change of user.
fn setuid_message(uid: u32) -> String {
    format!("supervisor: couldn't setuid to {uid}: ")
}

fn user_change(uid: u32) -> UserChange {
    match credentials_for(uid) {
        Ok(None) => UserChange::Stay,
        Ok(Some(credentials)) => UserChange::Become(credentials),
        Err(reason) => UserChange::Refused(format!("{}{reason}\n", setuid_message(uid)).into_bytes()),
    }
}

fn descriptor_limit() -> i32 {
    let (soft, _) = getrlimit(Resource::RLIMIT_NOFILE).unwrap_or((MARKED_ONE_BY_ONE, 0));
    i32::try_from(soft.min(MARKED_ONE_BY_ONE)).unwrap_or(i32::MAX)
}

/// `NAME=value` entries: the inherited ones in their order, a changed one in its place, new ones behind.
fn merge(inherited: Vec<(OsString, OsString)>, changes: &EnvironmentVariables) -> Vec<Vec<u8>> {
    let mut variables: Vec<(Vec<u8>, Vec<u8>)> =
        inherited.into_iter().map(|(name, value)| (name.into_vec(), value.into_vec())).collect();
    for (name, value) in changes {
        match variables.iter_mut().find(|(known, _)| known == name.as_bytes()) {
            Some((_, old)) => *old = value.clone().into_bytes(),
            None => variables.push((name.clone().into_bytes(), value.clone().into_bytes())),
        }
    }
    variables
        .into_iter()
        .map(|(mut entry, value)| {
            entry.push(b'=');
            entry.extend(value);
            entry
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_variable_wins_in_the_place_of_the_first() {
        let inherited = vec![("A".into(), "1".into()), ("B".into(), "2".into())];
        let changes: EnvironmentVariables =
            [("B", "3"), ("C", "4"), ("C", "a=b")].map(|(name, value)| (name.into(), value.into())).into();
        let merged = merge(inherited, &changes);
        assert_eq!(merged, [b"A=1".to_vec(), b"B=3".to_vec(), b"C=a=b".to_vec()]);
    }
}
