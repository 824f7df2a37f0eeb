//! `[fcgi-program:x]` sections: a program whose processes share a listening socket as standard input.

use super::datatypes;
use super::error::ConfigError;
use super::options::{SectionKind, ValueType};
use super::paths;
use super::programs::ProgramReader;
use super::settings::{FcgiAddress, FcgiSocketSettings, GroupSettings, ProgramSettings};
use super::system::System;
use super::values::Values;
use crate::expand::{is_digit, is_space, repr};

/// Permission bits of a unix socket when `socket_mode` is not given.
const SOCKET_MODE: u32 = 0o700;

/// Longest queue of connections that may be asked for.
const BACKLOG_MOST: i64 = 65535;

impl ProgramReader<'_> {
    /// A section that no `[group:x]` lists, as a group of its own.
    pub(super) fn read_fcgi_group(&mut self, section: &str) -> Result<GroupSettings, ConfigError> {
        let name = self.name_of(section)?;
        let priority = self.group_values(section).integer("priority")?;
        let processes = self.read_fcgi_program(section, &name)?;
        Ok(GroupSettings { name, priority, processes, listener: None })
    }

    /// The processes of a section with their socket. A group's member has it too, which the original forgets
    /// (traps 3).
    pub(super) fn read_fcgi_program(
        &mut self,
        section: &str,
        group: &str,
    ) -> Result<Vec<ProgramSettings>, ConfigError> {
        let program = self.name_of(section)?;
        self.names.enter_program(&program, group);
        let values = Values::new(self.ini, section, SectionKind::FcgiProgram, &self.names, self.system);
        let socket = self.names.findings.pass(read_socket(&values, section, self.system))?;
        let mut processes = self.read_program(section, group)?;
        for process in &mut processes {
            process.fcgi_socket.clone_from(&socket);
        }
        Ok(processes)
    }
}

/// The socket, its options read in the original's order.
fn read_socket(
    values: &Values<'_>,
    section: &str,
    system: &dyn System,
) -> Result<FcgiSocketSettings, ConfigError> {
    let user = values.user("user")?;
    let backlog = values.integer_if_given("socket_backlog")?;
    let backlog = backlog
        .map(|backlog| match i32::try_from(backlog) {
            Ok(length) if (1..=BACKLOG_MOST).contains(&backlog) => Ok(length),
            _ => Err(values.error("socket_backlog", format!("Invalid socket_backlog value {backlog}"))),
        })
        .transpose();
    let backlog = values.pass(backlog)?.flatten();
    let owner = values
        .text_of("socket_owner", ValueType::UserAndGroup)?
        .map(|text| {
            datatypes::user_and_group(&text, system)
                .map_err(|_| values.error("socket_owner", format!("Invalid socket_owner value {text}")))
        })
        .transpose();
    let owner = values.pass(owner)?.flatten();
    let mode = values
        .text_of("socket_mode", ValueType::Octal)?
        .map(|text| {
            datatypes::octal(&text)
                .map_err(|_| values.error("socket_mode", format!("Invalid socket_mode value {text}")))
        })
        .transpose();
    let mode = values.pass(mode)?.flatten();
    let socket = values
        .text_of("socket", ValueType::FcgiSocket)?
        .filter(|socket| !socket.is_empty())
        .ok_or_else(|| values.error("socket", format!("[{section}] section requires a \"socket\" line")))?;
    let address = read_address(&socket, user, owner, mode, system)
        .map_err(|message| values.error("socket", format!("{message} in [{section}] socket")))?;
    Ok(FcgiSocketSettings { address, backlog })
}

fn read_address(
    socket: &str,
    user: Option<u32>,
    owner: Option<(u32, u32)>,
    mode: Option<u32>,
    system: &dyn System,
) -> Result<FcgiAddress, String> {
    if let Some(path) = socket.strip_prefix("unix://") {
        if !path.starts_with('/') {
            return Err(as_tuple("Unix socket path %s is not an absolute path", path));
        }
        let path = paths::normalize(system, path).into();
        // The program's own user, where that is not the daemon's already.
        let of_user = || user.filter(|uid| *uid != system.uid()).and_then(|uid| system.user_by_id(uid));
        let owner = owner.or_else(|| of_user().map(|user| (user.uid, user.gid)));
        return Ok(FcgiAddress::Unix { path, owner, mode: mode.unwrap_or(SOCKET_MODE) });
    }
    if owner.is_some() || mode.is_some() {
        return Err(
            "socket_owner and socket_mode params should only be used with a Unix domain socket".to_owned()
        );
    }
    let (host, port) = split_tcp(socket).ok_or_else(|| as_tuple("Bad socket format %s", socket))?;
    Ok(FcgiAddress::Tcp { host: host.to_lowercase(), port: datatypes::port_number(port)? })
}

/// Host and digits of `tcp://host:port`.
fn split_tcp(socket: &str) -> Option<(&str, &str)> {
    let address = socket.strip_prefix("tcp://")?;
    let (host, port) = address.strip_suffix('\n').unwrap_or(address).split_once(':')?;
    let is_host = !host.is_empty() && !host.contains(is_space);
    // Digits of any script, as Python's `\d`; a sign or an underscore is none.
    let is_port = !port.is_empty() && port.chars().all(is_digit);
    (is_host && is_port).then_some((host, port))
}

/// The original forgets to put the value into the text and shows both.
fn as_tuple(format: &str, value: &str) -> String {
    format!("({}, {})", repr(format), repr(value))
}
