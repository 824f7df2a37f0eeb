//! HTTP over a unix socket or TCP.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, USER_AGENT};
use hyper::http::request::Builder;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};

use super::{ClientError, ServerAddress};

/// A connection ready for requests.
pub(super) type Connection = SendRequest<Full<Bytes>>;

/// Largest answer that is read, in bytes: a whole log may come in one, but not without bound.
const LARGEST_ANSWER: usize = 512 * 1024 * 1024;

/// Where to connect to, and as whom.
#[derive(Debug, Clone, Default)]
pub struct Endpoint {
    /// `unix://path` or `http://host:port`.
    pub server_url: String,
    /// User name; sent when there is a password as well.
    pub username: Option<String>,
    /// Password; sent when there is a user name as well.
    pub password: Option<String>,
}

impl Endpoint {
    /// Its address.
    ///
    /// # Errors
    ///
    /// The original's sentence about an URL that cannot be one.
    pub fn address(&self) -> Result<ServerAddress, ClientError> {
        ServerAddress::parse(&self.server_url).map_err(ClientError::Address)
    }

    /// A request with the headers that every request has.
    fn request(&self, method: Method, path: &str) -> Result<Builder, ClientError> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, self.address()?.host_header())
            .header(USER_AGENT, concat!("supervisorctl/", env!("CARGO_PKG_VERSION")));
        if let (Some(username), Some(password)) = (&self.username, &self.password) {
            let credentials = STANDARD.encode(format!("{username}:{password}"));
            request = request.header(AUTHORIZATION, format!("Basic {credentials}"));
        }
        Ok(request)
    }
}

/// A stream to a server.
pub(super) type Stream = Box<dyn Duplex>;

/// What goes both ways.
pub(super) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// Connects to a server.
pub(super) async fn open(endpoint: &Endpoint) -> Result<Stream, ClientError> {
    match endpoint.address()? {
        ServerAddress::Unix(path) => Ok(Box::new(UnixStream::connect(path).await?)),
        ServerAddress::Tcp { host, port } => {
            let mut outcome = Err(ClientError::Io(io::ErrorKind::AddrNotAvailable.into()));
            for address in resolve(&host, port)? {
                outcome = TcpStream::connect(address).await.map_err(ClientError::Io);
                if outcome.is_ok() {
                    break;
                }
            }
            let stream = outcome?;
            stream.set_nodelay(true)?;
            Ok(Box::new(stream))
        }
    }
}

/// Connects to a server for requests.
async fn connect(endpoint: &Endpoint) -> Result<Connection, ClientError> {
    start(open(endpoint).await?).await
}

/// The addresses of a host. Resolving blocks: there is nothing else to do meanwhile.
fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, ClientError> {
    match (host, port).to_socket_addrs() {
        Ok(addresses) => Ok(addresses.collect()),
        Err(error) => Err(resolver_error(error)),
    }
}

/// The standard library keeps the resolver's sentence, but not its number.
fn resolver_error(error: io::Error) -> ClientError {
    let text = error.to_string();
    let Some(sentence) = text.strip_prefix("failed to lookup address information: ") else {
        return ClientError::Io(error);
    };
    let code = match sentence {
        "Temporary failure in name resolution" => libc::EAI_AGAIN,
        "Non-recoverable failure in name resolution" => libc::EAI_FAIL,
        "No address associated with hostname" => libc::EAI_NODATA,
        _ => libc::EAI_NONAME,
    };
    ClientError::Resolve { code, text: sentence.to_owned() }
}

/// Makes an HTTP connection of a stream. It is driven in the background until either side closes it.
async fn start(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
) -> Result<Connection, ClientError> {
    let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(|error| http_error(&error))?;
    // Its errors reach the requests on it.
    tokio::spawn(async { connection.await.ok() });
    Ok(sender)
}

/// Sends a call to `/RPC2` over the kept connection, or over a new one where that has been closed, and
/// returns the body of the answer.
pub(super) async fn post(
    endpoint: &Endpoint,
    kept: &mut Option<Connection>,
    body: String,
) -> Result<String, ClientError> {
    let request = endpoint
        .request(Method::POST, "/RPC2")?
        .header(CONTENT_TYPE, "text/xml")
        .header(ACCEPT, "text/xml")
        .body(Full::new(Bytes::from(body)))
        .map_err(|error| ClientError::Malformed(error.to_string()))?;
    let mut connection = match kept.take() {
        Some(connection) if !connection.is_closed() => connection,
        _ => connect(endpoint).await?,
    };
    if connection.ready().await.is_err() {
        connection = connect(endpoint).await?;
    }
    let response = checked(connection.send_request(request).await)?;
    let body = Limited::new(response.into_body(), LARGEST_ANSWER).collect().await.map_err(|error| {
        if error.is::<LengthLimitError>() {
            return ClientError::Malformed(format!("the answer has more than {LARGEST_ANSWER} bytes"));
        }
        match error.downcast::<hyper::Error>() {
            Ok(error) => http_error(&error),
            Err(error) => ClientError::Malformed(error.to_string()),
        }
    })?;
    *kept = Some(connection);
    let bytes = Vec::from(body.to_bytes());
    Ok(String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}

/// Anything but a 200 is an error.
fn checked(response: hyper::Result<Response<Incoming>>) -> Result<Response<Incoming>, ClientError> {
    let response = response.map_err(|error| http_error(&error))?;
    let status = response.status();
    if status == StatusCode::OK {
        return Ok(response);
    }
    let sent = response.extensions().get::<hyper::ext::ReasonPhrase>();
    let reason = match sent {
        Some(reason) => String::from_utf8_lossy(reason.as_bytes()).into_owned(),
        None => status.canonical_reason().unwrap_or_default().to_owned(),
    };
    Err(ClientError::Http { status: status.as_u16(), reason })
}

/// What hyper says, as one of our errors.
fn http_error(error: &hyper::Error) -> ClientError {
    if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
        return ClientError::Disconnected;
    }
    let source = std::error::Error::source(error).and_then(|source| source.downcast_ref::<io::Error>());
    match source.and_then(io::Error::raw_os_error) {
        Some(number) => ClientError::Io(io::Error::from_raw_os_error(number)),
        None => ClientError::Malformed(error.to_string()),
    }
}

/// Asks for `path` over a connection of its own, and returns the answer's body as soon as it begins.
pub(super) async fn get(endpoint: Endpoint, path: String) -> Result<Incoming, ClientError> {
    let request = endpoint
        .request(Method::GET, &escape_path(&path))?
        .header(ACCEPT, "*/*")
        .body(Full::new(Bytes::new()))
        .map_err(|error| ClientError::Malformed(error.to_string()))?;
    let mut connection = connect(&endpoint).await?;
    Ok(checked(connection.send_request(request).await)?.into_body())
}

/// Escapes what may not stand in a path as it is. The slash stays: it separates name and channel.
fn escape_path(path: &str) -> String {
    let mut escaped = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~:@!$&'()*+,=".contains(&byte) {
            escaped.push(byte.into());
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::escape_path;

    #[test]
    fn names_of_groups_and_processes_stay_readable_in_a_path() {
        assert_eq!(escape_path("/logtail/grp:web_00/stdout"), "/logtail/grp:web_00/stdout");
    }

    #[test]
    fn what_a_path_cannot_hold_is_escaped() {
        assert_eq!(escape_path("/logtail/a b%?ü/stdout"), "/logtail/a%20b%25%3F%C3%BC/stdout");
    }
}
