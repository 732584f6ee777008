//! nix-archiver in Zed: which program is started, and which settings it is given.

use zed_extension_api::{
    self as zed, LanguageServerId, Result, Worktree, serde_json::Value, settings::LspSettings,
};

struct NixArchiver;

impl zed::Extension for NixArchiver {
    fn new() -> Self {
        Self
    }

    /// The program that the settings name (`lsp.nix-archiver-lsp.binary`), or else the one on `PATH`,
    /// a project's own development shell included. Nothing is downloaded.
    fn language_server_command(
        &mut self,
        server: &LanguageServerId,
        worktree: &Worktree,
    ) -> Result<zed::Command> {
        let named = LspSettings::for_worktree(server.as_ref(), worktree)?.binary;
        let (path, arguments) = named.map_or((None, None), |b| (b.path, b.arguments));
        let command = path.or_else(|| worktree.which("nix-archiver")).ok_or(
            "there is no nix-archiver on PATH; install it, or name it in the settings as \
             lsp.nix-archiver-lsp.binary.path",
        )?;
        let args = arguments.unwrap_or_else(|| vec!["lsp".to_owned()]);
        Ok(zed::Command { command, args, env: worktree.shell_env() })
    }

    /// The settings (`lsp.nix-archiver-lsp.settings`), under the name that the server asks for.
    fn language_server_workspace_configuration(
        &mut self,
        server: &LanguageServerId,
        worktree: &Worktree,
    ) -> Result<Option<Value>> {
        let settings = LspSettings::for_worktree(server.as_ref(), worktree)?.settings;
        Ok(settings.map(|settings| zed::serde_json::json!({ "nix-archiver": settings })))
    }
}

zed::register_extension!(NixArchiver);
