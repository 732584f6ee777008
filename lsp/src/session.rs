//! What was agreed with the client when it said hello.

use serde::Deserialize;
use serde_json::Value;
use syntax::Encoding;
use tower_lsp::ls_types::{
    ClientCapabilities, InitializeParams, MarkupKind, PositionEncodingKind, Uri,
};

/// What the client can do, as far as it changes what it is sent.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    /// How columns are counted.
    pub encoding: Encoding,
    /// Whether completion items may have stops for the cursor.
    pub snippets: bool,
    /// Whether completion items may have words beside their label.
    pub label_details: bool,
    /// Whether completion items may be shown as not to be used.
    pub completion_tags: bool,
    /// Whether a completion list may say once which text its items replace, and what they carry.
    pub item_defaults: bool,
    /// Whether the client makes an item's further edits in the text that the item has changed
    /// already, so that one behind it in its line comes to a wrong place: Helix
    /// (`helix-term/src/ui/completion.rs`) and Eglot (`eglot-completion-at-point`) do.
    pub edits_in_turn: bool,
    /// Whether documentation of completion items may be Markdown.
    pub markdown_documentation: bool,
    /// Whether hovers may be Markdown.
    pub markdown_hover: bool,
    /// Whether the client asks for diagnostics; they are pushed if it does not.
    pub pull_diagnostics: bool,
    /// Whether the client can be told to ask for diagnostics again.
    pub refresh_diagnostics: bool,
    /// Whether an edit may name the version of the document that it is for.
    pub versioned_edits: bool,
    /// Whether the client works a code action's edit out when it is chosen.
    pub resolves_edits: bool,
    /// Whether a problem may have a link to a page about it.
    pub code_description: bool,
    /// Whether a problem may point at other places.
    pub related_information: bool,
    /// Whether the client can be told to ask for inlay hints again.
    pub refresh_inlay_hints: bool,
    /// Whether the client can be told to ask for code lenses again.
    pub refresh_code_lenses: bool,
    /// Whether the client can be asked for its settings.
    pub has_configuration: bool,
    /// Whether the client wants to be asked to tell of changed settings.
    pub registers_configuration: bool,
    /// Whether edits can be sent to the client.
    pub applies_edits: bool,
    /// Whether the client shows how far long work is, if it is told to.
    pub work_done_progress: bool,
    /// Whether the client can be asked to tell of changed files.
    pub watches_files: bool,
    /// Whether the client can be asked so of files in any folder.
    pub watches_elsewhere: bool,
    /// Whether a definition may say which text leads to it.
    pub definition_links: bool,
    /// Whether the client shows files of nixpkgs that it asks us for.
    pub virtual_documents: bool,
    /// Whether an outline may have things in things.
    pub hierarchical_symbols: bool,
    /// The folders that the client has open.
    pub roots: Vec<Uri>,
    /// The client's `initializationOptions`, which may hold settings.
    pub options: Option<Value>,
    /// A command of the client that opens its completion list.
    pub suggest_command: Option<String>,
    /// A command of the client that lets its user choose a version: `[URI, attribute path]`.
    pub choose_command: Option<String>,
    /// Whether the client itself tells its user what came of `nix-archiver.lock`.
    pub tells_of_lock: bool,
}

/// What a client may say in its `initializationOptions`. What is not known is left alone.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Options {
    suggest_command: Option<String>,
    choose_command: Option<String>,
    tells_of_lock: bool,
    virtual_documents: bool,
}

