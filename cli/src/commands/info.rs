//! `nix-archiver info ATTR [VERSION]`.

use std::io::{self, BufWriter, Write};

use model::{AttrPath, IndexStatus, Package, PackageSource, Release, Span, date, resolve::Mark};

use crate::{
    age,
    commands::{run_line, search::did_you_mean},
    exit::{self, Exit},
    find,
    json::{self, WholePackage},
    place::Place,
    table::Table,
};

/// Flakes came to nixpkgs in February 2020: what is from before this day cannot be named as one.
const FIRST_FLAKES: &str = "2020-02-01";

/// Show every version of a package: when it was there, and how to get it.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The attribute path: `nodejs`, `python3Packages.requests`.
    attr: String,
    /// Only this version, with all that is known of it; `8.9` also finds 8.9.4.
    version: Option<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
///
/// # Errors
/// If the attribute path is none, or the index cannot be read.
pub fn run(args: Args, place: &Place) -> anyhow::Result<Exit> {
    let path = AttrPath::parse(&args.attr).map_err(|error| exit::usage(error.to_string()))?;
    let source = place.source();
    let package = source.package(&path)?;
    let status = source.status()?;
    let similar = match package {
        Some(_) => Vec::new(),
        None => find::similar(&source, path.as_str())?,
    };
    let releases = wanted(package.as_ref(), args.version.as_deref());
    let near = match (&package, &args.version) {
        (Some(package), Some(version)) if releases.is_empty() => {
            find::near_versions(package, version)
        }
        _ => Vec::new(),
    };
    let exit = if releases.is_empty() { Exit::Nothing } else { Exit::Fine };
    let mut out = BufWriter::new(io::stdout().lock());
    if args.json {
        let is_wanted = |release: &Release| releases.iter().any(|r| r.version == release.version);
        let package = match &package {
            Some(package) => Some(WholePackage::new(&source, package, is_wanted)?),
            None => None,
        };
        let answer = json::Info {
            name: path.as_str(),
            version: args.version.as_deref(),
            index: (&status).into(),
            package,
            similar,
            similar_versions: near.iter().map(|version| (*version).to_owned()).collect(),
        };
        json::print(&mut out, &answer)?;
        out.flush()?;
        return Ok(exit);
    }
    match (&package, releases.first()) {
        (Some(package), Some(newest)) => {
            // What is said of the package is what was said of the release that stands for it.
            let shown = match &args.version {
                Some(_) => newest,
                None => package.newest().unwrap_or(newest),
            };
            print_package(&mut out, package, shown)?;
            match &args.version {
                Some(_) => releases.iter().try_for_each(|r| print_spans(&mut out, r, &status))?,
                None => print_releases(&mut out, &releases)?,
            }
            print_run(&mut out, &path, shown, source.marks()?.released(&source, shown)?)?;
            out.flush()?;
            age::tell(&status, place)?;
        }
        (Some(_), None) => {
            age::tell(&status, place)?;
            let version = args.version.unwrap_or_default();
            let near = near.join(", ");
            writeln!(io::stderr(), "{path} never had version {version}; near it there are {near}")?;
        }
        (None, _) => {
            age::tell(&status, place)?;
            writeln!(io::stderr(), "{path} was never there{}", did_you_mean(&similar))?;
        }
    }
    Ok(exit)
}

/// The releases that were asked for: the very version where there is one, or else those that begin
/// with its components.
fn wanted<'a>(package: Option<&'a Package>, version: Option<&str>) -> Vec<&'a Release> {
    let Some(package) = package else { return Vec::new() };
    match version.map(|version| (version, package.release(version))) {
        None => package.releases.iter().collect(),
        Some((_, Some(exact))) => vec![exact],
        Some((version, None)) => {
            package.releases.iter().filter(|r| find::matches(&r.version, version)).collect()
        }
    }
}

