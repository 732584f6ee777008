//! From our terms to the protocol's.

use ide::{Completions, Document, Item, ItemKind, Markup, Severity};
use syntax::{TextEdit, TextRange};
use tower_lsp::ls_types::{
    self, CodeActionKind, CodeActionOrCommand, Command, CompletionItemKind,
    CompletionItemLabelDetails, CompletionItemTag, CompletionList, CompletionTextEdit,
    DiagnosticSeverity, DocumentChanges, HoverContents, InsertTextFormat, MarkupContent,
    MarkupKind, NumberOrString, OneOf, OptionalVersionedTextDocumentIdentifier, TextDocumentEdit,
    WorkspaceEdit,
};

use crate::{documents::Snapshot, from_proto::ItemData, session::Session};

/// The name under which diagnostics are shown.
const SOURCE: &str = "nix-archiver";

/// A position.
pub(crate) fn position(doc: &Document, offset: usize, session: &Session) -> ls_types::Position {
    let syntax::Position { line, column } = doc.lines.position(offset, session.encoding);
    ls_types::Position { line, character: column }
}

/// A range.
pub(crate) fn range(doc: &Document, range: TextRange, session: &Session) -> ls_types::Range {
    let start = position(doc, range.start, session);
    ls_types::Range { start, end: position(doc, range.end, session) }
}

/// Rich text.
pub(crate) fn markup(markup: &Markup, markdown: bool) -> MarkupContent {
    match markdown {
        true => MarkupContent { kind: MarkupKind::Markdown, value: markup.to_markdown() },
        false => MarkupContent { kind: MarkupKind::PlainText, value: markup.to_plain() },
    }
}

/// A hover.
pub(crate) fn hover(doc: &Document, hover: &ide::Hover, session: &Session) -> ls_types::Hover {
    let contents = HoverContents::Markup(markup(&hover.markup, session.markdown_hover));
    ls_types::Hover { contents, range: Some(range(doc, hover.range, session)) }
}

/// A completion list.
pub(crate) fn completions(doc: &Document, list: Completions, session: &Session) -> CompletionList {
    // A list replaces one stretch of text; its place is worked out once.
    let mut place = None;
    let items = list.items.into_iter().enumerate().map(|(rank, item)| {
        let at = match place {
            Some((known, at)) if known == item.range => at,
            _ => range(doc, item.range, session),
        };
        place = Some((item.range, at));
        completion_item(doc, item, rank, at, session)
    });
    CompletionList { is_incomplete: list.incomplete, items: items.collect() }
}

fn completion_item(
    doc: &Document,
    item: Item,
    rank: usize,
    at: ls_types::Range,
    session: &Session,
) -> ls_types::CompletionItem {
    let data = ItemData { p: item.origin.path, v: item.origin.version };
    let (text, format) = match item.snippet.filter(|_| session.snippets) {
        Some(snippet) => (snippet, Some(InsertTextFormat::SNIPPET)),
        None => (item.text, None),
    };
    let reopen = session.suggest_command.as_ref().filter(|_| item.reopen);
    let reopen = reopen.map(|command| Command {
        title: "Suggest".to_owned(),
        command: command.clone(),
        arguments: None,
    });
    let (label_details, detail) = match session.label_details {
        true => (Some(CompletionItemLabelDetails { detail: None, description: item.detail }), None),
        false => (None, item.detail),
    };
    let extra: Vec<_> = item.extra.iter().map(|edit| text_edit(doc, edit, session)).collect();
    ls_types::CompletionItem {
        label: item.label,
        label_details,
        kind: Some(match item.kind {
            ItemKind::Package => CompletionItemKind::PROPERTY,
            ItemKind::Set => CompletionItemKind::MODULE,
            ItemKind::Version => CompletionItemKind::VALUE,
        }),
        detail,
        preselect: item.preselect.then_some(true),
        // `!` sorts before what other servers on the same file use.
        sort_text: Some(format!("!{rank:05}")),
        filter_text: (!item.filter.is_empty()).then_some(item.filter),
        insert_text_format: format,
        text_edit: Some(CompletionTextEdit::Edit(ls_types::TextEdit { range: at, new_text: text })),
        additional_text_edits: (!extra.is_empty()).then_some(extra),
        command: reopen,
        data: serde_json::to_value(data).ok(),
        tags: (item.discouraged && session.completion_tags)
            .then(|| vec![CompletionItemTag::DEPRECATED]),
        ..ls_types::CompletionItem::default()
    }
}

/// A diagnostic.
pub(crate) fn diagnostic(
    doc: &Document,
    diagnostic: &ide::Diagnostic,
    session: &Session,
) -> ls_types::Diagnostic {
    let problem = &diagnostic.problem;
    ls_types::Diagnostic {
        range: range(doc, diagnostic.range, session),
        severity: Some(match problem.severity() {
            Severity::Error => DiagnosticSeverity::ERROR,
            Severity::Warning => DiagnosticSeverity::WARNING,
            Severity::Information => DiagnosticSeverity::INFORMATION,
        }),
        code: Some(NumberOrString::String(problem.code().to_owned())),
        source: Some(SOURCE.to_owned()),
        message: problem.to_string(),
        ..ls_types::Diagnostic::default()
    }
}

/// A code action.
pub(crate) fn code_action(
    file: &Snapshot,
    doc: &Document,
    action: ide::CodeAction,
    session: &Session,
) -> CodeActionOrCommand {
    let solves = action.solves.as_ref().map(|problem| vec![diagnostic(doc, problem, session)]);
    CodeActionOrCommand::CodeAction(ls_types::CodeAction {
        title: action.title,
        kind: Some(CodeActionKind::QUICKFIX),
        diagnostics: solves,
        edit: Some(workspace_edit(file, doc, &action.edits, session)),
        is_preferred: action.preferred.then_some(true),
        ..ls_types::CodeAction::default()
    })
}

/// Edits to one file, bound to its version where the client takes that.
fn workspace_edit(
    file: &Snapshot,
    doc: &Document,
    edits: &[TextEdit],
    session: &Session,
) -> WorkspaceEdit {
    let edits = edits.iter().map(|edit| text_edit(doc, edit, session));
    if !session.versioned_edits {
        let changes = [(file.uri.clone(), edits.collect())].into_iter().collect();
        return WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() };
    }
    let document = TextDocumentEdit {
        text_document: OptionalVersionedTextDocumentIdentifier {
            uri: file.uri.clone(),
            version: Some(file.version),
        },
        edits: edits.map(OneOf::Left).collect(),
    };
    let document_changes = Some(DocumentChanges::Edits(vec![document]));
    WorkspaceEdit { document_changes, ..WorkspaceEdit::default() }
}

fn text_edit(doc: &Document, edit: &TextEdit, session: &Session) -> ls_types::TextEdit {
    ls_types::TextEdit { range: range(doc, edit.range, session), new_text: edit.text.clone() }
}
