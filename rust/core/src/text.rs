//! Text as Python writes it, where messages and descriptions show it so.

use crate::input::Now;

/// Text between quotes as Python's `repr()` shows it.
///
/// Single quotes, double ones where the text has a single one and no double one; backslash escapes for both
/// the quote and control characters. Other characters stay as they are.
#[must_use]
pub fn python_repr(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut shown = String::with_capacity(text.len() + 2);
    shown.push(quote);
    for character in text.chars() {
        match character {
            '\\' => shown.push_str("\\\\"),
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            quoted if quoted == quote => {
                shown.push('\\');
                shown.push(quoted);
            }
            control if (control as u32) < 0x20 || control as u32 == 0x7f => {
                shown.push_str(&format!("\\x{:02x}", control as u32));
            }
            other => shown.push(other),
        }
    }
    shown.push(quote);
    shown
}

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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn quotes_follow_pythons_choice() {
        assert_eq!(python_repr("a"), "'a'");
        assert_eq!(python_repr("it's"), "\"it's\"");
        assert_eq!(python_repr("'\""), "'\\'\"'");
        assert_eq!(python_repr("a\\b\n\x01é"), "'a\\\\b\\n\\x01é'");
    }

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
}
