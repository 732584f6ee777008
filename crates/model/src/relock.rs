//! From what packages.nix asks for and what an index knows to a lock.
//!
//! Locking everything looks at nothing but these two, so that the same wishes and the same index
//! always give the same lock. Updating single pins starts from the lock there is, and moves no
//! other pin.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt,
    sync::Arc,
};

use crate::{
    AttrPath, Commit, CommitId, Kind, Lock, LockedIndex, LockedPin, LockedRevision, Manifest,
    Package, PackageSource, Release, SourceError, Wish,
    resolve::{Goal, Offer, Place, Places, Stretch, resolve},
    version,
};

/// A lock, and what is to be said of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relocked {
    /// The lock.
    pub lock: Lock,
    /// Whether it is proved that no fewer revisions serve; see
    /// [`Resolution::proved`](crate::resolve::Resolution::proved).
    pub proved: bool,
}

/// Why a lock cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RelockError {
    /// The index cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// No version does for these pins, in the order of packages.nix.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Unmet(Vec<Unmet>),
}

/// A pin that nothing in the index does for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmet {
    /// The pin.
    pub path: AttrPath,
    /// Why.
    pub why: Why,
}

/// Why nothing does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// The index has never seen the attribute path.
    UnknownPackage,
    /// It has never seen the version that is asked for.
    UnknownVersion {
        /// The version.
        version: String,
        /// The highest below it.
        below: Option<String>,
        /// The lowest above it.
        above: Option<String>,
        /// The requirement that was likely meant, `20.*` for `20`.
        meant: Option<String>,
    },
    /// No version meets the requirement.
    NothingMeets {
        /// The requirement.
        requirement: String,
        /// The newest version there is.
        newest: Option<String>,
    },
    /// Versions that meet it were never seen on the branch that is asked for.
    NotOnChannel {
        /// The branch.
        channel: String,
        /// The branches that have one.
        others: Vec<String>,
    },
    /// The commit that is asked for is not known to have a version that meets it.
    NotAtRevision {
        /// The commit.
        revision: CommitId,
    },
}

impl Unmet {
    /// What kind of problem it is.
    pub fn kind(&self) -> Kind {
        match &self.why {
            Why::UnknownPackage => Kind::UnknownPackage,
            Why::UnknownVersion { meant: Some(_), .. } => Kind::PartialVersion,
            Why::UnknownVersion { .. } => Kind::UnknownVersion,
            Why::NothingMeets { .. } => Kind::RequirementUnmet,
            Why::NotOnChannel { .. } => Kind::NotOnChannel,
            Why::NotAtRevision { .. } => Kind::NotAtRevision,
        }
    }
}

/// Locks every pin.
///
/// # Errors
/// [`RelockError`] if the index cannot be read, or holds nothing for some of the pins; all of them
/// are named.
pub fn lock(
    source: &dyn PackageSource,
    manifest: &Manifest,
    goal: Goal,
) -> Result<Relocked, RelockError> {
    let found = find(source, manifest.pins.iter().collect())?;
    let offers: Vec<Vec<Offer>> = found.wishes.iter().map(|one| one.offers.clone()).collect();
    let marks = source.marks()?;
    let resolution = resolve(&offers, &found.places, &marks, goal);
    let mut pins = Vec::new();
    for (one, choice) in found.wishes.iter().zip(&resolution.choices) {
        pins.push((one, choice.offer, resolution.revisions[choice.revision]));
    }
    let lock = assemble(source, pins, BTreeMap::new(), &BTreeMap::new())?;
    Ok(Relocked { lock, proved: resolution.proved })
}

/// Looks whether something does for every pin, without choosing.
///
/// # Errors
/// As [`lock`]'s.
pub fn available(source: &dyn PackageSource, manifest: &Manifest) -> Result<(), RelockError> {
    find(source, manifest.pins.iter().collect()).map(|_| ())
}

