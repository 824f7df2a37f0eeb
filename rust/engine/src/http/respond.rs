//! Answers and the headers that all of them have.

use bytes::Bytes;
use hyper::header::{
    CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, SERVER, WWW_AUTHENTICATE,
    X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Response, StatusCode};

use super::body::ResponseBody;

/// Value of the `Server` header.
static SERVER_NAME: HeaderValue =
    HeaderValue::from_static(concat!("supervisor-rs/", env!("CARGO_PKG_VERSION")));

static NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");

/// Room for the headers of nearly every answer, `Date` and `Connection` included.
const HEADERS: usize = 6;

/// Type of error pages.
const HTML: &str = "text/html";

pub(super) type Reply = Response<ResponseBody>;

/// An answer of status 200 that says whose it is and nothing else.
pub(super) fn bare(body: ResponseBody) -> Reply {
    let mut answer = Response::new(body);
    let mut headers = HeaderMap::with_capacity(HEADERS);
    headers.insert(SERVER, SERVER_NAME.clone());
    *answer.headers_mut() = headers;
    answer
}

/// An answer of status 200 with the headers of every answer and no others.
pub(super) fn answer(content_type: &'static str, body: ResponseBody) -> Reply {
    let mut answer = bare(body);
    set(&mut answer, CONTENT_TYPE, content_type);
    answer.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, NOSNIFF.clone());
    answer
}

/// Sets a header whose value is known to be legal.
pub(super) fn set(answer: &mut Reply, name: HeaderName, value: &'static str) {
    answer.headers_mut().insert(name, HeaderValue::from_static(value));
}

/// An answer of status 200 whose body is at hand.
pub(super) fn whole(content_type: &'static str, body: impl Into<Bytes>) -> Reply {
    let body = body.into();
    let length = HeaderValue::from(body.len());
    let mut answer = answer(content_type, ResponseBody::whole(body));
    answer.headers_mut().insert(CONTENT_LENGTH, length);
    answer
}

/// The original's error page: scripts look for its text.
pub(super) fn error(status: StatusCode) -> Reply {
    let code = status.as_u16();
    // The original knows these under their names of HTTP/1.0.
    let reason = match code {
        408 => "Request Time-out",
        413 => "Request Entity Too Large",
        _ => status.canonical_reason().unwrap_or_default(),
    };
    let page = format!(
        "<head>\r\n<title>Error response</title>\r\n</head>\r\n<body>\r\n<h1>Error response</h1>\r\n\
         <p>Error code {code}.\r\n<p>Message: {reason}.\r\n</body>\r\n"
    );
    let mut answer = whole(HTML, page);
    *answer.status_mut() = status;
    answer
}

/// Asks for credentials.
pub(super) fn unauthorized() -> Reply {
    let mut answer = error(StatusCode::UNAUTHORIZED);
    set(&mut answer, WWW_AUTHENTICATE, "Basic realm=\"default\"");
    set(&mut answer, CONNECTION, "close");
    answer
}
