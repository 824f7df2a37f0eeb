//! Methods about the daemon itself.

use crate::core::Core;
use crate::input::Now;
use crate::outbox::Outbox;
use crate::rpc::arguments::Arguments;
use crate::rpc::{Answer, Call, Fault};
use crate::state::Mood;
use crate::xml::Value;

/// Version of the interface, as clients compare it.
pub const API_VERSION: &str = "3.0";

pub(crate) fn get_api_version(_: &Core, _: Now, _: &Arguments) -> Result<Value, Fault> {
    Ok(API_VERSION.into())
}

pub(crate) fn get_supervisor_version(core: &Core, _: Now, _: &Arguments) -> Result<Value, Fault> {
    Ok(core.version.as_str().into())
}

pub(crate) fn get_identification(core: &Core, _: Now, _: &Arguments) -> Result<Value, Fault> {
    Ok(core.settings.daemon.identifier.as_str().into())
}

pub(crate) fn get_state(core: &Core, _: Now, _: &Arguments) -> Result<Value, Fault> {
    Ok(Value::Struct(vec![
        ("statecode".to_owned(), core.mood().code().into()),
        ("statename".to_owned(), core.mood().name().into()),
    ]))
}

pub(crate) fn get_pid(core: &Core, _: Now, _: &Arguments) -> Result<Value, Fault> {
    Ok(Value::Int(core.pid.into()))
}

pub(crate) fn shutdown(core: &mut Core, _: Call, _: &Arguments, _: &mut Outbox) -> Result<Answer, Fault> {
    core.set_mood(Mood::Shutdown);
    Ok(Answer::Now(true.into()))
}

pub(crate) fn restart(core: &mut Core, _: Call, _: &Arguments, _: &mut Outbox) -> Result<Answer, Fault> {
    core.set_mood(Mood::Restarting);
    Ok(Answer::Now(true.into()))
}
