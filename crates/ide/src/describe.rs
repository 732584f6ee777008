//! What is said of packages and releases, in one wording for hover, completion and messages.

use std::fmt::Write as _;

use model::{
    AttrPath, Commit, IndexOrigin, IndexStatus, Lock, LockedPin, Package, PackageSource, Release,
    Requirement, SourceError,
    date::{DAY, format_day},
    resolve::Marks,
    version,
};

use crate::{
    markup::{Line, Markup},
    timeline,
};

/// A package and one of its releases: what it is, when it was there, what is newer.
pub(crate) fn release(
    source: &dyn PackageSource,
    package: &Package,
    release: &Release,
    now: i64,
) -> Result<Markup, SourceError> {
    let released = source.marks()?.released(source, release)?;
    let mut out = Markup::default();
    let facts = &release.facts;
    let title =
        Line::default().strong(package.attr_path.as_str()).and(" ").strong(&release.version);
    out.paragraph([Some(title), description(facts.description.as_deref())].into_iter().flatten());
    out.paragraph(warnings(release));
    let channel = released.as_ref().map(|mark| {
        let commit = mark.place.commit;
        Line::text(format!("In channel {} of {} at ", mark.channel, dated(commit, now)))
            .link(commit.id.short(), commit_url(commit))
    });
    out.paragraph(seen(release, now).into_iter().chain(channel));
    out.paragraph([newer(package, &release.version)]);
    out.table(timeline::of_line(package, &release.version));
    out.paragraph(origins(package, release));
    // What a channel released is in the binary cache.
    let commit = released.map_or_else(|| release.last_seen(), |mark| mark.place.commit);
    out.code(nix_shell(&package.attr_path, commit));
    Ok(out)
}

/// A package without regard to a version.
pub(crate) fn package(package: &Package, newest: &Release, now: i64) -> Markup {
    let mut out = Markup::default();
    let title = Line::default().strong(package.attr_path.as_str());
    let facts = &newest.facts;
    out.paragraph([Some(title), description(facts.description.as_deref())].into_iter().flatten());
    let count = match package.releases.len() {
        1 => "1 version".to_owned(),
        count => format!("{count} versions"),
    };
    let last = newest.last_seen();
    let line = Line::text("Newest: ").strong(&newest.version);
    out.paragraph([line.and(format!(", last seen {}; {count} in all", dated(last, now)))]);
    out.paragraph(warnings(newest));
    out.paragraph(origins(package, newest));
    out
}

/// What a requirement allows; nothing for a text that is none.
pub(crate) fn requirement(out: &mut Markup, package: &Package, text: &str) {
    let Ok(requirement) = Requirement::parse(text) else { return };
    let versions = package.releases.iter().map(|release| release.version.as_str());
    let allowed = requirement.select(versions);
    let line = Line::default().code(text);
    out.paragraph([match allowed.as_slice() {
        [] => line.and(" allows none of the known versions."),
        [only] => line.and(" allows ").strong(*only).and("."),
        [best, _] => line.and(" allows ").strong(*best).and(" and 1 other."),
        [best, others @ ..] => {
            line.and(" allows ").strong(*best).and(format!(" and {} others.", others.len()))
        }
    }]);
}

/// What the lock has for a pin, and whether that is what the pin asks for.
pub(crate) fn locked(
    out: &mut Markup,
    marks: &Marks,
    (lock, pin): (&Lock, &LockedPin),
    asked: &str,
    now: i64,
) {
    let mut line = Line::text("Locked: ").strong(&pin.version);
    if let Some(revision) = lock.revision_of(pin) {
        let commit = revision.commit;
        line = line
            .and(" at ")
            .link(commit.id.short(), commit_url(commit))
            .and(format!(" of {}", dated(commit, now)));
        if let Some(mark) = marks.of(commit.id) {
            line = line.and(format!(", in channel {}", mark.channel));
        }
    }
    if pin.requirement != asked {
        line = line.and(", for ").code(&pin.requirement).and("; the lock is out of date");
    }
    out.paragraph([line]);
}

/// A version that the index has never seen.
pub(crate) fn unknown_version(package: &Package, text: &str) -> Markup {
    let mut out = Markup::default();
    let line = Line::default().strong(package.attr_path.as_str());
    let line = line.and(" was never seen with version ").code(text).and(".");
    out.paragraph([line]);
    out.paragraph([newer(package, text)]);
    out
}

/// The last paragraph of a hover: how far the index goes.
///
/// # Errors
/// [`SourceError`] if the index cannot be read.
pub(crate) fn index(
    out: &mut Markup,
    source: &dyn PackageSource,
    now: i64,
) -> Result<(), SourceError> {
    let status = source.status()?;
    out.paragraph(reach(&status).map(|reach| {
        let age = status.newest().map(|c| format!(", {}", ago(c.date, now))).unwrap_or_default();
        let starter = match status.origin {
            IndexOrigin::Starter => " (the starter index that comes with nix-archiver)",
            IndexOrigin::Indexed => "",
        };
        Line::text(format!("The index goes up to {reach}{age}{starter}."))
    }));
    Ok(())
}

/// How far an index goes: `2018-05-08 of nixpkgs-unstable`. `None` if it holds no branch.
pub(crate) fn reach(status: &IndexStatus) -> Option<String> {
    let newest = status.branches.iter().max_by_key(|branch| branch.head.date)?;
    Some(format!("{} of {}", format_day(newest.head.date), newest.name))
}

/// From when to when a release was seen, in as few words as fit beside a label.
pub(crate) fn seen_short(release: &Release) -> String {
    let open = release.spans.iter().any(|span| span.open);
    period(release.first_seen().date, release.last_seen().date, open)
}

