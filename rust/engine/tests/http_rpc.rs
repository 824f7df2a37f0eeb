//! XML-RPC over the wire, compared byte by byte with what the original answers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod http_support;

use std::io::Write as _;
use std::net::Shutdown;
use std::time::Instant;

use http_support::{Server, call, call_with, error_page, post};
use supervisor_core::xml::{Value, write_fault, write_response};

const SERVER: &str = concat!("Server: supervisor-rs/", env!("CARGO_PKG_VERSION"), "\r\n");
const TRUE: &str = "<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n<value><boolean>1</boolean></value>\n\
                    </param>\n</params>\n</methodResponse>\n";

fn head(status: &str, content_type: &str, length: usize) -> String {
    format!(
        "HTTP/1.1 {status}\r\n{SERVER}Content-Type: {content_type}\r\nX-Content-Type-Options: nosniff\r\n\
         Content-Length: {length}\r\n"
    )
}

#[test]
fn an_answer_has_the_headers_and_the_bytes_of_the_original() {
    let server = Server::start();
    let reply = server.ask(&call("supervisor.x"));
    assert_eq!(reply.head, head("200 OK", "text/xml", TRUE.len()));
    assert_eq!(reply.body, TRUE);
    assert_eq!(server.connect_tcp().ask(&call("supervisor.x")), reply);
}

#[test]
fn what_only_looks_is_answered_as_everything_else() {
    let server = Server::start();
    let seen = write_response(Value::from("seen"));
    let reply = server.ask(&call("look"));
    assert_eq!(reply.head, head("200 OK", "text/xml", seen.len()));
    assert_eq!(reply.body, seen);
    assert!(server.shared.now().methods.is_empty());
}

#[test]
fn a_fault_is_an_answer_of_status_200() {
    let reply = Server::start().ask(&call("fault"));
    assert_eq!((reply.status(), reply.body), (200, write_fault(10, "BAD_NAME: x")));
}

#[test]
fn errors_outside_of_the_methods_are_status_500() {
    let server = Server::start();
    let reply = server.ask(&call("internal"));
    let page = error_page(500, "Internal Server Error");
    assert_eq!(reply.head, head("500 Internal Server Error", "text/html", page.len()));
    assert_eq!(reply.body, page);
}

#[test]
fn a_call_that_the_daemon_did_not_live_to_answer_is_a_fault() {
    let server = Server::start();
    assert_eq!(server.ask(&call("drop")).body, write_fault(6, "SHUTDOWN_STATE"));
}

#[test]
fn what_is_no_call_is_status_400_and_logged() {
    let server = Server::start();
    for (body, why) in
        [("junk", "unmarshallable"), ("<a/>", "no method name"), ("<a>\x1b</a>", "unmarshallable")]
    {
        let reply = server.ask(&post(body, ""));
        assert_eq!((reply.status(), reply.body), (400, error_page(400, "Bad Request")));
        let shown = body.replace('\x1b', "\\x1b");
        let line = format!("ERRO XML-RPC request data '{shown}' is invalid: {why}");
        assert!(server.shared.now().lines.contains(&line), "{line}");
    }
    assert_eq!(server.ask(&post("\u{feff}junk", "")).status(), 400);
    assert!(server.shared.now().methods.is_empty());
}

#[test]
fn a_connection_serves_many_requests_also_when_they_come_at_once() {
    let server = Server::start();
    let mut client = server.connect();
    for number in 0..3 {
        let reply = client.ask(&call_with("echo", &[Value::Int(number)], ""));
        assert_eq!(reply.body, write_response(Value::Int(number)));
        assert_eq!(reply.header("Connection"), None);
    }
    client.send(&[call_with("echo", &["one".into()], ""), call_with("echo", &["two".into()], "")].concat());
    assert_eq!(client.reply().body, write_response("one".into()));
    assert_eq!(client.reply().body, write_response("two".into()));
}

#[test]
fn connections_end_when_the_client_says_so_or_speaks_http_1_0() {
    let server = Server::start();
    let mut client = server.connect();
    assert_eq!(client.ask(&call_with("x", &[], "Connection: close\r\n")).body, TRUE);
    assert_eq!(client.rest(), b"");

    let old = |extra: &str| {
        String::from_utf8(call_with("x", &[], extra)).unwrap().replace("HTTP/1.1", "HTTP/1.0").into_bytes()
    };
    let mut client = server.connect();
    let reply = client.ask(&old(""));
    assert!(reply.head.starts_with("HTTP/1.0 200 OK\r\n"), "{}", reply.head);
    assert_eq!((reply.body.as_str(), client.rest().as_slice()), (TRUE, &b""[..]));

    let mut client = server.connect();
    for _ in 0..2 {
        let reply = client.ask(&old("Connection: keep-alive\r\n"));
        assert_eq!(reply.header("Connection").map(str::to_lowercase).as_deref(), Some("keep-alive"));
        assert_eq!(reply.body, TRUE);
    }
}