/// Locks the pins with these paths anew, each at the newest version that does for it, and leaves the
/// others as they are in `old`. Pins that packages.nix no longer has go; pins that `old` does not
/// have are locked as well. A revision that is there already is taken where it has the version.
///
/// # Errors
/// As [`lock`]'s.
pub fn update(
    source: &dyn PackageSource,
    manifest: &Manifest,
    old: &Lock,
    paths: &BTreeSet<AttrPath>,
) -> Result<Relocked, RelockError> {
    let stays = |wish: &&Wish| {
        let same = |pin: &LockedPin| pin.requirement == wish.requirement.as_str();
        !paths.contains(&wish.path) && old.pins.get(&wish.path).is_some_and(same)
    };
    let (kept, moved): (Vec<&Wish>, Vec<&Wish>) = manifest.pins.iter().partition(stays);
    let kept: BTreeMap<AttrPath, LockedPin> =
        kept.iter().map(|wish| (wish.path.clone(), old.pins[&wish.path].clone())).collect();
    let used: BTreeSet<&String> = kept.values().map(|pin| &pin.revision).collect();
    let used: Vec<Commit> =
        used.iter().filter_map(|name| Some(old.revisions.get(*name)?.commit)).collect();
    let found = find_with(source, moved, &used)?;
    let mut pins = Vec::new();
    let mut left = Vec::new();
    for one in &found.wishes {
        match used.iter().filter(|c| found.holds(&one.offers[0], **c)).max_by_key(|c| c.date) {
            Some(commit) => pins.push((one, 0, *commit)),
            None => left.push(one),
        }
    }
    let offers: Vec<Vec<Offer>> = left.iter().map(|one| one.offers.clone()).collect();
    let marks = source.marks()?;
    let resolution = resolve(&offers, &found.places, &marks, Goal::NewestVersions);
    for (one, choice) in left.iter().zip(&resolution.choices) {
        pins.push((*one, choice.offer, resolution.revisions[choice.revision]));
    }
    let lock = assemble(source, pins, kept, &old.revisions)?;
    Ok(Relocked { lock, proved: resolution.proved })
}

impl Lock {
    /// Takes over the hashes that another lock knows: that of a commit never changes.
    pub fn take_hashes(&mut self, from: &Lock) {
        let known =
            from.revisions.values().filter_map(|r| Some((r.commit.id, r.nar_hash.as_ref()?)));
        let known: HashMap<CommitId, &String> = known.collect();
        for revision in self.revisions.values_mut().filter(|r| r.nar_hash.is_none()) {
            revision.nar_hash = known.get(&revision.commit.id).map(|hash| (*hash).clone());
        }
    }
}

/// A wish, and what the index offers for it.
struct Offered<'a> {
    wish: &'a Wish,
    package: Package,
    offers: Vec<Offer>,
}

struct Found<'a> {
    wishes: Vec<Offered<'a>>,
    places: Places,
}

impl Found<'_> {
    /// Whether an offer is there at a commit.
    fn holds(&self, offer: &Offer, commit: Commit) -> bool {
        let known = self.places.get(&commit.id).map(Vec::as_slice).unwrap_or_default();
        offer.stretches.iter().any(|stretch| {
            let mut here = known.iter().filter(|(branch, _)| *branch == stretch.branch);
            stretch.first.commit.id == commit.id
                || stretch.last.commit.id == commit.id
                || here.any(|(_, at)| (stretch.first.at..=stretch.last.at).contains(at))
        })
    }
}

fn find<'a>(source: &dyn PackageSource, wishes: Vec<&'a Wish>) -> Result<Found<'a>, RelockError> {
    find_with(source, wishes, &[])
}

/// What the index offers for wishes. The places of `also` are looked up as well.
fn find_with<'a>(
    source: &dyn PackageSource,
    wishes: Vec<&'a Wish>,
    also: &[Commit],
) -> Result<Found<'a>, RelockError> {
    let mut chosen = Vec::new();
    let mut unmet = Vec::new();
    for wish in wishes {
        match versions(source, wish)? {
            Ok((package, versions)) => chosen.push((wish, package, versions)),
            Err(why) => unmet.push(Unmet { path: wish.path.clone(), why }),
        }
    }
    let spans = chosen.iter().flat_map(|(_, package, versions)| {
        let releases = package.releases.iter().filter(|r| versions.contains(&r.version));
        releases.flat_map(|release| &release.spans)
    });
    let mut ends: BTreeSet<CommitId> = spans.flat_map(|s| [s.first.id, s.last.id]).collect();
    ends.extend(also.iter().map(|commit| commit.id));
    ends.extend(chosen.iter().filter_map(|(wish, ..)| wish.revision));
    let (places, dates) = places(source, &ends.into_iter().collect::<Vec<_>>())?;
    let mut offered = Vec::new();
    for (wish, package, versions) in chosen {
        let releases = versions.iter().filter_map(|version| package.release(version));
        let offers: Vec<Offer> =
            releases.filter_map(|release| offer(wish, release, &places, &dates)).collect();
        match offers.is_empty() {
            false => offered.push(Offered { wish, package, offers }),
            true => unmet
                .push(Unmet { path: wish.path.clone(), why: nowhere(wish, &package, &versions) }),
        }
    }
    if !unmet.is_empty() {
        return Err(RelockError::Unmet(unmet));
    }
    Ok(Found { wishes: offered, places })
}

