//! What supervisorctl reads of a configuration: `[supervisorctl]` and `[ctlplugin:x]`.

use super::error::ConfigError;
use super::findings::Findings;
use super::options::{SectionKind, SectionSpec, ValueType};
use super::overrides::Overrides;
use super::paths;
use super::plugins::read_plugins;
use super::read::read_file;
use super::settings::RpcInterfaceSettings;
use super::system::System;
use super::values::{Names, Values};
use crate::ini::IniFile;

/// A `[ctlplugin:x]` section: name, factory and arguments, as an RPC interface has them.
pub type CtlPluginSettings = RpcInterfaceSettings;

/// How a URL of a unix socket begins.
const UNIX: &str = "unix://";

/// Settings of the client.
#[derive(Debug, Clone, PartialEq)]
pub struct ClientSettings {
    /// Where the daemon listens: `http://host:port` or `unix:///path`.
    pub server_url: String,
    /// Name to log in with.
    pub username: Option<String>,
    /// Password to log in with, in clear.
    pub password: Option<String>,
    /// Prompt of the shell, without the `> ` behind it.
    pub prompt: String,
    /// File that keeps the history of the shell, absolute.
    pub history_file: Option<String>,
    /// Python plug-ins, in the order of the file.
    pub plugins: Vec<CtlPluginSettings>,
}

/// Reads a configuration for the client; without a file only defaults and the command line count.
///
/// Unlike the daemon it does not follow `[include]` (as the original).
///
/// # Errors
/// The file is missing, unreadable or garbage, lacks `[supervisorctl]`, or has a bad expansion.
pub fn read_client(
    system: &dyn System,
    path: Option<&str>,
    overrides: &Overrides,
) -> Result<ClientSettings, ConfigError> {
    let section = SectionSpec::of(SectionKind::Supervisorctl).prefix;
    let mut ini = IniFile::default();
    let mut here = String::new();
    if let Some(path) = path {
        here = paths::dirname(&paths::normalize(system, path)).to_owned();
        read_file(system, &mut ini, path, &Findings::default())?;
        if !ini.has_section(section) {
            return Err(ConfigError::in_file(".ini file does not include supervisorctl section", path));
        }
    }
    read_sections(&ini, &Names::new(system, &here), system, overrides)
}

/// Reads the client's sections of a text that is there.
pub(super) fn read_sections(
    ini: &IniFile,
    names: &Names,
    system: &dyn System,
    overrides: &Overrides,
) -> Result<ClientSettings, ConfigError> {
    let section = SectionSpec::of(SectionKind::Supervisorctl).prefix;
    let values = Values::new(ini, section, SectionKind::Supervisorctl, names, system);
    let server_url = values.text_of("serverurl", ValueType::Url)?.unwrap_or_default();
    let server_url = match server_url.strip_prefix(UNIX) {
        Some(socket) => format!("{UNIX}{}", paths::normalize(system, socket)),
        None => server_url,
    };
    let prompt = values.text("prompt")?.unwrap_or_default();
    let username = values.text("username")?;
    let password = values.text("password")?;
    let history_file = values.path("history_file")?;
    let plugins = read_plugins(ini, names, SectionKind::CtlPlugin)?;

    let over = |name: &str| overrides.get(name).map(str::to_owned);
    let history_file = over("history_file").or(history_file).filter(|file| !file.is_empty());
    Ok(ClientSettings {
        server_url: over("serverurl").unwrap_or(server_url),
        username: over("username").or(username),
        password: over("password").or(password),
        prompt: over("prompt").unwrap_or(prompt),
        history_file: history_file.map(|file| paths::normalize(system, &file)),
        plugins,
    })
}
