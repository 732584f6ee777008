//! `textDocument/codeAction`.

use tower_lsp::{
    jsonrpc::Result,
    ls_types::{CodeActionKind, CodeActionParams, CodeActionResponse},
};

use crate::{
    from_proto,
    state::{State, or_nothing},
    to_proto,
};

/// What can be done about the pins of a range.
pub(crate) async fn code_actions(
    state: &State,
    params: CodeActionParams,
) -> Result<Option<CodeActionResponse>> {
    let wanted = params.context.only.is_none_or(|only| only.iter().any(includes_quickfix));
    if !wanted {
        return Ok(None);
    }
    state
        .ask(&params.text_document.uri, move |asked| {
            let doc = &asked.document;
            let range = from_proto::range(doc, params.range, asked.session.encoding);
            let actions = or_nothing(asked.snapshot().code_actions(range));
            let convert = |action| to_proto::code_action(&asked.file, doc, action, &asked.session);
            actions.into_iter().map(convert).collect()
        })
        .await
}

/// Whether a kind is `quickfix` or one above it; kinds are paths of words with dots between.
fn includes_quickfix(kind: &CodeActionKind) -> bool {
    kind.as_str().is_empty() || *kind == CodeActionKind::QUICKFIX
}
