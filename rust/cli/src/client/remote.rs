//! Calls that somebody else makes for a client.

use super::ClientError;

/// Makes the calls in place of the client's own connection: a program that has the client inside of it and a
/// connection of its own.
pub trait Remote {
    /// Sends a request and returns the answer, both as XML-RPC documents.
    ///
    /// # Errors
    ///
    /// Whatever keeps the answer away; a fault may be an error or an answer.
    fn exchange(&mut self, request: &str) -> Result<String, ClientError>;
}
