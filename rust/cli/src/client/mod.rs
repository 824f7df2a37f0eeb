//! The client side of a supervisor's XML-RPC interface and of its log streams.
//!
//! [`Client`] is blocking: one call at a time, over a unix socket or TCP, with Basic auth where
//! credentials are given. Inside runs a tokio runtime of one thread, so that a caller who asked for
//! it ([`Client::watch_interrupts`]) can leave a wait with Ctrl-C.

pub mod address;
pub mod error;
pub mod fault;
pub mod methods;
mod reactor;
pub mod records;
pub mod remote;
pub mod stream;
mod transport;
pub mod watch;

use std::future::Future;
use std::io::{self, ErrorKind::TimedOut};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use dxr::{FaultResponse, MethodCall, MethodResponse, TryFromValue, TryToParams};

pub use address::ServerAddress;
pub use error::ClientError;
pub use records::{ConfigInfo, GroupChanges, ProcessInfo, ProcessResult};
pub use stream::LogStream;
pub use transport::Endpoint;
pub use watch::DaemonWatch;

use nix::unistd::Pid;
use tokio::time::timeout;

use reactor::Reactor;
use remote::Remote;
use transport::Connection;

/// A connection to one supervisor, made when it is first needed.
pub struct Client {
    endpoint: Endpoint,
    reactor: Reactor,
    connection: Option<Connection>,
    remote: Option<Box<dyn Remote>>,
    time_limit: Option<Duration>,
}

impl Client {
    /// A client for an endpoint. Nothing is connected yet, and the address is not looked at before
    /// the first call: a bad one is that call's error.
    ///
    /// # Errors
    ///
    /// The operating system refuses what the runtime needs (a selector).
    pub fn new(endpoint: Endpoint) -> io::Result<Self> {
        Ok(Self { endpoint, reactor: Reactor::new()?, connection: None, remote: None, time_limit: None })
    }

    /// A client whose calls another makes; log streams are its own. `signals` brings a byte with the number of
    /// each signal of the process, and takes the place of a handler for SIGINT.
    ///
    /// # Errors
    ///
    /// As [`Client::new`].
    pub fn through(
        endpoint: Endpoint,
        remote: Box<dyn Remote>,
        signals: Option<UnixStream>,
    ) -> io::Result<Self> {
        let reactor = Reactor::told_of_signals(signals)?;
        Ok(Self { endpoint, reactor, connection: None, remote: Some(remote), time_limit: None })
    }

    /// The same client, whose calls fail with [`io::ErrorKind::TimedOut`] when they take longer than this.
    #[must_use]
    pub fn with_time_limit(self, time_limit: Duration) -> Self {
        Self { time_limit: Some(time_limit), ..self }
    }

    /// Where it connects to, and as whom.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Talks to another endpoint from now on.
    pub fn set_endpoint(&mut self, endpoint: Endpoint) {
        self.disconnect();
        self.endpoint = endpoint;
    }

    /// Closes the connection, if there is one; the next call makes a new one.
    pub fn disconnect(&mut self) {
        self.connection = None;
    }

    /// From now on SIGINT does not end the process, but whatever is being waited for, which then
    /// answers [`ClientError::Interrupted`].
    ///
    /// # Errors
    ///
    /// The signal handler cannot be installed.
    pub fn watch_interrupts(&mut self) -> io::Result<()> {
        self.reactor.watch_interrupts()
    }

    /// Waits for any work on this client's runtime.
    ///
    /// # Errors
    ///
    /// [`ClientError::Interrupted`] when interrupts are watched and one came.
    pub fn wait<T>(&mut self, work: impl Future<Output = T>) -> Result<T, ClientError> {
        self.reactor.wait(work)
    }

    /// Calls a method and reads its answer as `T`.
    ///
    /// # Errors
    ///
    /// See [`ClientError`].
    pub fn call<T: TryFromValue>(
        &mut self,
        method: &str,
        params: impl TryToParams,
    ) -> Result<T, ClientError> {
        if let Some(remote) = &mut self.remote {
            return decode(&remote.exchange(&encode(method, &params)?)?);
        }
        let Self { endpoint, reactor, connection, time_limit, .. } = self;
        reactor.wait(async {
            let answer = call(endpoint, connection, method, params);
            match *time_limit {
                Some(limit) => {
                    timeout(limit, answer).await.unwrap_or_else(|_| Err(io::Error::from(TimedOut).into()))
                }
                None => answer.await,
            }
        })?
    }

