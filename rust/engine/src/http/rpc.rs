//! `POST /RPC2`: from the body of a request to the answer's (parity 4).

use hyper::StatusCode;
use supervisor_core::config::LogLevel;
use supervisor_core::expand::repr;
use supervisor_core::rpc::{Fault, FaultCode};
use supervisor_core::xml::{XmlError, parse_call, write_fault, write_response};

use super::backend::{Answer, Backend};
use super::body::RequestBody;
use super::connection::InFlight;
use super::respond::{self, Reply};

/// Most characters of a bad request that the main log shows.
const LOGGED_CHARACTERS: usize = 1000;

/// Answers a method call.
pub(super) async fn respond(backend: &dyn Backend, body: &mut RequestBody, in_flight: &InFlight) -> Reply {
    let request = match body.read(in_flight).await {
        Ok(request) => request,
        Err(error) => return respond::error(error.status()),
    };
    let call = match parse_call(&request) {
        Ok(call) => call,
        Err(error) => {
            let what = if error == XmlError::NoMethodName { "no method name" } else { "unmarshallable" };
            let shown = shown(&request);
            backend.log(LogLevel::Error, format_args!("XML-RPC request data {shown} is invalid: {what}"));
            return respond::error(StatusCode::BAD_REQUEST);
        }
    };
    let method = call.method.clone();
    backend.log(LogLevel::Trace, format_args!("XML-RPC method called: {method}()"));
    let ended = |_| Answer::Fault(Fault::new(FaultCode::ShutdownState));
    let answer = match backend.look(call) {
        Ok(answer) => answer,
        Err(call) => backend.call(call).await.unwrap_or_else(ended),
    };
    let text = match answer {
        Answer::Value(value) => {
            backend.log(LogLevel::Trace, format_args!("XML-RPC method {method}() returned successfully"));
            write_response(value)
        }
        Answer::Fault(fault) => {
            let (code, text) = (fault.code, &fault.text);
            backend.log(
                LogLevel::Trace,
                format_args!("XML-RPC method {method}() returned fault: [{code}] {text}"),
            );
            write_fault(fault.code, &fault.text)
        }
        Answer::InternalError(traceback) => {
            let shown = shown(&request);
            backend.log(
                LogLevel::Critical,
                format_args!(
                    "Handling XML-RPC request with data {shown} raised an unexpected exception: {traceback}"
                ),
            );
            return respond::error(StatusCode::INTERNAL_SERVER_ERROR);
        }
    };
    respond::whole("text/xml", text)
}

/// The beginning of a request as Python's `repr` shows text.
fn shown(request: &[u8]) -> String {
    let text = String::from_utf8_lossy(request);
    let mut beginning: String = text.chars().take(LOGGED_CHARACTERS).collect();
    if beginning.len() < text.len() {
        beginning.push('…');
    }
    repr(&beginning)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_requests_are_logged_as_python_shows_text() {
        assert_eq!(shown(b"junk"), "'junk'");
        assert_eq!(shown(b"it's\n\x1b\\"), r#""it's\n\x1b\\""#);
        assert_eq!(shown(b"'\""), r#"'\'"'"#);
        assert_eq!(shown(&[b'x'; 2000]).chars().count(), LOGGED_CHARACTERS + 3);
    }
}
