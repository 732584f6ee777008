//! From our terms to the protocol's.

pub(crate) mod view;

use ide::{ActionKind, Completions, Document, FileTask, Item, ItemKind, Markup, Severity, Task};
use syntax::{TextEdit, TextRange};
use tower_lsp::ls_types::{
    self, CodeActionKind, CodeDescription, Command, CompletionItemKind, CompletionItemLabelDetails,
    CompletionItemTag, CompletionList, CompletionTextEdit, DiagnosticRelatedInformation,
    DiagnosticSeverity, DocumentChanges, HoverContents, InsertTextFormat, Location, MarkupContent,
    MarkupKind, NumberOrString, OneOf, OptionalVersionedTextDocumentIdentifier, TextDocumentEdit,
    WorkspaceEdit,
};

use crate::{
    documents::Snapshot,
    from_proto::{ActionData, ItemData},
    session::Session,
};

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
    let items = list.items.into_iter().enumerate().map(|(rank, mut item)| {
        if session.edits_in_turn {
            into_one_edit(doc, &mut item);
        }
        let at = match place {
            Some((known, at)) if known == item.range => at,
            _ => range(doc, item.range, session),
        };
        place = Some((item.range, at));
        completion_item(doc, item, rank, at, session)
    });
    CompletionList { is_incomplete: list.incomplete, items: items.collect() }
}

/// Makes what an item inserts behind itself in its line, such as a `;`, a part of its own edit.
fn into_one_edit(doc: &Document, item: &mut Item) {
    let [extra] = item.extra.as_slice() else { return };
    let between = TextRange::new(item.range.end, extra.range.start.max(item.range.end));
    let behind = extra.range.start >= item.range.end && extra.range.start == extra.range.end;
    if !behind || item.snippet.is_some() || between.of(&doc.text).contains('\n') {
        return;
    }
    item.text = [&item.text, between.of(&doc.text), &extra.text].concat();
    item.range = TextRange::new(item.range.start, extra.range.end);
    item.extra.clear();
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
    file: &Snapshot,
    doc: &Document,
    diagnostic: &ide::Diagnostic,
    session: &Session,
) -> ls_types::Diagnostic {
    let problem = &diagnostic.problem;
    let page = problem.kind().page().parse().ok().map(|href| CodeDescription { href });
    let related = problem.related().map(|(at, message)| {
        let location = Location { uri: file.uri.clone(), range: range(doc, at, session) };
        vec![DiagnosticRelatedInformation { location, message }]
    });
    ls_types::Diagnostic {
        range: range(doc, diagnostic.range, session),
        severity: Some(match diagnostic.severity {
            Severity::Error => DiagnosticSeverity::ERROR,
            Severity::Warning => DiagnosticSeverity::WARNING,
            Severity::Information => DiagnosticSeverity::INFORMATION,
            Severity::Hint => DiagnosticSeverity::HINT,
        }),
        code: Some(NumberOrString::String(problem.kind().code().to_owned())),
        code_description: session.code_description.then_some(page).flatten(),
        source: Some(SOURCE.to_owned()),
        message: problem.to_string(),
        related_information: session.related_information.then_some(related).flatten(),
        ..ls_types::Diagnostic::default()
    }
}

/// The kind of a code action; kinds are paths of words with dots between.
pub(crate) fn action_kind(kind: ActionKind) -> CodeActionKind {
    match kind {
        ActionKind::QuickFix => CodeActionKind::QUICKFIX,
        ActionKind::Rewrite => CodeActionKind::REFACTOR_REWRITE,
        ActionKind::FixAll => CodeActionKind::from("source.fixAll.nix-archiver"),
        ActionKind::OrganizePins => CodeActionKind::from("source.organizePins"),
        ActionKind::UpdatePins => CodeActionKind::from("source.updatePins"),
    }
}

/// A code action. What it does to a whole file is left to be worked out where the client asks for
/// that once it is chosen.
pub(crate) fn code_action(
    file: &Snapshot,
    doc: &Document,
    action: ide::CodeAction,
    edits_of: impl Fn(FileTask) -> Vec<TextEdit>,
    session: &Session,
) -> ls_types::CodeAction {
    let problem = |problem| vec![diagnostic(file, doc, problem, session)];
    let (edits, data) = match action.task {
        Task::Edits(edits) => (Some(edits), None),
        Task::WholeFile(task) if session.resolves_edits => (None, Some(task)),
        Task::WholeFile(task) => (Some(edits_of(task)), None),
    };
    let data = data.map(|task| ActionData {
        uri: file.uri.clone(),
        version: file.version,
        task: task.name().to_owned(),
    });
    ls_types::CodeAction {
        title: action.title,
        kind: Some(action_kind(action.kind)),
        diagnostics: action.solves.as_ref().map(problem),
        edit: edits.map(|edits| workspace_edit(file, doc, &edits, session)),
        is_preferred: action.preferred.then_some(true),
        data: data.and_then(|data| serde_json::to_value(data).ok()),
        ..ls_types::CodeAction::default()
    }
}

/// Edits to one file, bound to its version where the client takes that.
pub(crate) fn workspace_edit(
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
