//! `textDocument/didOpen`, `didChange` and `didClose`. Nothing here awaits: two changes whose
//! handlers wait on the way would be applied in any order.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use tower_lsp::ls_types::{
    DidChangeTextDocumentParams, DidCloseTextDocumentParams, DidOpenTextDocumentParams,
};

use crate::{documents::Role, publish, state::State};

/// A file was opened.
pub(crate) fn opened(state: &Arc<State>, params: DidOpenTextDocumentParams) {
    let file = params.text_document;
    if let Some(role) = Role::of(&file.uri) {
        state.documents.open(file.uri.clone(), role, file.version, &file.text);
        publish::opened(state, &file.uri);
    }
}

/// A file was changed.
pub(crate) fn changed(state: &Arc<State>, params: DidChangeTextDocumentParams) {
    let file = params.text_document;
    if Role::of(&file.uri).is_none() {
        return;
    }
    let changes = params.content_changes;
    let apply = || state.documents.change(&file.uri, file.version, changes, state.encoding());
    match catch_unwind(AssertUnwindSafe(apply)) {
        Ok(true) => publish::changed(state, &file.uri),
        Ok(false) => {}
        Err(_) => {
            // Half a change may be stored. Nothing said of the file from here on could be trusted.
            tracing::error!("a change of {} failed; it is left alone", file.uri.as_str());
            let shown = state.documents.close(&file.uri);
            publish::closed(state, file.uri, shown);
        }
    }
}

/// A file was closed.
pub(crate) fn closed(state: &Arc<State>, params: DidCloseTextDocumentParams) {
    let shown = state.documents.close(&params.text_document.uri);
    publish::closed(state, params.text_document.uri, shown);
}
