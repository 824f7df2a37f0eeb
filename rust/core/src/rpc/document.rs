//! What is made from the method table for readers: `docs/api.md`, and stubs for Python's type checkers.

use std::fmt::Write as _;

use super::{FaultCode, METHODS, Method, Parameter, STANDARD, SYSTEM};

const PREFACE: &str = "\
# The XML-RPC interface

Every method that a client can call: by POST to `/RPC2` of each HTTP server, over a unix socket or TCP. This page is
made from the table in `rust/core/src/rpc/table.rs`, and a test compares it. To write it and
`python/supervisor/_methods.pyi` anew: `UPDATE_API=1 cargo test -p supervisor-core --test rpc_document`.

```python
import xmlrpc.client

server = xmlrpc.client.ServerProxy(\"http://localhost:9001/RPC2\")
server.supervisor.getState()  # {'statecode': 1, 'statename': 'RUNNING'}
```

- A name is `name`, or `group:name` where the two differ; `group:*` is all of a group, where a method says so.
- A call that waits (`wait`, several processes, `system.multicall`) is answered when it is done; other calls are
  answered meanwhile, also on other connections of the same client.
- A fault is a struct of `faultCode` and `faultString`, which is the fault's name, or name and details
  (`BAD_NAME: web`). Any call can be answered with `UNKNOWN_METHOD` or, when number or types of its arguments are not
  the method's, `INCORRECT_PARAMETERS`.
- While everything stops, `SHUTDOWN_STATE` answers every method that does not say otherwise.
- What is no method call is HTTP status 400. Integers beyond 32 bits are `<i8>`, both ways; `<nil/>` and values without
  a type (which are text) are read.
- Limits: 8 MiB for a call, 200 arrays inside each other.
";

/// The page `docs/api.md`.
#[must_use]
pub fn api_document() -> String {
    let mut page = PREFACE.to_owned();
    for namespace in [STANDARD, SYSTEM] {
        // Writing to a string cannot fail.
        let _ = writeln!(page, "\n## `{namespace}`");
        for method in of(namespace) {
            write_method(&mut page, method);
        }
    }
    page.push_str("\n## Faults\n\n| code | name | meaning |\n|---|---|---|\n");
    for fault in FaultCode::ALL {
        let _ = writeln!(page, "| {} | `{}` | {} |", fault as i32, fault.name(), fault.meaning());
    }
    page
}

fn of(namespace: &str) -> impl Iterator<Item = &'static Method> {
    METHODS.iter().filter(move |method| method.namespace == namespace)
}

fn write_method(page: &mut String, method: &Method) {
    let names: Vec<String> = method
        .parameters
        .iter()
        .map(|parameter| match parameter.is_optional {
            true => format!("{}=true", parameter.name),
            false => parameter.name.to_owned(),
        })
        .collect();
    let (kind, meaning) = method.returns;
    let _ = writeln!(page, "\n### {}({}) → {kind}\n\n{}\n", method.name, names.join(", "), method.summary);
    for Parameter { name, kind, meaning, .. } in method.parameters {
        let _ = writeln!(page, "- `{name}` ({}): {meaning}", kind.name());
    }
    let _ = writeln!(page, "- returns {meaning}");
    if !method.own_faults.is_empty() {
        let faults: Vec<String> =
            method.own_faults.iter().map(|fault| format!("`{}`", fault.name())).collect();
        let _ = writeln!(page, "- faults: {}", faults.join(", "));
    }
    if method.works_in_shutdown {
        page.push_str("- works while everything stops\n");
    }
}

/// The stub file `_methods.pyi`: a protocol for each namespace, as `xmlrpc.client.ServerProxy` offers them.
#[must_use]
pub fn python_stubs() -> String {
    let mut stubs = "\"\"\"The methods of the XML-RPC interface, for type checkers; made from the method table.\n\n\
                     ``proxy.supervisor`` of an ``xmlrpc.client.ServerProxy`` is a `SupervisorMethods`.\n\"\"\"\n\n\
                     from typing import Any, Protocol\n"
        .to_owned();
    for (class, namespace) in [("SupervisorMethods", STANDARD), ("SystemMethods", SYSTEM)] {
        let _ = writeln!(stubs, "\nclass {class}(Protocol):\n    \"\"\"The namespace `{namespace}`.\"\"\"");
        for method in of(namespace) {
            let parameters: String = method
                .parameters
                .iter()
                .map(|parameter| {
                    let default = if parameter.is_optional { " = True" } else { "" };
                    format!(", {}: {}{default}", parameter.name, python_type(parameter.kind.name()))
                })
                .collect();
            let returned = python_type(method.returns.0);
            let _ = writeln!(stubs, "\n    def {}(self{parameters}) -> {returned}:", method.name);
            let _ = writeln!(stubs, "        \"\"\"{}\"\"\"", method.summary);
        }
    }
    stubs
}

/// What a value of an XML-RPC type is in Python.
fn python_type(kind: &str) -> &'static str {
    match kind {
        "string" => "str",
        "int" => "int",
        "boolean" => "bool",
        "array" => "list[Any]",
        "struct" => "dict[str, Any]",
        _ => "Any",
    }
}