/// A package and those of its versions that meet a wish, the most wanted first.
fn versions(
    source: &dyn PackageSource,
    wish: &Wish,
) -> Result<Result<(Package, Vec<String>), Why>, SourceError> {
    let Some(package) = source.package(&wish.path)? else { return Ok(Err(Why::UnknownPackage)) };
    let all = || package.releases.iter().map(|release| release.version.as_str());
    let met: Vec<String> = wish.requirement.select(all()).into_iter().map(str::to_owned).collect();
    if !met.is_empty() {
        return Ok(Ok((package, met)));
    }
    Ok(Err(match wish.requirement.exact() {
        // Releases are sorted newest first.
        Some(text) => Why::UnknownVersion {
            version: text.to_owned(),
            below: all().find(|v| version::compare(v, text).is_lt()).map(str::to_owned),
            above: all().rfind(|v| version::compare(v, text).is_gt()).map(str::to_owned),
            meant: wish.requirement.meant(all()),
        },
        None => Why::NothingMeets {
            requirement: wish.requirement.to_string(),
            newest: package.newest().map(|release| release.version.clone()),
        },
    }))
}

/// Where a release may be taken from for a wish, or `None` if from nowhere.
fn offer(
    wish: &Wish,
    release: &Release,
    places: &Places,
    dates: &HashMap<CommitId, i64>,
) -> Option<Offer> {
    let mut stretches = Vec::new();
    for span in &release.spans {
        if wish.channel.as_ref().is_some_and(|channel| **channel != *span.branch) {
            continue;
        }
        let at = |commit: &CommitId| {
            let own = places.get(commit)?.iter().find(|(branch, _)| *branch == span.branch)?;
            Some(own.1)
        };
        let place = |commit: Commit| Some(Place { at: at(&commit.id)?, commit });
        match (wish.revision, place(span.first), place(span.last)) {
            (None, Some(first), Some(last)) if first.at <= last.at => {
                stretches.push(Stretch { branch: span.branch.clone(), first, last });
            }
            // Where the line is not known, the ends are all that is.
            (None, ..) => stretches.extend([span.first, span.last].map(alone)),
            (Some(wanted), first, last) => {
                let ends = [span.first, span.last];
                if let Some(end) = ends.into_iter().find(|end| end.id == wanted) {
                    stretches.push(alone(end));
                } else if let (Some(first), Some(last), Some(at)) = (first, last, at(&wanted))
                    && (first.at..=last.at).contains(&at)
                {
                    stretches.push(alone(Commit { id: wanted, date: dates[&wanted] }));
                }
            }
        }
    }
    let version = release.version.clone();
    (!stretches.is_empty()).then_some(Offer { version, stretches })
}

/// A stretch of a single commit whose place on a line does not matter: its line is its own.
fn alone(commit: Commit) -> Stretch {
    let place = Place { at: 0, commit };
    Stretch { branch: Arc::from(format!("commit {}", commit.id)), first: place, last: place }
}

/// Why the versions that meet a wish are nowhere where it wants them.
fn nowhere(wish: &Wish, package: &Package, versions: &[String]) -> Why {
    if let Some(revision) = wish.revision {
        return Why::NotAtRevision { revision };
    }
    let releases = versions.iter().filter_map(|version| package.release(version));
    let others: BTreeSet<String> =
        releases.flat_map(|r| &r.spans).map(|span| span.branch.to_string()).collect();
    Why::NotOnChannel {
        channel: wish.channel.clone().unwrap_or_default(),
        others: others.into_iter().collect(),
    }
}

