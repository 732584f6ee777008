//! Beside another language server for Nix on the same files, as most editors run us, where `PEER_LSP`
//! names one: nothing is said twice, and our lists keep their order among what the other one has.

use std::{path::Path, process::Command, time::Duration};

use nix_archiver_tests::{
    lsp_client::{Client, labels},
    small_index,
};
use serde_json::{Value, json};

/// Files with the places at which is asked, each marked by a `$`.
// Not within the name of a pin that is whole: there nil offers that name itself.
const FILES: [(&str, &str); 3] = [
    ("packages.nix", "{\n  nodejs = \"$20.\";\n  no$\n  python3 = \"3.11.$7\";\n}\n"),
    (
        "shell.nix",
        "{ archiver }:\narchiver.mkDevShell { packages = [ \"nodejs@$20.11.0\" \"py$\" \"gti@1\" ]; }\n",
    ),
    ("other.nix", "{ lib }: {\n  a = li$b.;\n  b = \"nodejs@$1\";\n}\n"),
];

#[test]
fn nothing_is_said_twice() {
    let dir = tempfile::tempdir().expect("a directory");
    let index = dir.path().join("index");
    small_index::write(&index, &small_index::packages());
    for (name, marked) in FILES {
        let mut ours = Client::greet(&index, capabilities());
        let said = ask(&mut ours, dir.path(), name, marked);
        for list in &said.lists {
            assert!(list.is_sorted_by_key(rank), "{name}: {list:?}");
        }
        ours.stop();
        assert_eq!(said.problems.is_empty(), name == "other.nix", "{name}");
        let Some(peer) = std::env::var_os("PEER_LSP") else { continue };
        let mut peer = Client::start_program(Command::new(peer));
        peer.hello(capabilities());
        let theirs = ask(&mut peer, dir.path(), name, marked);
        for (our_list, their_list) in said.lists.iter().zip(&theirs.lists) {
            let mut both: Vec<&Value> = our_list.iter().chain(their_list).collect();
            both.sort_by_key(|item| rank(item));
            both.retain(|item| our_list.contains(item));
            assert!(both.into_iter().eq(our_list), "{name}: our order is not kept");
            let (ours, theirs) = (labels_of(our_list), labels_of(their_list));
            assert!(
                ours.iter().all(|label| !theirs.contains(label)),
                "{name}: {ours:?} {theirs:?}"
            );
        }
        for ours in &said.problems {
            let twice = theirs.problems.iter().any(|theirs| theirs["range"] == ours["range"]);
            assert!(!twice, "{name}: {ours} {:?}", theirs.problems);
        }
        // The peer may end in its own way: nothing is asked of how.
    }
}

/// What a server says of a file.
struct Said {
    /// The completion list at each place.
    lists: Vec<Vec<Value>>,
    problems: Vec<Value>,
}

fn ask(client: &mut Client, folder: &Path, name: &str, marked: &str) -> Said {
    let uri = format!("file://{}", folder.join(name).display());
    let text = marked.replace('$', "");
    client.open_as(&uri, &text);
    let places = marked.match_indices('$').map(|(at, _)| {
        let line = marked[..at].matches('\n').count();
        let start = marked[..at].rfind('\n').map_or(0, |at| at + 1);
        // The marks before it in its line are not in the text.
        let marks = marked[start..at].matches('$').count();
        json!({ "line": line, "character": at - start - marks })
    });
    let lists = places.map(|at| {
        let of = json!({ "textDocument": { "uri": uri }, "position": at });
        let list = client.call("textDocument/completion", of);
        let items = if list.is_array() { &list } else { &list["items"] };
        items.as_array().cloned().unwrap_or_default()
    });
    let lists = lists.collect();
    // Servers say nothing of a file in which they find nothing.
    let message = client.poll(Duration::from_secs(3), |message| {
        message["method"] == "textDocument/publishDiagnostics"
            && message["params"]["uri"] == uri.as_str()
    });
    let message = message.unwrap_or_default();
    let problems = message["params"]["diagnostics"].as_array().cloned().unwrap_or_default();
    Said { lists, problems }
}

/// By what clients sort.
fn rank(item: &Value) -> String {
    let rank = item["sortText"].as_str().or(item["label"].as_str());
    rank.unwrap_or_default().to_owned()
}

fn labels_of(list: &[Value]) -> Vec<String> {
    labels(&json!({ "items": list }))
}

fn capabilities() -> Value {
    json!({ "textDocument": {
        "completion": { "completionItem": { "labelDetailsSupport": true } },
        "publishDiagnostics": {},
    } })
}
