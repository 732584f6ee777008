//! A packages.nix, and the packages.lock beside it.

use std::{
    fs, io,
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::Context;
use model::{Lock, LockedPin, Manifest, Wish, lock::LockError};
use syntax::{
    PinFile,
    manifest::{Complaint, manifest},
};

use crate::{
    exit::Exit,
    finding::{self, Finding},
};

/// A packages.nix as it was read.
pub struct Project {
    /// Where it is.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
    /// Its pins and where they stand.
    pub file: PinFile,
    /// What they ask for.
    pub manifest: Manifest,
    /// What of it cannot be read.
    pub complaints: Vec<Complaint>,
}

/// The packages.lock beside it.
pub enum Locked {
    /// There is none.
    Missing,
    /// It is sound.
    Sound {
        /// Its text.
        text: String,
        /// What it says.
        lock: Lock,
    },
    /// It is there and no lock that this program reads.
    Bad {
        /// Its text.
        text: String,
        /// What is wrong with it.
        error: LockError,
    },
}

impl Project {
    /// Reads it.
    ///
    /// # Errors
    /// If there is no such file, or it cannot be read as text.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text =
            fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        Self::of(path.to_owned(), text)
    }

    /// As if this were its text.
    ///
    /// # Errors
    /// If the text is too long or nests too deep.
    pub fn of(path: PathBuf, text: String) -> anyhow::Result<Self> {
        let file = PinFile::read(&text).with_context(|| format!("reading {}", path.display()))?;
        let (manifest, complaints) = manifest(&text, &file);
        Ok(Self { path, text, file, manifest, complaints })
    }

    /// Where its lock is.
    pub fn lock_path(&self) -> PathBuf {
        self.path.with_extension("lock")
    }

    /// Its lock.
    ///
    /// # Errors
    /// If it is there and cannot be read as text.
    pub fn lock(&self) -> anyhow::Result<Locked> {
        let path = self.lock_path();
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Locked::Missing),
            Err(error) => Err(error).with_context(|| format!("reading {}", path.display()))?,
        };
        Ok(match Lock::parse(&text) {
            Ok(lock) => Locked::Sound { text, lock },
            Err(error) => Locked::Bad { text, error },
        })
    }

    /// What is wrong with its text, drawn on standard error; `None` if nothing is that would keep
    /// its pins from being read.
    ///
    /// # Errors
    /// If nobody takes it.
    pub fn refused(&self) -> io::Result<Option<Exit>> {
        let findings = finding::in_text(self);
        let mut err = io::stderr().lock();
        for found in &findings {
            writeln!(err, "{}", found.draw(false))?;
        }
        Ok(findings.iter().any(Finding::is_error).then_some(Exit::Findings))
    }
}

impl Locked {
    /// What it says, if it can be read.
    pub fn sound(&self) -> Option<&Lock> {
        match self {
            Self::Sound { lock, .. } => Some(lock),
            _ => None,
        }
    }

    /// Its text, if there is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Missing => None,
            Self::Sound { text, .. } | Self::Bad { text, .. } => Some(text),
        }
    }
}

/// What a lock has for a wish, if it was made for this very wish.
pub fn locked<'a>(lock: &'a Lock, wish: &Wish) -> Option<&'a LockedPin> {
    lock.pins.get(&wish.path).filter(|pin| pin.requirement == wish.requirement.as_str())
}

/// Puts a file in the place of what is at a path, all at once; see [`lsp::disk::replace`].
///
/// # Errors
/// If the file or its folder cannot be written. The old file is then as it was.
pub fn replace(path: &Path, text: &str) -> anyhow::Result<()> {
    lsp::disk::replace(path, text).with_context(|| format!("writing {}", path.display()))
}
