//! Followed logs over the wire.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod http_support;

use std::io::Read as _;
use std::time::Duration;

use http_support::{PATIENCE, Server, call, error_page, get};

#[test]
fn a_log_is_followed_in_chunks_with_the_headers_of_the_original() {
    let server = Server::start();
    for path in ["/logtail/a", "/logtail/a/stderr", "/logtail/a%3Aa/stdout", "/logtail/a?x=1", "/mainlogtail"]
    {
        let mut client = server.connect();
        client.send(&get(path));
        let head = client.head();
        for line in [
            "HTTP/1.1 200 OK\r\n",
            "Content-Type: text/plain;charset=utf-8\r\n",
            "X-Accel-Buffering: no\r\n",
            "Transfer-Encoding: chunked\r\n",
            "Last-Modified: ",
            " GMT\r\n",
        ] {
            assert!(head.contains(line), "{line} is missing for {path}: {head}");
        }
        assert_eq!(client.chunk().as_deref(), Some(&b"hello\n"[..]), "{path}");
    }
}

#[test]
fn http_1_0_gets_the_log_until_the_connection_ends() {
    let mut server = Server::start();
    let mut client = server.connect();
    client.send(b"GET /logtail/a HTTP/1.0\r\n\r\n");
    let head = client.head();
    assert!(head.starts_with("HTTP/1.0 200 OK\r\n") && !head.contains("chunked"), "{head}");
    let mut text = [0; 6];
    client.0.read_exact(&mut text).unwrap();
    assert_eq!(&text, b"hello\n");
    server.stop(PATIENCE);
    assert_eq!(client.rest(), b"");
}

#[test]
fn a_log_that_is_not_there_is_status_404() {
    let server = Server::start();
    for path in [
        "/logtail",
        "/logtail/",
        "/logtail/nope",
        "/logtail/nolog",
        "/logtail/missing",
        "/logtail/a/bogus",
        "/logtail/a/stdout/x",
        "/logtailx",
    ] {
        let reply = server.ask(&get(path));
        assert_eq!((reply.status(), reply.body), (404, error_page(404, "Not Found")), "{path}");
    }
}

#[test]
fn logs_are_for_get_only() {
    let server = Server::start();
    for path in ["/logtail/a", "/mainlogtail"] {
        for method in ["POST", "HEAD", "PUT"] {
            let mut client = server.connect();
            client.send(format!("{method} {path} HTTP/1.1\r\nContent-Length: 0\r\n\r\n").as_bytes());
            assert!(client.head().starts_with("HTTP/1.1 400 "), "{method} {path}");
        }
    }
}

#[test]
fn the_end_of_the_server_ends_a_followed_log_properly() {
    let mut server = Server::start();
    let mut client = server.connect();
    client.send(&get("/logtail/a"));
    client.head();
    assert!(client.chunk().is_some());
    server.stop(PATIENCE);
    assert_eq!(client.chunk(), None);
    assert_eq!(client.rest(), b"");
}

#[test]
fn following_ends_when_the_client_is_gone() {
    let server = Server::start();
    for path in ["/logtail/a", "/logtail/flood"] {
        let before = server.shared.now().left;
        let mut client = server.connect();
        client.send(&get(path));
        client.head();
        assert!(client.chunk().is_some());
        drop(client);
        server.shared.wait_for(|seen| seen.left > before);
    }
    // One that ends only its input is gone as well: nothing else would ever tell.
    let mut client = server.connect();
    client.send(&get("/logtail/a"));
    client.head();
    client.0.get_ref().shutdown(std::net::Shutdown::Write).unwrap();
    server.shared.wait_for(|seen| seen.left == 3);
}

#[test]
fn a_client_that_went_on_talking_is_let_go_when_it_leaves() {
    let server = Server::start();
    let mut client = server.connect();
    client.send(&[get("/logtail/a"), b"more\r\n".to_vec()].concat());
    client.head();
    assert!(client.chunk().is_some());
    client.0.get_ref().shutdown(std::net::Shutdown::Write).unwrap();
    client.rest();
}

#[test]
fn a_client_that_does_not_read_pauses_its_own_log_only() {
    let mut server = Server::start();
    let mut client = server.connect();
    client.send(&get("/logtail/flood"));
    // The socket's and the server's buffers fill up; no more is taken then.
    let mut taken = server.shared.wait_for(|seen| seen.pieces > 0).pieces;
    loop {
        for _ in 0..50 {
            assert_eq!(server.ask(&call("x")).status(), 200);
        }
        let now = server.shared.now().pieces;
        if now == taken {
            break;
        }
        taken = now;
    }
    assert!(taken * 16 * 1024 < 4 * 1024 * 1024, "{taken} pieces are buffered somewhere");
    client.head();
    // It goes on when the client reads again.
    while server.shared.now().pieces == taken {
        assert!(client.chunk().is_some());
    }
    // Nor does it hold up the end of the server for longer than allowed.
    server.stop(Duration::from_millis(100));
}
