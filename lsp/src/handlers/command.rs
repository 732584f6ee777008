//! `workspace/executeCommand`: the commands that every editor can call.

use std::sync::Arc;

use ide::FileTask;
use model::{AttrPath, PackageSource, date::format_day};
use serde_json::{Value, json};
use tower_lsp::{
    jsonrpc::{Error, Result},
    ls_types::{ExecuteCommandParams, MessageType, Uri, WorkspaceEdit},
};

use crate::{
    documents::Snapshot,
    index::Phase,
    state::{State, or_nothing},
    to_proto,
};

/// The commands, with the arguments that each takes.
pub(crate) const COMMANDS: [&str; 5] = [SEARCH, VERSIONS, PIN, UPDATE, STATUS];

/// `[text, limit?]`: packages whose name begins with the text or that have its words.
const SEARCH: &str = "nix-archiver.search";
/// `[attribute path]`: every version of a package, newest first.
const VERSIONS: &str = "nix-archiver.versions";
/// `[URI, attribute path, version?]`: pins a package in an open file.
const PIN: &str = "nix-archiver.pin";
/// `[URI]`: brings all pins of an open file to the newest of their lines.
pub(crate) const UPDATE: &str = "nix-archiver.update";
/// `[]`: what the server is, and how it and its index stand.
const STATUS: &str = "nix-archiver.status";

/// How many packages a search returns where the client does not say.
const LIMIT: u64 = 50;

/// How long edits may take to be applied by the client before that is logged.
const APPLY: std::time::Duration = std::time::Duration::from_secs(30);

/// Runs a command.
pub(crate) async fn execute(
    state: &Arc<State>,
    params: ExecuteCommandParams,
) -> Result<Option<Value>> {
    let arguments = Arguments(params.arguments);
    match params.command.as_str() {
        SEARCH => search(state, &arguments).await.map(Some),
        VERSIONS => versions(state, &arguments).await.map(Some),
        PIN => pin(state, &arguments).await.map(Some),
        UPDATE => update(state, &arguments).await.map(Some),
        STATUS => status(state).await.map(Some),
        other => {
            let known = COMMANDS.join(", ");
            Err(invalid(format!("there is no command {other}; there are {known}")))
        }
    }
}

async fn search(state: &Arc<State>, arguments: &Arguments) -> Result<Value> {
    let text = arguments.text(0, "a text to search for")?;
    let limit = arguments.0.get(1).and_then(Value::as_u64).unwrap_or(LIMIT);
    let limit = usize::try_from(limit).unwrap_or(usize::MAX).clamp(1, 1000);
    let source = source(state).await?;
    let found = state.work(move || {
        let mut found = source.by_prefix(&text, limit)?;
        for more in source.by_words(&text, limit)? {
            if found.len() < limit && found.iter().all(|known| known.attr_path != more.attr_path) {
                found.push(more);
            }
        }
        Ok(found)
    });
    let found = found.await?.map_err(failed)?;
    let packages = found.iter().map(|package| {
        json!({
            "name": package.attr_path,
            "aliasOf": package.alias_of,
            "newest": package.newest,
            "newestSeen": format_day(package.newest_seen),
            "versions": package.versions,
            "description": package.description,
        })
    });
    Ok(json!({ "packages": packages.collect::<Vec<_>>() }))
}

async fn versions(state: &Arc<State>, arguments: &Arguments) -> Result<Value> {
    let path = arguments.path(0)?;
    let source = source(state).await?;
    let package = state.work(move || source.package(&path)).await?.map_err(failed)?;
    let Some(package) = package else { return Ok(Value::Null) };
    let releases = package.releases.iter().map(|release| {
        let (first, last) = (release.first_seen(), release.last_seen());
        json!({
            "version": release.version,
            "first": { "commit": first.id, "date": format_day(first.date) },
            "last": { "commit": last.id, "date": format_day(last.date) },
            "open": release.spans.iter().any(|span| span.open),
            "broken": release.facts.broken,
            "knownVulnerabilities": release.facts.known_vulnerabilities,
        })
    });
    let releases: Vec<Value> = releases.collect();
    Ok(json!({ "name": package.attr_path, "aliasOf": package.alias_of, "releases": releases }))
}

