//! `workspace/executeCommand`: the commands that every editor can call.

use std::{collections::BTreeSet, path::Path, sync::Arc};

use ide::FileTask;
use model::{AttrPath, Package, PackageSource, date::format_day};
use serde_json::{Value, json};
use tower_lsp::{
    jsonrpc::{Error, Result},
    ls_types::{ExecuteCommandParams, MessageActionItem, MessageType, Uri},
};

use super::{deliver, lock};
use crate::{
    documents::{Role, Snapshot},
    index::Phase,
    state::{State, or_nothing},
};

/// The commands, with the arguments that each takes.
pub(crate) const COMMANDS: [&str; 9] =
    [SEARCH, VERSIONS, PIN, CHOOSE, UPDATE, ALIGN, LOCK, INDEX, STATUS];

/// `[text, limit?]`: packages whose name begins with the text or that have its words.
const SEARCH: &str = "nix-archiver.search";
/// `[attribute path]`: every version of a package, newest first.
const VERSIONS: &str = "nix-archiver.versions";
/// `[URI, attribute path, version?]`: pins a package in a file.
const PIN: &str = "nix-archiver.pin";
/// `[URI, attribute path]`: asks the user for a version of a package, and pins it.
pub(crate) const CHOOSE: &str = "nix-archiver.choose";
/// `[URI]`: moves pins where fewer revisions serve them all then.
pub(crate) const ALIGN: &str = "nix-archiver.align";
/// `[URI, attribute path …]`: writes the packages.lock beside a file.
pub(crate) const LOCK: &str = "nix-archiver.lock";
/// `[]`: looks at the index anew.
const INDEX: &str = "nix-archiver.index";
/// `[URI]`: brings all pins of a file to the newest of their lines.
pub(crate) const UPDATE: &str = "nix-archiver.update";
/// `[]`: what the server is, and how it and its index stand.
const STATUS: &str = "nix-archiver.status";

/// How many packages a search returns where the client does not say.
const LIMIT: u64 = 50;

/// How many versions a user is asked to choose among, where the editor has no list of its own.
const CHOICES: usize = 20;

/// How long the user may take to choose.
const ANSWER: std::time::Duration = std::time::Duration::from_secs(600);

