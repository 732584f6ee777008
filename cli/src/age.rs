//! How old the answers are, said to the user.

use std::{
    io::{self, IsTerminal, Write},
    time::{SystemTime, UNIX_EPOCH},
};

use model::{IndexOrigin, IndexStatus, date};

use crate::place::Place;

/// Says on standard error that the answer comes from the starter, and how old that is. An index of
/// the user's own is only mentioned to people, not to programs.
pub fn tell(status: &IndexStatus, place: &Place) -> io::Result<()> {
    let mut out = io::stderr().lock();
    let Some(newest) = status.newest() else { return Ok(()) };
    let until = format!("{} ({})", date::format_day(newest.date), days_ago(newest.date, now()));
    match status.origin {
        IndexOrigin::Starter => writeln!(
            out,
            "note: this is from the starter index, which goes to {until}; there is no index at \
             {} yet. `nix-archiver index --repo PATH` makes one from a clone of nixpkgs.",
            place.index.display()
        ),
        IndexOrigin::Indexed if out.is_terminal() => {
            let branches: Vec<_> = status.branches.iter().map(|b| b.name.as_str()).collect();
            writeln!(out, "The index covers {} to {until}.", branches.join(", "))
        }
        IndexOrigin::Indexed => Ok(()),
    }
}

fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_secs()).unwrap_or(i64::MAX)
}

/// How long ago a moment was, in words.
fn days_ago(then: i64, now: i64) -> String {
    let count = |n: i64, what: &str| format!("{n} {what}{} ago", if n == 1 { "" } else { "s" });
    match now.saturating_sub(then) / date::DAY {
        ..=0 => "today".to_owned(),
        days @ ..60 => count(days, "day"),
        days @ ..730 => count(days / 30, "month"),
        days => count(days / 365, "year"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages() {
        for (days, text) in [
            (-3, "today"),
            (0, "today"),
            (1, "1 day ago"),
            (59, "59 days ago"),
            (60, "2 months ago"),
            (729, "24 months ago"),
            (730, "2 years ago"),
        ] {
            assert_eq!(days_ago(0, days * date::DAY + 5), text);
        }
    }
}
