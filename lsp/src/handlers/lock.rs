//! The commands that write packages.lock, or move pins for its sake.

use std::{collections::BTreeSet, sync::Arc};

use ide::{
    Document,
    lock::{self, NotLocked},
};
use model::{AttrPath, Lock, PackageSource, Plan, relock::Relocked};
use serde_json::{Value, json};
use syntax::edit;
use tower_lsp::{
    jsonrpc::Result,
    ls_types::{MessageType, ProgressToken},
};

use super::{
    command::{Arguments, failed_to_write, refused, source},
    deliver,
};
use crate::{
    documents::Snapshot,
    locks, progress,
    progress::{Job, Watched},
    state::State,
};

/// `[URI, attribute path …]`: writes the packages.lock beside a file.
pub(super) async fn lock(
    state: &Arc<State>,
    arguments: &Arguments,
    token: Option<ProgressToken>,
) -> Result<Value> {
    let file = arguments.file(state, 0).await?;
    let names = arguments.paths(1)?;
    let document = file.document();
    let written = write(state, &file, document, names, token).await?;
    if !state.session().is_some_and(|session| session.tells_of_lock) {
        state.client.show_message(MessageType::INFO, written.summary()).await;
    }
    Ok(written.answer())
}

/// `[URI]`: moves pins to newer versions of their lines where fewer revisions serve them all then.
/// A packages.lock that is there is written for what the pins are behind that.
pub(super) async fn align(
    state: &Arc<State>,
    arguments: &Arguments,
    token: Option<ProgressToken>,
) -> Result<Value> {
    let file = arguments.file(state, 0).await?;
    let source = source(state).await?;
    let document = file.document();
    let read = document.clone();
    let aligned = progress::run(state, "Aligning pins", token, move |job| {
        job.expect(2 * pins(&read));
        lock::align(&read, &Watched { source: source.as_ref(), job })
    });
    let aligned = aligned.await?.map_err(not_locked)?;
    if !aligned.edits.is_empty() {
        let after = Arc::new(Document::new(edit::apply(&document.text, &aligned.edits)));
        let applied = deliver::edits(state, "Align pins", &file, &document, &aligned.edits).await?;
        let (state, file) = (state.clone(), file.clone());
        // The lock is for the file behind the edits: it waits for them, and nobody waits for it.
        tokio::spawn(async move {
            let has_lock = locks::path_beside(&file.uri).is_some_and(|path| path.exists());
            if applied.done().await && has_lock {
                let written = write(&state, &file, after, BTreeSet::new(), None).await;
                let (kind, message) = match written {
                    Ok(written) => (MessageType::INFO, written.summary()),
                    Err(error) => {
                        let message = format!("packages.lock was not written: {}", error.message);
                        (MessageType::WARNING, message)
                    }
                };
                state.client.show_message(kind, message).await;
            }
        });
    }
    Ok(json!({
        "edits": aligned.edits.len(), "revisionsBefore": aligned.before,
        "revisionsAfter": aligned.after,
    }))
}

/// Locks the pins of a document into the packages.lock beside a file.
async fn write(
    state: &Arc<State>,
    file: &Snapshot,
    document: Arc<Document>,
    names: BTreeSet<AttrPath>,
    token: Option<ProgressToken>,
) -> Result<Written> {
    let Some(path) = locks::path_beside(&file.uri) else {
        return Err(refused("the file is not in a folder of the disk, so it has no lock".into()));
    };
    let source = source(state).await?;
    let open = state.documents.lock_at(&path);
    let before = match &open {
        Some(open) => Some(open.text()),
        None => locks::text_at(&path).map_err(|error| failed_to_write(&path, &error))?,
    };
    let clone = state.nixpkgs(&file.uri);
    let old = before.clone();
    let made = progress::run(state, "Locking pins", token, move |job| {
        let old = old.as_deref().map(Lock::parse);
        let sound = old.as_ref().and_then(|old| old.as_ref().ok());
        let relocked = relock(&document, source.as_ref(), sound, &names, job)?;
        Ok(finish(relocked, sound, clone.as_deref(), job))
    });
    let made: std::result::Result<Made, NotLocked> = made.await?;
    let made = made.map_err(not_locked)?;
    let changed = before.as_deref() != Some(made.text.as_str());
    if changed {
        match &open {
            Some(open) => deliver::whole_text(state, "Update packages.lock", open, &made.text)?,
            None => deliver::to_disk(state, &path, made.text.clone()).await?,
        }
    }
    Ok(Written { made, changed })
}

