//! Sections that name Python code: `[rpcinterface:x]` and `[ctlplugin:x]`.

use super::datatypes::is_import_spec;
use super::error::ConfigError;
use super::options::{SectionKind, SectionSpec, Sees};
use super::settings::RpcInterfaceSettings;
use super::values::Names;
use crate::ini::IniFile;

/// All sections of a kind whose one option names a factory, in the order of the file.
///
/// Every other option of a section, those of `[DEFAULT]` among them, is an argument of its factory.
pub(super) fn read_plugins(
    ini: &IniFile,
    names: &Names,
    kind: SectionKind,
) -> Result<Vec<RpcInterfaceSettings>, ConfigError> {
    let spec = SectionSpec::of(kind);
    let mut plugins = Vec::new();
    for section in ini.sections().filter(|section| section.starts_with(spec.prefix)) {
        plugins.extend(names.findings.pass(read(ini, names, spec, section))?);
    }
    Ok(plugins)
}

fn read(
    ini: &IniFile,
    names: &Names,
    spec: &SectionSpec,
    section: &str,
) -> Result<RpcInterfaceSettings, ConfigError> {
    let factory_key = spec.own_options.first().map_or("", |option| option.name);
    let expanded = |option: &str| -> Result<Option<String>, ConfigError> {
        let Some(text) = ini.get(section, option) else {
            return Ok(None);
        };
        let expanded = names.expand(text, Sees::Environment, &format!("{section}.{option}"));
        expanded.map(Some).map_err(|message| ConfigError {
            option: Some(option.into()),
            value: Some(text.into()),
            ..ConfigError::in_section(message, section, ini.origin(section, option))
        })
    };
    let factory = expanded(factory_key)?.ok_or_else(|| {
        let message = format!("section [{section}] does not specify a {factory_key}");
        ConfigError::in_section(message, section, ini.section_origin(section))
    })?;
    if !is_import_spec(&factory) {
        let message = format!("{factory} cannot be resolved within [{section}]");
        return Err(ConfigError {
            option: Some(factory_key.into()),
            value: ini.get(section, factory_key).map(Into::into),
            ..ConfigError::in_section(message, section, ini.origin(section, factory_key))
        });
    }
    let mut options = Vec::new();
    for option in ini.options(section).into_iter().filter(|option| *option != factory_key) {
        options.push((option.to_owned(), expanded(option)?.unwrap_or_default()));
    }
    Ok(RpcInterfaceSettings { name: section[spec.prefix.len()..].to_owned(), factory, options })
}
