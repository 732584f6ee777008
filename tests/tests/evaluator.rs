//! The evaluator beside real Nix: the same expressions, the same answers.

use std::{process::Command, sync::Arc};

use eval::{Entry, EntryKind, ObjectId, Source, SourceError, nix::evaluate_json};

const EXPRESSIONS: &str = include_str!("../../crates/eval/tests/data/expressions.nix.txt");

/// A tree with nothing in it.
struct Nothing;

impl Source for Nothing {
    fn entry(&self, path: &str) -> Result<Option<Entry>, SourceError> {
        let root = Entry { kind: EntryKind::Directory, id: [0; 20] };
        Ok(path.is_empty().then_some(root))
    }

    fn list(&self, _path: &str) -> Result<Option<Vec<(String, Entry)>>, SourceError> {
        Ok(None)
    }

    fn blob(&self, _id: &ObjectId) -> Result<Arc<[u8]>, SourceError> {
        Err(SourceError::Absent("0".repeat(40)))
    }
}

/// The expressions of the file: each begins at a line that is not indented and does not close one.
fn expressions() -> Vec<&'static str> {
    let mut starts = Vec::new();
    let (mut at, mut inside) = (0, false);
    for line in EXPRESSIONS.split_inclusive('\n') {
        if !inside {
            starts.push(at);
        }
        // Only indented strings take more than one line here.
        inside ^= line.matches("''").count() % 2 == 1 && !line.contains("'''");
        at += line.len();
    }
    starts.push(at);
    starts.windows(2).map(|range| EXPRESSIONS[range[0]..range[1]].trim_end()).collect()
}

#[test]
fn same_answers_as_nix() {
    let expressions = expressions();
    assert!(expressions.len() > 100, "{} expressions", expressions.len());
    let mut wrong = Vec::new();
    for expression in expressions {
        let mut nix = Command::new("nix-instantiate");
        nix.args(["--eval", "--strict", "--json", "-E", expression]).env("NIX_REMOTE", "dummy://");
        let output = nix.output().expect("nix-instantiate is installed by the test command");
        let said = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "Nix refuses {expression:?}: {errors}");
        let theirs: serde_json::Value = serde_json::from_str(&said).expect("Nix prints JSON");
        let ours = evaluate_json(&Nothing, expression);
        let ours = ours.map(|text| serde_json::from_str(&text).expect("we print JSON"));
        if ours.as_ref() != Ok(&theirs) {
            wrong.push(format!("{expression}\n  Nix {theirs}\n  we  {ours:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
