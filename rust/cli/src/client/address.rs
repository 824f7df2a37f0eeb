//! Server addresses as `serverurl` writes them.

use std::path::PathBuf;

/// Where a supervisor listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerAddress {
    /// A unix socket; a relative path is relative to the current directory.
    Unix(PathBuf),
    /// A TCP port.
    Tcp {
        /// Host name or address, lower-cased, without the brackets of IPv6.
        host: String,
        /// Port; 80 when the URL names none.
        port: u16,
    },
}

impl ServerAddress {
    /// Reads `unix://path` or `http://[user@]host[:port][/path]`, where user and path play no part
    /// (parity 3; the scheme is compared with its case, as the original does).
    ///
    /// # Errors
    ///
    /// The original's sentence for another scheme or a bad port.
    pub fn parse(url: &str) -> Result<Self, String> {
        if let Some(path) = url.strip_prefix("unix://") {
            return Ok(Self::Unix(PathBuf::from(path)));
        }
        let Some(rest) = url.strip_prefix("http://") else {
            return Err(format!("Unknown protocol for serverurl {url}"));
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let host_and_port = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let (host, port) = match host_and_port.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((host, rest)) => (host, rest.strip_prefix(':')),
            None => match host_and_port.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (host_and_port, None),
            },
        };
        let port = match port {
            None | Some("") => 80,
            Some(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
                text.parse().map_err(|_| "Port out of range 0-65535".to_owned())?
            }
            Some(text) => return Err(format!("Port could not be cast to integer value as '{text}'")),
        };
        Ok(Self::Tcp { host: host.to_lowercase(), port })
    }

    /// The `Host` header for it.
    #[must_use]
    pub fn host_header(&self) -> String {
        match self {
            Self::Unix(_) => "localhost".to_owned(),
            Self::Tcp { host, port } if host.contains(':') => format!("[{host}]:{port}"),
            Self::Tcp { host, port } => format!("{host}:{port}"),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn tcp(host: &str, port: u16) -> Result<ServerAddress, String> {
        Ok(ServerAddress::Tcp { host: host.to_owned(), port })
    }

    #[test]
    fn a_unix_address_is_everything_after_the_scheme() {
        assert_eq!(ServerAddress::parse("unix:///tmp/s.sock"), Ok(ServerAddress::Unix("/tmp/s.sock".into())));
        assert_eq!(ServerAddress::parse("unix://s.sock"), Ok(ServerAddress::Unix("s.sock".into())));
    }

    #[test]
    fn an_http_address_has_a_host_and_a_port() {
        assert_eq!(ServerAddress::parse("http://localhost:9001"), tcp("localhost", 9001));
        assert_eq!(ServerAddress::parse("http://Example/"), tcp("example", 80));
        assert_eq!(ServerAddress::parse("http://me:secret@host:1/x"), tcp("host", 1));
        assert_eq!(ServerAddress::parse("http://[::1]:9001"), tcp("::1", 9001));
    }

    #[test]
    fn other_schemes_and_bad_ports_are_refused_in_the_original_words() {
        assert_eq!(
            ServerAddress::parse("https://x").unwrap_err(),
            "Unknown protocol for serverurl https://x"
        );
        assert_eq!(
            ServerAddress::parse("http://x:abc").unwrap_err(),
            "Port could not be cast to integer value as 'abc'"
        );
        assert_eq!(ServerAddress::parse("http://x:70000").unwrap_err(), "Port out of range 0-65535");
    }
}
