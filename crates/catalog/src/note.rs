//! The note that each commit of the index carries: the format, where the index came from, and
//! how much of the ledger files belongs to the commit. tantivy writes it into `meta.json` together
//! with the list of segments, so rows and ledger change in one step.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use model::{IndexOrigin, SourceError};
use serde::{Deserialize, Serialize};

use crate::{error::unreadable, schema::FORMAT};

/// The file in which tantivy keeps the state of the index; it is replaced whole by each commit.
pub(crate) const META: &str = "meta.json";

/// The note of a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Note {
    pub format: u32,
    pub origin: Origin,
    pub branches: Vec<BranchNote>,
}

/// [`IndexOrigin`] as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Origin {
    Starter,
    Indexed,
}

/// How much of a branch's ledger belongs to the commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BranchNote {
    pub name: String,
    /// The ledger file, beside `meta.json`.
    pub file: String,
    /// How many commits from its beginning.
    pub commits: u32,
    /// The places that failed; they may change, so they are not in the file.
    pub failed: Vec<u32>,
    /// The places that channels released, by channel.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub channels: BTreeMap<Arc<str>, Vec<u32>>,
}

impl Note {
    pub fn new(origin: Origin) -> Self {
        Self { format: FORMAT, origin, branches: Vec::new() }
    }

    pub fn to_text(&self) -> String {
        serde_json::to_string(self).expect("numbers and texts are valid JSON")
    }

    /// Reads the note from the payload of a commit.
    ///
    /// # Errors
    /// [`SourceError::Format`] if it is of another format, [`SourceError::Unreadable`] if it is
    /// none at all.
    pub fn from_text(dir: &Path, text: &str) -> Result<Self, SourceError> {
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let no_note = |error: serde_json::Error| unreadable(dir, format!("{META}: {error}"));
        let Format { format } = serde_json::from_str(text).map_err(no_note)?;
        if format != FORMAT {
            return Err(SourceError::Format {
                place: dir.display().to_string(),
                found: format.to_string(),
                wanted: FORMAT.to_string(),
            });
        }
        serde_json::from_str(text).map_err(no_note)
    }
}

/// The note of the newest commit in `dir`, or `None` if nothing was ever committed there.
///
/// # Errors
/// As [`Note::from_text`], and [`SourceError::Unreadable`] if the file cannot be read.
pub(crate) fn read(dir: &Path) -> Result<Option<Note>, SourceError> {
    #[derive(Deserialize)]
    struct Meta {
        payload: Option<String>,
    }
    let file = dir.join(META);
    let text = match std::fs::read(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(&file, error.to_string())),
    };
    let meta: Meta =
        serde_json::from_slice(&text).map_err(|error| unreadable(&file, error.to_string()))?;
    meta.payload.map(|text| Note::from_text(dir, &text)).transpose()
}

impl From<Origin> for IndexOrigin {
    fn from(origin: Origin) -> Self {
        match origin {
            Origin::Starter => Self::Starter,
            Origin::Indexed => Self::Indexed,
        }
    }
}