    /// A watch for the end of the daemon, to be asked for while it is there.
    ///
    /// # Errors
    ///
    /// The daemon cannot be asked for its pid, or connected to.
    pub fn watch_daemon(&mut self) -> Result<DaemonWatch, ClientError> {
        let pid = self.daemon_pid()?;
        let is_local = matches!(self.endpoint.address()?, ServerAddress::Unix(_));
        let pid = i32::try_from(pid).ok().filter(|_| is_local).map(Pid::from_raw);
        let endpoint = self.endpoint.clone();
        self.wait(DaemonWatch::start(endpoint, pid))?
    }

    /// What a path of the server sends, without end, over a connection of its own. It is opened when
    /// [`LogStream::next`] is first waited for.
    #[must_use]
    pub fn log_stream(&self, path: &str) -> LogStream {
        LogStream::new(self.endpoint.clone(), path.to_owned())
    }
}

/// One call over the connection kept in `connection`, which is replaced when it has been closed.
///
/// # Errors
///
/// See [`ClientError`].
async fn call<T: TryFromValue>(
    endpoint: &Endpoint,
    connection: &mut Option<Connection>,
    method: &str,
    params: impl TryToParams,
) -> Result<T, ClientError> {
    let answer = transport::post(endpoint, connection, encode(method, &params)?).await?;
    decode(&answer)
}

/// A request as text.
fn encode(method: &str, params: &impl TryToParams) -> Result<String, ClientError> {
    let params = params.try_to_params().map_err(|error| ClientError::Malformed(error.to_string()))?;
    MethodCall { name: method.into(), params }
        .to_xml()
        .map_err(|error| ClientError::Malformed(error.to_string()))
}

/// Reads an answer: a value of the wanted type, or a fault.
fn decode<T: TryFromValue>(answer: &str) -> Result<T, ClientError> {
    match MethodResponse::from_xml(answer) {
        Ok(response) => {
            T::try_from_value(&response.value).map_err(|error| ClientError::Malformed(error.to_string()))
        }
        Err(_) => match FaultResponse::from_xml(answer) {
            Ok(response) => Err(ClientError::Fault {
                code: response.fault.code(),
                text: response.fault.string().to_owned(),
            }),
            Err(_) => Err(ClientError::Malformed("the answer is not XML-RPC".to_owned())),
        },
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    /// As the original's server writes it: line breaks between elements.
    const FAULT: &str = "<?xml version='1.0'?>\n<methodResponse>\n<fault>\n<value><struct>\n<member>\n\
        <name>faultCode</name>\n<value><int>10</int></value>\n</member>\n<member>\n\
        <name>faultString</name>\n<value><string>BAD_NAME: x</string></value>\n</member>\n\
        </struct></value>\n</fault>\n</methodResponse>\n";

    fn answer(value: &str) -> String {
        format!(
            "<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n<value>{value}</value>\n</param>\n\
             </params>\n</methodResponse>\n"
        )
    }

    #[test]
    fn a_fault_is_an_error_with_its_code_and_text() {
        let error = decode::<bool>(FAULT).unwrap_err();
        assert!(matches!(error, ClientError::Fault { code: 10, text } if text == "BAD_NAME: x"));
    }

    #[test]
    fn an_empty_array_decodes_to_no_results() {
        let results: Vec<ProcessResult> = decode(&answer("<array><data>\n</data></array>")).unwrap();
        assert!(results.is_empty());
    }

    #[test]
    fn numbers_decode_as_int_i4_and_i8() {
        for (text, number) in
            [("<int>-1</int>", -1), ("<i4>7</i4>", 7), ("<i8>4294967296</i8>", 4_294_967_296)]
        {
            assert_eq!(decode::<records::Number>(&answer(text)).unwrap().0, number);
        }
    }

    #[test]
    fn text_that_is_no_xml_is_malformed() {
        assert!(matches!(decode::<bool>("<html>oops"), Err(ClientError::Malformed(_))));
    }

    #[test]
    fn a_value_of_another_type_is_malformed() {
        assert!(matches!(decode::<bool>(&answer("<int>1</int>")), Err(ClientError::Malformed(_))));
    }
}
