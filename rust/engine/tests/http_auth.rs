//! Basic authentication over the wire.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod http_support;

use http_support::{Server, USER, call_with, error_page, get};

/// `user:thepassword`
const RIGHT: &str = "Authorization: Basic dXNlcjp0aGVwYXNzd29yZA==\r\n";
/// `user:wrong`
const WRONG: &str = "Authorization: Basic dXNlcjp3cm9uZw==\r\n";

fn get_with(path: &str, header: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{header}\r\n").into_bytes()
}

#[test]
fn every_path_asks_for_credentials_and_the_connection_ends() {
    let server = Server::with(USER);
    for path in
        ["/", "/RPC2", "/logtail/a", "/mainlogtail", "/ok.html", "/stylesheets/supervisor.css", "/nope"]
    {
        let mut client = server.connect();
        let reply = client.ask(&get(path));
        assert_eq!(
            (reply.status(), reply.body.as_str()),
            (401, error_page(401, "Unauthorized").as_str()),
            "{path}"
        );
        assert_eq!(reply.header("Www-Authenticate"), Some("Basic realm=\"default\""), "{}", reply.head);
        assert_eq!(reply.header("Connection"), Some("close"));
        assert_eq!(client.rest(), b"");
    }
}

#[test]
fn a_refused_call_is_not_called_and_its_client_reads_the_refusal() {
    let server = Server::with(USER);
    for extra in ["", WRONG, "Authorization: Digest x\r\n"] {
        for mut request in
            [call_with("x", &[], extra), call_with("x", &["long".repeat(100_000).into()], extra)]
        {
            let mut client = server.connect();
            // In two parts, as Python's client sends it.
            let body = request.split_off(request.windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 4);
            client.send(&request);
            client.send(&body);
            assert_eq!(client.reply().status(), 401, "{extra}");
        }
    }
    assert!(server.shared.now().methods.is_empty());
}

#[test]
fn the_right_password_opens_everything() {
    let server = Server::with(USER);
    for path in ["/", "/ok.html", "/stylesheets/supervisor.css"] {
        assert_eq!(server.ask(&get_with(path, RIGHT)).status(), 200, "{path}");
    }
    assert_eq!(server.ask(&get_with("/nope", RIGHT)).status(), 404);
    assert_eq!(server.ask(&call_with("x", &[], RIGHT)).status(), 200);
    assert_eq!(server.connect_tcp().ask(&call_with("x", &[], RIGHT)).status(), 200);
}

#[test]
fn a_password_may_be_configured_as_its_sha() {
    let server = Server::with(Some(("user", "{SHA}82ab876d1387bfafe46cc1c8a2ef074eae50cb1d")));
    assert_eq!(server.ask(&call_with("x", &[], RIGHT)).status(), 200);
    assert_eq!(server.ask(&call_with("x", &[], WRONG)).status(), 401);
}

#[test]
fn credentials_that_cannot_be_read_are_a_bad_request() {
    let server = Server::with(USER);
    for header in ["Basic YQ", "Basic bm9jb2xvbg==", "Basic dTr/"] {
        let reply = server.ask(&get_with("/", &format!("Authorization: {header}\r\n")));
        assert_eq!((reply.status(), reply.body), (400, error_page(400, "Bad Request")), "{header}");
    }
}
