//! `tail` and `maintail`: the end of a log, or a log as it grows.

use crate::client::{ClientError, fault};
use crate::supervisorctl::command::{Flow, Outcome};
use crate::supervisorctl::controller::Controller;
use crate::supervisorctl::failure::{Failure, client_class_and_text};
use crate::supervisorctl::python_text::{integer, quoted};
use supervisor_core::effect::Channel;

/// How many bytes are shown when nothing else is said.
const DEFAULT_BYTES: i64 = 1600;

/// How much of a log is wanted.
#[derive(Debug, PartialEq, Eq)]
enum Extent {
    /// `-f`: what comes from now on, and some of what was.
    Follow,
    /// `-N`: the last bytes.
    Bytes(i64),
}

impl Extent {
    /// Reads `-f` or `-N`.
    fn parse(word: &str) -> Option<Self> {
        match word.strip_prefix('-')? {
            "f" => Some(Self::Follow),
            number => integer(number).map(Self::Bytes),
        }
    }
}

/// What the words behind `tail` ask for.
#[derive(Debug, PartialEq, Eq)]
struct Request<'a> {
    extent: Extent,
    name: &'a str,
    channel: Channel,
}

/// Why the words cannot be understood: the sentence, and whether the usage is shown.
type Misuse = (String, bool);

