//! What the server says it can do: only what it does well, since in some editors a feature belongs
//! to the one server that declares it.

use ide::ActionKind;
use syntax::Encoding;
use tower_lsp::ls_types::{
    CodeActionOptions, CodeActionProviderCapability, CodeLensOptions, CompletionOptions,
    CompletionOptionsCompletionItem, DiagnosticOptions, DiagnosticServerCapabilities,
    DocumentLinkOptions, ExecuteCommandOptions, FoldingRangeProviderCapability,
    HoverProviderCapability, InitializeResult, OneOf, PositionEncodingKind,
    SemanticTokensFullOptions, SemanticTokensOptions, ServerCapabilities, ServerInfo,
    TextDocumentSyncCapability, TextDocumentSyncKind, TextDocumentSyncOptions,
    WorkDoneProgressOptions, WorkspaceFoldersServerCapabilities, WorkspaceServerCapabilities,
};

use crate::{handlers::command::COMMANDS, session::Session, to_proto};

/// The sorts of code actions that there are.
const ACTION_KINDS: [ActionKind; 7] = [
    ActionKind::QuickFix,
    ActionKind::Rewrite,
    ActionKind::FixAll,
    ActionKind::OrganizePins,
    ActionKind::UpdatePins,
    ActionKind::AlignPins,
    ActionKind::LockPins,
];

/// The answer to the client's hello.
pub(crate) fn initialize_result(session: &Session, version: &str) -> InitializeResult {
    InitializeResult {
        capabilities: ServerCapabilities {
            position_encoding: Some(match session.encoding {
                Encoding::Utf8 => PositionEncodingKind::UTF8,
                Encoding::Utf16 => PositionEncodingKind::UTF16,
                Encoding::Utf32 => PositionEncodingKind::UTF32,
            }),
            text_document_sync: Some(TextDocumentSyncCapability::Options(
                TextDocumentSyncOptions {
                    open_close: Some(true),
                    change: Some(TextDocumentSyncKind::INCREMENTAL),
                    ..TextDocumentSyncOptions::default()
                },
            )),
            completion_provider: Some(CompletionOptions {
                resolve_provider: Some(true),
                trigger_characters: Some(trigger_characters()),
                completion_item: Some(CompletionOptionsCompletionItem {
                    label_details_support: Some(true),
                }),
                ..CompletionOptions::default()
            }),
            definition_provider: Some(OneOf::Left(true)),
            hover_provider: Some(HoverProviderCapability::Simple(true)),
            code_action_provider: Some(CodeActionProviderCapability::Options(CodeActionOptions {
                code_action_kinds: Some(ACTION_KINDS.map(to_proto::action_kind).to_vec()),
                resolve_provider: Some(true),
                ..CodeActionOptions::default()
            })),
            inlay_hint_provider: Some(OneOf::Left(true)),
            code_lens_provider: Some(CodeLensOptions { resolve_provider: Some(false) }),
            document_link_provider: Some(DocumentLinkOptions {
                resolve_provider: Some(false),
                work_done_progress_options: WorkDoneProgressOptions::default(),
            }),
            document_symbol_provider: Some(OneOf::Left(true)),
            folding_range_provider: Some(FoldingRangeProviderCapability::Simple(true)),
            semantic_tokens_provider: Some(
                SemanticTokensOptions {
                    legend: to_proto::view::token_legend(),
                    range: Some(true),
                    full: Some(SemanticTokensFullOptions::Bool(true)),
                    ..SemanticTokensOptions::default()
                }
                .into(),
            ),
            execute_command_provider: Some(ExecuteCommandOptions {
                commands: COMMANDS.map(str::to_owned).to_vec(),
                work_done_progress_options: WorkDoneProgressOptions {
                    work_done_progress: Some(true),
                },
            }),
            workspace: Some(WorkspaceServerCapabilities {
                workspace_folders: Some(WorkspaceFoldersServerCapabilities {
                    supported: Some(true),
                    change_notifications: Some(OneOf::Left(true)),
                }),
                ..WorkspaceServerCapabilities::default()
            }),
            diagnostic_provider: session
                .pull_diagnostics
                .then(|| DiagnosticServerCapabilities::Options(DiagnosticOptions::default())),
            ..ServerCapabilities::default()
        },
        server_info: Some(ServerInfo {
            name: "nix-archiver".to_owned(),
            version: Some(version.to_owned()),
        }),
        ..InitializeResult::default()
    }
}

/// Editors do not open a list inside strings by themselves; so what begins or goes on with a
/// version does.
fn trigger_characters() -> Vec<String> {
    ['"', '.', '-'].into_iter().chain('0'..='9').map(String::from).collect()
}
