//! What `--json` prints. The shape is a promise, written down in `docs/json.md`: keys may be added,
//! none is renamed, removed or given another meaning.

use std::io::{self, Write};

use model::{
    AttrPath, Commit, Facts, IndexOrigin, IndexStatus, Package, PackageSource, Release,
    SourceError, Span, Summary, date, resolve::Mark,
};
use serde::Serialize;

use crate::commands::run_line;

/// Prints a value to standard output, indented, with a newline at the end.
///
/// # Errors
/// If nobody takes it.
pub fn print(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    writeln!(out)
}

/// What `search` prints.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Search<'a> {
    pub query: &'a str,
    pub version: Option<&'a str>,
    pub index: Index,
    pub packages: Vec<FoundPackage>,
    /// Whether `packages` is all there is.
    pub complete: bool,
    /// Names to try instead, where nothing was found.
    pub similar: Vec<AttrPath>,
}

/// What `info` prints.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Info<'a> {
    pub name: &'a str,
    pub version: Option<&'a str>,
    pub index: Index,
    /// `None` where there is no such package.
    pub package: Option<WholePackage>,
    /// Names to try instead, where there is no such package.
    pub similar: Vec<AttrPath>,
    /// Versions to try instead, where the package has no such version.
    pub similar_versions: Vec<String>,
}

/// What the answer was made from.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Index {
    pub origin: &'static str,
    pub branches: Vec<Branch>,
}

/// A branch that was read.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Branch {
    pub name: String,
    pub from: Moment,
    pub to: Moment,
}

/// A package in a list.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FoundPackage {
    #[serde(flatten)]
    pub name: Name,
    pub description: Option<String>,
    pub newest: String,
    pub newest_seen: String,
    pub versions: usize,
    /// The releases with the version asked for; only where one was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub releases: Option<Vec<OneRelease>>,
}

/// A package with its releases.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WholePackage {
    #[serde(flatten)]
    pub name: Name,
    pub newest: String,
    pub releases: Vec<OneRelease>,
}

/// How a package is called.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Name {
    pub name: AttrPath,
    pub attr_path: Vec<String>,
    pub alias_of: Option<AttrPath>,
}

/// A version of a package.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OneRelease {
    pub version: String,
    pub first: Moment,
    pub last: Moment,
    pub spans: Vec<OneSpan>,
    pub pname: Option<String>,
    pub description: Option<String>,
    pub homepage: Option<String>,
    pub license: Option<String>,
    pub file: Option<String>,
    pub broken: bool,
    pub known_vulnerabilities: Vec<String>,
    /// The newest commit with it that a channel released, where one is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub released: Option<OneMark>,
    pub run: String,
}

/// A release of a channel.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OneMark {
    pub channel: String,
    #[serde(flatten)]
    pub at: Moment,
}

/// A stretch of a branch.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OneSpan {
    pub branch: String,
    pub first: Moment,
    pub last: Moment,
    pub open: bool,
}

/// A commit and its day.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Moment {
    pub commit: String,
    pub date: String,
}

impl From<Commit> for Moment {
    fn from(commit: Commit) -> Self {
        Self { commit: commit.id.to_string(), date: date::format_day(commit.date) }
    }
}

impl From<&IndexStatus> for Index {
    fn from(status: &IndexStatus) -> Self {
        let branch = |branch: &model::BranchStatus| Branch {
            name: branch.name.clone(),
            from: branch.from.into(),
            to: branch.head.into(),
        };
        Self {
            origin: match status.origin {
                IndexOrigin::Starter => "starter",
                IndexOrigin::Indexed => "indexed",
            },
            branches: status.branches.iter().map(branch).collect(),
        }
    }
}

impl From<Summary> for FoundPackage {
    fn from(summary: Summary) -> Self {
        Self {
            name: Name::new(&summary.attr_path, summary.alias_of),
            description: summary.description,
            newest: summary.newest,
            newest_seen: date::format_day(summary.newest_seen),
            versions: summary.versions,
            releases: None,
        }
    }
}

impl Name {
    fn new(path: &AttrPath, alias_of: Option<AttrPath>) -> Self {
        Self { name: path.clone(), attr_path: path.segments(), alias_of }
    }
}

impl WholePackage {
    /// The package with those of its releases that `wanted` says.
    ///
    /// # Errors
    /// [`SourceError`] if the source cannot be read.
    pub fn new(
        source: &dyn PackageSource,
        package: &Package,
        wanted: impl Fn(&Release) -> bool,
    ) -> Result<Self, SourceError> {
        let marks = source.marks()?;
        let releases = package.releases.iter().filter(|release| wanted(release));
        let releases = releases.map(|release| {
            let released = marks.released(source, release)?;
            Ok(OneRelease::new(&package.attr_path, release, released))
        });
        Ok(Self {
            name: Name::new(&package.attr_path, package.alias_of.clone()),
            newest: package.newest().map(|r| r.version.clone()).unwrap_or_default(),
            releases: releases.collect::<Result<_, SourceError>>()?,
        })
    }
}

impl OneRelease {
    /// The release of the package with this path.
    pub fn new(path: &AttrPath, release: &Release, released: Option<Mark>) -> Self {
        let Facts { pname, description, homepage, license, file, broken, known_vulnerabilities } =
            release.facts.clone();
        let span = |span: &Span| OneSpan {
            branch: span.branch.to_string(),
            first: span.first.into(),
            last: span.last.into(),
            open: span.open,
        };
        Self {
            version: release.version.clone(),
            first: release.first_seen().into(),
            last: release.last_seen().into(),
            spans: release.spans.iter().map(span).collect(),
            pname,
            description,
            homepage,
            license,
            file,
            broken,
            known_vulnerabilities,
            released: released.map(|mark| OneMark {
                channel: mark.channel.to_string(),
                at: mark.place.commit.into(),
            }),
            run: run_line(path, release.last_seen()),
        }
    }
}
