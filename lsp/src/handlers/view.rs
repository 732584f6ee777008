//! What is shown beside the text: `textDocument/inlayHint`, `codeLens`, `documentLink`,
//! `documentSymbol`, `foldingRange` and `semanticTokens`.

use syntax::TextRange;
use tower_lsp::{
    jsonrpc::Result,
    ls_types::{
        CodeLens, CodeLensParams, DocumentLink, DocumentLinkParams, DocumentSymbolParams,
        DocumentSymbolResponse, FoldingRange, FoldingRangeParams, InlayHint, InlayHintParams,
        Range, SemanticTokens, TextDocumentIdentifier,
    },
};

use crate::{
    from_proto,
    state::{Asked, State, or_nothing},
    to_proto::view as to_proto,
};

/// What stands behind the pins of a range.
pub(crate) async fn inlay_hints(
    state: &State,
    params: InlayHintParams,
) -> Result<Option<Vec<InlayHint>>> {
    state
        .ask(&params.text_document.uri, move |asked| {
            let (doc, session) = (&asked.document, &asked.session);
            let range = from_proto::range(doc, params.range, session.encoding);
            let hints = or_nothing(asked.snapshot().inlay_hints(range)).into_iter();
            hints.map(|hint| to_proto::inlay_hint(doc, hint, session)).collect()
        })
        .await
}

/// The line above the pins.
pub(crate) async fn code_lens(
    state: &State,
    params: CodeLensParams,
) -> Result<Option<Vec<CodeLens>>> {
    state
        .ask(&params.text_document.uri, |asked| {
            let lens = or_nothing(asked.snapshot().code_lens());
            lens.map(|lens| to_proto::code_lens(&asked.file, &asked.document, lens, &asked.session))
                .into_iter()
                .collect()
        })
        .await
}

/// The web pages that names and versions lead to.
pub(crate) async fn links(
    state: &State,
    params: DocumentLinkParams,
) -> Result<Option<Vec<DocumentLink>>> {
    state
        .ask(&params.text_document.uri, |asked| {
            let links = or_nothing(asked.snapshot().links()).into_iter();
            links.map(|link| to_proto::link(&asked.document, link, &asked.session)).collect()
        })
        .await
}

/// The outline.
pub(crate) async fn symbols(
    state: &State,
    params: DocumentSymbolParams,
) -> Result<Option<DocumentSymbolResponse>> {
    state
        .ask(&params.text_document.uri, |asked| {
            let symbols = asked.snapshot().symbols();
            to_proto::symbols(&asked.file, &asked.document, symbols, &asked.session)
        })
        .await
}

/// What can be folded.
pub(crate) async fn folds(
    state: &State,
    params: FoldingRangeParams,
) -> Result<Option<Vec<FoldingRange>>> {
    state
        .ask(&params.text_document.uri, |asked| {
            asked.snapshot().folds().into_iter().map(to_proto::fold).collect()
        })
        .await
}

/// The colours of a range, or of the whole file.
pub(crate) async fn tokens(
    state: &State,
    file: TextDocumentIdentifier,
    range: Option<Range>,
) -> Result<Option<SemanticTokens>> {
    state
        .ask(&file.uri, move |asked: &Asked| {
            let (doc, session) = (&asked.document, &asked.session);
            let range = match range {
                Some(range) => from_proto::range(doc, range, session.encoding),
                None => TextRange::new(0, doc.text.len()),
            };
            to_proto::tokens(doc, &asked.snapshot().tokens(range), session)
        })
        .await
}
