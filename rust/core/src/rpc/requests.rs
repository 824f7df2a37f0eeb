//! Requests that are still open.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::effect::{LogRange, RequestId};
use crate::rpc::Fault;
use crate::rpc::multicall::Multicall;
use crate::xml::Value;

/// What an open request waits for.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Open {
    /// One operation, answered with `true` or its fault.
    One,
    /// Several operations, answered with an array of results in the order they end.
    Many {
        /// Those that ended.
        results: Vec<ItemResult>,
        /// How many have not.
        outstanding: usize,
    },
    /// A log read.
    Log(LogRange),
    /// A new reading of the configuration.
    Configuration,
    /// Several calls, one after the other.
    Multicall(Multicall),
}

/// The result of one process in a request for several.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ItemResult {
    pub(crate) name: String,
    pub(crate) group: String,
    /// The fault, none for success.
    pub(crate) fault: Option<Fault>,
}

impl ItemResult {
    /// The struct `{name, group, status, description}` of parity 4.
    pub(crate) fn into_value(self) -> Value {
        let success = crate::rpc::FaultCode::Success as i32;
        let (status, description) = match self.fault {
            None => (success, "OK".to_owned()),
            Some(fault) => (fault.code, fault.text),
        };
        Value::Struct(vec![
            ("name".to_owned(), self.name.into()),
            ("group".to_owned(), self.group.into()),
            ("status".to_owned(), status.into()),
            ("description".to_owned(), description.into()),
        ])
    }
}

/// All open requests.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Requests(BTreeMap<RequestId, Open>);

impl Requests {
    pub(crate) fn open(&mut self, request: RequestId, open: Open) {
        self.0.insert(request, open);
    }

    pub(crate) fn close(&mut self, request: RequestId) -> Option<Open> {
        self.0.remove(&request)
    }

    pub(crate) fn get_mut(&mut self, request: RequestId) -> Option<&mut Open> {
        self.0.get_mut(&request)
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}
