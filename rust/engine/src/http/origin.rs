//! Keeps pages of other sites from calling methods through a visitor's browser (traps 3).

use hyper::header::{HOST, HeaderMap, HeaderName, ORIGIN};

static SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Whether a request was made by a web page that this server did not deliver. Programs that are no browsers send
/// neither `Sec-Fetch-Site` nor `Origin` and are never meant.
pub(super) fn is_foreign(headers: &HeaderMap) -> bool {
    let text = |value: &hyper::header::HeaderValue| value.to_str().ok().map(str::to_ascii_lowercase);
    if let Some(site) = headers.get(&SEC_FETCH_SITE) {
        return !matches!(text(site).as_deref(), Some("same-origin" | "none"));
    }
    let Some(origin) = headers.get(ORIGIN) else { return false };
    let (Some(origin), Some(host)) = (text(origin), headers.get(HOST).and_then(text)) else { return true };
    origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://")) != Some(&host)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    fn foreign(headers: &[(&'static str, &str)]) -> bool {
        let headers = headers
            .iter()
            .map(|(name, value)| (hyper::header::HeaderName::from_static(name), value.parse().unwrap()));
        is_foreign(&HeaderMap::from_iter(headers))
    }

    #[test]
    fn programs_and_our_own_pages_are_let_through() {
        assert!(!foreign(&[("host", "h:9001")]));
        assert!(!foreign(&[("host", "h:9001"), ("origin", "http://h:9001")]));
        assert!(!foreign(&[("host", "h"), ("origin", "https://H")]));
        assert!(!foreign(&[
            ("sec-fetch-site", "same-origin"),
            ("host", "behind-a-proxy"),
            ("origin", "https://h")
        ]));
        assert!(!foreign(&[("sec-fetch-site", "none")]));
    }

    #[test]
    fn pages_of_others_are_not() {
        assert!(foreign(&[("host", "h:9001"), ("origin", "http://evil.example")]));
        assert!(foreign(&[("host", "h:9001"), ("origin", "http://h:9002")]));
        assert!(foreign(&[("host", "h"), ("origin", "null")]));
        assert!(foreign(&[("origin", "http://h")]));
        assert!(foreign(&[("sec-fetch-site", "cross-site")]));
        assert!(foreign(&[("sec-fetch-site", "same-site"), ("host", "h"), ("origin", "http://h")]));
    }
}