/// Runs a command.
pub(crate) async fn execute(
    state: &Arc<State>,
    params: ExecuteCommandParams,
) -> Result<Option<Value>> {
    let arguments = Arguments(params.arguments);
    let token = params.work_done_progress_params.work_done_token;
    match params.command.as_str() {
        SEARCH => search(state, &arguments).await.map(Some),
        VERSIONS => versions(state, &arguments).await.map(Some),
        PIN => pin(state, &arguments).await.map(Some),
        CHOOSE => choose(state, &arguments).await.map(Some),
        UPDATE => update(state, &arguments).await.map(Some),
        ALIGN => lock::align(state, &arguments, token).await.map(Some),
        LOCK => lock::lock(state, &arguments, token).await.map(Some),
        INDEX => index(state).await.map(Some),
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
    let found = state.workers.work(move || {
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
    let package = state.workers.work(move || source.package(&path)).await?.map_err(failed)?;
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
    let file = arguments.file(state, 0).await?;
    let path = arguments.path(1)?;
    let version = arguments.0.get(2).and_then(Value::as_str).map(str::to_owned);
    let package = package(state, &path).await?;
    let version = match &version {
        Some(version) => package.release(version).map(|release| release.version.clone()),
        None => package.newest().map(|release| release.version.clone()),
    }
    .ok_or_else(|| {
        let version = version.unwrap_or_default();
        invalid(format!("the index has never seen {path} with version {version}"))
    })?;
    set_version(state, &file, &path, &version).await?;
    Ok(json!({ "name": path, "version": version }))
}

async fn set_version(
    state: &Arc<State>,
    file: &Snapshot,
    path: &AttrPath,
    version: &str,
) -> Result<()> {
    let (path, version) = (path.clone(), version.to_owned());
    let made = state.ask_of(file.clone(), move |asked| {
        asked.snapshot().pin(&path, &version).map(|edits| (asked.document.clone(), edits))
    });
    let (document, edits) = made.await?.map_err(|error| refused(error.to_string()))?;
    deliver::edits(state, "Pin a package", file, &document, &edits).await.map(|_| ())
}

/// Asks the user in the one way that every editor has: a message with answers to it. Nothing waits
/// for it here.
async fn choose(state: &Arc<State>, arguments: &Arguments) -> Result<Value> {
    let file = arguments.file(state, 0).await?;
    let path = arguments.path(1)?;
    let package = package(state, &path).await?;
    let versions = package.releases.iter().map(|release| release.version.clone());
    let versions: Vec<String> = versions.take(CHOICES).collect();
    let offered = versions.len();
    let state = state.clone();
    tokio::spawn(async move {
        let title = |version: &String| MessageActionItem {
            title: version.clone(),
            properties: std::collections::HashMap::default(),
        };
        let question = format!("Which version of {path} is to be pinned?");
        let items = versions.iter().map(title).collect();
        let answer = state.client.show_message_request(MessageType::INFO, question, Some(items));
        let Ok(Ok(Some(chosen))) = tokio::time::timeout(ANSWER, answer).await else { return };
        // The file may be another by now.
        let file = state.documents.get(&file.uri).unwrap_or(file);
        if let Err(error) = set_version(&state, &file, &path, &chosen.title).await {
            state.client.show_message(MessageType::WARNING, error.message.into_owned()).await;
        }
    });
    Ok(json!({ "offered": offered }))
}

async fn update(state: &Arc<State>, arguments: &Arguments) -> Result<Value> {
    let file = arguments.file(state, 0).await?;
    let made = state.ask_of(file.clone(), |asked| {
        (asked.document.clone(), or_nothing(asked.snapshot().edits(FileTask::Update)))
    });
    let (document, edits) = made.await?;
    deliver::edits(state, "Update pins", &file, &document, &edits).await?;
    Ok(json!({ "edits": edits.len() }))
}

/// The server has no way to git and none to the network: it looks at what is there now, and says how
/// to have more.
async fn index(state: &Arc<State>) -> Result<Value> {
    state.index.look_now().await;
    let settings = state.settings.get();
    let clone = match settings.clone.trim() {
        "" => "PATH".to_owned(),
        path => format!("\"{path}\""),
    };
    Ok(json!({
        "index": index_status(state).await?,
        "run": format!("nix-archiver index --repo {clone}"),
    }))
}

async fn index_status(state: &Arc<State>) -> Result<Value> {
    Ok(match state.index.get().await {
        Phase::Loading => json!({ "state": "loading" }),
        Phase::Failed(error) => json!({ "state": "failed", "why": error.to_string() }),
        Phase::Open(source) => match state.workers.work(move || source.status()).await? {
            Ok(status) => json!({ "state": "open", "covers": status }),
            Err(error) => json!({ "state": "failed", "why": error.to_string() }),
        },
    })
}

async fn status(state: &Arc<State>) -> Result<Value> {
    let files = state.documents.all().into_iter().filter(Snapshot::is_packages_nix);
    let files: Vec<Uri> = files.map(|file| file.uri).collect();
    let index = index_status(state).await?;
    let encoding = format!("{:?}", state.encoding());
    Ok(json!({
        "version": state.version, "index": index, "files": files, "columns": encoding,
    }))
}

async fn package(state: &Arc<State>, path: &AttrPath) -> Result<Package> {
    let source = source(state).await?;
    let asked = path.clone();
    let package = state.workers.work(move || source.package(&asked)).await?.map_err(failed)?;
    package.ok_or_else(|| invalid(format!("the index has never seen a package {path}")))
}

pub(super) async fn source(state: &Arc<State>) -> Result<Arc<dyn PackageSource>> {
    match state.index.get().await {
        Phase::Open(source) => Ok(source),
        Phase::Loading => Err(refused("the version index is still being opened".to_owned())),
        Phase::Failed(error) => Err(refused(error.to_string())),
    }
}

/// What a command was called with.
pub(super) struct Arguments(Vec<Value>);

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

    /// The attribute paths from an argument on.
    pub fn paths(&self, from: usize) -> Result<BTreeSet<AttrPath>> {
        (from..self.0.len()).map(|at| self.path(at)).collect()
    }

    /// A packages.nix: as it is in the editor, or else on the disk.
    pub async fn file(&self, state: &State, at: usize) -> Result<Snapshot> {
        let what = "the URI of a packages.nix that is open or on the disk";
        let wrong = || invalid(format!("argument {} has to be {what}", at + 1));
        let uri = self.text(at, what)?.parse::<Uri>().map_err(|_| wrong())?;
        if let Some(file) = state.documents.get(&uri) {
            return Ok(file);
        }
        let path = uri.to_file_path().filter(|_| Role::of(&uri) == Some(Role::PackagesNix));
        let path = path.ok_or_else(wrong)?;
        let path = path.into_owned();
        let text = state.workers.work(move || std::fs::read_to_string(path)).await?;
        text.map(|text| Snapshot::on_disk(uri, &text)).map_err(|_| wrong())
    }
}

pub(super) fn invalid(message: String) -> Error {
    Error { message: message.into(), ..Error::invalid_params("") }
}

fn failed(error: model::SourceError) -> Error {
    refused(error.to_string())
}

/// Why a file was not written.
pub(super) fn failed_to_write(path: &Path, error: &std::io::Error) -> Error {
    refused(format!("{} could not be written: {error}", path.display()))
}

/// The protocol's code for a request that was understood and could not be carried out.
pub(super) fn refused(message: String) -> Error {
    Error { code: (-32803).into(), message: message.into(), data: None }
}
