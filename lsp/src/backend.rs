//! The methods of the protocol, a line each.

use std::sync::Arc;

use tower_lsp::{
    Client, LanguageServer,
    jsonrpc::Result,
    ls_types::{
        CodeAction, CodeActionParams, CodeActionResponse, CodeLens, CodeLensParams, CompletionItem,
        CompletionParams, DidChangeConfigurationParams, DidChangeTextDocumentParams,
        DidChangeWatchedFilesParams, DidChangeWorkspaceFoldersParams, DidCloseTextDocumentParams,
        DidOpenTextDocumentParams, DocumentDiagnosticParams, DocumentDiagnosticReportResult,
        DocumentLink, DocumentLinkParams, DocumentSymbolParams, DocumentSymbolResponse,
        ExecuteCommandParams, FoldingRange, FoldingRangeParams, GotoDefinitionParams,
        GotoDefinitionResponse, Hover, HoverParams, InitializeParams, InitializeResult,
        InitializedParams, InlayHint, InlayHintParams, LSPAny, SemanticTokensParams,
        SemanticTokensRangeParams, SemanticTokensRangeResult, SemanticTokensResult,
        WorkDoneProgressCancelParams,
    },
};

use crate::{
    Config, capabilities,
    framing::Malformed,
    handlers::{code_action, command, completion, definition, diagnostic, hover, sync, view},
    locks, publish,
    session::Session,
    settings,
    state::State,
    to_proto, watch,
};

/// The server as the protocol library sees it.
pub(crate) struct Backend {
    state: Arc<State>,
}

impl Backend {
    /// A server for one client.
    pub fn new(client: Client, config: Config) -> Self {
        Self { state: Arc::new(State::new(client, config)) }
    }

    /// Answers what was no message.
    pub async fn malformed(&self, params: Malformed) -> Result<()> {
        Err(params.into_error())
    }

    /// What can be written at the cursor.
    pub async fn completion(&self, params: CompletionParams) -> Result<Option<to_proto::List>> {
        completion::complete(&self.state, params).await
    }

    /// The text of a file of nixpkgs at a revision.
    pub async fn source(&self, params: definition::SourceParams) -> Result<definition::SourceText> {
        definition::source(&self.state, params).await
    }

    /// The user does not want long work to go on.
    pub async fn cancel_work(&self, params: WorkDoneProgressCancelParams) {
        self.state.jobs.cancel(&params.token);
    }
}

impl LanguageServer for Backend {
    async fn initialize(&self, params: InitializeParams) -> Result<InitializeResult> {
        let session = Session::new(&params);
        let result = capabilities::initialize_result(&session, &self.state.version);
        self.state.agree(session);
        settings::begin(&self.state);
        // The index is opened beside everything else. What watches it ends with the server.
        let state = Arc::downgrade(&self.state);
        tokio::spawn(self.state.index.clone().watch(move || {
            let state = state.upgrade();
            state.inspect(publish::news).is_some()
        }));
        tokio::spawn(locks::watch(Arc::downgrade(&self.state)));
        Ok(result)
    }

    async fn initialized(&self, _: InitializedParams) {
        self.state.greet();
        settings::follow(&self.state);
        watch::follow(&self.state);
    }

    async fn did_change_watched_files(&self, params: DidChangeWatchedFilesParams) {
        watch::changed(&self.state, &params);
    }

    async fn did_change_workspace_folders(&self, params: DidChangeWorkspaceFoldersParams) {
        settings::roots_changed(&self.state, params.event);
    }

    async fn did_change_configuration(&self, params: DidChangeConfigurationParams) {
        settings::changed(&self.state, &params.settings);
    }

    async fn shutdown(&self) -> Result<()> {
        Ok(())
    }

    async fn did_open(&self, params: DidOpenTextDocumentParams) {
        sync::opened(&self.state, params);
    }

    async fn did_change(&self, params: DidChangeTextDocumentParams) {
        sync::changed(&self.state, params);
    }

    async fn did_close(&self, params: DidCloseTextDocumentParams) {
        sync::closed(&self.state, params);
    }

    async fn completion_resolve(&self, item: CompletionItem) -> Result<CompletionItem> {
        completion::resolve(&self.state, item).await
    }

    async fn hover(&self, params: HoverParams) -> Result<Option<Hover>> {
        hover::hover(&self.state, params).await
    }

    async fn goto_definition(
        &self,
        params: GotoDefinitionParams,
    ) -> Result<Option<GotoDefinitionResponse>> {
        definition::definition(&self.state, params).await
    }

    async fn code_action(&self, params: CodeActionParams) -> Result<Option<CodeActionResponse>> {
        code_action::code_actions(&self.state, params).await
    }

    async fn code_action_resolve(&self, action: CodeAction) -> Result<CodeAction> {
        code_action::resolve(&self.state, action).await
    }

    async fn inlay_hint(&self, params: InlayHintParams) -> Result<Option<Vec<InlayHint>>> {
        view::inlay_hints(&self.state, params).await
    }

    async fn code_lens(&self, params: CodeLensParams) -> Result<Option<Vec<CodeLens>>> {
        view::code_lens(&self.state, params).await
    }

    async fn document_link(&self, params: DocumentLinkParams) -> Result<Option<Vec<DocumentLink>>> {
        view::links(&self.state, params).await
    }

    async fn document_symbol(
        &self,
        params: DocumentSymbolParams,
    ) -> Result<Option<DocumentSymbolResponse>> {
        view::symbols(&self.state, params).await
    }

    async fn folding_range(&self, params: FoldingRangeParams) -> Result<Option<Vec<FoldingRange>>> {
        view::folds(&self.state, params).await
    }

    async fn semantic_tokens_full(
        &self,
        params: SemanticTokensParams,
    ) -> Result<Option<SemanticTokensResult>> {
        let tokens = view::tokens(&self.state, params.text_document, None).await?;
        Ok(tokens.map(SemanticTokensResult::Tokens))
    }

    async fn semantic_tokens_range(
        &self,
        params: SemanticTokensRangeParams,
    ) -> Result<Option<SemanticTokensRangeResult>> {
        let tokens = view::tokens(&self.state, params.text_document, Some(params.range)).await?;
        Ok(tokens.map(SemanticTokensRangeResult::Tokens))
    }

    async fn execute_command(&self, params: ExecuteCommandParams) -> Result<Option<LSPAny>> {
        command::execute(&self.state, params).await
    }

    async fn diagnostic(
        &self,
        params: DocumentDiagnosticParams,
    ) -> Result<DocumentDiagnosticReportResult> {
        diagnostic::pull(&self.state, params).await
    }
}
