//! Requests of HTTP that plug-ins answer: to Python and back.

use std::path::PathBuf;
use std::time::Duration;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};
use supervisor_engine::http::{ForeignAnswer, ForeignBody, ForeignRequest, Said, authorize};

/// What `supervisor._serving.Serving` returns: an answer, a number and when to ask for it again, or a piece of a body;
/// instead of it None, where the engine is to answer.
#[derive(FromPyObject)]
pub(crate) enum Told {
    Answer(u16, Vec<(String, String)>, Option<Body>),
    Later(u64, Option<f64>),
    Piece(Vec<u8>),
}

/// The body of an answer: all of it, the number by which it is asked for, or a log and where to begin before its end;
/// instead of it None, for the page of an error.
#[derive(FromPyObject)]
pub(crate) enum Body {
    Pieces(u64),
    Log(PathBuf, u64),
    Whole(Vec<u8>),
}

impl From<Told> for Said {
    fn from(told: Told) -> Self {
        match told {
            Told::Piece(piece) => Self::Piece(piece),
            Told::Later(number, delay) => {
                let seconds = |delay| Duration::try_from_secs_f64(delay).unwrap_or(Duration::ZERO);
                Self::Later(number, delay.map(seconds))
            }
            Told::Answer(status, headers, body) => {
                let body = match body {
                    None => ForeignBody::Standard,
                    Some(Body::Whole(bytes)) => ForeignBody::Whole(bytes),
                    Some(Body::Pieces(number)) => ForeignBody::Pieces(number),
                    Some(Body::Log(path, head)) => ForeignBody::Log(path, head),
                };
                Self::Answer(ForeignAnswer { status, headers, body })
            }
        }
    }
}

/// The arguments of `Serving.begin`.
pub(crate) fn arguments<'py>(py: Python<'py>, request: &ForeignRequest) -> PyResult<Bound<'py, PyTuple>> {
    let ForeignRequest { server, kind, method, target, version, headers, body, peer } = request;
    (server, kind.name(), method, target, version, headers, PyBytes::new(py, body), peer.as_ref())
        .into_pyobject(py)
}

/// What becomes of a request with this header `Authorization` where these users with their passwords may ask: a status
/// of HTTP, 200, 400 or 401.
#[pyfunction]
pub(crate) fn check_authorization(header: Option<&str>, users: Vec<(String, String)>) -> u16 {
    authorize(header, users)
}
