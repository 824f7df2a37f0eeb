//! Waiting for the end of a daemon.

use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::Pid;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::time::sleep;

use super::transport::{Endpoint, Stream, open};

/// A connection that asks for nothing: it ends when the daemon does.
pub struct DaemonWatch {
    endpoint: Endpoint,
    connection: Stream,
    /// The daemon's pid, when it runs on this machine.
    pid: Option<Pid>,
}

/// Between two attempts to connect again.
const PAUSE: Duration = Duration::from_millis(100);

/// A daemon that has closed its sockets has only its pid file to remove; it is looked at so often, and at most
/// for so long.
const LAST_LOOK: Duration = Duration::from_millis(10);
const LOOKS: usize = 500;

impl DaemonWatch {
    /// Connects.
    ///
    /// # Errors
    ///
    /// There is no server.
    pub(super) async fn start(endpoint: Endpoint, pid: Option<Pid>) -> Result<Self, super::ClientError> {
        let connection = open(&endpoint).await?;
        Ok(Self { endpoint, connection, pid })
    }

    /// Returns when nobody listens there any more and, if the daemon runs on this machine, its process is gone.
    pub async fn ended(mut self) {
        loop {
            read_to_end(&mut self.connection).await;
            // Servers close connections that nobody uses, too.
            match open(&self.endpoint).await {
                Ok(connection) => self.connection = connection,
                Err(_) => break,
            }
            sleep(PAUSE).await;
        }
        let Some(pid) = self.pid else { return };
        for _ in 0..LOOKS {
            if kill(pid, None) == Err(Errno::ESRCH) {
                return;
            }
            sleep(LAST_LOOK).await;
        }
    }
}

/// Reads what comes, which is nothing, until the other end closes.
async fn read_to_end(connection: &mut (impl AsyncRead + Unpin)) {
    let mut bytes = [0; 512];
    while let Ok(1..) = connection.read(&mut bytes).await {}
}
