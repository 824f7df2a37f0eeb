//! The pages, static files and what has no page; statuses as measured with the original.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod http_support;

use http_support::{Server, error_page, get};

#[test]
fn the_status_page_shows_every_process_and_may_not_be_cached() {
    let server = Server::start();
    let reply = server.ask(&get("/"));
    assert_eq!(reply.status(), 200);
    assert_eq!(reply.header("Content-Type"), Some("text/html;charset=utf-8"));
    assert_eq!(reply.header("Pragma"), Some("no-cache"));
    assert_eq!(reply.header("Cache-Control"), Some("no-cache"));
    assert_eq!(reply.header("Expires"), Some("Thu, 01 Jan 1970 00:00:00 GMT"));
    let policy = reply.header("Content-Security-Policy").unwrap();
    assert!(policy.starts_with("default-src 'none';") && !policy.contains("unsafe"), "{policy}");
    for text in [">a<", ">b<", ">7<", ">0:00:09<", ">running<", "Not started", "4.3.0+rs.0.1.0"] {
        assert!(reply.body.contains(text), "{text} is missing in {}", reply.body);
    }
    for same in ["/index.html", "/index.html?x=y", "//", "/%69ndex.html"] {
        assert_eq!(server.ask(&get(same)).body, reply.body, "{same}");
    }
}

#[test]
fn every_link_of_the_status_page_works() {
    let server = Server::start();
    let page = server.ask(&get("/")).body;
    let links = ["href=\"", "src=\""].into_iter().flat_map(|attribute| page.split(attribute).skip(1));
    let links = links.filter_map(|rest| rest.split_once('"')).map(|(link, _)| link);
    let mut seen = 0;
    for link in links.filter(|link| !link.starts_with('#')) {
        let mut client = server.connect();
        client.send(&get(&format!("/{}", link.trim_start_matches("./"))));
        assert!(client.head().starts_with("HTTP/1.1 200 "), "{link}");
        seen += 1;
    }
    assert!(seen > 8, "{seen}");
}

#[test]
fn a_program_acts_by_a_link_and_a_browser_is_asked() {
    let server = Server::start();
    let reply = server.ask(&get("/?processname=a&action=stop"));
    assert_eq!((reply.status(), reply.header("Location")), (301, Some("./?message=Process%20a%20stopped")));
    assert_eq!(server.shared.now().methods, ["stopProcess"]);
    let reply =
        server.ask(b"GET /?processname=a&action=stop HTTP/1.1\r\nHost: h\r\nSec-Fetch-Site: none\r\n\r\n");
    assert_eq!(reply.status(), 200);
    assert!(reply.body.contains("Stop a?"), "{}", reply.body);
    assert_eq!(server.shared.now().methods, ["stopProcess"]);
}

#[test]
fn the_other_paths_have_the_statuses_of_the_original() {
    let server = Server::start();
    for (request, status, reason) in [
        ("GET /ok.html", 200, ""),
        ("POST /ok.html", 200, ""),
        ("POST /", 200, ""),
        ("GET /stylesheets/supervisor.css", 200, ""),
        ("GET /nope", 404, "Not Found"),
        ("GET /stylesheets", 404, "Not Found"),
        ("GET /../Cargo.toml", 404, "Not Found"),
        ("GET /%ff", 400, "Bad Request"),
        ("PUT /", 400, "Bad Request"),
        ("DELETE /nope", 400, "Bad Request"),
        ("OPTIONS *", 400, "Bad Request"),
        ("POST /nope", 400, "Bad Request"),
        ("POST /stylesheets/supervisor.css", 400, "Bad Request"),
    ] {
        let reply =
            server.ask(format!("{request} HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n").as_bytes());
        assert_eq!(reply.status(), status, "{request}");
        if status != 200 {
            assert_eq!(reply.body, error_page(status, reason), "{request}");
            assert_eq!(reply.header("Content-Type"), Some("text/html"));
        }
    }
    assert_eq!(server.ask(b"POST / HTTP/1.1\r\nHost: h\r\n\r\n").status(), 411);
    let reply = server.ask(&get("/ok.html"));
    assert_eq!((reply.header("Content-Type"), reply.body.as_str()), (Some("text/plain"), "OK"));
}

#[test]
fn head_gets_the_headers_alone() {
    let server = Server::start();
    let style = server.ask(&get("/stylesheets/supervisor.css"));
    assert_eq!(style.header("Content-Type"), Some("text/css"));
    for (path, status, length) in [
        ("/stylesheets/supervisor.css", 200, style.body.len()),
        ("/", 404, error_page(404, "Not Found").len()),
        ("/ok.html", 404, error_page(404, "Not Found").len()),
        ("/nope", 404, error_page(404, "Not Found").len()),
    ] {
        let mut client = server.connect();
        client.send(format!("HEAD {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").as_bytes());
        let head = client.head();
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{path}: {head}");
        assert!(head.contains(&format!("Content-Length: {length}\r\n")), "{path}: {head}");
        assert_eq!(client.rest(), b"", "{path}");
    }
}
