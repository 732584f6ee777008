//! `textDocument/definition`: from a pin to its entry in the lock, and into nixpkgs at the pinned
//! revision; from an entry of the lock to its pin; and the text of such a file of nixpkgs, for clients that show texts of servers.

use std::{fs, path::Path, sync::Arc};

use ide::{Definition, SourceFile};
use model::CommitId;
use serde::{Deserialize, Serialize};
use tower_lsp::{
    jsonrpc::Result,
    ls_types::{
        GotoDefinitionParams, GotoDefinitionResponse, Location, LocationLink, Position, Range,
        TextDocumentPositionParams, Uri,
    },
};

use super::command::{invalid, refused};
use crate::{
    documents::{Role, Snapshot},
    from_proto, locks,
    session::Session,
    state::{State, or_nothing},
    to_proto,
};

/// The request for the text of a file of nixpkgs.
pub(crate) const SOURCE: &str = "nix-archiver/source";

/// The scheme of the URIs of such files: `nix-archiver:/COMMIT/PATH`.
const SCHEME: &str = "nix-archiver";

/// What [`SOURCE`] asks for.
#[derive(Debug, Deserialize)]
pub(crate) struct SourceParams {
    uri: Uri,
}

/// What [`SOURCE`] answers.
#[derive(Debug, Serialize)]
pub(crate) struct SourceText {
    text: String,
}

/// Where a pin leads.
pub(crate) async fn definition(
    state: &Arc<State>,
    params: GotoDefinitionParams,
) -> Result<Option<GotoDefinitionResponse>> {
    let at = params.text_document_position_params;
    if Role::of(&at.text_document.uri) == Some(Role::Lock) {
        return of_entry(state, at).await;
    }
    let clone = state.nixpkgs(&at.text_document.uri);
    let cache = state.cache.clone();
    let found = state.ask(&at.text_document.uri, move |asked| {
        let (doc, session) = (&asked.document, &asked.session);
        let offset = from_proto::offset(doc, at.position, session.encoding);
        let Definition { range, path, source } = or_nothing(asked.snapshot().definition(offset))?;
        let mut places: Vec<(Uri, u32)> = Vec::new();
        if let (Some(line), Some(lock)) =
            (asked.lock_line(&path), locks::path_beside(&asked.file.uri))
        {
            places.extend(Uri::from_file_path(lock).map(|uri| (uri, line)));
        }
        if let (Some(clone), Some(source)) = (clone, source) {
            // A clone that lacks the commit is no reason to give up the lock.
            match clone.file(source.commit, &source.file) {
                Ok(Some(text)) => {
                    let line = line_of_version(&text, &source.version);
                    let uri = match (session.virtual_documents, &cache) {
                        (true, _) => source_uri(&source),
                        (false, Some(cache)) => cached(cache, &source, &text),
                        (false, None) => None,
                    };
                    places.extend(uri.map(|uri| (uri, line)));
                }
                Ok(None) => tracing::warn!("{} is not at {}", source.file, source.commit),
                Err(error) => tracing::warn!("{error}"),
            }
        }
        let origin = to_proto::range(doc, range, session);
        let start = |line| Range::new(Position::new(line, 0), Position::new(line, 0));
        let places = places.into_iter().map(|(uri, line)| (uri, start(line)));
        Some(response(session, origin, places))
    });
    Ok(found.await?.flatten())
}

