//! Diagnostics for clients that do not ask for them, and the news for those that do.

use std::{sync::Arc, time::Duration};

use tokio::time;
use tower_lsp::{jsonrpc, ls_types::Uri};

use crate::{documents::Snapshot, handlers, state::State};

/// How long a file has to be left alone before its diagnostics are worked out.
const PAUSE: Duration = Duration::from_millis(150);

/// How long the client may take to answer.
const ANSWER: Duration = Duration::from_secs(10);

/// Pushes the diagnostics of a file that was opened, at once.
pub(crate) fn opened(state: &Arc<State>, uri: &Uri) {
    if let (true, Some(file)) = (pushes(state), state.documents.get(uri)) {
        tokio::spawn(push(state.clone(), file));
    }
}

/// Pushes the diagnostics of a file that was changed, once its user pauses. One task waits for all
/// changes of a pause.
pub(crate) fn changed(state: &Arc<State>, uri: &Uri) {
    if !pushes(state) || !state.documents.set_awaited(uri, true) {
        return;
    }
    let (state, uri) = (state.clone(), uri.clone());
    tokio::spawn(async move {
        while let Some(changed) = state.documents.changed(&uri) {
            let waited = changed.elapsed();
            if waited < PAUSE {
                time::sleep(PAUSE - waited).await;
                continue;
            }
            state.documents.set_awaited(&uri, false);
            if let Some(file) = state.documents.get(&uri) {
                push(state, file).await;
            }
            return;
        }
    });
}

/// Takes the diagnostics of a file that was closed away, if any were shown.
pub(crate) fn closed(state: &Arc<State>, uri: Uri, shown: bool) {
    if pushes(state) && shown {
        let state = state.clone();
        tokio::spawn(async move {
            if state.documents.get(&uri).is_none() {
                state.client.publish_diagnostics(uri, Vec::new(), None).await;
            }
        });
    }
}

/// Brings what the client shows of all files up to date after news about the index or the settings.
pub(crate) fn news(state: &Arc<State>) {
    if !state.is_greeted() {
        // Nothing is open yet, and nothing has been asked.
        return;
    }
    let Some(session) = state.session() else { return };
    if session.refresh_inlay_hints {
        let client = state.client.clone();
        tell(async move { client.inlay_hint_refresh().await });
    }
    if session.refresh_code_lenses {
        let client = state.client.clone();
        tell(async move { client.code_lens_refresh().await });
    }
    if pushes(state) {
        for file in state.documents.all() {
            tokio::spawn(push(state.clone(), file));
        }
    } else if session.refresh_diagnostics {
        let client = state.client.clone();
        tell(async move { client.workspace_diagnostic_refresh().await });
    }
}

/// Tells the client to ask again. Nothing waits for its answer.
fn tell(refresh: impl Future<Output = jsonrpc::Result<()>> + Send + 'static) {
    tokio::spawn(async move {
        match time::timeout(ANSWER, refresh).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!("the client does not refresh: {error}"),
            Err(_) => tracing::warn!("the client does not answer"),
        }
    });
}

fn pushes(state: &State) -> bool {
    state.session().is_some_and(|session| !session.pull_diagnostics)
}

async fn push(state: Arc<State>, file: Snapshot) {
    let (uri, version) = (file.uri.clone(), file.version);
    let found = state.ask_of(file.clone(), handlers::diagnostic::all).await;
    if let Ok(found) = found
        && state.documents.set_shown(&file, &found)
    {
        state.client.publish_diagnostics(uri, found, Some(version)).await;
    }
}
