//! From our terms to the protocol's.

mod completion;
pub(crate) mod view;

pub(crate) use completion::{List, completions};

use ide::{ActionKind, Call, Document, FileTask, InLock, Markup, Severity, Task};
use model::AttrPath;
use serde_json::Value;
use syntax::{TextEdit, TextRange};
use tower_lsp::ls_types::{
    self, CodeActionKind, CodeDescription, Command, DiagnosticRelatedInformation,
    DiagnosticSeverity, DocumentChanges, HoverContents, Location, MarkupContent, MarkupKind,
    NumberOrString, OneOf, OptionalVersionedTextDocumentIdentifier, Position, TextDocumentEdit,
    Uri, WorkspaceEdit,
};

use crate::{
    documents::Snapshot,
    from_proto::ActionData,
    handlers::command::{ALIGN, CHOOSE, LOCK},
    locks,
    session::Session,
    state::Asked,
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

/// A diagnostic.
pub(crate) fn diagnostic(asked: &Asked, diagnostic: &ide::Diagnostic) -> ls_types::Diagnostic {
    let (file, doc, session) = (&asked.file, &asked.document, &asked.session);
    let problem = &diagnostic.problem;
    let page = problem.kind().page().parse().ok().map(|href| CodeDescription { href });
    let related = problem.related().map(|(at, message)| {
        let location = Location { uri: file.uri.clone(), range: range(doc, at, session) };
        vec![DiagnosticRelatedInformation { location, message }]
    });
    let related = related.or_else(|| in_lock(asked, problem.in_lock()?).map(|there| vec![there]));
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

/// The place in the packages.lock that a problem is about.
fn in_lock(asked: &Asked, place: InLock) -> Option<DiagnosticRelatedInformation> {
    let (line, message) = match place {
        InLock::Pin(path) => (asked.lock_line(path)?, format!("`{path}` is locked here")),
        InLock::Line(line) => {
            (u32::try_from(line.max(1) - 1).ok()?, "the lock cannot be read from here".to_owned())
        }
    };
    let uri = Uri::from_file_path(locks::path_beside(&asked.file.uri)?)?;
    let (start, end) = (Position::new(line, 0), Position::new(line + 1, 0));
    let range = ls_types::Range { start, end };
    Some(DiagnosticRelatedInformation { location: Location { uri, range }, message })
}

/// The kind of a code action; kinds are paths of words with dots between.
pub(crate) fn action_kind(kind: ActionKind) -> CodeActionKind {
    match kind {
        ActionKind::QuickFix => CodeActionKind::QUICKFIX,
        ActionKind::Rewrite => CodeActionKind::REFACTOR_REWRITE,
        ActionKind::FixAll => CodeActionKind::from("source.fixAll.nix-archiver"),
        ActionKind::OrganizePins => CodeActionKind::from("source.organizePins"),
        ActionKind::UpdatePins => CodeActionKind::from("source.updatePins"),
        ActionKind::AlignPins => CodeActionKind::from("source.alignPins"),
        ActionKind::LockPins => CodeActionKind::from("source.lockPins"),
    }
}

/// A code action. What it does to a whole file is left to be worked out where the client asks for
/// that once it is chosen.
pub(crate) fn code_action(
    asked: &Asked,
    action: ide::CodeAction,
    edits_of: impl Fn(FileTask) -> Vec<TextEdit>,
) -> ls_types::CodeAction {
    let (file, doc, session) = (&asked.file, &asked.document, &asked.session);
    let problem = |problem| vec![diagnostic(asked, problem)];
    let mut call = None;
    let (edits, data) = match action.task {
        Task::Edits(edits) => (Some(edits), None),
        Task::WholeFile(task) if session.resolves_edits => (None, Some(task)),
        Task::WholeFile(task) => (Some(edits_of(task)), None),
        Task::Call(what) => {
            call = Some(command(file, &action.title, &what, session));
            (None, None)
        }
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
        command: call,
        data: data.and_then(|data| serde_json::to_value(data).ok()),
        ..ls_types::CodeAction::default()
    }
}

/// What has the server, or the client, do something.
fn command(file: &Snapshot, title: &str, call: &Call, session: &Session) -> Command {
    let (command, path) = match call {
        Call::Lock => (LOCK, None),
        Call::LockOne(path) => (LOCK, Some(path)),
        Call::Align => (ALIGN, None),
        Call::Choose(path) => (session.choose_command.as_deref().unwrap_or(CHOOSE), Some(path)),
    };
    let uri = Some(file.uri.as_str());
    let arguments = uri.into_iter().chain(path.map(AttrPath::as_str)).map(Value::from);
    Command {
        title: title.to_owned(),
        command: command.to_owned(),
        arguments: Some(arguments.collect()),
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
