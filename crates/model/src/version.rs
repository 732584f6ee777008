//! The order of versions: Nix's own.
//!
//! Nix compares versions component by component, a component being a run of digits or a run of
//! anything else but `.` and `-`
//! (<https://nix.dev/manual/nix/latest/command-ref/nix-env/upgrade#versions>). `pre` comes before
//! everything, even before nothing: `2.3pre1` < `2.3` < `2.3a` < `2.3.1`.

use std::cmp::Ordering;

/// Compares as `builtins.compareVersions` does.
///
/// This is not a total order on texts: `1.0` and `1-0` are equal. [`newest_first`] breaks such
/// ties by text where a stable list is wanted.
pub fn compare(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (components(a), components(b));
    loop {
        let (x, y) = (a.next(), b.next());
        if x.is_none() && y.is_none() {
            return Ordering::Equal;
        }
        let (x, y) = (x.unwrap_or(""), y.unwrap_or(""));
        match compare_component(x, y) {
            Ordering::Equal => {}
            unequal => return unequal,
        }
    }
}

/// Sorts newest first: by [`compare`], and texts that Nix holds equal in reverse text order.
pub fn newest_first(a: &str, b: &str) -> Ordering {
    compare(b, a).then_with(|| b.cmp(a))
}

/// The components that Nix sees in a version, in order: `1.0.2u` gives `1`, `0`, `2`, `u`.
pub fn components(version: &str) -> impl Iterator<Item = &str> {
    let mut rest = version;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(['.', '-']);
        let first = rest.bytes().next()?;
        let digits = first.is_ascii_digit();
        let end = rest
            .bytes()
            .position(|b| b == b'.' || b == b'-' || b.is_ascii_digit() != digits)
            .unwrap_or(rest.len());
        let (component, after) = rest.split_at(end);
        rest = after;
        Some(component)
    })
}

/// Whether a version is a pre-release, a nightly or a snapshot: something that is chosen only when
/// it is asked for by name.
pub fn is_prerelease(version: &str) -> bool {
    const WORDS: [&str; 11] = [
        "alpha", "beta", "rc", "pre", "preview", "dev", "nightly", "unstable", "git", "svn",
        "snapshot",
    ];
    // Most versions are nothing but numbers, and lists of versions ask this of all of them.
    if !version.bytes().any(|byte| byte.is_ascii_alphabetic()) {
        return is_date(version);
    }
    let lower = version.to_ascii_lowercase();
    components(&lower).any(|component| {
        WORDS.contains(&component.trim_matches(['_', '+', '~']))
            || component.starts_with("unstable")
    })
}

/// Whether the whole version is a day, `YYYY-MM-DD`, as nixpkgs writes snapshots of projects
/// without releases.
fn is_date(version: &str) -> bool {
    let parts: Vec<&str> = version.split('-').collect();
    matches!(parts.as_slice(), [y, m, d]
        if y.len() == 4 && m.len() == 2 && d.len() == 2
            && [y, m, d].iter().all(|p| p.bytes().all(|b| b.is_ascii_digit())))
}

/// The line that a version belongs to: its first component, or its first two for `0.x`. "Newest in
/// line" means the highest stable version of the same line.
pub fn line(version: &str) -> &str {
    let mut parts = components(version);
    let end = |part: &str| part.as_ptr() as usize - version.as_ptr() as usize + part.len();
    let Some(first) = parts.next() else { return version };
    match parts.next() {
        Some(second) if first == "0" => &version[..end(second)],
        _ => &version[..end(first)],
    }
}

/// The highest stable version, or the highest of all if none is stable.
pub fn newest<'a>(versions: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let versions = versions.into_iter().map(|version| (is_prerelease(version), version));
    let newest = versions.min_by(|a, b| a.0.cmp(&b.0).then_with(|| newest_first(a.1, b.1)))?;
    Some(newest.1)
}

fn compare_component(a: &str, b: &str) -> Ordering {
    if a == b {
        return Ordering::Equal;
    }
    match (number(a), number(b)) {
        (Some(x), Some(y)) => return x.cmp(&y),
        (None, Some(_)) if a.is_empty() => return Ordering::Less,
        (Some(_), None) if b.is_empty() => return Ordering::Greater,
        _ => {}
    }
    match (a, b) {
        ("pre", _) => Ordering::Less,
        (_, "pre") => Ordering::Greater,
        // Digits are newer than letters: `2.3.1` > `2.3a`.
        _ => match (number(a).is_some(), number(b).is_some()) {
            (false, true) => Ordering::Less,
            (true, false) => Ordering::Greater,
            _ => a.cmp(b),
        },
    }
}

/// A component of digits as a number. Nix reads 32 bits and takes what is longer for a text.
fn number(component: &str) -> Option<i32> {
    component.parse().ok().filter(|_| component.bytes().all(|b| b.is_ascii_digit()))
}
