//! The NAR hash of a commit's tree, as Nix computes it of the unpacked archive of the commit.
//!
//! A NAR is a folder as one row of bytes: <https://nix.dev/manual/nix/latest/protocols/nix-archive>.
//! It goes straight from git's objects into the hash; no more than one file is held at a time.

use std::path::Path;

use eval::{ObjectId, SourceError};
use gix::objs::{Find as _, tree::EntryKind};
use model::CommitId;
use sha2::{Digest, Sha256};

use crate::{Error, objects::hex, repository};

/// Why the hash of a commit cannot be computed.
#[derive(Debug, thiserror::Error)]
pub enum NarError {
    /// The repository cannot be opened.
    #[error(transparent)]
    Repository(#[from] Error),
    /// An object is missing or damaged.
    #[error("the hash of commit {} cannot be computed: {why}", commit.short())]
    Object {
        /// The commit.
        commit: CommitId,
        /// What is the matter with which object.
        why: String,
    },
    /// GitHub's archives lack what such an attribute leaves out, so that their hash is another one.
    #[error(
        "commit {} leaves files out of its archives (`{attribute}` in {file}), so the hash of its \
         tree would not be that of the archive that Nix fetches",
        commit.short()
    )]
    Archive {
        /// The commit.
        commit: CommitId,
        /// The attribute.
        attribute: &'static str,
        /// The file that says so.
        file: String,
    },
}

/// The NAR hash of the tree of a commit, `sha256-…` in base 64, from the objects of a clone.
///
/// # Errors
/// [`NarError`] if the clone cannot be read, or lacks a part of the tree.
pub fn nar_hash(repo: &Path, commit: CommitId) -> Result<String, NarError> {
    let repository = repository::open(repo)?;
    let objects = Objects { repository, commit };
    let tree = objects.tree_of_commit()?;
    let mut nar = Nar(Sha256::new());
    nar.text(b"nix-archive-1");
    let mut path = String::new();
    objects.directory(tree, &mut path, &mut nar)?;
    Ok(format!("sha256-{}", data_encoding::BASE64.encode(&nar.0.finalize())))
}

/// The objects of the repository, read for one commit.
struct Objects {
    repository: gix::Repository,
    commit: CommitId,
}

/// The hash of what was written so far.
struct Nar(Sha256);

impl Nar {
    /// A string: its length in eight bytes, the lowest first, then itself, filled up with zeros to a
    /// multiple of eight.
    fn text(&mut self, text: &[u8]) {
        self.0.update((text.len() as u64).to_le_bytes());
        self.0.update(text);
        self.0.update(&[0; 8][..(8 - text.len() % 8) % 8]);
    }

    fn texts(&mut self, texts: &[&[u8]]) {
        texts.iter().for_each(|text| self.text(text));
    }
}

impl Objects {
    fn failed(&self, why: impl ToString) -> NarError {
        NarError::Object { commit: self.commit, why: why.to_string() }
    }

    fn read(&self, id: ObjectId, kind: gix::objs::Kind) -> Result<Vec<u8>, NarError> {
        let mut buffer = Vec::new();
        match self.repository.objects.try_find(&gix::ObjectId::Sha1(id), &mut buffer) {
            Ok(Some(object)) if object.kind == kind => {}
            Ok(Some(object)) => {
                let why = format!("object {} is a {} and not a {kind}", hex(&id), object.kind);
                return Err(self.failed(why));
            }
            Ok(None) => return Err(self.failed(SourceError::Absent(hex(&id)))),
            Err(error) => return Err(self.failed(error)),
        }
        Ok(buffer)
    }

    fn tree_of_commit(&self) -> Result<ObjectId, NarError> {
        let data = self.read(self.commit.0, gix::objs::Kind::Commit)?;
        let commit = gix::objs::CommitRef::from_bytes(&data, gix::hash::Kind::Sha1);
        let tree = commit.map_err(|error| self.failed(error))?.tree();
        Ok(sha1(tree.as_slice()))
    }

    /// Writes a directory; `path` is its path from the root.
    fn directory(&self, id: ObjectId, path: &mut String, nar: &mut Nar) -> Result<(), NarError> {
        let data = self.read(id, gix::objs::Kind::Tree)?;
        let tree = gix::objs::TreeRef::from_bytes(&data, gix::hash::Kind::Sha1);
        let mut entries = tree.map_err(|error| self.failed(error))?.entries;
        // Git sorts directories as if their names ended in a slash; Nix sorts by the bytes alone.
        entries.sort_unstable_by(|a, b| a.filename.cmp(b.filename));
        nar.texts(&[b"(", b"type", b"directory"]);
        for entry in entries {
            nar.texts(&[b"entry", b"(", b"name", entry.filename, b"node"]);
            let id = sha1(entry.oid.as_bytes());
            let before = path.len();
            path.push('/');
            path.push_str(&String::from_utf8_lossy(entry.filename));
            match entry.mode.kind() {
                EntryKind::Tree => self.directory(id, path, nar)?,
                EntryKind::Blob => self.file(id, path, false, nar)?,
                EntryKind::BlobExecutable => self.file(id, path, true, nar)?,
                EntryKind::Link => {
                    let target = self.read(id, gix::objs::Kind::Blob)?;
                    nar.texts(&[b"(", b"type", b"symlink", b"target", &target, b")"]);
                }
                // An archive has an empty folder in the place of another repository.
                EntryKind::Commit => nar.texts(&[b"(", b"type", b"directory", b")"]),
            }
            path.truncate(before);
            nar.text(b")");
        }
        nar.text(b")");
        Ok(())
    }

    fn file(
        &self,
        id: ObjectId,
        path: &str,
        executable: bool,
        nar: &mut Nar,
    ) -> Result<(), NarError> {
        let data = self.read(id, gix::objs::Kind::Blob)?;
        if path.ends_with("/.gitattributes") {
            self.looks_harmless(&data, path)?;
        }
        nar.texts(&[b"(", b"type", b"regular"]);
        if executable {
            nar.texts(&[b"executable", b""]);
        }
        nar.texts(&[b"contents", &data, b")"]);
        Ok(())
    }

    /// Refuses attributes that make an archive differ from the tree.
    fn looks_harmless(&self, attributes: &[u8], path: &str) -> Result<(), NarError> {
        let text = String::from_utf8_lossy(attributes);
        let words = text.lines().filter(|line| !line.trim_start().starts_with('#'));
        let words: Vec<&str> = words.flat_map(str::split_whitespace).collect();
        for attribute in ["export-ignore", "export-subst"] {
            if words.contains(&attribute) {
                let file = path.trim_start_matches('/').to_owned();
                return Err(NarError::Archive { commit: self.commit, attribute, file });
            }
        }
        Ok(())
    }
}

/// The bytes of an id of this kind of repository.
fn sha1(bytes: &[u8]) -> ObjectId {
    bytes.try_into().expect("ids were read as SHA-1")
}