impl<'a> Request<'a> {
    /// Reads `[-f|-N] name [channel]`. As in the original the channel is judged before the modifier.
    fn parse(words: &[&'a str]) -> Result<Self, Misuse> {
        if words.is_empty() {
            return Err(("Error: too few arguments".to_owned(), true));
        }
        if words.len() > 3 {
            return Err(("Error: too many arguments".to_owned(), true));
        }
        let (modifier, rest) = match words {
            [first, rest @ ..] if first.starts_with('-') => (Some(*first), rest),
            _ => (None, words),
        };
        let (name, channel) = match rest {
            [] => return Err(("Error: tail requires process name".to_owned(), false)),
            [name] => (*name, Channel::Stdout),
            [name, .., channel] => match channel.to_lowercase().as_str() {
                "stdout" => (*name, Channel::Stdout),
                "stderr" => (*name, Channel::Stderr),
                other => return Err((format!("Error: bad channel {}", quoted(other)), false)),
            },
        };
        let extent = match modifier {
            None => Extent::Bytes(DEFAULT_BYTES),
            Some(word) => {
                Extent::parse(word).ok_or_else(|| (format!("Error: bad argument {word}"), false))?
            }
        };
        Ok(Self { extent, name, channel })
    }
}

/// `tail [-f|-N] name [stdout|stderr]`
pub(in crate::supervisorctl) fn run(controller: &mut Controller<'_>, argument: &str) -> Outcome {
    if !controller.check_server()? {
        return Ok(Flow::Continue);
    }
    let words: Vec<&str> = argument.split_whitespace().collect();
    let request = match Request::parse(&words) {
        Ok(request) => request,
        Err((sentence, show_usage)) => {
            controller.complain(&sentence);
            return if show_usage { super::help::show(controller, "tail") } else { Ok(Flow::Continue) };
        }
    };
    let Request { extent, name, channel } = request;
    match extent {
        Extent::Follow => follow(controller, &log_path(name, channel)),
        Extent::Bytes(bytes) => {
            let offset = offset(bytes)?;
            let answer = controller.client().read_process_log(name, channel, offset);
            print_log(controller, name, answer, Some("no such process name"))
        }
    }
}

/// `maintail [-f|-N]`
pub(in crate::supervisorctl) fn main_log(controller: &mut Controller<'_>, argument: &str) -> Outcome {
    if !controller.check_server()? {
        return Ok(Flow::Continue);
    }
    let words: Vec<&str> = argument.split_whitespace().collect();
    let extent = match words.as_slice() {
        [] => Extent::Bytes(DEFAULT_BYTES),
        [word] => match Extent::parse(word) {
            Some(extent) => extent,
            None => {
                controller.complain(&format!("Error: bad argument {word}"));
                return Ok(Flow::Continue);
            }
        },
        _ => {
            controller.complain("Error: too many arguments");
            return super::help::show(controller, "maintail");
        }
    };
    match extent {
        Extent::Follow => follow(controller, "/mainlogtail"),
        Extent::Bytes(bytes) => {
            let offset = offset(bytes)?;
            let answer = controller.client().read_main_log(offset);
            print_log(controller, "supervisord", answer, None)
        }
    }
}

/// Path of a process's log stream.
pub(super) fn log_path(name: &str, channel: Channel) -> String {
    format!("/logtail/{name}/{}", channel.name())
}

/// The offset that means the last `bytes` bytes.
fn offset(bytes: i64) -> Result<i32, Failure> {
    i32::try_from(bytes.saturating_neg()).map_err(|_| Failure::Overflow)
}

/// Prints what was read of a log, or what is wrong with it.
fn print_log(
    controller: &mut Controller<'_>,
    name: &str,
    answer: Result<String, ClientError>,
    bad_name: Option<&str>,
) -> Outcome {
    let error = match answer {
        Ok(text) => {
            controller.print(&text);
            return Ok(Flow::Continue);
        }
        Err(error) => error,
    };
    let words = match error.fault_code() {
        Some(fault::NO_FILE) => Some("no log file"),
        Some(fault::FAILED) => Some("unknown error reading log"),
        Some(fault::BAD_NAME) => bad_name,
        _ => None,
    };
    let Some(words) = words else { return Err(error.into()) };
    controller.complain(&format!("{name}: ERROR ({words})"));
    if error.fault_code() == Some(fault::BAD_NAME) {
        controller.suggest_process(name);
    }
    Ok(Flow::Continue)
}

/// Shows a log stream until the server ends it or Ctrl-C is typed; the exit code stays. What goes wrong
/// is said on standard error.
fn follow(controller: &mut Controller<'_>, path: &str) -> Outcome {
    controller.print("==> Press Ctrl-C to exit <==");
    if let Err(error) = controller.watch_interrupts() {
        return Err(Failure::Client(error.into()));
    }
    let mut stream = controller.client().log_stream(path);
    let (client, output, _) = controller.parts();
    output.flush();
    loop {
        match client.wait(stream.next()) {
            Ok(Some(Ok(bytes))) => {
                if output.bytes(&bytes).is_err() {
                    // Nobody reads any more.
                    return Ok(Flow::Continue);
                }
            }
            Ok(Some(Err(error))) => {
                print_stream_error(controller, path, &error);
                return Ok(Flow::Continue);
            }
            Ok(None) => return Ok(Flow::Continue),
            Err(_) => {
                controller.print("");
                return Ok(Flow::Continue);
            }
        }
    }
}

/// Says on standard error why a log stream cannot be had.
pub(super) fn print_stream_error(controller: &mut Controller<'_>, path: &str, error: &ClientError) {
    let reason = match error {
        ClientError::Http { status, .. } => format!("Cannot read, status code {status}"),
        other => {
            let (class, text) = client_class_and_text(other);
            format!("Cannot connect, error: <class '{class}'> ({text})")
        }
    };
    let url = &controller.session().endpoint.server_url;
    let line = format!("{url}{path} {reason}");
    controller.print_error(&line);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn parse(line: &str) -> Result<(Extent, String, Channel), Misuse> {
        let words: Vec<&str> = line.split_whitespace().collect();
        Request::parse(&words).map(|request| (request.extent, request.name.to_owned(), request.channel))
    }

    #[test]
    fn a_name_alone_means_the_last_1600_bytes_of_stdout() {
        assert_eq!(parse("web"), Ok((Extent::Bytes(1600), "web".to_owned(), Channel::Stdout)));
    }

    #[test]
    fn modifier_and_channel_surround_the_name() {
        assert_eq!(parse("-f web STDERR"), Ok((Extent::Follow, "web".to_owned(), Channel::Stderr)));
        assert_eq!(parse("-100 web"), Ok((Extent::Bytes(100), "web".to_owned(), Channel::Stdout)));
    }

    #[test]
    fn bad_words_are_named_in_the_original_words() {
        for (line, sentence) in [
            ("", "Error: too few arguments"),
            ("a b c d", "Error: too many arguments"),
            ("-f", "Error: tail requires process name"),
            ("web out", "Error: bad channel 'out'"),
            ("-x web", "Error: bad argument -x"),
            ("-x web out", "Error: bad channel 'out'"),
            ("- web", "Error: bad argument -"),
        ] {
            assert_eq!(parse(line).unwrap_err().0, sentence, "{line:?}");
        }
    }

    #[test]
    fn an_offset_beyond_32_bits_cannot_be_sent() {
        assert_eq!(offset(1 << 31).unwrap(), i32::MIN);
        assert!(matches!(offset((1 << 31) + 1), Err(Failure::Overflow)));
    }
}
