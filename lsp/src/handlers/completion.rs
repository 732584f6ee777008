//! `textDocument/completion` and `completionItem/resolve`.

use tower_lsp::{
    jsonrpc::Result,
    ls_types::{CompletionItem, CompletionParams, Documentation},
};

use crate::{
    from_proto,
    index::Phase,
    state::{State, now, or_nothing},
    to_proto,
};

/// The method of the protocol.
pub(crate) const METHOD: &str = "textDocument/completion";

/// The name under which the library hands it on: its own handler of [`METHOD`] gives its own type of
/// list, see [`to_proto::List`].
pub(crate) const OWN_METHOD: &str = "$/nix-archiver/completion";

/// What can be written at the cursor.
pub(crate) async fn complete(
    state: &State,
    params: CompletionParams,
) -> Result<Option<to_proto::List>> {
    let at = params.text_document_position;
    let list = state.ask(&at.text_document.uri, move |asked| {
        let offset = from_proto::offset(&asked.document, at.position, asked.session.encoding);
        let list = or_nothing(asked.snapshot().completions(offset));
        to_proto::completions(&asked.document, list, &asked.session)
    });
    list.await
}

/// The documentation of an item. The item says all that is needed to look it up.
pub(crate) async fn resolve(state: &State, mut item: CompletionItem) -> Result<CompletionItem> {
    let (Some(origin), Phase::Open(source)) = (from_proto::origin(&item), state.index.get().await)
    else {
        return Ok(item);
    };
    let text = state
        .workers
        .work(move || or_nothing(ide::resolve(source.as_ref(), &origin, now())))
        .await?;
    let markdown = state.session().is_some_and(|session| session.markdown_documentation);
    item.documentation =
        text.map(|text| Documentation::MarkupContent(to_proto::markup(&text, markdown)));
    Ok(item)
}
