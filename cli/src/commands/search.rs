//! `nix-archiver search QUERY [VERSION]`.

use std::io::{self, BufWriter, Write};

use model::{AttrPath, Package, PackageSource, Release, SourceError, Summary, date};

use crate::{
    age,
    exit::{self, Exit},
    find::{self, Found},
    json::{self, FoundPackage, OneRelease},
    place::Place,
    table::Table,
};

/// Find packages by name or words, and which of them had a version.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The beginning of a name (`nodejs`, `python3Packages.req`), or words (`web browser`).
    query: String,
    /// Only packages that had this version; `8.9` also finds 8.9.4.
    version: Option<String>,
    /// Show at most this many.
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
///
/// # Errors
/// If there is nothing to look for, or the index cannot be read.
pub fn run(args: Args, place: &Place) -> anyhow::Result<Exit> {
    if args.query.trim().is_empty() {
        return Err(exit::usage("say what to look for"));
    }
    let source = place.source();
    match &args.version {
        None => {
            let found = find::packages(&source, &args.query, args.limit)?;
            let packages = |found: Found<Summary>| {
                Ok(found.items.into_iter().map(FoundPackage::from).collect())
            };
            answer(&args, place, &source, found, packages, package_rows)
        }
        Some(version) => {
            let found = find::releases(&source, &args.query, version, args.limit)?;
            let packages = |found| packages_with_releases(&source, found);
            answer(&args, place, &source, found, packages, release_rows)
        }
    }
}

fn answer<T>(
    args: &Args,
    place: &Place,
    source: &dyn PackageSource,
    found: Found<T>,
    to_json: impl Fn(Found<T>) -> Result<Vec<FoundPackage>, SourceError>,
    to_rows: impl Fn(&[T]) -> Table,
) -> anyhow::Result<Exit> {
    let nothing = found.items.is_empty() && found.complete;
    let similar = if nothing { find::similar(source, &args.query)? } else { Vec::new() };
    let status = source.status()?;
    let mut out = BufWriter::new(io::stdout().lock());
    if args.json {
        let answer = json::Search {
            query: &args.query,
            version: args.version.as_deref(),
            index: (&status).into(),
            complete: found.complete,
            packages: to_json(found)?,
            similar,
        };
        json::print(&mut out, &answer)?;
    } else if nothing {
        age::tell(&status, place)?;
        tell_nothing(args, source, &similar)?;
    } else {
        to_rows(&found.items).print(&mut out)?;
        out.flush()?;
        age::tell(&status, place)?;
        if !found.complete {
            writeln!(io::stderr(), "There are more; `--limit N` shows them.")?;
        }
    }
    out.flush()?;
    Ok(if nothing { Exit::Nothing } else { Exit::Fine })
}

fn package_rows(found: &[Summary]) -> Table {
    let mut table = Table::new(&["package", "newest", "last seen", "versions", "description"]);
    for summary in found {
        let description = summary.description.clone().unwrap_or_default();
        table.row([
            summary.attr_path.to_string(),
            summary.newest.clone(),
            date::format_day(summary.newest_seen),
            summary.versions.to_string(),
            match &summary.alias_of {
                Some(path) => format!("(= {path}) {description}"),
                None => description,
            },
        ]);
    }
    table
}

fn release_rows(found: &[(Package, Release)]) -> Table {
    let mut table = Table::new(&["package", "version", "first seen", "last seen", "commit"]);
    for (package, release) in found {
        let last = release.last_seen();
        table.row([
            package.attr_path.to_string(),
            release.version.clone(),
            date::format_day(release.first_seen().date),
            date::format_day(last.date),
            last.id.short(),
        ]);
    }
    table
}

/// The releases, gathered under their packages.
fn packages_with_releases(
    source: &dyn PackageSource,
    found: Found<(Package, Release)>,
) -> Result<Vec<FoundPackage>, SourceError> {
    let marks = source.marks()?;
    let same = |a: &(Package, Release), b: &(Package, Release)| a.0.attr_path == b.0.attr_path;
    let packages = found.items.chunk_by(same).filter_map(|releases| {
        let package = &releases.first()?.0;
        let mut found = FoundPackage::from(package.summary()?);
        let release = |(_, release): &(Package, Release)| {
            let released = marks.released(source, release)?;
            Ok(OneRelease::new(&package.attr_path, release, released))
        };
        let releases: Result<_, SourceError> = releases.iter().map(release).collect();
        Some(releases.map(|releases| {
            found.releases = Some(releases);
            found
        }))
    });
    packages.collect()
}

/// Says on standard error that nothing was found, and what comes near.
fn tell_nothing(
    args: &Args,
    source: &dyn PackageSource,
    similar: &[AttrPath],
) -> anyhow::Result<()> {
    let mut out = io::stderr().lock();
    let query = &args.query;
    let Some(version) = &args.version else {
        writeln!(out, "nothing was found for {query}{}", did_you_mean(similar))?;
        return Ok(());
    };
    let path = AttrPath::parse(query).ok();
    let package = path.map(|path| source.package(&path)).transpose()?.flatten();
    match package {
        Some(package) => {
            let near = find::near_versions(&package, version).join(", ");
            writeln!(out, "no version {version} was found for {query}; near it there are {near}")?;
        }
        None => {
            let offer = did_you_mean(similar);
            writeln!(out, "no version {version} was found for {query}{offer}")?;
        }
    }
    Ok(())
}

/// The end of a sentence that offers names.
pub fn did_you_mean(names: &[AttrPath]) -> String {
    let names: Vec<_> = names.iter().map(AttrPath::as_str).collect();
    if names.is_empty() { String::new() } else { format!("; did you mean {}?", names.join(", ")) }
}
