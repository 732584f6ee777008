//! `textDocument/hover`.

use tower_lsp::{
    jsonrpc::Result,
    ls_types::{Hover, HoverParams},
};

use crate::{
    from_proto,
    state::{State, or_nothing},
    to_proto,
};

/// The history of the pin under the cursor.
pub(crate) async fn hover(state: &State, params: HoverParams) -> Result<Option<Hover>> {
    let at = params.text_document_position_params;
    let hover = state.ask(&at.text_document.uri, move |asked| {
        let offset = from_proto::offset(&asked.document, at.position, asked.session.encoding);
        let hover = or_nothing(asked.snapshot().hover(offset))?;
        Some(to_proto::hover(&asked.document, &hover, &asked.session))
    });
    Ok(hover.await?.flatten())
}