/// Where an entry of a lock leads: to the pin that it is of, in the packages.nix beside it.
async fn of_entry(
    state: &Arc<State>,
    at: TextDocumentPositionParams,
) -> Result<Option<GotoDefinitionResponse>> {
    let (uri, line) = (at.text_document.uri, at.position.line);
    let Some(path) = uri.to_file_path().map(std::borrow::Cow::into_owned) else { return Ok(None) };
    let nix = path.with_file_name("packages.nix");
    let Some(nix_uri) = Uri::from_file_path(&nix) else { return Ok(None) };
    let (lock, open) = (state.documents.lock_at(&path), state.documents.get(&nix_uri));
    let Some(session) = state.session().cloned() else { return Ok(None) };
    let find = move || {
        let entry = usize::try_from(line).ok()?;
        // Clients need not tell of locks that they have open.
        let text = match lock {
            Some(lock) => lock.text(),
            None => locks::text_at(&path).ok()??,
        };
        let pin = ide::locked_at(&text, entry)?;
        let file = match open {
            Some(file) => file,
            None => Snapshot::on_disk(nix_uri, &fs::read_to_string(&nix).ok()?),
        };
        let document = file.document();
        let pin = document.pin_file()?.pins.iter().find(|one| one.path == pin)?;
        let target = to_proto::range(&document, pin.name_range(), &session);
        let origin = Range::new(Position::new(line, 0), Position::new(line + 1, 0));
        Some(response(&session, origin, [(file.uri.clone(), target)]))
    };
    state.workers.work(find).await
}

/// Places, as the client takes them.
fn response(
    session: &Session,
    origin: Range,
    places: impl IntoIterator<Item = (Uri, Range)>,
) -> GotoDefinitionResponse {
    let places = places.into_iter();
    match session.definition_links {
        true => {
            let link = |(uri, range)| LocationLink {
                origin_selection_range: Some(origin),
                target_uri: uri,
                target_range: range,
                target_selection_range: range,
            };
            GotoDefinitionResponse::Link(places.map(link).collect())
        }
        false => GotoDefinitionResponse::Array(
            places.map(|(uri, range)| Location::new(uri, range)).collect(),
        ),
    }
}

/// The text of a file of nixpkgs, by a URI of ours.
pub(crate) async fn source(state: &Arc<State>, params: SourceParams) -> Result<SourceText> {
    let wrong = || invalid(format!("a URI has to be {SCHEME}:/COMMIT/PATH"));
    let path = params.uri.path().decode().to_string_lossy().into_owned();
    let (commit, file) = path.trim_start_matches('/').split_once('/').ok_or_else(wrong)?;
    let commit: CommitId = commit.parse().map_err(|_| wrong())?;
    let clone = state.nixpkgs(&params.uri).ok_or_else(|| {
        refused("the setting nixpkgs.clone names no clone of nixpkgs to read it from".to_owned())
    })?;
    let file = file.to_owned();
    let text = state.workers.work(move || clone.file(commit, &file)).await?.map_err(refused)?;
    let text = text.ok_or_else(|| refused("nixpkgs had no such file at that commit".to_owned()))?;
    Ok(SourceText { text })
}

fn source_uri(source: &SourceFile) -> Option<Uri> {
    // The path of a file URI is written with the same care.
    let path = format!("/{}/{}", source.commit, source.file);
    let uri = Uri::from_file_path(path)?;
    uri.as_str().replacen("file://", &format!("{SCHEME}:"), 1).parse().ok()
}

/// A copy of the file for clients that can only open files; it cannot be written, since to change it
/// would change nothing.
fn cached(cache: &Path, source: &SourceFile, text: &str) -> Option<Uri> {
    let path = cache.join("source").join(source.commit.to_string()).join(&source.file);
    if source.file.split('/').any(|part| part == "..") {
        return None;
    }
    if !path.exists() {
        let written = fs::create_dir_all(path.parent()?)
            .and_then(|()| crate::disk::replace(&path, text))
            .and_then(|()| {
                let mut permissions = fs::metadata(&path)?.permissions();
                permissions.set_readonly(true);
                fs::set_permissions(&path, permissions)
            });
        if let Err(error) = written {
            tracing::warn!("{} cannot be written: {error}", path.display());
            return None;
        }
    }
    Uri::from_file_path(path)
}

/// The line that says the version, counted from 0; the first one if none does.
fn line_of_version(text: &str, version: &str) -> u32 {
    let quoted = format!("\"{version}\"");
    let at = text.lines().position(|line| line.contains("version") && line.contains(&quoted));
    at.and_then(|at| u32::try_from(at).ok()).unwrap_or(0)
}