impl Session {
    /// What follows from a client's hello.
    pub fn new(params: &InitializeParams) -> Self {
        let client = &params.capabilities;
        let said = params.initialization_options.clone();
        let options: Option<Options> = serde_json::from_value(said.clone().unwrap_or_default())
            .unwrap_or_else(|error| {
                tracing::warn!("the client's initializationOptions are not understood: {error}");
                None
            });
        let options = options.unwrap_or_default();
        let text = client.text_document.as_ref();
        let workspace = client.workspace.as_ref();
        let item = text.and_then(|t| t.completion.as_ref()?.completion_item.as_ref());
        let list = text.and_then(|t| t.completion.as_ref()?.completion_list.as_ref());
        let defaults = list.and_then(|list| list.item_defaults.as_ref());
        let refresh = workspace.and_then(|w| w.diagnostics.as_ref()?.refresh_support);
        let edits = workspace.and_then(|w| w.workspace_edit.as_ref()?.document_changes);
        let hover = text.and_then(|t| t.hover.as_ref()?.content_format.as_ref());
        let documentation = item.and_then(|i| i.documentation_format.as_ref());
        let shown = text.and_then(|t| t.publish_diagnostics.as_ref());
        let resolves = text.and_then(|t| t.code_action.as_ref()?.resolve_support.as_ref());
        let outline =
            text.and_then(|t| t.document_symbol.as_ref()?.hierarchical_document_symbol_support);
        let hints = workspace.and_then(|w| w.inlay_hint.as_ref()?.refresh_support);
        let lenses = workspace.and_then(|w| w.code_lens.as_ref()?.refresh_support);
        let links = text.and_then(|t| t.definition.as_ref()?.link_support);
        let window = client.window.as_ref();
        let watched = workspace.and_then(|w| w.did_change_watched_files.as_ref());
        let watches = watched.and_then(|watched| watched.dynamic_registration);
        let elsewhere = watched.and_then(|watched| watched.relative_pattern_support);
        let registers =
            workspace.and_then(|w| w.did_change_configuration.as_ref()?.dynamic_registration);
        let markdown = |formats: &Vec<MarkupKind>| formats.contains(&MarkupKind::Markdown);
        Self {
            encoding: encoding(client),
            snippets: item.and_then(|i| i.snippet_support).unwrap_or(false),
            label_details: item.and_then(|i| i.label_details_support).unwrap_or(false),
            completion_tags: item.is_some_and(|i| i.tag_support.is_some()),
            item_defaults: defaults.is_some_and(|known| {
                ["editRange", "data"].iter().all(|wanted| known.iter().any(|name| name == wanted))
            }),
            edits_in_turn: params
                .client_info
                .as_ref()
                .is_some_and(|client| ["helix", "Eglot"].contains(&client.name.as_str())),
            markdown_documentation: documentation.is_some_and(markdown),
            markdown_hover: hover.is_some_and(markdown),
            pull_diagnostics: text.is_some_and(|t| t.diagnostic.is_some()),
            refresh_diagnostics: refresh.unwrap_or(false),
            versioned_edits: edits.unwrap_or(false),
            resolves_edits: resolves.is_some_and(|r| r.properties.iter().any(|p| p == "edit")),
            code_description: shown.and_then(|d| d.code_description_support).unwrap_or(false),
            related_information: shown.and_then(|d| d.related_information).unwrap_or(false),
            refresh_inlay_hints: hints.unwrap_or(false),
            refresh_code_lenses: lenses.unwrap_or(false),
            has_configuration: workspace.and_then(|w| w.configuration).unwrap_or(false),
            registers_configuration: registers.unwrap_or(false),
            applies_edits: workspace.and_then(|w| w.apply_edit).unwrap_or(false),
            work_done_progress: window.and_then(|w| w.work_done_progress).unwrap_or(false),
            definition_links: links.unwrap_or(false),
            virtual_documents: options.virtual_documents,
            watches_files: watches.unwrap_or(false),
            watches_elsewhere: elsewhere.unwrap_or(false),
            hierarchical_symbols: outline.unwrap_or(false),
            roots: params.workspace_folders.iter().flatten().map(|f| f.uri.clone()).collect(),
            options: said,
            suggest_command: options.suggest_command,
            choose_command: options.choose_command,
            tells_of_lock: options.tells_of_lock,
        }
    }
}

/// UTF-16 wherever the client takes it: several servers share a file, and some clients cannot mix
/// encodings. Otherwise the first that is known of those that the client likes.
fn encoding(client: &ClientCapabilities) -> Encoding {
    let offered = client.general.as_ref().and_then(|general| general.position_encodings.as_ref());
    let Some(offered) = offered else { return Encoding::Utf16 };
    if offered.contains(&PositionEncodingKind::UTF16) {
        return Encoding::Utf16;
    }
    let known = offered.iter().find_map(|kind| match kind {
        kind if *kind == PositionEncodingKind::UTF8 => Some(Encoding::Utf8),
        kind if *kind == PositionEncodingKind::UTF32 => Some(Encoding::Utf32),
        _ => None,
    });
    known.unwrap_or(Encoding::Utf16)
}
