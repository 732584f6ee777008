//! The settings as the client says them: in its hello, and later in its section `nix-archiver`.

use std::{
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use ide::Settings;
use serde_json::Value;
use tokio::time;
use tower_lsp::ls_types::{ConfigurationItem, Registration, Uri, WorkspaceFoldersChangeEvent};

use crate::{publish, state::State};

/// The section of the client's settings that is ours.
const SECTION: &str = "nix-archiver";

/// How long the client may take to answer.
const ANSWER: Duration = Duration::from_secs(10);

/// The settings over time.
#[derive(Default)]
pub(crate) struct SettingsHandle {
    now: RwLock<Now>,
    /// The folders that the client has open.
    roots: RwLock<Vec<Uri>>,
    /// Counts the changes.
    generation: AtomicU64,
    /// Counts the questions, so that a late answer to an older one is not taken.
    asked: AtomicU64,
}

/// The settings of one moment.
#[derive(Default, Clone, PartialEq)]
struct Now {
    everywhere: Arc<Settings>,
    /// Those of the files below a folder, by its URI.
    below: Vec<(String, Arc<Settings>)>,
}

impl SettingsHandle {
    /// The settings of what is in no folder.
    pub fn get(&self) -> Arc<Settings> {
        self.now.read().unwrap_or_else(PoisonError::into_inner).everywhere.clone()
    }

    /// The settings of a file: those of the innermost folder that has it.
    pub fn of(&self, file: &Uri) -> Arc<Settings> {
        let now = self.now.read().unwrap_or_else(PoisonError::into_inner);
        let has = |(root, _): &&(String, Arc<Settings>)| {
            let below = file.as_str().strip_prefix(root.trim_end_matches('/'));
            below.is_some_and(|rest| rest.starts_with('/'))
        };
        let innermost = now.below.iter().filter(has).max_by_key(|(root, _)| root.len());
        innermost.map_or_else(|| now.everywhere.clone(), |(_, settings)| settings.clone())
    }

    fn roots(&self) -> Vec<Uri> {
        self.roots.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes with the settings.
    pub fn generation(&self) -> u64 {
        self.generation.load(SeqCst)
    }

    /// Puts settings in place; says whether they are others than before.
    fn set(&self, settings: Now) -> bool {
        let mut now = self.now.write().unwrap_or_else(PoisonError::into_inner);
        if *now == settings {
            return false;
        }
        *now = settings;
        self.generation.fetch_add(1, SeqCst);
        true
    }
}

/// Takes over what the hello said.
pub(crate) fn begin(state: &Arc<State>) {
    let Some(session) = state.session() else { return };
    *state.settings.roots.write().unwrap_or_else(PoisonError::into_inner) = session.roots.clone();
    take(state, &[Value::Null], &[]);
}

/// Asks the client for its settings, and to be told of changes. Nothing waits for the answers: the
/// client may be waiting for us.
pub(crate) fn follow(state: &Arc<State>) {
    let Some(session) = state.session() else { return };
    if session.registers_configuration {
        let client = state.client.clone();
        tokio::spawn(async move {
            let registration = Registration {
                id: "settings".to_owned(),
                method: "workspace/didChangeConfiguration".to_owned(),
                register_options: Some(serde_json::json!({ "section": SECTION })),
            };
            let done = client.register_capability(vec![registration]);
            if !matches!(time::timeout(ANSWER, done).await, Ok(Ok(()))) {
                tracing::warn!("the client does not say that it will tell of changed settings");
            }
        });
    }
    ask(state);
}

/// The client has opened and closed folders.
pub(crate) fn roots_changed(state: &Arc<State>, event: WorkspaceFoldersChangeEvent) {
    {
        let mut roots = state.settings.roots.write().unwrap_or_else(PoisonError::into_inner);
        roots.retain(|root| event.removed.iter().all(|gone| gone.uri != *root));
        roots.extend(event.added.into_iter().map(|folder| folder.uri));
    }
    ask(state);
}

/// The client says that settings have changed, and perhaps which.
pub(crate) fn changed(state: &Arc<State>, said: &Value) {
    let Some(session) = state.session() else { return };
    if session.has_configuration {
        ask(state);
    } else {
        let ours = said.get(SECTION).unwrap_or(said);
        take(state, std::slice::from_ref(ours), &[]);
    }
}

fn ask(state: &Arc<State>) {
    if !state.session().is_some_and(|session| session.has_configuration) {
        return;
    }
    let ticket = state.settings.asked.fetch_add(1, SeqCst) + 1;
    let state = state.clone();
    tokio::spawn(async move {
        let roots = state.settings.roots();
        let scopes = [None].into_iter().chain(roots.iter().cloned().map(Some));
        let item = |scope_uri| ConfigurationItem { scope_uri, section: Some(SECTION.to_owned()) };
        let answer = state.client.configuration(scopes.map(item).collect());
        match time::timeout(ANSWER, answer).await {
            Ok(Ok(values)) if state.settings.asked.load(SeqCst) == ticket => {
                take(&state, &values, &roots);
            }
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::warn!("the client does not tell its settings: {error}"),
            Err(_) => tracing::warn!("the client does not answer the question for its settings"),
        }
    });
}

/// Takes over what was said, first of what is in no folder, then of each folder.
fn take(state: &Arc<State>, said: &[Value], roots: &[Uri]) {
    let options = state.session().and_then(|session| session.options.as_ref());
    let settings = |said: Option<&Value>| Arc::new(with(options, said.unwrap_or(&Value::Null)));
    let everywhere = settings(said.first());
    let each = roots.iter().zip(said.iter().skip(1));
    let below = each.map(|(root, said)| (root.as_str().to_owned(), settings(Some(said))));
    if state.settings.set(Now { everywhere, below: below.collect() }) {
        publish::news(state);
    }
}

/// The defaults, changed by what the hello said, changed by what was said later.
fn with(options: Option<&Value>, said: &Value) -> Settings {
    let mut settings = Settings::default();
    for said in options.into_iter().chain([said]) {
        for complaint in settings.take(said) {
            tracing::warn!("{complaint}");
        }
    }
    settings
}
