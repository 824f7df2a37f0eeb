//! An XML-RPC client of other people, dxr, over both kinds of sockets.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod http_support;

use std::collections::BTreeMap;
use std::io::{Read, Write};

use http_support::{Client, Server, post};

/// A call by dxr, and its answer as dxr reads it.
fn call<S: Read + Write>(client: &mut Client<S>, method: &'static str, params: Vec<dxr::Value>) -> String {
    let call = dxr::MethodCall { name: method.into(), params };
    client.ask(&post(&call.to_xml().unwrap(), "")).body
}

fn check<S: Read + Write>(client: &mut Client<S>) {
    let member = |name: &str, value| (name.to_owned(), value);
    for value in [
        dxr::Value::Integer(-5),
        dxr::Value::Long(1 << 40),
        dxr::Value::Boolean(true),
        dxr::Value::String("a<&>é🦀".to_owned()),
        dxr::Value::Double(1.5),
        dxr::Value::Nil,
        dxr::Value::Array(vec![dxr::Value::Integer(1), dxr::Value::Array(vec![])]),
        dxr::Value::Struct(BTreeMap::from([
            member("a", dxr::Value::Integer(1)),
            member("b", dxr::Value::String(String::new())),
        ])),
    ] {
        let answer = dxr::MethodResponse::from_xml(&call(client, "echo", vec![value.clone()])).unwrap();
        assert_eq!(answer.value, value);
    }
    let fault = dxr::FaultResponse::from_xml(&call(client, "fault", vec![])).unwrap().fault;
    assert_eq!((fault.code(), fault.string()), (10, "BAD_NAME: x"));
}

#[test]
fn dxr_calls_over_a_unix_socket_and_over_tcp() {
    let server = Server::start();
    check(&mut server.connect());
    check(&mut server.connect_tcp());
}
