//! Sessions of real editors, gone through again: what each asked is answered, and what matters of the
//! answers is as it was. `tests/transcripts/record.sh` writes them down anew.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use nix_archiver_tests::{
    lsp_client::{Client, PATIENCE, codes, program},
    transcript::{Held, Line, essence},
};
use serde_json::Value;

/// What stands for the folder of the session in a transcript.
const FOLDER: &str = "$FOLDER";

#[test]
fn vs_code() {
    go_through("vscode", 8);
}

#[test]
fn neovim() {
    go_through("neovim", 3);
}

#[test]
fn helix() {
    go_through("helix", 3);
}

#[test]
fn emacs() {
    go_through("emacs", 3);
}

/// Goes through a transcript; `most` lists, sets of diagnostics and the like have to be compared at
/// least, so that an empty transcript does not pass.
fn go_through(name: &str, least: usize) {
    let dir = tempfile::tempdir().expect("a directory");
    let folder = dir.path().join("session");
    let history = dir.path().join("history");
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut make = Command::new("bash");
    make.arg(tests.join("editors/index.sh")).arg(program()).arg(&history);
    let made = make.output().expect("bash can be started");
    assert!(made.status.success(), "{made:?}");

    let transcript = tests.join("transcripts").join(name).with_extension("jsonl");
    let transcript = fs::read_to_string(transcript).expect("the transcript is there");
    let transcript = transcript.replace(FOLDER, folder.to_str().expect("the path is text"));
    let lines: Vec<Line> = transcript
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line is JSON"))
        .map(|line| Line::from_json(&line).expect("a line says one of four things"))
        .collect();

    let mut client = Client::start(&history.join("index"));
    for line in &lines {
        if let Line::Reply(method, result) = line {
            client.replies.entry(method.clone()).or_default().push_back(result.clone());
        }
    }
    let mut compared = 0;
    let mut asked: Vec<(Value, String)> = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        match line {
            Line::Reply(..) => {}
            Line::Client(message) => {
                let method = message["method"].as_str().unwrap_or_default().to_owned();
                if method == "textDocument/didOpen" {
                    on_disk(&message["params"]["textDocument"]);
                }
                if let Some(id) = message.get("id") {
                    asked.push((id.clone(), method));
                }
                client.send(message);
            }
            Line::Answer(id, held) => {
                let place = asked.iter().position(|(open, _)| open == id);
                let (_, method) = asked.remove(place.expect("it was asked"));
                let number = id.as_i64().expect("the ids of these clients are numbers");
                let answer = client.answer(number);
                // What was cancelled may be done by the time that we come to it.
                let (Held::Result(held), false) = (held, is_cancelled(&lines[..at], id)) else {
                    continue;
                };
                let answer = answer.unwrap_or_else(|e| panic!("{method} was refused: {e}"));
                let now = essence(&method, &answer);
                if !held.is_null() && !now.is_null() {
                    assert_eq!(&now, held, "line {}: {method}", at + 1);
                    compared += 1;
                }
            }
            Line::Pushed { uri, version, codes: held } => {
                // The file may have been changed again before the push was written down.
                if newest_version(&lines[..at], uri) != Some(version) {
                    continue;
                }
                client.wait(&format!("line {}: {held:?} in {uri}", at + 1), PATIENCE, |message| {
                    let params = &message["params"];
                    let found = params["diagnostics"].as_array().map_or(&[][..], Vec::as_slice);
                    message["method"] == "textDocument/publishDiagnostics"
                        && params["uri"] == uri.as_str()
                        && params["version"] == *version
                        && codes(found) == *held
                });
                compared += 1;
            }
        }
    }
    let open: Vec<_> = asked.iter().filter(|(id, _)| !is_cancelled(&lines, id)).collect();
    for (id, method) in open {
        let answer = client.answer(id.as_i64().expect("the ids of these clients are numbers"));
        assert!(answer.is_ok() || method == "shutdown", "{method}: {answer:?}");
    }
    assert!(compared >= least, "{name}: {compared} answers were compared");
}

/// Writes a file that the client has opened to the disk, where its client had it.
fn on_disk(file: &Value) {
    let path = file["uri"].as_str().and_then(|uri| uri.strip_prefix("file://"));
    let path = PathBuf::from(path.expect("the files are on the disk"));
    fs::create_dir_all(path.parent().expect("it is in a folder")).expect("it is ours");
    fs::write(path, file["text"].as_str().expect("a text")).expect("it is ours");
}

fn is_cancelled(before: &[Line], id: &Value) -> bool {
    before.iter().any(|line| {
        matches!(line, Line::Client(message)
            if message["method"] == "$/cancelRequest" && message["params"]["id"] == *id)
    })
}

/// The version of a file as the client has said it last.
fn newest_version<'a>(before: &'a [Line], uri: &str) -> Option<&'a Value> {
    before.iter().rev().find_map(|line| match line {
        Line::Client(message) => {
            let file = &message["params"]["textDocument"];
            (file["uri"] == uri && !file["version"].is_null()).then(|| &file["version"])
        }
        _ => None,
    })
}
