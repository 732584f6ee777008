//! Versions: every one that the package ever had, newest first.

use model::{Package, PackageSource, Release, SourceError};

use crate::{
    Completions, Item, ItemKind, Origin, Snapshot, context::VersionContext, describe,
    requirement::split_operator,
};

pub(super) fn complete(
    snapshot: &Snapshot,
    source: &dyn PackageSource,
    context: &VersionContext,
) -> Result<Completions, SourceError> {
    let path = &context.pin.path;
    let Some(package) = source.package(path)? else { return Ok(Completions::default()) };
    let filter = context.range.of(&snapshot.document.text);
    let (kept, partial) = split_operator(context.typed);
    let newest = package.newest().map(|release| release.version.as_str());
    let items = fitting(&package, partial, filter).map(|release| Item {
        label: release.version.clone(),
        kind: ItemKind::Version,
        detail: Some(detail(release)),
        range: context.range,
        text: context.frame.around(&format!("{kept}{}", release.version)),
        snippet: None,
        extra: context.frame.extra().into_iter().collect(),
        filter: filter.to_owned(),
        preselect: newest == Some(release.version.as_str()),
        discouraged: is_discouraged(release),
        reopen: false,
        origin: Some(Origin { path: path.clone(), version: Some(release.version.clone()) }),
    });
    Ok(Completions { items: items.collect(), incomplete: true })
}

/// The releases to offer for what is typed, newest first: those that begin so; where none does,
/// those that hold it; where none does, or where the string already is a version, all.
fn fitting<'a>(
    package: &'a Package,
    partial: &'a str,
    whole: &str,
) -> impl Iterator<Item = &'a Release> {
    let any = |fits: &dyn Fn(&str) -> bool| package.releases.iter().any(|r| fits(&r.version));
    let already_whole = package.release(whole).is_some() && whole == partial;
    let begins = !already_whole && any(&|version| version.starts_with(partial));
    let holds = !already_whole && !begins && any(&|version| version.contains(partial));
    package.releases.iter().filter(move |release| match (begins, holds) {
        (true, _) => release.version.starts_with(partial),
        (false, true) => release.version.contains(partial),
        (false, false) => true,
    })
}

fn detail(release: &Release) -> String {
    let seen = describe::seen_short(release);
    match (release.facts.known_vulnerabilities.is_empty(), release.facts.broken) {
        (false, _) => format!("{seen}, insecure"),
        (true, true) => format!("{seen}, broken"),
        (true, false) if model::version::is_prerelease(&release.version) => {
            format!("{seen}, pre-release")
        }
        (true, false) => seen,
    }
}

fn is_discouraged(release: &Release) -> bool {
    release.facts.broken || !release.facts.known_vulnerabilities.is_empty()
}