fn print_package(out: &mut impl Write, package: &Package, shown: &Release) -> io::Result<()> {
    let facts = &shown.facts;
    writeln!(out, "{} {}", package.attr_path, shown.version)?;
    if let Some(description) = &facts.description {
        writeln!(out, "{description}")?;
    }
    let alias = package.alias_of.as_ref().map(AttrPath::to_string);
    for (what, value) in [
        ("the same as", &alias),
        ("homepage", &facts.homepage),
        ("licence", &facts.license),
        ("defined in", &facts.file),
    ] {
        if let Some(value) = value {
            writeln!(out, "  {what}: {value}")?;
        }
    }
    if facts.broken {
        writeln!(out, "  marked as broken")?;
    }
    for vulnerability in &facts.known_vulnerabilities {
        writeln!(out, "  known vulnerability: {vulnerability}")?;
    }
    writeln!(out)
}

fn print_releases(out: &mut impl Write, releases: &[&Release]) -> io::Result<()> {
    let heading = ["version", "first seen", "at commit", "last seen", "at commit", "note"];
    let mut table = Table::new(&heading);
    for release in releases {
        let (first, last) = (release.first_seen(), release.last_seen());
        table.row([
            release.version.clone(),
            date::format_day(first.date),
            first.id.short(),
            date::format_day(last.date),
            last.id.short(),
            note(release),
        ]);
    }
    table.print(out)
}

/// What a row cannot show of a release.
fn note(release: &Release) -> String {
    let spans = &release.spans;
    let again = |(n, span): (usize, &Span)| spans[..n].iter().any(|s| s.branch == span.branch);
    let notes = [
        (spans.iter().any(|span| span.open), "still there"),
        (spans.iter().enumerate().any(again), "with gaps"),
        (release.facts.broken, "broken"),
        (!release.facts.known_vulnerabilities.is_empty(), "vulnerable"),
    ];
    notes.iter().filter(|(holds, _)| *holds).map(|(_, note)| *note).collect::<Vec<_>>().join(", ")
}

/// Every stretch of the history in which a release was there.
fn print_spans(out: &mut impl Write, release: &Release, status: &IndexStatus) -> io::Result<()> {
    let heading =
        ["version", "branch", "first seen", "at commit", "last seen", "at commit", "note"];
    let mut table = Table::new(&heading);
    for span in &release.spans {
        let branch = status.branches.iter().find(|branch| branch.name == *span.branch);
        let from_start = branch.is_some_and(|branch| branch.from == span.first);
        let notes =
            [(span.open, "still there"), (from_start, "maybe there before the index begins")];
        let notes: Vec<_> =
            notes.iter().filter(|(holds, _)| *holds).map(|(_, note)| *note).collect();
        table.row([
            release.version.clone(),
            span.branch.to_string(),
            date::format_day(span.first.date),
            span.first.id.short(),
            date::format_day(span.last.date),
            span.last.id.short(),
            notes.join(", "),
        ]);
    }
    table.print(out)
}

/// How to get a release: from the newest channel release that has it, or from the newest commit.
fn print_run(
    out: &mut impl Write,
    path: &AttrPath,
    release: &Release,
    released: Option<Mark>,
) -> io::Result<()> {
    let last = released.as_ref().map_or_else(|| release.last_seen(), |mark| mark.place.commit);
    let cached = released.map(|mark| format!(", from a release of {}", mark.channel));
    let cached = cached.unwrap_or_default();
    writeln!(out, "\nGet {} {}{cached}:\n  {}", path, release.version, run_line(path, last))?;
    if date::parse_day(FIRST_FLAKES).is_some_and(|first| last.date < first) {
        let url = format!("https://github.com/NixOS/nixpkgs/archive/{}.tar.gz", last.id);
        let path = run_line(path, last);
        // The attribute path, in the same quotes.
        let quote = if path.ends_with('\'') { "'" } else { "" };
        let attr = path.split_once('#').map_or("", |(_, attr)| attr);
        writeln!(
            out,
            "nixpkgs was no flake at that time. If Nix says so:\n  \
             nix shell -f {url} {quote}{attr}"
        )?;
    }
    Ok(())
}
