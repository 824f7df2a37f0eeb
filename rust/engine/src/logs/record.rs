//! How lines of the main log look (parity 10).

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use supervisor_core::config::LogLevel;

/// A moment in the local time zone.
pub(crate) fn local_time(time: SystemTime) -> Zoned {
    Timestamp::try_from(time).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(TimeZone::system())
}

/// Formats times; remembers the last second, since many lines share it.
#[derive(Debug, Default)]
pub(crate) struct Stamp {
    second: Option<u64>,
    text: String,
}

impl Stamp {
    /// `YYYY-MM-DD HH:MM:SS,mmm` in local time.
    pub(crate) fn format(&mut self, time: SystemTime) -> String {
        let since_epoch = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        if self.second != Some(since_epoch.as_secs()) {
            self.second = Some(since_epoch.as_secs());
            self.text = local_time(time).strftime("%Y-%m-%d %H:%M:%S").to_string();
        }
        format!("{},{:03}", self.text, since_epoch.subsec_millis())
    }
}

/// One line, or several where the message has several: only the first has a time and a level.
pub(crate) fn format(stamp: &str, level: LogLevel, message: &str) -> String {
    format!("{stamp} {} {message}\n", level.label())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_time_has_milliseconds_behind_a_comma_cut_and_not_rounded() {
        let mut stamp = Stamp::default();
        let time = UNIX_EPOCH + Duration::new(1_700_000_000, 42_999_999);
        let text = stamp.format(time);
        assert_eq!(text.len(), "2023-11-14 22:13:20,042".len());
        assert!(text.starts_with("2023-11-1") && text.ends_with(":20,042"), "{text}");
        assert!(stamp.format(time + Duration::from_millis(100)).ends_with(":20,142"));
        assert!(stamp.format(time + Duration::from_secs(1)).ends_with(":21,042"));
    }

    #[test]
    fn a_message_of_several_lines_has_one_head() {
        assert_eq!(format("now", LogLevel::Error, "a\nb"), "now ERRO a\nb\n");
    }
}