async fn pin(state: &Arc<State>, arguments: &Arguments) -> Result<Value> {
    let file = arguments.file(state, 0)?;
    let path = arguments.path(1)?;
    let version = arguments.0.get(2).and_then(Value::as_str).map(str::to_owned);
    let source = source(state).await?;
    let asked = path.clone();
    let package = state.work(move || source.package(&asked)).await?.map_err(failed)?;
    let Some(package) = package else {
        return Err(invalid(format!("the index has never seen a package {path}")));
    };
    let version = match &version {
        Some(version) => package.release(version).map(|release| release.version.clone()),
        None => package.newest().map(|release| release.version.clone()),
    }
    .ok_or_else(|| {
        let version = version.unwrap_or_default();
        invalid(format!("the index has never seen {path} with version {version}"))
    })?;
    let (name, written) = (path.clone(), version.clone());
    let edit = state.ask_of(file, move |asked| {
        let edits = asked.snapshot().pin(&path, &version)?;
        let doc = &asked.document;
        Some(to_proto::workspace_edit(&asked.file, doc, &edits, &asked.session))
    });
    let Some(edit) = edit.await? else {
        return Err(invalid(format!(
            "the file has no place for a pin of {name}: its value is no attribute set, or {name} is something else than a string"
        )));
    };
    apply(state, "Pin a package", edit)?;
    Ok(json!({ "name": name, "version": written }))
}

async fn update(state: &Arc<State>, arguments: &Arguments) -> Result<Value> {
    let file = arguments.file(state, 0)?;
    let edits = state.ask_of(file, |asked| {
        let edits = or_nothing(asked.snapshot().edits(FileTask::Update));
        let doc = &asked.document;
        (edits.len(), to_proto::workspace_edit(&asked.file, doc, &edits, &asked.session))
    });
    let (count, edit) = edits.await?;
    if count > 0 {
        apply(state, "Update pins", edit)?;
    }
    Ok(json!({ "edits": count }))
}

async fn status(state: &Arc<State>) -> Result<Value> {
    let files: Vec<Uri> = state.documents.all().into_iter().map(|file| file.uri).collect();
    let index = match state.index.get().await {
        Phase::Loading => json!({ "state": "loading" }),
        Phase::Failed(error) => json!({ "state": "failed", "why": error.to_string() }),
        Phase::Open(source) => match state.work(move || source.status()).await? {
            Ok(status) => json!({ "state": "open", "covers": status }),
            Err(error) => json!({ "state": "failed", "why": error.to_string() }),
        },
    };
    let encoding = format!("{:?}", state.encoding());
    Ok(json!({
        "version": state.version, "index": index, "files": files, "columns": encoding,
    }))
}

/// Sends edits to the client. Nothing waits for its answer: it may be waiting for ours.
fn apply(state: &Arc<State>, what: &'static str, edit: WorkspaceEdit) -> Result<()> {
    if !state.session().is_some_and(|session| session.applies_edits) {
        return Err(invalid("this editor takes no edits from a server".to_owned()));
    }
    let client = state.client.clone();
    tokio::spawn(async move {
        let why = match tokio::time::timeout(APPLY, client.apply_edit(edit)).await {
            Ok(Ok(answer)) if answer.applied => return,
            Ok(Ok(answer)) => answer.failure_reason.unwrap_or_else(|| "no reason given".to_owned()),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "no answer".to_owned(),
        };
        tracing::warn!("{what}: the edit was not applied: {why}");
        let message = format!("{what}: the editor did not apply the edit ({why})");
        client.show_message(MessageType::WARNING, message).await;
    });
    Ok(())
}

async fn source(state: &Arc<State>) -> Result<Arc<dyn PackageSource>> {
    match state.index.get().await {
        Phase::Open(source) => Ok(source),
        Phase::Loading => Err(refused("the version index is still being opened".to_owned())),
        Phase::Failed(error) => Err(refused(error.to_string())),
    }
}

/// What a command was called with.
struct Arguments(Vec<Value>);

impl Arguments {
    fn text(&self, at: usize, what: &str) -> Result<String> {
        let text = self.0.get(at).and_then(Value::as_str).filter(|text| !text.is_empty());
        let text = text.ok_or_else(|| invalid(format!("argument {} has to be {what}", at + 1)))?;
        Ok(text.to_owned())
    }

    fn path(&self, at: usize) -> Result<AttrPath> {
        let text = self.text(at, "an attribute path, such as \"python3Packages.requests\"")?;
        AttrPath::parse(&text).map_err(|error| invalid(error.to_string()))
    }

    fn file(&self, state: &State, at: usize) -> Result<Snapshot> {
        let what = "the URI of an open packages.nix";
        let uri = self.text(at, what)?.parse::<Uri>().ok();
        let file = uri.and_then(|uri| state.documents.get(&uri));
        file.ok_or_else(|| invalid(format!("argument {} has to be {what}", at + 1)))
    }
}

fn invalid(message: String) -> Error {
    Error { message: message.into(), ..Error::invalid_params("") }
}

fn failed(error: model::SourceError) -> Error {
    refused(error.to_string())
}

/// The protocol's code for a request that was understood and could not be carried out.
fn refused(message: String) -> Error {
    Error { code: (-32803).into(), message: message.into(), data: None }
}
