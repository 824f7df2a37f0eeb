//! Becoming another user: the daemon at its start, a child before exec.

use std::ffi::CString;

use nix::unistd::{Gid, Uid, User, getuid};
use supervisor_core::config::LogLevel;

/// What somebody who runs the daemon as root without saying so gets to read, once per start.
const RUNNING_AS_ROOT: &str = "Supervisor is running as root.  Privileges were not dropped because no user is \
specified in the config file.  If you intend to run as root, you can set user=root in the config file to avoid \
this message.";

const NO_GROUPS: &str = "Could not set groups of effective user";
const NO_GROUP: &str = "Could not set group id of effective user";

/// A user to become, with groups looked up.
#[derive(Debug)]
pub(crate) struct Credentials {
    uid: libc::uid_t,
    gid: libc::gid_t,
    /// The user's own group first: some systems let `setgid` overwrite the first one.
    groups: Vec<libc::gid_t>,
}

/// What has to change to become `uid`: nothing when the process already is that user.
///
/// # Errors
/// The original's words for why it is impossible: there is no such user, or the process is not root.
pub(crate) fn credentials_for(uid: u32) -> Result<Option<Credentials>, String> {
    let Ok(Some(user)) = User::from_uid(Uid::from_raw(uid)) else {
        return Err(format!("Can't find uid {uid}"));
    };
    if getuid() == user.uid {
        return Ok(None);
    }
    if !getuid().is_root() {
        return Err("Can't drop privilege as nonroot user".to_owned());
    }
    let gid = user.gid.as_raw();
    let mut groups = vec![gid];
    groups.extend(groups_of(&user).into_iter().map(Gid::as_raw).filter(|&group| group != gid));
    Ok(Some(Credentials { uid, gid, groups }))
}

#[cfg(not(target_vendor = "apple"))]
fn groups_of(user: &User) -> Vec<Gid> {
    CString::new(user.name.as_str())
        .ok()
        .and_then(|name| nix::unistd::getgrouplist(&name, user.gid).ok())
        .unwrap_or_default()
}

/// Apple's directory service resolves groups by user id whenever they are asked for; the list is not needed.
#[cfg(target_vendor = "apple")]
fn groups_of(_user: &User) -> Vec<Gid> {
    Vec::new()
}

impl Credentials {
    /// Becomes the user with system calls only.
    ///
    /// # Errors
    /// The original's words, or nothing where `errno` says it all.
    ///
    /// # Safety
    /// Only in a child with memory of its own, before exec: see [`crate::spawn`].
    pub(crate) unsafe fn apply_in_child(&self) -> Result<(), Option<&'static str>> {
        // SAFETY: the pointer and the length are those of a live vector; the rest are numbers.
        unsafe {
            #[allow(clippy::useless_conversion, reason = "the length is a C int on some systems")]
            let count = self.groups.len().try_into().unwrap_or(1);
            if libc::setgroups(count, self.groups.as_ptr()) != 0 {
                return Err(Some(NO_GROUPS));
            }
            if libc::setgid(self.gid) != 0 {
                return Err(Some(NO_GROUP));
            }
            if libc::setuid(self.uid) != 0 {
                return Err(None);
            }
        }
        Ok(())
    }

    /// Becomes the user, in the whole process.
    fn apply(&self) -> Result<(), String> {
        set_groups(&self.groups).map_err(|_| NO_GROUPS.to_owned())?;
        nix::unistd::setgid(Gid::from_raw(self.gid)).map_err(|_| NO_GROUP.to_owned())?;
        nix::unistd::setuid(Uid::from_raw(self.uid))
            .map_err(|errno| format!("Could not set user id of effective user: {errno}"))
    }
}

#[cfg(not(target_vendor = "apple"))]
fn set_groups(groups: &[libc::gid_t]) -> nix::Result<()> {
    let groups: Vec<Gid> = groups.iter().copied().map(Gid::from_raw).collect();
    nix::unistd::setgroups(&groups)
}

#[cfg(target_vendor = "apple")]
fn set_groups(_groups: &[libc::gid_t]) -> nix::Result<()> {
    Ok(())
}

/// Makes the daemon the user of `[supervisord] user`; call it before any other thread exists.
///
/// Returns the line for the main log, if there is one: that it worked, or a warning when the daemon runs as
/// root and nobody said it should.
///
/// # Errors
/// The message with which the program ends (exit code 2).
pub fn become_user(user: Option<u32>) -> Result<Option<(LogLevel, String)>, String> {
    match user {
        None if getuid().is_root() => Ok(Some((LogLevel::Critical, RUNNING_AS_ROOT.to_owned()))),
        None => Ok(None),
        Some(uid) => {
            if let Some(credentials) = credentials_for(uid)? {
                credentials.apply()?;
            }
            Ok(Some((LogLevel::Info, format!("Set uid to user {uid} succeeded"))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn becoming_oneself_changes_nothing_and_says_so() {
        let own = getuid().as_raw();
        assert_eq!(
            become_user(Some(own)),
            Ok(Some((LogLevel::Info, format!("Set uid to user {own} succeeded"))))
        );
    }

    #[test]
    fn an_unknown_user_is_named() {
        assert_eq!(become_user(Some(3_999_999_999)), Err("Can't find uid 3999999999".to_owned()));
    }
}
