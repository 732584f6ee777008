//! From JSON to a lock.

use std::collections::BTreeMap;

use super::{
    FORMAT, Lock, LockError, LockProblem, LockedIndex, LockedPin, LockedRevision, OWNER, REPO,
    TYPE,
    json::{Kind, Value},
};
use crate::{AttrPath, Commit, CommitId};

type Read<T> = Result<T, LockError>;

pub(super) fn lock(value: &Value) -> Read<Lock> {
    let top = Object::of(value, "lock", "the lock")?;
    // What a later format means by its keys is not known.
    let format = top.need("version")?;
    match &format.kind {
        Kind::Number(number) if *number == FORMAT.to_string() => {}
        Kind::Number(number) => {
            return Err(at(format.line, LockProblem::Format(number.clone())));
        }
        _ => return Err(wrong(format, "version", "a number")),
    }
    top.only(&["index", "pins", "revisions", "version"])?;
    let mut revisions = BTreeMap::new();
    for (name, _, value) in Object::of(top.need("revisions")?, "revisions", "`revisions`")?.fields {
        revisions.insert(name.clone(), revision(name, value)?);
    }
    let mut pins = BTreeMap::new();
    for (name, line, value) in Object::of(top.need("pins")?, "pins", "`pins`")?.fields {
        let (path, pin) = pin(name, *line, value, &revisions)?;
        pins.insert(path, pin);
    }
    let index = top.get("index").map(index).transpose()?;
    Ok(Lock { revisions, pins, index })
}

fn revision(name: &str, value: &Value) -> Read<LockedRevision> {
    let object = Object::of(value, name, "a revision")?;
    object.only(&["lastModified", "narHash", "owner", "repo", "rev", "type"])?;
    for (key, wanted, message) in
        [("owner", OWNER, "\"NixOS\""), ("repo", REPO, "\"nixpkgs\""), ("type", TYPE, "\"github\"")]
    {
        if object.text(key)? != wanted {
            return Err(wrong(object.need(key)?, key, message));
        }
    }
    let modified = object.need("lastModified")?;
    let date = match &modified.kind {
        Kind::Number(number) => number.parse().ok(),
        _ => None,
    };
    let date = date.ok_or_else(|| wrong(modified, "lastModified", "a whole number of seconds"))?;
    let id = commit(&object, "rev")?;
    let nar_hash = match object.get("narHash") {
        None => None,
        Some(value) => {
            let hash = object.text("narHash")?;
            let is_hash = hash.strip_prefix("sha256-").is_some_and(|digits| {
                let base64 = |b: u8| b.is_ascii_alphanumeric() || b == b'+' || b == b'/';
                let plain = digits.strip_suffix('=');
                plain.is_some_and(|plain| plain.len() == 43 && plain.bytes().all(base64))
            });
            if !is_hash {
                let wanted = "`sha256-` and the 44 signs of a hash in base 64";
                return Err(wrong(value, "narHash", wanted));
            }
            Some(hash.to_owned())
        }
    };
    Ok(LockedRevision { commit: Commit { id, date }, nar_hash })
}

fn pin(
    name: &str,
    line: usize,
    value: &Value,
    revisions: &BTreeMap<String, LockedRevision>,
) -> Read<(AttrPath, LockedPin)> {
    let object = Object::of(value, name, "a pin")?;
    object.only(&["allowInsecure", "attrPath", "requirement", "revision", "version"])?;
    let listed = object.need("attrPath")?;
    let not_a_path = || wrong(listed, "attrPath", "a list of one name at least");
    let Kind::List(segments) = &listed.kind else { return Err(not_a_path()) };
    let segment = |value: &Value| match &value.kind {
        Kind::Text(text) => Ok(text.clone()),
        _ => Err(not_a_path()),
    };
    let segments: Vec<String> = segments.iter().map(segment).collect::<Read<_>>()?;
    let path = AttrPath::from_segments(&segments).map_err(|_| not_a_path())?;
    if path.as_str() != name {
        return Err(at(line, LockProblem::OtherPath { name: name.to_owned(), path }));
    }
    let revision = object.text("revision")?.to_owned();
    if !revisions.contains_key(&revision) {
        let line = object.need("revision")?.line;
        return Err(at(line, LockProblem::NoRevision(revision)));
    }
    let allow_insecure = match object.get("allowInsecure") {
        Some(_) => Some(object.text("allowInsecure")?.to_owned()),
        None => None,
    };
    let requirement = object.text("requirement")?.to_owned();
    let version = object.text("version")?.to_owned();
    Ok((path, LockedPin { requirement, version, revision, allow_insecure }))
}

fn index(value: &Value) -> Read<LockedIndex> {
    let object = Object::of(value, "index", "`index`")?;
    object.only(&["branch", "commit", "date"])?;
    Ok(LockedIndex {
        branch: object.text("branch")?.to_owned(),
        commit: commit(&object, "commit")?,
        date: object.text("date")?.to_owned(),
    })
}

fn commit(object: &Object, key: &'static str) -> Read<CommitId> {
    let wanted = "a commit id of forty hexadecimal digits";
    let id = object.text(key)?.parse();
    id.map_err(|_| wrong(object.need(key).expect("its text was read"), key, wanted))
}

/// An object, and what it is called in messages.
struct Object<'a> {
    fields: &'a [(String, usize, Value)],
    line: usize,
    place: &'static str,
}

impl<'a> Object<'a> {
    fn of(value: &'a Value, key: &str, place: &'static str) -> Read<Self> {
        match &value.kind {
            Kind::Object(fields) => Ok(Self { fields, line: value.line, place }),
            _ => Err(wrong(value, key, "an object, `{ … }`")),
        }
    }

    /// Refuses keys that are not among these.
    fn only(&self, known: &[&str]) -> Read<()> {
        match self.fields.iter().find(|(key, ..)| !known.contains(&key.as_str())) {
            None => Ok(()),
            Some((key, line, _)) => {
                Err(at(*line, LockProblem::UnknownKey { key: key.clone(), place: self.place }))
            }
        }
    }

    fn get(&self, key: &str) -> Option<&'a Value> {
        self.fields.iter().find(|(own, ..)| own == key).map(|(.., value)| value)
    }

    fn need(&self, key: &'static str) -> Read<&'a Value> {
        let missing = || at(self.line, LockProblem::MissingKey { key, place: self.place });
        self.get(key).ok_or_else(missing)
    }

    fn text(&self, key: &'static str) -> Read<&'a str> {
        let value = self.need(key)?;
        match &value.kind {
            Kind::Text(text) => Ok(text),
            _ => Err(wrong(value, key, "a text in quotes")),
        }
    }
}

fn at(line: usize, problem: LockProblem) -> LockError {
    LockError { line, problem }
}

fn wrong(value: &Value, key: &str, wanted: &'static str) -> LockError {
    at(value.line, LockProblem::Value { key: key.to_owned(), wanted })
}
