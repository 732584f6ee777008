//! Edits on their way: to the client for files that are open there, to the disk for others.

use std::{path::Path, sync::Arc, time::Duration};

use ide::Document;
use syntax::{TextEdit, TextRange, edit};
use tower_lsp::{
    jsonrpc::Result,
    ls_types::{MessageType, WorkspaceEdit},
};

use super::command::{failed_to_write, invalid, refused};
use crate::{disk, documents::Snapshot, publish, state::State, to_proto};

/// How long edits may take to be applied by the client before that is logged.
const APPLY: Duration = Duration::from_secs(30);

/// Edits that were sent.
pub(super) struct Sent(Option<tokio::task::JoinHandle<bool>>);

impl Sent {
    /// Whether they were applied, once that is known.
    pub async fn done(self) -> bool {
        match self.0 {
            Some(task) => task.await.unwrap_or(false),
            None => true,
        }
    }
}

/// Makes edits to a file, wherever it is. Nothing waits for the client's answer here: it may be
/// waiting for ours.
pub(super) async fn edits(
    state: &Arc<State>,
    what: &'static str,
    file: &Snapshot,
    document: &Document,
    edits: &[TextEdit],
) -> Result<Sent> {
    if edits.is_empty() {
        return Ok(Sent(None));
    }
    if file.is_open() {
        let session = state.session().ok_or_else(|| invalid("nothing was agreed yet".into()))?;
        return apply(state, what, to_proto::workspace_edit(file, document, edits, session));
    }
    let path = file.uri.to_file_path().map(std::borrow::Cow::into_owned);
    let path = path.ok_or_else(|| invalid("the file is not on the disk".into()))?;
    to_disk(state, &path, edit::apply(&document.text, edits)).await?;
    Ok(Sent(None))
}

/// Puts a text in the place of all of an open file.
pub(super) fn whole_text(
    state: &Arc<State>,
    what: &'static str,
    file: &Snapshot,
    text: &str,
) -> Result<()> {
    let session = state.session().ok_or_else(|| invalid("nothing was agreed yet".into()))?;
    let document = Document::new(file.text());
    let whole = TextEdit::replace(TextRange::new(0, document.text.len()), text);
    apply(state, what, to_proto::workspace_edit(file, &document, &[whole], session)).map(|_| ())
}

/// Writes a file that no editor has open, all at once, and brings what is shown up to date.
pub(super) async fn to_disk(state: &Arc<State>, path: &Path, text: String) -> Result<()> {
    let to = path.to_owned();
    let written = state.workers.work(move || disk::replace(&to, &text)).await?;
    written.map_err(|error| failed_to_write(path, &error))?;
    publish::news(state);
    Ok(())
}

fn apply(state: &Arc<State>, what: &'static str, edit: WorkspaceEdit) -> Result<Sent> {
    if !state.session().is_some_and(|session| session.applies_edits) {
        return Err(refused("this editor takes no edits from a server".to_owned()));
    }
    let client = state.client.clone();
    let task = tokio::spawn(async move {
        let why = match tokio::time::timeout(APPLY, client.apply_edit(edit)).await {
            Ok(Ok(answer)) if answer.applied => return true,
            Ok(Ok(answer)) => answer.failure_reason.unwrap_or_else(|| "no reason given".to_owned()),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "no answer".to_owned(),
        };
        tracing::warn!("{what}: the edit was not applied: {why}");
        let message = format!("{what}: the editor did not apply the edit ({why})");
        client.show_message(MessageType::WARNING, message).await;
        false
    });
    Ok(Sent(Some(task)))
}
