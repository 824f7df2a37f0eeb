//! Methods about the interface itself.

use crate::core::Core;
use crate::input::Now;
use crate::rpc::arguments::Arguments;
use crate::rpc::{Fault, FaultCode, METHODS, STANDARD, SYSTEM};
use crate::xml::Value;

pub(crate) fn list_methods(core: &Core, _: Now, _: &Arguments) -> Result<Value, Fault> {
    let mut names: Vec<String> = core.published_methods().into_iter().map(|(name, _)| name).collect();
    names.sort();
    Ok(Value::Array(names.into_iter().map(Value::String).collect()))
}

pub(crate) fn method_help(core: &Core, _: Now, arguments: &Arguments) -> Result<Value, Fault> {
    core.help_of(arguments.text(0)?).map(Value::from)
}

pub(crate) fn method_signature(core: &Core, _: Now, arguments: &Arguments) -> Result<Value, Fault> {
    let help = core.help_of(arguments.text(0)?)?;
    let kinds = |tag: &'static str| {
        help.lines()
            .filter_map(move |line| line.trim_start().strip_prefix(tag))
            .filter_map(|rest| rest.split_whitespace().next())
            .map(Value::from)
    };
    let returned = kinds("@return").next().ok_or_else(|| Fault::new(FaultCode::SignatureUnsupported))?;
    Ok(Value::Array(std::iter::once(returned).chain(kinds("@param")).collect()))
}

impl Core {
    /// Every method that can be called, with its help text.
    fn published_methods(&self) -> Vec<(String, String)> {
        let standard = self
            .settings
            .rpc_interfaces
            .iter()
            .filter(|interface| interface.is_standard())
            .map(|interface| (interface.name.as_str(), STANDARD));
        let mut published = Vec::new();
        for (name, namespace) in standard.chain(std::iter::once((SYSTEM, SYSTEM))) {
            if self.plugin_namespaces.contains_key(name) {
                continue;
            }
            for method in METHODS.iter().filter(|method| method.namespace == namespace) {
                let replaced = self.hooks.methods.get(method.name).filter(|_| namespace == STANDARD);
                let help = replaced.cloned().unwrap_or_else(|| method.help());
                published.push((format!("{name}.{}", method.name), help));
            }
        }
        for (namespace, methods) in &self.plugin_namespaces {
            for (name, help) in methods {
                published.push((format!("{namespace}.{name}"), help.clone()));
            }
        }
        published
    }

    fn help_of(&self, name: &str) -> Result<String, Fault> {
        let mut published = self.published_methods().into_iter();
        published
            .find(|(known, _)| known == name)
            .map(|(_, help)| help)
            .ok_or_else(|| Fault::new(FaultCode::SignatureUnsupported))
    }
}
