//! Files that the client tells of when they change: the locks, and the index. Where it does not, they
//! are looked at from time to time all the same.

use std::{sync::Arc, time::Duration};

use serde_json::json;
use tokio::{task, time};
use tower_lsp::ls_types::{DidChangeWatchedFilesParams, Registration, Uri};

use crate::{documents::Role, locks, state::State};

/// How long the client may take to answer.
const ANSWER: Duration = Duration::from_secs(10);

/// The file of the index that is written last, and anew, when the index changes.
const LAST_OF_INDEX: &str = "meta.json";

/// Asks the client to tell of changes.
pub(crate) fn follow(state: &Arc<State>) {
    let Some(session) = state.session().filter(|session| session.watches_files) else { return };
    let mut watchers = vec![json!({ "globPattern": "**/packages.lock" })];
    // The index is in no folder that the client has open.
    if let Some(folder) = state.index_folder.as_ref().filter(|_| session.watches_elsewhere)
        && let Some(base) = Uri::from_file_path(folder)
    {
        let pattern = json!({ "baseUri": base, "pattern": LAST_OF_INDEX });
        watchers.push(json!({ "globPattern": pattern }));
    }
    let client = state.client.clone();
    task::spawn(async move {
        let registration = Registration {
            id: "files".to_owned(),
            method: "workspace/didChangeWatchedFiles".to_owned(),
            register_options: Some(json!({ "watchers": watchers })),
        };
        let done = client.register_capability(vec![registration]);
        if !matches!(time::timeout(ANSWER, done).await, Ok(Ok(()))) {
            tracing::warn!("the client does not say that it will tell of changed files");
        }
    });
}

/// The client tells of changes.
pub(crate) fn changed(state: &Arc<State>, params: &DidChangeWatchedFilesParams) {
    let is_lock = |uri: &Uri| Role::of(uri) == Some(Role::Lock);
    if params.changes.iter().any(|change| is_lock(&change.uri)) {
        locks::look(state);
    }
    if params.changes.iter().any(|change| !is_lock(&change.uri)) {
        state.index.look_soon();
    }
}