/// Where commits are, on every branch, and the dates of those that are on one.
fn places(
    source: &dyn PackageSource,
    commits: &[CommitId],
) -> Result<(Places, HashMap<CommitId, i64>), SourceError> {
    let mut places = Places::new();
    let mut dates = HashMap::new();
    for branch in source.status()?.branches {
        let name: Arc<str> = Arc::from(branch.name);
        for Place { at, commit } in source.places(&name, commits)?.into_iter().flatten() {
            places.entry(commit.id).or_default().push((name.clone(), at));
            dates.insert(commit.id, commit.date);
        }
    }
    Ok((places, dates))
}

/// A lock of what was chosen, and of what was kept. Revisions that nothing comes from are left out.
fn assemble(
    source: &dyn PackageSource,
    chosen: Vec<(&Offered, usize, Commit)>,
    kept: BTreeMap<AttrPath, LockedPin>,
    old: &BTreeMap<String, LockedRevision>,
) -> Result<Lock, SourceError> {
    let mut revisions: BTreeMap<CommitId, LockedRevision> = BTreeMap::new();
    let mut pins: BTreeMap<AttrPath, (CommitId, LockedPin)> = BTreeMap::new();
    for (path, pin) in kept {
        let Some(revision) = old.get(&pin.revision) else { continue };
        revisions.insert(revision.commit.id, revision.clone());
        pins.insert(path, (revision.commit.id, pin));
    }
    for (Offered { wish, package, offers }, offer, commit) in chosen {
        let version = offers[offer].version.clone();
        let insecure = wish.allow_insecure.then(|| {
            let pname = package.release(&version).and_then(|r| r.facts.pname.clone());
            format!("{}-{version}", pname.unwrap_or_else(|| wish.path.leaf()))
        });
        let pin = LockedPin {
            requirement: wish.requirement.to_string(),
            version,
            revision: String::new(),
            allow_insecure: insecure,
        };
        revisions.entry(commit.id).or_insert(LockedRevision { commit, nar_hash: None });
        pins.insert(wish.path.clone(), (commit.id, pin));
    }
    let mut newest_first: Vec<LockedRevision> = revisions.into_values().collect();
    newest_first.sort_by_key(|r| std::cmp::Reverse((r.commit.date, r.commit.id)));
    let ids = newest_first.iter().map(|revision| revision.commit.id).enumerate();
    let names: HashMap<CommitId, String> =
        ids.map(|(at, id)| (id, Lock::revision_name(at))).collect();
    let named = |(path, (commit, pin)): (AttrPath, (CommitId, LockedPin))| {
        (path, LockedPin { revision: names[&commit].clone(), ..pin })
    };
    let index = source.status()?.branches.into_iter().max_by(|a, b| {
        // Of branches with one head, the first in text order.
        a.head.date.cmp(&b.head.date).then_with(|| b.name.cmp(&a.name))
    });
    Ok(Lock {
        pins: pins.into_iter().map(named).collect(),
        revisions: newest_first.into_iter().map(|r| (names[&r.commit.id].clone(), r)).collect(),
        index: index.map(|branch| LockedIndex::new(&branch.name, branch.head)),
    })
}

impl fmt::Display for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = &self.path;
        match &self.why {
            Why::UnknownPackage => {
                write!(f, "nixpkgs never had a package `{path}` as far as the index goes")
            }
            Why::UnknownVersion { version, meant: Some(meant), .. } => write!(
                f,
                "`{path}` never had version {version}; write \"{meant}\" for the newest that \
                 begins so"
            ),
            Why::UnknownVersion { version, below, above, .. } => {
                write!(f, "`{path}` never had version {version}")?;
                match (below, above) {
                    (Some(below), Some(above)) => {
                        write!(f, "; the nearest are {below} below and {above} above")
                    }
                    (Some(below), None) => write!(f, "; the highest is {below}"),
                    (None, Some(above)) => write!(f, "; the lowest is {above}"),
                    (None, None) => Ok(()),
                }
            }
            Why::NothingMeets { requirement, newest } => {
                write!(f, "no version of `{path}` meets \"{requirement}\"")?;
                let newest = newest.as_ref().map(|newest| format!("; the newest is {newest}"));
                f.write_str(&newest.unwrap_or_default())
            }
            Why::NotOnChannel { channel, others } => write!(
                f,
                "the index knows of no such version of `{path}` on the branch {channel}; it does on \
                 {}",
                others.join(", ")
            ),
            Why::NotAtRevision { revision } => write!(
                f,
                "the index does not know of such a version of `{path}` at the commit {revision}; \
                 leave `revision` out to have a commit chosen"
            ),
        }
    }
}
