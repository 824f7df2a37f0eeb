//! Times as clients read them, and bytes as people do.

use std::fmt::Write;

use crate::input::Now;

/// Seconds as Python shows a `timedelta`: `0:02:05`, `1 day, 0:00:00`, `2 days, 3:04:05`.
#[must_use]
pub fn uptime(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let clock = format!("{}:{:02}:{:02}", rest / 3600, rest / 60 % 60, rest % 60);
    match days {
        0 => clock,
        1 => format!("1 day, {clock}"),
        _ => format!("{days} days, {clock}"),
    }
}

/// A moment in local time as `status` shows it: `Nov 22 09:14 PM`.
///
/// Empty when the moment lies outside the years 0 to 9999.
#[must_use]
pub fn local_time(moment: &Now) -> String {
    let seconds = i64::try_from(moment.wall.as_secs()).unwrap_or(i64::MAX);
    let zone = jiff::tz::Offset::from_seconds(moment.utc_offset).unwrap_or(jiff::tz::Offset::UTC);
    match jiff::Timestamp::from_second(seconds) {
        Ok(timestamp) => zone.to_datetime(timestamp).strftime("%b %d %I:%M %p").to_string(),
        Err(_) => String::new(),
    }
}

/// Output of a process as a text; bytes that are not UTF-8 are shown as Python's `repr()` does.
#[must_use]
pub fn decoded(output: &[u8]) -> String {
    match std::str::from_utf8(output) {
        Ok(text) => text.to_owned(),
        Err(_) => format!("Undecodable: {}", bytes_repr(output)),
    }
}

/// Bytes as Python's `repr()` shows them: `b'a\xff'`.
fn bytes_repr(bytes: &[u8]) -> String {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') { '"' } else { '\'' };
    let mut shown = format!("b{quote}");
    for &byte in bytes {
        match byte {
            b'\\' => shown.push_str("\\\\"),
            b'\n' => shown.push_str("\\n"),
            b'\r' => shown.push_str("\\r"),
            b'\t' => shown.push_str("\\t"),
            _ if char::from(byte) == quote => shown.extend(['\\', quote]),
            b' '..=b'~' => shown.push(char::from(byte)),
            // Writing to a string cannot fail.
            _ => drop(write!(shown, "\\x{byte:02x}")),
        }
    }
    shown.push(quote);
    shown
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn uptime_counts_days_like_a_timedelta() {
        assert_eq!(uptime(5), "0:00:05");
        assert_eq!(uptime(86_400 + 3_661), "1 day, 1:01:01");
        assert_eq!(uptime(10 * 86_400 + 36_000), "10 days, 10:00:00");
    }

    #[test]
    fn local_time_is_shown_with_the_offset_of_the_moment() {
        let moment =
            Now { monotonic: Duration::ZERO, wall: Duration::from_secs(1_700_000_000), utc_offset: 3600 };
        assert_eq!(local_time(&moment), "Nov 14 11:13 PM");
    }

    #[test]
    fn output_that_is_no_text_is_shown_as_python_does() {
        assert_eq!(decoded("é\n".as_bytes()), "é\n");
        assert_eq!(decoded(b"a'\xff\n\0"), "Undecodable: b\"a'\\xff\\n\\x00\"");
        assert_eq!(decoded(b"'\"\xff"), "Undecodable: b'\\'\"\\xff'");
    }
}
