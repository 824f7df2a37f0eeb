//! `[inet_http_server]` and `[unix_http_server]` sections.

use super::datatypes;
use super::error::ConfigError;
use super::options::{SectionKind, SectionSpec, ValueType};
use super::paths;
use super::settings::{HttpAddress, HttpServerSettings};
use super::system::System;
use super::values::{Names, Values};
use crate::ini::IniFile;

/// Permission bits of a socket when `chmod` is not given; the table's default says the same.
const SOCKET_MODE: u32 = 0o700;

/// All HTTP servers: inet first, then unix, each in the order of the file.
pub(super) fn read_servers(
    ini: &IniFile,
    names: &Names,
    system: &dyn System,
) -> Result<Vec<HttpServerSettings>, ConfigError> {
    let mut servers = Vec::new();
    for kind in [SectionKind::InetHttpServer, SectionKind::UnixHttpServer] {
        let prefix = SectionSpec::of(kind).prefix;
        for section in ini.sections().filter(|section| section.starts_with(prefix)) {
            let values = Values::new(ini, section, kind, names, system);
            servers.extend(names.findings.pass(match kind {
                SectionKind::InetHttpServer => read_inet(&values, section),
                _ => read_unix(&values, section, system),
            })?);
        }
    }
    Ok(servers)
}

fn read_inet(values: &Values<'_>, section: &str) -> Result<HttpServerSettings, ConfigError> {
    let credentials = values.pass(read_credentials(values, section))?.flatten();
    let text = values
        .text_of("port", ValueType::InetAddress)?
        .ok_or_else(|| values.error("port", format!("section [{section}] has no port value")))?;
    let (host, port) = datatypes::inet_address(&text).map_err(|message| values.error("port", message))?;
    let allow_get_actions = values.pass(values.boolean("allow_get_actions"))?.unwrap_or(false);
    Ok(HttpServerSettings {
        section: section.to_owned(),
        address: HttpAddress::Inet { host, port },
        credentials,
        allow_get_actions,
    })
}

fn read_unix(
    values: &Values<'_>,
    section: &str,
    system: &dyn System,
) -> Result<HttpServerSettings, ConfigError> {
    let file = values
        .path("file")?
        .ok_or_else(|| values.error("file", format!("section [{section}] has no file value")))?;
    let path = paths::normalize(system, crate::expand::strip(&file)).into();
    let credentials = values.pass(read_credentials(values, section))?.flatten();
    let owner = values
        .text_of("chown", ValueType::UserAndGroup)?
        .map(|text| {
            datatypes::user_and_group(&text, system)
                .map_err(|_| values.error("chown", format!("Invalid sockchown value {text}")))
        })
        .transpose();
    let owner = values.pass(owner)?.flatten();
    let mode = match values.text_of("chmod", ValueType::Octal)? {
        Some(text) => {
            datatypes::octal(&text).map_err(|_| values.error("chmod", format!("Invalid chmod value {text}")))
        }
        None => Ok(SOCKET_MODE),
    };
    let mode = values.pass(mode)?.unwrap_or(SOCKET_MODE);
    let address = HttpAddress::Unix { path, mode, owner };
    let allow_get_actions = values.pass(values.boolean("allow_get_actions"))?.unwrap_or(false);
    Ok(HttpServerSettings { section: section.to_owned(), address, credentials, allow_get_actions })
}

fn read_credentials(values: &Values<'_>, section: &str) -> Result<Option<(String, String)>, ConfigError> {
    match (values.text("username")?, values.text("password")?) {
        (Some(username), Some(password)) => Ok(Some((username, password))),
        (None, None) => Ok(None),
        (username, _) => {
            let present = if username.is_some() { "username" } else { "password" };
            Err(values.error(
                present,
                format!(
                    "Section [{section}] contains incomplete authentication: If a username or a password is \
                     specified, both the username and password must be specified"
                ),
            ))
        }
    }
}
