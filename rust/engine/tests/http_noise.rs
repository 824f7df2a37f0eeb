//! Bytes that are nearly requests: none of them stops the server, and whatever is answered is HTTP.
//!
//! Takes a second; with `FUZZ_SECONDS` it goes on that long, from another beginning each time (`make fuzz`).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod http_support;

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::Shutdown;
use std::time::{Duration, Instant, UNIX_EPOCH};

use http_support::{Server, call, call_with, get, post};
use supervisor_core::xml::Value;

/// Requests without `FUZZ_SECONDS`.
const REQUESTS: usize = 400;

/// What is put into requests.
const PIECES: &[&str] = &[
    "\r\n",
    "\n",
    "\r\n\r\n",
    "\0",
    " ",
    "\t",
    ":",
    "%",
    "%00",
    "%zz",
    "/",
    "//",
    "..",
    "?",
    "#",
    "GET ",
    "POST ",
    "HEAD ",
    "HTTP/1.0",
    "HTTP/1.1",
    "HTTP/9.9",
    "Host: a\r\n",
    "Content-Length: 5\r\n",
    "Content-Length: 0\r\n",
    "Content-Length: 99999999999999999999\r\n",
    "Content-Length: -1\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Transfer-Encoding: gzip, chunked\r\n",
    "Expect: 100-continue\r\n",
    "Connection: close\r\n",
    "Connection: upgrade\r\nUpgrade: h2c\r\n",
    "Authorization: Basic !!\r\n",
    "0\r\n\r\n",
    "ffffffffffffffff\r\n",
    "5;a=b\r\nhello\r\n",
    "<",
    ">",
    "&",
    "<value>",
    "</value>",
    "<![CDATA[",
    "\u{feff}",
    "é",
    "\u{1f}",
];

/// Numbers that look random (xorshift), the same ones for the same beginning.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap() % end.max(1)
    }
}

fn requests() -> Vec<Vec<u8>> {
    let values = Value::Array(vec![
        1.into(),
        "a<&>é".into(),
        Value::Nil,
        Value::Struct(vec![("k".into(), true.into())]),
    ]);
    let chunked = "POST /RPC2 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n<a>\r\n0\r\n\r\n";
    vec![
        get("/"),
        get("/logtail/a"),
        get("/stylesheets/supervisor.css"),
        call("x"),
        call_with("echo", &[values], ""),
        call_with("x", &[], "Expect: 100-continue\r\n"),
        [call("x"), call("fault"), get("/ok.html")].concat(),
        post("<methodCall><methodName>x</methodName></methodCall>", "Connection: Keep-Alive\r\n"),
        chunked.as_bytes().to_vec(),
        b"GET /RPC2 HTTP/1.0\r\n\r\n".to_vec(),
    ]
}

fn change(request: &mut Vec<u8>, numbers: &mut Numbers) {
    let start = numbers.below(request.len() + 1);
    let end = (start + numbers.below(12)).min(request.len());
    match numbers.below(5) {
        0 | 1 => drop(request.splice(start..start, PIECES[numbers.below(PIECES.len())].bytes())),
        2 => drop(request.drain(start..end)),
        3 => {
            let again = request[start..end].to_vec();
            drop(request.splice(start..start, again));
        }
        _ => {
            if let Some(byte) = request.get_mut(start) {
                *byte = u8::try_from(numbers.below(256)).unwrap();
            }
        }
    }
}

#[test]
fn whatever_comes_the_server_lives_and_answers_in_http() {
    let seconds =
        std::env::var("FUZZ_SECONDS").ok().and_then(|text| text.parse().ok()).map(Duration::from_secs);
    let seed = seconds.map_or(1, |_| u64::from(UNIX_EPOCH.elapsed().unwrap().subsec_nanos()) | 1);
    let mut numbers = Numbers(seed);
    let server = Server::start();
    let requests = requests();
    let begin = Instant::now();
    let mut count = 0;
    while seconds.map_or(count < REQUESTS, |seconds| begin.elapsed() < seconds) {
        count += 1;
        let mut request = requests[numbers.below(requests.len())].clone();
        for _ in 0..=numbers.below(5) {
            change(&mut request, &mut numbers);
        }
        let mut client = server.connect();
        // The server may have refused it before all is sent.
        let stream = client.0.get_mut();
        let _ = stream.write_all(&request);
        let _ = stream.shutdown(Shutdown::Write);
        let shown = || format!("seed {seed}, request {count}: {}", String::from_utf8_lossy(&request));
        let mut answer = Vec::new();
        if let Err(error) = client.0.read_to_end(&mut answer) {
            assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{}", shown());
        }
        assert!(answer.is_empty() || answer.starts_with(b"HTTP/1."), "{}", shown());
        if count % 20 == 0 {
            assert_eq!(server.ask(&call("x")).status(), 200, "{}", shown());
        }
    }
}