/// A lock that was made, and what came of it.
struct Written {
    made: Made,
    /// Whether it is another than the one that was there.
    changed: bool,
}

impl Written {
    /// What came of it, in a sentence.
    fn summary(&self) -> String {
        let totals = totals(&self.made.plan);
        let summary = match (self.changed, self.made.plan.changes.len()) {
            (false, _) => format!("packages.lock is up to date: {totals}"),
            (true, 0) => format!("packages.lock was written: {totals}"),
            (true, 1) => format!("packages.lock: 1 pin changed; {totals}"),
            (true, n) => format!("packages.lock: {n} pins changed; {totals}"),
        };
        let notes: String = self.made.notes.iter().map(|note| format!("; {note}")).collect();
        summary + &notes
    }

    /// The same for a program.
    fn answer(&self) -> Value {
        let Made { plan, proved, without_hash, notes, .. } = &self.made;
        json!({
            "changed": self.changed,
            "pins": plan.pins,
            "revisions": plan.revisions,
            "provedFewest": proved,
            "changes": plan.changes.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "withoutHash": without_hash,
            "notes": notes,
        })
    }
}

/// A lock that is ready to be written.
struct Made {
    text: String,
    plan: Plan,
    proved: bool,
    without_hash: usize,
    notes: Vec<String>,
}

fn relock(
    document: &Document,
    source: &dyn PackageSource,
    old: Option<&Lock>,
    names: &BTreeSet<AttrPath>,
    job: &Job,
) -> std::result::Result<Relocked, NotLocked> {
    job.expect(if names.is_empty() { pins(document) } else { names.len() });
    lock::relock(document, &Watched { source, job }, old, names)
}

/// Adds the hashes that a clone of nixpkgs tells.
fn finish(
    relocked: Relocked,
    old: Option<&Lock>,
    clone: Option<&dyn crate::Nixpkgs>,
    job: &Job,
) -> Made {
    let Relocked { mut lock, proved } = relocked;
    let mut notes = Vec::new();
    let bare = |lock: &Lock| lock.revisions.values().filter(|r| r.nar_hash.is_none()).count();
    if let Some(clone) = clone {
        // A tree is read for seconds where a package is read for microseconds.
        let steps = pins_of(&lock).max(1);
        job.expect(bare(&lock) * steps);
        for revision in lock.revisions.values_mut().filter(|r| r.nar_hash.is_none()) {
            if job.is_cancelled() {
                break;
            }
            match clone.nar_hash(revision.commit.id) {
                Ok(hash) => revision.nar_hash = Some(hash),
                Err(why) => notes.push(why),
            }
            (0..steps).for_each(|_| job.step());
        }
    }
    let without_hash = bare(&lock);
    if without_hash > 0 && clone.is_none() {
        notes.push(format!(
            "{without_hash} of its revisions have no hash, so pure evaluation refuses them; the \
             setting nixpkgs.clone names a clone that tells it"
        ));
    }
    if !proved {
        notes.push("fewer revisions may do: there are too many ways to try them all".to_owned());
    }
    let empty = Lock::default();
    let plan = Plan::between(old.unwrap_or(&empty), &lock);
    Made { text: lock.print(), plan, proved, without_hash, notes }
}

fn pins(document: &Document) -> usize {
    document.pin_file().map_or(0, |file| file.pins.len())
}

fn pins_of(lock: &Lock) -> usize {
    lock.pins.len()
}

/// The last line of a plan: how many pins are on how many revisions.
fn totals(plan: &Plan) -> String {
    plan.to_string().lines().last().unwrap_or_default().to_owned()
}

fn not_locked(error: NotLocked) -> tower_lsp::jsonrpc::Error {
    refused(error.to_string())
}
