//! `textDocument/diagnostic`, and the diagnostics that are pushed.

use tower_lsp::{
    jsonrpc::Result,
    ls_types::{
        Diagnostic, DocumentDiagnosticParams, DocumentDiagnosticReport,
        DocumentDiagnosticReportResult, FullDocumentDiagnosticReport,
        RelatedFullDocumentDiagnosticReport, RelatedUnchangedDocumentDiagnosticReport,
        UnchangedDocumentDiagnosticReport,
    },
};

use crate::{
    state::{Asked, State},
    to_proto,
};

/// What is wrong with a file, for a client that asks.
pub(crate) async fn pull(
    state: &State,
    params: DocumentDiagnosticParams,
) -> Result<DocumentDiagnosticReportResult> {
    let Some(file) = state.documents.get(&params.text_document.uri) else {
        return Ok(full(None, Vec::new()));
    };
    // What is read for the first time is no news.
    let index = state.index_for(&file).await?;
    let (locks, uri) = (state.locks.clone(), file.uri.clone());
    state.workers.work(move || locks.beside(&uri)).await?;
    // The index, the settings or a lock may change while the answer is worked out; then the older
    // number makes the client ask once more than it had to.
    let counts = [state.index.generation(), state.settings.generation(), state.locks.generation()];
    let news = counts.map(|count| count.to_string()).join("-");
    let id = format!("{}-{}-{news}", file.serial, file.version);
    if params.previous_result_id.as_ref() == Some(&id) {
        return Ok(unchanged(id));
    }
    let found = state.ask_with(file, index, all).await?;
    Ok(full(Some(id), found))
}

/// What is wrong with a file.
pub(crate) fn all(asked: &Asked) -> Vec<Diagnostic> {
    let snapshot = asked.snapshot();
    let found = snapshot.diagnostics().or_else(|error| {
        // The index was opened and cannot be read now: that is what there is to say.
        ide::Snapshot { index: ide::Index::Failed(&error), ..snapshot }.diagnostics()
    });
    let found = found.unwrap_or_default();
    found.iter().map(|diagnostic| to_proto::diagnostic(asked, diagnostic)).collect()
}

fn full(result_id: Option<String>, items: Vec<Diagnostic>) -> DocumentDiagnosticReportResult {
    let report = RelatedFullDocumentDiagnosticReport {
        related_documents: None,
        full_document_diagnostic_report: FullDocumentDiagnosticReport { result_id, items },
    };
    DocumentDiagnosticReportResult::Report(DocumentDiagnosticReport::Full(report))
}

fn unchanged(result_id: String) -> DocumentDiagnosticReportResult {
    let report = RelatedUnchangedDocumentDiagnosticReport {
        related_documents: None,
        unchanged_document_diagnostic_report: UnchangedDocumentDiagnosticReport { result_id },
    };
    DocumentDiagnosticReportResult::Report(DocumentDiagnosticReport::Unchanged(report))
}