#[test]
fn only_post_with_a_body_calls_a_method() {
    let server = Server::start();
    for method in ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"] {
        let request = format!("{method} /RPC2 HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let mut client = server.connect();
        client.send(request.as_bytes());
        assert!(client.head().starts_with("HTTP/1.1 400 Bad Request\r\n"), "{method}");
    }
    let reply = server.ask(b"POST /RPC2 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!((reply.status(), reply.body), (411, error_page(411, "Length Required")));
}

#[test]
fn the_path_is_rpc2_with_or_without_something_behind_it() {
    let server = Server::start();
    let on = |path: &str| {
        let request = String::from_utf8(call("x")).unwrap().replace("/RPC2", path);
        server.ask(request.as_bytes()).status()
    };
    for path in ["/RPC2", "/RPC2/", "/RPC2?x", "/RPC2/x", "/RPC%32", "http://localhost/RPC2"] {
        assert_eq!(on(path), 200, "{path}");
    }
    for path in ["/RPC", "/rpc2", "/nope"] {
        assert_eq!(on(path), 400, "{path}");
    }
}

#[test]
fn a_chunked_request_is_read() {
    let body = String::from_utf8(call("x")).unwrap();
    let body = body.split_once("\r\n\r\n").unwrap().1;
    let (first, second) = body.split_at(20);
    let request = format!(
        "POST /RPC2 HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n\
         {:x}\r\n{first}\r\n{:x}\r\n{second}\r\n0\r\n\r\n",
        first.len(),
        second.len(),
    );
    assert_eq!(Server::start().ask(request.as_bytes()).body, TRUE);
}

#[test]
fn a_request_too_big_is_refused_and_the_client_can_read_why() {
    let server = Server::start();
    let announced = b"POST /RPC2 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000000\r\n\r\n";
    let mut client = server.connect();
    client.send(announced);
    // Whoever announces less than a megabyte too much may send it all; this one gives up in time.
    client.send(&vec![b'x'; 64 * 1024]);
    client.0.get_ref().shutdown(Shutdown::Write).unwrap();
    let reply = client.reply();
    assert_eq!((reply.status(), reply.body), (413, error_page(413, "Request Entity Too Large")));

    let waiting =
        b"POST /RPC2 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000000\r\nExpect: 100-continue\r\n\r\n";
    assert_eq!(server.ask(waiting).status(), 413);

    let header = format!("GET / HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n", "x".repeat(40_000));
    let mut client = server.connect();
    client.send(header.as_bytes());
    assert!(client.head().starts_with("HTTP/1.1 431 "));
    assert_eq!(server.ask(&call("x")).status(), 200);
}

#[test]
fn a_big_request_and_a_big_answer_go_through() {
    let text: String = "0123456789abcde\n".repeat(200_000);
    let reply = Server::start().ask(&call_with("echo", &[Value::from(text.as_str())], ""));
    assert_eq!(reply.body, write_response(Value::from(text)));
}

#[test]
fn others_are_served_while_an_answer_is_awaited() {
    let server = Server::start();
    let mut patient = server.connect();
    patient.send(&call("wait"));
    server.shared.wait_for(|seen| seen.methods.contains(&"wait".to_owned()));
    // Half a request of somebody else holds nobody up either.
    let mut slow = server.connect();
    slow.send(b"POST /RPC2 HTTP/1.1\r\nContent-Length: 100\r\n\r\n<x");
    assert_eq!(server.ask(&call("x")).body, TRUE);
    assert_eq!(server.ask(&call("release")).body, TRUE);
    assert_eq!(patient.reply().body, write_response("released".into()));
}

#[test]
fn a_client_that_ends_its_input_early_still_gets_its_answer() {
    let server = Server::start();
    for round in 1..=50 {
        let mut client = server.connect();
        client.send(&call("wait"));
        client.0.get_ref().shutdown(Shutdown::Write).unwrap();
        server
            .shared
            .wait_for(|seen| seen.methods.iter().filter(|method| *method == "wait").count() == round);
        server.ask(&call("release"));
        assert_eq!(client.reply().body, write_response("released".into()));
        assert_eq!(client.rest(), b"");
    }
}

#[test]
fn a_request_that_breaks_off_is_not_waited_for() {
    let server = Server::start();
    let whole = call("x");
    let begun = Instant::now();
    for end in [whole.len() - 1, whole.len() - 60] {
        let mut client = server.connect();
        client.send(&whole[..end]);
        client.0.get_ref().shutdown(Shutdown::Write).unwrap();
        client.rest();
    }
    assert!(begun.elapsed() < http_support::PATIENCE, "it took {:?}", begun.elapsed());
    assert!(server.shared.now().methods.is_empty());
}

#[test]
fn web_pages_of_others_cannot_call_methods() {
    let server = Server::start();
    for extra in ["Origin: http://evil.example\r\n", "Origin: null\r\n", "Sec-Fetch-Site: cross-site\r\n"] {
        let reply = server.ask(&call_with("x", &[], extra));
        assert_eq!((reply.status(), reply.body), (403, error_page(403, "Forbidden")), "{extra}");
    }
    assert!(server.shared.now().methods.is_empty());
    assert_eq!(server.ask(&call_with("x", &[], "Origin: http://localhost\r\n")).status(), 200);
}

#[test]
fn what_is_not_http_is_answered_with_400() {
    let server = Server::start();
    for request in [
        &b"garbage\r\n\r\n"[..],
        b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
        b"POST /RPC2 HTTP/1.1\r\nContent-Length: abc\r\n\r\n",
    ] {
        let mut client = server.connect();
        client.0.get_mut().write_all(request).unwrap();
        assert!(client.head().starts_with("HTTP/1.1 400 Bad Request\r\n"));
        assert_eq!(client.rest(), b"");
    }
}

#[test]
fn a_compressed_request_is_refused_and_its_client_reads_why() {
    let server = Server::start();
    for (encoding, status) in
        [("gzip", 415), ("deflate", 415), ("br", 415), ("identity", 200), ("Identity", 200)]
    {
        let extra = format!("Content-Encoding: {encoding}\r\n");
        let reply = server.ask(&call_with("x", &[], &extra));
        assert_eq!(reply.status(), status, "{encoding}");
        if status == 415 {
            assert_eq!(reply.body, error_page(415, "Unsupported Media Type"));
        }
    }
}
