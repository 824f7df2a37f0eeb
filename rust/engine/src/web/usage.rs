//! What processes use of the machine: processor time and memory, read from `/proc` in one pass.
//!
//! A program is counted with everything in its process group, so that a shell around a server, or a server's
//! workers, do not hide what is used. The pass runs on a thread of its own and only when somebody looks.

use std::collections::HashMap;
use std::fs;
use std::rc::Rc;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use nix::unistd::{SysconfVar, sysconf};
use tokio::sync::Mutex;

/// A look that is younger than this is used again.
const FRESH: Duration = Duration::from_millis(900);

/// What one process group uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Tenths of a percent of one processor since the look before; none when there was none.
    pub cpu: Option<u64>,
    /// Resident bytes.
    pub memory: u64,
}

/// What process groups use, by their number, which is the pid of the program that supervisord started.
pub type Usages = Rc<HashMap<i32, Usage>>;

/// Looks, and remembers the last look to compare with.
#[derive(Debug, Default)]
pub struct Sampler(Mutex<Option<Look>>);

#[derive(Debug)]
struct Look {
    at: Instant,
    totals: HashMap<i32, Total>,
    usages: Usages,
}

/// What the members of a process group have used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Total {
    ticks: u64,
    pages: u64,
}

impl Sampler {
    /// What is used now; nothing where the system has no `/proc`.
    pub async fn sample(&self) -> Usages {
        let mut last = self.0.lock().await;
        match Look::fresh(last.as_ref()) {
            Some(usages) => usages,
            None => Look::take(&mut last, pass(Duration::ZERO).await),
        }
    }

    /// What is used after a while, during which others may sample.
    pub async fn sample_after(&self, pause: Duration) -> Usages {
        let totals = pass(pause).await;
        let mut last = self.0.lock().await;
        Look::fresh(last.as_ref()).unwrap_or_else(|| Look::take(&mut last, totals))
    }
}

impl Look {
    /// What a look found that is young enough to be used again.
    fn fresh(last: Option<&Self>) -> Option<Usages> {
        last.filter(|look| look.at.elapsed() < FRESH).map(|look| Rc::clone(&look.usages))
    }

    /// A new look, to be compared with the last, which it replaces.
    fn take(last: &mut Option<Self>, totals: HashMap<i32, Total>) -> Usages {
        let at = Instant::now();
        let rates = last.as_ref().map(|before| (&before.totals, at.duration_since(before.at)));
        let usages = Rc::new(usages(&totals, rates, Unit::of_this_system()));
        *last = Some(Self { at, totals, usages: Rc::clone(&usages) });
        usages
    }
}

/// One pass on a thread of its own, after a while. That thread waits too, so that the daemon wakes up once for both;
/// when this future is dropped, it waits no longer.
async fn pass(pause: Duration) -> HashMap<i32, Total> {
    let (_waits, dropped) = mpsc::channel::<()>();
    let pass = move || match dropped.recv_timeout(pause) {
        Err(mpsc::RecvTimeoutError::Disconnected) => HashMap::new(),
        _ => totals(),
    };
    tokio::task::spawn_blocking(pass).await.unwrap_or_default()
}

/// What the system counts in.
#[derive(Debug, Clone, Copy)]
struct Unit {
    ticks_per_second: u64,
    page_bytes: u64,
}

impl Unit {
    fn of_this_system() -> Self {
        let ask = |variable, usual| {
            let known = sysconf(variable).ok().flatten().and_then(|value| u64::try_from(value).ok());
            known.filter(|value| *value > 0).unwrap_or(usual)
        };
        Self { ticks_per_second: ask(SysconfVar::CLK_TCK, 100), page_bytes: ask(SysconfVar::PAGE_SIZE, 4096) }
    }
}

fn usages(
    totals: &HashMap<i32, Total>,
    before: Option<(&HashMap<i32, Total>, Duration)>,
    unit: Unit,
) -> HashMap<i32, Usage> {
    let usage = |(group, total): (&i32, &Total)| {
        let cpu = before.and_then(|(before, between)| {
            // A group that is new began at nothing.
            let ticks = total.ticks.saturating_sub(before.get(group).map_or(0, |total| total.ticks));
            let millis = u64::try_from(between.as_millis()).unwrap_or(u64::MAX);
            ticks.saturating_mul(1_000_000).checked_div(unit.ticks_per_second.saturating_mul(millis))
        });
        (*group, Usage { cpu, memory: total.pages.saturating_mul(unit.page_bytes) })
    };
    totals.iter().map(usage).collect()
}

/// One pass over all processes of the system.
fn totals() -> HashMap<i32, Total> {
    let mut totals: HashMap<i32, Total> = HashMap::new();
    let Ok(entries) = fs::read_dir("/proc") else { return totals };
    for entry in entries.flatten() {
        let name = entry.file_name();
        if !name.as_encoded_bytes().first().is_some_and(u8::is_ascii_digit) {
            continue;
        }
        // A process may be gone by now.
        let Ok(stat) = fs::read(entry.path().join("stat")) else { continue };
        if let Some((group, total)) = parse(&String::from_utf8_lossy(&stat)) {
            let sum = totals.entry(group).or_default();
            sum.ticks = sum.ticks.saturating_add(total.ticks);
            sum.pages = sum.pages.saturating_add(total.pages);
        }
    }
    totals
}

/// The process group in a line of `/proc/<pid>/stat`, and what the process has used.
fn parse(stat: &str) -> Option<(i32, Total)> {
    // The name of the program stands in brackets and may contain anything.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_ascii_whitespace();
    let group = fields.nth(2)?.parse().ok()?;
    let user: u64 = fields.nth(8)?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    let pages = fields.nth(8)?.parse().ok()?;
    Some((group, Total { ticks: user.saturating_add(system), pages }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const STAT: &str = "42 (a) b (c)) S 1 40 40 0 -1 4194304 137 0 0 0 17 5 3 1 20 0 1 0 99 4567040 321 1844 \
                        1 1 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0";

    #[test]
    fn a_line_of_stat_is_read_whatever_the_program_is_called() {
        assert_eq!(parse(STAT), Some((40, Total { ticks: 22, pages: 321 })));
        assert_eq!(parse("42 (sleep"), None);
        assert_eq!(parse(""), None);
    }

    #[test]
    fn processor_time_is_what_was_used_between_two_looks() {
        let unit = Unit { ticks_per_second: 100, page_bytes: 4096 };
        let before = HashMap::from([(40, Total { ticks: 22, pages: 1 })]);
        let now = HashMap::from([(40, Total { ticks: 47, pages: 2 }), (50, Total { ticks: 3, pages: 1 })]);
        let first = usages(&now, None, unit);
        assert_eq!(first[&40], Usage { cpu: None, memory: 8192 });
        let second = usages(&now, Some((&before, Duration::from_millis(500))), unit);
        assert_eq!(second[&40].cpu, Some(500));
        assert_eq!(second[&50].cpu, Some(60));
        assert_eq!(usages(&now, Some((&before, Duration::ZERO)), unit)[&40].cpu, None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_is_found_in_its_group() {
        let stat = fs::read_to_string("/proc/self/stat").unwrap();
        let (group, _) = parse(&stat).unwrap();
        assert!(totals()[&group].pages > 0);
    }
}
