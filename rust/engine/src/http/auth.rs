//! Basic authentication (parity 8): the realm `default`, a clear password or `{SHA}` and its hexadecimal SHA-1.

use hyper::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use sha1_smol::Sha1;
use subtle::ConstantTimeEq as _;
use supervisor_core::xml::base64;

const SHA_PREFIX: &str = "{SHA}";

/// Who may use a server. Holds digests, so that comparing takes the same time whatever a client guesses.
#[derive(Clone)]
pub(super) struct Credentials {
    user: [u8; 20],
    /// `None` where the configured digest is none: no password fits.
    password: Option<[u8; 20]>,
}

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// No credentials, wrong ones or another scheme: status 401.
    Unauthorized,
    /// Credentials that cannot be read: status 400.
    Malformed,
}

impl Credentials {
    /// From a user name and a password as configured.
    pub(super) fn new(user: &str, password: &str) -> Self {
        let password = match password.strip_prefix(SHA_PREFIX) {
            Some(hexadecimal) => parse_digest(hexadecimal),
            None => Some(digest(password)),
        };
        Self { user: digest(user), password }
    }

    /// Whether the request's `Authorization` names this user and password.
    pub(super) fn check(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let header = headers.get(AUTHORIZATION).map(HeaderValue::to_str);
        self.check_header(header.transpose().map_err(|_| Refusal::Malformed)?)
    }

    fn check_header(&self, header: Option<&str>) -> Result<(), Refusal> {
        let Some(header) = header else { return Err(Refusal::Unauthorized) };
        let Some((scheme, encoded)) = header.split_once(' ') else { return Err(Refusal::Unauthorized) };
        if !scheme.eq_ignore_ascii_case("basic") {
            return Err(Refusal::Unauthorized);
        }
        let decoded = base64::decode(encoded).and_then(|bytes| String::from_utf8(bytes).ok());
        let decoded = decoded.ok_or(Refusal::Malformed)?;
        let (user, password) = decoded.split_once(':').ok_or(Refusal::Malformed)?;
        let fits = self.user.ct_eq(&digest(user))
            & self.password.unwrap_or_default().ct_eq(&digest(password))
            & u8::from(self.password.is_some()).ct_eq(&1);
        if fits.into() { Ok(()) } else { Err(Refusal::Unauthorized) }
    }
}

/// What becomes of a request with this `Authorization` where these users with their passwords may ask, as a status:
/// 200, 400 or 401.
#[must_use]
pub fn authorize(header: Option<&str>, users: impl IntoIterator<Item = (String, String)>) -> u16 {
    let outcomes =
        users.into_iter().map(|(user, password)| Credentials::new(&user, &password).check_header(header));
    match outcomes.reduce(Result::or).unwrap_or(Err(Refusal::Unauthorized)) {
        Ok(()) => 200,
        Err(Refusal::Malformed) => 400,
        Err(Refusal::Unauthorized) => 401,
    }
}

fn digest(text: &str) -> [u8; 20] {
    Sha1::from(text).digest().bytes()
}

fn parse_digest(hexadecimal: &str) -> Option<[u8; 20]> {
    hexadecimal.parse::<sha1_smol::Digest>().ok().map(|digest| digest.bytes())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    fn check(credentials: &Credentials, header: &str) -> Result<(), Refusal> {
        let headers = HeaderMap::from_iter([(AUTHORIZATION, header.parse().unwrap())]);
        credentials.check(&headers)
    }

    #[test]
    fn a_clear_password_fits_itself_only() {
        let credentials = Credentials::new("user", "pass:word");
        assert_eq!(check(&credentials, "Basic dXNlcjpwYXNzOndvcmQ="), Ok(()));
        assert_eq!(check(&credentials, "bAsIc dXNlcjpwYXNzOndvcmQ="), Ok(()));
        for wrong in ["Basic dXNlcjp4", "Basic eDpwYXNzOndvcmQ=", "Basic dXNlcjo=", "Digest x", "Basic", "x"]
        {
            assert_eq!(check(&credentials, wrong), Err(Refusal::Unauthorized), "{wrong}");
        }
        assert_eq!(credentials.check(&HeaderMap::new()), Err(Refusal::Unauthorized));
    }

    #[test]
    fn a_sha_password_fits_in_either_case_of_its_digits() {
        // SHA-1 of `thepassword`.
        let digest = "82ab876d1387bfafe46cc1c8a2ef074eae50cb1d";
        for stored in [digest.to_owned(), digest.to_uppercase()] {
            let credentials = Credentials::new("user", &format!("{{SHA}}{stored}"));
            assert_eq!(check(&credentials, "Basic dXNlcjp0aGVwYXNzd29yZA=="), Ok(()));
            assert_eq!(check(&credentials, "Basic dXNlcjp4"), Err(Refusal::Unauthorized));
        }
        let broken = Credentials::new("user", "{SHA}nonsense");
        assert_eq!(check(&broken, "Basic dXNlcjp0aGVwYXNzd29yZA=="), Err(Refusal::Unauthorized));
    }

    #[test]
    fn one_of_several_users_is_enough() {
        let users = [("other", "password"), ("user", "x")];
        let status =
            |header| authorize(header, users.map(|(user, password)| (user.to_owned(), password.to_owned())));
        assert_eq!(status(Some("Basic dXNlcjp4")), 200);
        assert_eq!(status(Some("Basic dXNlcjp5")), 401);
        assert_eq!(status(Some("Basic YQ")), 400);
        assert_eq!(status(None), 401);
        assert_eq!(authorize(Some("Basic dXNlcjp4"), []), 401);
    }

    #[test]
    fn what_cannot_be_decoded_is_malformed() {
        let credentials = Credentials::new("user", "password");
        for broken in ["Basic YQ", "Basic bm9jb2xvbg==", "Basic /w==", "Basic !!!"] {
            assert_eq!(check(&credentials, broken), Err(Refusal::Malformed), "{broken}");
        }
    }
}
