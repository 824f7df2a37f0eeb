//! What is made from the method table.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;

use supervisor_core::rpc::METHODS;
use supervisor_core::rpc::document::{api_document, python_stubs};

fn check(path: &str, text: &str) {
    let file = format!("{}/../../{path}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("UPDATE_API").is_some() {
        std::fs::write(&file, text).unwrap();
    }
    assert!(std::fs::read_to_string(&file).unwrap() == text, "{path} is behind the method table");
}

#[test]
fn the_page_of_the_interface_is_current() {
    check("docs/api.md", &api_document());
}

#[test]
fn the_stubs_for_python_are_current() {
    check("python/supervisor/_methods.pyi", &python_stubs());
}

#[test]
fn no_name_stands_twice_in_the_table_and_no_line_of_help_is_missing() {
    let names: BTreeSet<_> = METHODS.iter().map(|method| (method.namespace, method.name)).collect();
    assert_eq!(names.len(), METHODS.len());
    for method in METHODS {
        let help = method.help();
        assert_eq!(help.matches("@param ").count(), method.parameters.len(), "{help}");
        assert_eq!(help.matches("@return ").count(), 1, "{help}");
        assert!(method.summary.ends_with('.'), "{}", method.summary);
    }
}
