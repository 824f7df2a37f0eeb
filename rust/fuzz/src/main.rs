//! The parsers of a configuration and of XML-RPC calls against Python's own, for random texts, for a bounded time.
//!
//! `against_python SECONDS [SEED]`; `make fuzz` calls it. Texts are inputs of the corpora with random changes,
//! and texts made of what the parsers look at; a Python process beside this one says what Python makes of
//! them. This needs neither a nightly compiler nor a fuzzing engine. A difference ends it with exit status 1,
//! the text cut down as far as the difference lasts.

mod oracle;
mod parsers;
mod texts;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use oracle::Oracle;
use parsers::{Kind, ours};
use serde_json::Value;
use texts::{Texts, is_compared};

/// Texts that are asked for at once.
const BATCH: usize = 500;

/// Seconds without an argument.
const SECONDS: u64 = 60;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<u64>());
    let (seconds, seed) = match (arguments.next().transpose(), arguments.next().transpose()) {
        (Ok(seconds), Ok(seed)) => (seconds.unwrap_or(SECONDS), seed.unwrap_or_else(|| fastrand::u64(..))),
        _ => {
            eprintln!("usage: against_python [SECONDS [SEED]]");
            return ExitCode::from(2);
        }
    };
    match run(Duration::from_secs(seconds), seed) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("against_python: {error}");
            ExitCode::from(2)
        }
    }
}

/// Compares until the time is over or something differs; whether nothing did.
fn run(time: Duration, seed: u64) -> std::io::Result<bool> {
    let mut oracle = Oracle::start()?;
    println!("seed {seed}, Python {}", oracle.version);
    let mut texts = Texts::new(seed)?;
    let begin = Instant::now();
    let mut compared = [0_usize; Kind::ALL.len()];
    let mut accepted = compared;
    while begin.elapsed() < time {
        for (index, kind) in Kind::ALL.into_iter().enumerate() {
            let batch: Vec<String> = (0..BATCH).map(|_| texts.next(kind)).collect();
            let theirs = oracle.ask(kind, &batch)?;
            for (text, theirs) in batch.iter().zip(&theirs) {
                if !same(kind, text, theirs) {
                    show(kind, &shrink(kind, text, &mut oracle)?, &mut oracle)?;
                    return Ok(false);
                }
                accepted[index] += usize::from(theirs.get("ok").is_some());
            }
            compared[index] += batch.len();
        }
    }
    for ((kind, compared), accepted) in Kind::ALL.into_iter().zip(compared).zip(accepted) {
        println!("{:12} {compared} texts agree, {accepted} of them accepted", kind.name());
    }
    Ok(true)
}

fn same(kind: Kind, text: &str, theirs: &Value) -> bool {
    let (ours, theirs) = (ours(kind, text), parsers::comparable(kind, text, theirs));
    // What Python does not take for a call may be one here: its parser is stricter about names and comments.
    ours == theirs || (kind == Kind::Call && theirs.get("error").is_some())
}

/// The shortest text, by leaving characters out, that still makes a difference.
fn shrink(kind: Kind, text: &str, oracle: &mut Oracle) -> std::io::Result<String> {
    let mut text: Vec<char> = text.chars().collect();
    let mut length = (text.len() / 2).max(1);
    loop {
        let shorter: Vec<String> = (0..text.len())
            .step_by(length)
            .map(|start| {
                let end = (start + length).min(text.len());
                text[..start].iter().chain(&text[end..]).collect()
            })
            .collect();
        let shorter: Vec<String> = shorter.into_iter().filter(|text| is_compared(kind, text)).collect();
        let theirs = oracle.ask(kind, &shorter)?;
        match shorter.iter().zip(&theirs).find(|(text, theirs)| !same(kind, text, theirs)) {
            Some((shorter, _)) => {
                text = shorter.chars().collect();
                length = length.min((text.len() / 2).max(1));
            }
            None if length == 1 => return Ok(text.into_iter().collect()),
            None => length /= 2,
        }
    }
}

fn show(kind: Kind, text: &str, oracle: &mut Oracle) -> std::io::Result<()> {
    let theirs = oracle.ask(kind, &[text.to_owned()])?;
    let theirs = parsers::comparable(kind, text, &theirs[0]);
    println!("{} differs:\n  text   {}", kind.name(), Value::from(text));
    println!("  Python {theirs}\n  ours   {}", ours(kind, text));
    Ok(())
}
