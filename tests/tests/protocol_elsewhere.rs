//! Pins in Nix files that are no packages.nix, and Nix files without pins.

use std::time::Duration;

use nix_archiver_tests::{
    lsp_client::{Client, PATIENCE, codes, labels},
    small_index,
};
use serde_json::{Value, json};

const SHELL: &str = "file:///project/shell.nix";

/// Asks about the place behind the first `mark` of the text that is open.
fn at(client: &mut Client, method: &str, text: &str, mark: &str) -> Value {
    let offset = text.find(mark).expect("the mark is in the text") + mark.len();
    let line = text[..offset].matches('\n').count();
    let column = offset - text[..offset].rfind('\n').map_or(0, |at| at + 1);
    let position = json!({ "line": line, "character": column });
    client.call(method, json!({ "textDocument": { "uri": SHELL }, "position": position }))
}

fn problems(client: &mut Client, uri: &str) -> Vec<Value> {
    let message = client.wait("diagnostics", PATIENCE, |message| {
        message["method"] == "textDocument/publishDiagnostics" && message["params"]["uri"] == uri
    });
    message["params"]["diagnostics"].as_array().cloned().unwrap_or_default()
}

#[test]
fn pins_are_served_wherever_they_stand() {
    let (_dir, mut client) = small_index::greet(json!({}));
    let text = "let x = archiver.mkDevShell {\n  packages = [ \"nodejs@20.\" \"pyth\" \"gti@1\" ];\n};\n\
                in archiver.fetchVersion \"nodejs\" \"20.11.1\"\n";
    client.open_as(SHELL, text);
    let list = at(&mut client, "textDocument/completion", text, "nodejs@20.");
    assert_eq!(labels(&list), ["20.18.1", "20.11.0"]);
    let list = at(&mut client, "textDocument/completion", text, "pyth");
    assert_eq!(list["items"][0]["textEdit"]["newText"], "python3@3.11.7");
    let hover = at(&mut client, "textDocument/hover", text, "fetchVersion \"node");
    assert!(hover["contents"]["value"].as_str().is_some_and(|text| text.contains("nodejs")));
    let found = problems(&mut client, SHELL);
    assert_eq!(codes(&found), ["unknown-version", "unknown-package", "unknown-version"]);

    // What has been mended is taken away.
    let file = json!({ "uri": SHELL, "version": 2 });
    let changes = json!([{ "text": "{ }" }]);
    client.notify(
        "textDocument/didChange",
        json!({ "textDocument": file, "contentChanges": changes }),
    );
    assert_eq!(problems(&mut client, SHELL), [""; 0]);
    client.stop();
}

#[test]
fn other_files_are_left_alone() {
    let (_dir, mut client) = small_index::greet(json!({}));
    let text = "{ nodejs = \"0\"; packages = [ \"gti@1\" ]; broken = ; x = \"a";
    client.open_as(SHELL, text);
    for mark in ["nod", "nodejs = \"0", "gti@", "x = \"a"] {
        assert_eq!(labels(&at(&mut client, "textDocument/completion", text, mark)), [""; 0]);
        assert_eq!(at(&mut client, "textDocument/hover", text, mark), Value::Null);
    }
    let whole =
        json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 9, "character": 0 } });
    let of = json!({ "textDocument": { "uri": SHELL }, "range": whole, "context": { "diagnostics": [] } });
    for method in
        ["documentSymbol", "foldingRange", "codeLens", "documentLink", "inlayHint", "codeAction"]
    {
        assert_eq!(
            client.call(&format!("textDocument/{method}"), of.clone()),
            Value::Null,
            "{method}"
        );
    }
    let lock = json!({ "command": "nix-archiver.lock", "arguments": [SHELL] });
    let id = client.request("workspace/executeCommand", lock);
    client.answer(id).expect_err("it has no lock");
    client.notify("textDocument/didClose", json!({ "textDocument": { "uri": SHELL } }));
    let quiet = client.is_silent("textDocument/publishDiagnostics", Duration::from_secs(1));
    assert!(quiet, "nothing was found in it, so nothing is said of it");
    client.stop();
}
