//! The end of the servers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod http_support;

use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use http_support::{PATIENCE, Server, call, get};

#[test]
fn the_answer_to_shutdown_always_arrives() {
    for _ in 0..20 {
        let mut server = Server::start();
        let mut client = server.connect();
        assert_eq!(client.ask(&call("shutdown")).status(), 200);
        assert_eq!(client.rest(), b"");
        server.join();
    }
}

#[test]
fn nothing_is_waited_for_but_answers_in_flight() {
    let mut server = Server::start();
    let mut clients = [server.connect(), server.connect(), server.connect(), server.connect()];
    let [silent, halfway, idle, following] = &mut clients;
    halfway.send(b"GET / HT");
    assert_eq!(idle.ask(&get("/ok.html")).body, "OK");
    following.send(&get("/logtail/a"));
    following.head();
    assert!(following.chunk().is_some());

    let begun = Instant::now();
    server.stop(PATIENCE);
    assert!(begun.elapsed() < PATIENCE / 2, "it took {:?}", begun.elapsed());
    for client in [silent, halfway, idle] {
        assert_eq!(client.rest(), b"");
    }
}

#[test]
fn nobody_gets_in_any_more() {
    let mut server = Server::start();
    server.stop(PATIENCE);
    assert!(UnixStream::connect(server.path()).is_err());
    assert!(TcpStream::connect(server.address.unwrap()).is_err());
}

#[test]
fn an_answer_that_never_comes_is_given_up_in_time() {
    let mut server = Server::start();
    let mut client = server.connect();
    client.send(&call("wait"));
    server.shared.wait_for(|seen| seen.methods.contains(&"wait".to_owned()));
    server.stop(Duration::from_millis(50));
    assert_eq!(client.rest(), b"");
}

#[test]
fn a_big_answer_in_flight_reaches_a_slow_client() {
    let mut server = Server::start();
    let text = "x".repeat(4_000_000);
    let mut client = server.connect();
    client.send(&http_support::call_with("echo", &[text.as_str().into()], ""));
    server.shared.wait_for(|seen| seen.methods.contains(&"echo".to_owned()));
    let mut other = server.connect();
    assert_eq!(other.ask(&call("shutdown")).status(), 200);
    assert_eq!(other.rest(), b"");
    assert!(client.reply().body.contains(&text));
    server.join();
}
