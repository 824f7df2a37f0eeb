//! Many connections at once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod http_support;

use std::sync::Mutex;

use http_support::{Server, call, get};
use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// The limit of open files is the whole process', so these tests take turns.
static LIMIT: Mutex<()> = Mutex::new(());

fn limit_files(files: u64) {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, files.min(hard), hard).unwrap();
}

/// Enough for both ends of all connections of a test.
const PLENTY: u64 = 8192;

#[test]
fn two_thousand_idle_connections_hold_nobody_up() {
    let _turn = LIMIT.lock().unwrap();
    limit_files(PLENTY);
    let mut server = Server::start();
    let mut idle: Vec<_> = (0..2000).map(|_| server.connect()).collect();
    for client in idle.iter_mut().step_by(200) {
        assert_eq!(client.ask(&get("/ok.html")).body, "OK");
    }
    assert_eq!(server.ask(&call("x")).status(), 200);
    assert_eq!(idle[1].ask(&call("x")).status(), 200);
    server.stop(http_support::PATIENCE);
    assert_eq!(idle[0].rest(), b"");
}

#[test]
fn when_it_is_full_the_longest_idle_connection_makes_room() {
    let _turn = LIMIT.lock().unwrap();
    // The server takes half of what it may open when it starts: 64 connections.
    limit_files(128);
    let server = Server::start();
    limit_files(PLENTY);

    let mut busy = server.connect();
    busy.send(&call("wait"));
    server.shared.wait_for(|seen| !seen.methods.is_empty());
    let mut followed = server.connect();
    followed.send(&get("/logtail/a"));
    followed.head();
    assert!(followed.chunk().is_some());
    // 62 places are left; one hundred clients come, so the first thirty-eight have to go.
    let mut clients: Vec<_> = (0..100).map(|_| server.connect()).collect();
    for gone in &mut clients[..38] {
        assert_eq!(gone.rest(), b"");
    }
    for client in &mut clients[38..] {
        assert_eq!(client.ask(&call("x")).status(), 200);
    }
    assert_eq!(clients.last_mut().unwrap().ask(&call("release")).status(), 200);
    assert_eq!(busy.reply().status(), 200);
}

#[test]
fn clients_that_never_end_their_requests_make_room_for_others() {
    let _turn = LIMIT.lock().unwrap();
    // Room for 64 connections.
    limit_files(128);
    let server = Server::start();
    limit_files(PLENTY);
    let whole = call("x");
    let mut slow: Vec<_> = (0..64).map(|_| server.connect()).collect();
    for (number, client) in slow.iter_mut().enumerate() {
        // Some stop within the headers, some within the body.
        let sent = if number % 2 == 0 { 20 } else { whole.len() - 5 };
        client.send(&whole[..sent]);
    }
    for _ in 0..3 {
        assert_eq!(server.ask(&whole).status(), 200);
    }
    assert_eq!(slow[0].rest(), b"");
    let last = slow.last_mut().unwrap();
    last.send(&whole[whole.len() - 5..]);
    assert_eq!(last.reply().status(), 200);
}
