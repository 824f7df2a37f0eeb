//! Requests that are for plug-ins.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod http_support;

use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use http_support::{ENDLESS, NEVER, PATIENCE, Server, error_page, get};

/// More than all buffers on the way to a client that does not read, in pieces of an answer.
const MANY_PIECES: usize = 200;

#[test]
fn a_plug_in_gets_the_whole_request_and_says_the_answer() {
    let server = Server::start();
    let request =
        b"POST /echo.html?a=1 HTTP/1.1\r\nHost: h\r\nx-odd-name: v\r\nContent-Length: 5\r\n\r\nhello";
    let reply = server.ask(request);
    assert_eq!(reply.status(), 201);
    assert_eq!(reply.body, "POST /echo.html?a=1 Host: h|X-Odd-Name: v|Content-Length: 5 5");
    for line in [format!("Content-Length: {}\r\n", reply.body.len()), "X-Own: yes\r\n".to_owned()] {
        assert!(reply.head.contains(&line), "{line} is missing: {}", reply.head);
    }
    assert!(reply.head.contains("Server: supervisor-rs/"), "{}", reply.head);
}

#[test]
fn a_form_of_another_site_never_gets_there() {
    let server = Server::start();
    let request =
        b"POST /echo.html HTTP/1.1\r\nHost: h\r\nOrigin: http://evil.example\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(server.ask(request).status(), 403);
}

#[test]
fn a_header_that_is_none_is_an_error_and_said() {
    let server = Server::start();
    let reply = server.ask(&get("/odd.html"));
    assert_eq!((reply.status(), &*reply.body), (500, &*error_page(500, "Internal Server Error")));
    let seen = server.shared.wait_for(|seen| !seen.lines.is_empty());
    assert_eq!(seen.lines, ["ERRO a plug-in answers with a bad header: X-Odd: \"a\\nb\""]);
}

#[test]
fn where_nobody_answers_any_more_the_client_is_told() {
    assert_eq!(Server::start().ask(&get("/gone.html")).status(), 503);
}

#[test]
fn a_client_that_leaves_is_forgotten() {
    let server = Server::start();
    let mut client = server.connect();
    client.send(&get("/endless.html"));
    client.head();
    drop(client);
    server.shared.wait_for(|seen| seen.forgotten.contains(&ENDLESS));
}

#[test]
fn a_client_that_does_not_read_is_not_written_for() {
    let server = Server::start();
    let mut client = server.connect();
    client.send(&get("/endless.html"));
    client.head();
    let mut other = server.connect();
    let mut before = 0;
    loop {
        assert_eq!(other.ask(&get("/ok.html")).body, "OK");
        let now = server.shared.now().asked_again;
        assert!(now < MANY_PIECES, "{now} pieces");
        if now == before && now > 0 {
            break;
        }
        before = now;
    }
}

#[test]
fn an_unfinished_page_does_not_hold_up_the_end() {
    let mut server = Server::start();
    let mut client = server.connect();
    client.send(&get("/never.html"));
    server.shared.wait_for(|seen| seen.asked_again > 0);
    let begun = Instant::now();
    server.stop(Duration::ZERO);
    assert!(begun.elapsed() < PATIENCE / 2, "it took {:?}", begun.elapsed());
    assert_eq!(client.rest(), b"");
    assert!(server.shared.now().forgotten.contains(&NEVER));
}

#[test]
fn servers_that_are_shut_down_have_no_clients_and_get_none() {
    let mut server = Server::start();
    let (mut waiting, mut idle, mut tcp) = (server.connect(), server.connect(), server.connect_tcp());
    assert_eq!(idle.ask(&get("/ok.html")).body, "OK");
    assert_eq!(tcp.ask(&get("/ok.html")).body, "OK");
    waiting.send(&get("/never.html"));
    server.shared.wait_for(|seen| seen.asked_again > 0);
    server.shared.sockets.shut_down();
    assert_eq!(waiting.rest(), b"");
    assert_eq!(idle.rest(), b"");
    assert_eq!(tcp.rest(), b"");
    assert!(TcpStream::connect(server.address.unwrap()).is_err());
    assert!(UnixStream::connect(server.path()).is_err());
    server.stop(Duration::ZERO);
    assert!(server.shared.now().forgotten.contains(&NEVER));
}
