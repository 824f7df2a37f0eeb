//! Who may have an action done (traps 3).
//!
//! A web page of somebody else can make a browser follow a link or send a form here. So in a browser an action needs
//! a POST from a page of ours, which it proves by the token in that page: anything else is answered with a page that
//! asks. Programs that are no browsers, such as curl and scripts, act by a mere GET as they always could.

use hyper::Method;
use hyper::header::{HeaderMap, ORIGIN, USER_AGENT};
use subtle::ConstantTimeEq as _;

use super::action::Action;
use super::form::Form;

/// What pages carry and their forms send back. A new one for each life of the daemon.
#[derive(Debug)]
pub struct Token(Option<String>);

impl Token {
    /// A random one. Where the system has no random bytes, no token fits.
    #[must_use]
    pub fn random() -> Self {
        let mut bytes = [0_u8; 16];
        let filled = getrandom::fill(&mut bytes);
        Self(filled.ok().map(|()| bytes.iter().map(|byte| format!("{byte:02x}")).collect()))
    }

    /// What a page carries.
    #[must_use]
    pub fn text(&self) -> &str {
        self.0.as_deref().unwrap_or_default()
    }

    fn fits(&self, given: Option<&str>) -> bool {
        match (&self.0, given) {
            (Some(own), Some(given)) => own.as_bytes().ct_eq(given.as_bytes()).into(),
            _ => false,
        }
    }
}

/// Whether an action may be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// It may.
    Given,
    /// A person has to be asked first.
    Wanted,
}

/// Looks at a request for an action; that no other site made it has been looked at before.
#[must_use]
pub fn consent(action: &Action, method: &Method, headers: &HeaderMap, form: &Form, token: &Token) -> Consent {
    let is_wanted = match action {
        Action::Refresh => false,
        _ if !is_browser(headers) => false,
        _ if method != Method::POST || !token.fits(form.get("token")) => true,
        action => action.is_destructive() && form.get("confirmed").is_none(),
    };
    if is_wanted { Consent::Wanted } else { Consent::Given }
}

/// Whether a person's browser made the request. A web page can take none of these signs away from it.
#[must_use]
pub fn is_browser(headers: &HeaderMap) -> bool {
    let agent = headers.get(USER_AGENT).is_some_and(|agent| agent.as_bytes().starts_with(b"Mozilla/"));
    agent || headers.contains_key("sec-fetch-site") || headers.contains_key(ORIGIN)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::super::action::{Deed, Target};
    use super::*;

    fn asked(method: &Method, deed: Deed, browser: bool, body: &str) -> Consent {
        let headers = if browser {
            HeaderMap::from_iter([(USER_AGENT, "Mozilla/5.0 (X11)".parse().unwrap())])
        } else {
            HeaderMap::from_iter([(USER_AGENT, "curl/8.0".parse().unwrap())])
        };
        let action = Action::Do(deed, Target::All);
        let form = Form::new("", body.as_bytes());
        consent(&action, method, &headers, &form, &Token(Some("secret".to_owned())))
    }

    #[test]
    fn programs_act_by_get_and_browsers_by_post_with_the_token() {
        use Consent::{Given, Wanted};
        assert_eq!(asked(&Method::GET, Deed::Stop, false, ""), Given);
        assert_eq!(asked(&Method::GET, Deed::Start, true, "token=secret"), Wanted);
        assert_eq!(asked(&Method::POST, Deed::Start, true, ""), Wanted);
        assert_eq!(asked(&Method::POST, Deed::Start, true, "token=wrong"), Wanted);
        assert_eq!(asked(&Method::POST, Deed::Start, true, "token=secret"), Given);
        assert_eq!(asked(&Method::POST, Deed::Stop, true, "token=secret"), Wanted);
        assert_eq!(asked(&Method::POST, Deed::Stop, true, "token=secret&confirmed=1"), Given);
    }

    #[test]
    fn tokens_are_random_and_nothing_fits_where_there_is_none() {
        let (one, other) = (Token::random(), Token::random());
        assert!(one.text().len() == 32 && one.text() != other.text());
        assert!(one.fits(Some(one.text())) && !one.fits(Some(other.text())) && !one.fits(None));
        assert!(!Token(None).fits(Some("")));
    }
}
