//! What is shown beside the text, in the protocol's terms.

use ide::{Document, TokenKind};
use tower_lsp::ls_types::{
    self, CodeLens, Command, DocumentLink, DocumentSymbol, DocumentSymbolResponse, FoldingRange,
    FoldingRangeKind, InlayHint, InlayHintLabel, InlayHintTooltip, Location, SemanticToken,
    SemanticTokenType, SemanticTokens, SemanticTokensLegend, SymbolInformation, SymbolKind,
};

use super::{position, range, text_edit};
use crate::{documents::Snapshot, handlers::command::UPDATE, session::Session};

/// An inlay hint. Accepting it takes the update that it speaks of.
pub(crate) fn inlay_hint(doc: &Document, hint: ide::Hint, session: &Session) -> InlayHint {
    let edits: Vec<_> = hint.edits.iter().map(|edit| text_edit(doc, edit, session)).collect();
    InlayHint {
        position: position(doc, hint.offset, session),
        label: InlayHintLabel::String(hint.label),
        kind: None,
        text_edits: (!edits.is_empty()).then_some(edits),
        tooltip: (!hint.tooltip.is_empty()).then_some(InlayHintTooltip::String(hint.tooltip)),
        padding_left: Some(true),
        padding_right: None,
        data: None,
    }
}

/// A code lens. One that does nothing names no command.
pub(crate) fn code_lens(
    file: &Snapshot,
    doc: &Document,
    lens: ide::Lens,
    session: &Session,
) -> CodeLens {
    let updates = lens.updates && session.applies_edits;
    let command = Command {
        title: lens.title,
        command: if updates { UPDATE.to_owned() } else { String::new() },
        arguments: updates.then(|| vec![file.uri.as_str().into()]),
    };
    CodeLens { range: range(doc, lens.range, session), command: Some(command), data: None }
}

/// A link.
pub(crate) fn link(doc: &Document, link: ide::Link, session: &Session) -> DocumentLink {
    DocumentLink {
        range: range(doc, link.range, session),
        target: link.url.parse().ok(),
        tooltip: Some(link.tooltip),
        data: None,
    }
}

/// An outline: as it is, or without its levels for a client that shows none.
pub(crate) fn symbols(
    file: &Snapshot,
    doc: &Document,
    symbols: Vec<ide::Symbol>,
    session: &Session,
) -> DocumentSymbolResponse {
    if session.hierarchical_symbols {
        let nested = symbols.into_iter().map(|symbol| self::symbol(doc, symbol, session));
        return DocumentSymbolResponse::Nested(nested.collect());
    }
    let mut flat = Vec::new();
    flatten(file, doc, symbols, None, session, &mut flat);
    DocumentSymbolResponse::Flat(flat)
}

fn symbol_kind(symbol: &ide::Symbol) -> SymbolKind {
    if symbol.is_set { SymbolKind::NAMESPACE } else { SymbolKind::PACKAGE }
}

// The protocol says deprecation in two fields; the type wants both.
#[expect(deprecated)]
fn symbol(doc: &Document, symbol: ide::Symbol, session: &Session) -> DocumentSymbol {
    let kind = symbol_kind(&symbol);
    let children = symbol.children.into_iter().map(|child| self::symbol(doc, child, session));
    let children: Vec<_> = children.collect();
    DocumentSymbol {
        name: symbol.name,
        detail: symbol.detail,
        kind,
        tags: None,
        deprecated: None,
        range: range(doc, symbol.range, session),
        selection_range: range(doc, symbol.selection, session),
        children: (!children.is_empty()).then_some(children),
    }
}

#[expect(deprecated)]
fn flatten(
    file: &Snapshot,
    doc: &Document,
    symbols: Vec<ide::Symbol>,
    container: Option<&str>,
    session: &Session,
    out: &mut Vec<SymbolInformation>,
) {
    for symbol in symbols {
        let kind = symbol_kind(&symbol);
        let location = Location { uri: file.uri.clone(), range: range(doc, symbol.range, session) };
        out.push(SymbolInformation {
            name: symbol.name.clone(),
            kind,
            tags: None,
            deprecated: None,
            location,
            container_name: container.map(str::to_owned),
        });
        flatten(file, doc, symbol.children, Some(&symbol.name), session, out);
    }
}

/// Lines that can be folded.
pub(crate) fn fold(fold: ide::Fold) -> FoldingRange {
    FoldingRange {
        start_line: fold.first,
        end_line: fold.last,
        kind: fold.comment.then_some(FoldingRangeKind::Comment),
        ..FoldingRange::default()
    }
}

/// The types of [`tokens`], in the order of their numbers.
pub(crate) fn token_legend() -> SemanticTokensLegend {
    SemanticTokensLegend {
        token_types: vec![
            SemanticTokenType::NAMESPACE,
            SemanticTokenType::PROPERTY,
            SemanticTokenType::NUMBER,
            SemanticTokenType::OPERATOR,
        ],
        token_modifiers: Vec::new(),
    }
}

/// Colours, each placed by its distance from the one before.
pub(crate) fn tokens(doc: &Document, tokens: &[ide::Token], session: &Session) -> SemanticTokens {
    let (mut line, mut column) = (0, 0);
    let data = tokens.iter().map(|token| {
        let ls_types::Range { start, end } = range(doc, token.range, session);
        let delta_line = start.line - line;
        let delta_start = if delta_line == 0 { start.character - column } else { start.character };
        (line, column) = (start.line, start.character);
        SemanticToken {
            delta_line,
            delta_start,
            length: end.character.saturating_sub(start.character),
            token_type: match token.kind {
                TokenKind::Set => 0,
                TokenKind::Package => 1,
                TokenKind::Version => 2,
                TokenKind::Operator => 3,
            },
            token_modifiers_bitset: 0,
        }
    });
    SemanticTokens { result_id: None, data: data.collect() }
}
