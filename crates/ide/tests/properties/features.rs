//! Any text, read, asked about everywhere, and edited by what is offered for it.

use std::sync::{Arc, LazyLock};

use ide::{Document, FileTask, Index, LockFile, Memo, Settings, Snapshot, Task};
use model::{AttrPath, Commit, CommitId, Facts, MemorySource, Package, Release, Span};
use syntax::{PinFile, TextRange, edit};

static SOURCE: LazyLock<MemorySource> = LazyLock::new(|| {
    MemorySource::new([
        package("nodejs", &["22.1.0", "20.18.1", "20.11.0"]),
        package("git", &["2.44.0"]),
        package("a.b", &["2", "1"]),
        package("a.\"c d\"", &["1.0"]),
    ])
});

/// Nothing that is asked of a text panics, and every place in an answer is a place of the text.
///
/// # Panics
/// If it is not so.
pub fn hold(text: String) {
    hold_of(Document::elsewhere(text.clone()));
    hold_of(Document::new(text));
}

fn hold_of(document: Document) {
    let (memo, settings) = (Memo::default(), Settings::default());
    let index = Index::Ready(&*SOURCE);
    let snapshot = Snapshot {
        document: &document,
        lock: LockFile::Unknown,
        index,
        memo: &memo,
        settings: &settings,
        now: 1_000_000,
    };
    let text = &document.text;
    let whole = TextRange::new(0, text.len());
    let inside = |range: TextRange| assert!(text.get(range.start..range.end).is_some());

    for diagnostic in snapshot.diagnostics().expect("memory can be read") {
        inside(diagnostic.range);
    }
    for token in snapshot.tokens(whole) {
        inside(token.range);
    }
    for link in snapshot.links().expect("memory can be read") {
        inside(link.range);
    }
    snapshot.symbols();
    snapshot.folds();
    snapshot.inlay_hints(whole).expect("memory can be read");
    snapshot.code_lens().expect("memory can be read");

    // Every place of a short text, and some of a long one.
    let step = text.len() / 64 + 1;
    for (offset, _) in text.char_indices().step_by(step) {
        if let Some(hover) = snapshot.hover(offset).expect("memory can be read") {
            inside(hover.range);
        }
        let list = snapshot.completions(offset).expect("memory can be read");
        for item in list.items.iter().take(4) {
            assert!(item.range.touches(offset));
            let mut edits = item.extra.clone();
            edits.push(syntax::TextEdit::replace(item.range, &item.text));
            let _ = PinFile::read(&edit::apply(text, &edits));
        }
    }
    for action in snapshot.code_actions(whole, |_| true).expect("memory can be read") {
        let edits = match action.task {
            Task::Edits(edits) => edits,
            Task::WholeFile(task) => snapshot.edits(task).expect("memory can be read"),
            Task::Call(_) => continue,
        };
        let _ = PinFile::read(&edit::apply(text, &edits));
    }
    sorting_keeps_every_pin(&snapshot);
    definitions_lead_somewhere(&snapshot);
}

fn definitions_lead_somewhere(snapshot: &Snapshot) {
    let text = &snapshot.document.text;
    for pin in snapshot.document.pin_file().map(|file| file.pins.as_slice()).unwrap_or_default() {
        let found = snapshot.definition(pin.name_range().start).expect("memory can be read");
        if let Some(found) = found {
            assert!(text.get(found.range.start..found.range.end).is_some());
        }
    }
    let _ = ide::lock::align(snapshot.document, &*SOURCE);
}

fn sorting_keeps_every_pin(snapshot: &Snapshot) {
    let edits = snapshot.edits(FileTask::Sort).expect("memory can be read");
    if edits.is_empty() {
        return;
    }
    let sorted = edit::apply(&snapshot.document.text, &edits);
    let said = |file: &PinFile| {
        let pins =
            file.pins.iter().map(|pin| (pin.path.clone(), pin.version().map(|v| v.text.clone())));
        let mut pins: Vec<_> = pins.collect();
        pins.sort();
        pins
    };
    let before = snapshot.document.pin_file().expect("a file that is sorted was read");
    let after = PinFile::read(&sorted).expect("a file that was sorted can be read");
    assert_eq!(after.errors, []);
    assert_eq!(said(before), said(&after));
}

fn package(path: &str, versions: &[&str]) -> Package {
    let commit = |date| Commit { id: CommitId([7; 20]), date };
    let release = |(age, version): (i64, &&str)| Release {
        version: (*version).to_owned(),
        facts: Facts { homepage: Some("https://example.org/".to_owned()), ..Facts::default() },
        spans: vec![Span {
            branch: Arc::from("nixpkgs-unstable"),
            first: commit(900_000 - age * 1_000),
            last: commit(900_900 - age * 1_000),
            open: age == 0,
        }],
    };
    Package {
        attr_path: AttrPath::parse(path).expect("a path"),
        alias_of: None,
        releases: (0..).zip(versions).map(release).collect(),
    }
}
