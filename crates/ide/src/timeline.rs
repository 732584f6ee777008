//! A line of versions over time, in signs that every client shows: a row a version, newest first, a
//! column a stretch of time.

use std::fmt::Write as _;

use model::{Package, Release, date::format_day, version};

/// How many columns a row has.
const WIDTH: i64 = 24;

/// How many versions are shown on each side of the one that is asked about.
const BESIDE: usize = 3;

/// The line of a version. Empty if it is the only one of its line.
pub(crate) fn of_line(package: &Package, of: &str) -> String {
    let line = version::line(of);
    let releases: Vec<&Release> =
        package.releases.iter().filter(|release| version::line(&release.version) == line).collect();
    let Some(here) = releases.iter().position(|release| release.version == of) else {
        return String::new();
    };
    if releases.len() < 2 {
        return String::new();
    }
    let shown = here.saturating_sub(BESIDE)..(here + BESIDE + 1).min(releases.len());
    let rows = &releases[shown.clone()];
    let start = rows.iter().map(|r| r.first_seen().date).min().unwrap_or_default();
    let end = rows.iter().map(|r| r.last_seen().date).max().unwrap_or_default();
    let wide = rows.iter().map(|r| r.version.chars().count()).max().unwrap_or_default();

    let mut out = String::new();
    if shown.start > 0 {
        _ = writeln!(out, "({})", more(shown.start, "newer"));
    }
    for release in rows {
        let bar = bar(release, start, end);
        let (first, last) = (release.first_seen().date, release.last_seen().date);
        let (first, last) = (format_day(first), format_day(last));
        let mark = if release.version == of { " <" } else { "" };
        _ = writeln!(out, "{:wide$}  {bar}  {first} to {last}{mark}", release.version);
    }
    if shown.end < releases.len() {
        _ = writeln!(out, "({})", more(releases.len() - shown.end, "older"));
    }
    out.truncate(out.trim_end().len());
    out
}

fn more(count: usize, which: &str) -> String {
    format!("{count} {which} of line not shown")
}

/// The columns in which a version was seen, of those from `start` to `end`.
fn bar(release: &Release, start: i64, end: i64) -> String {
    let length = (end - start).max(1);
    let column = |date: i64| ((date - start) * (WIDTH - 1) / length).clamp(0, WIDTH - 1);
    let seen = |at: i64| {
        let in_span =
            |span: &model::Span| column(span.first.date) <= at && at <= column(span.last.date);
        release.spans.iter().any(in_span)
    };
    (0..WIDTH).map(|at| if seen(at) { '#' } else { '.' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::package;

    #[test]
    fn what_is_far_is_counted() {
        let versions: Vec<String> = (0..20).rev().map(|minor| format!("1.{minor}")).collect();
        let days: Vec<String> = (0..20).rev().map(|n| format!("2020-01-{:02}", n + 1)).collect();
        let all: Vec<_> = versions
            .iter()
            .zip(&days)
            .map(|(version, day)| (version.as_str(), day.as_str(), day.as_str()))
            .collect();
        let package = package("x", "", &all);
        expect_test::expect![[r#"
            (6 newer of line not shown)
            1.13  .......................#  2020-01-14 to 2020-01-14
            1.12  ...................#....  2020-01-13 to 2020-01-13
            1.11  ...............#........  2020-01-12 to 2020-01-12
            1.10  ...........#............  2020-01-11 to 2020-01-11 <
            1.9   .......#................  2020-01-10 to 2020-01-10
            1.8   ...#....................  2020-01-09 to 2020-01-09
            1.7   #.......................  2020-01-08 to 2020-01-08
            (7 older of line not shown)"#]]
        .assert_eq(&of_line(&package, "1.10"));
        assert_eq!(of_line(&package, "2"), "");
    }
}