/// The days between two moments; `open` if it goes on after the last.
pub(crate) fn period(first: i64, last: i64, open: bool) -> String {
    let (first, last) = (format_day(first), format_day(last));
    match open {
        true => format!("since {first}"),
        false if first == last => first,
        false => format!("{first} to {last}"),
    }
}

/// How long ago a moment was.
pub(crate) fn ago(then: i64, now: i64) -> String {
    let days = now.div_euclid(DAY) - then.div_euclid(DAY);
    match days {
        ..=0 => "today".to_owned(),
        1 => "yesterday".to_owned(),
        2..=60 => format!("{days} days ago"),
        61..=730 => format!("{} months ago", days * 12 / 365),
        _ => format!("{} years ago", days * 100 / 36_525),
    }
}

/// A command that runs a shell with the package as of a commit.
pub(crate) fn nix_shell(path: &AttrPath, commit: Commit) -> String {
    let target = format!("nixpkgs/{}#{path}", commit.id);
    let plain = |c: char| c.is_ascii_alphanumeric() || "/#._-+".contains(c);
    match target.chars().all(plain) {
        true => format!("nix shell {target}"),
        false => format!("nix shell '{}'", target.replace('\'', "'\\''")),
    }
}

/// The page of a commit of nixpkgs.
pub(crate) fn commit_url(commit: Commit) -> String {
    format!("https://github.com/NixOS/nixpkgs/commit/{}", commit.id)
}

/// The page of a file of nixpkgs as of a commit.
pub(crate) fn file_url(commit: Commit, file: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"/-_.~+".contains(&b);
    let mut url = format!("https://github.com/NixOS/nixpkgs/blob/{}/", commit.id);
    for byte in file.bytes() {
        match plain(byte) {
            true => url.push(char::from(byte)),
            false => _ = write!(url, "%{byte:02X}"),
        }
    }
    url
}

fn description(text: Option<&str>) -> Option<Line> {
    text.filter(|text| !text.is_empty()).map(Line::text)
}

fn dated(commit: Commit, now: i64) -> String {
    format!("{} ({})", format_day(commit.date), ago(commit.date, now))
}

fn seen(release: &Release, now: i64) -> Vec<Line> {
    let at = |words: &str, commit: Commit| {
        Line::text(format!("{words} {}", dated(commit, now)))
            .and(" at ")
            .link(commit.id.short(), commit_url(commit))
    };
    let (first, last) = (release.first_seen(), release.last_seen());
    let open = release.spans.iter().any(|span| span.open);
    let mut lines = vec![at("First seen", first)];
    lines.push(match open {
        true => at("Still there in the newest commit that was indexed,", last),
        false => at("Last seen", last),
    });
    if release.spans.len() > 1 {
        lines.push(Line::text(format!("Seen in {} separate stretches", release.spans.len())));
    }
    lines
}

fn newer(package: &Package, text: &str) -> Line {
    let newest = package.newest().map(|r| r.version.as_str());
    let in_line = package.newest_in_line(text).map(|r| r.version.as_str());
    if newest == Some(text) {
        return Line::text("This is the newest version.");
    }
    let mut line = Line::default();
    if let Some(in_line) = in_line {
        line = match in_line == text {
            true => line.and(format!("Newest of line {}", version::line(text))),
            false => line.and(format!("Newest of line {}: ", version::line(text))).strong(in_line),
        };
        line = line.and(" · newest of all: ");
    } else {
        line = line.and("Newest of all: ");
    }
    line.strong(newest.unwrap_or_default())
}

fn warnings(release: &Release) -> Vec<Line> {
    let mut lines = Vec::new();
    if release.facts.broken {
        lines.push(Line::text("⚠ Marked as broken."));
    }
    for vulnerability in &release.facts.known_vulnerabilities {
        lines.push(Line::text("⚠ Known vulnerability: ").and(vulnerability));
    }
    lines
}

fn origins(package: &Package, release: &Release) -> Vec<Line> {
    let facts = &release.facts;
    let alias = package.alias_of.as_ref();
    let alias = alias.map(|path| Line::text("Another name of ").code(path.as_str()));
    let license = facts.license.as_ref().map(|license| Line::text(format!("License: {license}")));
    let homepage = facts.homepage.as_ref().map(|url| Line::default().link(url, url));
    let source = facts.file.as_ref().map(|file| {
        let url = file_url(release.last_seen(), file);
        Line::text("Defined in ").link(file, url)
    });
    [alias, license, homepage, source].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_told_in_the_unit_that_fits() {
        for (days, text) in [
            (-3, "today"),
            (0, "today"),
            (1, "yesterday"),
            (59, "59 days ago"),
            (60, "60 days ago"),
            (61, "2 months ago"),
            (400, "13 months ago"),
            (731, "2 years ago"),
            (3000, "8 years ago"),
        ] {
            assert_eq!(ago(1_000 * DAY + 7, (1_000 + days) * DAY + 5), text, "{days}");
        }
    }

    #[test]
    fn a_shell_command_is_quoted_where_the_shell_asks_for_it() {
        let commit = Commit { id: model::CommitId([0xab; 20]), date: 0 };
        let id = "ab".repeat(20);
        let plain = nix_shell(&AttrPath::parse("a.b-1").unwrap(), commit);
        assert_eq!(plain, format!("nix shell nixpkgs/{id}#a.b-1"));
        let quoted = nix_shell(&AttrPath::parse("a.\"@b/c\"").unwrap(), commit);
        assert_eq!(quoted, format!("nix shell 'nixpkgs/{id}#a.\"@b/c\"'"));
    }
}
